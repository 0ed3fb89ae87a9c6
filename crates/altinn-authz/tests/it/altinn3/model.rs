//! Random changes with random failures against the simulator: what a report says is so, nothing else has
//! changed, and doing it again until it is complete ends where it should.
//!
//! 100 runs; `ALTINN_MODEL_RUNS` sets another number, `ALTINN_MODEL_SEED` the first seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use altinn_auth::{Altinn, Environment, Session, SystemUser};
use altinn_authz::altinn3::{
    Client, Entitlement, Include, Outcome, PartyUuid, Receiver, Relation, Report, What, scopes,
};
use altinn_authz::{Caller, Error, ErrorKind};
use altinn_sim::Simulator;
use bytes::Bytes;
use http_transport::{BoxFuture, SecretString};
use maskinporten::Signer;
use url::Url;

const DIALOGUE: &str = "urn:altinn:dialog-id:0191e2a4-7c1b-7b6e-9d6a-2f3a4b5c6d7e";
const TAX: &str = "skf-skattemelding";

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    /// It is not sent.
    Unsent,
    /// It is done, and the answer is lost.
    Lost,
    /// It is done, and the answer breaks off.
    Torn,
    /// It is not done, and a proxy answers.
    Page,
    /// It is done, and a proxy answers.
    PageAfter,
}

const FLAWS: [Flaw; 5] = [
    Flaw::Unsent,
    Flaw::Lost,
    Flaw::Torn,
    Flaw::Page,
    Flaw::PageAfter,
];

/// The customer's system user, some of whose calls go wrong.
#[derive(Clone, Debug)]
struct Flaky {
    inner: Session<SystemUser>,
    /// Calls until it happens, and what.
    planned: Arc<Mutex<Vec<(u32, Flaw)>>>,
}

impl Caller for Flaky {
    fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        let mut due = None;
        self.planned.lock().unwrap().retain_mut(|(left, flaw)| {
            *left -= 1;
            if *left == 0 {
                due = Some(*flaw);
            }
            *left > 0
        });
        Box::pin(async move {
            let fails = |kind| Err(http_transport::Error::new(kind, operation).into());
            let page = || {
                let page = Bytes::from_static(b"<html>Bad gateway</html>");
                let page = http::Response::builder()
                    .status(502)
                    .header("content-type", "text/html")
                    .body(page);
                Ok(page.unwrap())
            };
            match due {
                Some(Flaw::Unsent) => return fails(http_transport::ErrorKind::Interrupted),
                Some(Flaw::Page) => return page(),
                _ => {}
            }
            let answer = Caller::call(&self.inner, operation, request).await?;
            match due {
                Some(Flaw::Lost) => fails(http_transport::ErrorKind::Interrupted),
                Some(Flaw::Torn) => fails(http_transport::ErrorKind::TruncatedBody),
                Some(Flaw::PageAfter) => page(),
                _ => Ok(answer),
            }
        })
    }

    fn platform(&self) -> &Url {
        Caller::platform(&self.inner)
    }

    fn altinn2(&self) -> Option<&Url> {
        None
    }

    fn has_scope(&self, scope: &str) -> bool {
        Caller::has_scope(&self.inner, scope)
    }
}

/// Enough for choices: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What is held directly, in the words of the smallest entitlements.
type Holds = BTreeSet<String>;

/// What of an entitlement is held when all of it is.
fn parts(what: &Entitlement) -> Vec<String> {
    let rights = |on: &str, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("{on}#{name}")).collect()
    };
    match what {
        Entitlement::Package(package) => vec![format!("package:{}", package.code())],
        Entitlement::Resource(resource) => {
            rights(&format!("resource:{resource}"), &["read", "write", "sign"])
        }
        Entitlement::Rights { resource, rights } => rights
            .iter()
            .map(|right| format!("resource:{resource}#{right}"))
            .collect(),
        Entitlement::Instance {
            resource,
            instance,
            rights: named,
        } => {
            let on = format!("instance:{resource}@{instance}");
            match named.is_empty() {
                true => rights(&on, &["read", "write", "sign"]),
                false => named.iter().map(|right| format!("{on}#{right}")).collect(),
            }
        }
        other => panic!("{other} is not part of this"),
    }
}

fn menu() -> Vec<Entitlement> {
    let dialogue = || DIALOGUE.parse().unwrap();
    vec![
        Entitlement::package("skattegrunnlag"),
        Entitlement::package("post-og-telekommunikasjon"),
        Entitlement::resource(TAX),
        Entitlement::rights(TAX, ["read"]),
        Entitlement::rights(TAX, ["write", "sign"]),
        Entitlement::rights("skf-postlogg", ["read"]),
        Entitlement::instance(TAX, dialogue()),
        Entitlement::instance_rights(TAX, dialogue(), ["read", "sign"]),
    ]
}

struct Desk {
    client: Client,
    planned: Arc<Mutex<Vec<(u32, Flaw)>>>,
    giver: PartyUuid,
    /// Each as it is named, and as it is known.
    receivers: Vec<(Receiver, PartyUuid)>,
}

impl Desk {
    fn of(sim: &Simulator) -> Self {
        let maskinporten =
            maskinporten::Environment::custom(&sim.maskinporten_issuer(), &sim.token_endpoint())
                .unwrap();
        let environment =
            Environment::custom("sim", sim.platform_url(), None, maskinporten).unwrap();
        let (cast, world) = (sim.cast(), sim.world());
        let (pkcs12, password) = sim.pkcs12(&cast.client).unwrap();
        let signer = Signer::from_pkcs12(&pkcs12, &SecretString::from(password.expose())).unwrap();
        let altinn = Altinn::builder(environment, cast.client.parse().unwrap(), signer)
            .build()
            .unwrap();
        let session = altinn
            .system_user(cast.customer.parse().unwrap())
            .scopes(scopes::GIVER);
        let planned = Arc::default();
        let flaky = Flaky {
            inner: session,
            planned: Arc::clone(&planned),
        };
        let party = |uuid: uuid::Uuid| uuid.to_string().parse::<PartyUuid>().unwrap();
        let person = world.person(cast.new_person.expose()).unwrap();
        let named = Receiver::person(person.number.expose().parse().unwrap(), &person.last_name);
        let firm = party(world.organisation("310779253").unwrap().party_uuid);
        let known = world.person(cast.connected_person.expose()).unwrap();
        let known = party(known.party_uuid);
        Self {
            client: Client::with_caller(flaky),
            planned,
            giver: party(world.organisation(&cast.customer).unwrap().party_uuid),
            receivers: vec![
                (named, party(person.party_uuid)),
                (Receiver::party(&firm), firm),
                (Receiver::party(&known), known),
            ],
        }
    }

    /// What each receiver holds directly, read without failures.
    async fn held(&self) -> BTreeMap<PartyUuid, Holds> {
        self.planned.lock().unwrap().clear();
        let mut all = BTreeMap::new();
        for (_, party) in &self.receivers {
            let held = self.client.held(&self.giver, Some(party)).await.unwrap();
            let mut holds = Holds::new();
            if let Some(holder) = held.by(party) {
                let direct = holder.packages().iter().filter(|held| held.is_direct());
                holds.extend(direct.map(|held| format!("package:{}", held.package().code())));
                for held in holder.resources() {
                    for right in held.rights().unwrap().iter().filter(|r| r.is_direct()) {
                        let action = right.action().unwrap();
                        holds.insert(format!("resource:{}#{action}", held.resource()));
                    }
                }
                for held in holder.instances() {
                    let on = format!("instance:{}@{}", held.resource(), held.instance());
                    for right in held.rights().unwrap().iter().filter(|r| r.is_direct()) {
                        holds.insert(format!("{on}#{}", right.action().unwrap()));
                    }
                }
            }
            all.insert(party.clone(), holds);
        }
        all
    }

    async fn is_connected(&self, party: &PartyUuid) -> bool {
        let relation = Relation::given_by(&self.giver).with(party);
        let found = self.client.connections(relation, Include::parties()).await;
        !found.unwrap().is_empty()
    }

    async fn change(
        &self,
        gives: bool,
        to: &(Receiver, PartyUuid),
        what: &[Entitlement],
    ) -> Result<Report, Error> {
        let what = what.iter().cloned();
        match gives {
            true => self.client.grant(&self.giver, &to.0, what).await,
            false => self.client.revoke(&self.giver, &to.1, what).await,
        }
    }
}

/// A report claims no more than is so.
fn claims_hold(report: &Report, gives: bool, now: &Holds, about: &str) {
    let unexpected: BTreeSet<String> = report
        .steps()
        .iter()
        .filter(|step| !step.outcome().is_good())
        .map(|step| match step.what() {
            What::Check(what) | What::Give(what) | What::TakeBack(what) | What::ReadAgain(what) => {
                what.to_string()
            }
            _ => "connect".to_owned(),
        })
        .collect();
    for step in report.steps() {
        let (What::Give(what) | What::TakeBack(what)) = step.what() else {
            continue;
        };
        if !step.outcome().is_good() || unexpected.contains(&what.to_string()) {
            continue;
        }
        for part in parts(what) {
            assert_eq!(now.contains(&part), gives, "{part}\n{about}\n{report}");
        }
    }
}

#[tokio::test]
async fn what_a_report_says_is_so_whatever_goes_wrong() {
    let number = |name: &str, otherwise: u64| {
        let set = std::env::var(name).ok();
        set.map_or(otherwise, |text| text.parse().unwrap())
    };
    let runs = number("ALTINN_MODEL_RUNS", 100);
    let first = number("ALTINN_MODEL_SEED", 1);
    let sim = Simulator::builder().key_bits(2048).start().await.unwrap();
    let desk = Desk::of(&sim);
    let menu = menu();
    let (mut failed, mut changed) = (0, 0);
    let mut before = desk.held().await;
    for seed in first..first + runs {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let to = random.one(&desk.receivers).clone();
        let gives = random.below(5) < 3;
        if !gives && !desk.is_connected(&to.1).await {
            continue;
        }
        let mut what: Vec<Entitlement> = Vec::new();
        for _ in 0..=random.below(2) {
            let one = random.one(&menu).clone();
            if !what.contains(&one) {
                what.push(one);
            }
        }
        let flaw = (1 + random.below(9) as u32, *random.one(&FLAWS));
        let about = format!(
            "seed {seed}: {} {what:?} {flaw:?}",
            if gives { "give" } else { "take" }
        );
        let is_meant: BTreeSet<String> = what.iter().flat_map(parts).collect();

        *desk.planned.lock().unwrap() = vec![flaw];
        let ended = desk.change(gives, &to, &what).await;
        let now = desk.held().await;
        // only what was asked for has changed, and only in the direction that was asked for
        for (party, holds) in &now {
            for part in holds.symmetric_difference(&before[party]) {
                assert!(*party == to.1 && is_meant.contains(part), "{part}\n{about}");
                assert_eq!(holds.contains(part), gives, "{part}\n{about}");
            }
        }
        match &ended {
            Ok(report) => {
                claims_hold(report, gives, &now[&to.1], &about);
                let changes = matches!(
                    report.steps().last().map(|s| s.outcome()),
                    Some(Outcome::Done)
                );
                assert!(!report.is_complete() || !changes || report.decision_point_lag().is_some());
                changed += usize::from(report.has_changed_anything());
                failed += usize::from(!report.is_complete());
            }
            Err(error) => {
                // nothing was changed, or nobody knows
                assert!(!error.is_input(), "{about}\n{error}");
                assert_ne!(error.kind(), ErrorKind::WrongName, "{about}\n{error}");
                failed += 1;
            }
        }
        // once more, and nothing goes wrong
        let report = desk.change(gives, &to, &what).await;
        let report = report.unwrap_or_else(|error| panic!("{about}\n{error}"));
        before = desk.held().await;
        let left = report
            .steps()
            .iter()
            .filter(|step| !step.outcome().is_good());
        let still = |step: &altinn_authz::altinn3::Step| {
            matches!(step.outcome(), Outcome::StillHeld(_) | Outcome::Refused(_)) && !gives
        };
        assert!(left.clone().all(still), "{about}\n{report}");
        for part in &is_meant {
            assert_eq!(
                before[&to.1].contains(part),
                gives,
                "{part}\n{about}\n{report}"
            );
        }
    }
    // it was a test of something
    assert!(
        failed > runs as usize / 8 && changed > runs as usize / 8,
        "{failed} {changed}"
    );
}
