//! A profile in `altinn.toml`.
//!
//! ```toml
//! [profile.tt02]
//! ALTINN_ENVIRONMENT = "tt02"
//! MASKINPORTEN_CLIENT_ID = "8d116ece-1738-47d9-bd9c-172411e20b8f"
//! MASKINPORTEN_PKCS12 = "virksomhet.p12"   # from where this file is
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{known, others_may_read, readable_by_others};
use crate::failure::Failure;

/// The values of one profile. They may be secret: no `Debug` of them.
#[derive(Clone)]
pub(crate) struct Profile {
    name: String,
    file: PathBuf,
    values: BTreeMap<String, String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("file", &self.file)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

/// The profile that is taken when none is named.
const DEFAULT: &str = "default";

impl Profile {
    /// The profile `name` of the file that is named, or else of `./altinn.toml`, or else of
    /// `altinn/altinn.toml` in the user's configuration folder. Without a name: the profile
    /// `default`, where there is one.
    pub(crate) fn find(file: Option<&Path>, name: Option<&str>) -> Result<Option<Self>, Failure> {
        let found = match file {
            Some(file) => Some(file.to_owned()),
            None => places().into_iter().find(|place| place.is_file()),
        };
        match (found, name) {
            (Some(file), _) => Self::read(&file, name),
            (None, None) => Ok(None),
            (None, Some(name)) => Err(Failure::usage(format!(
                "there is no altinn.toml to take the profile {name} from"
            ))
            .todo(format!(
                "write one ({}), or name it with --config FILE",
                join(places().iter().map(|place| place.display().to_string()))
            ))),
        }
    }

    fn read(file: &Path, name: Option<&str>) -> Result<Option<Self>, Failure> {
        let shown = file.display();
        let text = String::from_utf8(super::read("--config", file)?)
            .map_err(|_| Failure::usage(format!("{shown} is not UTF-8")))?;
        let profiles: File = toml::from_str(&text).map_err(|error| {
            // toml's own message quotes the line, which may hold a secret
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            Failure::usage(format!(
                "{shown}, line {line}: this is not a file of profiles"
            ))
            .todo(
                "write `[profile.NAME]`, and under it lines such as ALTINN_ENVIRONMENT = \"tt02\"",
            )
        })?;
        let names = join(profiles.profile.keys().cloned());
        let wanted = name.unwrap_or(DEFAULT);
        let Some((name, table)) = profiles
            .profile
            .into_iter()
            .find(|(known, _)| known == wanted)
        else {
            return match name {
                None => Ok(None),
                Some(name) => Err(Failure::usage(format!("{shown} has no profile {name}"))
                    .todo(format!("use one of those it has: {names}"))),
            };
        };
        let mut values = BTreeMap::new();
        let mut secret = false;
        for (key, value) in table {
            let setting = known(&key.to_ascii_uppercase().replace('-', "_")).ok_or_else(|| {
                Failure::usage(format!(
                    "{shown}: there is no setting {key} (profile {name})"
                ))
                .todo("use the names that the environment has; `altinn --help` lists them")
            })?;
            let Some(text) = as_text(&value) else {
                return Err(Failure::usage(format!("{shown}: {key} is not a text"))
                    .todo("put its value in quotes"));
            };
            secret |= setting.secret;
            let text = match (setting.path, file.parent()) {
                (true, Some(folder)) => folder.join(text).display().to_string(),
                _ => text,
            };
            values.insert(setting.name.to_owned(), text);
        }
        if secret && others_may_read(file) {
            return Err(readable_by_others(file, "secrets"));
        }
        Ok(Some(Self {
            name,
            file: file.to_owned(),
            values,
        }))
    }

    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }
}

/// Scopes may be a list; a number may lack its quotes.
fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(" "))
        }
        _ => None,
    }
}

fn join(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from("altinn.toml")];
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        // the XDG specification: a relative path is to be ignored
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    places.extend(folder.map(|folder| folder.join("altinn").join("altinn.toml")));
    places
}
