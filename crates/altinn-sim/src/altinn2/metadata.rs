//! `metadata`: services, schemas, code lists, role definitions and keys, open to anybody (wire facts,
//! Altinn 2 §7.7, §7.8 and §8.7).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use serde_json::{Value, json};

use super::answer::{Json, Link, Object, Refusal};
use super::odata::{Kind, Limits, ListOptions, Model};
use super::{Asked, Outcome, release, role_definitions as definitions};
use crate::pki::SigningKey;
use crate::state::Shared;
use crate::world::{App, CodeList, RoleDefinition, RoleKind, Service};

const SERVICE: Model = Model {
    name: "ServiceMetaData",
    properties: &[
        ("ServiceOwnerCode", Kind::Text),
        ("ServiceOwnerName", Kind::Text),
        ("ServiceName", Kind::Text),
        ("ServiceCode", Kind::Text),
        ("ServiceEditionName", Kind::Text),
        ("AltinnAppId", Kind::Text),
        ("ServiceEditionCode", Kind::Integer),
        ("ValidFrom", Kind::Date),
        ("ValidTo", Kind::Date),
        ("ServiceType", Kind::Text),
    ],
};

const CODE_LIST: Model = Model {
    name: "CodeList",
    properties: &[
        ("Name", Kind::Text),
        ("Version", Kind::Integer),
        ("Language", Kind::Integer),
    ],
};

// ---- services ---------------------------------------------------------------------------------

/// The types that have a page of their own.
fn page(asked: &Asked<'_>, service: &Service) -> Option<String> {
    let kind = match service.service_type.as_str() {
        "FormTask" => "formtask",
        "Correspondence" => "correspondence",
        "Lookup" => "lookup",
        _ => return None,
    };
    let (code, edition) = (&service.code, service.edition);
    Some(format!("{}/metadata/{kind}/{code}/{edition}", asked.base))
}

fn service_object(asked: &Asked<'_>, service: &Service) -> Object {
    let edition = service.edition_name.as_deref();
    let edition = edition.filter(|_| asked.release() >= release::EDITION_NAME);
    Object::new()
        .with("ServiceOwnerCode", service.owner_code.as_str())
        .with("ServiceOwnerName", service.owner_name.as_str())
        .with("ServiceName", service.name.as_str())
        .with("ServiceCode", service.code.as_str())
        .with_some("ServiceEditionName", edition)
        .with("ServiceEditionCode", service.edition)
        .with("ValidFrom", service.valid_from.as_str())
        .with("ValidTo", service.valid_to.as_str())
        .with("ServiceType", service.service_type.as_str())
}

fn service_links(asked: &Asked<'_>, service: &Service) -> Vec<Link> {
    let mut links: Vec<Link> = page(asked, service)
        .map(|page| Link::new("self", page))
        .into_iter()
        .collect();
    if asked.release() >= release::ROLE_REQUIREMENTS {
        let (code, edition) = (&service.code, service.edition);
        let query = format!("serviceCode={code}&serviceEditionCode={edition}");
        let href = format!("{}/metadata/rolerequirements?{query}", asked.base);
        links.push(Link::new("rolerequirements", href));
    }
    links
}

fn app_item(asked: &Asked<'_>, app: &App) -> Object {
    let base = format!("{}/metadata/rolerequirements", asked.base);
    // both spellings have been seen
    let href = if app.id % 2 == 0 {
        format!("{base}?serviceCode=AppId%3A{}", app.id)
    } else {
        format!("{base}/?app={}", app.name)
    };
    let object = Object::new()
        .with("ServiceOwnerCode", app.owner_code.as_str())
        .with("ServiceOwnerName", app.owner_name.as_str())
        .with("ServiceName", app.title.as_str())
        .with("ServiceCode", format!("AppId:{}", app.id))
        .with("AltinnAppId", app.name.as_str())
        .with("ValidFrom", "2020-01-01T00:00:00")
        .with("ValidTo", "9999-12-31T23:59:59.997")
        .with("ServiceType", "AltinnApp");
    asked
        .shape
        .item(object, vec![Link::new("rolerequirements", href)])
}

pub(super) fn services(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &SERVICE)?;
    let services = asked.world.services.iter().map(|service| {
        let links = service_links(asked, service);
        asked.shape.item(service_object(asked, service), links)
    });
    let apps = asked.world.apps.iter().map(|app| app_item(asked, app));
    let items = options.apply(services.chain(apps).collect(), Object::properties);
    let links = vec![Link::new("self", format!("{}/metadata", asked.base))];
    Ok(asked.shape.ok(asked.shape.list("metadata", links, items)))
}

/// The service at `…/metadata/{type}/{code}/{edition}…`.
fn wanted<'w>(asked: &Asked<'w>, path: &[&str]) -> Result<&'w Service, Refusal> {
    let [_, kind, code, edition, ..] = path else {
        return Err(Refusal::not_found());
    };
    let edition = edition.parse::<i64>().map_err(|_| Refusal::not_found())?;
    let mut services = asked.world.services.iter();
    services
        .find(|service| {
            service.edition == edition
                && service.code.eq_ignore_ascii_case(code)
                && service.service_type.eq_ignore_ascii_case(kind)
        })
        .ok_or_else(Refusal::not_found)
}

pub(super) fn service(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    let service = wanted(asked, path)?;
    let page = page(asked, service).unwrap_or_default();
    let mut links = service_links(asked, service);
    let mut object = service_object(asked, service)
        .with("RestEnabled", true)
        .with("EnterpriseUserEnabled", service.enterprise_users);
    if service.service_type == "Lookup" {
        for name in ["RequestSchema", "ResponseSchema"] {
            links.push(Link::new("schema", format!("{page}/schemas/{name}")).named(name));
        }
    }
    if !service.attachments.is_empty() {
        let rules = service.attachments.iter().map(|rule| {
            let object = Object::new()
                .with("AttachmentRuleId", rule.id)
                .with("AllowedFileTypes", rule.file_types.as_str())
                .with("AttachmentTypeName", rule.name.as_str())
                .with("AttachmentTypeNameLanguage", rule.name.as_str())
                .with("IsCheckSumAllowed", false)
                .with("IsXsdValidationRequired", rule.xsd)
                .with("MaxAttachmentCount", rule.max)
                .with("MaxFileSize", rule.max_size)
                .with("MinAttachmentCount", rule.min);
            let schema = format!("{page}/attachmentrules/{}/xsd", rule.id);
            let links = rule.xsd.then(|| Link::new("schema", schema));
            Json::from(asked.shape.item(object, links.into_iter().collect()))
        });
        object = object.with("AttachmentRules", rules.collect::<Vec<_>>());
    }
    if !service.forms.is_empty() {
        let forms = service.forms.iter().map(|form| {
            let object = Object::new()
                .with("FormID", form.id)
                .with("FormName", form.name.as_str())
                .with("DataFormatProviderType", "SERES")
                .with("DataFormatID", form.data_format_id.as_str())
                .with("DataFormatVersion", form.data_format_version)
                .with("IsOnlyXsdValidation", false)
                .with("FormType", form.form_type.as_str());
            let (id, version) = (&form.data_format_id, form.data_format_version);
            let schema = Link::new("schema", format!("{page}/forms/{id}/{version}/xsd"));
            Json::from(asked.shape.item(object, vec![schema]))
        });
        object = object.with("FormsMetaData", forms.collect::<Vec<_>>());
    }
    if !service.steps.is_empty() {
        let steps = service.steps.iter().map(|step| {
            let object = Object::new()
                .with("Name", step.name.as_str())
                .with_some("SequenceNumber", step.sequence)
                .with("SecurityLevel", step.level);
            Json::from(object)
        });
        object = object.with("ProcessSteps", steps.collect::<Vec<_>>());
    }
    Ok(asked.shape.ok(asked.shape.item(object, links)))
}

// ---- schemas ----------------------------------------------------------------------------------

/// A schema of one element. What is in a real one is the service owner's.
fn schema(element: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" elementFormDefault=\"qualified\">\n  \
         <xs:element name=\"{element}\" type=\"xs:anyType\"/>\n</xs:schema>\n"
    );
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static("application/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

pub(super) fn form_schema(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    let service = wanted(asked, path)?;
    let (id, version) = (path.get(5).copied(), path.get(6).copied());
    let version = version.and_then(|v| v.parse::<i64>().ok());
    let mut forms = service.forms.iter();
    let form = forms.find(|form| {
        Some(form.data_format_id.as_str()) == id && Some(form.data_format_version) == version
    });
    form.ok_or_else(Refusal::not_found)?;
    Ok(schema("melding"))
}

pub(super) fn attachment_schema(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    let service = wanted(asked, path)?;
    let id = path.get(5).and_then(|id| id.parse::<i64>().ok());
    let mut rules = service.attachments.iter();
    let rule = rules.find(|rule| Some(rule.id) == id && rule.xsd);
    rule.ok_or_else(Refusal::not_found)?;
    Ok(schema("vedlegg"))
}

pub(super) fn lookup_schema(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    wanted(asked, path)?;
    Ok(schema(match path.last() {
        Some(&"requestschema") => "request",
        _ => "response",
    }))
}

// ---- code lists -------------------------------------------------------------------------------

fn code_list_object(list: &CodeList) -> Object {
    Object::new()
        .with("Name", list.name.as_str())
        .with("Version", list.version)
        .with("Language", list.language)
}

fn code_list_place(asked: &Asked<'_>, list: &CodeList) -> String {
    format!(
        "{}/metadata/codelists/{}/{}",
        asked.base, list.name, list.version
    )
}

/// In the language asked for, or bokmål.
fn in_language<'w>(asked: &Asked<'w>, list: &'w CodeList) -> bool {
    let wanted = asked.language().number();
    let same = |other: &CodeList, language| {
        (&other.name, other.version, other.language) == (&list.name, list.version, language)
    };
    list.language == wanted
        || (list.language == 1044 && !asked.world.code_lists.iter().any(|l| same(l, wanted)))
}

pub(super) fn code_lists(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &CODE_LIST)?;
    let lists = asked.world.code_lists.iter();
    let items = lists.filter(|list| in_language(asked, list)).map(|list| {
        let itself = Link::new("self", code_list_place(asked, list));
        asked.shape.item(code_list_object(list), vec![itself])
    });
    let items = options.apply(items.collect(), Object::properties);
    let place = format!("{}/metadata/codelists{}", asked.base, language(asked));
    let links = vec![Link::new("self", place)];
    Ok(asked.shape.ok(asked.shape.list("codelists", links, items)))
}

fn language(asked: &Asked<'_>) -> String {
    let language = asked.parameter("language");
    language.map_or_else(String::new, |number| format!("?language={number}"))
}

/// Without a version it is the latest.
pub(super) fn code_list(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    let name = path.get(2).copied().unwrap_or_default();
    let version = match path.get(3) {
        None | Some(&"") => None,
        Some(text) => Some(text.parse::<i64>().map_err(|_| Refusal::not_found())?),
    };
    let list = asked
        .world
        .code_lists
        .iter()
        .filter(|list| list.name.eq_ignore_ascii_case(name))
        .filter(|list| version.is_none_or(|version| list.version == version))
        .filter(|list| in_language(asked, list))
        .max_by_key(|list| list.version)
        .ok_or_else(Refusal::not_found)?;
    let codes = list.codes.iter().map(|code| {
        let object = Object::new()
            .with("Code", code.code.as_str())
            .with("Value1", code.value1.as_str())
            .with("Value2", code.value2.as_str())
            .with("Value3", code.value3.as_str());
        Json::from(object)
    });
    let object = code_list_object(list).with("Codes", codes.collect::<Vec<_>>());
    let itself = Link::new(
        "self",
        format!("{}{}", code_list_place(asked, list), language(asked)),
    );
    Ok(asked.shape.ok(asked.shape.item(object, vec![itself])))
}

// ---- roles ------------------------------------------------------------------------------------

/// All that are not local, with links to themselves under `place`.
pub(super) fn definition_list(asked: &Asked<'_>, place: &str) -> Outcome {
    let options = ListOptions::within(&asked.query, &definitions::MODEL, Limits::WHOLE)?;
    let known = asked.world.role_definitions.iter();
    let items = known
        .filter(|r| r.kind != RoleKind::Local)
        .map(|definition| {
            let itself = Link::new("self", format!("{place}/{}", definition.id));
            asked
                .shape
                .item(metadata_definition(asked, definition), vec![itself])
        });
    let items = options.apply(items.collect(), Object::properties);
    let links = vec![Link::new("self", place)];
    Ok(asked
        .shape
        .ok(asked.shape.list("roledefinitions", links, items)))
}

fn metadata_definition(asked: &Asked<'_>, definition: &RoleDefinition) -> Object {
    let object = definitions::item(asked, definition);
    if definition.parents.is_empty() {
        return object;
    }
    object.with("ParentRoleDefinitionIds", ids(&definition.parents))
}

fn ids(ids: &[i64]) -> Vec<Json> {
    ids.iter().map(|id| Json::from(*id)).collect()
}

pub(super) fn definition(asked: &Asked<'_>, place: &str, id: Option<&&str>) -> Outcome {
    let definition = id
        .and_then(|id| id.parse().ok())
        .and_then(|id| asked.world.role_definition(id))
        .filter(|definition| definition.kind != RoleKind::Local)
        .ok_or_else(Refusal::not_found)?;
    let itself = Link::new("self", format!("{place}/{}", definition.id));
    let object = metadata_definition(asked, definition);
    Ok(asked.shape.ok(asked.shape.item(object, vec![itself])))
}

pub(super) fn role_definitions(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    definition_list(asked, &format!("{}/metadata/roledefinitions", asked.base))
}

pub(super) fn role_definition(asked: &Asked<'_>, path: &[&str]) -> Outcome {
    let place = format!("{}/metadata/roledefinitions", asked.base);
    definition(asked, &place, path.get(2))
}

const REQUIREMENT: Model = Model {
    name: "RoleRequirement",
    properties: &[
        ("RoleDefinitionId", Kind::Integer),
        ("RoleDefinitionCode", Kind::Text),
        ("LocalizedRoleName", Kind::Text),
        ("IsDelegable", Kind::Boolean),
    ],
};

/// Which roles give a service or an app, and what.
pub(super) fn role_requirements(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &REQUIREMENT)?;
    let code = asked.parameter("serviceCode");
    let app_id = code.and_then(|code| {
        let (word, id) = code.split_once(':')?;
        word.eq_ignore_ascii_case("AppId")
            .then(|| id.parse::<i64>().ok())
    });
    let app = match (asked.parameter("app"), app_id) {
        (Some(name), _) => Some(asked.world.app(name)),
        (None, Some(id)) => Some(asked.world.apps.iter().find(|app| Some(app.id) == id)),
        (None, None) => None,
    };
    let (roles, operations, delegable) = match app {
        Some(app) => {
            let app = app.ok_or_else(Refusal::not_found)?;
            (&app.roles, vec![simplified(asked)], app.delegable)
        }
        None => {
            let (code, edition) = asked.service_parameters()?.ok_or_else(|| {
                Refusal::bad_request("Either a service or an app must be specified")
            })?;
            let service = asked.world.service(&code, edition);
            let service = service.ok_or_else(Refusal::not_found)?;
            (
                &service.roles,
                operations(asked, service),
                service.delegable,
            )
        }
    };
    let place = format!("{}/metadata/roledefinitions", asked.base);
    let known = roles
        .iter()
        .filter_map(|code| asked.world.role_definition_by_code(code));
    let items = known.map(|role| {
        let object = Object::new()
            .with("RoleDefinitionId", role.id)
            .with("RoleDefinitionCode", role.code.as_str())
            .with("LocalizedRoleName", asked.language().name(role));
        let object = if role.parents.is_empty() {
            object
        } else {
            object.with("ParentRoleDefinitionIds", ids(&role.parents))
        };
        let object = object
            .with("IsDelegable", delegable && role.kind == RoleKind::Altinn)
            .with(
                "Operations",
                operations
                    .iter()
                    .cloned()
                    .map(Json::from)
                    .collect::<Vec<_>>(),
            );
        let link = Link::new("roledefinition", format!("{place}/{}", role.id));
        asked.shape.item(object, vec![link])
    });
    let items = options.apply(items.collect(), Object::properties);
    let query = if asked.raw_query.is_empty() {
        String::new()
    } else {
        format!("?{}", asked.raw_query)
    };
    let href = format!("{}/metadata/rolerequirements{query}", asked.base);
    let links = vec![Link::new("self", href)];
    Ok(asked
        .shape
        .ok(asked.shape.list("rolerequirements", links, items)))
}

fn simplified(asked: &Asked<'_>) -> Object {
    operation(asked, "Access")
}

fn operation(asked: &Asked<'_>, name: &str) -> Object {
    let language = asked.language();
    let friendly = match name {
        "Read" => language.of("Les", "Les", "Read"),
        "Write" => language.of("Fyll ut", "Fyll ut", "Fill in"),
        "Sign" => language.of("Signer", "Signer", "Sign"),
        "ArchiveRead" => language.of("Les arkiv", "Les arkiv", "Read archive"),
        "ArchiveDelete" => language.of("Slett fra arkiv", "Slett frå arkiv", "Delete from archive"),
        "Access" => language.of("Tilgang", "Tilgang", "Access"),
        other => other,
    };
    Object::new()
        .with("Name", name)
        .with("LocalizedFriendlyName", friendly)
}

/// What can be done, each with the steps that it is for.
fn operations(asked: &Asked<'_>, service: &Service) -> Vec<Object> {
    let steps_of = |action: &str| {
        let step = match action {
            "Read" | "Write" => "FormFilling",
            "Sign" => "Signing",
            _ => return Vec::new(),
        };
        let steps = service.steps.iter().filter(move |s| s.name == step);
        let steps = steps.map(|step| {
            let object = Object::new()
                .with_some("SequenceNumber", step.sequence)
                .with("Name", step.name.as_str())
                .with("SecurityLevel", step.level);
            Json::from(object)
        });
        steps.collect()
    };
    let operations = service.actions.iter().map(|action| {
        let object = operation(asked, action);
        let steps: Vec<Json> = steps_of(action);
        if steps.is_empty() {
            object
        } else {
            object.with("AppliesTo", steps)
        }
    });
    operations.collect()
}

// ---- keys -------------------------------------------------------------------------------------

/// The key that consent tokens were signed with: made when somebody asks for it.
fn key(sim: &Shared) -> Option<&SigningKey> {
    if sim.altinn2_key.get().is_none() {
        let key = sim.pki.new_signing_key("Altinn-sim Altinn 2").ok()?;
        // whoever was first
        let _ = sim.altinn2_key.set(key);
    }
    sim.altinn2_key.get()
}

fn cached(document: &Value) -> Response {
    let mut response = axum::Json(document).into_response();
    let day = HeaderValue::from_static("max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, day);
    response
}

/// `n` in standard base64 and not in that of JWKs.
pub(super) fn jwk(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    let document = || -> Result<Value, ErrorStack> {
        let key = key(asked.sim).ok_or_else(ErrorStack::get)?;
        let rsa = key.key.rsa()?;
        let digest = key.certificate.digest(MessageDigest::sha1())?;
        let kid: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(json!({ "keys": [{
            "kty": "RSA",
            "e": STANDARD.encode(rsa.e().to_vec()),
            "use": "sig",
            "kid": kid,
            "x5t": URL_SAFE_NO_PAD.encode(digest),
            "x5c": [STANDARD.encode(key.certificate.to_der()?)],
            "n": STANDARD.encode(rsa.n().to_vec()),
        }] }))
    };
    document()
        .map(|document| cached(&document))
        .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

pub(super) fn well_known(asked: &Asked<'_>, _: &[&str]) -> Outcome {
    Ok(cached(&json!({
        "issuer": "altinn.no",
        "jwks_uri": format!("{}/metadata/jwk", asked.base),
        "response_types_supported": ["code"],
    })))
}
