//! `altinn explain`: what an error code means, offline.

use clap::Args;
use serde_json::{Value, json};

use crate::commands::Report;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn explain MP-122             Maskinporten's code, in any case; also 122
  altinn explain AM-00022           Altinn 3's problems
  altinn explain AM.VLD-00010       and its validation errors; also AUTH-, RR- and the others
  altinn explain 403                an answer without a word
  altinn explain \"Required header 'ApiKey' is missing.\"
                                    Altinn 2 has no codes: its reason phrase, as it came
No network is used.";

/// Arguments of `altinn explain`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The code, or the phrase, as the server gave it
    #[arg(value_name = "CODE", required = true, num_args = 1..)]
    code: Vec<String>,
}

struct Entry {
    id: String,
    status: Option<u16>,
    message: String,
    cause: String,
    remedy: http_transport::Remedy,
    again: Option<String>,
    steps: Vec<String>,
}

/// Explains a code.
pub(crate) fn explain(args: &ExplainArgs) -> Result<Report, Failure> {
    let asked = args.code.join(" ");
    let mut entries = Vec::new();
    if let Some(code) = maskinporten::codes::find(&asked) {
        entries.push(Entry {
            id: code.id.to_owned(),
            status: Some(code.status),
            message: format!("{}: {}", code.error, code.text),
            cause: code.cause.to_owned(),
            remedy: code.remedy(),
            again: Some(code.retry.to_string()),
            steps: code.steps.iter().map(ToString::to_string).collect(),
        });
    }
    for code in altinn_authz::codes::explain(&asked) {
        entries.push(Entry {
            id: code.id().to_owned(),
            status: code.status(),
            message: code.message().to_owned(),
            cause: code.cause().to_owned(),
            remedy: code.remedy(),
            again: None,
            steps: Vec::new(),
        });
    }
    if entries.is_empty() {
        return Err(Failure::usage(format!("there is no entry for the code {asked}")).todo(
            "give it as the server did: MP-122 (Maskinporten), AM-00022, AM.VLD-00010, STD-00000 (Altinn 3), or Altinn 2's phrase",
        ));
    }
    let text = entries
        .iter()
        .map(Entry::text)
        .collect::<Vec<_>>()
        .join("\n\n");
    let json: Vec<Value> = entries.iter().map(Entry::json).collect();
    let summary = format!("{} meanings", json.len());
    Ok(Report::new(json.into(), text, summary))
}

impl Entry {
    fn text(&self) -> String {
        let Self {
            id,
            status,
            message,
            cause,
            remedy,
            again,
            steps,
        } = self;
        let status = status
            .map(|status| format!(" (HTTP {status})"))
            .unwrap_or_default();
        let mut lines = vec![format!("{id}{status}")];
        if !message.is_empty() {
            lines.push(format!("  the server says: {message}"));
        }
        if cause != message {
            lines.push(format!("  why:             {cause}"));
        }
        lines.push(format!("  what to do:      {}", remedy.action()));
        lines.push(format!("  who:             {}", remedy.who()));
        lines.extend(
            remedy
                .place()
                .map(|place| format!("  where:           {place}")),
        );
        lines.extend(
            again
                .as_ref()
                .map(|again| format!("  another attempt: {again}")),
        );
        if !steps.is_empty() {
            lines.push("  step by step:".to_owned());
            let numbered = steps.iter().zip(1..);
            lines.extend(numbered.map(|(step, number)| format!("    {number}. {step}")));
        }
        lines.join("\n")
    }

    fn json(&self) -> Value {
        json!({
            "code": self.id,
            "status": self.status,
            "message": self.message,
            "cause": self.cause,
            "remedy": {
                "action": self.remedy.action(),
                "who": self.remedy.who().to_string(),
                "place": self.remedy.place(),
            },
            "retry": self.again,
            "steps": self.steps,
        })
    }
}
