//! Answers as JSON that people and files may have.

use norwegian_ids::PersonNumber;
use serde::Serialize;
use serde_json::Value;

/// Members that hold a person number, on either generation.
const PERSON_MEMBERS: [&str; 5] = [
    "socialsecuritynumber",
    "personid",
    "personidentifier",
    "personnumber",
    "pid",
];

/// Any value as JSON, with every person number masked (`020958*****`), wherever it stands.
///
/// The models of the wire are written back as they came, because that is what they are for. For
/// a log, a file or a terminal, write them with this.
///
/// ```
/// let shown = altinn_authz::to_masked_json(&serde_json::json!({
///     "Name": "HEIS ANNA",
///     "SocialSecurityNumber": "26899299344",
///     "note": "the same as 26899299344",
/// }))?;
/// assert_eq!(shown["SocialSecurityNumber"], "268992*****");
/// assert_eq!(shown["note"], "the same as 268992*****");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// When the value cannot be written as JSON.
pub fn to_masked_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    mask(&mut value, false);
    Ok(value)
}

fn mask(value: &mut Value, is_person: bool) {
    match value {
        Value::String(text) => *text = masked_text(text, is_person),
        Value::Number(number) if is_person => {
            *value = Value::String(masked_text(&format!("{:0>11}", number.to_string()), true));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, is_person)),
        Value::Object(members) => {
            for (name, member) in members {
                mask(
                    member,
                    PERSON_MEMBERS.contains(&name.to_ascii_lowercase().as_str()),
                );
            }
        }
        _ => {}
    }
}

/// In a member that is a person number, also one that fails its own check digits is masked.
fn masked_text(text: &str, is_person: bool) -> String {
    match PersonNumber::parse_format_only(text) {
        Ok(number) if is_person => number.masked().to_string(),
        _ => http_transport::redact::text(text),
    }
}
