//! Rights on Altinn 3, as a system user.

use altinn_authz::altinn3::{
    Cascade, Client, Entitlement, Held, HeldRight, Holder, How, Identity, Receiver, Relation,
    scopes,
};
use serde_json::{Value, json};

use crate::commands::Report;
use crate::commands::party::Named;
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

use super::named::Called;
use super::{
    ChangeArgs, ListArgs, RevokeArgs, ToArgs, WhatArgs, changed, named, names, nothing_named,
};

/// The rights API, as the system user that is set, or else the one of the party one acts for.
pub(super) async fn client(
    context: &Context<'_>,
    acting: &Named,
    scopes: &[&str],
) -> Result<Client, Failure> {
    context.altinn3(acting.organisation(), scopes).await
}

pub(super) async fn list(context: &Context<'_>, args: &ListArgs) -> Result<Report, Failure> {
    no_name(&args.to)?;
    if args.filter.is_some() {
        return Err(Failure::usage("--filter is of Altinn 2").todo(
            "leave it out, or say --api altinn2; `--json` and a tool such as jq filter here",
        ));
    }
    let from = args
        .from
        .as_deref()
        .map(|text| Named::read("--from", text))
        .transpose()?;
    let to = args
        .to
        .to
        .as_deref()
        .map(|text| Named::read("--to", text))
        .transpose()?;
    context
        .console
        .progress("reading connections, access packages, resources and instances");
    let (held, heading) = match (from, to) {
        (Some(from), to) => {
            let needed = [scopes::AUTHORIZED_PARTIES, scopes::TO_OTHERS_READ];
            let client = client(context, &from, &needed).await?;
            let giver = from.resolve(&client).await?;
            let receiver = match &to {
                Some(to) => Some(to.resolve(&client).await?),
                None => None,
            };
            (client.held(&giver, receiver.as_ref()).await?, "TO")
        }
        (None, Some(to)) => {
            let needed = [scopes::AUTHORIZED_PARTIES, scopes::FROM_OTHERS_READ];
            let client = client(context, &to, &needed).await?;
            let receiver = to.resolve(&client).await?;
            (
                client.held_in(Relation::received_by(&receiver)).await?,
                "FROM",
            )
        }
        (None, None) => {
            return Err(Failure::usage("it is not said whose rights are meant")
                .todo("name the giver (--from NUMBER), the receiver (--to NUMBER), or both"));
        }
    };
    let called = Called::of(context, held.iter()).await;
    listed(&held, &called, heading)
}

fn listed(held: &Held, called: &Called, heading: &str) -> Result<Report, Failure> {
    let rows: Vec<[String; 5]> = held
        .iter()
        .flat_map(|holder| rows(holder, called))
        .collect();
    let text = match rows.is_empty() {
        true => "Nobody holds anything.".to_owned(),
        false => table([heading, "NUMBER", "HOLDS", "NAME", "HOW"], rows),
    };
    let names: Vec<&str> = held.iter().map(Holder::name).collect();
    let summary = match names.len() {
        0 => "nobody holds anything".to_owned(),
        1 => format!("one holds something: {}", names.join(", ")),
        count => format!("{count} hold something: {}", names.join("; ")),
    };
    let holders: Result<Vec<Value>, Failure> = held
        .iter()
        .map(|holder| with_names(holder, called))
        .collect();
    let json = json!({ "api": "altinn3", "held": holders? });
    Ok(Report::new(json, text, summary))
}

/// A holder as JSON, with the names of packages and roles beside their codes, as resources have them.
fn with_names(holder: &Holder, called: &Called) -> Result<Value, Failure> {
    let mut json = serde_json::to_value(holder)
        .map_err(|error| Failure::new(Exit::Unreachable, format!("cannot be shown: {error}")))?;
    json["packages"] = holder
        .packages()
        .iter()
        .map(|held| {
            let name = called.package(held.package());
            json!({ "package": held.package(), "name": name, "how": held.how() })
        })
        .collect();
    json["roles"] = holder
        .roles()
        .iter()
        .map(|role| json!({ "role": role, "name": called.role(role) }))
        .collect();
    Ok(json)
}

fn rows(holder: &Holder, called: &Called) -> Vec<[String; 5]> {
    let number = match (holder.organisation(), holder.masked_person_number()) {
        (Some(number), _) => number.to_string(),
        (None, Some(number)) => number.to_owned(),
        (None, None) => String::new(),
    };
    let row = |holds: String, name: Option<&str>, how: String| {
        let name = name.unwrap_or_default().trim().to_owned();
        [holder.name().to_owned(), number.clone(), holds, name, how]
    };
    let mut rows = Vec::new();
    for held in holder.packages() {
        let what = format!("package {}", held.package().code());
        let name = called.package(held.package());
        rows.push(row(what, name, hows(held.how())));
    }
    for held in holder.resources() {
        let what = format!("resource {}", held.resource());
        for (what, how) in by_way(&what, held.rights(), held.how()) {
            rows.push(row(what, held.name(), how));
        }
    }
    for held in holder.instances() {
        let what = format!("instance {} of {}", held.instance(), held.resource());
        for (what, how) in by_way(&what, held.rights(), held.how()) {
            rows.push(row(what, held.name(), how));
        }
    }
    for role in holder.roles() {
        let how = match holder.revocable_roles().contains(role) {
            true => "given directly".to_owned(),
            false => String::new(),
        };
        rows.push(row(format!("role {role}"), called.role(role), how));
    }
    if rows.is_empty() {
        rows.push(row("nothing".to_owned(), None, String::new()));
    }
    rows
}

/// What was given and what came about in other ways, each with its rights when they were read.
fn by_way(what: &str, rights: Option<&[HeldRight]>, how: &[How]) -> Vec<(String, String)> {
    let Some(rights) = rights.filter(|rights| !rights.is_empty()) else {
        return vec![(what.to_owned(), hows(how))];
    };
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for right in rights {
        let way = hows(right.how());
        let name = right.action().or(right.name()).unwrap_or("a right");
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, names)) if !names.contains(&name) => names.push(name),
            Some(_) => {}
            None => ways.push((way, vec![name])),
        }
    }
    let ways = ways.into_iter();
    ways.map(|(way, names)| (format!("{what} ({})", names.join(", ")), way))
        .collect()
}

pub(super) fn hows(all: &[How]) -> String {
    let mut said: Vec<String> = Vec::new();
    for how in all.iter().map(ToString::to_string) {
        if !said.contains(&how) {
            said.push(how);
        }
    }
    said.join("; ")
}

pub(super) async fn grant(context: &Context<'_>, args: &ChangeArgs) -> Result<Report, Failure> {
    let from = giver(args)?;
    let to = Named::read("--to", args.to.required()?)?;
    no_organisation_name(&args.to)?;
    no_role(&args.what)?;
    let what = entitlements(&named::read(context, &args.what).await?)?;
    let client = client(context, &from, &scopes::GIVER).await?;
    let giver = from.resolve(&client).await?;
    let receiver = match (&to, &args.to.last_name) {
        (Named::Number(Identity::Person(number)), Some(last_name)) => {
            Receiver::person(number.clone(), last_name)
        }
        (_, Some(_)) => return Err(last_name_of_no_person()),
        (Named::SystemUser(uuid), None) => Receiver::system_user(uuid),
        (to, None) => Receiver::party(to.resolve(&client).await?),
    };
    context
        .console
        .progress("checking what may be given, giving it, and reading again");
    let names = names(&what);
    let done = client.grant(&giver, &receiver, what).await?;
    changed(&done, "gave", &names)
}

pub(super) async fn revoke(context: &Context<'_>, args: &RevokeArgs) -> Result<Report, Failure> {
    let change = &args.change;
    no_name(&change.to)?;
    let from = giver(change)?;
    let to = Named::read("--to", change.to.required()?)?;
    let what = match args.remove_connection && change.what.is_nothing() {
        true => Vec::new(),
        false => entitlements(&named::read(context, &change.what).await?)?,
    };
    let client = client(context, &from, &scopes::GIVER).await?;
    let giver = from.resolve(&client).await?;
    let receiver = to.resolve(&client).await?;
    let connection = Relation::given_by(&giver).with(&receiver);
    if what.is_empty() {
        context.console.progress("removing the connection");
        client.remove_connection(connection, Cascade::No).await?;
        return Ok(Report::new(
            json!({ "connectionRemoved": true }),
            "the connection is removed".to_owned(),
            "removed an empty connection".to_owned(),
        ));
    }
    context.console.progress("taking back, and reading again");
    let names = names(&what);
    let done = client.revoke(&giver, &receiver, what).await?;
    let mut report = changed(&done, "took back", &names)?;
    if !args.remove_connection {
        if done.connection_left_empty() {
            report
                .text
                .push_str("\nto remove it: the same with --remove-connection");
        }
        return Ok(report);
    }
    let mut is_removed = false;
    if done.connection_left_empty() {
        match client.remove_connection(connection, Cascade::No).await {
            Ok(()) => is_removed = true,
            Err(error) => {
                report.exit = Exit::Partly;
                report.failures.push(error.into());
            }
        }
    }
    report.text.push_str(match is_removed {
        true => "\nthen the connection was removed",
        false => "\nthe connection was not removed",
    });
    report.json["connectionRemoved"] = is_removed.into();
    Ok(report)
}

fn giver(args: &ChangeArgs) -> Result<Named, Failure> {
    match Named::read("--from", args.from()?)? {
        Named::SystemUser(_) => Err(no_system_user("--from")),
        named => Ok(named),
    }
}

pub(super) fn no_system_user(flag: &str) -> Failure {
    Failure::usage(format!("{flag}: a system user gives nothing of its own"))
        .todo("name the organisation that gives; as which system user is said with --system-user")
}

/// Roles are taken back and not given.
pub(super) fn no_role(what: &WhatArgs) -> Result<(), Failure> {
    match what.roles.first() {
        None => Ok(()),
        Some(_) => Err(Failure::usage("Altinn 3 gives no roles any more").todo(
            "give the access package that took its place (--package; `altinn packages search` finds it); or say --api altinn2",
        )),
    }
}

pub(super) fn entitlements(what: &WhatArgs) -> Result<Vec<Entitlement>, Failure> {
    let WhatArgs {
        packages,
        resources,
        instances,
        roles,
        services,
        rights,
    } = what;
    if !services.is_empty() {
        return Err(Failure::usage("--service is of Altinn 2").todo(
            "on Altinn 3 give an access package (--package) or a resource (--resource); or say --api altinn2",
        ));
    }
    if !rights.is_empty() && resources.is_empty() {
        return Err(Failure::usage(
            "--right says which right on a resource, and no resource is named",
        )
        .todo("name the resource too: --resource ID"));
    }
    if !instances.is_empty() && resources.len() != 1 {
        return Err(
            Failure::usage("--instance is of one resource, and it is not said of which")
                .todo("name that resource alone: --resource ID"),
        );
    }
    if packages.is_empty() && resources.is_empty() && roles.is_empty() {
        return Err(nothing_named(
            "an access package (--package CODE), a resource (--resource ID), or to take it back a role (--role CODE)",
        ));
    }
    let mut what: Vec<Entitlement> = Vec::new();
    let packages = packages.iter().map(String::as_str);
    what.extend(packages.map(Entitlement::package));
    let rights = rights.iter().map(String::as_str);
    for resource in resources.iter().map(String::as_str) {
        for instance in instances {
            let instance = instance.parse()?;
            what.push(Entitlement::instance_rights(
                resource,
                instance,
                rights.clone(),
            ));
        }
        if instances.is_empty() {
            what.push(match rights.len() {
                0 => Entitlement::resource(resource),
                _ => Entitlement::rights(resource, rights.clone()),
            });
        }
    }
    what.extend(roles.iter().map(|role| Entitlement::role(role.as_str())));
    Ok(what)
}

pub(super) fn no_name(to: &ToArgs) -> Result<(), Failure> {
    match &to.last_name {
        Some(_) => Err(Failure::usage(
            "--last-name is for giving: a receiver who holds something is found by number",
        )
        .todo("leave --last-name out")),
        None => no_organisation_name(to),
    }
}

pub(super) fn no_organisation_name(to: &ToArgs) -> Result<(), Failure> {
    match &to.name {
        Some(_) => Err(Failure::usage(
            "--name is of Altinn 2, which compares an organisation's name",
        )
        .todo("leave --name out, or say --api altinn2")),
        None => Ok(()),
    }
}

pub(super) fn last_name_of_no_person() -> Failure {
    Failure::usage("--last-name belongs to a person number, and --to is none")
        .todo("give the person's number (eleven digits), or leave --last-name out")
}
