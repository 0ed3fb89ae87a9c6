//! The irregular forms that Altinn 2's JSON has been seen in (wire facts, Altinn 2 §3.5, §9 and §10),
//! laid over regular answers.

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
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
    /// `RoleDefinitionId` and `ServiceEditionCode` as texts.
    pub numbers_as_texts: bool,
    /// Members that no documentation has.
    pub unknown_members: bool,
    /// Absent members written as `null`.
    pub explicit_nulls: bool,
    /// Hrefs with another scheme and host than the request's.
    pub foreign_hrefs: bool,
    /// A relation's link in an array.
    pub link_arrays: bool,
    /// Lists as bare arrays, also where HAL was asked for.
    pub bare_lists: bool,
}

const ABSENT: &[&str] = &[
    "ParentOrganizationNumber",
    "UserName",
    "DelegationContext",
    "Delegator",
];

/// Rewrites a JSON answer; the order of members changes with it, which nobody has promised.
pub(super) async fn rewritten(forms: HalForms, response: Response) -> Response {
    if forms == HalForms::default() || !response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(mut document) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    change(forms, &mut document);
    let text = document.to_string();
    let text = if forms.escaped { escaped(&text) } else { text };
    Response::from_parts(parts, Body::from(text))
}

fn change(forms: HalForms, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change(forms, item)),
        Value::Object(members) => {
            if forms.bare_lists
                && let Some(list) = only_list(members)
            {
                *value = list;
                return change(forms, value);
            }
            for (name, member) in members.iter_mut() {
                match name.as_str() {
                    "_links" => links(forms, member),
                    _ => change(forms, member),
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
    if forms.numbers_as_texts {
        for name in ["RoleDefinitionId", "ServiceEditionCode"] {
            if let Some(number) = members.get_mut(name).filter(|v| v.is_number()) {
                *number = number.to_string().into();
            }
        }
    }
    if forms.unknown_members {
        members.insert("SomethingNew".into(), json!({ "Since": [2026, null] }));
    }
    if forms.explicit_nulls {
        for name in ABSENT {
            members.entry(*name).or_insert(Value::Null);
        }
    }
}

fn links(forms: HalForms, links: &mut Value) {
    let Some(links) = links.as_object_mut() else {
        return;
    };
    for link in links.values_mut() {
        if forms.foreign_hrefs
            && let Some(Value::String(href)) = link.get_mut("href")
        {
            let path = href.splitn(4, '/').nth(3).unwrap_or_default();
            *href = format!("http://www.altinn.no/{path}");
        }
        if forms.link_arrays {
            *link = Value::Array(vec![link.take()]);
        }
    }
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
