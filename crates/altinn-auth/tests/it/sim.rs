//! Each way in against the simulator, which knows nothing of this crate.

use std::collections::HashSet;
use std::sync::Arc;

use altinn_auth::id_porten::{ClientAuthentication, FileStore, IdPorten, Login, LoginRequest};
use altinn_auth::vendor::{
    Access, Asked, Change, Need, Progress, RequestStatus, System, SystemUserRequest, UserType,
};
use altinn_auth::{
    Altinn, AltinnBuilder, Cookie, EnterpriseUserCredentials, Environment, ErrorKind,
    PasswordCredentials, Provider, SecurityLevel,
};
use altinn_sim::world::Hidden;
use altinn_sim::{Era, Fault, Host, LoginFlaw, Simulator};
use bytes::Bytes;
use http_transport::{ReqwestTransport, SecretString, Transport};
use jiff::SignedDuration;
use maskinporten::Signer;
use openssl::bn::BigNum;
use openssl::rsa::RsaPrivateKeyBuilder;
use serde_json::Value;

pub(crate) const REDIRECT: &str = "http://localhost:8788/callback";
const SYSTEM: &str = "310742104_snegleregnskap";

pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) environment: Environment,
}

pub(crate) fn secret(hidden: &Hidden) -> SecretString {
    SecretString::from(hidden.expose())
}

pub(crate) fn get(url: impl AsRef<str>) -> http::Request<Bytes> {
    http::Request::get(url.as_ref()).body(Bytes::new()).unwrap()
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::of(Simulator::builder().key_bits(2048).start().await.unwrap())
    }

    pub(crate) fn of(sim: Simulator) -> Self {
        let maskinporten =
            maskinporten::Environment::custom(&sim.maskinporten_issuer(), &sim.token_endpoint())
                .unwrap();
        let environment = Environment::custom(
            "sim",
            sim.platform_url(),
            Some(sim.altinn2_url()),
            maskinporten,
        )
        .unwrap()
        .with_id_porten(Provider::like_id_porten(sim.id_porten_issuer()).unwrap());
        Self { sim, environment }
    }

    /// The same, but Altinn 2 over TLS, where client certificates are looked at.
    pub(crate) fn with_tls(mut self) -> Self {
        self.environment = Environment::custom(
            "sim",
            self.sim.platform_url(),
            Some(self.sim.tls_url(Host::Altinn2)),
            self.environment.maskinporten().clone(),
        )
        .unwrap();
        self
    }

    pub(crate) fn signer(&self, client: &str) -> Signer {
        let (pkcs12, password) = self.sim.pkcs12(client).unwrap();
        Signer::from_pkcs12(&pkcs12, &secret(&password)).unwrap()
    }

    pub(crate) fn api_key(&self) -> SecretString {
        let world = self.sim.world();
        let key = world
            .api_keys
            .iter()
            .find(|key| key.name == world.cast.api_key);
        secret(&key.unwrap().key)
    }

    pub(crate) fn builder(&self) -> AltinnBuilder {
        let client = self.sim.cast().client;
        Altinn::builder(
            self.environment.clone(),
            client.parse().unwrap(),
            self.signer(&client),
        )
        .api_key(self.api_key())
    }

    pub(crate) fn altinn(&self) -> Altinn {
        self.builder().build().unwrap()
    }

    pub(crate) fn altinn2(&self, path: &str) -> http::Request<Bytes> {
        let base = self.environment.altinn2().unwrap();
        let mut request = get(base.join(path).unwrap());
        request
            .headers_mut()
            .insert("accept", "application/hal+json".parse().unwrap());
        request
    }

    pub(crate) fn parties(&self) -> http::Request<Bytes> {
        get(self
            .environment
            .platform()
            .join("accessmanagement/api/v1/enduser/authorizedparties")
            .unwrap())
    }

    pub(crate) fn manager(&self) -> PasswordCredentials {
        let world = self.sim.world();
        let manager = world.person(world.cast.manager.expose()).unwrap();
        PasswordCredentials::new(
            manager.user_name.clone().unwrap(),
            secret(&manager.password),
        )
        .unwrap()
    }

    pub(crate) fn id_porten(&self, client: &str) -> IdPorten {
        self.id_porten_in(client, None)
    }

    pub(crate) fn id_porten_in(&self, client: &str, file: Option<&std::path::Path>) -> IdPorten {
        let jwk = self.sim.client_jwk(client).unwrap();
        let mut builder = IdPorten::of(&self.environment, client.parse().unwrap()).authentication(
            ClientAuthentication::PrivateKeyJwt(signer_of_jwk(jwk.expose())),
        );
        if let Some(file) = file {
            builder = builder.store(FileStore::at(file));
        }
        builder.build().unwrap()
    }

    /// The browser: chooses the manager on the page, and gives the address that it is sent to.
    pub(crate) async fn log_in(&self, url: &str, button: &str) -> String {
        let browser = ReqwestTransport::builder().build().unwrap();
        let page = browser.send(get(url)).await.unwrap();
        assert_eq!(page.status(), 200, "{:?}", page.body());
        let page = String::from_utf8(page.body().to_vec()).unwrap();
        let transaction = page
            .split_once("name=\"transaction\" value=\"")
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap();
        let world = self.sim.world();
        let person = world
            .person(world.cast.manager.expose())
            .unwrap()
            .party_uuid;
        let form = format!("transaction={transaction}&person={person}&answer={button}");
        let request = http::Request::post(format!("{}/login", self.sim.id_porten_issuer()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let answer = browser.send(request).await.unwrap();
        assert_eq!(answer.status(), 302, "{:?}", answer.body());
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    pub(crate) async fn login(
        &self,
        id_porten: &IdPorten,
        level: SecurityLevel,
    ) -> Result<Arc<Login>, altinn_auth::Error> {
        let pending = id_porten.begin(request(level)).await?;
        let callback = self.log_in(pending.url().as_str(), "log_in").await;
        pending.finish(&callback).await
    }
}

pub(crate) fn request(level: SecurityLevel) -> LoginRequest {
    LoginRequest::new(REDIRECT)
        .scopes([
            "openid",
            "altinn:reportees",
            "altinn:accessmanagement/authorizedparties",
        ])
        .level(level)
}

pub(crate) fn signer_of_jwk(jwk: &str) -> Signer {
    use base64::Engine as _;
    let jwk: Value = serde_json::from_str(jwk).unwrap();
    let number = |name: &str| {
        let text = jwk[name].as_str().unwrap();
        BigNum::from_slice(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(text)
                .unwrap(),
        )
        .unwrap()
    };
    let rsa = RsaPrivateKeyBuilder::new(number("n"), number("e"), number("d"))
        .unwrap()
        .set_factors(number("p"), number("q"))
        .unwrap()
        .set_crt_params(number("dp"), number("dq"), number("qi"))
        .unwrap()
        .build();
    let pem = rsa.private_key_to_pem().unwrap();
    Signer::loader()
        .kid(jwk["kid"].as_str().unwrap().parse().unwrap())
        .pem(&pem, None)
        .unwrap()
}

#[tokio::test]
async fn a_maskinporten_token_is_used_as_it_is() {
    let world = World::start().await;
    let me = world
        .altinn()
        .organisation()
        .scopes(["altinn:authentication/systemregister.write"])
        .direct();
    let url = world
        .environment
        .platform()
        .join("authentication/api/v1/systemregister/vendor")
        .unwrap();
    let answer = me.call("list systems", get(url)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let token = me.token().await.unwrap();
    assert_eq!(
        me.claims().await.unwrap().maskinporten.issuer.as_deref(),
        Some(world.environment.maskinporten().issuer())
    );
    assert_eq!(
        me.maskinporten_token().await.unwrap().as_cached().hash(),
        token.hash()
    );
}

#[tokio::test]
async fn exchanged_tokens_of_an_organisation_and_a_system_user_are_verified_and_work() {
    let world = World::start().await;
    let altinn = world.builder().verify_tokens().build().unwrap();
    let customer = world.sim.cast().customer;
    let me = altinn
        .system_user(customer.parse().unwrap())
        .scopes(["altinn:accessmanagement/authorizedparties"]);
    let answer = me.call("list parties", world.parties()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let claims = me.claims().await.unwrap();
    assert!(claims.maskinporten.system_user().is_some());
    assert_eq!(claims.authentication_level, Some(3));
    // an organisation's token is exchanged too
    let organisation = altinn.organisation().scopes(["altinn:instances.read"]);
    assert_eq!(
        organisation
            .claims()
            .await
            .unwrap()
            .organisation
            .unwrap()
            .as_str(),
        world.sim.cast().vendor
    );
    // the platform's key changes, and the new one is found at once
    world.sim.rotate_platform_key(false).unwrap();
    let other = altinn.organisation().scopes(["altinn:reportees"]);
    other.token().await.unwrap();
}

#[tokio::test]
async fn the_closed_era_says_that_the_enterprise_user_is_gone() {
    let world = World::start().await;
    let user = world.sim.world();
    let user = user.enterprise_user(&user.cast.enterprise_user).unwrap();
    let credentials =
        EnterpriseUserCredentials::new(user.user_name.clone(), secret(&user.password)).unwrap();
    let session = |altinn: &Altinn| {
        altinn
            .enterprise_user(credentials.clone())
            .scopes(["altinn:reportees"])
    };
    let answer = session(&world.altinn())
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    world.sim.set_era(Era::Altinn2Closed);
    let error = session(&world.altinn()).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EnterpriseUserClosed);
    let error = world
        .altinn()
        .password_user(world.manager())
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PasswordLoginClosed);
}

#[tokio::test]
async fn a_vendor_goes_from_the_register_to_the_first_token() {
    let world = World::start().await;
    // a client acts for one system: take it from the one that it is registered with
    world.sim.change_world(|world| {
        for system in &mut world.systems {
            system.client_ids.clear();
        }
    });
    let altinn = world.altinn();
    let vendor = altinn.vendor();
    let cast = world.sim.cast();
    let id = format!("{}_nytt", cast.vendor);
    let customer = cast.customer.parse().unwrap();
    let ask = SystemUserRequest::new(&id, customer)
        .access(Access::package("skattegrunnlag"))
        .external_ref("nytt/1");
    let flow = vendor.onboard(ask.clone(), ["altinn:accessmanagement/authorizedparties"]);
    let need = async || match flow.step().await.unwrap() {
        Progress::Missing(missing) => missing,
        Progress::Ready(_) => panic!("something is missing"),
    };
    // 1: there is no such system
    assert_eq!(need().await.need(), Need::System);
    // 2: it does not name this client
    let system = |client: &str| {
        System::new(&id, cast.vendor.parse().unwrap(), "Nytt")
            .client_id(client)
            .access(Access::package("skattegrunnlag"))
            .access(Access::resource("skf-skattemelding"))
    };
    vendor.register(&system(&cast.key_client)).await.unwrap();
    let error = vendor
        .register(&system(&cast.key_client))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Refused, Some(409))
    );
    assert_eq!(need().await.need(), Need::ClientInSystem);
    // 3: the customer has not answered
    vendor.update(&system(&cast.client)).await.unwrap();
    let missing = need().await;
    assert_eq!(missing.need(), Need::Approval);
    assert!(
        missing.at().unwrap().contains("/systemuser/request?id="),
        "{missing}"
    );
    assert!(missing.to_string().contains("180 days"), "{missing}");
    // asked once more it is the same request
    let again = vendor.request(&ask).await.unwrap();
    assert!(matches!(again, Asked::Existing(_)), "{again:?}");
    let asked = vendor
        .requested_of(UserType::Standard, &id, customer, Some("nytt/1"))
        .await
        .unwrap();
    assert_eq!(asked.status, Some(RequestStatus::New));
    // 4: approved
    world
        .sim
        .answer_system_user_request(asked.id.unwrap(), true)
        .unwrap();
    let Progress::Ready(me) = flow.step().await.unwrap() else {
        panic!("nothing is missing");
    };
    let answer = me.call("list parties", world.parties()).await.unwrap();
    assert_eq!(answer.status(), 200);
    // and it is found
    let user = vendor
        .system_user(&id, customer, Some("nytt/1"))
        .await
        .unwrap();
    let users = vendor.system_users(&id).await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].id, user.id);
    // a change is asked for once, by its own id
    let (user, change) = (
        user.id.unwrap(),
        Change::new().require(Access::resource("skf-skattemelding")),
    );
    let correlation = uuid::Uuid::new_v4();
    let first = vendor.change(user, correlation, &change).await.unwrap();
    assert!(first.is_new(), "{first:?}");
    let second = vendor.change(user, correlation, &change).await.unwrap();
    assert!(!second.is_new());
    assert_eq!(second.into_inner().id, Some(correlation));
    let nothing = vendor
        .change(user, uuid::Uuid::new_v4(), &Change::new())
        .await
        .unwrap();
    assert_eq!(
        nothing.into_inner().status,
        Some(RequestStatus::NoChangeNeeded)
    );
    vendor.withdraw_change(correlation).await.unwrap();
    assert!(vendor.changes(&id).await.unwrap().len() >= 2);
    assert!(
        vendor
            .systems()
            .await
            .unwrap()
            .iter()
            .any(|system| system.id.as_deref() == Some(&id))
    );
    vendor.delete(&id).await.unwrap();
    let error = vendor.system(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

#[tokio::test]
async fn requests_are_read_page_by_page_and_a_no_is_said_in_words() {
    let world = World::start().await;
    let vendor = world.altinn().vendor();
    let customer: norwegian_ids::OrganisationNumber = world.sim.cast().customer.parse().unwrap();
    let ask = |reference: String| {
        SystemUserRequest::new(SYSTEM, customer)
            .access(Access::resource("skf-skattemelding"))
            .external_ref(reference)
    };
    for number in 0..53 {
        let asked = vendor.request(&ask(format!("ref-{number}"))).await.unwrap();
        assert!(asked.is_new());
    }
    let all = vendor.requests(UserType::Standard, SYSTEM).await.unwrap();
    let all: Vec<_> = all
        .into_iter()
        .filter(|request| {
            let reference = request.external_ref.as_deref();
            reference.is_some_and(|reference| reference.starts_with("ref-"))
        })
        .collect();
    let ids: HashSet<_> = all.iter().filter_map(|request| request.id).collect();
    assert_eq!((all.len(), ids.len()), (53, 53), "one page has 50");
    let error = vendor
        .request(
            &SystemUserRequest::new("310742104_finnes_ikke", customer)
                .access(Access::resource("skf-skattemelding")),
        )
        .await
        .unwrap_err();
    assert_eq!(error.diagnosis().code(), Some("AUTH-00011"));
    assert!(
        error
            .diagnosis()
            .remedy()
            .unwrap()
            .action()
            .contains("register the system")
    );

    world
        .sim
        .answer_system_user_request(all[0].id.unwrap(), false)
        .unwrap();
    let reference = all[0].external_ref.clone().unwrap();
    let flow = vendor.onboard(ask(reference), ["altinn:reportees"]);
    let Progress::Missing(missing) = flow.step().await.unwrap() else {
        panic!("the customer said no");
    };
    assert_eq!(missing.need(), Need::Consent);
    assert!(missing.to_string().contains("Rejected"), "{missing}");
    vendor.withdraw(all[1].id.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_person_logs_in_and_is_known_at_both_generations() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a").join("login.json");
    let client = world.sim.cast().login_client;
    let id_porten = world.id_porten_in(&client, Some(&file));
    let login = world.login(&id_porten, SecurityLevel::FOUR).await.unwrap();
    assert_eq!(login.level(), SecurityLevel::FOUR);
    let altinn = Altinn::without_maskinporten(world.environment.clone())
        .api_key(world.api_key())
        .verify_tokens()
        .build()
        .unwrap();
    let me = altinn.person(login.clone());
    let answer = me.call("list parties", world.parties()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(me.claims().await.unwrap().authentication_level, Some(4));
    let direct = altinn.person(login.clone()).direct();
    let answer = direct
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(login.introspect().await.unwrap().active);

    // another process reads it from the file
    let other = world.id_porten_in(&client, Some(&file));
    let resumed = other.resume().await.unwrap().unwrap();
    assert_eq!(resumed.level(), SecurityLevel::FOUR);
    let token = altinn.person(resumed).direct().token().await.unwrap();
    assert_eq!(token.hash(), direct.token().await.unwrap().hash());
    let said = format!("{login:?} {me:?} {id_porten:?} {token:?}");
    assert!(!said.contains(token.expose()) && !said.contains(world.sim.cast().manager.expose()));

    // and the end
    let ended = login
        .end_at(Some("http://localhost:8788/logged-out"))
        .await
        .unwrap();
    assert!(ended.revoked);
    assert!(ended.url.unwrap().as_str().contains("id_token_hint="));
    assert!(!file.exists());
    assert!(other.resume().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_login_is_an_error_of_its_own() {
    let world = World::start().await;
    let client = world.sim.cast().login_client;
    let id_porten = world.id_porten(&client);
    for (flaw, kind) in [
        (LoginFlaw::OtherState, ErrorKind::StateMismatch),
        (LoginFlaw::OtherIssuer, ErrorKind::IssuerMismatch),
        (LoginFlaw::OtherNonce, ErrorKind::NonceMismatch),
        (LoginFlaw::OtherAudience, ErrorKind::InvalidIdToken),
        (LoginFlaw::Expired, ErrorKind::InvalidIdToken),
        (LoginFlaw::ForeignKey, ErrorKind::InvalidIdToken),
        (LoginFlaw::LowLevel, ErrorKind::LevelTooLow),
    ] {
        world.sim.faults().spoil_next_login(flaw);
        let error = world
            .login(&id_porten, SecurityLevel::THREE)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{flaw:?}: {error:?}");
        assert!(error.diagnosis().remedy().is_some(), "{error:?}");
    }
    // a person who breaks off
    let pending = id_porten
        .begin(request(SecurityLevel::THREE))
        .await
        .unwrap();
    let callback = world.log_in(pending.url().as_str(), "cancel").await;
    let error = pending.finish(&callback).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRefused);
    assert_eq!(error.diagnosis().code(), Some("access_denied"));
    // a redirect address that is not registered
    let error = id_porten
        .begin(LoginRequest::new("http://localhost:8788/other"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectRefused, "{error:?}");
    // a code that was used: by an answer that comes twice
    let first = id_porten
        .begin(request(SecurityLevel::THREE).not_pushed())
        .await
        .unwrap();
    let callback = world.log_in(first.url().as_str(), "log_in").await;
    let code = callback
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let second = id_porten
        .begin(request(SecurityLevel::THREE))
        .await
        .unwrap();
    let forged = format!(
        "{REDIRECT}?code={code}&state={}&iss={}",
        second.state(),
        world.sim.id_porten_issuer()
    );
    first.finish(&callback).await.unwrap();
    let error = second.finish(&forged).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeRefused, "{error:?}");
    // a client that proves itself otherwise than registered
    let public = IdPorten::of(&world.environment, client.parse().unwrap())
        .build()
        .unwrap();
    let error = public
        .begin(request(SecurityLevel::THREE))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ClientRefused, "{error:?}");
}

#[tokio::test]
async fn a_password_session_lives_on_over_its_end_in_the_middle_of_a_listing() {
    let world = World::start().await;
    let me = world.altinn().password_user(world.manager());
    assert_eq!(me.level(), SecurityLevel::ONE);
    let list = async || {
        let answer = me
            .call("list reportees", world.altinn2("api/reportees?$top=1"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer.body().clone()
    };
    let first = list().await;
    // the session has run out: the next page comes all the same
    world.sim.clock().advance(SignedDuration::from_hours(3));
    assert_eq!(list().await, first);

    let wrong = PasswordCredentials::new("lillatiger", "feil".into()).unwrap();
    let wrong = world.altinn().password_user(wrong);
    for _ in 0..2 {
        let error = wrong
            .call("list reportees", world.altinn2("api/reportees"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongCredentials);
    }
    let cookie = Cookie::new(&"00AB".into()).unwrap();
    let stranger = world.altinn().browser_user(cookie, SecurityLevel::THREE);
    let error = stranger
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .map(|answer| answer.status());
    assert!(
        matches!(&error, Ok(status) if *status == 401)
            || matches!(&error, Err(error) if error.kind() == ErrorKind::SessionExpired),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_enterprise_certificate_is_shown_in_tls_with_and_without_a_user() {
    let world = World::start().await.with_tls();
    let ca = world.sim.ca_pem().unwrap();
    let (pkcs12, password) = world.sim.pkcs12(&world.sim.cast().client).unwrap();
    let altinn = world
        .builder()
        .trust_pem(ca.clone())
        .client_certificate(&pkcs12, &secret(&password))
        .unwrap()
        .build()
        .unwrap();
    let user = world.sim.world();
    let user = user.enterprise_user(&user.cast.enterprise_user).unwrap();
    let credentials =
        EnterpriseUserCredentials::new(user.user_name.clone(), secret(&user.password)).unwrap();
    let me = altinn.certificate_user(credentials.clone());
    let answer = me
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(me.level(), SecurityLevel::THREE);
    // without a user: the organisation is known, and who needs a user says so
    let organisation = altinn.certificate();
    let answer = organisation
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap();
    // an organisation is no user, and since release 21.7 Altinn 2 says so with 403
    assert_eq!(answer.status(), 403, "{answer:?}");
    // the same without a certificate is told apart from a broken connection
    let plain = ReqwestTransport::builder()
        .trust_pem(&ca)
        .unwrap()
        .build()
        .unwrap();
    let without = world
        .builder()
        .trust_pem(ca)
        .certificate_transport(Arc::new(plain))
        .build()
        .unwrap();
    let error = without
        .certificate_user(credentials)
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CertificateMissing, "{error:?}");
    // nobody gave one at all
    let error = world
        .altinn()
        .certificate()
        .call("list reportees", world.altinn2("api/reportees"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CertificateMissing);
}

#[tokio::test]
async fn an_exchange_that_is_too_much_is_unavailable_and_says_when_to_come_back() {
    let world = World::start().await;
    for nth in 1..=12 {
        world.sim.faults().on_call(
            Host::Platform,
            "/authentication/api/v1/exchange/maskinporten",
            nth,
            Fault::TooManyRequests {
                retry_after: std::time::Duration::from_secs(3600),
            },
        );
    }
    let error = world
        .altinn()
        .organisation()
        .scopes(["altinn:reportees"])
        .token()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(error.retry_after().map(|time| time.as_secs()), Some(3600));
}
