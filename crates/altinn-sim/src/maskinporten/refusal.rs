//! What the token endpoint answers when it refuses: one row of the code table each.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use std::borrow::Cow;
use uuid::Uuid;

/// A refusal. The code stands in `error_uri` only; refusals without one have no `error_uri`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    text: Cow<'static, str>,
    code: Option<&'static str>,
}

const fn refusal(error: &'static str, text: &'static str, code: Option<&'static str>) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        error,
        text: Cow::Borrowed(text),
        code,
    }
}

macro_rules! client {
    ($text:literal, $code:expr) => {
        refusal(
            "invalid_grant",
            concat!("Invalid assertion. Client authentication failed. ", $text),
            $code,
        )
    };
}

impl Refusal {
    pub(super) const INVALID_FORM: Self =
        refusal("invalid_request", "Missing or repeated parameter.", None);
    pub(super) const UNSUPPORTED_GRANT_TYPE: Self =
        refusal("unsupported_grant_type", "Unsupported grant type.", None);
    pub(super) const SERVER_ERROR: Self = Self {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        error: "server_error",
        text: Cow::Borrowed("Internal error."),
        code: None,
    };
    pub(super) const INVALID_VALUE: Self = refusal(
        "invalid_request",
        "Invalid assertion. Invalid parameter value.",
        Some("MP-011"),
    );
    pub(super) const USED_BEFORE: Self =
        refusal("invalid_grant", "Grant is used before.", Some("MP-012"));
    pub(super) const UNKNOWN_CLIENT: Self = client!("Client not found.", Some("MP-100"));
    pub(super) const AUDIENCE: Self = client!("Invalid JWT claim aud.", Some("MP-110"));
    pub(super) const CERTIFICATE: Self = client!(
        "The JWT is signed with an invalid certificate.",
        Some("MP-120")
    );
    pub(super) const EXPIRED_KEY: Self = client!("Expired key.", Some("MP-121"));
    pub(super) const ORGANISATION: Self = client!(
        "Invalid JWT. Invalid organization number for client. Does not match certificate orgno.",
        Some("MP-122")
    );
    pub(super) const X5C: Self = client!("Invalid JWT header x5c.", Some("MP-123"));
    pub(super) const SIGNATURE: Self = client!("Invalid JWT signature.", Some("MP-124"));
    pub(super) const EXPIRED: Self = refusal(
        "invalid_grant",
        "Invalid assertion. JWT is expired.",
        Some("MP-130"),
    );
    pub(super) const TOO_EARLY: Self = refusal(
        "invalid_grant",
        "Invalid assertion. Issue time is after now.",
        None,
    );
    /// The real text is not known.
    pub(super) const TOO_LONG: Self = refusal(
        "invalid_grant",
        "Invalid assertion. JWT lifetime is too long.",
        None,
    );
    pub(super) const UNKNOWN_KID: Self = client!("Unknown key identifier (kid) for client.", None);
    pub(super) const KEY_REQUIRED: Self = client!(
        "Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided.",
        None
    );
    pub(super) const OWN_ORGANISATION: Self = refusal(
        "invalid_request",
        "Validation of JWT claim failed: The combination consumer_org in claim and delegation \
         scope on client is invalid.",
        None,
    );
    pub(super) const INTEGRATION_TYPE: Self = refusal(
        "invalid_scope",
        "Token request contains scopes not allowed for maskinporten.",
        Some("MP-201"),
    );
    pub(super) const DETAILS_TYPE: Self = refusal(
        "invalid_authorization_details",
        "Unknown authorization details type.",
        Some("MP-301"),
    );
    pub(super) const DETAILS_FIELDS: Self = refusal(
        "invalid_authorization_details",
        "Unknown fields in the authorization details.",
        Some("MP-302"),
    );

    /// MP-200. The captured text ends without a full stop.
    pub(super) fn scopes_of_client(scopes: &[&str]) -> Self {
        let mut text = "Token request contains invalid scopes for client".to_owned();
        for scope in scopes {
            text.push_str(", ");
            text.push_str(scope);
        }
        Self {
            text: text.into(),
            ..refusal("invalid_scope", "", Some("MP-200"))
        }
    }

    /// MP-250.
    pub(super) fn not_granted(scope: &str) -> Self {
        let text = format!("Consumer has not been granted access to the scope {scope}.");
        Self {
            status: StatusCode::FORBIDDEN,
            text: text.into(),
            ..refusal("forbidden", "", Some("MP-250"))
        }
    }

    /// MP-251.
    pub(super) fn not_delegated(consumer: &str, scope: &str, supplier: &str) -> Self {
        let text = format!(
            "Consumer {consumer} has not delegated access to the scope {scope} to supplier {supplier}."
        );
        Self {
            status: StatusCode::FORBIDDEN,
            text: text.into(),
            ..refusal("forbidden", "", Some("MP-251"))
        }
    }

    /// MP-303, naming the value.
    pub(super) fn details_value(value: &str) -> Self {
        let text = format!("Invalid authorization details values: {value}.");
        Self {
            text: text.into(),
            ..refusal("invalid_altinn_customer_configuration", "", Some("MP-303"))
        }
    }

    pub(super) fn into_response(self, issuer: &str, correlation_ids: bool) -> Response {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            error_description: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            error_uri: Option<String>,
        }
        let id = Uuid::new_v4();
        let id = if correlation_ids {
            format!("(correlation id: {id})")
        } else {
            format!("(trace_id: {})", id.simple())
        };
        let body = Body {
            error: self.error,
            error_description: format!("{} {id}", self.text),
            error_uri: self.code.map(|code| format!("{issuer}errors/{code}")),
        };
        (self.status, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
    }
}
