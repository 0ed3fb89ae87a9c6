//! Access packages and resources by the names that people know, as the codes that Altinn takes; and the
//! other way round, what is held with its name.

use std::collections::{BTreeMap, HashMap};

use altinn_authz::Language;
use altinn_authz::altinn3::{Holder, PackageUrn};

use super::WhatArgs;
use crate::commands::packages;
use crate::context::Context;
use crate::failure::Failure;

/// The role that stands for the connection itself.
pub(super) const RIGHT_HOLDER: &str = "rettighetshaver";

/// So many that are alike are named.
const ALIKE: usize = 5;

/// What there is, by name; read when the first name is met.
#[derive(Default)]
pub(super) struct Names {
    packages: Option<Vec<Known>>,
    resources: Option<Vec<Known>>,
}

/// A package or resource, and what it is called in each language.
struct Known {
    code: String,
    names: Vec<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Package,
    Resource,
}

impl Names {
    /// The same, with a code for every name. Without a name in it nothing is sent.
    ///
    /// The outer error is of the call, the inner one of what is named.
    pub(super) async fn read(
        &mut self,
        context: &Context<'_>,
        what: &WhatArgs,
    ) -> Result<Result<WhatArgs, Failure>, Failure> {
        let mut read = what.clone();
        for package in read.packages.iter_mut().filter(|text| is_name(text)) {
            if self.packages.is_none() {
                self.packages = Some(all_packages(context).await?);
            }
            match find(Kind::Package, self.packages.iter().flatten(), package) {
                Ok(code) => *package = code,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        for resource in read.resources.iter_mut().filter(|text| is_name(text)) {
            if self.resources.is_none() {
                self.resources = Some(all_resources(context).await?);
            }
            match find(Kind::Resource, self.resources.iter().flatten(), resource) {
                Ok(code) => *resource = code,
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(read))
    }
}

/// What a command line names.
pub(crate) async fn read(context: &Context<'_>, what: &WhatArgs) -> Result<WhatArgs, Failure> {
    Names::default().read(context, what).await?
}

/// What access packages and roles are called, by code. Names are a help for the eye: what cannot be read
/// is told once, and shown by its code.
#[derive(Default)]
pub(super) struct Called {
    packages: HashMap<String, String>,
    roles: HashMap<String, String>,
}

impl Called {
    /// The names of what these hold, in the language that is set. Nothing is asked for what nobody holds.
    pub(super) async fn of<'h>(
        context: &Context<'_>,
        holders: impl Iterator<Item = &'h Holder> + Clone,
    ) -> Self {
        let mut called = Self::default();
        if holders.clone().any(|holder| !holder.packages().is_empty()) {
            let names = package_names(context).await;
            called.packages = told(context, "access packages", names);
        }
        let mut roles = holders.flat_map(Holder::roles);
        if roles.any(|role| role != RIGHT_HOLDER) {
            let names = role_names(context).await;
            called.roles = told(context, "roles", names);
        }
        called
    }

    pub(super) fn package(&self, urn: &PackageUrn) -> Option<&str> {
        self.packages.get(urn.code()).map(String::as_str)
    }

    pub(super) fn role(&self, code: &str) -> Option<&str> {
        self.roles.get(code).map(String::as_str)
    }
}

fn told(
    context: &Context<'_>,
    what: &str,
    names: Result<HashMap<String, String>, Failure>,
) -> HashMap<String, String> {
    names.unwrap_or_else(|failure| {
        context.console.warning(&format!(
            "the names of {what} could not be read, so codes are shown: {}",
            failure.sentence()
        ));
        HashMap::new()
    })
}

async fn package_names(context: &Context<'_>) -> Result<HashMap<String, String>, Failure> {
    let groups = packages::open(context).await?.export().await?;
    let areas = groups.into_iter().flat_map(|group| group.areas);
    let packages = areas.flat_map(|area| area.packages);
    Ok(packages
        .filter_map(|package| {
            let urn = PackageUrn::from(package.urn?.as_str());
            Some((urn.code().to_owned(), package.name?.trim().to_owned()))
        })
        .collect())
}

async fn role_names(context: &Context<'_>) -> Result<HashMap<String, String>, Failure> {
    let roles = packages::open(context).await?.roles().await?;
    let roles = roles.into_iter();
    Ok(roles
        .filter_map(|role| Some((role.code?, role.name?.trim().to_owned())))
        .collect())
}

/// Codes and ids are in small letters, without blanks.
fn is_name(text: &str) -> bool {
    let code =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:/".contains(&byte);
    !text.trim().bytes().all(code)
}

async fn all_packages(context: &Context<'_>) -> Result<Vec<Known>, Failure> {
    context
        .console
        .progress("reading the names of access packages");
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // people say the Norwegian name whatever language they read
    for language in [Language::Bokmal, Language::Nynorsk, Language::English] {
        let metadata = packages::open(context).await?.with_language(language);
        for group in metadata.export().await? {
            for package in group.areas.into_iter().flat_map(|area| area.packages) {
                let urn = package.urn.as_deref().map(PackageUrn::from);
                if let (Some(urn), Some(name)) = (urn, package.name) {
                    known.entry(urn.code().to_owned()).or_default().push(name);
                }
            }
        }
    }
    let known = known.into_iter();
    Ok(known.map(|(code, names)| Known { code, names }).collect())
}

async fn all_resources(context: &Context<'_>) -> Result<Vec<Known>, Failure> {
    context.console.progress("reading the names of resources");
    let all = packages::registry(context).await?.resources().await?;
    let known = all.into_iter().map(|resource| Known {
        code: resource.identifier.to_string(),
        names: resource
            .title
            .into_iter()
            .flatten()
            .map(|(_, title)| title)
            .collect(),
    });
    Ok(known.collect())
}

/// The one with this name. Words in it do not do: the wrong one could be given.
fn find<'k>(
    kind: Kind,
    known: impl Iterator<Item = &'k Known> + Clone,
    text: &str,
) -> Result<String, Failure> {
    let plain = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    let wanted = plain(text);
    if let Some(code) = known
        .clone()
        .find(|one| one.code.eq_ignore_ascii_case(&wanted))
    {
        return Ok(code.code.clone());
    }
    let called: Vec<&Known> = known
        .clone()
        .filter(|one| one.names.iter().any(|name| plain(name) == wanted))
        .collect();
    match (called.as_slice(), wanted.contains(' ')) {
        ([one], _) => return Ok(one.code.clone()),
        // as it was written: a code or URN in capital letters, which only the server can judge
        ([], false) if text.is_ascii() => return Ok(text.to_owned()),
        _ => {}
    }
    let (what, flag, command) = match kind {
        Kind::Package => ("access package", "--package", "altinn packages search"),
        Kind::Resource => ("resource", "--resource", "altinn packages resources"),
    };
    let (sentence, alike) = if called.is_empty() {
        let has_all = |one: &&Known| {
            let all = plain(&one.names.join(" "));
            wanted.split(' ').all(|word| all.contains(word))
        };
        let alike: Vec<&Known> = known.filter(has_all).collect();
        (format!("no {what} is called \"{text}\""), alike)
    } else {
        (format!("more than one {what} is called \"{text}\""), called)
    };
    let failure = Failure::usage(sentence).todo(format!(
        "give it by code ({flag} CODE); `{command} {text}` shows what there is"
    ));
    Err(alike.iter().take(ALIKE).fold(failure, |failure, one| {
        let name = one.names.first().map(String::as_str).unwrap_or_default();
        failure.note(format!("perhaps {} ({name})", one.code))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Known> {
        [
            ("fiske", "Fiske", "Fishing"),
            (
                "post-og-telekommunikasjon",
                "Post- og telekommunikasjon",
                "Post and telecommunications",
            ),
            ("lonn", "Lønn", "Salary"),
            (
                "lonn-personopplysninger",
                "Lønn med personopplysninger",
                "Salary with personal data",
            ),
            ("arkiv-a", "Arkiv", "Archive"),
            ("arkiv-b", "Arkiv", "Archive"),
        ]
        .map(|(code, nb, en)| Known {
            code: code.to_owned(),
            names: vec![nb.to_owned(), en.to_owned()],
        })
        .into()
    }

    #[test]
    fn a_name_becomes_the_one_code() {
        let known = known();
        for (text, code) in [
            ("Post- og  telekommunikasjon", "post-og-telekommunikasjon"),
            ("post and telecommunications", "post-og-telekommunikasjon"),
            ("LØNN", "lonn"),
            ("Fiske", "fiske"),
            ("Fishing", "fiske"),
            ("Lonn", "lonn"),
            (
                "URN:ALTINN:ACCESSPACKAGE:FISKE",
                "URN:ALTINN:ACCESSPACKAGE:FISKE",
            ),
            ("Nyligopprettet", "Nyligopprettet"),
        ] {
            assert!(is_name(text), "{text}");
            assert_eq!(find(Kind::Package, known.iter(), text).unwrap(), code);
        }
        for code in [
            "skattegrunnlag",
            "urn:altinn:accesspackage:a",
            "app_ttd_skjema",
            " a-b ",
        ] {
            assert!(!is_name(code), "{code}");
        }
    }

    #[test]
    fn what_is_not_the_name_of_one_is_asked_about() {
        let known = known();
        for (text, says, alike) in [
            ("Arkiv", "more than one", &["arkiv-a", "arkiv-b"][..]),
            (
                "med personopplysninger",
                "no access package",
                &["lonn-personopplysninger"],
            ),
            ("Lønning", "no access package", &[]),
            ("noe helt annet", "no access package", &[]),
        ] {
            let failure = find(Kind::Package, known.iter(), text).unwrap_err();
            assert_eq!(failure.exit(), crate::failure::Exit::Usage);
            assert!(failure.sentence().starts_with(says), "{text}: {failure:?}");
            let said = failure.to_json().to_string();
            assert_eq!(said.matches("perhaps ").count(), alike.len(), "{said}");
            for code in alike {
                assert!(said.contains(&format!("perhaps {code} (")), "{said}");
            }
        }
    }
}
