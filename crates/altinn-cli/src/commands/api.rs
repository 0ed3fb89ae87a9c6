//! `altinn api`: any other call, authenticated as the settings say.

use std::io::Read as _;
use std::path::PathBuf;

use altinn_auth::{Environment, Kind, SecurityLevel, Session};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use http_transport::{is_html, reason_phrase, redact};
use serde_json::{Map, Value, json};
use url::Url;

use crate::args::{ScopeArgs, SystemUserArgs};
use crate::commands::Report;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings;

const EXAMPLES: &str = "\
Examples:
  altinn api GET /accessmanagement/api/v1/enduser/authorizedparties --system-user 310753831 \\
      --scope altinn:accessmanagement/authorizedparties
      on the platform (Altinn 3), as a customer's system user
  altinn api GET '/api/reportees?$top=3' --scope altinn:reportees
      a path that begins with /api/ is on the Altinn 2 host, with the API key
  altinn api POST /api/reportees/ReporteeConversion --body party.json --scope altinn:reportees
  altinn api GET https://platform.tt02.altinn.no/… --json | jq .body
      a whole URL, of one of the environment's own hosts: no other gets the token

  altinn api GET /storage/api/v1/instances --as person
      as the person who logged in with `altinn login`; with --direct, without the exchange
  altinn api GET '/api/my/messages?$top=5' --as password
      the message box of Altinn 2, with user name and password
  altinn api GET /storage/api/v1/instances?org=ttd --scope altinn:serviceowner/instances.read
      as a service owner (tjenesteeier); --test-organisation in the test environments

Subscription keys: ALTINN_SUBSCRIPTION_KEY, or for one product ALTINN_SUBSCRIPTION_KEY_STORAGE.
Who one is: --as, or else the enterprise user (ALTINN_USERNAME) on the Altinn 2 host, the system
user (--system-user, ALTINN_SYSTEM_USER) on the platform, and where neither is set the organisation
itself. The answer is printed as it came: it may hold person numbers.";

/// Arguments of `altinn api`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ApiArgs {
    /// GET, POST, PUT, PATCH, DELETE, …
    #[arg(value_name = "METHOD")]
    method: String,

    /// A path with its query, or a whole URL of one of the environment's hosts
    #[arg(value_name = "PATH")]
    path: String,

    /// Send this file; - sends standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,

    /// A further header; may be given several times
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,

    /// Who to be
    #[arg(long = "as", value_name = "WHO")]
    who: Option<Who>,

    /// Use the token of Maskinporten or ID-porten as it is, for an API that takes it
    #[arg(long)]
    direct: bool,

    /// As the supplier of this organisation, which has delegated the scope (API-delegering)
    #[arg(long, value_name = "ORG")]
    consumer_org: Option<String>,

    /// As Altinn's test organisation ttd, where the client may (test=true; not in production)
    #[arg(long)]
    test_organisation: bool,

    #[command(flatten)]
    scopes: ScopeArgs,

    #[command(flatten)]
    system_user: SystemUserArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    /// The organisation itself, or as supplier
    Organisation,
    /// A customer's system user (systembruker)
    SystemUser,
    /// The person who logged in with `altinn login`
    Person,
    /// An enterprise user (virksomhetsbruker), ALTINN_USERNAME and ALTINN_PASSWORD
    EnterpriseUser,
    /// A person at Altinn 2: ALTINN_USERNAME and ALTINN_PASSWORD
    Password,
    /// Whoever a browser logged in at Altinn 2: its .ASPXAUTH cookie in ALTINN_COOKIE
    Cookie,
    /// The organisation at Altinn 2, by its enterprise certificate in TLS
    Certificate,
    /// An enterprise user at Altinn 2, over the enterprise certificate
    CertificateUser,
}

impl ApiArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        self.scopes
            .given()
            .into_iter()
            .chain(self.system_user.given())
            .collect()
    }

    fn request(&self, environment: &Environment) -> Result<http::Request<Bytes>, Failure> {
        let method: Method = self.method.to_ascii_uppercase().parse().map_err(|_| {
            Failure::usage(format!("{} is no HTTP method", self.method))
                .todo("use GET, POST, PUT or DELETE")
        })?;
        let url = self.url(environment)?;
        let is_altinn2 = environment
            .altinn2()
            .is_some_and(|base| base.origin() == url.origin());
        // Altinn 2 writes HAL only when it is asked for alone
        let json = if is_altinn2 {
            "application/hal+json"
        } else {
            "application/json"
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(ACCEPT, json);
        let body = self.body.as_ref().map(read).transpose()?;
        if body.is_some() {
            request = request.header(CONTENT_TYPE, json);
        }
        let mut request = request
            .body(body.unwrap_or_default())
            .map_err(|_| self.no_path())?;
        for header in &self.headers {
            let (name, value) = header.split_once(':').ok_or_else(|| no_header(header))?;
            let name: HeaderName = name.trim().parse().map_err(|_| no_header(name))?;
            let mut value: HeaderValue =
                value.trim().parse().map_err(|_| no_header(name.as_str()))?;
            // it may be a key
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn url(&self, environment: &Environment) -> Result<Url, Failure> {
        let path = self.path.trim();
        if path.contains("://") {
            return path.parse().map_err(|_| self.no_path());
        }
        if !path.starts_with('/') {
            return Err(self.no_path());
        }
        let base = if is_of_altinn2(path) {
            environment
                .altinn2()
                .ok_or_else(|| settings::missing(&[settings::API_URL]))?
        } else {
            environment.platform()
        };
        let base = base.as_str().trim_end_matches('/');
        format!("{base}{path}").parse().map_err(|_| self.no_path())
    }

    fn no_path(&self) -> Failure {
        Failure::usage(format!("{} is neither a path nor a URL", redact::url(&self.path)))
            .todo("begin with / (a path on the platform, or on the Altinn 2 host when it begins with /api/), or give the whole URL")
    }

    /// Who to be, when it is not said.
    fn who(&self, context: &Context<'_>, environment: &Environment) -> Result<Who, Failure> {
        if let Some(who) = self.who {
            return Ok(who);
        }
        if context.settings.is_person()? {
            return Ok(Who::Person);
        }
        let altinn2 = match self.url(environment) {
            Ok(url) => environment
                .altinn2()
                .is_some_and(|base| base.origin() == url.origin()),
            Err(_) => is_of_altinn2(&self.path),
        };
        Ok(
            if altinn2 && context.settings.text(settings::USERNAME)?.is_some() {
                Who::EnterpriseUser
            } else if !altinn2 && context.settings.system_user()?.is_some() {
                Who::SystemUser
            } else {
                Who::Organisation
            },
        )
    }
}

/// On the platform no path begins like this; on Altinn 2 all do, in any case.
fn is_of_altinn2(path: &str) -> bool {
    path.get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("/api/"))
}

fn no_header(header: &str) -> Failure {
    let name = header.split(':').next().unwrap_or_default();
    Failure::usage(format!("--header: {name} is no header")).todo("write --header 'Name: value'")
}

fn read(file: &PathBuf) -> Result<Bytes, Failure> {
    let shown = file.display().to_string();
    let read = if shown == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map(Bytes::from).map_err(|error| {
        Failure::usage(format!("--body: {shown}: {error}"))
            .todo("check the path, or give - to send standard input")
    })
}

const OPERATION: &str = "call Altinn";

/// Makes the call.
pub(crate) async fn api(context: &Context<'_>, args: &ApiArgs) -> Result<Report, Failure> {
    let transport = context.transport()?;
    let environment = context.settings.altinn(&*transport).await?;
    let request = args.request(&environment)?;
    let address = redact::url(&request.uri().to_string());
    let shown = format!("{} {address}", request.method());
    let who = args.who(context, &environment)?;
    args.check(who)?;
    context.console.progress(&shown);
    // only what one comes in with is asked for: not every way in has a Maskinporten client
    let answer = match who {
        Who::Organisation => {
            let scopes = required_scopes(context)?;
            let mut session = context.altinn().await?.organisation().scopes(scopes);
            if let Some(consumer) = &args.consumer_org {
                session = session.on_behalf_of(settings::organisation("--consumer-org", consumer)?);
            }
            if args.test_organisation {
                session = session.as_test_organisation();
            }
            if args.direct {
                session = session.direct();
            }
            call(&session, request).await?
        }
        Who::SystemUser => {
            required_scopes(context)?;
            call(&context.system_user(None, &[]).await?, request).await?
        }
        Who::EnterpriseUser => {
            required_scopes(context)?;
            call(&context.enterprise_user(&[]).await?, request).await?
        }
        Who::Person => {
            let mut session = context.person().await?;
            if args.direct {
                session = session.direct();
            }
            call(&session, request).await?
        }
        Who::Password => {
            let user = context.settings.enterprise_user(context.console)?;
            let altinn = context.altinn2(false).await?;
            call(&altinn.password_user(user), request).await?
        }
        Who::Cookie => {
            let cookie = context.settings.cookie()?;
            let altinn = context.altinn2(false).await?;
            // nobody can tell a cookie's level; the server knows it
            call(&altinn.browser_user(cookie, SecurityLevel::FOUR), request).await?
        }
        Who::Certificate => {
            let altinn = context.altinn2(true).await?;
            call(&altinn.certificate(), request).await?
        }
        Who::CertificateUser => {
            let user = context.settings.enterprise_user(context.console)?;
            let altinn = context.altinn2(true).await?;
            call(&altinn.certificate_user(user), request).await?
        }
    };
    Ok(report(&shown, &answer))
}

impl ApiArgs {
    /// Refuses what does not go with who one is.
    fn check(&self, who: Who) -> Result<(), Failure> {
        let organisation = self.consumer_org.is_some() || self.test_organisation;
        let wrong = match who {
            Who::Organisation => None,
            _ if organisation => {
                Some("--consumer-org and --test-organisation are an organisation's")
            }
            Who::Person => None,
            _ if self.direct => Some("--direct is an organisation's or a person's"),
            _ => None,
        };
        match wrong {
            Some(sentence) => {
                Err(Failure::usage(sentence)
                    .todo("leave it out, or say who to be: --as organisation"))
            }
            None => Ok(()),
        }
    }
}

fn required_scopes(context: &Context<'_>) -> Result<Vec<String>, Failure> {
    let scopes = context.scopes(&[])?;
    if scopes.is_empty() {
        Err(settings::missing(&[settings::SCOPES]))
    } else {
        Ok(scopes)
    }
}

async fn call<K: Kind>(
    session: &Session<K>,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, Failure> {
    Ok(session.call(OPERATION, request).await?)
}

fn report(call: &str, answer: &http::Response<Bytes>) -> Report {
    let status = answer.status();
    let reason = reason_phrase(answer)
        .or(status.canonical_reason())
        .unwrap_or_default();
    let line = format!("{} {reason}", status.as_u16());
    let text = String::from_utf8_lossy(answer.body());
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let shown = match &body {
        Some(body) => format!("{body:#}"),
        None => text.trim_end().to_owned(),
    };
    let headers: Map<String, Value> = redact::headers(answer.headers())
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let json = json!({
        "status": status.as_u16(),
        "reason": reason,
        "headers": headers,
        "body": body.unwrap_or_else(|| if text.is_empty() { Value::Null } else { text.as_ref().into() }),
    });
    let printed = if shown.is_empty() {
        line.clone()
    } else {
        format!("{line}\n\n{shown}")
    };
    let mut report = Report::new(json, printed, line.trim_end());
    let (exit, failure) = match status.as_u16() {
        200..=299 if is_html(answer) => (
            Exit::Unreachable,
            Failure::new(
                Exit::Unreachable,
                format!("{call}: an HTML page came where JSON was due"),
            )
            .todo("check the host and the path; a login page or a gateway answers in HTML"),
        ),
        200..=299 => return report,
        300..=399 => (
            Exit::Unreachable,
            Failure::new(
                Exit::Unreachable,
                format!("{call}: the server leads to another address, which is not followed"),
            )
            .todo(
                "check the path; Altinn 2 leads those to a login page who have not authenticated",
            ),
        ),
        400..=499 => (
            Exit::Refused,
            Failure::new(Exit::Refused, format!("{call}: refused with {line}")).todo(format!(
                "see the body, and `altinn explain {}`",
                explained(&report.json, reason)
            )),
        ),
        _ => (
            Exit::Unreachable,
            Failure::new(
                Exit::Unreachable,
                format!("{call}: the server failed with {line}"),
            )
            .todo("try again later"),
        ),
    };
    report.exit = exit;
    report.failures.push(failure);
    report
}

/// What `altinn explain` takes: the problem's code, or the phrase.
fn explained(json: &Value, reason: &str) -> String {
    let code = json
        .pointer("/body/code")
        .or_else(|| json.pointer("/body/error"))
        .and_then(Value::as_str);
    match code {
        Some(code) => code.to_owned(),
        None => format!("\"{}\"", redact::text(reason)),
    }
}
