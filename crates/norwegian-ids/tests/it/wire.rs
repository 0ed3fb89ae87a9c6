use norwegian_ids::{
    ActorId, OrganisationNumber, PersonNumber, ReceivedOrganisationNumber, ReceivedPersonNumber,
};

#[test]
fn numbers_come_as_text_or_number_and_go_as_text() {
    let number: OrganisationNumber = serde_json::from_str("310702641").expect("a JSON number");
    assert_eq!(
        serde_json::to_string(&number).expect("text"),
        r#""310702641""#
    );

    let received: ReceivedOrganisationNumber =
        serde_json::from_str(r#""00210    ""#).expect("any text");
    assert_eq!(
        serde_json::to_string(&received).expect("text"),
        r#""00210    ""#
    );

    let person: ReceivedPersonNumber = serde_json::from_str("26899299344").expect("a JSON number");
    assert!(person.checked().expect("valid").is_synthetic());
    assert_eq!(
        serde_json::to_string(&person).expect("text"),
        r#""26899299344""#
    );
}

#[test]
fn refusals_never_repeat_a_person_number() {
    for json in [
        r#""26899299345""#,
        "26899299345",
        "-26899299345",
        "26899299345.5",
        "2.6899299345e10",
        r#"["26899299345"]"#,
        r#"{"26899299345":1}"#,
    ] {
        let refused = serde_json::from_str::<PersonNumber>(json)
            .expect_err(json)
            .to_string();
        assert!(!refused.contains("99345"), "{refused}");
    }
}

#[test]
fn actors_keep_their_spelling() {
    let json = r#"{"authority":"iso6523-actorid-upis","ID":"0192:310702641:ER//371781498:1"}"#;
    let actor: ActorId = serde_json::from_str(json).expect("an actor");
    assert_eq!(serde_json::to_string(&actor).expect("JSON"), json);
    assert_eq!(
        actor
            .organisation_number()
            .map(|n| n.to_string())
            .as_deref(),
        Some("310702641")
    );

    let odd: ActorId =
        serde_json::from_str(r#"{"id":"x","authority":"","new":1}"#).expect("lenient");
    assert_eq!((odd.authority(), odd.id()), ("", "x"));
}
