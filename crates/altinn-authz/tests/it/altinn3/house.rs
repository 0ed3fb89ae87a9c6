//! A simulator with everybody logged in, the way a program gets there: grant, token, exchange.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use altinn_auth::{Altinn, Environment, Organisation, Session};
use altinn_authz::altinn3::{Client, Entitlement, PartyUuid, Relation};
use altinn_authz::{Caller, Error};
use altinn_sim::world::{Hidden, Seed};
use altinn_sim::{Builder, Fault, Host, Simulator};
use bytes::Bytes;
use http_transport::{BoxFuture, ReqwestTransport, Transport};
use maskinporten::Signer;
use url::Url;

/// All of access management; a fault planned here hits no log-in.
pub(crate) const ACCESS_MANAGEMENT: &str = "/accessmanagement/";

/// What a person may ask for at log-in, and a system user by the vendor's client.
pub(crate) const END_USER: [&str; 15] = [
    "altinn:accessmanagement/authorizedparties",
    "altinn:accessmanagement/enduser:connections:toothers.read",
    "altinn:accessmanagement/enduser:connections:toothers.write",
    "altinn:accessmanagement/enduser:connections:fromothers.read",
    "altinn:accessmanagement/enduser:connections:fromothers.write",
    "altinn:accessmanagement/enduser:requests.read",
    "altinn:accessmanagement/enduser:requests.write",
    "altinn:accessmanagement/enduser:maskinportensuppliers.read",
    "altinn:accessmanagement/enduser:maskinportensuppliers.write",
    "altinn:accessmanagement/enduser:maskinportenconsumers.read",
    "altinn:accessmanagement/enduser:maskinportenconsumers.write",
    "altinn:clientdelegations.read",
    "altinn:clientdelegations.write",
    "altinn:clientdelegations/myclients.read",
    "altinn:clientdelegations/myclients.write",
];

pub(crate) struct House {
    pub(crate) sim: Simulator,
    environment: Environment,
    transport: Arc<dyn Transport>,
    log: Arc<Mutex<Vec<(String, String)>>>,
}

/// A person with a token of the platform. What is sent is written down.
#[derive(Clone)]
pub(crate) struct Somebody {
    platform: Url,
    token: Arc<str>,
    /// What the caller believes the token to have.
    scopes: Vec<String>,
    transport: Arc<dyn Transport>,
    sent: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Somebody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Somebody")
    }
}

impl Caller for Somebody {
    fn call(
        &self,
        _operation: &'static str,
        mut request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        let line = format!("{} {}", request.method(), request.uri().path());
        self.sent.lock().unwrap().push(line);
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        Box::pin(async move { Ok(self.transport.send(request).await?) })
    }

    fn platform(&self) -> &Url {
        &self.platform
    }

    fn altinn2(&self) -> Option<&Url> {
        None
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|has| has == scope)
    }
}

impl Somebody {
    pub(crate) fn client(&self) -> Client {
        Client::with_caller(self.clone())
    }

    /// What was sent since `sent` was last asked, method and path.
    pub(crate) fn all_sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }

    /// How many calls of this method went to a path that ends so, since it was last asked.
    pub(crate) fn sent(&self, method: &str, end: &str) -> usize {
        let all = std::mem::take(&mut *self.sent.lock().unwrap());
        let wanted = |line: &&String| line.starts_with(method) && line.ends_with(end);
        all.iter().filter(wanted).count()
    }

    /// The same token, by a caller that believes it has these scopes.
    pub(crate) fn believing(&self, scopes: &[&str]) -> Client {
        let mut other = self.clone();
        other.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        other.client()
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::seeded("").await
    }

    pub(crate) async fn seeded(toml: &str) -> Self {
        Self::start(Simulator::builder().seed(Seed::from_toml(toml).unwrap())).await
    }

    pub(crate) async fn start(builder: Builder) -> Self {
        let log: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let lines = Arc::clone(&log);
        let sim = builder
            .key_bits(2048)
            .on_request(move |line| {
                let path = line.path.split('?').next().unwrap_or_default();
                if path.starts_with(ACCESS_MANAGEMENT) {
                    let line = (line.method.clone(), path.to_owned());
                    lines.lock().unwrap().push(line);
                }
            })
            .start()
            .await
            .unwrap();
        let vendors = sim.cast().key_client;
        sim.change_world(|world| {
            let vendor = world.cast.vendor.clone();
            for scope in &mut world.scopes {
                if !scope.granted_to.contains(&vendor) {
                    scope.granted_to.push(vendor.clone());
                }
            }
            let all = world.scopes.iter().map(|scope| scope.name.clone());
            let all: Vec<String> = all.collect();
            world.client_mut(&vendors).unwrap().scopes = all;
        });
        let maskinporten =
            maskinporten::Environment::custom(&sim.maskinporten_issuer(), &sim.token_endpoint())
                .unwrap();
        let environment =
            Environment::custom("sim", sim.platform_url(), None, maskinporten).unwrap();
        Self {
            sim,
            environment,
            transport: Arc::new(ReqwestTransport::builder().build().unwrap()),
            log,
        }
    }

    pub(crate) fn altinn(&self, client: &str) -> Altinn {
        let jwk = self.sim.client_jwk(client).unwrap();
        let signer = Signer::from_jwk(jwk.expose()).unwrap();
        let key = self.sim.world().subscription_keys[0].key.clone();
        Altinn::builder(self.environment.clone(), client.parse().unwrap(), signer)
            .subscription_key(key.expose().into())
            .build()
            .unwrap()
    }

    /// The customer's system user.
    pub(crate) fn system_user(&self) -> Client {
        let cast = self.sim.cast();
        let altinn = self.altinn(&cast.key_client);
        let session = altinn.system_user(cast.customer.parse().unwrap());
        Client::new(&session.scopes(END_USER))
    }

    /// An organisation that has a client with a registered key.
    pub(crate) fn organisation<const N: usize>(
        &self,
        number: &str,
        scopes: [&'static str; N],
    ) -> Session<Organisation> {
        let world = self.sim.world();
        let mut clients = world.clients.iter();
        let client = clients
            .find(|client| {
                client.owner == number
                    && client.registered_key
                    && client.integration_type == "maskinporten"
            })
            .unwrap();
        self.altinn(&client.client_id).organisation().scopes(scopes)
    }

    /// A person who has logged in with ID-porten.
    pub(crate) async fn person(&self, person: &Hidden) -> Client {
        self.somebody(person.expose(), &END_USER).await.client()
    }

    /// A person who has logged in with ID-porten, for these scopes.
    pub(crate) async fn somebody(&self, person: &str, scopes: &[&str]) -> Somebody {
        let token = self
            .sim
            .id_porten_token(&Hidden::new(person), &scopes.join(" "))
            .unwrap();
        let platform = self.sim.platform_url();
        let exchange = format!("{platform}/authentication/api/v1/exchange/id-porten");
        let request = http::Request::get(exchange)
            .header("authorization", format!("Bearer {}", token.expose()))
            .body(Bytes::new())
            .unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let token = std::str::from_utf8(answer.body()).unwrap();
        Somebody {
            platform: platform.parse().unwrap(),
            token: token.trim_matches('"').into(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            transport: Arc::clone(&self.transport),
            sent: Arc::default(),
        }
    }

    /// Whoever asks without a token.
    pub(crate) fn anybody(&self) -> (&Environment, Arc<dyn Transport>) {
        (&self.environment, Arc::clone(&self.transport))
    }

    /// The party UUID of an organisation.
    pub(crate) fn party(&self, number: &str) -> PartyUuid {
        let world = self.sim.world();
        world.organisation(number).unwrap().party_uuid.into()
    }

    pub(crate) fn customer(&self) -> PartyUuid {
        self.party(&self.sim.cast().customer)
    }

    /// The party UUID of a person.
    pub(crate) fn person_party(&self, person: &str) -> PartyUuid {
        let world = self.sim.world();
        world.person(person).unwrap().party_uuid.into()
    }

    /// Plans a fault for the `nth` call from now to access management.
    pub(crate) fn fault(&self, path: &str, nth: u32, fault: Fault) {
        let path = format!("{ACCESS_MANAGEMENT}{path}");
        self.sim.faults().on_call(Host::Platform, path, nth, fault);
    }

    /// How many calls of access management with this method have reached a path that ends so, since the last time this
    /// was asked.
    pub(crate) fn calls(&self, method: &str, path: &str) -> usize {
        let lines = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        let meant = |(m, p): &&(String, String)| m == method && p.ends_with(path);
        lines.iter().filter(meant).count()
    }
}

/// What one party has given another directly, each right by itself, as somebody else reads it.
pub(crate) async fn given(reader: &Client, from: &PartyUuid, to: &PartyUuid) -> BTreeSet<String> {
    let held = reader
        .held_between(Relation::given_by(from).with(to))
        .await
        .unwrap();
    let Some(holder) = held.by(to) else {
        return BTreeSet::new();
    };
    let mut given = BTreeSet::new();
    let mut add = |text: String| assert!(given.insert(text.clone()), "{text} is there twice");
    for package in holder.packages().iter().filter(|p| p.is_direct()) {
        add(format!("package:{}", package.package().code()));
    }
    for resource in holder.resources() {
        for right in resource.rights().unwrap().iter().filter(|r| r.is_direct()) {
            let action = right.action().unwrap();
            add(format!("resource:{}#{action}", resource.resource()));
        }
    }
    for instance in holder.instances() {
        for right in instance.rights().unwrap().iter().filter(|r| r.is_direct()) {
            let action = right.action().unwrap();
            let (resource, id) = (instance.resource(), instance.instance());
            add(format!("instance:{resource}@{id}#{action}"));
        }
    }
    given
}

/// A set of what is given, as it is written down.
pub(crate) fn set<const N: usize>(these: [&str; N]) -> BTreeSet<String> {
    these.into_iter().map(str::to_owned).collect()
}

pub(crate) fn entitlement(text: &str) -> Entitlement {
    text.parse().unwrap()
}
