//! The ways the authentication service says no (wire facts, Altinn 3 §6.2, §6.5 and §6.6).

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

/// A refusal, in one of the service's body shapes.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Shape F: the status alone.
    Bare(StatusCode),
    /// Shape E: text.
    Text(StatusCode, String),
    /// Shape A: a numbered problem.
    Problem(u16, &'static str, &'static str),
    /// Shape A: validation errors, each a code and where.
    Validation(Vec<(&'static str, &'static str)>),
    /// Shape C: ASP.NET could not bind what was sent.
    Binding(String, String),
}

impl Refusal {
    pub(super) const VENDOR_NOT_FOUND: Self = Self::Problem(
        401,
        "AUTH-00023",
        "Can't resolve the Organisation Number for the Vendor from the Token.",
    );
    pub(super) const SYSTEM_NOT_FOUND: Self = Self::Problem(
        404,
        "AUTH-00011",
        "The Id does not refer to a Registered System.",
    );
    pub(super) const RIGHTS: Self = Self::Problem(
        400,
        "AUTH-00001",
        "One or more Right not found or not delegable.",
    );
    pub(super) const ALREADY_ACCEPTED: Self = Self::Problem(
        400,
        "AUTH-00006",
        "The combination of External Ids refer to an already Accepted SystemUser.",
    );
    pub(super) const ALREADY_REJECTED: Self = Self::Problem(
        400,
        "AUTH-00009",
        "The combination of External Ids refer to a Rejected Request, please delete and renew the \
         Request.",
    );
    pub(super) const REQUEST_NOT_FOUND: Self = Self::Problem(
        404,
        "AUTH-00010",
        "The Id does not refer to a Request in our system.",
    );
    pub(super) const AGENT_REQUEST_NOT_FOUND: Self = Self::Problem(
        404,
        "AUTH-00030",
        "The Id does not refer to an AgentRequest in our system.",
    );
    pub(super) const USER_NOT_FOUND: Self =
        Self::Problem(404, "AUTH-00015", "The SystemUser was not found.");
    pub(super) const REDIRECT: Self = Self::Problem(
        400,
        "AUTH-00021",
        "The RedirectUri was not found or not valid.",
    );
    pub(super) const NO_REDIRECTS: Self =
        Self::Problem(400, "AUTH-00026", "No redirect uris are set for the system");
    pub(super) const NEEDS_PACKAGE: Self = Self::Problem(
        400,
        "AUTH-00058",
        "No AccessPackages found, an Agent SystemUser must have at least one",
    );
    pub(super) const NEEDS_SOMETHING: Self = Self::Problem(
        400,
        "AUTH-00059",
        "No AccessPackages or Single Rights found, a SystemUser must have at least one",
    );
    pub(super) const CHANGE_NOT_NEW: Self = Self::Problem(
        409,
        "AUTH-00061",
        "The Status of the Request is not New. Please generate a new CorrellationId for a new Change \
         Request",
    );
    pub(super) const PACKAGE_NOT_FOUND: Self = Self::Problem(
        400,
        "AUTH-00063",
        "One or more accesspackage is not found in the referenced system in the System Register.",
    );
    pub(super) const PACKAGE_FOR_CLIENTS: Self = Self::Problem(
        400,
        "AUTH-00064",
        "One or more access packages cannot be delegated. Either they are intended for clients or \
         they cannot be delegated further.",
    );
    pub(super) const PACKAGE_NOT_FOR_CLIENTS: Self = Self::Problem(
        400,
        "AUTH-00065",
        "One or more access packages cannot be delegated because they are not intended for client \
         relationships",
    );
    pub(super) const STANDARD_ONLY: Self = Self::Problem(
        400,
        "AUTH-00036",
        "The system user type of the provided system user GUID is not standard.",
    );

    pub(super) fn validation(code: &'static str, path: &'static str) -> Self {
        Self::Validation(vec![(code, path)])
    }

    pub(super) fn binding(field: &str, message: &str) -> Self {
        Self::Binding(field.to_owned(), message.to_owned())
    }
}

/// The words of a validation code.
fn title(code: &str) -> &'static str {
    match code {
        "AUTH.VLD-00000" => "the org number identifier is not valid ISO6523 identifier",
        "AUTH.VLD-00001" => "The system id does not match the format orgnumber_xxxx...",
        "AUTH.VLD-00003" => {
            "One or more resources specified in rights were not found in Altinn's resource register."
        }
        "AUTH.VLD-00004" => "One of the client id is already tagged with an existing system",
        "AUTH.VLD-00005" => {
            "One or more of the redirect urls format is not valid. The valid format is https://xxx.xx"
        }
        "AUTH.VLD-00006" => "One or more duplicate rights found",
        "AUTH.VLD-00007" => "One or more duplicate access package(s) found",
        "AUTH.VLD-00008" => {
            "One or all the accesspackage(s) is not found in altinn's access packages or is not \
             delegable"
        }
        "AUTH.VLD-00009" => {
            "One or more resource id is in wrong format. The valid format is urn:altinn:resource"
        }
        "AUTH.VLD-00011" => "Request contains duplicate client ids",
        "AUTH.VLD-00012" => {
            "The system ID in the request body does not match the system ID in the URL"
        }
        "AUTH.VLD-00013" => {
            "System ID cannot have spaces in id (leading, trailing or in between the id)"
        }
        "AUTH.VLD-00017" => {
            "One or more resources specified in rights is of resource type which is not delegable."
        }
        "AUTH.VLD-00018" => {
            "Access packages meant for system user for client relations can't be used in combination \
             with the flag isVisible: true"
        }
        _ => "The field is required.",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Bare(status) => status.into_response(),
            Self::Text(status, text) => {
                let content_type = "text/plain; charset=utf-8";
                (status, [(header::CONTENT_TYPE, content_type)], text).into_response()
            }
            Self::Problem(status, code, title) => shape_a(status, code, title, None),
            Self::Validation(errors) => {
                let errors = errors
                    .iter()
                    .map(|(code, path)| json!({ "code": code, "title": title(code), "paths": [path] }))
                    .collect();
                let title = "One or more validation errors occurred.";
                shape_a(400, "STD-00000", title, Some(errors))
            }
            Self::Binding(field, message) => {
                let span = Uuid::new_v4().simple().to_string();
                let span = span.get(..16).unwrap_or_default();
                let body = json!({
                    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                    "title": "One or more validation errors occurred.",
                    "status": 400,
                    "errors": { (field): [message] },
                    "traceId": format!("00-{}-{span}-00", Uuid::new_v4().simple()),
                });
                problem_json(StatusCode::BAD_REQUEST, &body)
            }
        }
    }
}

fn shape_a(status: u16, code: &str, title: &str, errors: Option<Value>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut body = json!({
        "type": format!("urn:altinn:error:{code}"),
        "title": title,
        "status": status.as_u16(),
        "code": code,
        "statusDescription": status.canonical_reason(),
    });
    if let Some(errors) = errors {
        body["validationErrors"] = errors;
    }
    problem_json(status, &body)
}

fn problem_json(status: StatusCode, body: &Value) -> Response {
    let content_type = "application/problem+json";
    (
        status,
        [(header::CONTENT_TYPE, content_type)],
        body.to_string(),
    )
        .into_response()
}
