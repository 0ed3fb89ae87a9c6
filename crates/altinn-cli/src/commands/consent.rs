//! `altinn consent`: asking for leave to fetch data about somebody (samtykke), and following the answer.

use std::time::Duration;

use altinn_authz::Language;
use altinn_authz::altinn3::consent::{
    ConsentEvent, ConsentEventKind, ConsentRequest, ConsentRequestDetails, ConsentRight,
    ConsentStatus, Consents, EventsQuery,
};
use altinn_authz::altinn3::{PageToken, PartyUrn, scopes};
use altinn_authz::wire::OpenEnum as _;
use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::args::ScopeArgs;
use crate::commands::party::party_urn;
use crate::commands::pauses::Pauses;
use crate::commands::rights::{WhatArgs, named};
use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings;

const EXAMPLES: &str = "\
The way to data by consent:
  1  altinn consent ask     you ask a person or an organisation; Altinn gives an address to send
                            them to
  2  they answer there, and come back to your --redirect-url
  3  altinn consent show ID, or altinn consent events, says what they answered
  4  altinn token --scope API-SCOPE --consent ID --consent-from NUMBER
                            the Maskinporten token that opens the data owner's API

Your client needs the scope altinn:consentrequests.write to ask, .read to look; .org to ask for
other organisations than its own.";

const ASK_EXAMPLES: &str = "\
Examples:
  altinn consent ask --from 26899299344 --to 310799564 --resource skf-inntekt-samtykke \\
      --metadata inntektsaar=2025 --valid-to 2026-12-31 --message 'Vi vil se inntekten din' \\
      --redirect-url https://example.no/ferdig
  altinn consent ask … --id 0a7d59f8-8c62-4312-9fb4-62456664c96f
      with an id of your own: the same id is the same request, however often it is asked
  altinn consent ask … --wait
      waits until it is answered; exit code 0 when it was given, 1 when it was refused, 5 when
      nobody has answered yet

Which resources are made for consent, and which --metadata each wants, their owners say; altinn
packages resources finds them.";

const EVENTS_EXAMPLES: &str = "\
Examples:
  altinn consent events --since 2026-11-01
  altinn consent events --kind accepted --kind revoked --json
  altinn consent events --go-on-from TOKEN
      what came after an earlier list, which said the token";

/// `altinn consent …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum ConsentCommand {
    /// Ask for a consent
    #[command(after_help = ASK_EXAMPLES)]
    Ask(Box<AskArgs>),
    /// Show a request, and what happened to it
    Show(ShowArgs),
    /// List what happened to your requests
    #[command(after_help = EVENTS_EXAMPLES)]
    Events(EventsArgs),
}

/// Arguments of `altinn consent ask`.
#[derive(Args)]
pub(crate) struct AskArgs {
    /// Who is asked: a person or an organisation
    #[arg(long, value_name = "NUMBER")]
    from: String,

    /// Who gets the leave; your own organisation unless it is said [env: MASKINPORTEN_ORGANISATION]
    #[arg(long, value_name = "ORG")]
    to: Option<String>,

    /// What the leave is for: a resource by its id or its whole title; may be given several times
    #[arg(long = "resource", value_name = "ID", required = true)]
    resources: Vec<String>,

    /// What the resource wants to be told, such as inntektsaar=2025; of several resources with the
    /// resource before it, ID:NAME=VALUE
    #[arg(long = "metadata", value_name = "NAME=VALUE")]
    metadata: Vec<String>,

    /// Until when: a day (to its end, UTC), a time (RFC 3339), or so many days from now (30d)
    #[arg(long, value_name = "TIME")]
    valid_to: String,

    /// Where those who were asked go afterwards
    #[arg(long, value_name = "URL")]
    redirect_url: Url,

    /// What is said to them, in Norwegian bokmål; --message-nn and --message-en in other languages
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,

    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    message_nn: Option<String>,

    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    message_en: Option<String>,

    /// Who must answer for them
    #[arg(long, value_name = "NUMBER")]
    delegator: Option<String>,

    /// Show it among their requests in Altinn, or do not
    #[arg(long, value_name = "BOOL")]
    in_portal: Option<bool>,

    /// The request's id, a UUID; made unless it is given
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,

    /// Wait for the answer, at most so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
    wait: Option<u64>,

    #[command(flatten)]
    scopes: ScopeArgs,
}

/// Arguments of `altinn consent show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    id: Uuid,

    /// Wait for the answer, at most so long
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
    wait: Option<u64>,

    #[command(flatten)]
    scopes: ScopeArgs,
}

/// Arguments of `altinn consent events`.
#[derive(Args)]
pub(crate) struct EventsArgs {
    /// Only what happened after this: a day, or a time (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "go_on_from")]
    since: Option<String>,

    /// Only what happened before this
    #[arg(long, value_name = "TIME", conflicts_with = "go_on_from")]
    until: Option<String>,

    /// Only this kind of event; may be given several times
    #[arg(long = "kind", value_name = "KIND", conflicts_with = "go_on_from")]
    kinds: Vec<Kind>,

    /// Only about this request
    #[arg(long, value_name = "ID", conflicts_with = "go_on_from")]
    about: Option<Uuid>,

    /// Go on where an earlier list ended
    #[arg(long, value_name = "TOKEN")]
    go_on_from: Option<PageToken>,

    #[command(flatten)]
    scopes: ScopeArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Rejected,
    Accepted,
    Revoked,
    Deleted,
    Used,
}

impl ConsentCommand {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let scopes = match self {
            Self::Ask(args) => &args.scopes,
            Self::Show(args) => &args.scopes,
            Self::Events(args) => &args.scopes,
        };
        scopes.given().into_iter().collect()
    }
}

/// Asks, looks, or lists.
pub(crate) async fn run(
    context: &Context<'_>,
    command: &ConsentCommand,
) -> Result<Report, Failure> {
    match command {
        ConsentCommand::Ask(args) => ask(context, args).await,
        ConsentCommand::Show(args) => {
            let consents = open(context, &[scopes::CONSENT_READ]).await?;
            let details = consents.get(args.id).await?;
            match args.wait {
                None => shown(&details),
                Some(wait) => answered(context, &consents, details, wait).await,
            }
        }
        ConsentCommand::Events(args) => events(context, args).await,
    }
}

async fn open(context: &Context<'_>, scopes: &[&str]) -> Result<Consents, Failure> {
    let scopes = context.scopes(scopes)?;
    let session = context.altinn().await?.organisation().scopes(scopes);
    Ok(Consents::new(&session))
}

async fn ask(context: &Context<'_>, args: &AskArgs) -> Result<Report, Failure> {
    let request = request(context, args).await?;
    let needed: &[&str] = match args.wait {
        None => &[scopes::CONSENT_WRITE],
        Some(_) => &[scopes::CONSENT_WRITE, scopes::CONSENT_READ],
    };
    let consents = open(context, needed).await?;
    if args.id.is_none() {
        // before it is sent: who asks again with it asks once
        context.console.note(&format!("asking as {}", request.id()));
    }
    let details = consents.ask(&request).await?;
    match args.wait {
        None => shown(&details),
        Some(wait) => answered(context, &consents, details, wait).await,
    }
}

async fn request(context: &Context<'_>, args: &AskArgs) -> Result<ConsentRequest, Failure> {
    let from = party_urn("--from", &args.from)?;
    let to: PartyUrn = match (&args.to, context.settings.owner()?) {
        (Some(text), _) => party_urn("--to", text)?,
        (None, Some(owner)) => owner.into(),
        (None, None) => {
            return Err(settings::missing(&[settings::ORGANISATION])
                .note("who gets the leave is said by --to, or is your own organisation"));
        }
    };
    let valid_to = until("--valid-to", &args.valid_to)?;
    let what = WhatArgs {
        resources: args.resources.clone(),
        ..WhatArgs::default()
    };
    let what = named::read(context, &what).await?;
    let mut rights: Vec<(String, ConsentRight)> = what
        .resources
        .into_iter()
        .map(|resource| (resource.clone(), ConsentRight::new(resource.as_str())))
        .collect();
    for text in &args.metadata {
        add_metadata(&mut rights, text)?;
    }
    let mut request = ConsentRequest::new(from, to, valid_to, args.redirect_url.clone());
    for (_, right) in rights {
        request = request.right(right);
    }
    for (language, text) in [
        (Language::Bokmal, &args.message),
        (Language::Nynorsk, &args.message_nn),
        (Language::English, &args.message_en),
    ] {
        if let Some(text) = text {
            request = request.message(language, text);
        }
    }
    if let Some(delegator) = &args.delegator {
        request = request.required_delegator(party_urn("--delegator", delegator)?);
    }
    if let Some(shown) = args.in_portal {
        request = request.shown_in_portal(shown);
    }
    Ok(match args.id {
        Some(id) => request.with_id(id),
        None => request,
    })
}

fn add_metadata(rights: &mut [(String, ConsentRight)], text: &str) -> Result<(), Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("--metadata: {why}"))
            .todo("write NAME=VALUE, or of several resources RESOURCE:NAME=VALUE")
    };
    let Some((name, value)) = text.split_once('=') else {
        return Err(wrong("there is no = in it".to_owned()));
    };
    let (resource, name) = match name.split_once(':') {
        Some((resource, name)) => (Some(resource), name),
        None => (None, name),
    };
    let many = rights.len() > 1;
    let found = match resource {
        Some(resource) => rights.iter_mut().find(|(known, _)| known == resource),
        None if many => return Err(wrong("it is not said of which resource".to_owned())),
        None => rights.first_mut(),
    };
    let Some((_, right)) = found else {
        return Err(wrong(format!(
            "{} is none of the resources that are asked for",
            resource.unwrap_or_default()
        )));
    };
    *right = right.clone().metadata(name, value);
    Ok(())
}

/// A day is meant to its end.
fn until(flag: &str, text: &str) -> Result<Timestamp, Failure> {
    let text = text.trim();
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse().ok()) {
        let time = Duration::from_secs(u64::saturating_mul(days, 24 * 60 * 60));
        return Timestamp::now().checked_add(time).map_err(|_| {
            Failure::usage(format!("{flag}: that is too many days")).todo("name a day")
        });
    }
    match day(text) {
        Some(day) => at(flag, day.at(23, 59, 59, 0)),
        None => moment(flag, text),
    }
}

/// A day is meant from its beginning.
fn since(flag: &str, text: &str) -> Result<Timestamp, Failure> {
    match day(text.trim()) {
        Some(day) => at(flag, day.at(0, 0, 0, 0)),
        None => moment(flag, text.trim()),
    }
}

/// A day alone: the parser takes one with a time after it, too.
fn day(text: &str) -> Option<civil::Date> {
    (text.len() == "2026-12-31".len()).then(|| text.parse().ok())?
}

fn at(flag: &str, time: civil::DateTime) -> Result<Timestamp, Failure> {
    TimeZone::UTC
        .to_timestamp(time)
        .map_err(|_| Failure::usage(format!("{flag}: there is no such day")).todo("check the date"))
}

fn moment(flag: &str, text: &str) -> Result<Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format!("{flag}: this is no time"))
            .todo("write a day (2026-12-31) or a time (2026-12-31T12:00:00Z)")
    })
}

/// Follows a request until it is answered.
async fn answered(
    context: &Context<'_>,
    consents: &Consents,
    mut details: ConsentRequestDetails,
    wait: u64,
) -> Result<Report, Failure> {
    if details.is_open() {
        context.console.note(&address(&details));
        context.console.progress("waiting for the answer");
    }
    let mut pauses = Pauses::at_most(Duration::from_secs(wait));
    while details.is_open() && pauses.pause().await {
        details = consents.get(details.id).await?;
    }
    let mut report = shown(&details)?;
    report.exit = match details.status {
        Some(ConsentStatus::Accepted) => Exit::Done,
        Some(ConsentStatus::Created) | None => Exit::Partly,
        Some(_) => Exit::Refused,
    };
    Ok(report)
}

fn address(details: &ConsentRequestDetails) -> String {
    match &details.view_uri {
        Some(url) => format!("They answer here: {url}"),
        None => "They answer in Altinn.".to_owned(),
    }
}

fn shown(details: &ConsentRequestDetails) -> Result<Report, Failure> {
    let until = details.valid_to.as_ref().map(ToString::to_string);
    let mut text = format!("{}  {}", details.id, details.state());
    for (name, party) in [("from", &details.from), ("to", &details.to)] {
        if let Some(party) = party {
            text.push_str(&format!("\n{name:<10}{party}"));
        }
    }
    if let Some(until) = until {
        text.push_str(&format!("\nuntil     {until}"));
    }
    for event in &details.events {
        let kind = event.kind.as_ref().map_or("", |kind| kind.as_wire());
        let time = event.created.as_ref().map(ToString::to_string);
        text.push_str(&format!(
            "\n{:<10}{}",
            kind.to_lowercase(),
            time.unwrap_or_default()
        ));
    }
    if details.is_open() {
        text.push_str(&format!("\n{}", address(details)));
    }
    if details.is_accepted() {
        text.push_str(&format!(
            "\nA token by it: altinn token --scope SCOPE --consent {} --consent-from NUMBER",
            details.id
        ));
    }
    let summary = format!("the consent request is {}", details.state());
    Ok(Report::new(
        json!({ "request": masked(details)? }),
        text,
        summary,
    ))
}

async fn events(context: &Context<'_>, args: &EventsArgs) -> Result<Report, Failure> {
    let mut query = EventsQuery::new();
    if let Some(text) = &args.since {
        query = query.after(since("--since", text)?);
    }
    if let Some(text) = &args.until {
        query = query.before(until("--until", text)?);
    }
    for kind in &args.kinds {
        query = query.of(match kind {
            Kind::Rejected => ConsentEventKind::Rejected,
            Kind::Accepted => ConsentEventKind::Accepted,
            Kind::Revoked => ConsentEventKind::Revoked,
            Kind::Deleted => ConsentEventKind::Deleted,
            Kind::Used => ConsentEventKind::Used,
        });
    }
    if let Some(id) = args.about {
        query = query.about(id);
    }
    let mut place = args.go_on_from.clone();
    if let Some(place) = &place {
        query = query.from(place.clone());
    }
    let consents = open(context, &[scopes::CONSENT_READ]).await?;
    let mut pages = consents.events(&query)?;
    let mut events: Vec<ConsentEvent> = Vec::new();
    while let Some(page) = pages.next_page().await? {
        events.extend(page);
        // the last page has no place after it: it is read again, with what came meanwhile
        place = pages.position().cloned().or(place);
        context
            .console
            .progress(&format!("read {} events", events.len()));
    }
    let rows: Vec<[String; 3]> = events
        .iter()
        .map(|event| {
            let time = event.changed_date.as_ref().map(ToString::to_string);
            let kind = event.kind.as_ref().map_or("", |kind| kind.as_wire());

            [
                time.unwrap_or_default(),
                kind.to_lowercase(),
                event.request_id.to_string(),
            ]
        })
        .collect();
    let summary = format!("{} events", rows.len());
    let mut text = match rows.is_empty() {
        true => "Nothing happened.".to_owned(),
        false => table(["WHEN", "WHAT", "REQUEST"], rows),
    };
    if let Some(place) = &place {
        text.push_str(&format!(
            "\n\nTo go on later: altinn consent events --go-on-from {place}"
        ));
    }
    Ok(Report::new(
        json!({ "events": masked(&events)?, "goOnFrom": place }),
        text,
        summary,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let end = until("--valid-to", "2026-12-31").unwrap();
        assert_eq!(end.to_string(), "2026-12-31T23:59:59Z");
        let begin = since("--since", "2026-12-31").unwrap();
        assert_eq!(begin.to_string(), "2026-12-31T00:00:00Z");
        let exact = until("--valid-to", "2026-12-31T12:00:00+01:00").unwrap();
        assert_eq!(exact.to_string(), "2026-12-31T11:00:00Z");
        let days = until("--valid-to", "30d").unwrap();
        assert!(days > Timestamp::now());
        for wrong in [
            "",
            "soon",
            "31.12.2026",
            "2026-02-30",
            "99999999999d",
            "9999999999999999999d",
            "-1d",
        ] {
            assert_eq!(
                until("--valid-to", wrong).unwrap_err().exit(),
                Exit::Usage,
                "{wrong}"
            );
        }
    }

    #[test]
    fn metadata_belongs_to_a_resource() {
        let both = || ["a", "b"].map(|resource| (resource.to_owned(), ConsentRight::new(resource)));
        let [mut a, mut b] = both().map(|one| [one]);
        add_metadata(&mut a, "year=2025").unwrap();
        add_metadata(&mut b, "b:url=x=y").unwrap();
        let json = serde_json::to_value([&a[0].1, &b[0].1]).unwrap();
        assert_eq!(json[0]["metadata"]["year"], "2025");
        assert_eq!(json[1]["metadata"]["url"], "x=y");
        for (text, why) in [
            ("year", "no ="),
            ("year=1", "of which resource"),
            ("c:year=1", "none of the resources"),
        ] {
            let failure = add_metadata(&mut both(), text).unwrap_err();
            assert!(failure.sentence().contains(why), "{failure:?}");
        }
    }
}
