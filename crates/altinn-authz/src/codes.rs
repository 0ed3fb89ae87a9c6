//! What the servers' codes and phrases mean, and what to do about each: data, for errors and for
//! `altinn explain`.
//!
//! ```
//! use altinn_authz::codes;
//!
//! let [entry] = codes::explain("am-00022")[..] else { return Err("one meaning".into()) };
//! assert_eq!(entry.status(), Some(400));
//! assert!(entry.remedy().to_string().contains("connection"));
//!
//! // Altinn 2 has no codes: its phrases are looked up as they are, whoever they name
//! assert_eq!(codes::explain("Required header 'ApiKey' is missing.").len(), 1);
//! // one validation code can mean two things: all are given
//! assert_eq!(codes::explain("AM.VLD-00010").len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Sources: those of the services beside access management stand with their codes; else `Problems.cs` and the two `ValidationErrors.cs` of Altinn's access management
//! (<https://github.com/Altinn/altinn-authorization-tmp>), `STD` of
//! <https://github.com/Altinn/altinn-authorization-utils>, and the phrases of
//! <https://altinn.github.io/docs/api/rest/>.

mod neighbours;

use http_transport::{Remedy, Who};
use serde::Serialize;

/// What one code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    id: &'static str,
    status: Option<u16>,
    name: &'static str,
    message: &'static str,
    cause: &'static str,
    who: Who,
    action: &'static str,
    place: Option<&'static str>,
}

impl Code {
    /// The code as it stands in answers; on Altinn 2 the phrase, with `{}` for what varies; for an
    /// answer that says nothing, its status (`403 (empty)`).
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The HTTP status it comes with; validation codes have none of their own.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The name in the server's source.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The server's message.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.message
    }

    /// Why it comes.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        if self.cause.is_empty() {
            self.message
        } else {
            self.cause
        }
    }

    /// What to do, and who must.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        let remedy = Remedy::new(self.who, self.action);
        match self.place {
            Some(place) => remedy.at(place),
            None => remedy,
        }
    }

    const fn at(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }

    const fn cause_is(mut self, cause: &'static str) -> Self {
        self.cause = cause;
        self
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut entry = serializer.serialize_struct("Code", 7)?;
        entry.serialize_field("code", self.id)?;
        entry.serialize_field("status", &self.status)?;
        entry.serialize_field("name", self.name)?;
        entry.serialize_field("message", self.message)?;
        entry.serialize_field("cause", self.cause())?;
        entry.serialize_field("who", &self.who.to_string())?;
        entry.serialize_field("remedy", &self.remedy().to_string())?;
        entry.end()
    }
}

/// Every code and phrase that is known here.
pub fn all() -> impl Iterator<Item = &'static Code> {
    problems().chain(validations()).chain(SILENT).chain(PHRASES)
}

fn problems() -> impl Iterator<Item = &'static Code> {
    PROBLEMS.iter().chain(neighbours::PROBLEMS)
}

fn validations() -> impl Iterator<Item = &'static Code> {
    VALIDATION.iter().chain(neighbours::VALIDATION)
}

/// What a code or a phrase means: nothing, one entry, or several where codes collide.
#[must_use]
pub fn explain(text: &str) -> Vec<&'static Code> {
    let text = text.trim();
    let exact: Vec<_> = all()
        .filter(|code| {
            code.id.eq_ignore_ascii_case(text)
                || code
                    .id
                    .strip_suffix(" (empty)")
                    .is_some_and(|status| status == text)
        })
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    // a status that means one thing alone
    let by_status: Vec<_> = text.parse().map_or_else(
        |_| Vec::new(),
        |status: u16| all().filter(|code| code.status == Some(status)).collect(),
    );
    match by_status.as_slice() {
        [_] => by_status,
        _ => phrase(text).into_iter().collect(),
    }
}

/// The problem code (`AM-00022`, `STD-00000`); validation codes are not looked at, for they collide.
#[must_use]
pub fn problem(code: &str) -> Option<&'static Code> {
    problems().find(|entry| entry.id == code)
}

/// The meaning of an Altinn 2 reason phrase.
#[must_use]
pub fn phrase(text: &str) -> Option<&'static Code> {
    PHRASES.iter().find(|code| fits(code.id, text.trim()))
}

/// The meaning of an Altinn 3 answer without a body.
pub(crate) fn silent(status: u16) -> Option<&'static Code> {
    SILENT.iter().find(|code| code.status == Some(status))
}

/// A validation error, matched by its code and by where it points: the same number means different
/// things in two factories of the same service, but they do not speak of the same parameters.
pub(crate) fn validation(code: &str, paths: &[String], message: &str) -> Option<&'static Code> {
    let known = || validations().filter(move |entry| entry.id == code);
    if known().count() == 1 {
        return known().next();
    }
    let speaks_of = |entry: &&Code| {
        let name = entry.name.to_ascii_lowercase();
        paths.iter().any(|path| {
            let last = path.rsplit(['/', '?', '$']).next().unwrap_or_default();
            let last = last.trim_end_matches("Id").to_ascii_lowercase();
            last.len() > 3 && name.contains(&last)
        })
    };
    known()
        .find(|entry| entry.message.eq_ignore_ascii_case(message.trim()))
        .or_else(|| known().find(speaks_of))
}

/// Whether `text` is `pattern`, in which `{}` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("{}");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = part;
    }
    last.is_empty() || rest.is_empty()
}

const fn code(
    id: &'static str,
    status: u16,
    name: &'static str,
    message: &'static str,
    who: Who,
    action: &'static str,
) -> Code {
    let status = if status == 0 { None } else { Some(status) };
    Code {
        id,
        status,
        name,
        message,
        cause: "",
        who,
        action,
        place: None,
    }
}

use Who::{ApiOwner, Customer, Operator, You};

const CONSENT: &str = "look at the consent request's status and its parties; a new request is needed once it has been answered, revoked or has expired";
const OTHER_PARTY: &str =
    "use a party UUID of your own list of authorized parties or connections (altinn party NUMBER)";
const REPORT: &str = "look into it with the trace id; try again later";

const PROBLEMS: &[Code] = &[
    code("AM-00000", 403, "NotAuthorizedForConsentRequest", "Not authorized for consent", Customer, "give the consent as somebody who may decide for the party"),
    code("AM-00001", 404, "ConsentNotFound", "Consent not found", You, "check the consent's id, and that it is the receiver of the consent who asks"),
    code("AM-00002", 400, "ConsentCantBeAccepted", "Consent have wrong status to be consented", You, CONSENT),
    code("AM-00003", 400, "InvalidOrganizationIdentifier", "Unknown organization. Could not be found", You, "check the organisation number, and that the organisation exists in this environment"),
    code("AM-00004", 400, "InvalidPersonIdentifier", "Unknown person. Could not be found", You, "check the person number, and that the person exists in this environment"),
    code("AM-00005", 400, "InvalidConsentResource", "Invalid consent resource", You, "use a resource of the registry that is made for consent"),
    code("AM-00006", 400, "UnknownConsentMetadata", "Invalid consent metadata", You, "give only the metadata that the resource names"),
    code("AM-00007", 400, "MissingMetadataValue", "Missing metadata value", You, "give a value for every metadata member that the resource names"),
    code("AM-00008", 400, "MissingMetadata", "Missing metadata", You, "give the metadata that the resource names"),
    code("AM-00009", 400, "InvalidResourceCombination", "Invalid resource combination", You, "ask for the resources in consent requests of their own"),
    code("AM-00010", 400, "ConsentCantBeRevoked", "Consent cant be revoked.Wrong status", You, CONSENT),
    code("AM-00011", 400, "ConsentRevoked", "Consent is revoked", You, CONSENT),
    code("AM-00012", 400, "MissMatchConsentParty", "The consented party does not match the party requested", You, "ask with the party that gave the consent"),
    code("AM-00013", 400, "ConsentExpired", "Consent is expired", You, CONSENT),
    code("AM-00014", 400, "ConsentNotAccepted", "Consent is not accepted", Customer, "answer the consent request first"),
    code("AM-00015", 400, "ConsentCantBeRejected", "Consent cant be rejected. Wrong status", You, CONSENT),
    code("AM-00016", 400, "ConsentWithIdAlreadyExist", "Consent with id already exist", You, "use a new id; the same id is the same request"),
    code("AM-00017", 400, "UnsupportedEntityType", "The Entitytype is not supported", You, "use a party of a kind that the operation takes"),
    code("AM-00018", 400, "EntityTypeNotFound", "The Entitytype is not found", You, "use one of the kinds of party that Altinn knows"),
    code("AM-00019", 400, "EntityVariantNotFoundOrInvalid", "The EntityVariant is not found or not valid for the given EntityType", You, "use a variant that belongs to the kind of party"),
    code("AM-00020", 400, "MissingRightHolder", "Missing rightholder", You, "make the connection first: giving rights in one call (altinn rights grant) does it"),
    code("AM-00021", 400, "ConnectionEntitiesDoNotExist", "From and to parties do not exists.", You, OTHER_PARTY),
    code("AM-00022", 400, "MissingConnection", "Operation can not be completed, because it requires an existing connection between the parties.", You, "make the connection first: giving rights in one call (altinn rights grant) does it; a person who is not connected yet is named by number and last name")
        .cause_is("a package or a resource can only be given to a party that the giver already has a connection to (rettighetshaver); only system users need none"),
    code("AM-00023", 400, "PartyNotFound", "The provided identifier cannot be found as a valid party for the operation.", You, OTHER_PARTY),
    code("AM-00024", 400, "PersonInputRequiredForPersonAssignment", "Target party is a person. Include a PersonInput object in the request body with both personIdentifier and lastName to perform this operation.", You, "name the person by number and last name (altinn rights grant --to NUMBER --last-name NAME)")
        .cause_is("a person's UUID is taken only when the person is connected already, so that nobody can be added by a UUID that was guessed or copied"),
    code("AM-00025", 400, "AgentHasExistingDelegations", "Agent has existing delegations.", You, "take the agent's client delegations back first, or remove the agent with all of them (cascade)"),
    code("AM-00026", 429, "PersonLookupFailedToManyErrors", "There has been too many failed lookups", You, "wait an hour, and check the person number and the last name before the next try; nobody else of the same user can look persons up meanwhile, and all system users may share one lock")
        .cause_is("two look-ups with a number and a last name that do not belong together lock looking persons up for 3600 seconds"),
    code("AM-00027", 400, "InvalidResource", "The resource is invalid", You, "check the resource's id in the resource registry of this environment"),
    code("AM-00028", 400, "NotAuthorizedForDelegationRequest", "Not authorized for delegation", Customer, "let somebody who may delegate it do so"),
    code("AM-00029", 500, "DelegationPolicyRuleWriteFailed", "The delegation failed", Operator, REPORT),
    code("AM-00030", 500, "AssignmentNotFound", "The assignment was not found", Operator, REPORT),
    code("AM-00031", 404, "RequestNotFound", "The request was not found", You, "check the request's id, and that it is one of the two parties who asks"),
    code("AM-00032", 500, "RequestCreationFailed", "Failed to create request", Operator, REPORT),
    code("AM-00033", 400, "MissingRightKey", "No right key provided", You, "give at least one right key of the resource's delegation check"),
    code("AM-00034", 403, "PackageDelegationNotAuthorized", "Service owner is not authorized to delegate this access package", Operator, "put the service owner on the list for this package"),
    code("AM-00035", 400, "PackageNotFound", "Unknown Access Package", You, "look the package's code up: altinn packages search, or the metadata's search"),
    code("AM-00036", 400, "InvalidRightKey", "Policy does not contain all rightkeys in delegation request", You, "take the right keys from the resource's delegation check; they are opaque, change with the policy, and are not the names of actions"),
    code("AM-00037", 400, "PackageNotAvailableForEntity", "The from entity does not match the package entity requirement", You, "choose a package that is for this kind of organisation or person"),
    code("AM-00038", 400, "PackageNotRevocableFromAssignment", "The package is not delegated by the entity trying to revoke so it is denied", Customer, "take the package back as the one who gave it"),
    code("AM-00039", 400, "InvalidRoleCode", "The provided rolecode was not found", You, "check the role's code among the roles that the receiver holds"),
    code("AM-00040", 400, "RoleAssignmentNotRevocable", "Given the rules for revocation this role could not be revoked", Customer, "change the role where it comes from; only roles that were moved from Altinn 2 can be taken back here")
        .at("Enhetsregisteret, for the roles of a company"),
    code("AM-00041", 400, "DelegationCheckFailureInvalidPackage", "One or more of the provided packages are either invalid or not eligible for delegation by the type of from-party of the delegation.", You, "check the package's code, and that the package is for the giver's kind of party"),
    code("AM-00042", 400, "ResourceNotDelegable", "The resource is not available for delegation", ApiOwner, "make the resource delegable, or give an access package that holds it"),
    code("AM-00043", 400, "SsnNotFound", "The SSN was not found", You, "check the person number, and that the person exists in this environment"),
    code("AM-00044", 400, "IdPortenAuthorizationBadRequest", "Invalid request to IdPorten authorization service", Operator, REPORT),
    code("AM-00045", 401, "IdPortenAuthorizationUnauthorized", "Unauthorized request to IdPorten authorization service", Operator, REPORT),
    code("AM-00046", 403, "IdPortenAuthorizationForbidden", "The web API is disabled", Operator, "switch the web API on in ID-porten"),
    code("AM-00047", 500, "IdPortenAuthorizationInternalServerError", "An internal server error occurred while processing the IdPorten authorization request", Operator, REPORT),
    code("STD-00000", 400, "ValidationError", "One or more validation errors occurred.", You, "correct the values that the validation errors name"),
    code("STD-00001", 500, "MultipleProblems", "Several problems occurred.", Operator, REPORT),
];

const VALUE: &str = "correct the value that the path names";
const UUIDS: &str = "check the party UUID: take it from your authorized parties or connections, never from elsewhere";

/// The two factories of access management with the same numbers, one after the other; then those of
/// its service-owner API, and those of the library.
const VALIDATION: &[Code] = &[
    code(
        "AM.VLD-00001",
        0,
        "InvalidPartyUrn",
        "Invalid party URN.",
        You,
        "write the party as one of the URNs that the operation takes",
    ),
    code(
        "AM.VLD-00002",
        0,
        "InvalidResource",
        "Resource must be valid.",
        You,
        "check the resource's id in the resource registry of this environment",
    ),
    code(
        "AM.VLD-00003",
        0,
        "MissingPolicy",
        "Resource must have a policy.",
        ApiOwner,
        "publish a policy for the resource",
    ),
    code(
        "AM.VLD-00004",
        0,
        "MissingDelegableRights",
        "The Resource must have a policy giving the app rights to delegate at least one right.",
        ApiOwner,
        "let the resource's policy give the app a right to delegate",
    ),
    code(
        "AM.VLD-00005",
        0,
        "ToManyDelegationsToRevoke",
        "There is to many policy files to update. Must delete individual delegations.",
        You,
        "take the delegations back one by one",
    ),
    code(
        "AM.VLD-00006",
        0,
        "EntityNotExists",
        "Entity do not exists.",
        You,
        UUIDS,
    ),
    code(
        "AM.VLD-00007",
        0,
        "RoleNotExists",
        "Role do not exsists.",
        You,
        "check the role's code",
    ),
    code(
        "AM.VLD-00007",
        0,
        "InvalidQueryParameter",
        "One or more query parameters are invalid.",
        You,
        VALUE,
    ),
    code(
        "AM.VLD-00008",
        0,
        "DisallowedEntityType",
        "This entity type is not allowed here.",
        You,
        "use a party of a kind that the operation takes",
    ),
    code(
        "AM.VLD-00009",
        0,
        "InvalidQueryParameter",
        "One or more query parameters are invalid.",
        You,
        VALUE,
    ),
    code(
        "AM.VLD-00010",
        0,
        "AssignmentHasActiveConnections",
        "Assignment is active in one or more connections.",
        You,
        "take the packages and resources back first, or remove the connection with cascade",
    ),
    code(
        "AM.VLD-00010",
        0,
        "AssignmentIsActiveInOneOrMoreDelegations",
        "Assignment is active in one or more delegations.",
        You,
        "take the packages and resources back first, or remove the connection with cascade",
    ),
    code(
        "AM.VLD-00011",
        0,
        "PackageNotExists",
        "Package do not exists.",
        You,
        "check the package's code or URN",
    ),
    code(
        "AM.VLD-00011",
        0,
        "UnableToRevokeRoleAssignment",
        "Role assignment cannot be revoked.",
        Customer,
        "change the role where it comes from",
    ),
    code(
        "AM.VLD-00012",
        0,
        "ResourceNotExists",
        "Resource does not exist.",
        You,
        "check the resource's id in the resource registry of this environment",
    ),
    code(
        "AM.VLD-00022",
        0,
        "TimeNotInFuture",
        "The time need to be in the future",
        You,
        "give a time that is not past",
    ),
    code(
        "AM.VLD-00023",
        0,
        "EmptyList",
        "The list cant be empty",
        You,
        "give at least one element",
    ),
    code(
        "AM.VLD-00024",
        0,
        "ConsentNotFound",
        "Incorrect consentId or wrong consent receiver",
        You,
        "check the consent's id, and that its receiver asks",
    ),
    code(
        "AM.VLD-00025",
        0,
        "InvalidResourceContext",
        "Resource context does not match consent request rights",
        You,
        "give the context of the rights that the consent request holds",
    ),
    code(
        "AM.VLD-00026",
        0,
        "UserNotAuthorized",
        "User not authorized for operation.",
        Customer,
        "let somebody who may do this act, or give the caller the package for it",
    ),
    code(
        "AM.VLD-00027",
        0,
        "UnableToCompleteOperation",
        "The operation could not be completed.",
        Operator,
        REPORT,
    ),
    code(
        "AM.VLD-00028",
        0,
        "PackageIsNotAssignableToRecipient",
        "One or more packages is not assignable to receipient.",
        You,
        "choose a package that this kind of receiver may hold",
    ),
    code(
        "AM.VLD-00028",
        0,
        "NotFound",
        "Object not found",
        You,
        UUIDS,
    ),
    code(
        "AM.VLD-00029",
        0,
        "InvalidRole",
        "Invalid Role.",
        You,
        "check the role's code",
    ),
    code(
        "AM.VLD-00029",
        0,
        "InvalidInstanceUrn",
        "Instance must use a valid URN format: 'urn:altinn:instance-id:', 'urn:altinn:correspondence-id:', or 'urn:altinn:dialog-id:'.",
        You,
        "write the instance as one of these URNs",
    ),
    code(
        "AM.VLD-00030",
        0,
        "InvalidPackage",
        "Invalid Package.",
        You,
        "check the package's code or URN",
    ),
    code(
        "AM.VLD-00030",
        0,
        "ResourceNotExists",
        "Resource does not exist.",
        You,
        "check the resource's id in the resource registry of this environment",
    ),
    code(
        "AM.VLD-00031",
        0,
        "DelegationHasActiveConnections",
        "The delegation has one or more active access packages associated with it. Set cascade to true to remove the delegation and its active access packages.",
        You,
        "take the packages back first, or remove with cascade",
    ),
    code(
        "AM.VLD-00031",
        0,
        "AssignmentResourcesExist",
        "Assignment has resources delegated.",
        You,
        "take the resources back first, or remove the connection with cascade",
    ),
    code(
        "AM.VLD-00032",
        0,
        "MissingAssignment",
        "Assignment of role do not exist.",
        You,
        "make the connection or the role first",
    ),
    code(
        "AM.VLD-00032",
        0,
        "InvalidResourceType",
        "Invalid resource type.",
        You,
        "use a resource of a type that the operation takes",
    ),
    code(
        "AM.VLD-00033",
        0,
        "PackageIsNotDelegable",
        "Package is not delegable.",
        You,
        "choose a package that can be delegated",
    ),
    code(
        "AM.VLD-00033",
        0,
        "PackageIsNotAssignableToRecipient",
        "Package is not assignable to the recipient entity type.",
        You,
        "choose a package that this kind of receiver may hold",
    ),
    code(
        "AM.VLD-00034",
        0,
        "InvalidExternalIdentifiers",
        "Given external identifiers yielded empty result.",
        You,
        "check the identifiers",
    ),
    code(
        "AM.VLD-00034",
        0,
        "PolicyClearFailed",
        "Failed to clear delegation policy rules.",
        Operator,
        REPORT,
    ),
    code(
        "AM.VLD-00035",
        0,
        "RequestNotFound",
        "Request do not exists.",
        You,
        "check the request's id",
    ),
    code(
        "AM.VLD-00035",
        0,
        "ResourceNotRevocableViaClientDelegation",
        "Resource is delegated through a client delegation.",
        Customer,
        "take the client delegation back",
    ),
    code(
        "AM.VLD-00036",
        0,
        "RequestUnsupportedStatusUpdate",
        "Request does not support this status update.",
        You,
        "look at the request's status first",
    ),
    code(
        "AM.VLD-00037",
        0,
        "RequestMissingFromOrTo",
        "Query must have either from or to defined.",
        You,
        "give from or to",
    ),
    code(
        "AM.VLD-00038",
        0,
        "RequestMissingResourceOrPackage",
        "Either Resource or Package must be included in request.",
        You,
        "name a resource or a package",
    ),
    code(
        "AM.VLD-00039",
        0,
        "RequestFailedToCreateRequest",
        "Could not create request.",
        Operator,
        REPORT,
    ),
    code(
        "AM.VLD-00040",
        0,
        "RequestFailedToApprove",
        "Failed to approve request.",
        Operator,
        REPORT,
    ),
    code(
        "AM.VLD-00041",
        0,
        "RequestConnectionNotFound",
        "Initial connection between parties not found.",
        You,
        "make the connection first",
    ),
    code(
        "AM.VLD-00042",
        0,
        "DbNoRowsAffected",
        "No rows affected.",
        You,
        "read again: it may be done already",
    ),
    code(
        "AM.VLD-00043",
        0,
        "DbNoRowsFound",
        "No rows found.",
        You,
        "read again: it may be gone",
    ),
    code(
        "AM.VLD-00044",
        0,
        "RequestUnauthorizedStatusUpdate",
        "Party cannot perform this status change.",
        Customer,
        "let the other party of the request act",
    ),
    code(
        "AM.VLD-00045",
        0,
        "RequestFromSelfNotAllowed",
        "Self-targeted requests are not allowed.",
        You,
        "ask another party than yourself",
    ),
    code(
        "AM.VLD-00046",
        0,
        "ResourceAndPackageIsSpecified",
        "Either Resource or Package must be included in the request, but not both.",
        You,
        "name one of the two",
    ),
    code(
        "AM.VLD-00047",
        0,
        "InvalidInstanceId",
        "The instance ID is invalid as more than one owner was found.",
        You,
        "check the instance's id",
    ),
    code(
        "AM.VLD-00048",
        0,
        "PackageIsNotAssignable",
        "One or more packages is not assignable.",
        You,
        "choose packages that can be assigned",
    ),
    code(
        "AM.VLD-00049",
        0,
        "ResourceIsNotDelegable",
        "One or more resources is not delegable.",
        ApiOwner,
        "make the resource delegable",
    ),
    code(
        "AM.VLD-00050",
        0,
        "InvalidPageSizeForConsentEvents",
        "Page size must be between 1 and 1000.",
        You,
        "ask for 1 to 1000 at a time",
    ),
    code(
        "AM.VLD-00051",
        0,
        "InvalidDateRange",
        "'createdAfter' must be earlier than 'createdBefore'.",
        You,
        "put the dates in order",
    ),
    code(
        "AM.VLD-00052",
        0,
        "InvalidEventType",
        "One or more event types are invalid. Valid values are: rejected, accepted, revoked, deleted, used.",
        You,
        "use these event types only",
    ),
    code(
        "AM.VLD-00053",
        0,
        "InvalidContinuationToken",
        "The continuation token is invalid.",
        You,
        "begin from the first page",
    ),
    code(
        "AMSO.VLD-00001",
        0,
        "InvalidUrn",
        "Invalid URN",
        You,
        "write the party as a URN of a person's or an organisation's number",
    ),
    code(
        "AMSO.VLD-00002",
        0,
        "NotFound",
        "Object not found",
        You,
        "check what was named",
    ),
    code(
        "AMSO.VLD-00003",
        0,
        "RequestedResourceNotFound",
        "Requested resource was not found",
        You,
        "check the resource's id",
    ),
    code(
        "AMSO.VLD-00004",
        0,
        "RequestedPackageNotFound",
        "Requested package was not found",
        You,
        "check the package's code or URN",
    ),
    code(
        "AMSO.VLD-00005",
        0,
        "RequestResourceOrPackage",
        "Request can only contain package or resource",
        You,
        "name one of the two",
    ),
    code(
        "AMSO.VLD-00006",
        0,
        "RequestedResourceNotByServiceOwner",
        "Requested resource is not owned by serviceowner",
        You,
        "ask for a resource of your own",
    ),
    code(
        "STD.VLD-00000",
        0,
        "Required",
        "The value is required.",
        You,
        "give a value",
    ),
    code(
        "STD.VLD-00001",
        0,
        "Invalid",
        "The value is not valid.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00002",
        0,
        "InvalidValue",
        "The value is invalid.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00003",
        0,
        "StringLength",
        "The text's length is wrong.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00004",
        0,
        "TooShort",
        "The value is too short.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00005",
        0,
        "TooLong",
        "The value is too long.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00006",
        0,
        "LengthRange",
        "The length is out of range.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00007",
        0,
        "Range",
        "The value is out of range.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00008",
        0,
        "Regex",
        "The text is not of the form that is wanted.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00009",
        0,
        "Compare",
        "Two values do not agree.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00010",
        0,
        "Email",
        "Not an e-mail address.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00011",
        0,
        "Phone",
        "Not a telephone number.",
        You,
        VALUE,
    ),
    code("STD.VLD-00012", 0, "Url", "Not a URL.", You, VALUE),
    code(
        "STD.VLD-00013",
        0,
        "CreditCard",
        "Not a card number.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00014",
        0,
        "AllowedValues",
        "Not one of the allowed values.",
        You,
        VALUE,
    ),
    code(
        "STD.VLD-00015",
        0,
        "DeniedValues",
        "One of the denied values.",
        You,
        VALUE,
    ),
    code("STD.VLD-00016", 0, "Base64", "Not base64.", You, VALUE),
    code(
        "STD.VLD-00017",
        0,
        "Json",
        "The JSON cannot be read.",
        You,
        VALUE,
    ),
];

/// What Altinn 3 answers without a word.
const SILENT: &[Code] = &[
    code("401 (empty)", 401, "Unauthorized", "", You, "make a session anew; end-user endpoints take the exchanged token of a person or of a system user, not that of an organisation")
        .cause_is("the token is missing, expired, of another environment, or of a kind that has no party"),
    code("403 (empty)", 403, "Forbidden", "", Customer, "give the caller the access package tilgangsstyrer (access manager) or hovedadministrator for the party, and you check the session's scopes and that the party is the giver or the receiver")
        .cause_is("the server does not say which: the scope is missing, the caller may not administer access for the party, the party is neither from nor to, or the party's UUID is malformed; scope and direction were checked here before the call")
        .at("Altinn, Tilganger og roller"),
    code("404 (empty)", 404, "NotFound", "", You, "check what was named; if it is right, the operation is not switched on in this environment")
        .cause_is("the server does not say which: the operation is not switched on, or what was named is unknown"),
];

/// Altinn 2 puts its message in the HTTP/1.1 reason phrase; `{}` stands for what varies.
const PHRASES: &[Code] = &[
    code("Virksomhetsbruker is no longer available{}", 410, "EnterpriseUserClosed", "Virksomhetsbruker (enterprise user) is no longer available. It has been replaced by Systembruker (system user) or ID-porten", You, "use a system user (systembruker): register the system with your Maskinporten client (https://docs.altinn.studio/authorization/guides/system-vendor/system-user/), ask the customer (altinn system-user request), and once it is approved ask for tokens as that system user (altinn token --exchange --system-user ORG); for what a person does themselves, altinn login")
        .cause_is("Altinn's token exchange takes no enterprise users (X-Altinn-EnterpriseUser-Authentication) since 2026-06-26"),
    code("Required header 'ApiKey' is missing.", 400, "ApiKeyMissing", "Required header 'ApiKey' is missing.", You, "give the API key that Altinn issued (ALTINN_API_KEY)"),
    code("{} is not a valid organization number or social security number.", 400, "InvalidNumber", "is not a valid organization number or social security number.", You, "check the number"),
    code("User profile could not be found for {}", 400, "NoUserProfile", "User profile could not be found. User profile is created at first login to the Altinn.no portal", Customer, "log in to Altinn once, which makes the profile")
        .cause_is("the person has never logged in to Altinn; as a list of reportees it means an empty one"),
    code("Invalid organization number: {}", 400, "InvalidOrganisationNumber", "Invalid organization number", You, "check the organisation number"),
    code("The limit of '{}' for Top query has been exceeded.{}", 400, "TopExceeded", "The limit for Top query has been exceeded.", You, "ask for fewer at a time ($top)"),
    code("Could not find property named '{}' on type '{}'", 400, "UnknownProperty", "Could not find property named '…'", You, "use a member of the answer's model in the filter, spelt as in the answer")
        .cause_is("an OData filter names a member that the model does not have"),
    code("Syntax error at position {}", 400, "FilterSyntax", "Syntax error in the OData filter", You, "correct the filter"),
    code("Authorization failed: There is no authenticated organization number set on this request.", 401, "NoOrganisation", "There is no authenticated organization number set on this request.", You, "authenticate as an organisation: a Maskinporten token, or an enterprise certificate"),
    code("Claims Authorization failed: Missing required scope{}", 401, "MissingScope", "Missing required scope", You, "ask for the scope in the session; if Maskinporten refuses it, the API owner must grant it"),
    code("IDX10223: {}", 401, "TokenExpired", "Lifetime validation failed. The token is expired.", You, "get a new token; if it comes at once, set the clock"),
    code("Forbidden - The API key is not authorized for this operation", 403, "ApiKeyNotAuthorised", "The API key is not authorized for this operation", Operator, "add the resource to the API key (Authorization.read and Authorization.write for rights)"),
    code("The API key is not authorized for this operation, or the supplied authorization code is either expired or invalid.", 403, "CodeExpired", "The API key is not authorized for this operation, or the supplied authorization code is either expired or invalid.", You, "ask for a new consent, or for the resource on the API key"),
    code("The role cannot be deleted.", 403, "RoleNotDeletable", "The role cannot be deleted.", Customer, "change the role where it comes from; only roles that were given directly can be taken back here")
        .cause_is("roles of the company register and inherited roles cannot be taken back in Altinn")
        .at("Enhetsregisteret, for the roles of a company"),
    code("Role definition cannot be updated, verify that you have access to the supplied rights", 403, "RoleDefinitionRefused", "Role definition cannot be updated, verify that you have access to the supplied rights", You, "put only rights into the role that you hold yourself"),
    code("40332", 400, "NameMismatch", "is either not a valid organization number or social security number, or the provided name does not match the registered name.", You, "check the number and the name; the name must be the registered one"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_looked_up_and_says_who_must_do_what() {
        for entry in all() {
            assert!(explain(entry.id).contains(&entry), "{}", entry.id);
            assert!(
                !entry.action.is_empty() && !entry.cause().is_empty(),
                "{}",
                entry.id
            );
        }
        let in_order = |of: &str| {
            let numbers: Vec<_> = PROBLEMS
                .iter()
                .filter_map(|c| c.id.strip_prefix(of))
                .collect();
            numbers
                .iter()
                .enumerate()
                .all(|(at, number)| *number == format!("{at:05}"))
        };
        assert!(in_order("AM-") && in_order("STD-"));
        assert_eq!(
            PROBLEMS.iter().filter(|c| c.id.starts_with("AM-")).count(),
            48
        );
    }

    #[test]
    fn phrases_fit_whoever_they_name() {
        for (said, name) in [
            (
                "*** is not a valid organization number or social security number.",
                "InvalidNumber",
            ),
            (
                "User profile could not be found for ***********. User profile is created at first login to the Altinn.no portal",
                "NoUserProfile",
            ),
            (
                "The limit of '10000' for Top query has been exceeded. The value from the incoming request is '10001'",
                "TopExceeded",
            ),
            (
                "Could not find property named 'ValidTil' on type 'Altinn.SBL.AltinnWebAPI.Models.ServiceMetaData'",
                "UnknownProperty",
            ),
            (
                "Syntax error at position 20 in 'ServiceOwnerCode neq 'ACN''",
                "FilterSyntax",
            ),
            (
                "IDX10223: Lifetime validation failed. The token is expired. ValidTo: …",
                "TokenExpired",
            ),
            ("The role cannot be deleted.", "RoleNotDeletable"),
        ] {
            assert_eq!(phrase(said).map(Code::name), Some(name), "{said}");
        }
        assert_eq!(phrase("OK"), None);
        assert_eq!(phrase("The role cannot be deleted. Or can it?"), None);
    }

    #[test]
    fn colliding_validation_codes_are_told_apart_by_message_or_path() {
        let by = |message: &str, path: &str| {
            validation("AM.VLD-00030", &[path.to_owned()], message).map(Code::name)
        };
        assert_eq!(
            by("Resource does not exist.", "QUERY/x"),
            Some("ResourceNotExists")
        );
        assert_eq!(
            by("something new", "$QUERY/packageId"),
            Some("InvalidPackage")
        );
        assert_eq!(
            by("something new", "QUERY/resource"),
            Some("ResourceNotExists")
        );
        // not by the code alone
        assert_eq!(by("something new", "QUERY/to"), None);
        let alone = validation("AM.VLD-00001", &[], "anything").map(Code::name);
        assert_eq!(alone, Some("InvalidPartyUrn"));
    }
}
