//! The ways access management says no (wire facts, Altinn 3 §6.2).
//!
//! Every problem below is caused by state in a test. `tests/data/altinn3_codes.tsv` has the whole table (§6.4
//! and §6.6), with the reason for each code that no client can cause here.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

/// A refusal, in one of the body shapes that access management uses.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Shape F: the status alone, from the authentication and authorization middleware.
    Bare(StatusCode),
    /// Shape E: text.
    Text(StatusCode, &'static str),
    /// The gateway in front has not let the call through.
    Gateway(StatusCode, &'static str),
    /// Shape A: a numbered problem of the resource registry, with its status.
    Registry(u16, &'static str, &'static str),
    /// Shape A: `STD-00000` with one validation error: code, text, paths (it may name none).
    RegistryValidation(&'static str, &'static str, &'static [&'static str]),
    /// 404 with a problem that has no number, only this title.
    Missing(&'static str),
    /// Shape B: a numbered problem of access management.
    Problem(Problem),
    /// Shape B: `STD-00000` with validation errors of their own: code, text, paths.
    Validation(&'static str, &'static str, Vec<String>),
    /// Shape C: ASP.NET could not bind what was sent: field, text.
    Binding(String, String),
}

/// A numbered problem (wire facts, Altinn 3 §6.4), with the status and words that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    MissingConnection,
    PartyNotFound,
    PersonInputRequired,
    TooManyFailedLookups,
    InvalidResource,
    NotAuthorizedForDelegation,
    MissingRightKey,
    PackageNotFound,
    InvalidRightKey,
    InvalidRoleCode,
    RoleNotRevocable,
    InvalidPackageForParty,
    ResourceNotDelegable,
    AgentHasDelegations,
    RequestNotFound,
    PackageDelegationNotAuthorized,
    PackageNotAvailableForEntity,
    PackageNotRevocable,
    NotAuthorizedForConsentRequest,
    ConsentNotFound,
    InvalidOrganizationIdentifier,
    InvalidPersonIdentifier,
    InvalidConsentResource,
    UnknownConsentMetadata,
    MissingMetadataValue,
    MissingMetadata,
    InvalidResourceCombination,
    ConsentRevoked,
    ConsentPartyMismatch,
    ConsentExpired,
    ConsentNotAccepted,
    ConsentWithIdAlreadyExists,
}

impl Problem {
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MissingConnection => (
                400,
                "AM-00022",
                "Operation can not be completed, because it requires an existing connection \
                 between the parties.",
            ),
            Self::PartyNotFound => (
                400,
                "AM-00023",
                "The provided identifier cannot be found as a valid party for the operation.",
            ),
            Self::PersonInputRequired => (
                400,
                "AM-00024",
                "Target party is a person. Include a PersonInput object in the request body with \
                 both personIdentifier and lastName to perform this operation.",
            ),
            Self::TooManyFailedLookups => {
                (429, "AM-00026", "There has been too many failed lookups")
            }
            Self::InvalidResource => (400, "AM-00027", "The resource is invalid"),
            Self::NotAuthorizedForDelegation => (400, "AM-00028", "Not authorized for delegation"),
            Self::MissingRightKey => (400, "AM-00033", "No right key provided"),
            Self::PackageNotFound => (400, "AM-00035", "Unknown Access Package"),
            Self::InvalidRightKey => (
                400,
                "AM-00036",
                "Policy does not contain all rightkeys in delegation request",
            ),
            Self::InvalidRoleCode => (400, "AM-00039", "The provided rolecode was not found"),
            Self::RoleNotRevocable => (
                400,
                "AM-00040",
                "Given the rules for revocation this role could not be revoked",
            ),
            Self::InvalidPackageForParty => (
                400,
                "AM-00041",
                "One or more of the provided packages are either invalid or not eligible for \
                 delegation by the type of from-party of the delegation.",
            ),
            Self::NotAuthorizedForConsentRequest => (403, "AM-00000", "Not authorized for consent"),
            Self::ConsentNotFound => (404, "AM-00001", "Consent not found"),
            Self::InvalidOrganizationIdentifier => {
                (400, "AM-00003", "Unknown organization. Could not be found")
            }
            Self::InvalidPersonIdentifier => {
                (400, "AM-00004", "Unknown person. Could not be found")
            }
            Self::InvalidConsentResource => (400, "AM-00005", "Invalid consent resource"),
            Self::UnknownConsentMetadata => (400, "AM-00006", "Invalid consent metadata"),
            Self::MissingMetadataValue => (400, "AM-00007", "Missing metadata value"),
            Self::MissingMetadata => (400, "AM-00008", "Missing metadata"),
            Self::InvalidResourceCombination => (400, "AM-00009", "Invalid resource combination"),
            Self::ConsentRevoked => (400, "AM-00011", "Consent is revoked"),
            Self::ConsentPartyMismatch => (
                400,
                "AM-00012",
                "The consented party does not match the party requested",
            ),
            Self::ConsentExpired => (400, "AM-00013", "Consent is expired"),
            Self::ConsentNotAccepted => (400, "AM-00014", "Consent is not accepted"),
            Self::ConsentWithIdAlreadyExists => (400, "AM-00016", "Consent with id already exist"),
            Self::AgentHasDelegations => (400, "AM-00025", "Agent has existing delegations."),
            Self::RequestNotFound => (404, "AM-00031", "The request was not found"),
            Self::PackageDelegationNotAuthorized => (
                403,
                "AM-00034",
                "Service owner is not authorized to delegate this access package",
            ),
            Self::PackageNotAvailableForEntity => (
                400,
                "AM-00037",
                "The from entity does not match the package entity requirement",
            ),
            Self::PackageNotRevocable => (
                400,
                "AM-00038",
                "The package is not delegated by the entity trying to revoke so it is denied",
            ),
            Self::ResourceNotDelegable => (
                400,
                "AM-00042",
                "The resource is not available for delegation",
            ),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refusal {
    pub(super) const UNAUTHORIZED: Self = Self::Bare(StatusCode::UNAUTHORIZED);
    pub(super) const FORBIDDEN: Self = Self::Bare(StatusCode::FORBIDDEN);

    /// A required query parameter is not there.
    pub(super) fn required(field: &str) -> Self {
        Self::Binding(field.to_owned(), format!("The {field} field is required."))
    }

    /// A query parameter is there but is not what it should be.
    pub(super) fn not_valid(field: &str, value: &str) -> Self {
        Self::Binding(
            field.to_owned(),
            format!("The value '{value}' is not valid."),
        )
    }

    /// A query parameter that binds but makes no sense.
    pub(super) fn query_parameter(path: &str) -> Self {
        Self::Validation(
            "AM.VLD-00007",
            "One or more query parameters are invalid.",
            vec![format!("QUERY/{path}")],
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Bare(status) => status.into_response(),
            Self::Text(status, text) => (
                status,
                [(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/plain; charset=utf-8"),
                )],
                text,
            )
                .into_response(),
            Self::Gateway(status, message) => {
                let body = json!({ "statusCode": status.as_u16(), "message": message });
                let json = [(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )];
                (status, json, body.to_string()).into_response()
            }
            Self::Registry(status, code, title) => {
                problem_json(status, &shape_a(status, code, title))
            }
            Self::RegistryValidation(code, title, paths) => {
                let text = "One or more validation errors occurred.";
                let mut body = shape_a(400, "STD-00000", text);
                body["validationErrors"] =
                    json!([{ "code": code, "title": title, "paths": paths }]);
                problem_json(400, &body)
            }
            Self::Missing(title) => {
                let kind = "https://tools.ietf.org/html/rfc9110#section-15.5.5";
                problem_json(404, &json!({ "type": kind, "title": title, "status": 404 }))
            }
            Self::Problem(problem) => {
                let (status, code, detail) = problem.parts();
                shape_b(status, code, detail, None)
            }
            Self::Validation(code, detail, paths) => shape_b(
                400,
                "STD-00000",
                "One or more validation errors occurred.",
                Some(json!([{ "code": code, "detail": detail, "paths": paths }])),
            ),
            Self::Binding(field, message) => {
                let trace = format!(
                    "00-{}-{}-00",
                    Uuid::new_v4().simple(),
                    &Uuid::new_v4().simple().to_string()[..16]
                );
                problem_json(
                    400,
                    &json!({
                        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
                        "title": "One or more validation errors occurred.",
                        "status": 400,
                        "errors": { (field): [message] },
                        "traceId": trace,
                    }),
                )
            }
        }
    }
}

fn shape_a(status: u16, code: &str, title: &str) -> Value {
    let phrase = StatusCode::from_u16(status).ok();
    json!({
        "type": format!("urn:altinn:error:{code}"),
        "title": title,
        "status": status,
        "code": code,
        "statusDescription": phrase.and_then(|s| s.canonical_reason()),
    })
}

fn shape_b(status: u16, code: &str, detail: &str, errors: Option<Value>) -> Response {
    let (kind, title) = match status {
        429 => (
            "https://tools.ietf.org/html/rfc6585#section-4",
            "Too Many Requests",
        ),
        403 => (
            "https://tools.ietf.org/html/rfc9110#section-15.5.4",
            "Forbidden",
        ),
        404 => (
            "https://tools.ietf.org/html/rfc9110#section-15.5.5",
            "Not Found",
        ),
        _ => (
            "https://tools.ietf.org/html/rfc9110#section-15.5.1",
            "Bad Request",
        ),
    };
    let mut body = json!({
        "type": kind, "title": title, "status": status, "detail": detail, "code": code,
    });
    if let Some(errors) = errors {
        body["validationErrors"] = errors;
    }
    problem_json(status, &body)
}

fn problem_json(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
