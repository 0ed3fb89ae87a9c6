//! Taking back, as one call.

use std::collections::BTreeSet;

use crate::Error;
use crate::altinn3::client::{Client, answer_was_lost};
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::{Entitlement, PackageUrn, RightName, action_of};
use crate::altinn3::grant::{direct_keys, holds_directly, is_package, stops_everything, wanted};
use crate::altinn3::held::{RIGHT_HOLDER, code_of, is_direct};
use crate::altinn3::models::{
    ExternalResourceRight, PackagePermission, ResourceId, Right, RightKey,
};
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::{Outcome, Report, What};
use crate::wire::PartyUuid;

const OPERATION: &str = "take rights back";

impl Client {
    /// Takes back what was asked for and nothing else, and reads again to see what is left.
    ///
    /// Single rights on a resource are taken back by giving the smaller set anew. What is held in
    /// other ways than by being given (through a role, a key role, a main unit) cannot be taken back
    /// here and is refused with the way it is held; when it is held in both ways, what was given is
    /// taken back, and the report says how it is held still ([`Outcome::Unexpected`]). When somebody
    /// else changed the same rights at the same time, the report says so. A connection that is left empty stays, and the report says
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
    /// As [`revoke`](Self::revoke); and a receiver cannot give up single rights, only the resource.
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
                .any(|entitlement| matches!(entitlement, Entitlement::Rights { .. }))
        {
            return Err(Error::input(
                OPERATION,
                "a receiver cannot give up single rights",
                "give up the whole resource, or let the giver take the rights back",
            ));
        }
        let mut report = Report::new(pair.giver(), Some(pair.receiver().clone()));
        let mut stopped = false;
        for entitlement in wanted {
            if stopped {
                report.add(What::TakeBack(entitlement), Outcome::Skipped);
                continue;
            }
            let (outcome, seen) = match &entitlement {
                Entitlement::Package(package) => self.take_package(&pair, package).await,
                Entitlement::Resource(resource) => self.take_rights(&pair, resource, None).await,
                Entitlement::Rights { resource, rights } => {
                    self.take_rights(&pair, resource, Some(rights)).await
                }
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
        Ok(report)
    }

    async fn take_package(&self, pair: &Pair, package: &PackageUrn) -> (Outcome, Option<Outcome>) {
        let held = match self.packages(pair).await {
            Ok(held) => held,
            Err(error) => return (Outcome::Failed(error), None),
        };
        if !holds_directly(&held, package) {
            let ways = other_ways(&held, package);
            let outcome = if ways.is_empty() {
                Outcome::Already
            } else {
                Outcome::Refused(ways)
            };
            return (outcome, None);
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
                let mut left = other_ways(&held, package);
                if holds_directly(&held, package) {
                    left.insert(0, format!("{} is still there", package.code()));
                }
                (Outcome::Done, Some(seen(left)))
            }
            (Ok(()), Err(error)) => (Outcome::Done, Some(Outcome::Failed(error))),
        }
    }

    /// Takes all rights on the resource, or those that are named.
    async fn take_rights(
        &self,
        pair: &Pair,
        resource: &ResourceId,
        names: Option<&[RightName]>,
    ) -> (Outcome, Option<Outcome>) {
        let held = match self.resource_rights(pair, resource).await {
            Ok(held) => held,
            Err(error) => return (Outcome::Failed(error), None),
        };
        let keep = match to_keep(&held, names) {
            Ok(keep) => keep,
            Err(outcome) => return (outcome, None),
        };
        let taken = if keep.is_empty() {
            self.remove_resource(pair, resource).await
        } else {
            let keys: Vec<_> = keep.iter().cloned().collect();
            self.replace_resource_rights(pair.giver(), pair.receiver(), resource, &keys)
                .await
        };
        if let Err(error) = &taken
            && !answer_was_lost(error)
        {
            return (Outcome::Failed(error.clone()), None);
        }
        let found = self.resource_rights(pair, resource).await.map(|held| {
            let now: BTreeSet<_> = direct_keys(&held).into_iter().cloned().collect();
            (difference(&keep, &now), other_rights(&held, names))
        });
        match (taken, found) {
            (Err(error), Err(_)) => (Outcome::Failed(error), None),
            (Err(error), Ok((difference, _))) if !difference.is_empty() => {
                (Outcome::Failed(error), None)
            }
            (_, Ok((difference, others))) => {
                let left = difference.into_iter().chain(others).collect();
                (Outcome::Done, Some(seen(left)))
            }
            (Ok(()), Err(error)) => (Outcome::Done, Some(Outcome::Failed(error))),
        }
    }

    /// Whether the connection stands with nothing on it.
    async fn is_empty(&self, pair: &Pair) -> Result<bool, Error> {
        let connections = self.connections(pair, Include::Everything).await?;
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

fn seen(left: Vec<String>) -> Outcome {
    if left.is_empty() {
        Outcome::Done
    } else {
        Outcome::Unexpected(left)
    }
}

/// The ways in which the package is held without having been given to the receiver itself.
pub(super) fn other_ways(held: &[PackagePermission], package: &PackageUrn) -> Vec<String> {
    let of_package = held.iter().filter(|found| {
        is_package(
            found.package.as_ref().and_then(|p| p.urn.as_deref()),
            package,
        )
    });
    of_package
        .flat_map(|found| &found.permissions)
        .filter(|permission| !is_direct(permission))
        .map(|permission| {
            let role = permission.role.as_ref().and_then(code_of);
            let via = permission.via.as_ref().and_then(|via| via.name.clone());
            match (role, via) {
                (_, Some(via)) => format!("held through {via}, not given directly"),
                (Some(role), None) => format!("held by the role {role}, not given directly"),
                (None, None) => "not given directly".to_owned(),
            }
        })
        .collect()
}

/// The rights that are meant and held without having been given to the receiver itself.
pub(super) fn other_rights(
    held: &ExternalResourceRight,
    names: Option<&[RightName]>,
) -> Vec<String> {
    held.indirect_rights
        .iter()
        .filter_map(|permission| permission.right.as_ref())
        .filter(|right| is_meant(right, names))
        .map(|right| {
            let name = action_of(right).or(right.name.as_deref());
            format!(
                "{}: held through a role, an access package or another party, not given directly",
                name.unwrap_or("a right")
            )
        })
        .collect()
}

fn is_meant(right: &Right, names: Option<&[RightName]>) -> bool {
    names.is_none_or(|names| names.iter().any(|name| name.means(right)))
}

/// The keys that stay, or why there is nothing to take.
pub(super) fn to_keep(
    held: &ExternalResourceRight,
    names: Option<&[RightName]>,
) -> Result<BTreeSet<RightKey>, Outcome> {
    let is_meant = |right: &Right| is_meant(right, names);
    let direct = || {
        held.direct_rights
            .iter()
            .filter_map(|permission| permission.right.as_ref())
    };
    if direct().any(is_meant) {
        return Ok(direct()
            .filter(|right| !is_meant(right))
            .map(|right| right.key.clone())
            .collect());
    }
    let others = other_rights(held, names);
    Err(if others.is_empty() {
        Outcome::Already
    } else {
        Outcome::Refused(others)
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
