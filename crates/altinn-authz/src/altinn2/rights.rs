//! [`Rights`] on Altinn 2.

use http_transport::BoxFuture;

use crate::altinn2::Outcome;
use crate::altinn2::client::Client;
use crate::altinn2::delegation::{Delegation, Service, is_direct};
use crate::altinn2::delegations::actions_needed;
use crate::altinn2::models::{Right, RightHolder, RightHolderId, RightSource, Role, RoleType};
use crate::altinn2::odata::right;
use crate::altinn2::receiver::Receiver;
use crate::altinn2::reportees::Identity;
use crate::altinn2::who::Who;
use crate::rights::{
    Act, Applied, Carry, Change, Checked, Entitlement, Expected, Generation, Holder, Holding, May,
    Number, One, Party, PartyName, Plan, Rights, carry_out,
};
use crate::{Error, ErrorKind};

const GENERATION: Generation = Generation::Altinn2;
const PLAN: &str = "plan a change of rights";
/// Roles for clients of accountants and auditors; since release 18.12 the portal alone gives them
/// (<https://altinn.github.io/docs/api/rest/>).
const CLIENT_ROLES: [&str; 5] = ["A0237", "A0238", "A0239", "A0240", "A0241"];

impl From<&Delegation> for Entitlement {
    fn from(delegation: &Delegation) -> Self {
        Self::of(GENERATION, delegation)
    }
}

impl From<Delegation> for Entitlement {
    fn from(delegation: Delegation) -> Self {
        Self::from(&delegation)
    }
}

impl TryFrom<&Entitlement> for Delegation {
    type Error = Error;

    fn try_from(entitlement: &Entitlement) -> Result<Self, Error> {
        entitlement
            .text_for("read an entitlement", GENERATION)?
            .parse()
    }
}

impl Rights for Client {
    fn generation(&self) -> Generation {
        GENERATION
    }

    fn resolve<'a>(&'a self, name: &'a PartyName) -> BoxFuture<'a, Result<Party, Error>> {
        Box::pin(async move {
            let identity = match &name.number {
                Number::Id(id) => {
                    let who: Who = id.parse()?;
                    return Ok(Party::new(GENERATION, &who, "", None));
                }
                Number::SystemUser(_) => return Err(no_system_users("find a party")),
                Number::Organisation(number) => Identity::organisation(*number),
                Number::Person(number) => Identity::person(number.clone()),
            };
            let shown = Some(identity.to_string());
            let named = match &name.name {
                Some(name) => identity.named(name),
                None => identity,
            };
            match self.resolve(&named).await {
                Ok(reportee) => {
                    let who = Who::try_from(&reportee)?;
                    Ok(Party::new(GENERATION, &who, &reportee.name, shown))
                }
                // an organisation that holds something from the one who is logged in has an id, too
                Err(error) if error.kind() == ErrorKind::UnknownParty => {
                    let Number::Organisation(number) = name.number else {
                        return Err(error);
                    };
                    let receiver = Receiver::known_organisation(number);
                    let found = self.holder(&Who::My, &receiver).await?;
                    let found = found.ok_or(error)?;
                    let name = found.name.as_deref().unwrap_or_default();
                    Ok(Party::new(GENERATION, &found.id, name, shown))
                }
                Err(error) => Err(error),
            }
        })
    }

    fn held<'a>(
        &'a self,
        giver: &'a Party,
        receiver: Option<&'a Party>,
    ) -> BoxFuture<'a, Result<Vec<Holder>, Error>> {
        Box::pin(async move {
            const OPERATION: &str = "list who holds what";
            let who: Who = giver.id_for(OPERATION, GENERATION)?.parse()?;
            let held = match receiver {
                None => self.held(&who).await?,
                Some(receiver) => {
                    let id = RightHolderId::from(receiver.id_for(OPERATION, GENERATION)?);
                    match self.right_holder(&who, &id).await {
                        Ok(holder) => vec![holder],
                        // one who holds nothing may be unknown to the giver
                        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                        Err(error) => return Err(error),
                    }
                }
            };
            Ok(held.iter().map(holder).collect())
        })
    }

    fn may_give<'a>(
        &'a self,
        giver: &'a Party,
        what: &'a [Entitlement],
    ) -> BoxFuture<'a, Result<Vec<Checked>, Error>> {
        Box::pin(async move {
            const OPERATION: &str = "check what may be given";
            let who: Who = giver.id_for(OPERATION, GENERATION)?.parse()?;
            let mut checked = Vec::new();
            for entitlement in what {
                let delegation = Delegation::try_from(entitlement)?;
                checked.push(Checked {
                    may: self.may(&who, &delegation).await?,
                    entitlement: delegation.into(),
                });
            }
            Ok(checked)
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
        what: &'a Entitlement,
    ) -> BoxFuture<'a, Result<One, Error>> {
        Box::pin(async move {
            let who: Who = giver.id_for(PLAN, GENERATION)?.parse()?;
            let report = self
                .grant(&who, named(receiver)?, [what.try_into()?])
                .await?;
            Ok(One::of(&report))
        })
    }

    fn take_one<'a>(
        &'a self,
        giver: &'a Party,
        receiver: &'a PartyName,
        what: &'a Entitlement,
    ) -> BoxFuture<'a, Result<One, Error>> {
        Box::pin(async move {
            let who: Who = giver.id_for(PLAN, GENERATION)?.parse()?;
            let report = self
                .revoke(&who, named(receiver)?, [what.try_into()?])
                .await?;
            Ok(One::of(&report))
        })
    }
}

impl Client {
    /// Altinn 2 has no check of what may be given; this says what its lists tell.
    async fn may(&self, who: &Who, delegation: &Delegation) -> Result<May, Error> {
        let unknown = |why: &str| Ok(May::Unknown(why.to_owned()));
        let no = |why: String| Ok(May::No(vec![why]));
        match delegation {
            Delegation::Service(_) => Err(actions_needed("check what may be given")),
            Delegation::AppRight { app, rule } => {
                let own = self.own_app_rights(who, None).await?;
                let found = own
                    .iter()
                    .find(|right| right.rule_guid.as_ref() == Some(rule));
                match found.and_then(|right| right.is_delegatable) {
                    Some(true) => Ok(May::Yes),
                    Some(false) => no(format!("one may not give this right on {app} on")),
                    None => {
                        unknown("one does not hold it oneself; Altinn 2 tells when it is tried")
                    }
                }
            }
            Delegation::Role(definition) => {
                let roles = match self.metadata().roles().await {
                    Ok(roles) => roles,
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        return unknown("Altinn 2 tells when it is tried");
                    }
                    Err(error) => return Err(error),
                };
                let Some(role) = roles.by_id(*definition) else {
                    return unknown(
                        "it is none of Altinn's roles; of a local one Altinn 2 tells when it is tried",
                    );
                };
                if role.role_type == Some(RoleType::External) {
                    return no("a role of a register is given there, not in Altinn".to_owned());
                }
                let is_clients = |code: &str| CLIENT_ROLES.contains(&code);
                if role.code.as_deref().is_some_and(is_clients) {
                    return no(
                        "a role for clients is given in the portal's client administration alone"
                            .to_owned(),
                    );
                }
                unknown("Altinn 2 tells when it is tried whether one may give this role")
            }
            Delegation::Rights { service, actions } => {
                let filter = right::SERVICE_CODE.eq(service.code());
                let own = match self.own_rights(who, Some(&filter)).await {
                    Ok(own) => own,
                    // one may give without being allowed to list what one holds
                    Err(error) if is_about_scope(&error) => {
                        return unknown(
                            "one's own rights cannot be read (scope altinn:rolesandrights.read); Altinn 2 tells when it is tried",
                        );
                    }
                    Err(error) => return Err(error),
                };
                let on_service = Delegation::Service(service.clone());
                let mut reasons = Vec::new();
                let mut not_held = Vec::new();
                for action in actions {
                    let mut meant = own
                        .iter()
                        .filter(|right| {
                            on_service.means(right) && right.action.as_ref() == Some(action)
                        })
                        .peekable();
                    if meant.peek().is_none() {
                        not_held.push(action.to_string());
                    } else if !meant.any(|right| right.is_delegatable == Some(true)) {
                        reasons.push(format!("{action}: one holds it and may not give it on"));
                    }
                }
                match (reasons.is_empty(), not_held.is_empty()) {
                    (false, _) => Ok(May::No(reasons)),
                    (true, true) => Ok(May::Yes),
                    (true, false) => Ok(May::Unknown(format!(
                        "{}: one does not hold it oneself; Altinn 2 tells when it is tried",
                        not_held.join(", ")
                    ))),
                }
            }
        }
    }

    async fn plan_change(&self, change: &Change) -> Result<Plan, Error> {
        let who: Who = change.giver.id_for(PLAN, GENERATION)?.parse()?;
        let (give, take) = change.read(PLAN, |one| Delegation::try_from(one))?;
        if give.iter().any(|one| matches!(one, Delegation::Service(_))) {
            return Err(actions_needed(PLAN));
        }
        let receiver = named(&change.receiver)?;
        let id = self.find(&who, &receiver).await?;
        if id.is_none() && !give.is_empty() {
            return Err(Error::input(
                PLAN,
                "the receiver holds nothing here yet and is named by number alone",
                "give the organisation's registered name with the number (--name NAME)",
            ));
        }
        let mut plan = Plan::new(change, id.as_ref().map(ToString::to_string));
        for delegation in &give {
            let missing = match &id {
                Some(id) => self.missing(&who, id, delegation).await?,
                None => Some(delegation.clone()),
            };
            let act = Act::Give(delegation.into());
            let Some(missing) = missing else {
                plan.add(act, Expected::Already, Vec::new());
                continue;
            };
            let expected = match self.may(&who, &missing).await? {
                May::Yes => Expected::Change,
                May::No(reasons) => Expected::Refused(reasons),
                May::Unknown(why) => Expected::Unknown(why),
            };
            plan.add(act, expected, vec![missing.to_string()]);
        }
        for delegation in &take {
            let act = Act::TakeBack(delegation.into());
            let Some(id) = &id else {
                plan.add(act, Expected::Already, Vec::new());
                continue;
            };
            let (mut seen, mut reasons) = (Vec::new(), Vec::new());
            for (part, found) in self.what_to_take(&who, id, delegation).await? {
                match found {
                    Ok(held) => seen.push(format!("{part} ({})", held.id())),
                    Err(Outcome::Refused(why)) => reasons.extend(why),
                    Err(_) => {}
                }
            }
            if seen.is_empty() {
                let expected = match reasons.is_empty() {
                    true => Expected::Already,
                    false => Expected::Refused(reasons),
                };
                plan.add(act, expected, Vec::new());
                continue;
            }
            let others = self.other_ways(&who, id, delegation).await?;
            plan.add(act, Expected::Change, seen).stays = others;
        }
        Ok(plan.finished())
    }

    /// In which ways it will be held still when what was given directly has been taken back.
    async fn other_ways(
        &self,
        who: &Who,
        id: &RightHolderId,
        delegation: &Delegation,
    ) -> Result<Vec<String>, Error> {
        let mut ways: Vec<String> = Vec::new();
        let mut add = |way: String| {
            if !ways.contains(&way) {
                ways.push(way);
            }
        };
        match delegation {
            Delegation::Role(definition) => {
                for role in self.held_roles(who, id, *definition).await? {
                    if role.id.is_none() || role.role_type == Some(RoleType::External) {
                        add(role_how(&role));
                    }
                }
            }
            Delegation::AppRight { .. } => {}
            Delegation::Service(service) | Delegation::Rights { service, .. } => {
                for right in self.held_rights(who, id, service).await? {
                    if !is_direct(&right) && delegation.means(&right) {
                        let action = right.action.as_ref().map(ToString::to_string);
                        add(format!(
                            "{} {}",
                            action.unwrap_or_default(),
                            right_how(&right)
                        ));
                    }
                }
            }
        }
        Ok(ways)
    }
}

fn is_about_scope(error: &Error) -> bool {
    let message = error.diagnosis().message().unwrap_or_default();
    error.kind() == ErrorKind::Forbidden
        || (error.kind() == ErrorKind::Authentication && message.contains("scope"))
}

fn no_system_users(operation: &'static str) -> Error {
    Error::input(
        operation,
        "Altinn 2 has no system users (systembrukere)",
        "name an organisation, a person or an enterprise user; or use Altinn 3",
    )
}

/// As Altinn 2 wants a receiver named.
fn named(name: &PartyName) -> Result<Receiver, Error> {
    match (&name.number, &name.name) {
        (Number::Id(id), _) if crate::altinn2::who::is_party_id(id) => {
            Ok(Receiver::id(id.as_str()))
        }
        (Number::Id(_), _) => Err(Error::input(
            PLAN,
            "this is not the id of one who can hold rights",
            "name the receiver by number and name, or by an id of an answer: r or u, and digits",
        )),
        (Number::SystemUser(_), _) => Err(no_system_users(PLAN)),
        (Number::Organisation(number), Some(name)) => Ok(Receiver::organisation(*number, name)),
        (Number::Organisation(number), None) => Ok(Receiver::known_organisation(*number)),
        (Number::Person(number), Some(name)) => Ok(Receiver::person(number.clone(), name)),
        (Number::Person(_), None) => Err(Error::input(
            PLAN,
            "the person's last name is missing: Altinn 2 compares it with the number",
            "give the last name with the number (--last-name NAME)",
        )),
    }
}

fn holder(held: &RightHolder) -> Holder {
    let number = match (&held.organisation_number, &held.person_number) {
        (Some(number), _) => Some(number.as_str().trim().to_owned()),
        (None, Some(number)) => Some(
            match norwegian_ids::PersonNumber::parse_format_only(number.as_str()) {
                Ok(number) => number.masked().to_string(),
                Err(_) if number.is_masked() => number.as_str().trim().to_owned(),
                Err(_) => "***********".to_owned(),
            },
        ),
        (None, None) => None,
    };
    let mut holds = Vec::new();
    for role in held.roles.iter().flat_map(|roles| roles.items()) {
        // role 0 only stands for the single rights below
        let Some(definition) = role.role_definition_id.as_i64().filter(|id| *id != 0) else {
            continue;
        };
        holds.push(Holding {
            entitlement: Delegation::role(definition).into(),
            name: role.name.as_deref().map(|name| name.trim().to_owned()),
            direct: role.id.is_some() && role.role_type != Some(RoleType::External),
            how: vec![role_how(role)],
        });
    }
    let mut services: Vec<(Service, bool, String, Vec<String>)> = Vec::new();
    for right in held.rights.iter().flat_map(|rights| rights.items()) {
        let edition = right.service_edition_code.as_ref();
        let (Some(code), Some(edition), Some(action)) = (
            &right.service_code,
            edition.and_then(|edition| edition.as_i64()),
            &right.action,
        ) else {
            continue;
        };
        let service = Service::new(code, edition);
        let (direct, how) = (is_direct(right), right_how(right));
        let same = services
            .iter_mut()
            .find(|(of, by, way, _)| *of == service && *by == direct && *way == how);
        match same {
            Some((_, _, _, actions)) => actions.push(action.to_string()),
            None => services.push((service, direct, how, vec![action.to_string()])),
        }
    }
    for (service, direct, how, actions) in services {
        holds.push(Holding {
            entitlement: Delegation::rights(service.code(), service.edition(), actions).into(),
            name: None,
            direct,
            how: vec![how],
        });
    }
    let name = held.name.as_deref().unwrap_or_default();
    Holder {
        party: Party::new(GENERATION, &held.id, name, number),
        holds,
    }
}

fn role_how(role: &Role) -> String {
    match (&role.role_type, &role.id) {
        (Some(RoleType::External), _) => "from a register",
        (_, Some(_)) => "given directly",
        (_, None) => "inherited",
    }
    .to_owned()
}

fn right_how(right: &Right) -> String {
    match &right.source {
        Some(RightSource::DirectlyDelegated) => "given directly".to_owned(),
        Some(RightSource::Role) => "by a role".to_owned(),
        Some(other) => format!("by {other}"),
        None => "not given directly".to_owned(),
    }
}
