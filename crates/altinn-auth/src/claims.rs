//! What an Altinn token says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use norwegian_ids::ReceivedOrganisationNumber;
use serde::Deserialize;
use serde_json::Value;

/// The claims of an Altinn token: those of the Maskinporten token that it was exchanged for, and
/// Altinn's own. They are read, not verified: whoever receives a token verifies it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Claims {
    /// What the exchange copies: scopes, organisations, system user; and the token's own times.
    pub maskinporten: maskinporten::Claims,
    /// The service owner's code (tjenesteeier), where it is one: `urn:altinn:org`.
    pub service_owner: Option<String>,
    /// The organisation's number: `urn:altinn:orgNumber`.
    pub organisation: Option<ReceivedOrganisationNumber>,
    /// How one came in: `maskinporten`, `virksomhetsbruker`, ….
    pub authentication_method: Option<String>,
    /// The security level (sikkerhetsnivå), 0 to 4; a number on the wire, or a string.
    pub authentication_level: Option<i64>,
}

impl Claims {
    /// Reads the payload of a JSON web token, or `None` when it is not one.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let maskinporten = maskinporten::Claims::of_token(token)?;
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let own: Own = serde_json::from_slice(&payload).ok()?;
        Some(Self {
            maskinporten,
            service_owner: own.service_owner.as_ref().and_then(text),
            organisation: own.organisation,
            authentication_method: own.authentication_method.as_ref().and_then(text),
            authentication_level: own.authentication_level.as_ref().and_then(number),
        })
    }
}

#[derive(Deserialize)]
struct Own {
    #[serde(rename = "urn:altinn:org")]
    service_owner: Option<Value>,
    #[serde(rename = "urn:altinn:orgNumber")]
    organisation: Option<ReceivedOrganisationNumber>,
    #[serde(rename = "urn:altinn:authenticatemethod")]
    authentication_method: Option<Value>,
    #[serde(rename = "urn:altinn:authlevel")]
    authentication_level: Option<Value>,
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(payload: &str) -> Option<Claims> {
        Claims::of_token(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload)))
    }

    #[test]
    fn the_level_is_a_number_or_text_and_details_an_array_or_their_element() {
        for payload in [
            r#"{"urn:altinn:authlevel":3,"authorization_details":[{"type":"urn:altinn:systemuser","systemuser_org":{"authority":"iso6523-actorid-upis","ID":"0192:310702641"},"system_id":"310702641_x"}]}"#,
            r#"{"urn:altinn:authlevel":"3","authorization_details":{"type":"urn:altinn:systemuser","systemuser_org":{"authority":"iso6523-actorid-upis","ID":"0192:310702641"},"system_id":"310702641_x"}}"#,
        ] {
            let claims = claims(payload).unwrap();
            assert_eq!(claims.authentication_level, Some(3), "{payload}");
            let system_user = claims.maskinporten.system_user().unwrap();
            assert_eq!(
                system_user.system_id.as_deref(),
                Some("310702641_x"),
                "{payload}"
            );
        }
    }

    #[test]
    fn what_is_no_token_has_no_claims() {
        for text in ["", "opaque", "a.b", "a.b.c", "a.e30.c.d", "a.!!.c"] {
            assert!(Claims::of_token(text).is_none(), "{text}");
        }
        assert!(claims("{}").is_some());
    }
}
