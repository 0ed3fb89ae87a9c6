//! [`Rights`] on Altinn 3.

use http_transport::BoxFuture;

use crate::Error;
use crate::altinn3::client::Client;
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::{Entitlement, Kind, RightName};
use crate::altinn3::grant::{Gift, holds_directly};
use crate::altinn3::held::{HeldRight, Holder as HeldBy, How, RIGHT_HOLDER, code_of};
use crate::altinn3::instances::InstanceUrn;
use crate::altinn3::models::{CompactEntity, RightKey};
use crate::altinn3::on::On;
use crate::altinn3::parties::Identity;
use crate::altinn3::receiver::Receiver;
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::revoke::{nothing_to_take, other_rights, other_ways, role_to_take, to_keep};
use crate::altinn3::{Outcome, Report, What, scopes};
use crate::rights::{
    Act, Applied, Carry, Change, Checked, Entitlement as Opaque, Expected, Generation, Holder,
    Holding, May, Number, One, Party, PartyName, Plan, Rights, carry_out,
};
use crate::wire::PartyUuid;

const GENERATION: Generation = Generation::Altinn3;
const PLAN: &str = "plan a change of rights";

impl From<&Entitlement> for Opaque {
    fn from(entitlement: &Entitlement) -> Self {
        Self::of(GENERATION, entitlement)
    }
}

impl From<Entitlement> for Opaque {
    fn from(entitlement: Entitlement) -> Self {
        Self::from(&entitlement)
    }
}

impl TryFrom<&Opaque> for Entitlement {
    type Error = Error;

    fn try_from(entitlement: &Opaque) -> Result<Self, Error> {
        let text = entitlement.text_for("read an entitlement", GENERATION)?;
        text.parse()
    }
}

impl Rights for Client {
    fn generation(&self) -> Generation {
        GENERATION
    }

    fn resolve<'a>(&'a self, name: &'a PartyName) -> BoxFuture<'a, Result<Party, Error>> {
        Box::pin(async move {
            let identity = match &name.number {
                Number::Id(id) | Number::SystemUser(id) => {
                    let id = uuid("find a party", id)?;
                    return Ok(Party::new(GENERATION, &id, "", None));
                }
                Number::Organisation(number) => Identity::from(*number),
                Number::Person(number) => Identity::from(number.clone()),
            };
            let found = self.resolve(&identity).await?;
            let number = Some(identity.to_string());
            Ok(Party::new(GENERATION, found.uuid(), found.name(), number))
        })
    }

    fn held<'a>(
        &'a self,
        giver: &'a Party,
        receiver: Option<&'a Party>,
    ) -> BoxFuture<'a, Result<Vec<Holder>, Error>> {
        Box::pin(async move {
            const OPERATION: &str = "list who holds what";
            let id = |party: &Party| uuid(OPERATION, party.id_for(OPERATION, GENERATION)?);
            let giver = id(giver)?;
            let receiver = receiver.map(id).transpose()?;
            let held = self.held(&giver, receiver.as_ref()).await?;
            let wanted = |holder: &&HeldBy| receiver.as_ref().is_none_or(|to| holder.party() == to);
            Ok(held.iter().filter(wanted).map(holder).collect())
        })
    }

    fn may_give<'a>(
        &'a self,
        giver: &'a Party,
        what: &'a [Opaque],
    ) -> BoxFuture<'a, Result<Vec<Checked>, Error>> {
        Box::pin(async move {
            const OPERATION: &str = "check what may be given";
            let giver = uuid(OPERATION, giver.id_for(OPERATION, GENERATION)?)?;
            let wanted: Vec<Entitlement> = what
                .iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?;
            let report = self.may_give(&giver, wanted).await?;
            let checked = report.steps().iter().filter_map(|step| {
                let What::Check(entitlement) = step.what() else {
                    return None;
                };
                let may = match step.outcome() {
                    Outcome::Refused(reasons) => May::No(reasons.clone()),
                    _ => May::Yes,
                };
                Some(Checked {
                    entitlement: entitlement.into(),
                    may,
                })
            });
            Ok(checked.collect())
        })
    }

    fn plan<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<Plan, Error>> {
        Box::pin(self.plan_change(change))
    }

    fn resume<'a>(
        &'a self,
        earlier: &'a Applied,
        receiver: &'a PartyName,
    ) -> BoxFuture<'a, Result<Applied, Error>> {
        Box::pin(carry_out(self, earlier, receiver))
    }
}

impl Carry for Client {
    fn give_one<'a>(
        &'a self,
        giver: &'a Party,
        receiver: &'a PartyName,
        what: &'a Opaque,
    ) -> BoxFuture<'a, Result<One, Error>> {
        Box::pin(async move {
            let giver = uuid(PLAN, giver.id_for(PLAN, GENERATION)?)?;
            let receiver = match (&receiver.number, &receiver.name) {
                (Number::Person(number), Some(name)) => Receiver::person(number.clone(), name),
                (Number::Id(id), _) => Receiver::party(uuid(PLAN, id)?),
                (Number::SystemUser(id), _) => Receiver::system_user(uuid(PLAN, id)?),
                (Number::Person(_), None) | (Number::Organisation(_), _) => {
                    let known = self.known(&giver, receiver).await?;
                    Receiver::party(known.uuid.ok_or_else(name_needed)?)
                }
            };
            let report = self.grant(&giver, &receiver, [what.try_into()?]).await?;
            Ok(One::of(&report))
        })
    }

    fn take_one<'a>(
        &'a self,
        giver: &'a Party,
        receiver: &'a PartyName,
        what: &'a Opaque,
    ) -> BoxFuture<'a, Result<One, Error>> {
        Box::pin(async move {
            let giver = uuid(PLAN, giver.id_for(PLAN, GENERATION)?)?;
            let known = self.known(&giver, receiver).await?;
            let to = known.uuid.ok_or_else(name_needed)?;
            let report = self.revoke(&giver, &to, [what.try_into()?]).await?;
            Ok(One::of(&report))
        })
    }
}

/// A receiver, as far as the giver's connections show.
struct Known {
    uuid: Option<PartyUuid>,
    /// Listed at all: it may hold something.
    listed: bool,
    /// The connection that something can be given on stands.
    connected: bool,
}

impl Client {
    async fn known(&self, giver: &PartyUuid, name: &PartyName) -> Result<Known, Error> {
        let is_it: Box<dyn Fn(&CompactEntity) -> bool + Send> = match &name.number {
            Number::Id(id) | Number::SystemUser(id) => {
                let id = uuid(PLAN, id)?;
                Box::new(move |party| party.id == id)
            }
            Number::Organisation(number) => {
                let number = *number;
                Box::new(move |party| {
                    let found = party.organisation_number.as_ref();
                    found.is_some_and(|found| found.as_str().trim() == number.as_str())
                })
            }
            Number::Person(number) => {
                let number = number.clone();
                Box::new(move |party| {
                    let found = party.person_number.as_ref();
                    found.is_some_and(|found| found.as_str().trim() == number.expose())
                })
            }
        };
        let connections = self
            .connections(Relation::given_by(giver), Include::parties())
            .await?;
        let found = connections.iter().find_map(|connection| {
            let party = connection.party.as_ref().filter(|party| is_it(party))?;
            let mut roles = connection.roles.iter().filter_map(code_of);
            Some(Known {
                uuid: Some(party.id.clone()),
                listed: true,
                connected: roles.any(|role| role == RIGHT_HOLDER),
            })
        });
        if let Some(found) = found {
            return Ok(found);
        }
        let uuid = match &name.number {
            Number::Id(id) | Number::SystemUser(id) => Some(uuid(PLAN, id)?),
            Number::Organisation(number) => {
                let found = self.resolve(&Identity::from(*number)).await?;
                Some(found.uuid().clone())
            }
            Number::Person(_) => None,
        };
        // those who have something through another party are not at the top of the list
        Ok(Known {
            listed: uuid.is_some(),
            uuid,
            connected: false,
        })
    }

    async fn plan_change(&self, change: &Change) -> Result<Plan, Error> {
        let giver = uuid(PLAN, change.giver.id_for(PLAN, GENERATION)?)?;
        let (give, take) = change.read(PLAN, |one| Entitlement::try_from(one))?;
        self.require(PLAN, scopes::TO_OTHERS_READ)?;
        self.require(PLAN, scopes::TO_OTHERS_WRITE)?;
        let known = self.known(&giver, &change.receiver).await?;
        if known.uuid.is_none() && change.receiver.name.is_none() && !give.is_empty() {
            return Err(name_needed());
        }
        let id = known.uuid.as_ref().map(ToString::to_string);
        let mut plan = Plan::new(change, id);
        let pair = known
            .uuid
            .as_ref()
            .map(|to| Relation::given_by(&giver).with(to));
        if !give.is_empty() {
            self.plan_giving(&mut plan, &change.receiver, &giver, &known, &give)
                .await?;
        }
        let pair = pair.filter(|_| known.listed);
        for entitlement in &take {
            self.plan_taking(&mut plan, pair.as_ref(), entitlement)
                .await?;
        }
        if let (Some(pair), true) = (&pair, give.is_empty())
            && self.leaves_nothing(pair, &plan).await?
        {
            plan.stays("the connection, with nothing on it");
        }
        Ok(plan.finished())
    }

    async fn plan_giving(
        &self,
        plan: &mut Plan,
        receiver: &PartyName,
        giver: &PartyUuid,
        known: &Known,
        give: &[Entitlement],
    ) -> Result<(), Error> {
        let needs_connection = !matches!(receiver.number, Number::SystemUser(_));
        let can_hold = known.connected || !needs_connection;
        let pair = known.uuid.as_ref().filter(|_| can_hold);
        let pair = pair.map(|to| Relation::given_by(giver).with(to));
        let mut checks = Report::new(giver, None);
        let gifts = self.check(giver, give, &mut checks).await?;
        let connect = match (known.connected, gifts.is_empty()) {
            (true, _) => Expected::Already,
            (false, false) => Expected::Change,
            (false, true) => {
                Expected::Refused(vec!["nothing of what is asked for can be given".to_owned()])
            }
        };
        if known.uuid.is_none() && connect == Expected::Change {
            plan.note(
                "the person is looked up once, by number and last name; two names that are wrong lock the look-up for an hour",
            );
        }
        if needs_connection {
            plan.add(Act::Connect, connect, Vec::new());
        }
        for step in checks.steps() {
            let What::Check(entitlement) = step.what() else {
                continue;
            };
            let act = Act::Give(entitlement.into());
            if let Outcome::Refused(reasons) = step.outcome() {
                plan.add(act, Expected::Refused(reasons.clone()), Vec::new());
                continue;
            }
            let gift = gifts.iter().find(|(of, _)| of == entitlement);
            let missing = match (gift, &pair) {
                (Some((_, gift)), Some(pair)) => self.missing(pair, gift).await?,
                (Some((_, gift)), None) => gift.parts(),
                (None, _) => Vec::new(),
            };
            let expected = if missing.is_empty() {
                Expected::Already
            } else {
                Expected::Change
            };
            plan.add(act, expected, missing);
        }
        Ok(())
    }

    async fn plan_taking(
        &self,
        plan: &mut Plan,
        pair: Option<&Pair>,
        entitlement: &Entitlement,
    ) -> Result<(), Error> {
        let act = Act::TakeBack(entitlement.into());
        let Some(pair) = pair else {
            plan.add(act, Expected::Already, Vec::new());
            return Ok(());
        };
        let (found, others) = match entitlement.kind() {
            Kind::Package(package) => {
                let held = self.packages(pair).await?;
                let others = self.explained(pair, other_ways(&held, package)).await;
                let found = match holds_directly(&held, package) {
                    true => Ok(vec![package.code().to_owned()]),
                    false => Err(nothing_to_take(others.clone())),
                };
                (found, others)
            }
            Kind::Rights(on, names) => {
                let held = self.rights_on(pair, &on).await?;
                let others = self.explained(pair, other_rights(&held, names)).await;
                let found = match to_keep(&held, names) {
                    Some(keep) => {
                        let direct = crate::altinn3::grant::direct_keys(&held).into_iter();
                        let taken = direct.filter(|key| !keep.contains(*key));
                        Ok(taken.map(RightKey::to_string).collect())
                    }
                    None => Err(nothing_to_take(others.clone())),
                };
                (found, others)
            }
            Kind::Role(code) => {
                let held = self.roles(pair).await?;
                let found = role_to_take(&held, code).map(|_| vec![code.to_string()]);
                (found, Vec::new())
            }
        };
        match found {
            Ok(seen) => plan.add(act, Expected::Change, seen).stays = others,
            Err(Outcome::Refused(reasons)) => {
                plan.add(act, Expected::Refused(reasons), Vec::new());
            }
            Err(_) => {
                plan.add(act, Expected::Already, Vec::new());
            }
        }
        Ok(())
    }

    /// Whether the connection will stand with nothing on it.
    async fn leaves_nothing(&self, pair: &Pair, plan: &Plan) -> Result<bool, Error> {
        let taken: Vec<Entitlement> = plan
            .steps()
            .iter()
            .filter(|step| step.expected == Expected::Change)
            .filter_map(|step| match &step.act {
                Act::TakeBack(what) => Entitlement::try_from(what).ok(),
                _ => None,
            })
            .collect();
        if taken.is_empty() {
            return Ok(false);
        }
        let held = self.held_between(pair).await?;
        let Some(holder) = held.by(pair.receiver()) else {
            return Ok(false);
        };
        let all_go = |on: &On, rights: Option<&[HeldRight]>| {
            rights.unwrap_or_default().iter().all(|right| {
                right.is_direct()
                    && taken.iter().any(|what| match what.kind() {
                        Kind::Rights(taken, None) => taken == *on,
                        Kind::Rights(taken, Some(names)) => {
                            taken == *on && names.iter().any(|name| name.means_held(right))
                        }
                        _ => false,
                    })
            })
        };
        let role_goes = |role: &String| {
            role == RIGHT_HOLDER || taken.contains(&Entitlement::role(role.as_str()))
        };
        Ok(holder.roles().iter().all(role_goes)
            && holder.packages().iter().all(|held| {
                held.how().len() <= 1 && taken.contains(&Entitlement::package(held.package()))
            })
            && holder.resources().iter().all(|held| {
                let on = On {
                    resource: held.resource().clone(),
                    instance: None,
                };
                all_go(&on, held.rights())
            })
            && holder.instances().iter().all(|held| {
                let on = On {
                    resource: held.resource().clone(),
                    instance: held.instance().parse().ok(),
                };
                on.instance.is_some() && all_go(&on, held.rights())
            }))
    }
}

impl Gift {
    /// What is missing for one who holds nothing, in the words of [`Client::missing`].
    fn parts(&self) -> Vec<String> {
        match self {
            Self::Package(package) => vec![format!("{} is not there", package.code())],
            Self::Rights(_, keys) => keys
                .iter()
                .map(|key| format!("the right {key} is not there"))
                .collect(),
        }
    }
}

fn uuid(operation: &'static str, text: &str) -> Result<PartyUuid, Error> {
    text.parse().map_err(|_| {
        Error::input(
            operation,
            "this is no party UUID",
            "name the party by number, or by the UUID of an answer",
        )
    })
}

fn name_needed() -> Error {
    Error::input(
        PLAN,
        "this person is not connected to the giver, so a number alone does not find them",
        "give the last name with the number (--last-name NAME); two wrong ones lock for an hour",
    )
}

fn holder(held: &HeldBy) -> Holder {
    let number = match (held.organisation(), held.masked_person_number()) {
        (Some(number), _) => Some(number.to_string()),
        (None, number) => number.map(str::to_owned),
    };
    let mut holds = Vec::new();
    for package in held.packages() {
        holds.push(Holding {
            entitlement: Entitlement::package(package.package()).into(),
            name: None,
            direct: package.is_direct(),
            how: ways(package.how()),
        });
    }
    for held in held.resources() {
        let resource = held.resource();
        add_rights(
            &mut holds,
            held.name(),
            held.rights(),
            held.how(),
            |names| match names.is_empty() {
                true => Entitlement::resource(resource.clone()),
                false => Entitlement::rights(resource.clone(), names),
            },
        );
    }
    for held in held.instances() {
        let Ok(instance) = held.instance().parse::<InstanceUrn>() else {
            continue; // there is no way to take it back
        };
        let resource = held.resource();
        add_rights(
            &mut holds,
            held.name(),
            held.rights(),
            held.how(),
            |names| Entitlement::instance_rights(resource.clone(), instance.clone(), names),
        );
    }
    for role in held.roles().iter().filter(|role| *role != RIGHT_HOLDER) {
        holds.push(Holding {
            entitlement: Entitlement::role(role.as_str()).into(),
            name: None,
            direct: held.revocable_roles().contains(role),
            how: vec![match held.revocable_roles().contains(role) {
                true => "given directly on Altinn 2".to_owned(),
                false => "a role that cannot be taken back here".to_owned(),
            }],
        });
    }
    Holder {
        party: Party::new(GENERATION, held.party(), held.name(), number),
        holds,
    }
}

/// The rights on one thing: those that were given, and those that came about in other ways.
fn add_rights(
    holds: &mut Vec<Holding>,
    name: Option<&str>,
    rights: Option<&[HeldRight]>,
    how: &[How],
    entitlement: impl Fn(Vec<RightName>) -> Entitlement,
) {
    let name = name.map(str::to_owned);
    let Some(rights) = rights else {
        holds.push(Holding {
            entitlement: entitlement(Vec::new()).into(),
            name,
            direct: how.iter().any(How::is_direct),
            how: ways(how),
        });
        return;
    };
    for direct in [true, false] {
        let (mut names, mut how) = (Vec::new(), Vec::new());
        for right in rights.iter().filter(|right| right.is_direct() == direct) {
            let name = match right.action() {
                Some(action) => RightName::from(action),
                None => RightName::from(right.key().clone()),
            };
            if !names.contains(&name) {
                names.push(name);
            }
            how.extend_from_slice(right.how());
        }
        if !names.is_empty() {
            holds.push(Holding {
                entitlement: entitlement(names).into(),
                name: name.clone(),
                direct,
                how: ways(&how),
            });
        }
    }
}

/// Each way once, in words.
fn ways(all: &[How]) -> Vec<String> {
    let mut ways = Vec::new();
    for how in all {
        let way = how.to_string();
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}
