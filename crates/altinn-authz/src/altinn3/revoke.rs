//! Taking back, as one call.

use std::collections::BTreeSet;

use crate::Error;
use crate::altinn3::client::{Client, answer_was_lost};
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::{Entitlement, Kind, PackageUrn, RightName, RoleCode};
use crate::altinn3::grant::{direct_keys, holds_directly, is_package, stops_everything, wanted};
use crate::altinn3::held::{HeldRight, How, RIGHT_HOLDER, code_of, is_direct};
use crate::altinn3::models::{PackagePermission, Right, RightKey, RolePermission};
use crate::altinn3::on::{On, RightsOn};
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::{Outcome, Report, What};
use crate::wire::PartyUuid;

const OPERATION: &str = "take rights back";
/// The provider of roles that came from Altinn 2 (`ProviderConstants.cs`,
/// <https://github.com/Altinn/altinn-authorization-tmp>).
const ALTINN_2: &str = "sys-altinn2";

impl Client {
    /// Takes back what was asked for and nothing else, and reads again to see what is left.
    ///
    /// Single rights on a resource are taken back by giving the smaller set anew. What is held in
    /// other ways than by being given (through a role, a key role, a main unit) cannot be taken back
    /// here and is refused with the way it is held and, of a role, with what takes that away; when it is
    /// held in both ways, what was given is
    /// taken back, and the report says how it is held still ([`Outcome::StillHeld`]). When somebody
    /// else changed the same rights at the same time, the report says so ([`Outcome::Unexpected`]). A
    /// role goes when it came from Altinn 2. A connection that is left empty stays, and the report says
    /// so ([`Report::connection_left_empty`]).
    ///
    /// # Errors
    ///
    /// As long as nothing has been changed: as the single operations. After that everything is in
    /// the report.
    pub async fn revoke(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: impl AsRef<PartyUuid>,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        self.revoke_between(Relation::given_by(giver).with(receiver), what)
            .await
    }

    /// As [`revoke`](Self::revoke), from either side: the receiver gives up what it got.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke); and a receiver cannot give up single rights, only all those on a
    /// resource or an instance.
    pub async fn revoke_between(
        &self,
        pair: impl Into<Pair>,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        let pair = pair.into();
        let wanted = wanted(OPERATION, what)?;
        self.require(OPERATION, pair.relation().read_scope())?;
        self.require(OPERATION, pair.relation().write_scope())?;
        if !pair.is_giver()
            && wanted
                .iter()
                .any(|entitlement| matches!(entitlement.kind(), Kind::Rights(_, Some(_))))
        {
            return Err(Error::input(
                OPERATION,
                "a receiver cannot give up single rights",
                "give up the whole resource or instance, or let the giver take the rights back",
            ));
        }
        let mut report = Report::new(pair.giver(), Some(pair.receiver().clone()));
        let mut stopped = false;
        for entitlement in wanted {
            if stopped {
                report.add(What::TakeBack(entitlement), Outcome::Skipped);
                continue;
            }
            let (outcome, seen) = match entitlement.kind() {
                Kind::Package(package) => self.take_package(&pair, package).await,
                Kind::Rights(on, names) => self.take_rights(&pair, &on, names).await,
                Kind::Role(code) => self.take_role(&pair, code).await,
            };
            stopped = stops_everything(&outcome);
            if let Outcome::Failed(error) = outcome {
                if report.steps().is_empty() && !answer_was_lost(&error) {
                    return Err(error);
                }
                report.add(What::TakeBack(entitlement), Outcome::Failed(error));
                continue;
            }
            report.add(What::TakeBack(entitlement.clone()), outcome);
            if let Some(seen) = seen {
                report.add(What::ReadAgain(entitlement), seen);
            }
        }
        if report.has_changed_anything() && !stopped && self.is_empty(&pair).await.unwrap_or(false)
        {
            report.set_connection_left_empty();
        }
        report.set_decision_point_lags();
        Ok(report)
    }

    async fn take_package(&self, pair: &Pair, package: &PackageUrn) -> (Outcome, Option<Outcome>) {
        let held = match self.packages(pair).await {
            Ok(held) => held,
            Err(error) => return (Outcome::Failed(error), None),
        };
        if !holds_directly(&held, package) {
            let others = self.explained(pair, other_ways(&held, package)).await;
            return (nothing_to_take(others), None);
        }
        let taken = self.remove_package(pair, package).await;
        if let Err(error) = &taken
            && !answer_was_lost(error)
        {
            return (Outcome::Failed(error.clone()), None);
        }
        match (taken, self.packages(pair).await) {
            // the answer was lost, and it was not done or nobody knows
            (Err(error), Err(_)) => (Outcome::Failed(error), None),
            (Err(error), Ok(held)) if holds_directly(&held, package) => {
                (Outcome::Failed(error), None)
            }
            (_, Ok(held)) => {
                let still = holds_directly(&held, package)
                    .then(|| format!("{} is still there", package.code()));
                let others = self.explained(pair, other_ways(&held, package)).await;
                let seen = seen(still.into_iter().collect(), others);
                (Outcome::Done, Some(seen))
            }
            (Ok(()), Err(error)) => (Outcome::Done, Some(Outcome::Failed(error))),
        }
    }

    /// Takes all rights there, or those that are named.
    async fn take_rights(
        &self,
        pair: &Pair,
        on: &On,
        names: Option<&[RightName]>,
    ) -> (Outcome, Option<Outcome>) {
        let held = match self.rights_on(pair, on).await {
            Ok(held) => held,
            Err(error) => return (Outcome::Failed(error), None),
        };
        let Some(keep) = to_keep(&held, names) else {
            let others = self.explained(pair, other_rights(&held, names)).await;
            return (nothing_to_take(others), None);
        };
        let taken = if keep.is_empty() {
            self.remove_on(pair, on).await
        } else {
            let keys: Vec<_> = keep.iter().cloned().collect();
            self.replace_on(pair, on, &keys).await
        };
        if let Err(error) = &taken
            && !answer_was_lost(error)
        {
            return (Outcome::Failed(error.clone()), None);
        }
        let found = self.rights_on(pair, on).await.map(|held| {
            let now: BTreeSet<_> = direct_keys(&held).into_iter().cloned().collect();
            (difference(&keep, &now), other_rights(&held, names))
        });
        match (taken, found) {
            (Err(error), Err(_)) => (Outcome::Failed(error), None),
            (Err(error), Ok((difference, _))) if !difference.is_empty() => {
                (Outcome::Failed(error), None)
            }
            (_, Ok((difference, others))) => {
                let others = self.explained(pair, others).await;
                (Outcome::Done, Some(seen(difference, others)))
            }
            (Ok(()), Err(error)) => (Outcome::Done, Some(Outcome::Failed(error))),
        }
    }

    /// Takes a role, when it is one that can go.
    async fn take_role(&self, pair: &Pair, code: &RoleCode) -> (Outcome, Option<Outcome>) {
        let held = match self.roles(pair).await {
            Ok(held) => held,
            Err(error) => return (Outcome::Failed(error), None),
        };
        let sent = match role_to_take(&held, code) {
            Ok(sent) => sent,
            Err(outcome) => return (outcome, None),
        };
        let taken = self.remove_role(pair, &sent).await;
        if let Err(error) = &taken
            && !answer_was_lost(error)
        {
            return (Outcome::Failed(error.clone()), None);
        }
        let found = self.roles(pair).await.map(|held| {
            match held_as(&held, code).map(goes) {
                None => (Vec::new(), Vec::new()),
                // what was given is gone, and the role follows from something else besides
                Some(Goes::Not(why)) => (Vec::new(), vec![format!("the role {code} {why}")]),
                Some(_) => (vec![format!("the role {code} is still there")], Vec::new()),
            }
        });
        match (taken, found) {
            (Err(error), Err(_)) => (Outcome::Failed(error), None),
            (Err(error), Ok((left, _))) if !left.is_empty() => (Outcome::Failed(error), None),
            (_, Ok((left, others))) => (Outcome::Done, Some(seen(left, others))),
            (Ok(()), Err(error)) => (Outcome::Done, Some(Outcome::Failed(error))),
        }
    }

    /// The other ways in words. Where a role is behind one, the roles are read, to say what takes that
    /// one away.
    pub(super) async fn explained(&self, pair: &Pair, others: Vec<OtherWay>) -> Vec<String> {
        let roles = if others.iter().any(|way| !way.roles().is_empty()) {
            // without the list it is said in general
            self.roles(pair).await.unwrap_or_default()
        } else {
            Vec::new()
        };
        others.iter().map(|way| way.said(&roles)).collect()
    }

    /// Whether the connection stands with nothing on it.
    async fn is_empty(&self, pair: &Pair) -> Result<bool, Error> {
        let connections = self.connections(pair, Include::everything()).await?;
        Ok(connections.iter().any(|connection| {
            connection.party.as_ref().map(|party| &party.id) == Some(pair.other())
                && connection.packages.is_empty()
                && connection.resources.is_empty()
                && connection.instances.is_empty()
                && !connection.roles.is_empty()
                && connection
                    .roles
                    .iter()
                    .filter_map(code_of)
                    .all(|role| role == RIGHT_HOLDER)
        }))
    }
}

/// What reading again comes to: what is not as it should be, or the other ways in which it is held.
fn seen(wrong: Vec<String>, other_ways: Vec<String>) -> Outcome {
    match (wrong.is_empty(), other_ways.is_empty()) {
        (true, true) => Outcome::Done,
        (true, false) => Outcome::StillHeld(other_ways),
        (false, _) => Outcome::Unexpected(wrong.into_iter().chain(other_ways).collect()),
    }
}

/// The role as the list has it.
fn held_as<'h>(held: &'h [RolePermission], code: &RoleCode) -> Option<&'h RolePermission> {
    held.iter().find(|found| {
        found.role.as_ref().is_some_and(|role| {
            [
                &role.code,
                &role.legacy_role_code,
                &role.urn,
                &role.legacy_urn,
            ]
            .into_iter()
            .flatten()
            .any(|text| RoleCode::from(text.as_str()) == *code)
        })
    })
}

/// The code to take the role back by, or why there is nothing to take.
pub(super) fn role_to_take(held: &[RolePermission], code: &RoleCode) -> Result<String, Outcome> {
    if code.as_str() == RIGHT_HOLDER {
        return Err(Outcome::Refused(vec![
            "this role is the connection itself: remove the connection".to_owned(),
        ]));
    }
    let Some(found) = held_as(held, code) else {
        return Err(Outcome::Already);
    };
    if let Goes::Not(why) = goes(found) {
        return Err(Outcome::Refused(vec![format!("the role {code} {why}")]));
    }
    let sent = found.role.as_ref().and_then(|role| role.code.clone());
    Ok(sent.unwrap_or_else(|| code.to_string()))
}

/// Whether a role can be taken back.
pub(super) enum Goes {
    Yes,
    /// It cannot; the role …
    Not(String),
    /// The list does not tell.
    Unknown,
}

/// A role goes when it came from Altinn 2 and was given directly (`RoleDto.IsRevocable`). Those that Altinn 2
/// derived from other roles have its provider too, and stay (`ConnectionsController`'s tests of `GetRoles`,
/// <https://github.com/Altinn/altinn-authorization-tmp>).
pub(super) fn goes(found: &RolePermission) -> Goes {
    let role = found.role.as_ref();
    let provider = role.and_then(|role| role.provider.as_ref());
    let is_altinn2 = provider.is_some_and(|provider| provider.code.as_deref() == Some(ALTINN_2));
    let is_given = found.permissions.iter().any(is_direct);
    match role.and_then(|role| role.is_revocable) {
        Some(true) => Goes::Yes,
        None if is_altinn2 && is_given => Goes::Yes,
        _ if is_altinn2 => {
            let mut via = found.permissions.iter().map(How::of);
            let via = via.find_map(|how| how.via().map(str::to_owned));
            let from = via.map_or_else(
                || "follows from another role".to_owned(),
                |via| format!("is held through {via}"),
            );
            Goes::Not(format!("{from}, and goes with that"))
        }
        known => match (provider.and_then(|p| p.name.as_deref()), known) {
            (Some(provider), _) => {
                Goes::Not(format!("comes from {provider}, and is changed there"))
            }
            (None, Some(_)) => Goes::Not("comes from a register, and is changed there".to_owned()),
            (None, None) => Goes::Unknown,
        },
    }
}

/// Why there is nothing to take.
pub(super) fn nothing_to_take(others: Vec<String>) -> Outcome {
    if others.is_empty() {
        Outcome::Already
    } else {
        Outcome::Refused(others)
    }
}

/// A way in which something is held without having been given to the receiver itself.
pub(super) struct OtherWay {
    /// The rights that are held so; none of a package.
    rights: Vec<String>,
    how: Vec<How>,
}

impl OtherWay {
    /// The roles that carry it, between these two parties.
    fn roles(&self) -> Vec<RoleCode> {
        let mut roles = Vec::new();
        for how in self.how.iter().filter(|how| how.via().is_none()) {
            if let Some(role) = how.role().filter(|role| *role != RIGHT_HOLDER) {
                let role = RoleCode::from(role);
                if !roles.contains(&role) {
                    roles.push(role);
                }
            }
        }
        roles
    }

    fn how(&self) -> String {
        let mut ways: Vec<String> = Vec::new();
        for way in self.how.iter().map(ToString::to_string) {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        match ways.is_empty() {
            true => "in another way".to_owned(),
            false => ways.join(" and "),
        }
    }

    fn said(&self, roles: &[RolePermission]) -> String {
        let mut said = match self.rights.is_empty() {
            true => String::new(),
            false => format!("{}: ", self.rights.join(", ")),
        };
        said.push_str(&format!("held {}, not given directly", self.how()));
        for role in self.roles() {
            said.push_str(": ");
            said.push_str(&what_ends(&role, roles));
        }
        said
    }
}

/// What takes a role away that something is held by.
fn what_ends(role: &RoleCode, roles: &[RolePermission]) -> String {
    match held_as(roles, role).map_or(Goes::Unknown, goes) {
        Goes::Yes => format!(
            "the role {role} came from Altinn 2, and can be taken back with all that it carries (role:{role})"
        ),
        Goes::Not(why) => format!("the role {role} {why}"),
        Goes::Unknown => format!(
            "a role that came from Altinn 2 can be taken back (role:{role}), another is changed in its register"
        ),
    }
}

/// The ways in which the package is held without having been given to the receiver itself.
pub(super) fn other_ways(held: &[PackagePermission], package: &PackageUrn) -> Vec<OtherWay> {
    let of_package = held.iter().filter(|found| {
        is_package(
            found.package.as_ref().and_then(|p| p.urn.as_deref()),
            package,
        )
    });
    of_package
        .flat_map(|found| &found.permissions)
        .filter(|permission| !is_direct(permission))
        .map(|permission| OtherWay {
            rights: Vec::new(),
            how: vec![How::of(permission)],
        })
        .collect()
}

/// The rights that are meant and held without having been given to the receiver itself.
pub(super) fn other_rights(held: &RightsOn, names: Option<&[RightName]>) -> Vec<OtherWay> {
    let meant = HeldRight::all(held).into_iter().filter(|right| {
        !right.is_direct()
            && names.is_none_or(|names| names.iter().any(|name| name.means_held(right)))
    });
    let mut ways: Vec<OtherWay> = Vec::new();
    for right in meant {
        let name = right.action().or(right.name()).unwrap_or("a right");
        match ways.iter_mut().find(|way| way.how == right.how()) {
            Some(way) => way.rights.push(name.to_owned()),
            None => ways.push(OtherWay {
                rights: vec![name.to_owned()],
                how: right.how().to_vec(),
            }),
        }
    }
    ways
}

fn is_meant(right: &Right, names: Option<&[RightName]>) -> bool {
    names.is_none_or(|names| names.iter().any(|name| name.means(right)))
}

/// The keys that stay; `None` when nothing of what is meant was given to the receiver itself.
pub(super) fn to_keep(held: &RightsOn, names: Option<&[RightName]>) -> Option<BTreeSet<RightKey>> {
    let is_meant = |right: &Right| is_meant(right, names);
    let direct = || {
        held.direct
            .iter()
            .filter_map(|permission| permission.right.as_ref())
    };
    direct().any(is_meant).then(|| {
        direct()
            .filter(|right| !is_meant(right))
            .map(|right| right.key.clone())
            .collect()
    })
}

fn difference(due: &BTreeSet<RightKey>, now: &BTreeSet<RightKey>) -> Vec<String> {
    let more = now
        .difference(due)
        .map(|key| format!("the right {key} is there"));
    let fewer = due
        .difference(now)
        .map(|key| format!("the right {key} is gone"));
    more.chain(fewer).collect()
}
