//! The resource registry: resources, what their policies give, and access lists (wire facts, Altinn 3
//! §2.13). Its problems have the newer form (shape A).
//!
//! Not among the wire facts, and so only as much as is needed: the members of a resource. The bodies and the
//! pages of access lists are those of the server's source (`AccessListsController.cs`, `AccessListService.cs`
//! in <https://github.com/Altinn/altinn-resource-registry>); its ETags and conditions are not here, nor are
//! the RDF export and the writing of resources and policies.
//!
//! The feeds have what the population has, in its order: nobody deletes or changes a resource here.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::entity::Role;
use super::holdings::{right, right_key};
use super::problem::Refusal;
use super::{Call, Outcome, body_members, ok, paginated, status, text_member};
use crate::html::escaped;
use crate::rights::altinn3::{AccessList, ListedResource};
use crate::world::{Resource, World};

/// Members of a list in one call; members, or connections, in one page.
const MANY: usize = 100;
/// Lists in one page (`AccessListService.cs`).
const SMALL_PAGE: usize = 20;
/// Lines of a feed in one answer, at most and unless told otherwise.
const LIMIT: usize = 1000;
/// 2025-01-01T00:00:00Z, when the first resource of the population changed.
const FIRST_CHANGE: i64 = 1_735_689_600;
const REGISTRY: &str = "/resourceregistry/api/v1/resource";
const NUMBER: &str = "urn:altinn:organization:identifier-no:";
const PARTY_UUID: &str = "urn:altinn:party:uuid:";
const PARTY_ID: &str = "urn:altinn:party:id:";
const NOT_FOUND: Refusal = Refusal::Bare(StatusCode::NOT_FOUND);

fn registered(world: &World, resource: &Resource) -> Value {
    let owner = world
        .service_owners
        .iter()
        .find(|o| o.code == resource.owner);
    json!({
        "identifier": resource.id,
        "title": { "nb": resource.name, "nn": resource.name, "en": resource.name },
        "description": { "nb": resource.description },
        "hasCompetentAuthority": {
            "name": owner.map(|o| json!({ "nb": o.name })),
            "organization": owner.map(|o| o.organisation.as_str()),
            "orgcode": resource.owner,
        },
        "resourceType": resource.resource_type,
        "delegable": resource.delegable,
    })
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let all = call.world.resources.iter();
    ok(&all.map(|r| registered(call.world, r)).collect())
}

/// Every parameter must fit: part of the id or the title, the type, the owner.
pub(super) fn search(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let part = |name: &str, text: &str| {
        let text = text.to_lowercase();
        query
            .text(name)
            .is_none_or(|wanted| text.contains(&wanted.to_lowercase()))
    };
    let all = call.world.resources.iter();
    let found = all.filter(|r| {
        part("id", &r.id)
            && part("title", &r.name)
            && part("description", &r.description)
            && part("resourceType", &r.resource_type)
            && part("orgCode", &r.owner)
    });
    ok(&found.map(|r| registered(call.world, r)).collect())
}

fn named<'w>(call: &Call<'w>) -> Result<&'w Resource, Refusal> {
    let id = call.query.required_text("id")?;
    call.world.resource(id).ok_or(NOT_FOUND)
}

pub(super) fn one(call: &mut Call<'_>) -> Outcome {
    ok(&registered(call.world, named(call)?))
}

/// Who has a resource by its policy: URNs of packages and of roles.
fn subjects(world: &World, resource: &Resource) -> Vec<String> {
    let packages = resource
        .packages
        .iter()
        .filter_map(|c| world.access_package(c));
    let mut urns: Vec<String> = packages.map(|p| p.urn()).collect();
    urns.extend(
        ["DAGL", "PRIV"]
            .into_iter()
            .filter_map(|code| Role::of_register(world, code))
            .map(|role| role.urn()),
    );
    urns
}

fn subject(urn: &str) -> Value {
    let (kind, value) = urn.rsplit_once(':').unwrap_or(("", urn));
    json!({ "type": kind, "value": value, "urn": urn })
}

pub(super) fn policy_subjects(call: &mut Call<'_>) -> Outcome {
    let subjects = subjects(call.world, named(call)?);
    paginated(subjects.iter().map(|urn| subject(urn)).collect())
}

pub(super) fn policy_rights(call: &mut Call<'_>) -> Outcome {
    let resource = named(call)?;
    let subjects = subjects(call.world, resource);
    let mut kinds: Vec<&str> = Vec::new();
    for (kind, _) in subjects.iter().filter_map(|urn| urn.rsplit_once(':')) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let one = |action: &String| {
        json!({
            "action": right(resource, action)["action"],
            "resource": right(resource, action)["resource"],
            "subjects": subjects
                .iter()
                .map(|urn| json!({ "subjectAttributes": [subject(urn)] }))
                .collect::<Vec<_>>(),
            "rightKey": right_key(resource, action),
            "subjectTypes": kinds,
        })
    };
    ok(&resource.actions.iter().map(one).collect())
}

pub(super) fn policy_rights_v2(call: &mut Call<'_>) -> Outcome {
    let resource = named(call)?;
    call.query.flag("includeServiceOwnerRights", false)?;
    call.query.flag("includeAppRights", false)?;
    ok(&resource
        .actions
        .iter()
        .map(|a| right(resource, a))
        .collect())
}

/// The policy, one subject, action and resource at a time.
pub(super) fn policy_rules(call: &mut Call<'_>) -> Outcome {
    let resource = named(call)?;
    let attribute = |urn: &str| {
        let (kind, value) = urn.rsplit_once(':').unwrap_or(("", urn));
        json!({ "type": kind, "value": value })
    };
    let subjects = subjects(call.world, resource);
    let one = |action: &String, subject: &String| {
        json!({
            "subject": [attribute(subject)],
            "action": right(resource, action)["action"],
            "resource": right(resource, action)["resource"],
        })
    };
    let actions = resource.actions.iter();
    ok(&actions
        .flat_map(|action| subjects.iter().map(move |subject| one(action, subject)))
        .collect())
}

/// The policy itself, as a file of XACML 3.0: a rule per action, which any of the subjects satisfies.
pub(super) fn policy(call: &mut Call<'_>) -> Outcome {
    let id = call.query.required_text("id")?;
    let Some(resource) = call.world.resource(id) else {
        let text = "Unable to find resource";
        return Err(Refusal::Text(StatusCode::NOT_FOUND, text));
    };
    let subjects: Vec<String> = subjects(call.world, resource)
        .iter()
        .filter_map(|urn| urn.rsplit_once(':'))
        .map(|(kind, value)| all_of(&matched(SUBJECT, kind, value)))
        .collect();
    let subjects = subjects.concat();
    let of_resource = all_of(&matched(RESOURCE, "urn:altinn:resource", &resource.id));
    let rules = resource.actions.iter().enumerate().map(|(at, action)| {
        let of_action = all_of(&matched(
            ACTION,
            "urn:oasis:names:tc:xacml:1.0:action:action-id",
            action,
        ));
        format!(
            "<xacml:Rule RuleId=\"urn:altinn:resource:{id}:ruleid:{number}\" Effect=\"Permit\"><xacml:Target>\
             <xacml:AnyOf>{subjects}</xacml:AnyOf><xacml:AnyOf>{of_resource}</xacml:AnyOf>\
             <xacml:AnyOf>{of_action}</xacml:AnyOf></xacml:Target></xacml:Rule>",
            id = escaped(&resource.id),
            number = at + 1,
        )
    });
    let obligations = match resource.level {
        0 => String::new(),
        level => format!(
            "<xacml:ObligationExpressions><xacml:ObligationExpression FulfillOn=\"Permit\" \
             ObligationId=\"urn:altinn:obligation:authenticationLevel1\">\
             <xacml:AttributeAssignmentExpression AttributeId=\"urn:altinn:obligation1-assignment1\" \
             Category=\"urn:altinn:minimum-authenticationlevel\"><xacml:AttributeValue \
             DataType=\"http://www.w3.org/2001/XMLSchema#integer\">{level}</xacml:AttributeValue>\
             </xacml:AttributeAssignmentExpression></xacml:ObligationExpression></xacml:ObligationExpressions>"
        ),
    };
    let file = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <xacml:Policy xmlns:xacml=\"urn:oasis:names:tc:xacml:3.0:core:schema:wd-17\" \
         PolicyId=\"urn:altinn:resource:{id}:policyid:1\" Version=\"1.0\" RuleCombiningAlgId=\
         \"urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:deny-overrides\"><xacml:Target/>\
         {rules}{obligations}</xacml:Policy>\n",
        id = escaped(&resource.id),
        rules = rules.collect::<String>(),
    );
    let mut response = Response::new(file.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=policy.xml"),
    );
    Ok(response)
}

const SUBJECT: &str = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject";
const RESOURCE: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource";
const ACTION: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:action";

fn all_of(matched: &str) -> String {
    format!("<xacml:AllOf>{matched}</xacml:AllOf>")
}

fn matched(category: &str, attribute: &str, value: &str) -> String {
    format!(
        "<xacml:Match MatchId=\"urn:oasis:names:tc:xacml:3.0:function:string-equal-ignore-case\">\
         <xacml:AttributeValue DataType=\"http://www.w3.org/2001/XMLSchema#string\">{value}\
         </xacml:AttributeValue><xacml:AttributeDesignator AttributeId=\"{attribute}\" \
         Category=\"{category}\" DataType=\"http://www.w3.org/2001/XMLSchema#string\" \
         MustBePresent=\"false\"/></xacml:Match>",
        value = escaped(value),
        attribute = escaped(attribute),
    )
}

/// How many at once, 1 to 1000; `None` when it is outside.
fn limit(call: &Call<'_>) -> Result<Option<usize>, Refusal> {
    let Some(text) = call.query.text("limit") else {
        return Ok(Some(LIMIT));
    };
    let number: i32 = text
        .parse()
        .map_err(|_| Refusal::not_valid("limit", text))?;
    Ok(usize::try_from(number)
        .ok()
        .filter(|n| (1..=LIMIT).contains(n)))
}

/// What the server wrote in the token of its own link.
fn token(call: &Call<'_>) -> Result<Option<Value>, Refusal> {
    let Some(text) = call.query.text("token") else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let value = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    value
        .map(Some)
        .ok_or_else(|| Refusal::not_valid("token", text))
}

/// What the server wrote, in the form in which it did.
fn read_token<T: DeserializeOwned>(call: &Call<'_>) -> Result<Option<T>, Refusal> {
    let wrong = || Refusal::not_valid("token", call.query.text("token").unwrap_or_default());
    let value = token(call)?;
    value
        .map(|value| serde_json::from_value(value).map_err(|_| wrong()))
        .transpose()
}

fn sealed(token: &Value) -> String {
    URL_SAFE_NO_PAD.encode(token.to_string())
}

/// When the resource at this place in the population last changed: an hour after the one before it.
fn changed_at(place: usize) -> Timestamp {
    let hours = i64::try_from(place).unwrap_or_default();
    let first = Timestamp::from_second(FIRST_CHANGE).unwrap_or(Timestamp::UNIX_EPOCH);
    first
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap_or(first)
}

/// Which subject has which resource, by the time at which that last changed.
pub(super) fn updated(call: &mut Call<'_>) -> Outcome {
    let Some(limit) = limit(call)? else {
        let text = "Limit must be between 1 and 1000.";
        return Err(Refusal::RegistryValidation("RR.VLD-00008", text, &[]));
    };
    let since = match call.query.text("since") {
        None => Timestamp::MIN,
        Some(text) => text
            .parse()
            .map_err(|_| Refusal::not_valid("since", text))?,
    };
    // of the pairs of exactly that time, those up to this one have been read
    let past: Option<(String, String)> = read_token(call)?;
    let world = call.world;
    let mut pairs: Vec<(Timestamp, (String, String))> = Vec::new();
    for (place, resource) in world.resources.iter().enumerate() {
        let urn = format!("urn:altinn:resource:{}", resource.id);
        let of_resource = subjects(world, resource).into_iter();
        pairs.extend(of_resource.map(|s| (changed_at(place), (urn.clone(), s))));
    }
    pairs.sort();
    pairs.retain(|(at, pair)| {
        *at > since || (*at == since && past.as_ref().is_none_or(|past| pair > past))
    });
    let more = pairs.len() > limit;
    pairs.truncate(limit);
    let next = pairs
        .last()
        .filter(|_| more)
        .map(|(at, (resource, subject))| {
            format!(
                "{}{REGISTRY}/updated?since={}&token={}&limit={limit}",
                call.sim.urls.platform,
                at.to_string().replace(':', "%3A"),
                sealed(&json!([resource, subject])),
            )
        });
    let data: Vec<Value> = pairs
        .iter()
        .map(|(at, (resource, subject))| {
            json!({
                "subjectUrn": subject, "resourceUrn": resource, "updatedAt": at, "deleted": false,
            })
        })
        .collect();
    ok(&json!({ "links": { "next": next }, "data": data }))
}

/// The resources by their latest change, each once.
pub(super) fn changes(call: &mut Call<'_>) -> Outcome {
    let Some(limit) = limit(call)? else {
        let text = "Value outside valid range.";
        return Err(Refusal::RegistryValidation(
            "RR.VLD-00011",
            text,
            &["/$QUERY/limit"],
        ));
    };
    let past = match token(call)? {
        None => 0,
        Some(value) => value
            .as_u64()
            .and_then(|place| usize::try_from(place).ok())
            .ok_or_else(|| {
                Refusal::not_valid("token", call.query.text("token").unwrap_or_default())
            })?,
    };
    let all = call.world.resources.iter().enumerate();
    let data: Vec<Value> = all
        .skip(past)
        .take(limit)
        .map(|(place, r)| json!({ "resourceId": r.id, "changedAt": changed_at(place) }))
        .collect();
    let read = past.saturating_add(data.len());
    let next = (read < call.world.resources.len()).then(|| {
        format!(
            "{}{REGISTRY}/changes?token={}&limit={limit}",
            call.sim.urls.platform,
            sealed(&json!(read)),
        )
    });
    ok(&json!({ "links": { "next": next }, "data": data }))
}

pub(super) fn by_subjects(call: &mut Call<'_>) -> Outcome {
    let wanted: Vec<String> = serde_json::from_slice(&call.body).map_err(|_| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding("$".to_owned(), text)
    })?;
    let world = call.world;
    let data = wanted
        .iter()
        .filter_map(|urn| {
            let all = world.resources.iter();
            let found: Vec<Value> = all
                .filter(|r| subjects(world, r).contains(urn))
                .map(|r| subject(&format!("urn:altinn:resource:{}", r.id)))
                .collect();
            let any = !found.is_empty();
            any.then(|| json!({ "subject": subject(urn), "resources": found }))
        })
        .collect();
    paginated(data)
}

/// The owner in the address, who must be the caller.
fn owner(call: &Call<'_>) -> Result<String, Refusal> {
    let code = call.query.required_text("owner")?;
    let Some(owner) = call.world.service_owners.iter().find(|o| o.code == code) else {
        return Err(Refusal::RegistryValidation(
            "RR.VLD-00010",
            "Access list owner must be a valid and registered org-code.",
            &["/$PATH/owner"],
        ));
    };
    let own = call.world.organisation_by_uuid(call.actor.id);
    if own.is_none_or(|o| o.number != owner.organisation) {
        return Err(Refusal::FORBIDDEN);
    }
    Ok(code.to_owned())
}

/// As the server writes a `DateTimeOffset`, to the database's microseconds.
fn offset(at: Timestamp) -> String {
    let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
    at.to_string().replace('Z', "+00:00")
}

fn info(list: &AccessList) -> Value {
    json!({
        "urn": format!("urn:altinn:access-list:{}:{}", list.owner, list.identifier),
        "identifier": list.identifier,
        "name": list.name,
        "description": list.description,
        "createdAt": offset(list.created),
        "updatedAt": offset(list.updated),
    })
}

/// A connection; one that gives every action has no filters, and `filters` says whether they were asked for.
fn connection(id: &str, connection: &ListedResource, filters: bool) -> Value {
    let mut shown = json!({
        "resourceIdentifier": id,
        "createdAt": offset(connection.created),
        "updatedAt": offset(connection.updated),
    });
    if filters && !connection.actions.is_empty() {
        shown["actionFilters"] = json!(connection.actions);
    }
    shown
}

/// What a list is to be shown with.
#[derive(Clone, Copy, Default)]
struct Includes {
    resources: bool,
    actions: bool,
    members: bool,
}

impl Includes {
    /// The names are `AccessListIncludesModelBinder.cs`'s (https://github.com/Altinn/altinn-resource-registry).
    fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        let mut includes = Self::default();
        let names = call.query.text("include").unwrap_or_default().split(',');
        for name in names.map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "resources" => includes.resources = true,
                "resource-actions" => (includes.resources, includes.actions) = (true, true),
                "members" => includes.members = true,
                _ => {
                    let text = format!("Invalid value: '{name}'");
                    return Err(Refusal::Binding("include".to_owned(), text));
                }
            }
        }
        Ok(includes)
    }

    /// The list, with the connections asked for: all, or that of `only`.
    fn info(self, list: &AccessList, only: Option<&str>) -> Value {
        let mut info = info(list);
        if self.resources {
            let shown = list.resources.iter();
            let shown = shown.filter(|(id, _)| only.is_none_or(|only| only == id.as_str()));
            info["resourceConnections"] = shown
                .map(|(id, c)| connection(id, c, self.actions))
                .collect();
        }
        info
    }
}

/// The address of the next page of something about access lists.
fn next_page(call: &Call<'_>, path: &str, token: &Value, more: &str) -> String {
    format!(
        "{}/resourceregistry/api/v1/access-lists/{path}?token={}{more}",
        call.sim.urls.platform,
        sealed(token),
    )
}

/// The lists of an owner by identifier. The resource chooses among the connections that are shown, not
/// among the lists (`AccessListService.cs`).
pub(super) fn lists(call: &mut Call<'_>) -> Outcome {
    let owner = owner(call)?;
    let only = call
        .query
        .text("resource")
        .filter(|id| !id.trim().is_empty());
    let includes = Includes::of(call)?;
    if includes.members {
        return Err(Refusal::Registry(
            501,
            "RR-00000",
            "Members are not supported as an include",
        ));
    }
    if includes.resources && only.is_none() {
        return Err(Refusal::RegistryValidation(
            "RR.VLD-00002",
            "Resource identifier is required when including resource connections.",
            &["/$QUERY/include", "/$QUERY/resource"],
        ));
    }
    let from: Option<String> = read_token(call)?;
    let all = call.held.altinn3.access_lists.iter();
    let mut lists: Vec<&AccessList> = all
        .filter(|l| l.owner == owner && from.as_ref().is_none_or(|from| l.identifier >= *from))
        .collect();
    lists.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    let next = lists.get(SMALL_PAGE).map(|list| {
        // the server's own link says `includes`, which it does not read, and leaves the resource out:
        // the pages after the first have no connections (`AccessListsController.cs`)
        let includes = match (includes.resources, includes.actions) {
            (true, true) => "&includes=resources%2Cresource-actions",
            (true, false) => "&includes=resources",
            _ => "",
        };
        next_page(call, &owner, &json!(list.identifier), includes)
    });
    let data: Vec<Value> = lists
        .iter()
        .take(SMALL_PAGE)
        .map(|list| includes.info(list, only))
        .collect();
    ok(&json!({ "links": { "next": next }, "data": data }))
}

fn position(call: &Call<'_>) -> Result<usize, Refusal> {
    let owner = owner(call)?;
    let identifier = call.query.required_text("identifier")?;
    let mut lists = call.held.altinn3.access_lists.iter();
    lists
        .position(|l| l.owner == owner && l.identifier == identifier)
        .ok_or(NOT_FOUND)
}

fn find<'c>(call: &'c Call<'_>) -> Result<&'c AccessList, Refusal> {
    let at = position(call)?;
    call.held.altinn3.access_lists.get(at).ok_or(NOT_FOUND)
}

fn find_mut<'c>(call: &'c mut Call<'_>) -> Result<&'c mut AccessList, Refusal> {
    let at = position(call)?;
    call.held.altinn3.access_lists.get_mut(at).ok_or(NOT_FOUND)
}

pub(super) fn one_list(call: &mut Call<'_>) -> Outcome {
    let list = find(call)?;
    ok(&Includes::of(call)?.info(list, None))
}

pub(super) fn put_list(call: &mut Call<'_>) -> Outcome {
    let now = call.sim.clock.now();
    let owner = owner(call)?;
    let identifier = call.query.required_text("identifier")?.to_owned();
    let members = body_members(&call.body)?.unwrap_or_default();
    let name = text_member(&members, "name")?;
    let name = name.ok_or_else(|| Refusal::required("name"))?;
    let description = text_member(&members, "description")?.unwrap_or_default();
    let Ok(list) = find_mut(call) else {
        let list = AccessList::new(owner, identifier, name, description, now);
        let shown = info(&list);
        call.held.altinn3.access_lists.push(list);
        return ok(&shown);
    };
    if (&list.name, &list.description) != (&name, &description) {
        list.name = name;
        list.description = description;
        list.changed(now);
    }
    ok(&info(list))
}

/// The server has the operation, and says that it has not made it (`AccessListsController.cs`).
pub(super) fn patch_list(call: &mut Call<'_>) -> Outcome {
    owner(call)?;
    Err(Refusal::Bare(StatusCode::NOT_IMPLEMENTED))
}

pub(super) fn delete_list(call: &mut Call<'_>) -> Outcome {
    let now = call.sim.clock.now();
    let at = match position(call) {
        Ok(at) => at,
        Err(Refusal::Bare(StatusCode::NOT_FOUND)) => return status(StatusCode::NO_CONTENT),
        Err(refusal) => return Err(refusal),
    };
    let mut list = call.held.altinn3.access_lists.remove(at);
    list.changed(now);
    ok(&info(&list))
}

/// Where a page begins, in a token that is good for one version of the list only.
fn start<T: DeserializeOwned>(call: &Call<'_>, list: &AccessList) -> Result<Option<T>, Refusal> {
    match read_token::<(u64, T)>(call)? {
        None => Ok(None),
        Some((version, from)) if version == list.version => Ok(Some(from)),
        Some(_) => Err(Refusal::Bare(StatusCode::PRECONDITION_FAILED)),
    }
}

fn member_page(call: &Call<'_>, from: Option<Uuid>) -> Outcome {
    let list = find(call)?;
    let mut members = list.members.range(from.unwrap_or_default()..);
    let data: Vec<Value> = members
        .by_ref()
        .take(MANY)
        .map(|(party, since)| {
            let mut identifiers = json!({ "urn:altinn:party:uuid": party });
            if let Some(organisation) = call.world.organisation_by_uuid(*party) {
                identifiers["urn:altinn:party:id"] = json!(organisation.party_id.to_string());
                identifiers["urn:altinn:organization:identifier-no"] = json!(organisation.number);
            }
            json!({
                "id": format!("{PARTY_UUID}{party}"),
                "since": offset(*since),
                "identifiers": identifiers,
            })
        })
        .collect();
    let next = members.next().map(|(party, _)| {
        let path = format!("{}/{}/members", list.owner, list.identifier);
        next_page(call, &path, &json!([list.version, party]), "")
    });
    ok(&json!({ "links": { "next": next }, "data": data }))
}

pub(super) fn members(call: &mut Call<'_>) -> Outcome {
    let from = start(call, find(call)?)?;
    member_page(call, from)
}

/// The parties in the body, `{"data": [urn, …]}`.
fn parties(call: &Call<'_>, too_many: (&'static str, &'static str)) -> Result<Vec<Uuid>, Refusal> {
    let members = body_members(&call.body)?.unwrap_or_default();
    let urns: Vec<String> = serde_json::from_value(members["data"].clone()).map_err(|_| {
        let text = "The JSON value could not be converted.".to_owned();
        Refusal::Binding("$.data".to_owned(), text)
    })?;
    if urns.len() > MANY {
        return Err(Refusal::RegistryValidation(
            too_many.0,
            too_many.1,
            &["/data"],
        ));
    }
    let invalid = || Refusal::RegistryValidation("RR.VLD-00004", "Invalid party URN.", &["/data"]);
    let mut found = Vec::new();
    for urn in &urns {
        let world = call.world;
        let organisation = if let Some(number) = urn.strip_prefix(NUMBER) {
            world.organisation(number)
        } else if let Some(id) = urn.strip_prefix(PARTY_UUID) {
            world.organisation_by_uuid(id.parse().map_err(|_| invalid())?)
        } else if let Some(id) = urn.strip_prefix(PARTY_ID) {
            let id: i64 = id.parse().map_err(|_| invalid())?;
            world.organisations.iter().find(|o| o.party_id == id)
        } else {
            return Err(invalid());
        };
        found.push(organisation.map(|o| o.party_uuid).ok_or(Refusal::Registry(
            400,
            "RR-00001",
            "One or more party references were not found",
        ))?);
    }
    Ok(found)
}

const TOO_MANY_CHANGES: (&str, &str) = (
    "RR.VLD-00001",
    "Cannot add or remove more than 100 members at a time.",
);

/// Changes the members; answers the first page of them, as every change does.
fn change_members(
    call: &mut Call<'_>,
    change: impl FnOnce(&mut BTreeMap<Uuid, Timestamp>, &[Uuid], Timestamp),
    too_many: (&'static str, &'static str),
) -> Outcome {
    let now = call.sim.clock.now();
    find(call)?;
    let parties = parties(call, too_many)?;
    let list = find_mut(call)?;
    let before = list.members.clone();
    change(&mut list.members, &parties, now);
    if list.members != before {
        list.changed(now);
    }
    member_page(call, None)
}

fn add(members: &mut BTreeMap<Uuid, Timestamp>, parties: &[Uuid], now: Timestamp) {
    for party in parties {
        members.entry(*party).or_insert(now);
    }
}

pub(super) fn replace_members(call: &mut Call<'_>) -> Outcome {
    let text =
        "Cannot replace more than 100 members at a time. Use POST and DELETE methods instead.";
    let replace = |members: &mut BTreeMap<Uuid, Timestamp>, parties: &[Uuid], now| {
        members.retain(|party, _| parties.contains(party));
        add(members, parties, now);
    };
    change_members(call, replace, ("RR.VLD-00000", text))
}

pub(super) fn add_members(call: &mut Call<'_>) -> Outcome {
    change_members(call, add, TOO_MANY_CHANGES)
}

pub(super) fn remove_members(call: &mut Call<'_>) -> Outcome {
    let remove = |members: &mut BTreeMap<Uuid, Timestamp>, parties: &[Uuid], _| {
        members.retain(|party, _| !parties.contains(party));
    };
    change_members(call, remove, TOO_MANY_CHANGES)
}

pub(super) fn list_resources(call: &mut Call<'_>) -> Outcome {
    let list = find(call)?;
    let from: Option<String> = start(call, list)?;
    let mut resources = list.resources.range(from.unwrap_or_default()..);
    let data: Vec<Value> = resources
        .by_ref()
        .take(MANY)
        .map(|(id, c)| connection(id, c, true))
        .collect();
    let next = resources.next().map(|(id, _)| {
        let path = format!("{}/{}/resource-connections", list.owner, list.identifier);
        next_page(call, &path, &json!([list.version, id]), "")
    });
    ok(&json!({ "links": { "next": next }, "data": data }))
}

fn own_resource(call: &Call<'_>) -> Result<String, Refusal> {
    let owner = owner(call)?;
    let id = call.query.required_text("resource")?;
    match call.world.resource(id) {
        None => Err(Refusal::Registry(
            400,
            "RR-00002",
            "One or more resource references were not found",
        )),
        Some(resource) if resource.owner != owner => Err(Refusal::Registry(
            403,
            "RR-00004",
            "Cannot create a access-list connection to a resource not owned by the same service-owner \
             as the access-list.",
        )),
        Some(resource) => Ok(resource.id.clone()),
    }
}

/// Connects a resource, or changes the filters: the actions that it gives, all of them without any.
pub(super) fn add_resource(call: &mut Call<'_>) -> Outcome {
    let now = call.sim.clock.now();
    owner(call)?;
    let members = body_members(&call.body)?.ok_or_else(|| Refusal::required("model"))?;
    let actions: Option<BTreeSet<String>> =
        serde_json::from_value(members["actionfilters"].clone()).map_err(|_| {
            let text = "The JSON value could not be converted.".to_owned();
            Refusal::Binding("$.actionFilters".to_owned(), text)
        })?;
    let id = own_resource(call)?;
    let list = find_mut(call)?;
    let actions = actions.unwrap_or_default();
    let known = list.resources.get(&id);
    if known.is_none_or(|known| known.actions != actions) {
        let connection = ListedResource {
            actions,
            created: known.map_or(now, |known| known.created),
            updated: now,
        };
        list.resources.insert(id.clone(), connection);
        list.changed(now);
    }
    let connected = list.resources.get(&id).ok_or(NOT_FOUND)?;
    ok(&connection(&id, connected, true))
}

pub(super) fn remove_resource(call: &mut Call<'_>) -> Outcome {
    let now = call.sim.clock.now();
    let id = call.query.required_text("resource")?.to_owned();
    let list = find_mut(call)?;
    let Some(removed) = list.resources.remove(&id) else {
        return status(StatusCode::NO_CONTENT);
    };
    list.changed(now);
    ok(&connection(&id, &removed, true))
}
