//! Giving, as one call.

use crate::altinn2::client::{Client, answer_was_lost};
use crate::altinn2::delegation::{Delegation, Service, is_direct};
use crate::altinn2::delegations::{actions_needed, nothing_named};
use crate::altinn2::models::{
    AppRight, AppRightSource, Right, RightHolder, RightHolderId, Role, RuleId,
};
use crate::altinn2::odata::{app_right, right};
use crate::altinn2::receiver::{Inner, Receiver};
use crate::altinn2::reportees::Identity;
use crate::altinn2::who::Who;
use crate::altinn2::{Outcome, Report, What};
use crate::{Error, ErrorKind};

const OPERATION: &str = "give rights";

impl Client {
    /// Gives, thing by thing, and reads before and after.
    ///
    /// The receiver's number and name are checked first (`ReporteeConversion`, for which the scope
    /// [`REPORTEES`](crate::altinn2::scopes::REPORTEES) is needed), so a wrong name changes nothing.
    /// What is held directly already is reported as such and not sent; of rights on a service, only
    /// the missing ones are sent. What is refused does not stop the rest. A lost answer is looked into
    /// before anything is sent twice. A receiver whose id cannot be found ([`Receiver::user`]) is
    /// given to without reading.
    ///
    /// # Errors
    ///
    /// As long as nothing has been changed: as the single operations, and [`ErrorKind::Refused`] for
    /// a name that does not belong to the number. After that everything is in the report; when only
    /// one thing was to be given, its refusal is an error.
    pub async fn grant(
        &self,
        who: impl Into<Who>,
        receiver: impl Into<Receiver>,
        what: impl IntoIterator<Item = Delegation>,
    ) -> Result<Report, Error> {
        let (who, receiver) = (who.into(), receiver.into());
        let wanted = wanted(OPERATION, what)?;
        who.segment(OPERATION)?;
        if wanted.iter().any(|w| matches!(w, Delegation::Service(_))) {
            return Err(actions_needed(OPERATION));
        }
        let mut id = self.find(&who, &receiver).await?;
        let mut report = Report::new(&who, id.clone());
        let mut given = Vec::new();
        let mut stopped = false;
        for delegation in &wanted {
            if stopped {
                report.add(What::Give(delegation.clone()), Outcome::Skipped);
                continue;
            }
            let outcome = match self.give(&who, &receiver, id.as_ref(), delegation).await {
                Ok(outcome) => outcome,
                Err(error) if wanted.len() == 1 && !answer_was_lost(&error) => return Err(error),
                Err(error) => Outcome::Failed(error),
            };
            stopped = stops_everything(&outcome);
            if matches!(outcome, Outcome::Done) {
                given.push(delegation.clone());
            }
            report.add(What::Give(delegation.clone()), outcome);
        }
        if given.is_empty() || stopped {
            return Ok(report);
        }
        if id.is_none() {
            // one who had nothing before is on the list now
            id = self.find(&who, &receiver).await.ok().flatten();
        }
        let Some(id) = id else { return Ok(report) };
        report.set_receiver(id.clone());
        for delegation in given {
            let outcome = match self.missing(&who, &id, &delegation).await {
                Ok(None) => Outcome::Done,
                Ok(Some(missing)) => Outcome::Unexpected(not_there(&missing)),
                Err(error) => Outcome::Failed(error),
            };
            report.add(What::ReadAgain(delegation), outcome);
        }
        Ok(report)
    }

    /// Gives what of one thing is missing.
    async fn give(
        &self,
        who: &Who,
        receiver: &Receiver,
        id: Option<&RightHolderId>,
        delegation: &Delegation,
    ) -> Result<Outcome, Error> {
        let missing = match id {
            None => delegation.clone(),
            Some(id) => match self.missing(who, id, delegation).await? {
                None => return Ok(Outcome::Already),
                Some(missing) => missing,
            },
        };
        let error = match self.delegate(who, receiver, [missing.clone()]).await {
            Ok(()) => return Ok(Outcome::Done),
            Err(error) => error,
        };
        if !answer_was_lost(&error) {
            return Err(error);
        }
        // The server may have done it. Only reading tells.
        let Some(id) = id else { return Err(error) };
        match self.missing(who, id, &missing).await {
            Ok(None) => Ok(Outcome::Done),
            Ok(Some(still)) => {
                self.delegate(who, receiver, [still]).await?;
                Ok(Outcome::Done)
            }
            Err(_) => Err(error),
        }
    }

    /// What of a delegation the receiver does not hold directly.
    pub(crate) async fn missing(
        &self,
        who: &Who,
        id: &RightHolderId,
        delegation: &Delegation,
    ) -> Result<Option<Delegation>, Error> {
        match delegation {
            Delegation::Role(definition) => {
                let held = self.held_roles(who, id, *definition).await?;
                let is_there = held.iter().any(|role| role.id.is_some());
                Ok((!is_there).then(|| delegation.clone()))
            }
            Delegation::Service(_) => Ok(None),
            Delegation::AppRight { app, rule } => {
                let held = self.held_app_right(who, id, app, rule).await?;
                Ok(held.is_none().then(|| delegation.clone()))
            }
            Delegation::Rights { service, actions } => {
                let held = self.held_rights(who, id, service).await?;
                let is_missing = |action: &_| {
                    !held
                        .iter()
                        .any(|right| is_direct(right) && right.action.as_ref() == Some(action))
                };
                let actions: Vec<_> = actions.iter().filter(|a| is_missing(a)).cloned().collect();
                Ok((!actions.is_empty()).then(|| Delegation::Rights {
                    service: service.clone(),
                    actions,
                }))
            }
        }
    }

    /// The id of a receiver; `None` for one that has none as far as can be seen.
    pub(crate) async fn find(
        &self,
        who: &Who,
        receiver: &Receiver,
    ) -> Result<Option<RightHolderId>, Error> {
        let identity = match &receiver.0 {
            Inner::Id(id) => return Ok(Some(id.clone())),
            Inner::Person { number, last_name } => {
                Identity::person(number.clone()).named(last_name)
            }
            Inner::Organisation { number, name } => Identity::organisation(*number).named(name),
            Inner::User { .. } | Inner::EnterpriseUser { .. } | Inner::KnownOrganisation(_) => {
                let holder = self.holder(who, receiver).await?;
                return Ok(holder.map(|holder| holder.id));
            }
        };
        if identity.name.is_none() {
            return Err(Error::input(
                OPERATION,
                "the receiver's name is empty",
                "give a person's last name, or an organisation's registered name",
            ));
        }
        let reportee = self.resolve(&identity).await?;
        Ok(reportee.id.map(|id| id.as_str().into()))
    }

    /// One who is known by what the list of right holders shows.
    pub(crate) async fn holder(
        &self,
        who: &Who,
        receiver: &Receiver,
    ) -> Result<Option<RightHolder>, Error> {
        let number = |holder: &RightHolder| holder.organisation_number.as_ref()?.checked().ok();
        let has_name = |holder: &RightHolder, name: &str| {
            let user_name = holder.user_name.as_deref();
            user_name.is_some_and(|user_name| user_name.trim().eq_ignore_ascii_case(name))
        };
        let is_it = |holder: &RightHolder| match &receiver.0 {
            Inner::Id(id) => holder.id == *id,
            // an enterprise user has its owner's number
            Inner::KnownOrganisation(wanted) => {
                holder.user_name.is_none() && number(holder) == Some(*wanted)
            }
            Inner::EnterpriseUser {
                user_name,
                organisation,
            } => {
                has_name(holder, user_name)
                    && number(holder).is_none_or(|number| number == *organisation)
            }
            Inner::User { user_name, .. } => {
                has_name(holder, user_name) && number(holder).is_none()
            }
            Inner::Person { .. } | Inner::Organisation { .. } => false,
        };
        let mut holders = self.delegations(who).await?.into_iter();
        Ok(holders.find(is_it))
    }

    /// How one holds a role: directly (with an id), inherited, both, or not at all.
    pub(crate) async fn held_roles(
        &self,
        who: &Who,
        id: &RightHolderId,
        definition: i64,
    ) -> Result<Vec<Role>, Error> {
        let held = nothing_if_unknown(self.roles(who, id).await)?;
        Ok(held
            .into_iter()
            .filter(|role| role.role_definition_id.as_i64() == Some(definition))
            .collect())
    }

    /// The right on an app that one was given: under this rule, or, since what is given on gets a rule
    /// of its own, the same right as the party holds under this rule.
    pub(crate) async fn held_app_right(
        &self,
        who: &Who,
        id: &RightHolderId,
        app: &str,
        rule: &RuleId,
    ) -> Result<Option<AppRight>, Error> {
        let of_app = app_right::APP.eq(app);
        let direct = |right: &AppRight| right.source != Some(AppRightSource::Role);
        let held = nothing_if_unknown(self.app_rights(who, id, Some(&of_app)).await)?;
        let held: Vec<AppRight> = held.into_iter().filter(direct).collect();
        let by_rule = held
            .iter()
            .find(|right| right.rule_guid.as_ref() == Some(rule));
        if let Some(right) = by_rule {
            return Ok(Some(right.clone()));
        }
        if held.is_empty() {
            return Ok(None);
        }
        let own = self.own_app_rights(who, Some(&of_app)).await?;
        let Some(meant) = own
            .iter()
            .find(|right| right.rule_guid.as_ref() == Some(rule))
        else {
            return Ok(None);
        };
        Ok(held.into_iter().find(|right| {
            right.app == meant.app
                && right.resource_id == meant.resource_id
                && right.resource_value == meant.resource_value
                && right.action == meant.action
        }))
    }

    /// The rights that one holds on a service, however they are held.
    pub(crate) async fn held_rights(
        &self,
        who: &Who,
        id: &RightHolderId,
        service: &Service,
    ) -> Result<Vec<Right>, Error> {
        let filter = right::SERVICE_CODE.eq(service.code());
        let held = nothing_if_unknown(self.rights(who, id, Some(&filter)).await)?;
        let on_service = Delegation::Service(service.clone());
        Ok(held
            .into_iter()
            .filter(|right| on_service.means(right))
            .collect())
    }
}

/// One who holds nothing may be unknown to the party; the wire facts do not say.
fn nothing_if_unknown<T>(held: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match held {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        held => held,
    }
}

/// What was asked for, each once.
pub(crate) fn wanted(
    operation: &'static str,
    what: impl IntoIterator<Item = Delegation>,
) -> Result<Vec<Delegation>, Error> {
    let mut wanted: Vec<Delegation> = Vec::new();
    for delegation in what {
        delegation.check(operation)?;
        if !wanted.contains(&delegation) {
            wanted.push(delegation);
        }
    }
    if wanted.is_empty() {
        return Err(nothing_named(operation));
    }
    Ok(wanted)
}

/// Whether going on would only repeat the failure, or make it worse.
pub(crate) fn stops_everything(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(error) if matches!(
        error.kind(),
        ErrorKind::Altinn2Closed
            | ErrorKind::Authentication
            | ErrorKind::LoginPage
            | ErrorKind::TooManyRequests
            | ErrorKind::Unreachable
    ))
}

fn not_there(missing: &Delegation) -> Vec<String> {
    match missing {
        Delegation::Rights { actions, .. } => actions
            .iter()
            .map(|action| format!("the right {action} is not there"))
            .collect(),
        other => vec![format!("{other} is not there")],
    }
}
