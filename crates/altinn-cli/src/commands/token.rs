//! `altinn token` and `altinn assertion`: steps 1 and 2.

use std::time::{Duration, SystemTime};

use altinn_authz::altinn3::Identity;
use clap::Args;
use http_transport::ExposeSecret as _;
use jiff::Timestamp;
use maskinporten::TokenRequest;
use norwegian_ids::PersonNumber;
use serde_json::{Map, Value, json};

use crate::args::{ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::commands::party::identity;
use crate::context::Context;
use crate::failure::Failure;
use crate::jwt::Jwt;
use crate::settings::{self, organisation};

/// What is asked for, and for whom.
#[derive(Args)]
pub(crate) struct RequestArgs {
    #[command(flatten)]
    pub(crate) scopes: ScopeArgs,

    /// An API that the token is for (its URI); becomes the token's `aud`; may be given several times
    #[arg(long, value_name = "URI")]
    resource: Vec<String>,

    /// Restrict the token to the person with this number
    #[arg(long, value_name = "NUMBER")]
    pid: Option<String>,

    /// By this consent (samtykke): the consent request's id
    #[arg(long, value_name = "ID", requires = "consent_from")]
    consent: Option<uuid::Uuid>,

    /// Who gave the consent: a person's or an organisation's number
    #[arg(long, value_name = "NUMBER", requires = "consent")]
    consent_from: Option<String>,

    #[command(flatten)]
    pub(crate) system_user: SystemUserArgs,

    /// Ask as the supplier of this organisation, which has delegated the scope (API-delegering)
    #[arg(long, value_name = "ORG", conflicts_with = "system_user")]
    consumer_org: Option<String>,
}

const TOKEN_EXAMPLES: &str = "\
Examples:
  altinn token --scope altinn:instances.read
      a Maskinporten token (step 1); the token alone on standard output:
  curl -H \"Authorization: Bearer $(altinn token --exchange)\" https://platform.tt02.altinn.no/…
      the same, exchanged for an Altinn token (step 2)
  altinn token --exchange --system-user 310753831
      as a customer's system user (systembruker), as Altinn 3's rights API wants it
  altinn token --exchange --enterprise-user
      as an enterprise user (virksomhetsbruker) with ALTINN_USERNAME and ALTINN_PASSWORD; Altinn
      closed this way in on 2026-06-26
  altinn token --exchange --person
      as the person who logged in with `altinn login`; without --exchange, ID-porten's own token
  altinn token --json | jq .claims
      what the token says, and when it expires

A Maskinporten token says which organisation calls, and what it may ask for (scope). Altinn takes
it only in exchange for a token of its own, which says who one is there.";

/// Arguments of `altinn token`.
#[derive(Args)]
#[command(after_help = TOKEN_EXAMPLES)]
pub(crate) struct TokenArgs {
    /// Exchange it for an Altinn token
    #[arg(long)]
    exchange: bool,

    #[command(flatten)]
    pub(crate) request: RequestArgs,

    /// Be an enterprise user (virksomhetsbruker): ALTINN_USERNAME and ALTINN_PASSWORD
    #[arg(long, requires = "exchange", conflicts_with_all = ["system_user", "consumer_org"])]
    enterprise_user: bool,
}

const ASSERTION_EXAMPLES: &str = "\
Example:
  altinn assertion --scope altinn:instances.read
      the signed grant, which goes to Maskinporten as the form field `assertion`, within 10 s and
      once: whoever has it can get the token, so treat it as one
  altinn assertion --json | jq '.header, .claims'
      what it says, without the grant's own text going through your eyes";

/// Arguments of `altinn assertion`.
#[derive(Args)]
#[command(after_help = ASSERTION_EXAMPLES)]
pub(crate) struct AssertionArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
}

impl RequestArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        self.scopes
            .given()
            .into_iter()
            .chain(self.system_user.given())
            .collect()
    }

    /// The customer that one is the supplier of.
    fn consumer(&self) -> Result<Option<norwegian_ids::OrganisationNumber>, Failure> {
        self.consumer_org
            .as_ref()
            .map(|text| organisation("--consumer-org", text))
            .transpose()
    }

    fn person(&self) -> Result<Option<PersonNumber>, Failure> {
        self.pid
            .as_ref()
            .map(|text| person("--pid", text))
            .transpose()
    }

    fn consent(&self) -> Result<Option<maskinporten::Consent>, Failure> {
        let (Some(id), Some(from)) = (self.consent, &self.consent_from) else {
            return Ok(None);
        };
        Ok(match identity("--consent-from", from)? {
            Identity::Organisation(number) => {
                Some(maskinporten::Consent::of_organisation(id, number))
            }
            Identity::Person(number) => Some(maskinporten::Consent::of_person(id, number)),
            _ => None,
        })
    }

    fn resources(&self) -> Result<Vec<maskinporten::Resource>, Failure> {
        let parse = |text: &String| {
            text.parse()
                .map_err(|error| Failure::usage(format!("--resource: {error}")))
        };
        self.resource.iter().map(parse).collect()
    }

    /// What Maskinporten is asked for.
    fn build(&self, context: &Context<'_>) -> Result<TokenRequest, Failure> {
        let scopes = context
            .settings
            .scopes()?
            .filter(|scopes| !scopes.is_empty())
            .ok_or_else(|| settings::missing(&[settings::SCOPES]))?;
        let mut request = TokenRequest::scopes(scopes.iter().cloned());
        for resource in self.resources()? {
            request = request.resource(resource);
        }
        if let Some(consumer) = self.consumer()? {
            request = request.consumer_org(consumer);
        }
        if let Some(person) = self.person()? {
            request = request.pid(person);
        }
        if let Some(consent) = self.consent()? {
            request = request.consent(consent);
        }
        if self.is_system_user(context)?
            && let Some(owner) = context.settings.system_user()?
        {
            let mut user = maskinporten::SystemUser::of(owner);
            if let Some(reference) = context.settings.external_ref()? {
                user = user.external_ref(reference);
            }
            request = request.system_user(user);
        }
        Ok(request)
    }

    /// A system user in the environment is for the commands that need one; a token is for one only
    /// when the command line says so.
    fn is_system_user(&self, context: &Context<'_>) -> Result<bool, Failure> {
        let named = context.settings.has_flag(settings::SYSTEM_USER);
        if !named && context.settings.has_flag(settings::EXTERNAL_REF) {
            return Err(
                Failure::usage("--external-ref says which system user, and there is none")
                    .todo("say whose system user it is: --system-user ORG"),
            );
        }
        Ok(named)
    }
}

/// A person number that a person gave under this name. It is not repeated.
pub(crate) fn person(name: &str, text: &str) -> Result<PersonNumber, Failure> {
    text.parse().map_err(|error: norwegian_ids::IdError| {
        Failure::usage(format!("{name}: this is no person number: {error}"))
            .todo("check the eleven digits of the national identity number or D-number")
    })
}

/// Signs a grant and sends nothing.
pub(crate) async fn assertion(
    context: &Context<'_>,
    args: &AssertionArgs,
) -> Result<Report, Failure> {
    let request = args.request.build(context)?;
    let client = context.maskinporten().await?;
    let assertion = client.assertion(&request).await?;
    let text = assertion.secret().expose_secret();
    let mut json = Map::new();
    json.insert("assertion".into(), text.into());
    json.insert("jti".into(), assertion.id().to_string().into());
    json.insert("expires_at".into(), time(assertion.expires_at()).into());
    if let Some(jwt) = Jwt::of(text) {
        json.insert("header".into(), jwt.header);
        json.insert("claims".into(), jwt.claims);
    }
    Ok(Report::new(
        json.into(),
        text,
        format!("a grant, good until {}", time(assertion.expires_at())),
    ))
}

/// Gets a token.
pub(crate) async fn token(context: &Context<'_>, args: &TokenArgs) -> Result<Report, Failure> {
    if args.request.system_user.person {
        return of_person(context, args).await;
    }
    let request = args.request.build(context)?;
    if !args.exchange {
        let client = context.maskinporten().await?;
        context.console.progress("asking Maskinporten for a token");
        let token = client.token(&request).await?;
        let summary = "a Maskinporten token";
        return Ok(report(summary, token.as_cached()));
    }
    let request_args = &args.request;
    if !request_args.resource.is_empty()
        || request_args.pid.is_some()
        || request_args.consent.is_some()
    {
        return Err(Failure::usage(
            "--resource, --pid and --consent are for tokens that go to an API as they are, and this one is exchanged",
        )
        .todo("leave them out, or leave --exchange out"));
    }
    let consumer = args.request.consumer()?;
    let scopes: Vec<String> = request
        .asked_scopes()
        .iter()
        .map(ToString::to_string)
        .collect();
    let needed: Vec<&str> = scopes.iter().map(String::as_str).collect();
    context
        .console
        .progress("asking Maskinporten for a token, and Altinn for one in exchange");
    let (token, whose) = if args.enterprise_user {
        let session = context.enterprise_user(&needed).await?;
        (
            session.token().await?,
            "an Altinn token of an enterprise user",
        )
    } else if args.request.is_system_user(context)? {
        let session = context.system_user(None, &needed).await?;
        (session.token().await?, "an Altinn token of a system user")
    } else {
        let mut session = context.altinn().await?.organisation().scopes(scopes);
        if let Some(consumer) = consumer {
            session = session.on_behalf_of(consumer);
        }
        (session.token().await?, "an Altinn token of an organisation")
    };
    Ok(report(whose, &token))
}

/// The token of the person who logged in; what it may was said at the log-in.
async fn of_person(context: &Context<'_>, args: &TokenArgs) -> Result<Report, Failure> {
    let request = &args.request;
    let given = request.consumer_org.is_some()
        || request.pid.is_some()
        || request.consent.is_some()
        || !request.resource.is_empty()
        || request.scopes.given().is_some();
    if given || args.enterprise_user {
        return Err(Failure::usage(
            "--person takes the log-in as it is, and no --scope, --resource, --pid, --consent, --consumer-org or --enterprise-user",
        )
        .todo("ask for scopes when logging in: altinn login --scope …"));
    }
    let session = context.person().await?;
    Ok(match args.exchange {
        true => report("an Altinn token of a person", &session.token().await?),
        false => report("an ID-porten token", &session.direct().token().await?),
    })
}

fn report(summary: &str, token: &token_cache::Token) -> Report {
    let expires_in = token.expires_in();
    let mut json = Map::new();
    json.insert("access_token".into(), token.expose().into());
    json.insert("token_type".into(), "Bearer".into());
    json.insert("expires_in".into(), expires_in.as_secs().into());
    json.insert("expires_at".into(), time(token.expires_at()).into());
    if let Some(jwt) = Jwt::of(token.expose()) {
        if let Some(scope) = jwt.claims.get("scope") {
            json.insert("scope".into(), scope.clone());
        }
        json.insert("claims".into(), jwt.claims);
    }
    let summary = format!("{summary}, good for {}", duration(expires_in));
    Report::new(Value::Object(json), token.expose(), summary)
}

fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

/// RFC 3339, in UTC, whole seconds.
fn time(time: SystemTime) -> String {
    let whole = Timestamp::try_from(time).map(|time| time.as_second());
    whole
        .and_then(Timestamp::from_second)
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string())
}

/// What a token's report says, for the demonstration: everything but the token.
pub(crate) fn without_token(json: &Value) -> Value {
    let mut json = json.clone();
    if let Some(members) = json.as_object_mut() {
        for name in ["access_token", "assertion"] {
            if let Some(member) = members.get_mut(name) {
                *member = json!("[token]");
            }
        }
    }
    json
}
