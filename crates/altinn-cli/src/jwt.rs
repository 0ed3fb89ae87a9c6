//! Looks into JSON web tokens, to show what they say. Nothing is verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_transport::redact;
use serde_json::{Value, json};

/// Header and claims of a token. Person numbers in it are masked, and the signature is not there.
#[derive(Clone, Debug)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Jwt {
    /// `None` when it is no compact JWS.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
        })
    }

    /// `{"header":…,"claims":…,"signature":"[masked]"}`.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "header": self.header, "claims": self.claims, "signature": "[masked]" })
    }
}

fn part(encoded: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then(|| redacted(&value))
}

/// A document with secrets and person numbers masked.
pub(crate) fn redacted(value: &Value) -> Value {
    let text = redact::body(Some("application/json"), value.to_string().as_bytes());
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
