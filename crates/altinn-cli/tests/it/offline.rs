//! `altinn hal` and `altinn explain`, which use no network.

use serde_json::json;

use crate::support::Terminal;

#[test]
fn a_code_is_explained_with_cause_remedy_and_who() {
    let terminal = Terminal::empty();
    let said = terminal.run(&["explain", "mp-122"]).ends_with(0);
    for part in ["MP-122", "why:", "what to do:", "who:"] {
        assert!(said.out.contains(part), "{said:#?}");
    }
    let json = terminal
        .run(&["explain", "AM-00026", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(json[0]["code"], "AM-00026");
    assert!(json[0]["remedy"]["who"].is_string());
    terminal
        .run(&["explain", "Required header 'ApiKey' is missing."])
        .ends_with(0)
        .says("API key");
    for closed in ["410", "Virksomhetsbruker is no longer available"] {
        terminal
            .run(&["explain", closed])
            .ends_with(0)
            .says("2026-06-26")
            .says("altinn system-user request");
    }
    terminal
        .run(&["explain", "XY-1"])
        .ends_with(2)
        .says("XY-1")
        .says("what to do");
}

const RIGHTS: &str = r#"{"_links":{"self":{"href":"https://www.altinn.no/api/my/authorization/rights"},
  "find":{"href":"https://www.altinn.no/api/reportees/{reporteeId}","isTemplated":true}},
  "_embedded":{"rights":[{"RightID":1,"RightType":"Service","ServiceCode":"4936",
  "ServiceEditionCode":"1","Action":"Access","RightSourceType":"RoleTypeRights","IsDelegatable":true}]}}"#;

#[test]
fn hal_shows_links_lists_and_irregularities() {
    let terminal = Terminal::empty();
    let file = terminal.file("rights.json", RIGHTS);
    let file = file.to_str().unwrap();
    let said = terminal.run(&["hal", file]).ends_with(0);
    for part in [
        "self",
        "reporteeId",
        "rights",
        "not spelled as in the format",
    ] {
        assert!(said.out.contains(part), "{part}: {said:#?}");
    }
    let json = terminal.run(&["hal", file, "--json"]).ends_with(0).json();
    assert_eq!(json["links"].as_array().unwrap().len(), 2);
    assert_eq!(
        json["embedded"][0],
        json!({"relation": "rights", "count": 1, "list": true, "pointer": "/_embedded/rights"})
    );
    assert_eq!(json["irregularities"].as_array().unwrap().len(), 1);
}

#[test]
fn hal_decodes_a_model_in_any_wrapping() {
    let terminal = Terminal::empty();
    let right = r#"{"RightID":1,"RightType":"Service","ServiceCode":"4936","Action":"Access"}"#;
    for (content, count) in [
        (RIGHTS.to_owned(), Some(1)),
        (format!("[{right},{right}]"), Some(2)),
        (right.to_owned(), None),
    ] {
        let file = terminal.file("rights.json", content);
        let said = terminal
            .run(&["hal", file.to_str().unwrap(), "--model", "Right"])
            .ends_with(0);
        let json = said.json();
        assert_eq!(json.as_array().map(Vec::len), count, "{said:#?}");
        let first = json.get(0).unwrap_or(&json);
        assert_eq!(first["ServiceCode"], "4936", "{said:#?}");
    }
    // a person's number is masked
    let file = terminal.file(
        "reportee.json",
        r#"{"ReporteeId":"r50170460","Name":"HEIS ANNA","SocialSecurityNumber":"26899299344"}"#,
    );
    let said = terminal
        .run(&["hal", file.to_str().unwrap(), "--model", "reportee"])
        .ends_with(0);
    assert!(
        said.out.contains("268992*****") && !said.out.contains("26899299344"),
        "{said:#?}"
    );
}

#[test]
fn what_is_no_json_is_bad_input() {
    let terminal = Terminal::empty();
    for content in ["", "<html></html>", "{\"a\":", "{} {}"] {
        let file = terminal.file("what.json", content);
        terminal
            .run(&["hal", file.to_str().unwrap()])
            .ends_with(2)
            .says("what to do");
    }
    terminal
        .run(&["hal", "nowhere.json"])
        .ends_with(2)
        .says("nowhere.json");
    let file = terminal.file("role.json", r#"{"RoleId":"one","RoleDefinitionId":{}}"#);
    terminal
        .run(&["hal", file.to_str().unwrap(), "--model", "Role"])
        .ends_with(2)
        .says("expected a whole number");
    terminal
        .run(&["hal", file.to_str().unwrap(), "--model", "Rolle"])
        .ends_with(2)
        .says("Rolle");
}
