//! What a command works with: settings, connections, tokens.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use altinn_auth::id_porten::{FileStore as LoginStore, IdPorten, Login};
use altinn_auth::{Altinn, AltinnBuilder, EnterpriseUser, Person, Session, SystemUser};
use altinn_authz::altinn3;
use http_transport::{ReqwestTransport, Transport};
use maskinporten::{KeyReference, Signer};
use norwegian_ids::OrganisationNumber;
use token_cache::{FileStore, TokenCache};

use crate::args::Api;
use crate::console::Console;
use crate::failure::Failure;
use crate::settings::{self, Settings};
use crate::watch::Watch;

/// What a command works with. Commands of one context share their tokens.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) settings: Settings,
    pub(crate) console: &'a Console,
    cache: Arc<OnceLock<TokenCache>>,
    /// Where tokens outlive the command.
    tokens: Option<PathBuf>,
    transport: Arc<OnceLock<Arc<dyn Transport>>>,
    watch: Option<Watch>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(settings: Settings, console: &'a Console) -> Self {
        Self {
            settings,
            console,
            cache: Arc::default(),
            tokens: None,
            transport: Arc::default(),
            watch: None,
        }
    }

    /// The same, with tokens kept for the next command, in files of this folder.
    pub(crate) fn keeping_tokens_in(self, folder: Option<PathBuf>) -> Self {
        Self {
            tokens: folder,
            ..self
        }
    }

    /// The same, with everything that goes over the wire watched.
    pub(crate) fn watched_by(self, watch: Watch) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// The same with these flags besides: connections and tokens are shared.
    pub(crate) fn with_flags(
        &self,
        flags: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self {
            settings: self.settings.clone().with_flags(flags),
            console: self.console,
            cache: Arc::clone(&self.cache),
            tokens: self.tokens.clone(),
            transport: Arc::clone(&self.transport),
            watch: self.watch.clone(),
        }
    }

    /// What requests go through.
    pub(crate) fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        if let Some(transport) = self.transport.get() {
            return Ok(Arc::clone(transport));
        }
        let mut builder = ReqwestTransport::builder();
        if let Some((path, pem)) = self.settings.ca_file()? {
            builder = builder.trust_pem(&pem).map_err(|_| {
                Failure::usage(format!(
                    "{}: {} holds no certificates in PEM",
                    settings::CA_FILE,
                    path.display()
                ))
                .todo("give a file with certificates that begin with -----BEGIN CERTIFICATE-----")
            })?;
        }
        let mut transport: Arc<dyn Transport> = Arc::new(builder.build()?);
        if let Some(watch) = &self.watch {
            transport = watch.over(transport);
        }
        Ok(Arc::clone(self.transport.get_or_init(|| transport)))
    }

    /// Where tokens are kept. Each key has a file of its own: who changes the key wants to see whether
    /// it is accepted, and not the token that another one got.
    fn cache(&self, signer: &Signer) -> TokenCache {
        let cache = || match &self.tokens {
            Some(folder) => {
                let file = folder.join(format!("tokens-{}", key_name(signer)));
                TokenCache::builder().store(FileStore::new(file)).build()
            }
            None => TokenCache::new(),
        };
        self.cache.get_or_init(cache).clone()
    }

    /// A client of Maskinporten alone, which needs no Altinn.
    pub(crate) async fn maskinporten(&self) -> Result<maskinporten::Client, Failure> {
        let client_id = self.settings.client_id()?;
        let transport = self.transport()?;
        let signer = self.settings.signer(self.console)?;
        let environment = self.settings.maskinporten(&*transport).await?;
        let cache = self.cache(&signer);
        let mut builder = maskinporten::Client::builder(environment, client_id, signer)
            .transport(transport)
            .cache(cache);
        if let Some(owner) = self.settings.owner()? {
            builder = builder.owner(owner);
        }
        Ok(builder.build()?)
    }

    /// A client of Altinn.
    pub(crate) async fn altinn(&self) -> Result<Altinn, Failure> {
        let client_id = self.settings.client_id()?;
        let transport = self.transport()?;
        let signer = self.settings.signer(self.console)?;
        let environment = self.settings.altinn(&*transport).await?;
        let cache = self.cache(&signer);
        let mut builder = Altinn::builder(environment, client_id, signer)
            .transport(transport)
            .cache(cache);
        if let Some(owner) = self.settings.owner()? {
            builder = builder.owner(owner);
        }
        Ok(self.with_keys(builder)?.build()?)
    }

    /// A client of ID-porten, with its log-in in the user's folder for state.
    pub(crate) fn id_porten(&self) -> Result<IdPorten, Failure> {
        let folder = state_folder().ok_or_else(|| {
            Failure::usage("there is no folder to keep the log-in in")
                .todo("set HOME, or XDG_STATE_HOME")
        })?;
        let transport = self.transport()?;
        self.settings
            .id_porten(self.console, transport, |provider, client_id| {
                let whose = format!("{}\n{}", provider.issuer(), client_id.as_str());
                let name = short_hash(whose.as_bytes());
                LoginStore::at(folder.join(format!("login-{name}.json")))
            })
    }

    /// Where rights are asked for: a list that was run in one environment was not run in another.
    pub(crate) async fn rights_url(&self, api: Api) -> Result<String, Failure> {
        let transport = self.transport()?;
        let environment = self.settings.altinn(&*transport).await?;
        let url = match api {
            Api::Altinn3 => Some(environment.platform()),
            Api::Altinn2 => environment.altinn2(),
        };
        Ok(url.map(ToString::to_string).unwrap_or_default())
    }

    /// The log-in that is kept, and the client that it was made with.
    pub(crate) async fn login(&self) -> Result<(IdPorten, Arc<Login>), Failure> {
        let id_porten = self.id_porten()?;
        let login = id_porten
            .resume()
            .await?
            .ok_or_else(|| Failure::usage("nobody is logged in").todo("log in: altinn login"))?;
        Ok((id_porten, login))
    }

    /// The person who logged in with `altinn login`.
    pub(crate) async fn person(&self) -> Result<Session<Person>, Failure> {
        let (_, login) = self.login().await?;
        let transport = self.transport()?;
        let environment = self.settings.altinn(&*transport).await?;
        let cache = match &self.tokens {
            Some(folder) => TokenCache::builder()
                .store(FileStore::new(folder.join("tokens-person")))
                .build(),
            None => TokenCache::new(),
        };
        let builder = Altinn::without_maskinporten(environment)
            .transport(transport)
            .cache(self.cache.get_or_init(|| cache).clone());
        Ok(self.with_keys(builder)?.build()?.person(login))
    }

    /// Altinn without Maskinporten, for those who come in with a password, a cookie or a certificate.
    pub(crate) async fn altinn2(&self, with_certificate: bool) -> Result<Altinn, Failure> {
        let transport = self.transport()?;
        let environment = self.settings.altinn(&*transport).await?;
        let mut builder = Altinn::without_maskinporten(environment).transport(transport);
        if with_certificate {
            let (pkcs12, password) = self.settings.certificate(self.console)?;
            if let Some((_, pem)) = self.settings.ca_file()? {
                builder = builder.trust_pem(pem);
            }
            builder = builder.client_certificate(&pkcs12, &password)?;
        }
        Ok(self.with_keys(builder)?.build()?)
    }

    fn with_keys(&self, mut builder: AltinnBuilder) -> Result<AltinnBuilder, Failure> {
        if let Some(key) = self.settings.api_key()? {
            builder = builder.api_key(key);
        }
        if let Some(key) = self.settings.subscription_key()? {
            builder = builder.subscription_key(key);
        }
        for (product, key) in self.settings.product_keys()? {
            builder = builder.product_key(product, key);
        }
        Ok(builder)
    }

    /// Altinn 3's rights API: as the person who logged in where that is said, else as the system user that
    /// is set, or else the one of `otherwise`.
    pub(crate) async fn altinn3(
        &self,
        otherwise: Option<OrganisationNumber>,
        scopes: &[&str],
    ) -> Result<altinn3::Client, Failure> {
        let client = match self.settings.is_person()? {
            true => altinn3::Client::new(&self.person().await?),
            false => altinn3::Client::new(&self.system_user(otherwise, scopes).await?),
        };
        Ok(client.with_language(self.settings.language()?))
    }

    /// The system user to be: the one that is set, or else the one of `otherwise`.
    pub(crate) async fn system_user(
        &self,
        otherwise: Option<OrganisationNumber>,
        scopes: &[&str],
    ) -> Result<Session<SystemUser>, Failure> {
        let Some(owner) = self.settings.system_user()?.or(otherwise) else {
            return Err(settings::missing(&[settings::SYSTEM_USER]).note(
                "Altinn 3 knows rights as somebody's: a customer's system user (systembruker) acts for that customer",
            ));
        };
        let scopes = self.scopes(scopes)?;
        let session = self.altinn().await?.system_user(owner).scopes(scopes);
        Ok(match self.settings.external_ref()? {
            Some(reference) => session.external_ref(reference),
            None => session,
        })
    }

    /// The enterprise user to be.
    pub(crate) async fn enterprise_user(
        &self,
        scopes: &[&str],
    ) -> Result<Session<EnterpriseUser>, Failure> {
        let credentials = self.settings.enterprise_user(self.console)?;
        let scopes = self.scopes(scopes)?;
        Ok(self
            .altinn()
            .await?
            .enterprise_user(credentials)
            .scopes(scopes))
    }

    /// The scopes to ask for: those on the command line; else the least that the command needs,
    /// unless the scopes that are set are others than these altogether.
    pub(crate) fn scopes(&self, needed: &[&str]) -> Result<Vec<String>, Failure> {
        let needed: Vec<String> = needed.iter().map(|&scope| scope.into()).collect();
        let Some(set) = self.settings.scopes()? else {
            return Ok(needed);
        };
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        let covered = needed.iter().all(|scope| set.contains(scope));
        if covered && !self.settings.has_flag(settings::SCOPES) && !needed.is_empty() {
            return Ok(needed);
        }
        Ok(set)
    }
}

/// A name for what signs: a hash of what tells the server which key it is.
fn key_name(signer: &Signer) -> String {
    let key = match signer.key_reference() {
        Some(KeyReference::KeyId(kid)) => openssl::sha::sha256(kid.as_str().as_bytes()),
        Some(KeyReference::Chain(chain)) => {
            openssl::sha::sha256(chain.first().map_or(&[], Vec::as_slice))
        }
        _ => [0; 32],
    };
    hex(&key[..8])
}

fn short_hash(bytes: &[u8]) -> String {
    hex(&openssl::sha::sha256(bytes)[..8])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The user's folder for what can be made again, by the XDG specification.
pub(crate) fn tokens_folder() -> Option<PathBuf> {
    folder("XDG_CACHE_HOME", ".cache")
}

/// The user's folder for what is to outlive the command and cannot be made again.
pub(crate) fn state_folder() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state")
}

fn folder(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).map(PathBuf::from);
    named(variable)
        .filter(|folder| folder.is_absolute())
        .or_else(|| named("HOME").map(|home| home.join(otherwise)))
        .map(|folder| folder.join("altinn"))
}
