//! A simulator with Altinn tokens for everyone, gotten the way a client gets them: grant, token,
//! exchange.

use altinn_sim::world::{Hidden, Seed};
use altinn_sim::{Builder, Simulator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::ext::ReasonPhrase;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::client::Grant;

pub(crate) const CONNECTIONS: &str = "/accessmanagement/api/v1/enduser/connections";
pub(crate) const PARTIES: &str = "/accessmanagement/api/v1/enduser/authorizedparties";
pub(crate) const ALL_CONNECTIONS: &str = "altinn:accessmanagement/enduser:connections:toothers.read \
    altinn:accessmanagement/enduser:connections:toothers.write \
    altinn:accessmanagement/enduser:connections:fromothers.read \
    altinn:accessmanagement/enduser:connections:fromothers.write";
pub(crate) const ALL_ALTINN2: &str = "altinn:reportees altinn:rolesandrights.read \
    altinn:delegations.read altinn:delegations.write";

pub(crate) struct Altinn {
    pub(crate) sim: Simulator,
    http: reqwest::Client,
}

/// What came back, read to the end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The reason phrase, when it is the server's own.
    pub(crate) phrase: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|v| v.to_str().unwrap())
            .unwrap_or_default()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let phrase = response.extensions().get::<ReasonPhrase>();
    Answer {
        status: response.status().as_u16(),
        phrase: phrase.map(|p| String::from_utf8(p.as_bytes().to_vec()).unwrap()),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

impl Altinn {
    pub(crate) async fn start() -> Self {
        Self::start_with(Simulator::builder()).await
    }

    pub(crate) async fn seeded(toml: &str) -> Self {
        Self::start_with(Simulator::builder().seed(Seed::from_toml(toml).unwrap())).await
    }

    pub(crate) async fn start_with(builder: Builder) -> Self {
        let sim = builder.start().await.unwrap();
        let key_client = sim.cast().key_client;
        // the client with a registered key may ask for everything that the tests need
        sim.change_world(|world| {
            let vendor = world.cast.vendor.clone();
            let names: Vec<String> = world.scopes.iter().map(|s| s.name.clone()).collect();
            for name in &names {
                let scope = world.scope_mut(name).unwrap();
                if !scope.granted_to.contains(&vendor) {
                    scope.granted_to.push(vendor.clone());
                }
            }
            world.client_mut(&key_client).unwrap().scopes = names;
        });
        let http = reqwest::Client::builder()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { sim, http }
    }

    pub(crate) fn customer(&self) -> String {
        self.party(&self.sim.cast().customer)
    }

    /// The party UUID behind an organisation number, which no call of Altinn tells.
    pub(crate) fn party(&self, organisation: &str) -> String {
        self.sim
            .world()
            .organisation(organisation)
            .unwrap()
            .party_uuid
            .to_string()
    }

    /// The party UUID of a person.
    pub(crate) fn person_party(&self, person: &Hidden) -> String {
        self.sim
            .world()
            .person(person.expose())
            .unwrap()
            .party_uuid
            .to_string()
    }

    async fn maskinporten(&self, scopes: &str, system_user_of: Option<&str>) -> String {
        let client = self.sim.cast().key_client;
        let grant = Grant::by_key(&self.sim, &client).scope(scopes);
        let grant = system_user_of
            .into_iter()
            .fold(grant, |grant, customer| grant.system_user(customer, None));
        grant.token(&self.sim).await
    }

    /// Maskinporten's own token of the vendor.
    pub(crate) async fn maskinporten_token(&self, scopes: &str) -> String {
        self.maskinporten(scopes, None).await
    }

    /// The exchange as an enterprise user, right or wrong.
    pub(crate) async fn exchange_as(&self, token: &str, name: &str, secret: &str) -> Answer {
        let path = "/authentication/api/v1/exchange/maskinporten";
        let request = self.platform(Method::GET, path).bearer_auth(token);
        let encoded = STANDARD.encode(format!("{name}:{secret}"));
        send(request.header("X-Altinn-EnterpriseUser-Authentication", encoded)).await
    }

    async fn exchanged(&self, provider: &str, token: &str, enterprise: Option<&str>) -> String {
        let url = format!(
            "{}/authentication/api/v1/exchange/{provider}",
            self.sim.platform_url()
        );
        let mut request = self.http.get(url).bearer_auth(token);
        if let Some(credentials) = enterprise {
            let encoded = STANDARD.encode(credentials);
            request = request.header("X-Altinn-EnterpriseUser-Authentication", encoded);
        }
        let answer = send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    pub(crate) async fn organisation(&self, scopes: &str) -> String {
        let token = self.maskinporten(scopes, None).await;
        self.exchanged("maskinporten", &token, None).await
    }

    /// A service owner, by the number of its organisation.
    pub(crate) async fn service_owner(&self, organisation: &str, scopes: &str) -> String {
        let world = self.sim.world();
        let client = world.clients.iter().find(|c| c.owner == organisation);
        let grant = Grant::by_key(&self.sim, &client.unwrap().client_id).scope(scopes);
        let token = grant.token(&self.sim).await;
        self.exchanged("maskinporten", &token, None).await
    }

    /// The customer's system user: access manager and main administrator.
    pub(crate) async fn system_user(&self, scopes: &str) -> String {
        let customer = self.sim.cast().customer;
        let token = self.maskinporten(scopes, Some(&customer)).await;
        self.exchanged("maskinporten", &token, None).await
    }

    pub(crate) async fn enterprise_user(&self, user_name: &str, scopes: &str) -> String {
        let token = self.maskinporten(scopes, None).await;
        let world = self.sim.world();
        let password = world.enterprise_user(user_name).unwrap().password.expose();
        let credentials = format!("{user_name}:{password}");
        self.exchanged("maskinporten", &token, Some(&credentials))
            .await
    }

    pub(crate) async fn person(&self, person: &Hidden, scopes: &str) -> String {
        let token = self.sim.id_porten_token(person, scopes).unwrap();
        self.exchanged("id-porten", token.expose(), None).await
    }

    /// A call to the platform.
    pub(crate) fn platform(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sim.platform_url()))
    }

    /// A call to Altinn 2 without an API key.
    pub(crate) fn altinn2(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sim.altinn2_url()))
    }

    pub(crate) fn api_key(&self, name: &str) -> String {
        let world = self.sim.world();
        let key = world.api_keys.iter().find(|key| key.name == name).unwrap();
        key.key.expose().to_owned()
    }
}
