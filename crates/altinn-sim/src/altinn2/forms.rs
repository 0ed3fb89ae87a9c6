//! The irregular forms that Altinn 2's JSON has been seen in (wire facts, Altinn 2 §3.5, §9 and §10),
//! laid over regular answers.

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use hyper::ext::ReasonPhrase;
use serde_json::{Map, Value, json};

/// Which irregular forms Altinn 2's answers have; none, if not told otherwise. Each has been seen in real
/// or documented bodies, and a reader must get along with all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HalForms {
    /// A blank before the document, `\/` for slashes and `\u00f8` for letters outside ASCII.
    pub escaped: bool,
    /// Names padded with blanks on the right.
    pub padded_names: bool,
    /// Organisation numbers padded with blanks, also in the hrefs that they stand in.
    pub padded_numbers: bool,
    /// Descriptions that end in a line break.
    pub descriptions_with_line_break: bool,
    /// `RoleDefinitionId`, `ServiceEditionCode` and `ErrorCode` as texts.
    pub numbers_as_texts: bool,
    /// `MobileNumber` as a number.
    pub texts_as_numbers: bool,
    /// Members that no documentation has.
    pub unknown_members: bool,
    /// `Status`, `RightType` and `ServiceType` with values that no documentation has.
    pub unknown_values: bool,
    /// Absent members written as `null`.
    pub explicit_nulls: bool,
    /// Absent members written as an empty text, or as .NET's first day.
    pub empty_values: bool,
    /// Hrefs with another scheme and host than the request's.
    pub foreign_hrefs: bool,
    /// Every second href with the other of `http` and `https`.
    pub mixed_schemes: bool,
    /// Members in another order: the last first.
    pub shuffled_members: bool,
    /// `_links` as plain JSON has them, an array of `{"Rel":…,"Href":…}`, also where HAL was asked for.
    pub plain_links: bool,
    /// A relation's link in an array.
    pub link_arrays: bool,
    /// A relation's link as the bare address.
    pub link_texts: bool,
    /// Lists as bare arrays, also where HAL was asked for.
    pub bare_lists: bool,
    /// `Roles` and `Rights` of a right holder as bare arrays in HAL.
    pub bare_nested_lists: bool,
    /// `{who}/authorization/roledefinitions` in HAL's wrapper, with codes and links.
    pub wrapped_role_definitions: bool,
    /// One enterprise user as an object and not as a list of one.
    pub enterprise_user_objects: bool,
    /// Names of members and values as the swagger drafts and the help pages have them: `RightId`,
    /// `LocalizedRoleTypeName`, `IsDelegatable`, `ParentRoleDefinitionId`, `DirectlyDelegated`.
    pub swagger_names: bool,
    /// `Foretak` for `Enterprise`, as in old documentation.
    pub old_types: bool,
    /// Masked person numbers with a blank, as in old documentation: `061177 *****`.
    pub spaced_masks: bool,
    /// How actions are spelled.
    pub actions: ActionForm,
    /// How times are written.
    pub dates: DateForm,
    /// Where an error says what is wrong.
    pub errors: ErrorForm,
    /// `Location` without scheme and host.
    pub relative_location: bool,
    /// Lists that were not limited by `$top` say by `X-Warning-LimitReached` that a limit of the database
    /// cut them.
    pub limit_warning: bool,
}

/// How actions such as `ArchiveRead` are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActionForm {
    /// `ArchiveRead`.
    #[default]
    Recorded,
    /// `ReadArchive`, as the documentation's prose.
    Prose,
    /// `Archive-Read`, as the swagger drafts.
    Swagger,
    /// `archiveread`.
    LowerCase,
}

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateForm {
    /// `2021-06-14T14:48:48.63`: Norwegian time without an offset, trailing zeros cut.
    #[default]
    Stored,
    /// `2021-06-14T14:48:48.6370797+02:00`.
    SevenDigits,
    /// `2021-06-14T12:48:48.637Z`.
    Utc,
    /// `2021-06-14T12:48Z`.
    NoSeconds,
    /// `0001-01-01T00:00:00`: not set.
    Unset,
}

/// Where an error says what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorForm {
    /// In the HTTP/1.1 reason phrase; newer operations in a body.
    #[default]
    ReasonPhrase,
    /// `{"ErrorCode":…,"ErrorMessage":…}`.
    Object,
    /// A list of these, with codes as texts.
    List,
    /// `{"errorCode":…,"errorDescription":…}`.
    CamelCase,
}

/// Members that may be absent, and whether they are dates.
const ABSENT: &[(&str, bool)] = &[
    ("ParentOrganizationNumber", false),
    ("UserName", false),
    ("DelegationContext", false),
    ("Delegator", false),
    ("DelegatedTime", true),
];

/// Rewrites a JSON answer; the order of members changes with it, which nobody has promised.
/// `limited`: the caller has said how much it wants.
pub(super) async fn rewritten(forms: HalForms, limited: bool, response: Response) -> Response {
    if forms == HalForms::default() {
        return response;
    }
    let response = with_error_body(forms, response);
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.contains("json")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    let is_list = document.is_array() || document.get("_embedded").is_some();
    if forms.limit_warning && is_list && !limited {
        let value = HeaderValue::from_static("true");
        parts.headers.insert("x-warning-limitreached", value);
    }
    change(forms, &mut 0, &mut document);
    let text = if forms.shuffled_members {
        let mut text = String::new();
        last_first(&document, &mut text);
        text
    } else {
        document.to_string()
    };
    let text = if forms.escaped { escaped(&text) } else { text };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// The same error with a body. The numbers are this simulator's own, but for 40332.
fn with_error_body(forms: HalForms, response: Response) -> Response {
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let phrase = response.extensions().get::<ReasonPhrase>();
    let phrase = phrase.map(|p| String::from_utf8_lossy(p.as_bytes()).into_owned());
    let (Some(phrase), true) = (phrase, refused) else {
        return response;
    };
    let code = if phrase.contains("does not match the person or organizations") {
        40_332
    } else {
        i64::from(status.as_u16()) * 100
    };
    let document = match forms.errors {
        ErrorForm::ReasonPhrase => return response,
        ErrorForm::Object => json!({ "ErrorCode": code, "ErrorMessage": phrase }),
        ErrorForm::List => json!([{ "ErrorCode": code.to_string(), "ErrorMessage": phrase }]),
        ErrorForm::CamelCase => {
            json!({ "errorCode": code.to_string(), "errorDescription": phrase })
        }
    };
    let mut answer = axum::Json(document).into_response();
    *answer.status_mut() = status;
    answer
}

/// The same document, the members of each object in the opposite order.
fn last_first(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().rev().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                last_first(member, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                last_first(item, out);
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

/// `hrefs` counts those that have been passed.
fn change(forms: HalForms, hrefs: &mut usize, value: &mut Value) {
    match value {
        Value::Array(items) => {
            for item in items {
                change(forms, hrefs, item);
            }
        }
        Value::Object(members) => {
            if forms.bare_lists
                && let Some(list) = only_list(members)
            {
                *value = list;
                return change(forms, hrefs, value);
            }
            if forms.bare_nested_lists && members.contains_key("RightHolderId") {
                for name in ["Roles", "Rights"] {
                    let nested = members.get_mut(name).and_then(Value::as_object_mut);
                    if let Some(list) = nested.and_then(only_list) {
                        members.insert(name.to_owned(), list);
                    }
                }
            }
            for (name, member) in members.iter_mut() {
                match name.as_str() {
                    "_links" => links(forms, hrefs, member),
                    _ => change(forms, hrefs, member),
                }
            }
            if !members.contains_key("_embedded") {
                item(forms, members);
            }
        }
        _ => {}
    }
}

/// The list of a wrapper.
fn only_list(members: &mut Map<String, Value>) -> Option<Value> {
    let embedded = members.get_mut("_embedded")?.as_object_mut()?;
    embedded.values_mut().next().map(Value::take)
}

fn item(forms: HalForms, members: &mut Map<String, Value>) {
    if forms.padded_names
        && let Some(Value::String(name)) = members.get_mut("Name")
    {
        *name = format!("{name:<30} ");
    }
    if forms.padded_numbers
        && let Some(Value::String(number)) = members.get_mut("OrganizationNumber")
    {
        *number = format!("{number}    ");
    }
    if forms.descriptions_with_line_break
        && let Some(Value::String(text)) = members.get_mut("RoleDescription")
    {
        text.push_str("\r\n");
    }
    if forms.numbers_as_texts {
        for name in ["RoleDefinitionId", "ServiceEditionCode", "ErrorCode"] {
            if let Some(number) = members.get_mut(name).filter(|v| v.is_number()) {
                *number = number.to_string().into();
            }
        }
    }
    if forms.texts_as_numbers
        && let Some(mobile) = members.get_mut("MobileNumber")
        && let Some(number) = mobile.as_str().and_then(|text| text.parse::<i64>().ok())
    {
        *mobile = number.into();
    }
    values(forms, members);
    if forms.swagger_names {
        swagger(members);
    }
    if forms.unknown_members {
        members.insert("SomethingNew".into(), json!({ "Since": [2026, null] }));
    }
    for (name, date) in ABSENT {
        if forms.explicit_nulls {
            members.entry(*name).or_insert(Value::Null);
        } else if forms.empty_values {
            let empty = if *date { "0001-01-01T00:00:00" } else { "" };
            members.entry(*name).or_insert(empty.into());
        }
    }
}

fn values(forms: HalForms, members: &mut Map<String, Value>) {
    for (name, member) in members.iter_mut() {
        let Value::String(text) = member else {
            continue;
        };
        let new = match name.as_str() {
            "Action" => action(forms.actions, text),
            "Status" | "RightType" | "ServiceType" if forms.unknown_values => {
                Some("Experimental".to_owned())
            }
            "Type" if forms.old_types && text == "Enterprise" => Some("Foretak".to_owned()),
            "SocialSecurityNumber" if forms.spaced_masks && text.ends_with("*****") => {
                Some(text.replace("*****", " *****"))
            }
            "DelegatedTime"
            | "ValidFrom"
            | "ValidTo"
            | "Created"
            | "LastChanged"
            | "MobileNumberChanged"
            | "EMailAddressChanged" => date(forms.dates, text),
            _ => None,
        };
        if let Some(new) = new {
            *text = new;
        }
    }
}

fn action(form: ActionForm, action: &str) -> Option<String> {
    let archive = action.strip_prefix("Archive");
    match (form, archive) {
        (ActionForm::Recorded, _) => None,
        (ActionForm::LowerCase, _) => Some(action.to_ascii_lowercase()),
        (ActionForm::Prose, Some(what)) => Some(format!("{what}Archive")),
        (ActionForm::Swagger, Some(what)) => Some(format!("Archive-{what}")),
        (ActionForm::Prose | ActionForm::Swagger, None) => None,
    }
}

/// A stored time in another form; the days that stand for none and no end stay.
fn date(form: DateForm, text: &str) -> Option<String> {
    if text.starts_with("0001") || text.starts_with("9999") {
        return None;
    }
    let local: jiff::civil::DateTime = text
        .get(..text.find('+').unwrap_or(text.len()))?
        .parse()
        .ok()?;
    let zoned = local.to_zoned(super::norwegian_time()).ok()?;
    let at = zoned.timestamp();
    match form {
        DateForm::Stored => None,
        DateForm::SevenDigits => Some(super::fresh_time(at)),
        DateForm::Utc => Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        DateForm::NoSeconds => Some(at.strftime("%Y-%m-%dT%H:%MZ").to_string()),
        DateForm::Unset => Some("0001-01-01T00:00:00".to_owned()),
    }
}

/// The names of the swagger drafts and the help pages.
fn swagger(members: &mut Map<String, Value>) {
    for (recorded, drafted) in [
        ("RightID", "RightId"),
        ("LocalizedRoleName", "LocalizedRoleTypeName"),
        ("IsDelegable", "IsDelegatable"),
        ("ParentRoleDefinitionIds", "ParentRoleDefinitionId"),
    ] {
        if let Some(value) = members.remove(recorded) {
            members.insert(drafted.to_owned(), value);
        }
    }
    if let Some(Value::String(source)) = members.get_mut("RightSourceType")
        && source == "DirectlyDelegatedRights"
    {
        "DirectlyDelegated".clone_into(source);
    }
}

fn links(forms: HalForms, hrefs: &mut usize, all: &mut Value) {
    let Some(links) = all.as_object_mut() else {
        return;
    };
    for link in links.values_mut() {
        let targets: Vec<&mut Value> = match &mut *link {
            Value::Array(targets) => targets.iter_mut().collect(),
            one => vec![one],
        };
        for target in targets {
            if let Some(Value::String(href)) = target.get_mut("href") {
                if forms.foreign_hrefs {
                    let path = href.splitn(4, '/').nth(3).unwrap_or_default();
                    *href = format!("http://www.altinn.no/{path}");
                }
                *hrefs += 1;
                if forms.mixed_schemes && hrefs.is_multiple_of(2) {
                    *href = match href.split_once("://") {
                        Some(("http", rest)) => format!("https://{rest}"),
                        Some((_, rest)) => format!("http://{rest}"),
                        None => href.clone(),
                    };
                }
                if forms.padded_numbers {
                    *href = padded(href);
                }
            }
        }
        if link.is_array() {
            continue;
        }
        if forms.link_texts
            && let Some(href) = link.get("href")
        {
            *link = href.clone();
        }
        if forms.link_arrays {
            *link = Value::Array(vec![link.take()]);
        }
    }
    if forms.plain_links {
        *all = plain(links);
    }
}

/// Links of HAL in the shape of plain JSON.
fn plain(links: &Map<String, Value>) -> Value {
    let entry = |(rel, link): (&String, &Value)| {
        json!({
            "Rel": rel, "Href": link.get("href"), "Title": null, "FileNameWithExtension": null,
            "MimeType": null, "IsTemplated": link.get("isTemplated").is_some(), "Encrypted": false,
            "SigningLocked": false, "SignedByDefault": false, "FileSize": 0,
        })
    };
    links.iter().map(entry).collect()
}

/// Blanks, as they are, after an organisation number in an address.
fn padded(href: &str) -> String {
    let parts = href.split('/').map(|part| {
        if part.len() == 9 && part.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("{part}    ")
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn escaped(text: &str) -> String {
    let mut out = " ".to_owned();
    for c in text.chars() {
        if c == '/' {
            out.push_str("\\/");
        } else if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}
