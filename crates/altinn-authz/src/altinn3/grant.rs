//! Giving, as one call.

use http_transport::{Remedy, Who};
use norwegian_ids::PersonNumber;

use crate::altinn3::client::{Client, answer_was_lost};
use crate::altinn3::connections::Include;
use crate::altinn3::entitlement::{Entitlement, Kind, PackageUrn, RightName, action_of};
use crate::altinn3::held::{RIGHT_HOLDER, code_of, is_direct};
use crate::altinn3::models::{AccessPackageCheck, PackagePermission, RightCheck, RightKey};
use crate::altinn3::on::{On, RightsOn};
use crate::altinn3::receiver::{Inner, Receiver};
use crate::altinn3::relation::{Pair, Relation};
use crate::altinn3::scopes;
use crate::altinn3::{Outcome, Report, What};
use crate::wire::{OpenEnum as _, PartyUuid};
use crate::{Error, ErrorKind};

const OPERATION: &str = "give rights";

/// What is to be sent for one entitlement, once it has been checked.
pub(super) enum Gift {
    Package(PackageUrn),
    Rights(On, Vec<RightKey>),
}

/// Why a role is refused.
pub(super) const NO_ROLES: &str =
    "Altinn 3 gives no roles any more: give the access package (tilgangspakke) that took its place";

impl Client {
    /// Gives: checks what may be given, makes the connection if there is none, gives the packages and
    /// the right keys, and reads again to see that they are there.
    ///
    /// What is so already is success. What may not be given is refused with the server's reasons
    /// before anything is changed, and the rest is given. An [`Entitlement::Rights`] is given whole or
    /// not at all; of an [`Entitlement::Resource`] those rights are given that may be; an
    /// [`Entitlement::Instance`] is as the one or the other; an [`Entitlement::Role`] is refused. With the scope
    /// to read ([`scopes::TO_OTHERS_READ`]) the report can tell what was so before, and a lost
    /// answer is looked into before anything is sent twice.
    ///
    /// Who may give single instances only (`tilgangsstyring-enkeltinstanser`) can neither connect nor
    /// read. Then instances are given without: a person by number and name, others when they are
    /// connected already; and the report has no reading again.
    ///
    /// # Errors
    ///
    /// As long as nothing has been changed: as the single operations, and those of
    /// [`add_connection`](Self::add_connection) for a person's name. After that everything is in the
    /// report.
    pub async fn grant(
        &self,
        giver: impl AsRef<PartyUuid>,
        receiver: &Receiver,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        let giver = giver.as_ref();
        let wanted = wanted(OPERATION, what)?;
        self.require(OPERATION, scopes::TO_OTHERS_WRITE)?;

        let mut report = Report::new(giver, receiver.uuid().cloned());
        let gifts = self.check(giver, &wanted, &mut report).await?;
        if gifts.is_empty() {
            return Ok(report);
        }
        let to = match self.connect(giver, receiver, &mut report).await {
            Ok(to) => to,
            Err(error) if gives_instances_only(&error, &gifts) => {
                return Ok(self.give_unseen(giver, receiver, gifts, report).await);
            }
            Err(error) => return Err(error),
        };
        report.set_receiver(to.clone());
        let pair = Relation::given_by(giver).with(&to);

        let mut given = Vec::new();
        let mut stopped = false;
        for (entitlement, gift) in gifts {
            let outcome = if stopped {
                Outcome::Skipped
            } else {
                self.give(&pair, &gift).await
            };
            stopped |= stops_everything(&outcome);
            if matches!(outcome, Outcome::Done) {
                given.push((entitlement.clone(), gift));
            }
            report.add(What::Give(entitlement), outcome);
        }
        if !stopped && self.may(scopes::TO_OTHERS_READ) {
            for (entitlement, gift) in given {
                let outcome = match self.missing(&pair, &gift).await {
                    Ok(missing) if missing.is_empty() => Outcome::Done,
                    Ok(missing) => Outcome::Unexpected(missing),
                    Err(error) => Outcome::Failed(error),
                };
                report.add(What::ReadAgain(entitlement), outcome);
            }
        }
        report.set_decision_point_lags();
        Ok(report)
    }

    /// Gives single instances as one who may give these and nothing else, and so can neither make a
    /// connection nor read one: the call that gives connects a person who is named by number and name.
    async fn give_unseen(
        &self,
        giver: &PartyUuid,
        receiver: &Receiver,
        gifts: Vec<(Entitlement, Gift)>,
        mut report: Report,
    ) -> Report {
        let mut stopped = false;
        for (entitlement, gift) in gifts {
            let Gift::Rights(on, keys) = &gift else {
                continue;
            };
            let outcome = match &on.instance {
                Some(instance) if !stopped => {
                    let give =
                        || self.add_instance_rights(giver, receiver, &on.resource, instance, keys);
                    let given = match give().await {
                        // giving again is giving once, when no name is looked up by it
                        Err(error) if answer_was_lost(&error) && receiver.uuid().is_some() => {
                            give().await
                        }
                        given => given,
                    };
                    given.map_or_else(Outcome::Failed, |()| Outcome::Done)
                }
                _ => Outcome::Skipped,
            };
            // a name that was refused, or may have been, is not sent again
            stopped |= stops_everything(&outcome)
                || receiver.uuid().is_none() && matches!(outcome, Outcome::Failed(_));
            report.add(What::Give(entitlement), outcome);
        }
        report.set_decision_point_lags();
        report
    }

    /// What of this may be given, without giving it: the checks of [`grant`](Self::grant) alone. What may
    /// not is [refused](Outcome::Refused) in the report, with the server's reasons.
    ///
    /// # Errors
    ///
    /// As [`package_delegation_check`](Self::package_delegation_check).
    pub async fn may_give(
        &self,
        giver: impl AsRef<PartyUuid>,
        what: impl IntoIterator<Item = Entitlement>,
    ) -> Result<Report, Error> {
        const OPERATION: &str = "check what may be given";
        let wanted = wanted(OPERATION, what)?;
        let mut report = Report::new(giver.as_ref(), None);
        self.check(giver.as_ref(), &wanted, &mut report).await?;
        Ok(report)
    }

    /// What of the wanted may be given, and what is to be sent for it.
    pub(super) async fn check(
        &self,
        giver: &PartyUuid,
        wanted: &[Entitlement],
        report: &mut Report,
    ) -> Result<Vec<(Entitlement, Gift)>, Error> {
        let packages: Vec<_> = wanted
            .iter()
            .filter_map(|entitlement| match entitlement {
                Entitlement::Package(package) => Some(package),
                _ => None,
            })
            .collect();
        let checked = if packages.is_empty() {
            Vec::new()
        } else {
            self.package_delegation_check(giver, packages).await?
        };
        let mut gifts = Vec::new();
        for entitlement in wanted {
            let result = match entitlement.kind() {
                Kind::Package(package) => may_give_package(&checked, package),
                Kind::Rights(on, names) => {
                    let checks = self.check_on(giver, &on).await?;
                    may_give_rights(on, &checks, names.unwrap_or_default())
                }
                Kind::Role(_) => Err(vec![NO_ROLES.to_owned()]),
            };
            let outcome = match result {
                Ok(gift) => {
                    gifts.push((entitlement.clone(), gift));
                    Outcome::Done
                }
                Err(reasons) => Outcome::Refused(reasons),
            };
            report.add(What::Check(entitlement.clone()), outcome);
        }
        Ok(gifts)
    }

    /// Makes the connection stand, and tells the receiver's UUID.
    async fn connect(
        &self,
        giver: &PartyUuid,
        receiver: &Receiver,
        report: &mut Report,
    ) -> Result<PartyUuid, Error> {
        let known = match &receiver.0 {
            // needs no connection
            Inner::SystemUser(party) => return Ok(party.clone()),
            Inner::Party(party) => Some(party),
            Inner::Person { .. } => None,
        };
        if let Some(party) = known
            && self.may(scopes::TO_OTHERS_READ)
            && self.is_connected(giver, party).await?
        {
            report.add(What::Connect, Outcome::Already);
            return Ok(party.clone());
        }
        let made = match self.add_connection(giver, receiver).await {
            Ok(made) => made.to,
            Err(error) if answer_was_lost(&error) => {
                // Look before doing it again; a name that was looked up once is not looked up twice.
                match &receiver.0 {
                    Inner::Person { number, .. } => {
                        match self.connected_person(giver, number).await {
                            Ok(Some(party)) => Some(party),
                            _ => return Err(error),
                        }
                    }
                    Inner::Party(party) | Inner::SystemUser(party) => {
                        if self.may(scopes::TO_OTHERS_READ) {
                            match self.is_connected(giver, party).await {
                                Ok(true) => Some(party.clone()),
                                Ok(false) => self.add_connection(giver, receiver).await?.to,
                                Err(_) => return Err(error),
                            }
                        } else {
                            self.add_connection(giver, receiver).await?.to
                        }
                    }
                }
            }
            Err(error) => return Err(error),
        };
        let to = made.or_else(|| known.cloned()).ok_or_else(|| {
            Error::from(http_transport::Error::new(
                http_transport::ErrorKind::UnexpectedShape,
                OPERATION,
            ))
            .with_remedy(Remedy::new(
                Who::Operator,
                "say who the connection was made to: the answer does not name the receiver",
            ))
        })?;
        report.add(What::Connect, Outcome::Done);
        Ok(to)
    }

    async fn is_connected(&self, giver: &PartyUuid, to: &PartyUuid) -> Result<bool, Error> {
        let relation = Relation::given_by(giver).with(to);
        let connections = self.connections(relation, Include::parties()).await?;
        Ok(connections.iter().any(|connection| {
            connection
                .party
                .as_ref()
                .is_some_and(|party| party.id == *to)
                && connection
                    .roles
                    .iter()
                    .filter_map(code_of)
                    .any(|role| role == RIGHT_HOLDER)
        }))
    }

    async fn connected_person(
        &self,
        giver: &PartyUuid,
        number: &PersonNumber,
    ) -> Result<Option<PartyUuid>, Error> {
        if !self.may(scopes::TO_OTHERS_READ) {
            return Ok(None);
        }
        let connections = self
            .connections(Relation::given_by(giver), Include::parties())
            .await?;
        let is_them = |party: &crate::altinn3::models::CompactEntity| {
            party
                .person_number
                .as_ref()
                .is_some_and(|found| found.as_str() == number.expose())
        };
        let mut parties = connections
            .into_iter()
            .filter_map(|connection| connection.party);
        Ok(parties.find(is_them).map(|party| party.id))
    }

    /// Gives one thing, unless it is there already.
    async fn give(&self, pair: &Pair, gift: &Gift) -> Outcome {
        if self.may(scopes::TO_OTHERS_READ) {
            match self.missing(pair, gift).await {
                Ok(missing) if missing.is_empty() => return Outcome::Already,
                Ok(_) => {}
                Err(error) => return Outcome::Failed(error),
            }
        }
        let error = match self.post(pair, gift).await {
            Ok(()) => return Outcome::Done,
            Err(error) => error,
        };
        if !answer_was_lost(&error) {
            return Outcome::Failed(error);
        }
        // The server may have done it. Reading tells; who may not read gives again, which is giving
        // once.
        if self.may(scopes::TO_OTHERS_READ) {
            match self.missing(pair, gift).await {
                Ok(missing) if missing.is_empty() => return Outcome::Done,
                Ok(_) => {}
                Err(_) => return Outcome::Failed(error),
            }
        }
        match self.post(pair, gift).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn post(&self, pair: &Pair, gift: &Gift) -> Result<(), Error> {
        match gift {
            Gift::Package(package) => self
                .add_package(pair.giver(), &Receiver::party(pair.receiver()), package)
                .await
                .map(drop),
            Gift::Rights(on, keys) => self.add_on(pair, on, keys).await,
        }
    }

    /// What of the gift the receiver does not hold directly.
    pub(super) async fn missing(&self, pair: &Pair, gift: &Gift) -> Result<Vec<String>, Error> {
        Ok(match gift {
            Gift::Package(package) => {
                let held = self.packages(pair).await?;
                if holds_directly(&held, package) {
                    Vec::new()
                } else {
                    vec![format!("{} is not there", package.code())]
                }
            }
            Gift::Rights(on, keys) => {
                let held = self.rights_on(pair, on).await?;
                let direct = direct_keys(&held);
                let missing = keys.iter().filter(|key| !direct.contains(key));
                missing
                    .map(|key| format!("the right {key} is not there"))
                    .collect()
            }
        })
    }
}

impl Receiver {
    fn uuid(&self) -> Option<&PartyUuid> {
        match &self.0 {
            Inner::Party(party) | Inner::SystemUser(party) => Some(party),
            Inner::Person { .. } => None,
        }
    }
}

/// Whether the caller may give single instances and is no access manager otherwise.
fn gives_instances_only(error: &Error, gifts: &[(Entitlement, Gift)]) -> bool {
    error.kind() == ErrorKind::Forbidden
        && gifts
            .iter()
            .all(|(_, gift)| matches!(gift, Gift::Rights(on, _) if on.instance.is_some()))
}

/// What was asked for, each once.
pub(crate) fn wanted(
    operation: &'static str,
    what: impl IntoIterator<Item = Entitlement>,
) -> Result<Vec<Entitlement>, Error> {
    let mut wanted: Vec<Entitlement> = Vec::new();
    for entitlement in what {
        entitlement.check(operation)?;
        if !wanted.contains(&entitlement) {
            wanted.push(entitlement);
        }
    }
    if wanted.is_empty() {
        return Err(Error::input(
            operation,
            "nothing was named",
            "name an access package or a resource",
        ));
    }
    Ok(wanted)
}

/// Whether going on would only repeat the failure, or make it worse.
pub(crate) fn stops_everything(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(error) if matches!(
        error.kind(),
        ErrorKind::Authentication
            | ErrorKind::PersonLookupLocked
            | ErrorKind::TooManyRequests
            | ErrorKind::Unreachable
            | ErrorKind::WrongName
    ))
}

pub(crate) fn is_package(urn: Option<&str>, package: &PackageUrn) -> bool {
    urn.is_some_and(|urn| PackageUrn::from(urn) == *package)
}

/// Whether the package is among those that were given to the receiver itself.
pub(crate) fn holds_directly(held: &[PackagePermission], package: &PackageUrn) -> bool {
    held.iter().any(|found| {
        is_package(
            found.package.as_ref().and_then(|p| p.urn.as_deref()),
            package,
        ) && found.permissions.iter().any(is_direct)
    })
}

pub(crate) fn direct_keys(held: &RightsOn) -> Vec<&RightKey> {
    held.direct
        .iter()
        .filter_map(|permission| permission.right.as_ref())
        .map(|right| &right.key)
        .collect()
}

fn may_give_package(
    checked: &[AccessPackageCheck],
    package: &PackageUrn,
) -> Result<Gift, Vec<String>> {
    let found = checked.iter().find(|check| {
        is_package(
            check.package.as_ref().and_then(|p| p.urn.as_deref()),
            package,
        )
    });
    match found {
        Some(check) if check.result == Some(true) => Ok(Gift::Package(package.clone())),
        Some(check) => {
            let reasons: Vec<_> = check
                .reasons
                .iter()
                .filter_map(|reason| reason.description.clone())
                .collect();
            Err(if reasons.is_empty() {
                vec!["the giver may not give it".to_owned()]
            } else {
                reasons
            })
        }
        None => Err(vec![
            "there is no such access package for this giver".to_owned(),
        ]),
    }
}

/// The keys to give. Without names, all that may be given; with names, exactly these or nothing.
fn may_give_rights(
    on: On,
    checks: &[RightCheck],
    names: &[RightName],
) -> Result<Gift, Vec<String>> {
    let may = |check: &&RightCheck| check.result == Some(true);
    let mut reasons = Vec::new();
    let mut keys: Vec<RightKey> = Vec::new();
    let mut take = |check: &RightCheck| {
        if let Some(right) = &check.right
            && !keys.contains(&right.key)
        {
            keys.push(right.key.clone());
        }
    };
    if names.is_empty() {
        checks.iter().filter(may).for_each(&mut take);
        if keys.is_empty() {
            reasons = checks.iter().map(why_not).collect();
            if reasons.is_empty() {
                reasons.push("there is no right on it that can be given".to_owned());
            }
        }
    } else {
        for name in names {
            let meant: Vec<_> = checks
                .iter()
                .filter(|check| check.right.as_ref().is_some_and(|right| name.means(right)))
                .collect();
            if meant.is_empty() {
                reasons.push(format!("{name}: there is no such right on it"));
            }
            for check in meant {
                if may(&check) {
                    take(check)
                } else {
                    reasons.push(why_not(check))
                }
            }
        }
    }
    if reasons.is_empty() {
        Ok(Gift::Rights(on, keys))
    } else {
        Err(reasons)
    }
}

fn why_not(check: &RightCheck) -> String {
    let right = check.right.as_ref();
    let name = right
        .and_then(action_of)
        .or_else(|| right.and_then(|right| right.name.as_deref()))
        .unwrap_or("a right");
    let codes: Vec<_> = check
        .reason_codes
        .iter()
        .map(|code| code.as_wire())
        .collect();
    if codes.is_empty() {
        format!("{name}: the giver may not give it")
    } else {
        format!("{name}: {}", codes.join(", "))
    }
}
