//! `altinn login`, `logout` and `whoami`: a person, through ID-porten.

use std::time::Duration;

use altinn_auth::SecurityLevel;
use altinn_auth::id_porten::{IdPorten, Login, LoginRequest, PendingLogin};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::commands::Report;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::settings::{self, RedirectUri};

const LOGIN_EXAMPLES: &str = "\
Examples:
  altinn login
      opens the browser, waits for the person to log in, and keeps the session for other commands
  altinn login --scope altinn:accessmanagement/authorizedparties --level 4
      at least level 4 (BankID, Buypass or Commfides)
  altinn login --no-browser
      only says where to log in
  altinn parties --person
  altinn rights list --from 310753831 --person
  altinn api GET /storage/api/v1/instances --as person

Beforehand: a client of ID-porten (https://samarbeid.digdir.no) with a redirect address on this
machine, such as http://localhost:8788/callback, and the scopes. Then set IDPORTEN_CLIENT_ID, and
IDPORTEN_CLIENT_JWK, IDPORTEN_CLIENT_SECRET or neither, as it is registered. For the simulator,
`altinn sim --write-env` writes all of it.

What is kept: the tokens, in a file that only you can read ($XDG_STATE_HOME/altinn), one for each
provider and client, until `altinn logout`.";

/// Arguments of `altinn login`.
#[derive(Args)]
#[command(after_help = LOGIN_EXAMPLES)]
pub(crate) struct LoginArgs {
    /// A scope to ask for; may be given several times [env: IDPORTEN_SCOPES]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,

    /// Take no lower security level (sikkerhetsnivå) than this: 3 or 4
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=4))]
    level: Option<u8>,

    /// Where the browser comes back to, exactly as it is registered: on this machine, with a port
    /// [env: IDPORTEN_REDIRECT_URI]
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<String>,

    /// Make the person log in anew, also where the browser has a session
    #[arg(long)]
    anew: bool,

    /// Open no browser; say where to log in
    #[arg(long)]
    no_browser: bool,

    /// How long to wait for the person
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600))]
    wait: u64,
}

const LOGOUT_EXAMPLES: &str = "\
Example:
  altinn logout
      the tokens are revoked, the file is removed, and the browser's session at ID-porten is ended";

impl LoginArgs {
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let uri = self.redirect_uri.clone();
        uri.map(|uri| (settings::ID_PORTEN_REDIRECT_URI, uri))
            .into_iter()
            .collect()
    }
}

/// Arguments of `altinn logout`.
#[derive(Args)]
#[command(after_help = LOGOUT_EXAMPLES)]
pub(crate) struct LogoutArgs {
    /// Leave the browser's session at ID-porten, which other services share
    #[arg(long)]
    no_browser: bool,
}

const WHOAMI_EXAMPLES: &str = "\
Example:
  altinn whoami
      which log-in is kept, what it may do, and how long";

/// Arguments of `altinn whoami`.
#[derive(Args)]
#[command(after_help = WHOAMI_EXAMPLES)]
pub(crate) struct WhoamiArgs {}

/// Logs a person in.
pub(crate) async fn login(context: &Context<'_>, args: &LoginArgs) -> Result<Report, Failure> {
    let id_porten = context.id_porten()?;
    let redirect = context.settings.redirect_uri()?;
    let mut scopes = args.scopes.clone();
    if scopes.is_empty() {
        scopes = context.settings.login_scopes()?;
    }
    let mut request = LoginRequest::new(&redirect.text).scopes(scopes);
    if let Some(level) = args.level.and_then(SecurityLevel::new) {
        request = request.level(level);
    }
    if let Some(language) = context.settings.text(settings::LANGUAGE)? {
        request = request.language(language);
    }
    if args.anew {
        request = request.prompt("login");
    }
    // first the port: nobody is sent to a log-in that cannot come back
    let listeners = listen(&redirect).await?;
    let pending = id_porten.begin(request).await?;
    context
        .console
        .note(&format!("Log in here: {}", pending.url()));
    if !args.no_browser && webbrowser::open(pending.url().as_str()).is_err() {
        context
            .console
            .note("No browser could be opened from here: open the address yourself.");
    }
    let wait = Duration::from_secs(args.wait);
    let login = come_back(listeners, redirect, pending, wait).await?;
    let (json, text) = shown(&id_porten, &login).await;
    Ok(Report::new(json, format!("Logged in. {text}"), "logged in"))
}

/// Says which log-in is kept.
pub(crate) async fn whoami(context: &Context<'_>) -> Result<Report, Failure> {
    let (id_porten, login) = context.login().await?;
    let (json, text) = shown(&id_porten, &login).await;
    Ok(Report::new(json, text, "somebody is logged in"))
}

async fn shown(id_porten: &IdPorten, login: &Login) -> (Value, String) {
    let stored = login.stored().await;
    let until = Timestamp::try_from(stored.expires_at())
        .map_or_else(|_| "an unknown time".to_owned(), |time| time.to_string());
    let renewable = stored.is_renewable();
    let json = json!({
        "issuer": id_porten.provider().issuer(),
        "clientId": stored.client_id(),
        "level": login.level().number(),
        "scopes": login.scopes(),
        "expiresAt": until,
        "renewable": renewable,
    });
    let text = format!(
        "At {}, level {}.\nScopes: {}\nThe token is good until {until}{}.",
        id_porten.provider().issuer(),
        login.level(),
        login.scopes().join(" "),
        match renewable {
            true => ", and is renewed when it is used",
            false => "; after that, log in again",
        },
    );
    (json, text)
}

/// Ends the log-in.
pub(crate) async fn logout(context: &Context<'_>, args: &LogoutArgs) -> Result<Report, Failure> {
    let id_porten = context.id_porten()?;
    let Some(login) = id_porten.resume().await? else {
        let json = json!({ "loggedOut": false, "revoked": false, "browser": false });
        return Ok(Report::new(
            json,
            "Nobody was logged in.",
            "nobody was logged in",
        ));
    };
    let ended = login.end().await?;
    // the address holds the id_token: it goes to the browser, and is not printed
    let browser = !args.no_browser
        && ended
            .url
            .as_ref()
            .is_some_and(|url| webbrowser::open(url.as_str()).is_ok());
    let mut text = "Logged out.".to_owned();
    if !ended.revoked {
        text.push_str(" The provider did not confirm that the tokens are revoked: they end by themselves, soon.");
    }
    if !browser {
        text.push_str(
            " The browser may still have a session at the provider: close it, or log out there.",
        );
    }
    let json = json!({ "loggedOut": true, "revoked": ended.revoked, "browser": browser });
    Ok(Report::new(json, text, "logged out"))
}

async fn listen(redirect: &RedirectUri) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    let mut refused = None;
    for address in &redirect.listen {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            // a machine may lack one of the two kinds of address; a port in use is another matter
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                return Err(in_use(redirect, &error));
            }
            Err(error) => refused = Some(error),
        }
    }
    match (listeners.is_empty(), refused) {
        (true, Some(error)) => Err(in_use(redirect, &error)),
        _ => Ok(listeners),
    }
}

fn in_use(redirect: &RedirectUri, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "cannot listen where the browser comes back to, {}: {error}",
        redirect.text
    ))
    .todo("end the program that listens there, such as another `altinn login`, or register another port for the client and set IDPORTEN_REDIRECT_URI")
}

/// An answer that came to the redirect address, and where its page goes.
struct Answer {
    query: String,
    page: oneshot::Sender<Page>,
}

/// What the browser shows: whether it went well, and the sentence if not.
type Page = Result<(), String>;

#[derive(Clone)]
struct Door {
    redirect: RedirectUri,
    answers: mpsc::Sender<Answer>,
}

/// Waits for the browser, finishes the log-in, and shows how it went.
async fn come_back(
    listeners: Vec<TcpListener>,
    redirect: RedirectUri,
    pending: PendingLogin,
    wait: Duration,
) -> Result<std::sync::Arc<Login>, Failure> {
    let (answers, mut answered) = mpsc::channel(1);
    let router = Router::new()
        .fallback(knock)
        .with_state(Door { redirect, answers });
    let (stop, _) = watch::channel(());
    let mut servers = JoinSet::new();
    for listener in listeners {
        let (router, mut stopped) = (router.clone(), stop.subscribe());
        servers.spawn(async move {
            let stopped = async move {
                let _ = stopped.changed().await;
            };
            let _ = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
        });
    }
    drop(router);
    let Ok(Some(answer)) = tokio::time::timeout(wait, answered.recv()).await else {
        return Err(Failure::new(
            Exit::Unreachable,
            format!(
                "nobody came back from the log-in within {} s",
                wait.as_secs()
            ),
        )
        .todo("run it again and log in, or give more time: --wait SECONDS"));
    };
    let finished = pending.finish(&answer.query).await.map_err(Failure::from);
    let page = match &finished {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.sentence().to_owned()),
    };
    let _ = answer.page.send(page);
    drop(answered);
    // the page is on its way: what else the browser holds open is not waited for
    let _ = stop.send(());
    let _ = tokio::time::timeout(Duration::from_secs(2), servers.join_all()).await;
    finished
}

async fn knock(
    State(door): State<Door>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    // another site's page can have a browser call this machine under a name of its own
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_none_or(|host| !host.eq_ignore_ascii_case(&door.redirect.authority)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    if uri.path() != door.redirect.path {
        return StatusCode::NOT_FOUND.into_response();
    }
    if method != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
    }
    // somebody who opens the bare address answers nothing, and ends nothing
    let query = query.unwrap_or_default();
    if !url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "state") {
        return render(
            StatusCode::BAD_REQUEST,
            "Hit kommer nettleseren etter innloggingen. Åpne adressen som terminalen viser.",
            "The browser comes here after the log-in. Open the address that the terminal shows.",
        );
    }
    let (page, shown) = oneshot::channel();
    let answer = Answer { query, page };
    if door.answers.send(answer).await.is_err() {
        return render(
            StatusCode::GONE,
            "Denne innloggingen er avsluttet.",
            "This log-in is over.",
        );
    }
    match shown.await {
        Ok(Ok(())) => render(
            StatusCode::OK,
            "Du er logget inn. Du kan lukke dette vinduet.",
            "You are logged in. You may close this window.",
        ),
        Ok(Err(sentence)) => render(
            StatusCode::BAD_REQUEST,
            "Innloggingen lyktes ikke. Terminalen sier hva som må gjøres.",
            &format!("The log-in failed: {sentence}. The terminal says what to do."),
        ),
        Err(_) => render(
            StatusCode::GONE,
            "Denne innloggingen er avsluttet.",
            "This log-in is over.",
        ),
    }
}

fn render(status: StatusCode, norwegian: &str, english: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"nb\"><meta charset=\"utf-8\"><title>altinn login</title>\
         <style>body{{font:1.2rem/1.5 sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}}</style>\
         <p>{}</p><p lang=\"en\">{}</p></html>",
        escaped(norwegian),
        escaped(english),
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, Html(page)).into_response()
}

/// What came from outside is shown as text.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}
