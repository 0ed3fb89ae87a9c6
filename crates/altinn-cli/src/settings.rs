//! Settings: flag, environment, profile, in this order.

mod id_porten;
mod key;
mod profile;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use altinn_auth::{Cookie, EnterpriseUserCredentials, Environment};
use altinn_authz::Language;
use http_transport::{Origin, SecretString, Transport, redact};
use maskinporten::{ClientId, Scopes, Signer};
use norwegian_ids::OrganisationNumber;

use crate::args::Api;
use crate::console::Console;
use crate::failure::{Exit, Failure};

pub(crate) use self::id_porten::RedirectUri;
pub(crate) use self::profile::Profile;

/// One setting: the same name in the environment and in a profile.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// The command's flag; what is secret has none, because others can see a command line.
    pub(crate) flag: Option<&'static str>,
    pub(crate) what: &'static str,
    pub(crate) secret: bool,
    /// In a profile, a relative path begins where the profile's file is.
    pub(crate) path: bool,
}

const fn setting(name: &'static str, flag: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        flag: Some(flag),
        what,
        secret: false,
        path: false,
    }
}

const fn file(name: &'static str, flag: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        flag: Some(flag),
        what,
        secret: false,
        path: true,
    }
}

const fn plain(name: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        flag: None,
        what,
        secret: false,
        path: false,
    }
}

const fn secret(name: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        flag: None,
        what,
        secret: true,
        path: false,
    }
}

pub(crate) const ENVIRONMENT: &str = "ALTINN_ENVIRONMENT";
pub(crate) const PLATFORM_URL: &str = "ALTINN_PLATFORM_URL";
pub(crate) const API_URL: &str = "ALTINN_API_URL";
pub(crate) const CA_FILE: &str = "ALTINN_CA_FILE";
pub(crate) const API_KEY: &str = "ALTINN_API_KEY";
pub(crate) const SUBSCRIPTION_KEY: &str = "ALTINN_SUBSCRIPTION_KEY";
pub(crate) const USERNAME: &str = "ALTINN_USERNAME";
pub(crate) const PASSWORD: &str = "ALTINN_PASSWORD";
pub(crate) const SYSTEM_USER: &str = "ALTINN_SYSTEM_USER";
pub(crate) const EXTERNAL_REF: &str = "ALTINN_EXTERNAL_REF";
pub(crate) const CLIENT_ID: &str = "MASKINPORTEN_CLIENT_ID";
pub(crate) const ORGANISATION: &str = "MASKINPORTEN_ORGANISATION";
pub(crate) const CLIENT_JWK: &str = "MASKINPORTEN_CLIENT_JWK";
pub(crate) const SCOPES: &str = "MASKINPORTEN_SCOPES";
pub(crate) const WELL_KNOWN_URL: &str = "MASKINPORTEN_WELL_KNOWN_URL";
pub(crate) const ISSUER: &str = "MASKINPORTEN_ISSUER";
pub(crate) const TOKEN_ENDPOINT: &str = "MASKINPORTEN_TOKEN_ENDPOINT";
pub(crate) const PKCS12: &str = "MASKINPORTEN_PKCS12";
pub(crate) const PKCS12_PASSWORD: &str = "MASKINPORTEN_PKCS12_PASSWORD";
pub(crate) const KEY_ALIAS: &str = "MASKINPORTEN_KEY_ALIAS";
pub(crate) const PEM: &str = "MASKINPORTEN_PEM";
pub(crate) const KID: &str = "MASKINPORTEN_KID";

pub(crate) const LANGUAGE: &str = "ALTINN_LANGUAGE";
pub(crate) const AS: &str = "ALTINN_AS";
pub(crate) const GENERATION: &str = "ALTINN_GENERATION";
pub(crate) const COOKIE: &str = "ALTINN_COOKIE";
pub(crate) const ID_PORTEN_CLIENT_ID: &str = "IDPORTEN_CLIENT_ID";
pub(crate) const ID_PORTEN_CLIENT_JWK: &str = "IDPORTEN_CLIENT_JWK";
pub(crate) const ID_PORTEN_CLIENT_SECRET: &str = "IDPORTEN_CLIENT_SECRET";
pub(crate) const ID_PORTEN_AUTH_METHOD: &str = "IDPORTEN_TOKEN_ENDPOINT_AUTH_METHOD";
pub(crate) const ID_PORTEN_WELL_KNOWN_URL: &str = "IDPORTEN_WELL_KNOWN_URL";
pub(crate) const ID_PORTEN_ISSUER: &str = "IDPORTEN_ISSUER";
pub(crate) const ID_PORTEN_REDIRECT_URI: &str = "IDPORTEN_REDIRECT_URI";
pub(crate) const ID_PORTEN_SCOPES: &str = "IDPORTEN_SCOPES";
pub(crate) const ID_PORTEN_LEVELS: &str = "IDPORTEN_LEVELS";
pub(crate) const ID_PORTEN_DETAILS: &str = "IDPORTEN_AUTHORIZATION_DETAILS";

/// The platform's products, by the first part of their paths, each with the setting of its own key.
const PRODUCT_KEYS: [(&str, &str); 11] = [
    (
        "accessmanagement",
        "ALTINN_SUBSCRIPTION_KEY_ACCESSMANAGEMENT",
    ),
    ("authentication", "ALTINN_SUBSCRIPTION_KEY_AUTHENTICATION"),
    ("authorization", "ALTINN_SUBSCRIPTION_KEY_AUTHORIZATION"),
    ("broker", "ALTINN_SUBSCRIPTION_KEY_BROKER"),
    ("correspondence", "ALTINN_SUBSCRIPTION_KEY_CORRESPONDENCE"),
    ("events", "ALTINN_SUBSCRIPTION_KEY_EVENTS"),
    ("notifications", "ALTINN_SUBSCRIPTION_KEY_NOTIFICATIONS"),
    ("profile", "ALTINN_SUBSCRIPTION_KEY_PROFILE"),
    ("register", "ALTINN_SUBSCRIPTION_KEY_REGISTER"),
    (
        "resourceregistry",
        "ALTINN_SUBSCRIPTION_KEY_RESOURCEREGISTRY",
    ),
    ("storage", "ALTINN_SUBSCRIPTION_KEY_STORAGE"),
];

/// All of them.
pub(crate) static ALL: &[Setting] = &[
    setting(
        ENVIRONMENT,
        "--environment",
        "which Altinn: prod, tt02, at22, at23, at24 or yt01",
    ),
    setting(
        PLATFORM_URL,
        "--platform-url",
        "the Altinn platform's base URL",
    ),
    setting(API_URL, "--api-url", "the Altinn 2 host's base URL"),
    file(
        CA_FILE,
        "--ca-file",
        "a PEM file with certificate authorities to trust",
    ),
    secret(API_KEY, "the API key (API-nøkkel) of Altinn 2"),
    secret(
        SUBSCRIPTION_KEY,
        "the subscription key of the platform's gateway",
    ),
    setting(
        USERNAME,
        "--username",
        "the enterprise user's name (virksomhetsbruker)",
    ),
    secret(PASSWORD, "the enterprise user's password"),
    setting(
        SYSTEM_USER,
        "--system-user",
        "the organisation number of the system user's owner",
    ),
    setting(
        EXTERNAL_REF,
        "--external-ref",
        "the reference the system user was created with",
    ),
    setting(
        CLIENT_ID,
        "--client-id",
        "the client's id, as registered with Maskinporten",
    ),
    setting(
        ORGANISATION,
        "--organisation",
        "the number of the organisation that owns the client",
    ),
    secret(CLIENT_JWK, "the client's registered private key, as a JWK"),
    setting(
        SCOPES,
        "--scope",
        "the scopes to ask for, separated by blanks",
    ),
    setting(
        WELL_KNOWN_URL,
        "--well-known-url",
        "Maskinporten's metadata URL",
    ),
    setting(ISSUER, "--issuer", "Maskinporten's issuer"),
    setting(
        TOKEN_ENDPOINT,
        "--token-endpoint",
        "Maskinporten's token endpoint",
    ),
    file(
        PKCS12,
        "--pkcs12",
        "a PKCS#12 file (.p12, .pfx) with certificate and key",
    ),
    secret(PKCS12_PASSWORD, "the password of the key file"),
    setting(
        KEY_ALIAS,
        "--key-alias",
        "which key of a PKCS#12 file that holds several",
    ),
    file(
        PEM,
        "--pem",
        "a PEM file with the key, and the certificates if they are to be sent",
    ),
    setting(
        KID,
        "--kid",
        "the id of a registered key, sent in place of the certificate",
    ),
    secret(
        PRODUCT_KEYS[0].1,
        "the subscription key of the product accessmanagement",
    ),
    secret(
        PRODUCT_KEYS[1].1,
        "the subscription key of the product authentication",
    ),
    secret(
        PRODUCT_KEYS[2].1,
        "the subscription key of the product authorization",
    ),
    secret(
        PRODUCT_KEYS[3].1,
        "the subscription key of the product broker",
    ),
    secret(
        PRODUCT_KEYS[4].1,
        "the subscription key of the product correspondence",
    ),
    secret(
        PRODUCT_KEYS[5].1,
        "the subscription key of the product events",
    ),
    secret(
        PRODUCT_KEYS[6].1,
        "the subscription key of the product notifications",
    ),
    secret(
        PRODUCT_KEYS[7].1,
        "the subscription key of the product profile",
    ),
    secret(
        PRODUCT_KEYS[8].1,
        "the subscription key of the product register",
    ),
    secret(
        PRODUCT_KEYS[9].1,
        "the subscription key of the product resourceregistry",
    ),
    secret(
        PRODUCT_KEYS[10].1,
        "the subscription key of the product storage",
    ),
    setting(
        LANGUAGE,
        "--language",
        "the language of names: nb, nn or en",
    ),
    plain(
        AS,
        "who to be on Altinn 3: system-user, or person (who logged in with `altinn login`)",
    ),
    plain(
        GENERATION,
        "which generation of Altinn, where a command has both: altinn2 or altinn3",
    ),
    secret(
        COOKIE,
        "the .ASPXAUTH cookie of a browser that logged in at Altinn 2",
    ),
    plain(
        ID_PORTEN_CLIENT_ID,
        "the client's id, as registered with ID-porten",
    ),
    secret(
        ID_PORTEN_CLIENT_JWK,
        "the ID-porten client's registered private key, as a JWK",
    ),
    secret(ID_PORTEN_CLIENT_SECRET, "the ID-porten client's secret"),
    plain(
        ID_PORTEN_AUTH_METHOD,
        "how the ID-porten client is registered to prove itself: private_key_jwt, client_secret_basic, client_secret_post or none",
    ),
    plain(ID_PORTEN_WELL_KNOWN_URL, "ID-porten's metadata URL"),
    plain(
        ID_PORTEN_ISSUER,
        "ID-porten's issuer, or that of a provider like it",
    ),
    plain(
        ID_PORTEN_REDIRECT_URI,
        "the loopback address that is registered for the client, such as http://localhost:8788/callback",
    ),
    plain(
        ID_PORTEN_SCOPES,
        "the scopes to ask for in a log-in, separated by blanks",
    ),
    plain(
        ID_PORTEN_LEVELS,
        "the provider's words for levels, such as Level3=3 Level4=4",
    ),
    plain(
        ID_PORTEN_DETAILS,
        "the types of authorization_details that the provider takes",
    ),
];

pub(crate) fn known(name: &str) -> Option<&'static Setting> {
    ALL.iter().find(|setting| setting.name == name)
}

/// Where the values of the environment come from.
#[derive(Clone)]
pub(crate) enum Variables {
    /// The process's own.
    Process,
    /// These, and no others.
    Given(BTreeMap<String, String>),
}

/// Where a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Flag,
    Environment,
    Profile,
}

struct Value {
    text: String,
    layer: Layer,
}

/// All settings of one run.
#[derive(Clone)]
pub(crate) struct Settings {
    flags: BTreeMap<&'static str, String>,
    variables: Variables,
    profile: Option<Profile>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn new(
        flags: BTreeMap<&'static str, String>,
        variables: Variables,
        profile: Option<Profile>,
    ) -> Self {
        Self {
            flags,
            variables,
            profile,
        }
    }

    fn find(&self, name: &'static str) -> Result<Option<Value>, Failure> {
        let filled = |text: &String| !text.trim().is_empty();
        if let Some(text) = self.flags.get(name).filter(|text| filled(text)) {
            return Ok(Some(Value {
                text: text.clone(),
                layer: Layer::Flag,
            }));
        }
        let variable = match &self.variables {
            Variables::Given(given) => given.get(name).cloned(),
            Variables::Process => process_variable(name)?,
        };
        if let Some(text) = variable.filter(filled) {
            return Ok(Some(Value {
                text,
                layer: Layer::Environment,
            }));
        }
        let profile = self
            .profile
            .as_ref()
            .and_then(|profile| profile.value(name));
        Ok(profile.filter(filled).map(|text| Value {
            text,
            layer: Layer::Profile,
        }))
    }

    /// The same settings, with these flags besides.
    pub(crate) fn with_flags(
        mut self,
        flags: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        self.flags.extend(flags);
        self
    }

    /// Whether the setting was given on the command line.
    pub(crate) fn has_flag(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    /// The value of a setting, if it is set.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<String>, Failure> {
        Ok(self.find(name)?.map(|value| value.text.trim().to_owned()))
    }

    /// The value of a secret setting; blanks around it are kept, they may belong to it.
    fn secret(&self, name: &'static str) -> Result<Option<SecretString>, Failure> {
        Ok(self.find(name)?.map(|value| {
            let text = value.text.strip_suffix('\n').unwrap_or(&value.text);
            SecretString::from(text.strip_suffix('\r').unwrap_or(text))
        }))
    }

    fn required(&self, name: &'static str) -> Result<String, Failure> {
        self.text(name)?.ok_or_else(|| missing(&[name]))
    }

    /// The client's id.
    pub(crate) fn client_id(&self) -> Result<ClientId, Failure> {
        let id = self.required(CLIENT_ID)?;
        id.parse().map_err(|error| invalid(CLIENT_ID, error))
    }

    /// Who owns the client, if it is said.
    pub(crate) fn owner(&self) -> Result<Option<OrganisationNumber>, Failure> {
        let number = self.text(ORGANISATION)?;
        number
            .map(|number| organisation(ORGANISATION, &number))
            .transpose()
    }

    /// The scopes that are set, if any.
    pub(crate) fn scopes(&self) -> Result<Option<Scopes>, Failure> {
        let Some(text) = self.text(SCOPES)? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error| invalid(SCOPES, error))
    }

    /// What signs grants.
    pub(crate) fn signer(&self, console: &Console) -> Result<Signer, Failure> {
        key::signer(self, console)
    }

    /// The certificates to trust beside the system's.
    pub(crate) fn ca_file(&self) -> Result<Option<(PathBuf, Vec<u8>)>, Failure> {
        let Some(path) = self.text(CA_FILE)? else {
            return Ok(None);
        };
        let bytes = read(CA_FILE, Path::new(&path))?;
        Ok(Some((path.into(), bytes)))
    }

    /// The API key of Altinn 2.
    pub(crate) fn api_key(&self) -> Result<Option<SecretString>, Failure> {
        self.secret(API_KEY)
    }

    /// The subscription key of the platform.
    pub(crate) fn subscription_key(&self) -> Result<Option<SecretString>, Failure> {
        self.secret(SUBSCRIPTION_KEY)
    }

    /// The subscription keys of single products, by the first part of their paths.
    pub(crate) fn product_keys(&self) -> Result<Vec<(&'static str, SecretString)>, Failure> {
        let mut keys = Vec::new();
        for (product, name) in &PRODUCT_KEYS {
            if let Some(key) = self.secret(name)? {
                keys.push((*product, key));
            }
        }
        Ok(keys)
    }

    /// The language of names.
    pub(crate) fn language(&self) -> Result<Language, Failure> {
        match self.text(LANGUAGE)? {
            None => Ok(Language::default()),
            Some(text) => text
                .parse()
                .map_err(|error: altinn_authz::Error| Failure::from(error).while_doing(LANGUAGE)),
        }
    }

    /// Who to be on Altinn 3, where it is set.
    pub(crate) fn is_person(&self) -> Result<bool, Failure> {
        match self.text(AS)?.as_deref() {
            None | Some("system-user") => Ok(false),
            Some("person") => Ok(true),
            Some(other) => Err(invalid(AS, format!("there is no {other:?}"))
                .todo("set system-user, or person (who logged in with `altinn login`)")),
        }
    }

    /// Which generation of Altinn, where a command has both.
    pub(crate) fn generation(&self) -> Result<Api, Failure> {
        use altinn_authz::rights::Generation;
        let Some(text) = self.text(GENERATION)? else {
            return Ok(Api::default());
        };
        match text.parse() {
            Ok(Generation::Altinn2) => Ok(Api::Altinn2),
            Ok(Generation::Altinn3) => Ok(Api::Altinn3),
            _ => {
                Err(invalid(GENERATION, format!("there is no {text:?}"))
                    .todo("set altinn2 or altinn3"))
            }
        }
    }

    /// The cookie of a browser that logged in at Altinn 2.
    pub(crate) fn cookie(&self) -> Result<Cookie, Failure> {
        let value = self.secret(COOKIE)?.ok_or_else(|| missing(&[COOKIE]))?;
        Cookie::new(&value).map_err(|error| invalid(COOKIE, error))
    }

    /// The enterprise certificate's file and password, for TLS.
    pub(crate) fn certificate(
        &self,
        console: &Console,
    ) -> Result<(Vec<u8>, SecretString), Failure> {
        let path = self.text(PKCS12)?.ok_or_else(|| missing(&[PKCS12]))?;
        let bytes = read(PKCS12, Path::new(&path))?;
        let password = match self.secret(PKCS12_PASSWORD)? {
            Some(password) => password,
            None => prompt(console, &format!("Password of {path}")).unwrap_or_default(),
        };
        Ok((bytes, password))
    }

    /// An enterprise user's or a person's name and password, asked for at the terminal where only the
    /// password is missing.
    pub(crate) fn enterprise_user(
        &self,
        console: &Console,
    ) -> Result<EnterpriseUserCredentials, Failure> {
        let Some(user_name) = self.text(USERNAME)? else {
            return Err(missing(&[USERNAME, PASSWORD]));
        };
        let password = match self.secret(PASSWORD)? {
            Some(password) => password,
            None => prompt(console, &redact::text(&format!("Password of {user_name}")))
                .ok_or_else(|| missing(&[PASSWORD]))?,
        };
        EnterpriseUserCredentials::new(user_name, password)
            .map_err(|error| invalid(USERNAME, error))
    }

    /// The owner of the system user to act as, where it is set.
    pub(crate) fn system_user(&self) -> Result<Option<OrganisationNumber>, Failure> {
        self.text(SYSTEM_USER)?
            .map(|text| organisation(SYSTEM_USER, &text))
            .transpose()
    }

    /// The reference of the system user, where it is set.
    pub(crate) fn external_ref(&self) -> Result<Option<String>, Failure> {
        self.text(EXTERNAL_REF)
    }

    fn named(&self) -> Result<Option<Environment>, Failure> {
        let Some(name) = self.text(ENVIRONMENT)? else {
            return Ok(None);
        };
        name.parse().map(Some).map_err(|error| invalid(ENVIRONMENT, error).todo(
            "use one of these names, or leave it out and give the URLs of another environment (ALTINN_PLATFORM_URL, MASKINPORTEN_ISSUER, MASKINPORTEN_TOKEN_ENDPOINT)",
        ))
    }

    /// Refuses a name that no environment has, before anything else is asked for.
    pub(crate) fn check_environment(&self) -> Result<(), Failure> {
        self.named().map(drop)
    }

    fn url(&self, name: &'static str) -> Result<Option<String>, Failure> {
        let Some(url) = self.text(name)? else {
            return Ok(None);
        };
        let origin: Origin = url.parse().map_err(|_| {
            Failure::usage(format!("{name} is not an absolute http(s) URL: {url}"))
                .todo(format!("correct {}", ways(&[name])))
        })?;
        if !origin.is_secure_or_loopback() {
            return Err(Failure::new(
                Exit::Unsafe,
                format!("{name} uses plain http to another machine: {url}"),
            )
            .todo("use https; plain http is for this machine only"));
        }
        Ok(Some(url))
    }

    /// Which Maskinporten: what is given explicitly, else what belongs to the named environment.
    pub(crate) async fn maskinporten(
        &self,
        transport: &dyn Transport,
    ) -> Result<maskinporten::Environment, Failure> {
        let issuer = self.url(ISSUER)?;
        let endpoint = self.url(TOKEN_ENDPOINT)?;
        let metadata = self.url(WELL_KNOWN_URL)?;
        let named = self.named()?;
        match (issuer, endpoint, metadata) {
            (Some(issuer), Some(endpoint), _) => {
                Ok(maskinporten::Environment::custom(&issuer, &endpoint)?)
            }
            (_, _, Some(metadata)) => {
                Ok(maskinporten::Environment::discover(&metadata, transport).await?)
            }
            (Some(_), None, None) => Err(missing(&[TOKEN_ENDPOINT])),
            (None, Some(_), None) => Err(missing(&[ISSUER])),
            (None, None, None) => named
                .map(|environment| environment.maskinporten().clone())
                .ok_or_else(|| missing(&[ENVIRONMENT, ISSUER, TOKEN_ENDPOINT])),
        }
    }

    /// Which Altinn, with its Maskinporten.
    pub(crate) async fn altinn(&self, transport: &dyn Transport) -> Result<Environment, Failure> {
        let platform = self.url(PLATFORM_URL)?;
        let altinn2 = self.url(API_URL)?;
        let Some(named) = self.named()? else {
            let platform = platform.ok_or_else(|| missing(&[ENVIRONMENT, PLATFORM_URL]))?;
            let maskinporten = self.maskinporten(transport).await?;
            return Ok(Environment::custom(
                "custom",
                &platform,
                altinn2.as_deref(),
                maskinporten,
            )?);
        };
        let maskinporten = self.maskinporten(transport).await?;
        if platform.is_none() && altinn2.is_none() {
            return Ok(named.with_maskinporten(maskinporten));
        }
        let platform = platform.unwrap_or_else(|| named.platform().to_string());
        let altinn2 = altinn2.or_else(|| named.altinn2().map(ToString::to_string));
        Ok(Environment::custom(
            named.name(),
            &platform,
            altinn2.as_deref(),
            maskinporten,
        )?)
    }
}

fn process_variable(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!(
            "{name} in the environment is not UTF-8"
        ))),
    }
}

/// The ways to give a setting, in the words of a sentence.
fn ways(names: &[&'static str]) -> String {
    let all = names.join(" and ");
    let flags: Vec<&str> = names
        .iter()
        .filter_map(|name| known(name).and_then(|setting| setting.flag))
        .collect();
    let by_flag = match flags.is_empty() {
        true => String::new(),
        false => format!("with {}, ", flags.join(" and ")),
    };
    format!("{by_flag}in the environment as {all}, or by the same name in a profile of altinn.toml")
}

/// A setting without which it cannot go on; of several, the first is the one that is missed.
pub(crate) fn missing(names: &[&'static str]) -> Failure {
    let first = names.first().copied().unwrap_or_default();
    let what = known(first).map_or("", |setting| setting.what);
    let failure = Failure::usage(format!("the setting {first} is missing: {what}"));
    let failure = match names {
        [ENVIRONMENT, rest @ ..] => {
            let urls = rest.join(" and ");
            failure.todo(format!(
                "give it {}; or give the URLs of another environment, {urls}",
                ways(&[ENVIRONMENT])
            ))
        }
        names => failure.todo(format!("give it {}", ways(names))),
    };
    failure
        .note("`altinn sim --write-env FILE` runs a simulator and writes a whole set to try with")
}

fn invalid(name: &str, error: impl fmt::Display) -> Failure {
    Failure::usage(format!("{name}: {error}"))
}

/// An organisation number that a person gave under this name.
pub(crate) fn organisation(name: &str, text: &str) -> Result<OrganisationNumber, Failure> {
    text.parse().map_err(|error: norwegian_ids::IdError| {
        Failure::usage(format!("{name}: this is no organisation number: {error}"))
            .todo("check the nine digits (Brønnøysundregistrene: https://data.brreg.no)")
    })
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "it may not be read by you".to_owned(),
            _ => error.to_string(),
        };
        Failure::usage(format!("{name}: {}: {reason}", path.display()))
            .todo(format!("check the path given {}", name_ways(name)))
    })
}

fn name_ways(name: &str) -> String {
    known(name).map_or_else(|| format!("as {name}"), |setting| ways(&[setting.name]))
}

/// Whether others than the file's owner may read it; unknown counts as no.
#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false
}

fn readable_by_others(path: &Path, holds: &str) -> Failure {
    Failure::new(
        Exit::Unsafe,
        format!("{} holds {holds} and may be read by others", path.display()),
    )
    .todo(format!("chmod 600 {}", path.display()))
}

/// Asks at the terminal, without echo; nowhere else.
fn prompt(console: &Console, what: &str) -> Option<SecretString> {
    use std::io::IsTerminal as _;
    if console.json() || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    let text = dialoguer::Password::new()
        .with_prompt(what)
        .interact()
        .ok()?;
    Some(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> Settings {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Settings::new(
            flags
                .iter()
                .map(|(name, text)| (*name, (*text).to_owned()))
                .collect(),
            Variables::Given(variables.iter().map(own).collect()),
            None,
        )
    }

    #[tokio::test]
    async fn what_is_given_explicitly_wins_over_what_the_name_implies() {
        let transport = http_transport::from_fn(|_| async {
            Err(http_transport::Error::new(
                http_transport::ErrorKind::Connect,
                "test",
            ))
        });
        let given = settings(
            &[(PLATFORM_URL, "http://127.0.0.1:7/")],
            &[
                (ENVIRONMENT, "tt02"),
                (PLATFORM_URL, "http://127.0.0.1:8/"),
                (ISSUER, "http://127.0.0.1:9/"),
                (TOKEN_ENDPOINT, "http://127.0.0.1:9/token"),
            ],
        );
        let environment = given.altinn(&transport).await.unwrap();
        assert_eq!(environment.platform().as_str(), "http://127.0.0.1:7/");
        assert_eq!(
            environment.altinn2().unwrap().as_str(),
            "https://tt02.altinn.no/"
        );
        assert_eq!(environment.maskinporten().issuer(), "http://127.0.0.1:9/");
    }

    #[tokio::test]
    async fn plain_http_goes_to_this_machine_only() {
        let transport = http_transport::from_fn(|_| async {
            Err(http_transport::Error::new(
                http_transport::ErrorKind::Connect,
                "test",
            ))
        });
        let given = settings(&[], &[(PLATFORM_URL, "http://altinn.example/")]);
        let failure = given.altinn(&transport).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Unsafe, "{failure}");
    }

    #[test]
    fn a_missing_setting_is_named_with_the_ways_to_give_it() {
        let failure = settings(&[], &[(CLIENT_ID, " ")]).client_id().unwrap_err();
        let said = failure.to_json().to_string();
        for part in [
            "MASKINPORTEN_CLIENT_ID is missing",
            "--client-id",
            "altinn.toml",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
