//! `cargo xtask record`: one call to a running environment becomes a fixture.
//!
//! The call is made by `altinn api`, as the settings say, so this knows nothing of tokens. What comes
//! back is [scrubbed](scrub), read again, and written only when nothing of anybody is left in it.

mod scrub;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::scrub::Scrubber;
use crate::{fixture, say};

/// Settings that are secret: their values are looked for in what is written.
const SECRET_SETTINGS: [&str; 7] = [
    "ALTINN_API_KEY",
    "ALTINN_PASSWORD",
    "ALTINN_SUBSCRIPTION_KEY",
    "ALTINN_USERNAME",
    "MASKINPORTEN_CLIENT_ID",
    "MASKINPORTEN_CLIENT_JWK",
    "MASKINPORTEN_PKCS12_PASSWORD",
];

/// Response headers that belong to the protocol; the others name machines and times.
const HEADERS: [&str; 6] = [
    "content-type",
    "content-length",
    "location",
    "retry-after",
    "www-authenticate",
    "x-warning-limitreached",
];

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Where to put it: GENERATION/OPERATION/CASE, such as altinn2/delegations-list/hal
    fixture: String,
    /// The HTTP method
    method: String,
    /// Path and query, such as '/api/my/authorization/Delegations?language=1044'
    path: String,
    /// A file with the body to send
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// What a reader of the fixture should know
    #[arg(long)]
    note: Option<String>,
    /// Which row of Altinn 2's irregularities shows in it; may be given several times
    #[arg(long = "irregularity", value_name = "N")]
    irregularities: Vec<u8>,
    /// The `altinn` command to call with; the checkout's own when it is not given
    #[arg(long, value_name = "PROGRAM")]
    altinn: Option<PathBuf>,
    /// More arguments for `altinn api`, such as --system-user 310702641
    #[arg(last = true)]
    more: Vec<String>,
}

/// What `altinn api --json` prints.
#[derive(Debug, Deserialize)]
struct Answer {
    status: u16,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// JSON, or a text; null when it was empty.
    #[serde(default)]
    body: Option<Value>,
}

impl Answer {
    fn is_json(&self) -> bool {
        self.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && value
                    .split(';')
                    .next()
                    .is_some_and(|kind| kind.trim().to_ascii_lowercase().ends_with("json"))
        })
    }
}

/// Makes the call and writes the fixture.
pub(crate) fn record(args: &RecordArgs) -> Result<()> {
    let root = crate::root();
    let file = file(&root, &args.fixture)?;
    let body = args.body.as_ref().map(|file| read_body(file)).transpose()?;
    let answer = call(&root, args)?;
    let secrets = SECRET_SETTINGS
        .iter()
        .filter_map(|name| std::env::var(name).ok());
    let fixture = fixture(args, is_loopback(), body.as_ref(), &answer);
    let text = scrubbed(&fixture, secrets)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&file, text).with_context(|| file.display().to_string())?;
    say(&format!(
        "wrote {}; read it, then name it in fixtures/manifest.toml or fixtures/manifest/",
        file.display()
    ));
    Ok(())
}

fn file(root: &Path, name: &str) -> Result<PathBuf> {
    let parts: Vec<&str> = name.split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    ensure!(
        parts.len() == 3 && parts.iter().all(plain),
        "a fixture is GENERATION/OPERATION/CASE, each in small letters, digits and hyphens; got {name}"
    );
    let generations = root.join("fixtures");
    ensure!(
        generations.join(parts[0]).is_dir(),
        "there is no generation {}; the folders of fixtures/ are the generations",
        parts[0]
    );
    Ok(generations
        .join(parts[0])
        .join(parts[1])
        .join(format!("{}.json", parts[2])))
}

fn read_body(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn call(root: &Path, args: &RecordArgs) -> Result<Answer> {
    let mut command = match &args.altinn {
        Some(program) => Command::new(program),
        None => {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["run", "--quiet", "--package", "altinn-cli", "--"])
                .current_dir(root);
            cargo
        }
    };
    command.args(["api", &args.method, &args.path, "--json"]);
    if let Some(body) = &args.body {
        command.arg("--body").arg(std::path::absolute(body)?);
    }
    let output = command
        .args(&args.more)
        .stderr(Stdio::inherit())
        .output()
        .context("the `altinn` command does not start")?;
    // a refusal of the server's is worth recording as well; what is no answer is not
    let Ok(answer) = serde_json::from_slice(&output.stdout) else {
        bail!("`altinn api` gave no answer to record ({})", output.status);
    };
    Ok(answer)
}

/// The simulator is no source of models, and is known by where it runs.
fn is_loopback() -> bool {
    ["ALTINN_PLATFORM_URL", "ALTINN_API_URL"]
        .iter()
        .any(|name| {
            std::env::var(name).is_ok_and(|url| {
                ["//127.", "//localhost", "//[::1]"]
                    .iter()
                    .any(|host| url.contains(host))
            })
        })
}

fn fixture(args: &RecordArgs, simulated: bool, body: Option<&Value>, answer: &Answer) -> Value {
    let mut provenance = Map::new();
    provenance.insert(
        "source".into(),
        if simulated { "sim" } else { "live" }.into(),
    );
    if let Some(note) = &args.note {
        provenance.insert("note".into(), note.as_str().into());
    }
    if !args.irregularities.is_empty() {
        provenance.insert("irregularities".into(), args.irregularities.clone().into());
    }
    let altinn2 = args.fixture.starts_with("altinn2/");
    let media = if altinn2 {
        "application/hal+json"
    } else {
        "application/json"
    };
    let mut headers = Map::new();
    headers.insert("Accept".into(), media.into());
    if altinn2 {
        headers.insert("ApiKey".into(), "{api-key}".into());
    }
    headers.insert("Authorization".into(), "Bearer {token}".into());
    if body.is_some() {
        headers.insert("Content-Type".into(), media.into());
    }
    let answered: Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| HEADERS.contains(&&*name.to_ascii_lowercase()))
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut request = json!({ "method": args.method.to_ascii_uppercase(), "path": args.path, "headers": headers });
    let mut response = json!({
        "status": answer.status,
        "reason": answer.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or("-"),
        "headers": answered,
    });
    match body {
        Some(Value::String(text)) => request["text"] = text.as_str().into(),
        Some(body) => request["body"] = body.clone(),
        None => {}
    }
    match &answer.body {
        // `altinn api` prints what is no JSON as a text, and so it does a body that is one text
        Some(Value::String(text)) if !answer.is_json() => response["text"] = text.as_str().into(),
        Some(body) => response["body"] = body.clone(),
        None => {}
    }
    json!({ "provenance": provenance, "request": request, "response": response })
}

/// The text of the file, or a refusal that names every place where something is left.
fn scrubbed(fixture: &Value, secrets: impl Iterator<Item = String>) -> Result<String> {
    let mut scrubber = Scrubber::new(secrets);
    let clean = scrubber.scrub(fixture);
    let left = scrubber.left(&clean);
    ensure!(
        left.is_empty(),
        "nothing was written: what must not be in a fixture is left in it:\n  {}",
        left.join("\n  ")
    );
    let text = serde_json::to_string_pretty(&clean)? + "\n";
    fixture::parse(&text).context("the recording is no fixture")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(fixture: &str) -> RecordArgs {
        RecordArgs {
            fixture: fixture.to_owned(),
            method: "get".to_owned(),
            path: "/api/my/authorization/Delegations?language=1044".to_owned(),
            body: None,
            note: None,
            irregularities: vec![3],
            altinn: None,
            more: Vec::new(),
        }
    }

    #[test]
    fn an_answer_becomes_a_fixture() {
        let person = norwegian_ids::synthetic::person_number((1966, 3, 4), 3).unwrap();
        let answer: Answer = serde_json::from_value(json!({
            "status": 404, "reason": format!("Reportee {} not found", person.expose()),
            "headers": { "Content-Type": "application/json", "Server": "machine-17", "Date": "today" },
            "body": { "SocialSecurityNumber": person.expose() },
        }))
        .unwrap();
        let fixture = fixture(&args("altinn2/delegations-list/x"), false, None, &answer);
        let text = scrubbed(&fixture, std::iter::empty()).unwrap();
        assert!(!text.contains(person.expose()), "{text}");
        let written: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            written["provenance"],
            json!({ "source": "live", "irregularities": [3] })
        );
        assert_eq!(written["request"]["method"], "GET");
        assert_eq!(
            written["response"]["headers"],
            json!({ "Content-Type": "application/json" })
        );
        let of_reason = written["response"]["reason"].as_str().unwrap();
        let of_body = written["response"]["body"]["SocialSecurityNumber"]
            .as_str()
            .unwrap();
        assert_eq!(of_reason, format!("Reportee {of_body} not found"));
    }

    #[test]
    fn a_text_is_told_from_a_body_that_is_one_text() {
        for (kind, member) in [
            ("application/json; charset=utf-8", "body"),
            ("text/html", "text"),
        ] {
            let answer: Answer = serde_json::from_value(json!({
                "status": 200, "reason": "OK", "headers": { "content-type": kind }, "body": "a text",
            }))
            .unwrap();
            let fixture = fixture(&args("altinn2/x/y"), false, None, &answer);
            assert_eq!(fixture["response"][member], "a text", "{kind}");
            assert!(scrubbed(&fixture, std::iter::empty()).is_ok());
        }
        let empty = json!({ "status": 204, "reason": "No Content", "headers": {}, "body": null });
        let empty: Answer = serde_json::from_value(empty).unwrap();
        let fixture = fixture(&args("altinn2/x/y"), false, None, &empty);
        assert!(fixture["response"].get("body").is_none());
    }

    #[test]
    fn it_does_not_write_what_it_could_not_clean() {
        // escaped twice: too deep to be rewritten, and found all the same
        let person = norwegian_ids::synthetic::person_number((1966, 3, 4), 3).unwrap();
        let carrier: String = person
            .expose()
            .bytes()
            .map(|b| format!("%25{b:02X}"))
            .collect();
        let answer: Answer = serde_json::from_value(json!({
            "status": 200, "reason": "OK", "headers": { "Location": format!("/x?n={carrier}") },
        }))
        .unwrap();
        let fixture = fixture(&args("altinn3/x/y"), false, None, &answer);
        let error = format!("{:#}", scrubbed(&fixture, std::iter::empty()).unwrap_err());
        assert!(
            error.contains("/response/headers/Location: a person number"),
            "{error}"
        );
        assert!(
            !error.contains(person.expose()) && !error.contains(&carrier),
            "{error}"
        );
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let root = crate::root();
        assert!(file(&root, "altinn2/delegations-list/hal").is_ok());
        for name in [
            "altinn2/../x",
            "altinn9/a/b",
            "altinn2/a",
            "altinn2/a/b/c",
            "altinn2/A/b",
            "",
        ] {
            assert!(file(&root, name).is_err(), "{name}");
        }
    }
}
