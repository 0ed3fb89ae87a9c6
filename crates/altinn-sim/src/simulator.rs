//! Starting and steering a simulator.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind};
use crate::faults::Faults;
use crate::pki::{EnterpriseCertificate, Pki, PkiError, Profile, Shape};
use crate::rights::Rights;
use crate::rights::altinn3::ConsentStatus;
use crate::server::{RequestLine, RequestLog, Service};
use crate::state::{Shared, Sim, Urls};
use crate::world::{Cast, Hidden, Jwk, Seed, World};
use crate::{
    Era, Host, Quirks, admin, altinn2, altinn3, id_porten, maskinporten, platform, server,
    settings, systems,
};

/// A running simulator. It stops when it is dropped.
pub struct Simulator {
    sim: Sim,
    tls: [String; 5],
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("urls", &self.sim.urls)
            .finish_non_exhaustive()
    }
}

/// How a simulator is to be started. Everything has a default.
#[must_use = "nothing is started yet"]
pub struct Builder {
    address: SocketAddr,
    seeds: Vec<Seed>,
    era: Era,
    quirks: Quirks,
    key_bits: u32,
    log: Option<RequestLog>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where to listen: `127.0.0.1` and any free ports, if not told otherwise.
    ///
    /// With a port `p`, Maskinporten is on `p`, the platform on `p + 1`, Altinn 2 on `p + 2`, the same over
    /// TLS on the three ports after these, ID-porten on `p + 6`, over TLS on `p + 7`, and the administration API on
    /// `p + 8`, over TLS on `p + 9`. An address that is not loopback opens the simulator to the network: it has no secrets to lose, but anyone who reaches it can use it.
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Lays a seed over the standard population; several are laid over each other.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seeds.push(seed);
        self
    }

    /// Which era it is: Altinn 2 open, if not told otherwise.
    pub fn era(self, era: Era) -> Self {
        Self { era, ..self }
    }

    /// Other readings of what is not published.
    pub fn quirks(self, quirks: Quirks) -> Self {
        Self { quirks, ..self }
    }

    /// Size of all RSA keys: 2048 bits, if not told otherwise; 3072 is what the real ones have, and takes
    /// some seconds more to start. Keys are made when the first simulator of a process needs them; the
    /// others of that process use the same, with an authority of another name.
    pub fn key_bits(self, key_bits: u32) -> Self {
        Self { key_bits, ..self }
    }

    /// Is called once for each request that was answered, or cut off by a fault.
    pub fn on_request(self, log: impl Fn(&RequestLine) + Send + Sync + 'static) -> Self {
        Self {
            log: Some(Arc::new(log)),
            ..self
        }
    }

    /// Starts it. When this returns, all listeners accept connections.
    ///
    /// # Errors
    /// A seed that cannot be used, or a port that is taken.
    pub async fn start(self) -> Result<Simulator, Error> {
        let mut world = World::with_seeds(self.seeds)?;
        let bits = self.key_bits;
        let made = tokio::task::spawn_blocking(move || Pki::new(bits)).await;
        let made = made.map_err(|e| Error::new(ErrorKind::Keys, "cannot make keys").because(e))?;
        let (pki, [maskinporten, platform, id_porten]) = made?;
        let clock = Clock::default();
        register_keys(&mut world, &pki, &clock)?;

        let mut listeners = Vec::new();
        for offset in 0..10 {
            listeners.push(bind(self.address, offset).await?);
        }
        let url = |scheme: &str, port: u16| {
            let ip = match self.address.ip() {
                ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
                ip => ip,
            };
            format!("{scheme}://{}", SocketAddr::new(ip, port))
        };
        let [a, b, c, d, e, f, g, h, i, j] = ports(&listeners)?;
        let sim = Arc::new(Shared {
            started: clock.now(),
            clock,
            sessions: altinn2::Sessions::default(),
            altinn2_key: OnceLock::new(),
            faults: Faults::default(),
            quirks: self.quirks,
            urls: Urls {
                maskinporten: url("http", a),
                platform: url("http", b),
                altinn2: url("http", c),
                id_porten: url("http", g),
                self_service: url("http", i),
            },
            maskinporten: maskinporten::Server::new(maskinporten),
            platform: platform::Server::new(platform),
            id_porten: id_porten::Server::new(id_porten),
            admin: admin::Registry::default(),
            rights: Rights::of(&world, jiff::Timestamp::now()),
            requests: systems::Requests::of(&world, jiff::Timestamp::now()),
            world: RwLock::new(world),
            altinn2_open: AtomicBool::new(self.era == Era::Altinn2Open),
            pki,
        });
        let (issuing, root) = (sim.pki.issuing().to_owned(), sim.pki.root().to_owned());
        let strict = sim.quirks.client_certificates_checked_in_handshake;
        let acceptor = server::tls(&sim.pki.tls, issuing, root, strict);
        let acceptor = acceptor.map_err(PkiError::from)?;
        let routers = [
            (Host::Maskinporten, maskinporten::router(sim.clone())),
            (
                Host::Platform,
                platform::router(sim.clone())
                    .merge(altinn3::router(sim.clone()))
                    .merge(systems::router(sim.clone())),
            ),
            (Host::Altinn2, altinn2::router(sim.clone())),
        ];
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let id_porten = (Host::IdPorten, id_porten::router(sim.clone()));
        let self_service = (Host::SelfService, admin::router(sim.clone()));
        let twice = routers
            .iter()
            .map(|r| (r, None))
            .chain(routers.iter().map(|r| (r, Some(()))))
            .chain([(&id_porten, None), (&id_porten, Some(()))])
            .chain([(&self_service, None), (&self_service, Some(()))]);
        for (listener, ((host, router), tls)) in listeners.into_iter().zip(twice) {
            let service = Service {
                host: *host,
                router: router.clone(),
                sim: sim.clone(),
                log: self.log.clone(),
            };
            let tls = tls.map(|()| acceptor.clone());
            tasks.spawn(server::serve(listener, service, tls, stopped.clone()));
        }
        let tls = [d, e, f, h, j].map(|port| url("https", port));
        Ok(Simulator {
            sim,
            tls,
            stop,
            tasks,
        })
    }
}

impl Simulator {
    /// Where it begins.
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seeds: Vec::new(),
            era: Era::Altinn2Open,
            quirks: Quirks::default(),
            key_bits: 2048,
            log: None,
        }
    }

    /// Maskinporten's issuer, with its trailing slash; a grant's `aud`.
    pub fn maskinporten_issuer(&self) -> String {
        maskinporten::issuer(&self.sim)
    }

    /// Where grants are sent.
    pub fn token_endpoint(&self) -> String {
        format!("{}/token", self.sim.urls.maskinporten)
    }

    /// Base of the platform, without a trailing slash.
    pub fn platform_url(&self) -> &str {
        &self.sim.urls.platform
    }

    /// Base of the Altinn 2 host, without a trailing slash and without `/api`.
    pub fn altinn2_url(&self) -> &str {
        &self.sim.urls.altinn2
    }

    /// ID-porten's issuer, without a trailing slash; its metadata is under
    /// `/.well-known/openid-configuration`.
    pub fn id_porten_issuer(&self) -> &str {
        &self.sim.urls.id_porten
    }

    /// Base of Digdir's administration API (self-service), with `/api/v1`; it answers without that too.
    pub fn self_service_url(&self) -> String {
        format!("{}/api/v1", self.sim.urls.self_service)
    }

    /// How long the token server does not know of what was written through the administration API: two
    /// minutes if not told otherwise, by the simulator's clock. In reality it can be 15.
    pub fn set_propagation_delay(&self, delay: SignedDuration) {
        self.sim.admin.set_delay(delay);
    }

    /// The same host over TLS; trust [`ca_pem`](Self::ca_pem). Identifiers such as the issuer keep the
    /// plain address.
    pub fn tls_url(&self, host: Host) -> &str {
        let [maskinporten, platform, altinn2, id_porten, self_service] = &self.tls;
        match host {
            Host::Maskinporten => maskinporten,
            Host::Platform => platform,
            Host::Altinn2 => altinn2,
            Host::IdPorten => id_porten,
            Host::SelfService => self_service,
        }
    }

    /// The root certificate, for the TLS listeners.
    ///
    /// # Errors
    /// When OpenSSL refuses, which no input here causes.
    pub fn ca_pem(&self) -> Result<Vec<u8>, Error> {
        Ok(self.sim.pki.root_pem()?)
    }

    /// The clock, to move it.
    pub fn clock(&self) -> &Clock {
        &self.sim.clock
    }

    /// The faults, to plan some.
    pub fn faults(&self) -> &Faults {
        &self.sim.faults
    }

    /// Which era it is.
    pub fn era(&self) -> Era {
        self.sim.era()
    }

    /// Changes the era while running.
    pub fn set_era(&self, era: Era) {
        self.sim.set_era(era);
    }

    /// Who plays which part.
    pub fn cast(&self) -> Cast {
        self.sim.world().cast.clone()
    }

    /// The registers as they are now.
    pub fn world(&self) -> World {
        self.sim.world().clone()
    }

    /// Changes the registers while running, as an administrator of Maskinporten or Altinn would.
    pub fn change_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.sim.world_mut())
    }

    /// The customer's answer to a system user request or a change request, by its id; as on the page that
    /// its `confirmUrl` leads to.
    ///
    /// # Errors
    /// When no such request is waiting, or the customer is not an organisation of the world.
    pub fn answer_system_user_request(&self, id: uuid::Uuid, approve: bool) -> Result<(), Error> {
        if systems::answer(&self.sim, id, approve) {
            return Ok(());
        }
        let text = format!("there is no request {id} that waits for an answer");
        Err(Error::new(ErrorKind::NotFound, text))
    }

    /// The answer of the one who is asked for consent (samtykke), by the request's id, as in the portal.
    ///
    /// # Errors
    /// When no such request is waiting.
    pub fn answer_consent_request(&self, id: uuid::Uuid, accept: bool) -> Result<(), Error> {
        let answer = if accept {
            ConsentStatus::Accepted
        } else {
            ConsentStatus::Rejected
        };
        if altinn3::answer_consent(&self.sim, id, answer) {
            return Ok(());
        }
        let text = format!("there is no request for consent {id} that waits for an answer");
        Err(Error::new(ErrorKind::NotFound, text))
    }

    /// Takes back a consent that was given and has not expired, as in the portal.
    ///
    /// # Errors
    /// When there is no such consent.
    pub fn revoke_consent(&self, id: uuid::Uuid) -> Result<(), Error> {
        if altinn3::answer_consent(&self.sim, id, ConsentStatus::Revoked) {
            return Ok(());
        }
        let text = format!("there is no consent {id} that holds");
        Err(Error::new(ErrorKind::NotFound, text))
    }

    /// Maskinporten signs with a new key from now on. `keep_old`: the old one stays in its JWKS, as a
    /// careful rotation does it.
    ///
    /// # Errors
    /// When no key could be made.
    pub fn rotate_maskinporten_key(&self, keep_old: bool) -> Result<(), Error> {
        let key = self.sim.pki.new_signing_key("Altinn-sim Maskinporten")?;
        self.sim.maskinporten.rotate(key, keep_old);
        Ok(())
    }

    /// The platform signs with a new key from now on, as
    /// [`rotate_maskinporten_key`](Self::rotate_maskinporten_key).
    ///
    /// # Errors
    /// When no key could be made.
    pub fn rotate_platform_key(&self, keep_old: bool) -> Result<(), Error> {
        let key = self.sim.pki.new_signing_key("Altinn-sim platform")?;
        self.sim.platform.rotate(key, keep_old);
        Ok(())
    }

    /// ID-porten signs with a new key from now on, as
    /// [`rotate_maskinporten_key`](Self::rotate_maskinporten_key).
    ///
    /// # Errors
    /// When no key could be made.
    pub fn rotate_id_porten_key(&self, keep_old: bool) -> Result<(), Error> {
        let key = self.sim.pki.new_signing_key("Altinn-sim ID-porten")?;
        self.sim.id_porten.rotate(key, keep_old);
        Ok(())
    }

    /// An enterprise certificate (virksomhetssertifikat) for an organisation of the world.
    ///
    /// # Errors
    /// When there is no such organisation.
    pub fn issue_certificate(
        &self,
        organisation: &str,
        profile: &Profile,
    ) -> Result<EnterpriseCertificate, Error> {
        let name = self
            .sim
            .world()
            .organisation(organisation)
            .map(|o| o.name.clone());
        let name = name.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("there is no organisation {organisation}"),
            )
        })?;
        Ok(self
            .sim
            .pki
            .issue(organisation, &name, profile, self.sim.clock.now())?)
    }

    /// An authentication certificate of the client's owner, as a PKCS#12 file and its password.
    ///
    /// # Errors
    /// When there is no such client.
    pub fn pkcs12(&self, client_id: &str) -> Result<(Vec<u8>, Hidden), Error> {
        let owner = self.owner(client_id)?;
        let certificate = self.issue_certificate(&owner, &Profile::new(Shape::CommfidesSeid2))?;
        let password = Hidden::new(uuid::Uuid::new_v4().simple().to_string());
        Ok((certificate.pkcs12(password.expose())?, password))
    }

    /// The private key of a client that has a registered one, as a JWK with its `kid`: what a platform
    /// injects as `MASKINPORTEN_CLIENT_JWK`.
    ///
    /// # Errors
    /// When there is no such client, or it has no key of this simulator.
    pub fn client_jwk(&self, client_id: &str) -> Result<Hidden, Error> {
        self.owner(client_id)?;
        let world = self.sim.world();
        let client = world.client(client_id).filter(|c| c.registered_key);
        let kid = client
            .and_then(|c| c.keys.last())
            .map(|k| k.kid.clone())
            .ok_or_else(|| {
                let text = format!("client {client_id} has no registered key");
                Error::new(ErrorKind::NotFound, text)
            })?;
        Ok(private_jwk(&self.sim.pki.registered_key, &kid).map_err(PkiError::from)?)
    }

    /// The access token of a person who has logged in with ID-porten; `scopes` is separated by blanks.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn id_porten_token(&self, person: &Hidden, scopes: &str) -> Result<Hidden, Error> {
        let person = self.sim.world().person(person.expose()).cloned();
        let person =
            person.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such person"))?;
        let token = self.sim.id_porten.access_token(&self.sim, &person, scopes);
        let token =
            token.map_err(|e| Error::new(ErrorKind::Keys, "cannot sign a token").because(e))?;
        Ok(Hidden::new(token))
    }

    /// Writes settings that point a client at this simulator: `KEY=value` lines, quoted for a shell, with
    /// the vendor's certificate and the root certificate in files beside (the same name with `.p12` and
    /// `.ca.pem` added). All files can be read by their owner only; `file` itself is written last, and
    /// appears whole or not at all.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_env(&self, file: &Path) -> Result<(), Error> {
        settings::write(self, &self.sim, file)
    }

    /// Stops listening, lets requests in progress finish, and returns when all is down.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }

    fn owner(&self, client_id: &str) -> Result<String, Error> {
        self.sim
            .world()
            .client(client_id)
            .map(|c| c.owner.clone())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("there is no client {client_id}"),
                )
            })
    }
}

async fn bind(address: SocketAddr, offset: u16) -> Result<TcpListener, Error> {
    let port = match address.port() {
        0 => Some(0),
        port => port.checked_add(offset),
    };
    let text = || format!("cannot listen on {address} and the nine ports after it");
    let port = port.ok_or_else(|| Error::new(ErrorKind::Listen, text()))?;
    TcpListener::bind(SocketAddr::new(address.ip(), port))
        .await
        .map_err(|e| Error::new(ErrorKind::Listen, text()).because(e))
}

fn ports(listeners: &[TcpListener]) -> Result<[u16; 10], Error> {
    let ports: Result<Vec<u16>, _> = listeners
        .iter()
        .map(|l| l.local_addr().map(|address| address.port()))
        .collect();
    let unknown = || Error::new(ErrorKind::Listen, "cannot read which port was given");
    ports
        .map_err(|e| unknown().because(e))?
        .try_into()
        .map_err(|_| unknown())
}

/// Registers the public half of the simulator's key on the clients that ask for one. A registered key
/// lives one year.
fn register_keys(world: &mut World, pki: &Pki, clock: &Clock) -> Result<(), Error> {
    let rsa = pki.registered_key.rsa().map_err(PkiError::from)?;
    let exp = (clock.now() + SignedDuration::from_hours(365 * 24)).as_second();
    for client in world.clients.iter_mut().filter(|c| c.registered_key) {
        let number = |n: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(n.to_vec());
        let kid = format!("{}-1", client.name);
        let key = Jwk::new(kid, number(rsa.n()), number(rsa.e()));
        client.keys.push(Jwk {
            exp: Some(exp),
            ..key
        });
    }
    Ok(())
}

fn private_jwk(key: &PKey<Private>, kid: &str) -> Result<Hidden, ErrorStack> {
    let rsa = key.rsa()?;
    let number = |n: Option<&openssl::bn::BigNumRef>| n.map(|n| URL_SAFE_NO_PAD.encode(n.to_vec()));
    let jwk = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
        "n": number(Some(rsa.n())), "e": number(Some(rsa.e())), "d": number(Some(rsa.d())),
        "p": number(rsa.p()), "q": number(rsa.q()),
        "dp": number(rsa.dmp1()), "dq": number(rsa.dmq1()), "qi": number(rsa.iqmp()),
    });
    Ok(Hidden::new(jwk.to_string()))
}
