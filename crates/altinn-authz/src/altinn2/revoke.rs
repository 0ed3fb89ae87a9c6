//! Taking back, as one call.

use crate::altinn2::client::{Client, answer_was_lost};
use crate::altinn2::delegation::{Delegation, Service, is_direct};
use crate::altinn2::delegations::not_on_the_list;
use crate::altinn2::grant::{stops_everything, wanted};
use crate::altinn2::models::{Right, RightHolderId, Role, RoleType, RuleId};
use crate::altinn2::receiver::{Inner, Receiver};
use crate::altinn2::who::Who;
use crate::altinn2::{Outcome, Report, What};
use crate::{Error, ErrorKind};

const OPERATION: &str = "take rights back";

impl Client {
    /// Takes back what was asked for and nothing else, and reads again to see that it is gone.
    ///
    /// Of rights on a service each action is a step of its own, as each is a request of its own. What
    /// is not held is reported as [`Outcome::Already`]. What is held in other ways than by being given
    /// (through a role, a key role, the company register) cannot be taken back here and is refused
    /// with the way it is held. A lost answer is looked into before anything is sent twice.
    ///
    /// # Errors
    ///
    /// As long as nothing has been changed: as the single operations. After that everything is in
    /// the report; when only one thing was to be taken, its refusal is an error.
    pub async fn revoke(
        &self,
        who: impl Into<Who>,
        receiver: impl Into<Receiver>,
        what: impl IntoIterator<Item = Delegation>,
    ) -> Result<Report, Error> {
        let (who, receiver) = (who.into(), receiver.into());
        let wanted = wanted(OPERATION, what)?;
        who.segment(OPERATION)?;
        let id = match (self.find(&who, &receiver).await?, &receiver.0) {
            (Some(id), _) => id,
            // an enterprise user who is not on the list holds nothing
            (None, Inner::EnterpriseUser { .. }) => {
                let mut report = Report::new(&who, None);
                for delegation in wanted {
                    report.add(What::TakeBack(delegation), Outcome::Already);
                }
                return Ok(report);
            }
            (None, _) => return Err(not_on_the_list(OPERATION, &receiver)),
        };
        let mut taking = Taking {
            client: self,
            who: &who,
            id: &id,
            report: Report::new(&who, Some(id.clone())),
            is_single: wanted.len() == 1,
            stopped: false,
        };
        let mut changed = Vec::new();
        for delegation in wanted {
            if taking.stopped {
                taking
                    .report
                    .add(What::TakeBack(delegation), Outcome::Skipped);
            } else if taking.take(&delegation).await? {
                changed.push(delegation);
            }
        }
        if !taking.stopped {
            for delegation in changed {
                taking.read_again(delegation).await;
            }
        }
        Ok(taking.report)
    }

    /// What there is to take, part by part, or why there is nothing.
    pub(super) async fn what_to_take(
        &self,
        who: &Who,
        id: &RightHolderId,
        delegation: &Delegation,
    ) -> Result<Vec<(Delegation, Result<Held, Outcome>)>, Error> {
        match delegation {
            Delegation::Role(definition) => {
                let held = self.held_roles(who, id, *definition).await?;
                let steps = role_steps(held);
                Ok(steps
                    .into_iter()
                    .map(|step| (delegation.clone(), step))
                    .collect())
            }
            Delegation::Service(service) => {
                let held = self.held_rights(who, id, service).await?;
                let steps = right_steps(service, held, None);
                Ok(if steps.is_empty() {
                    vec![(delegation.clone(), Err(Outcome::Already))]
                } else {
                    steps
                })
            }
            Delegation::Rights { service, actions } => {
                let held = self.held_rights(who, id, service).await?;
                Ok(right_steps(service, held, Some(actions)))
            }
            Delegation::AppRight { app, rule } => {
                let held = self.held_app_right(who, id, app, rule).await?;
                let step = match held.and_then(|right| right.rule_guid) {
                    Some(rule) => Ok(Held::AppRight(app.clone(), rule)),
                    None => Err(Outcome::Already),
                };
                Ok(vec![(delegation.clone(), step)])
            }
        }
    }
}

/// One run of [`Client::revoke`].
struct Taking<'a> {
    client: &'a Client,
    who: &'a Who,
    id: &'a RightHolderId,
    report: Report,
    is_single: bool,
    stopped: bool,
}

/// One thing with an id of its own.
pub(super) enum Held {
    Role(Role),
    Right(Right),
    AppRight(String, RuleId),
}

impl Held {
    /// What tells it from another one that looks the same.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Role(role) => role
                .id
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            Self::Right(right) => right.id.to_string(),
            Self::AppRight(_, rule) => rule.to_string(),
        }
    }
}

impl Taking<'_> {
    /// Takes one thing; whether anything was sent that may have changed something.
    async fn take(&mut self, delegation: &Delegation) -> Result<bool, Error> {
        let steps = self.client.what_to_take(self.who, self.id, delegation);
        let steps = match steps.await {
            Ok(steps) => steps,
            Err(error) if self.is_single || self.report.steps().is_empty() => return Err(error),
            Err(error) => {
                self.add(delegation.clone(), Outcome::Failed(error));
                return Ok(false);
            }
        };
        let is_single = self.is_single && steps.len() == 1;
        let mut changed = false;
        for (part, step) in steps {
            let outcome = match step {
                _ if self.stopped => Outcome::Skipped,
                Err(outcome) => outcome,
                Ok(held) => match self.remove(&part, &held).await {
                    Err(error) if is_single && !answer_was_lost(&error) => return Err(error),
                    Err(error) => Outcome::Failed(error),
                    Ok(outcome) => outcome,
                },
            };
            changed |= matches!(outcome, Outcome::Done);
            self.add(part, outcome);
        }
        Ok(changed)
    }

    fn add(&mut self, part: Delegation, outcome: Outcome) {
        self.stopped |= stops_everything(&outcome);
        self.report.add(What::TakeBack(part), outcome);
    }

    /// Removes one thing. What is gone already is no failure.
    async fn remove(&self, part: &Delegation, held: &Held) -> Result<Outcome, Error> {
        let error = match self.send(held).await {
            Ok(()) => return Ok(Outcome::Done),
            Err(error) => error,
        };
        let was_lost = answer_was_lost(&error);
        if !was_lost && error.kind() != ErrorKind::NotFound {
            return Err(error);
        }
        // The server may have done it, or somebody else. Only reading tells.
        match self.is_there(part, Some(held)).await {
            Ok(false) if was_lost => Ok(Outcome::Done),
            Ok(false) => Ok(Outcome::Already),
            Ok(true) if was_lost => self.send(held).await.map(|()| Outcome::Done),
            _ => Err(error),
        }
    }

    async fn send(&self, held: &Held) -> Result<(), Error> {
        match held {
            Held::Role(Role { id: Some(role), .. }) => {
                self.client.remove_role(self.who, self.id, role).await
            }
            Held::Role(_) => Ok(()),
            Held::Right(right) => self.client.remove_right(self.who, self.id, &right.id).await,
            Held::AppRight(app, rule) => {
                self.client
                    .remove_app_right(self.who, self.id, app, rule)
                    .await
            }
        }
    }

    /// Whether something of it is still held directly; with `held`, whether that very thing is.
    async fn is_there(&self, part: &Delegation, held: Option<&Held>) -> Result<bool, Error> {
        let (who, id) = (self.who, self.id);
        Ok(match part {
            Delegation::Role(definition) => {
                let roles = self.client.held_roles(who, id, *definition).await?;
                let known = match held {
                    Some(Held::Role(role)) => role.id.as_ref(),
                    _ => None,
                };
                roles.iter().any(|role| {
                    role.id.is_some() && known.is_none_or(|k| role.id.as_ref() == Some(k))
                })
            }
            Delegation::AppRight { app, rule } => {
                let found = self.client.held_app_right(who, id, app, rule).await?;
                found.is_some()
            }
            Delegation::Service(service) | Delegation::Rights { service, .. } => {
                let rights = self.client.held_rights(who, id, service).await?;
                let known = match held {
                    Some(Held::Right(right)) => Some(&right.id),
                    _ => None,
                };
                rights.iter().any(|right| {
                    is_direct(right)
                        && part.means(right)
                        && known.is_none_or(|known| right.id == *known)
                })
            }
        })
    }

    async fn read_again(&mut self, delegation: Delegation) {
        let outcome = match self.is_there(&delegation, None).await {
            Ok(false) => Outcome::Done,
            Ok(true) => Outcome::Unexpected(vec![format!("{delegation} is still there")]),
            Err(error) => Outcome::Failed(error),
        };
        self.report.add(What::ReadAgain(delegation), outcome);
    }
}

fn role_steps(held: Vec<Role>) -> Vec<Result<Held, Outcome>> {
    if held.is_empty() {
        return vec![Err(Outcome::Already)];
    }
    let (direct, inherited): (Vec<_>, Vec<_>) = held
        .into_iter()
        .partition(|role| role.id.is_some() && role.role_type != Some(RoleType::External));
    if !direct.is_empty() {
        return direct
            .into_iter()
            .map(|role| Ok(Held::Role(role)))
            .collect();
    }
    let why = if inherited
        .iter()
        .any(|role| role.role_type == Some(RoleType::External))
    {
        "a role of the company register (Enhetsregisteret) is changed there, not in Altinn"
    } else {
        "held through another party or role, not given directly"
    };
    vec![Err(Outcome::Refused(vec![why.to_owned()]))]
}

/// One step for each right, by action; without actions, one for each that was given directly.
fn right_steps(
    service: &Service,
    held: Vec<Right>,
    actions: Option<&[crate::altinn2::RightAction]>,
) -> Vec<(Delegation, Result<Held, Outcome>)> {
    let part = |action: &crate::altinn2::RightAction| Delegation::Rights {
        service: service.clone(),
        actions: vec![action.clone()],
    };
    let Some(actions) = actions else {
        return held
            .into_iter()
            .filter(is_direct)
            .map(|right| {
                let name = right
                    .action
                    .as_ref()
                    .map_or_else(|| Delegation::Service(service.clone()), part);
                (name, Ok(Held::Right(right)))
            })
            .collect();
    };
    let mut steps = Vec::new();
    for action in actions {
        let part = part(action);
        let meant: Vec<&Right> = held.iter().filter(|right| part.means(right)).collect();
        let direct: Vec<&Right> = meant
            .iter()
            .copied()
            .filter(|right| is_direct(right))
            .collect();
        if !direct.is_empty() {
            let taken = direct
                .into_iter()
                .map(|right| (part.clone(), Ok(Held::Right(right.clone()))));
            steps.extend(taken);
        } else if let Some(right) = meant.first() {
            let way = match &right.source {
                Some(source) => format!("held by {source}, not given directly"),
                None => "not given directly".to_owned(),
            };
            steps.push((part, Err(Outcome::Refused(vec![way]))));
        } else {
            steps.push((part, Err(Outcome::Already)));
        }
    }
    steps
}
