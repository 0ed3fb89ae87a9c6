//! ID-porten's settings, or those of a provider like it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use altinn_auth::id_porten::{ClientAuthentication, FileStore, IdPorten};
use altinn_auth::{Provider, SecurityLevel};
use http_transport::{ExposeSecret as _, Transport};
use maskinporten::{ClientId, Signer};
use url::{Host, Url};

use super::{
    ENVIRONMENT, ID_PORTEN_AUTH_METHOD, ID_PORTEN_CLIENT_ID, ID_PORTEN_CLIENT_JWK,
    ID_PORTEN_CLIENT_SECRET, ID_PORTEN_DETAILS, ID_PORTEN_ISSUER, ID_PORTEN_LEVELS,
    ID_PORTEN_REDIRECT_URI, ID_PORTEN_SCOPES, ID_PORTEN_WELL_KNOWN_URL, Settings, invalid, missing,
};
use crate::console::Console;
use crate::failure::{Exit, Failure};

/// Where the registered address is, unless it is set.
const REDIRECT_URI: &str = "http://localhost:8788/callback";
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The loopback address to which the browser comes back.
#[derive(Clone, Debug)]
pub(crate) struct RedirectUri {
    /// To the letter, as it is registered.
    pub(crate) text: String,
    pub(crate) path: String,
    /// What the browser says in `Host`.
    pub(crate) authority: String,
    /// Where to listen: a browser may take either for `localhost`.
    pub(crate) listen: Vec<SocketAddr>,
}

impl Settings {
    /// A client of ID-porten, with its log-in in a file of this folder.
    pub(crate) fn id_porten(
        &self,
        console: &Console,
        transport: Arc<dyn Transport>,
        store: impl FnOnce(&Provider, &ClientId) -> FileStore,
    ) -> Result<IdPorten, Failure> {
        let provider = self.provider()?;
        let client_id: ClientId = self
            .required(ID_PORTEN_CLIENT_ID)?
            .parse()
            .map_err(|error| invalid(ID_PORTEN_CLIENT_ID, error))?;
        let store = store(&provider, &client_id);
        Ok(IdPorten::builder(provider, client_id)
            .authentication(self.client_authentication(console)?)
            .store(store)
            .transport(transport)
            .build()?)
    }

    fn provider(&self) -> Result<Provider, Failure> {
        let well_known = self.url(ID_PORTEN_WELL_KNOWN_URL)?;
        let issuer = match (self.url(ID_PORTEN_ISSUER)?, well_known) {
            (Some(issuer), _) => Some(issuer),
            (None, Some(url)) => {
                let issuer = url.strip_suffix(WELL_KNOWN).ok_or_else(|| {
                    Failure::usage(format!(
                        "{ID_PORTEN_WELL_KNOWN_URL} does not end with {WELL_KNOWN}: {url}"
                    ))
                    .todo(format!("give the issuer instead: {ID_PORTEN_ISSUER}"))
                })?;
                Some(issuer.to_owned())
            }
            (None, None) => None,
        };
        let mut provider = match issuer {
            Some(issuer) => of_issuer(&issuer)?,
            None => self
                .named()?
                .map(|environment| environment.id_porten().clone())
                .ok_or_else(|| missing(&[ENVIRONMENT, ID_PORTEN_ISSUER]))?,
        };
        if let Some(text) = self.text(ID_PORTEN_LEVELS)? {
            provider = provider.with_levels(levels(&text)?);
        }
        if let Some(text) = self.text(ID_PORTEN_DETAILS)? {
            provider = provider.with_authorization_details(words(&text));
        }
        Ok(provider)
    }

    /// As it is registered: the method that is named, or the one that what is given is for.
    fn client_authentication(&self, console: &Console) -> Result<ClientAuthentication, Failure> {
        let jwk = self.secret(ID_PORTEN_CLIENT_JWK)?;
        let secret = self.secret(ID_PORTEN_CLIENT_SECRET)?;
        let method = self.text(ID_PORTEN_AUTH_METHOD)?;
        let needed = |name| missing(&[name]);
        match (method.as_deref(), jwk, secret) {
            (None, Some(_), Some(_)) => Err(Failure::usage(format!(
                "a key and a secret are given at once: {ID_PORTEN_CLIENT_JWK} and {ID_PORTEN_CLIENT_SECRET}"
            ))
            .todo(format!(
                "unset one of them, or say with {ID_PORTEN_AUTH_METHOD} how the client is registered"
            ))),
            (None | Some("private_key_jwt"), Some(jwk), _) => Signer::loader()
                .jwk(jwk.expose_secret())
                .map(ClientAuthentication::PrivateKeyJwt)
                .map_err(|error| Failure::from(error).while_doing(ID_PORTEN_CLIENT_JWK)),
            // an enterprise certificate serves here, too
            (Some("private_key_jwt"), None, _) => {
                self.signer(console).map(ClientAuthentication::PrivateKeyJwt)
            }
            (None | Some("client_secret_basic"), _, Some(secret)) => {
                Ok(ClientAuthentication::SecretBasic(secret))
            }
            (Some("client_secret_post"), _, Some(secret)) => {
                Ok(ClientAuthentication::SecretPost(secret))
            }
            (Some("client_secret_basic" | "client_secret_post"), _, None) => {
                Err(needed(ID_PORTEN_CLIENT_SECRET))
            }
            (None | Some("none"), _, _) => Ok(ClientAuthentication::None),
            (Some(other), _, _) => Err(invalid(
                ID_PORTEN_AUTH_METHOD,
                format!("there is no method {other:?}"),
            )
            .todo("set private_key_jwt, client_secret_basic, client_secret_post or none")),
        }
    }

    /// The scopes to ask for in a log-in, where they are set.
    pub(crate) fn login_scopes(&self) -> Result<Vec<String>, Failure> {
        let text = self.text(ID_PORTEN_SCOPES)?.unwrap_or_default();
        Ok(words(&text).map(str::to_owned).collect())
    }

    /// Where the browser comes back to: on this machine.
    pub(crate) fn redirect_uri(&self) -> Result<RedirectUri, Failure> {
        let text = self
            .text(ID_PORTEN_REDIRECT_URI)?
            .unwrap_or_else(|| REDIRECT_URI.to_owned());
        RedirectUri::read(&text)
    }
}

impl RedirectUri {
    fn read(text: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            invalid(ID_PORTEN_REDIRECT_URI, format!("{text} {why}")).todo(format!(
                "register an address on this machine for the client, such as {REDIRECT_URI}, and set it here"
            ))
        };
        let url = Url::parse(text).map_err(|_| wrong("is no URL"))?;
        let loopback = [
            IpAddr::from(Ipv4Addr::LOCALHOST),
            IpAddr::from(Ipv6Addr::LOCALHOST),
        ];
        let hosts = match url.host() {
            Some(Host::Domain("localhost")) => loopback.to_vec(),
            Some(Host::Ipv4(ip)) if ip.is_loopback() => vec![ip.into()],
            Some(Host::Ipv6(ip)) if ip.is_loopback() => vec![ip.into()],
            _ => {
                return Err(Failure::new(
                    Exit::Unsafe,
                    format!("{ID_PORTEN_REDIRECT_URI}: {text} is not on this machine"),
                )
                .todo(format!(
                    "register an address on this machine for the client, such as {REDIRECT_URI}, and set it here"
                )));
            }
        };
        if url.scheme() != "http" {
            return Err(wrong(
                "is not plain http, and the command listens without TLS",
            ));
        }
        let port = url.port().ok_or_else(|| wrong("names no port"))?;
        Ok(Self {
            path: url.path().to_owned(),
            authority: url.authority().to_owned(),
            listen: hosts
                .into_iter()
                .map(|host| SocketAddr::new(host, port))
                .collect(),
            text: text.to_owned(),
        })
    }
}

/// What makes a provider besides its issuer is known for some.
fn of_issuer(issuer: &str) -> Result<Provider, Failure> {
    let known = [
        Provider::id_porten(),
        Provider::id_porten_test(),
        Provider::ansattporten(),
        Provider::ansattporten_test(),
    ];
    if let Some(provider) = known.into_iter().find(|known| known.issuer() == issuer) {
        return Ok(provider);
    }
    Ok(match issuer.contains("/idporten-oidc-provider") {
        true => Provider::old_id_porten(issuer)?,
        false => Provider::like_id_porten(issuer)?,
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',', '\t', '\n'])
        .filter(|word| !word.is_empty())
}

fn levels(text: &str) -> Result<Vec<(String, SecurityLevel)>, Failure> {
    words(text)
        .map(|word| {
            let (acr, level) = word.rsplit_once('=')?;
            Some((acr.to_owned(), SecurityLevel::new(level.parse().ok()?)?))
        })
        .collect::<Option<Vec<_>>>()
        .filter(|levels| !levels.is_empty())
        .ok_or_else(|| {
            invalid(ID_PORTEN_LEVELS, "this is no list of words and levels")
                .todo("write word=level for each, such as Level3=3 Level4=4; levels are 0 to 4")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_comes_back_to_this_machine_and_to_no_other() {
        let read = RedirectUri::read("http://localhost:8788/callback").unwrap();
        assert_eq!((read.path.as_str(), read.listen.len()), ("/callback", 2));
        assert_eq!(read.authority, "localhost:8788");
        assert_eq!(
            RedirectUri::read("http://127.0.0.1:1/")
                .unwrap()
                .listen
                .len(),
            1
        );
        for (wrong, exit) in [
            ("http://login.example:8788/", Exit::Unsafe),
            ("http://192.168.0.1:8788/", Exit::Unsafe),
            ("https://localhost:8788/", Exit::Usage),
            ("http://localhost/", Exit::Usage),
            ("https://login.example/", Exit::Unsafe),
            ("callback", Exit::Usage),
        ] {
            assert_eq!(
                RedirectUri::read(wrong).unwrap_err().exit(),
                exit,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_provider_is_known_by_its_issuer_or_described_by_settings() {
        let old = of_issuer("https://oidc-ver2.difi.no/idporten-oidc-provider/").unwrap();
        assert_eq!(old.acr_of(SecurityLevel::FOUR), Some("Level4"));
        let ansattporten = of_issuer("https://ansattporten.no").unwrap();
        assert!(ansattporten.takes_details("ansattporten:altinn:service"));
        let own = levels("low=1, high=4").unwrap();
        assert_eq!(
            own,
            [
                ("low".to_owned(), SecurityLevel::ONE),
                ("high".to_owned(), SecurityLevel::FOUR)
            ]
        );
        for wrong in ["", "high", "high=5", "=x"] {
            assert!(levels(wrong).is_err(), "{wrong}");
        }
    }
}
