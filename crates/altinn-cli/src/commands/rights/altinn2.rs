//! Rights on Altinn 2, as an enterprise user.

use altinn_authz::altinn2::models::{Right, RightHolder, RightSource, Role, RoleType};
use altinn_authz::altinn2::odata::{Filter, Filtered};
use altinn_authz::altinn2::{
    Client, Delegation, DelegationsQuery, Identity, Receiver, RightHolderId, Roles, Service,
    Services, Who, scopes,
};
use norwegian_ids::PersonNumber;
use serde_json::json;

use crate::commands::party::identity;
use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::organisation;

use super::{ChangeArgs, ListArgs, MineArgs, ToArgs, WhatArgs, changed, names, nothing_named};

pub(crate) async fn client(context: &Context<'_>, scopes: &[&str]) -> Result<Client, Failure> {
    let session = context.enterprise_user(scopes).await?;
    Ok(Client::new(&session).with_language(context.settings.language()?))
}

/// Who gives: an organisation number, an r-id, or `my`.
pub(crate) fn who(flag: &str, text: &str) -> Result<Who, Failure> {
    // a number that is mistyped is no user name
    if text
        .chars()
        .all(|character| character.is_ascii_digit() || character.is_whitespace())
        && text.chars().filter(char::is_ascii_digit).count() != 11
    {
        return Ok(organisation(flag, text)?.into());
    }
    text.trim()
        .parse()
        .map_err(|error: altinn_authz::Error| Failure::from(error).while_doing(flag))
}

/// An id of one who holds something: `r50170466`, `u20012345`.
fn holder_id(text: &str) -> Option<RightHolderId> {
    let digits = text.trim().strip_prefix(['r', 'u', 'R', 'U'])?;
    let is_id = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| RightHolderId::from(text.trim()))
}

/// Who receives, as Altinn 2 wants it: number and name together, or an id.
#[derive(Clone)]
pub(super) enum To {
    Id(RightHolderId),
    Named(Identity, Receiver),
    /// An organisation without its name: looked for among those who hold something.
    Organisation(norwegian_ids::OrganisationNumber),
}

impl To {
    pub(super) fn read(args: &ToArgs) -> Result<Self, Failure> {
        use altinn_authz::altinn3::Identity as Number;
        let text = args.required()?;
        if let Some(id) = holder_id(text) {
            return Ok(Self::Id(id));
        }
        let number = identity("--to", text)?;
        match (number, &args.last_name, &args.name) {
            (Number::Person(number), Some(name), None) => Ok(Self::Named(
                Identity::person(number.clone()).named(name),
                Receiver::person(number, name),
            )),
            (Number::Person(_), None, None) => Err(Failure::usage(
                "the person's last name is missing: Altinn 2 compares it with the number",
            )
            .todo("give it with --last-name NAME")),
            (Number::Organisation(number), None, Some(name)) => Ok(Self::Named(
                Identity::organisation(number).named(name),
                Receiver::organisation(number, name),
            )),
            (Number::Organisation(number), None, None) => Ok(Self::Organisation(number)),
            (Number::Organisation(_), Some(_), _) => Err(Failure::usage(
                "--last-name is a person's, and --to is an organisation",
            )
            .todo("give the organisation's registered name: --name NAME")),
            _ => Err(
                Failure::usage("--name is an organisation's, and --to is a person")
                    .todo("give the person's last name: --last-name NAME"),
            ),
        }
    }

    /// An organisation without its name, among those that hold something.
    async fn holder(
        &self,
        client: &Client,
        who: &Who,
    ) -> Result<Option<RightHolder>, altinn_authz::Error> {
        let holders = client.delegations(who).await?;
        Ok(holders.into_iter().find(|holder| self.is(holder)))
    }

    /// As [`receiver`](Self::receiver), for a row of a list: Altinn says that a name is missing.
    pub(super) async fn of(
        &self,
        client: &Client,
        who: &Who,
    ) -> Result<Receiver, altinn_authz::Error> {
        Ok(match self {
            Self::Id(id) => Receiver::id(id.clone()),
            Self::Named(_, receiver) => receiver.clone(),
            Self::Organisation(number) => match self.holder(client, who).await? {
                Some(holder) => Receiver::from(&holder),
                None => Receiver::known_organisation(*number),
            },
        })
    }

    /// Whether this holder is the one.
    pub(super) fn is(&self, holder: &RightHolder) -> bool {
        match self {
            Self::Id(id) => holder.id == *id,
            Self::Organisation(number) => {
                let theirs = holder.organisation_number.as_ref();
                theirs.is_some_and(|theirs| theirs.checked() == Ok(*number))
            }
            // a person's number comes masked
            Self::Named(identity, _) => {
                let shown = identity.to_string();
                let [_, _, number] = named(holder);
                shown.contains(&number) && !number.is_empty()
            }
        }
    }

    async fn receiver(&self, client: &Client, who: &Who) -> Result<Receiver, Failure> {
        match self {
            Self::Organisation(number) => match self.holder(client, who).await? {
                Some(holder) => Ok(Receiver::from(&holder)),
                None => Err(Failure::new(
                    Exit::Refused,
                    format!("{number} holds nothing here yet"),
                )
                .todo("give the organisation's registered name too: --name NAME")),
            },
            to => Ok(to.of(client, who).await?),
        }
    }

    async fn id(&self, client: &Client, who: &Who) -> Result<RightHolderId, Failure> {
        match self {
            Self::Id(id) => Ok(id.clone()),
            Self::Named(identity, _) => {
                let reportee = client.resolve(identity).await?;
                let id = reportee.id.ok_or_else(|| {
                    Failure::new(Exit::Unreachable, "the answer has no id for the receiver")
                })?;
                Ok(RightHolderId::from(id.as_str()))
            }
            Self::Organisation(number) => match self.holder(client, who).await? {
                Some(holder) => Ok(holder.id),
                None => Err(
                    Failure::new(Exit::Refused, format!("{number} holds nothing here"))
                        .todo("list all who hold something: leave --to out"),
                ),
            },
        }
    }
}

/// What one holds oneself.
pub(super) async fn mine(context: &Context<'_>, args: &MineArgs) -> Result<Report, Failure> {
    let who = who("--who", &args.who)?;
    if let Some(id) = &args.give_up {
        let client = client(context, &[scopes::RIGHTS_WRITE]).await?;
        client.give_up_right(&who, &id.as_str().into()).await?;
        let said = format!("gave the right {id} up");
        return Ok(Report::new(json!({ "id": id }), said.clone(), said));
    }
    let filter = args.filter.as_deref().map(parsed).transpose()?;
    let client = client(context, &[scopes::RIGHTS_READ]).await?;
    context
        .console
        .progress("reading one's own rights, page by page");
    let rights = client.own_rights(&who, filter.as_ref()).await?;
    let services = client.metadata().services_by_name().await.ok();
    let rows: Vec<[String; 4]> = rights
        .iter()
        .map(|right| {
            let action = right.action.as_ref().map(ToString::to_string);
            [
                service_named(right, services.as_ref()),
                action.unwrap_or_default(),
                right_how(right),
                right.id.to_string(),
            ]
        })
        .collect();
    let summary = format!("{} rights", rows.len());
    let text = match rows.is_empty() {
        true => "No rights.".to_owned(),
        false => table(["ON", "RIGHT", "HOW", "RIGHT ID"], rows),
    };
    Ok(Report::new(
        json!({ "rights": masked(&rights)? }),
        text,
        summary,
    ))
}

pub(super) async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    let Some(from) = &args.from else {
        return Err(Failure::usage(
            "Altinn 2 lists what somebody has given, and the giver is missing",
        )
        .todo("name the giver: --from NUMBER, or --from my"));
    };
    let who = who("--from", from)?;
    let to = args
        .to
        .to
        .is_some()
        .then(|| To::read(&args.to))
        .transpose()?;
    context
        .console
        .progress("reading who holds roles and rights, one by one");
    let filter = args.filter.as_deref();
    let client = match to {
        None => client(context, &[scopes::DELEGATIONS_READ]).await?,
        Some(_) => client(context, &[scopes::REPORTEES, scopes::DELEGATIONS_READ]).await?,
    };
    let held = match to {
        None => holders(&client, &who, filter).await?,
        Some(to) => {
            let id = to.id(&client, &who).await?;
            let mut holder = client.right_holder(&who, &id).await?;
            if let Some(filter) = filter {
                let rights = client.rights(&who, &id, Some(&parsed(filter)?)).await?;
                holder.roles = None;
                holder.rights = Some(rights.into());
            }
            vec![holder]
        }
    };
    let services = names_of_services(&client, &held).await;
    let json = masked(&held)?;
    let rows: Vec<[String; 5]> = held
        .iter()
        .flat_map(|holder| rows(holder, services.as_ref()))
        .collect();
    let text = match rows.is_empty() {
        true => "Nobody holds anything.".to_owned(),
        false => table(["TO", "ID", "NUMBER", "HOLDS", "HOW"], rows),
    };
    let names: Vec<String> = held.iter().map(name).collect();
    let summary = match names.len() {
        0 => "nobody holds anything".to_owned(),
        1 => format!("one holds something: {}", names.join(", ")),
        count => format!("{count} hold something: {}", names.join("; ")),
    };
    Ok(Report::new(
        json!({ "api": "altinn2", "held": json }),
        text,
        summary,
    ))
}

/// All that hold something, or those of them that fit.
async fn holders(
    client: &Client,
    who: &Who,
    filter: Option<&str>,
) -> Result<Vec<RightHolder>, Failure> {
    let Some(filter) = filter else {
        return Ok(client.held(who).await?);
    };
    let query = DelegationsQuery::new().filter(parsed(filter)?);
    let mut held = Vec::new();
    for holder in client.delegations_with(who, &query).await? {
        held.push(client.right_holder(who, &holder.id).await?);
    }
    Ok(held)
}

/// A filter that a person wrote.
pub(crate) fn parsed<T: Filtered>(text: &str) -> Result<Filter<T>, Failure> {
    Filter::parse(text).map_err(|error| Failure::from(error).while_doing("--filter"))
}

/// What the services are called, where a right on one is held. Only people need it: what cannot be read
/// is left out.
async fn names_of_services(client: &Client, held: &[RightHolder]) -> Option<Services> {
    let mut rights = held.iter().flat_map(|holder| holder.rights.iter());
    if !rights.any(|rights| !rights.items().is_empty()) {
        return None;
    }
    client.metadata().services_by_name().await.ok()
}

fn name(holder: &RightHolder) -> String {
    holder.name.as_deref().unwrap_or_default().trim().to_owned()
}

/// Name, id and number; person numbers masked.
pub(super) fn named(holder: &RightHolder) -> [String; 3] {
    let number = match (&holder.organisation_number, &holder.person_number) {
        (Some(number), _) => number.as_str().trim().to_owned(),
        // Altinn masks it, all but always
        (None, Some(number)) => match PersonNumber::parse_format_only(number.as_str()) {
            Ok(number) => number.masked().to_string(),
            Err(_) if number.is_masked() => number.as_str().trim().to_owned(),
            Err(_) => "***********".to_owned(),
        },
        (None, None) => String::new(),
    };
    [name(holder), holder.id.to_string(), number]
}

fn rows(holder: &RightHolder, names: Option<&Services>) -> Vec<[String; 5]> {
    let [name, id, number] = named(holder);
    let row = |holds: String, how: String| [name.clone(), id.clone(), number.clone(), holds, how];
    let mut rows = Vec::new();
    // role 0 only stands for the single rights below
    let roles = holder.roles.iter().flat_map(|roles| roles.items());
    for role in roles.filter(|role| role.role_definition_id.as_i64() != Some(0)) {
        rows.push(row(role_text(role), role_how(role)));
    }
    let mut services: Vec<(String, String, Vec<String>)> = Vec::new();
    for right in holder.rights.iter().flat_map(|rights| rights.items()) {
        let (service, how) = (service_named(right, names), right_how(right));
        let action = right
            .action
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        match services
            .iter_mut()
            .find(|(known, by, _)| *known == service && *by == how)
        {
            Some((_, _, actions)) => actions.push(action),
            None => services.push((service, how, vec![action])),
        }
    }
    for (service, how, actions) in services {
        rows.push(row(format!("{service} ({})", actions.join(", ")), how));
    }
    if rows.is_empty() {
        rows.push(row("nothing".to_owned(), String::new()));
    }
    rows
}

fn role_text(role: &Role) -> String {
    let name = role.name.as_deref().unwrap_or_default().trim();
    let code = role
        .code
        .as_deref()
        .map(|code| format!(" {code}"))
        .unwrap_or_default();
    format!("role {}{code} {name}", role.role_definition_id)
}

pub(crate) fn role_how(role: &Role) -> String {
    match (&role.role_type, &role.id) {
        (Some(RoleType::External), _) => "from a register".to_owned(),
        (_, Some(_)) => "given directly".to_owned(),
        (_, None) => "inherited".to_owned(),
    }
}

pub(crate) fn service_of(right: &Right) -> String {
    match (&right.service_code, &right.service_edition_code) {
        (Some(code), Some(edition)) => format!("service {code}/{edition}"),
        (Some(code), None) => format!("service {code}"),
        (None, _) => format!("right {}", right.id),
    }
}

/// With its name, where that is known.
pub(crate) fn service_named(right: &Right, names: Option<&Services>) -> String {
    let code = service_of(right);
    let service = code
        .strip_prefix("service ")
        .and_then(|code| code.parse().ok());
    let name = service.and_then(|service: Service| names?.name(&service));
    match name {
        Some(name) => format!("{code} {name}"),
        None => code,
    }
}

pub(crate) fn right_how(right: &Right) -> String {
    match &right.source {
        Some(RightSource::DirectlyDelegated) => "given directly".to_owned(),
        Some(RightSource::Role) => "by a role".to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

pub(super) async fn grant(context: &Context<'_>, args: &ChangeArgs) -> Result<Report, Failure> {
    let who = who("--from", args.from()?)?;
    let to = To::read(&args.to)?;
    sound(&args.what)?;
    let client = client(context, &scopes::GIVER).await?;
    let known = known_roles(context, &client, &who, [&args.what]).await?;
    let what = delegations(&args.what, known.as_ref())?;
    context
        .console
        .progress("reading what is held, giving, and reading again");
    let receiver = to.receiver(&client, &who).await?;
    let names = names(&what);
    let done = client.grant(&who, &receiver, what).await?;
    changed(&done, "gave", &names)
}

pub(super) async fn revoke(context: &Context<'_>, args: &ChangeArgs) -> Result<Report, Failure> {
    let who = who("--from", args.from()?)?;
    let to = To::read(&args.to)?;
    sound(&args.what)?;
    let client = client(context, &scopes::GIVER).await?;
    let known = known_roles(context, &client, &who, [&args.what]).await?;
    let what = delegations(&args.what, known.as_ref())?;
    context
        .console
        .progress("reading what is held, taking back, and reading again");
    let receiver = to.receiver(&client, &who).await?;
    let names = names(&what);
    let done = client.revoke(&who, &receiver, what).await?;
    changed(&done, "took back", &names)
}

/// The roles there are, when a role is named by code or name.
pub(super) async fn known_roles<'a>(
    context: &Context<'_>,
    client: &Client,
    who: &Who,
    what: impl IntoIterator<Item = &'a WhatArgs>,
) -> Result<Option<Roles>, Failure> {
    let mut roles = what.into_iter().flat_map(|what| &what.roles);
    if !roles.any(|role| role.trim().parse::<i64>().is_err()) {
        return Ok(None);
    }
    context.console.progress("looking the role up");
    let all = client.metadata().roles().await?;
    // local ones besides, where they may be seen
    Ok(Some(match client.role_definitions(who).await {
        Ok(own) => all.and(own),
        Err(_) => all,
    }))
}

fn named_role(text: &str, known: Option<&Roles>) -> Result<i64, Failure> {
    let missing = || {
        Failure::usage(format!("--role: {text} is no role's number")).todo(
            "give its number (RoleDefinitionId), code or name: `altinn roles list` shows them",
        )
    };
    let found = known.ok_or_else(missing)?.find(text);
    let role = found.map_err(|error| Failure::from(error).while_doing("--role"))?;
    role.id.as_i64().ok_or_else(missing)
}

/// Refuses what cannot be right, before any server is asked what a role is called.
pub(super) fn sound(what: &WhatArgs) -> Result<(), Failure> {
    let mut numbered = what.clone();
    for role in &mut numbered.roles {
        if role.trim().parse::<i64>().is_err() {
            "0".clone_into(role);
        }
    }
    delegations(&numbered, None).map(drop)
}

/// What is named; roles that are not named by number are looked up in `known`.
pub(super) fn delegations(
    what: &WhatArgs,
    known: Option<&Roles>,
) -> Result<Vec<Delegation>, Failure> {
    let WhatArgs {
        packages,
        resources,
        instances,
        roles,
        services,
        rights,
    } = what;
    if ![packages, resources, instances]
        .iter()
        .all(|named| named.is_empty())
    {
        return Err(Failure::usage("--package, --resource and --instance are of Altinn 3")
            .todo("on Altinn 2 give a role (--role) or rights on a service (--service); or leave --api altinn2 out"));
    }
    if !rights.is_empty() && services.is_empty() {
        return Err(Failure::usage(
            "--right says which right on a service, and no service is named",
        )
        .todo("name the service too: --service CODE/EDITION"));
    }
    if roles.is_empty() && services.is_empty() {
        return Err(nothing_named(
            "a role (--role ROLE) or rights on a service (--service CODE/EDITION --right ACTION)",
        ));
    }
    let mut all = Vec::new();
    for role in roles {
        let definition = match role.trim().parse() {
            Ok(definition) => definition,
            Err(_) => named_role(role, known)?,
        };
        all.push(Delegation::role(definition));
    }
    for service in services {
        let read: Service = service
            .parse()
            .map_err(|error: altinn_authz::Error| Failure::from(error).while_doing("--service"))?;
        all.push(match rights.is_empty() {
            true => Delegation::Service(read),
            false => Delegation::rights(read.code(), read.edition(), rights),
        });
    }
    Ok(all)
}
