//! `altinn enterprise-users`: an organisation's enterprise users (virksomhetsbrukere) on Altinn 2.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use altinn_authz::altinn2::models::EnterpriseUser;
use altinn_authz::altinn2::{EnterpriseUsers, scopes};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::commands::{Report, masked};
use crate::console::table;
use crate::context::Context;
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  altinn enterprise-users list
  altinn enterprise-users create lonnskjoring --out secret.txt
      the password is told this once: into a file that only you can read, or on standard output
  altinn enterprise-users rotate-secret lonnskjoring --out secret.txt
  altinn enterprise-users delete lonnskjoring

One is the organisation itself here (Maskinporten token and ALTINN_API_KEY). Altinn 2 closed on
2026-06-19 and enterprise users on 2026-06-26; a system user takes their place:
altinn system-user request --help.";

/// `altinn enterprise-users …`.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) enum EnterpriseUsersCommand {
    /// List the organisation's enterprise users
    List,
    /// Show one of them
    Show(NameArgs),
    /// Make one; its password is told once
    Create(SecretArgs),
    /// Give one another name
    Rename(RenameArgs),
    /// Give one a new password; the old one ends
    RotateSecret(SecretArgs),
    /// Delete one
    Delete(NameArgs),
}

/// Which user.
#[derive(Args)]
pub(crate) struct NameArgs {
    /// The user name
    #[arg(value_name = "NAME")]
    name: String,
}

/// Arguments of `altinn enterprise-users rename`.
#[derive(Args)]
pub(crate) struct RenameArgs {
    /// The user name
    #[arg(value_name = "NAME")]
    name: String,

    /// The new one
    #[arg(value_name = "NEW")]
    new: String,
}

/// Which user, and where its password goes.
#[derive(Args)]
pub(crate) struct SecretArgs {
    /// The user name
    #[arg(value_name = "NAME")]
    name: String,

    /// Write the password to this new file, which only you can read, and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(
    context: &Context<'_>,
    command: &EnterpriseUsersCommand,
) -> Result<Report, Failure> {
    use EnterpriseUsersCommand as Do;
    let scope = match command {
        Do::List | Do::Show(_) => scopes::ENTERPRISE_USERS_READ,
        _ => scopes::ENTERPRISE_USERS_WRITE,
    };
    // a password that cannot be kept is not asked for
    let mut out = match command {
        Do::Create(args) | Do::RotateSecret(args) => {
            args.out.as_deref().map(NewFile::make).transpose()?
        }
        _ => None,
    };
    let session = context.altinn().await?.organisation();
    let users = EnterpriseUsers::new(&session.scopes(context.scopes(&[scope])?));
    context.console.progress("asking Altinn 2");
    match command {
        Do::List => {
            let found = users.list().await?;
            let rows: Vec<[String; 3]> = found.iter().map(row).collect();
            let summary = format!("{} enterprise users", rows.len());
            let text = match rows.is_empty() {
                true => "No enterprise users.".to_owned(),
                false => table(["NAME", "MADE", "CHANGED"], rows),
            };
            Ok(Report::new(
                json!({ "enterpriseUsers": masked(&found)? }),
                text,
                summary,
            ))
        }
        Do::Show(args) => {
            let found = users.get(&args.name).await?;
            let text = table(["NAME", "MADE", "CHANGED"], vec![row(&found)]);
            Ok(Report::new(
                masked(&found)?,
                text,
                format!("the enterprise user {}", args.name),
            ))
        }
        Do::Create(args) => told("made", &users.create(&args.name).await?, out.take()),
        Do::RotateSecret(args) => {
            let user = users.rotate_secret(&args.name).await?;
            told("gave a new password to", &user, out.take())
        }
        Do::Rename(args) => {
            let found = users.rename(&args.name, &args.new).await?;
            let said = format!("{} is called {} now", args.name, args.new);
            Ok(Report::new(masked(&found)?, said.clone(), said))
        }
        Do::Delete(args) => {
            users.delete(&args.name).await?;
            let said = format!("deleted {}", args.name);
            Ok(Report::new(
                json!({ "deleted": args.name }),
                said.clone(),
                said,
            ))
        }
    }
}

fn row(user: &EnterpriseUser) -> [String; 3] {
    let time = |time: Option<&altinn_authz::wire::Timestamp>| {
        time.map(ToString::to_string).unwrap_or_default()
    };
    [
        user.user_name.clone(),
        time(user.created.as_ref()),
        time(user.last_changed.as_ref()),
    ]
}

/// The password is the command's result: told once, or written down.
fn told(verb: &str, user: &EnterpriseUser, out: Option<NewFile>) -> Result<Report, Failure> {
    let said = format!("{verb} the enterprise user {}", user.user_name);
    let secret = user.secret.as_ref().ok_or_else(|| {
        Failure::new(
            Exit::Partly,
            format!("{said}, and the answer holds no password"),
        )
        .todo("rotate it: altinn enterprise-users rotate-secret NAME")
    })?;
    let mut json = masked(user)?;
    let text = match out {
        None => {
            json["Secret"] = Value::from(secret.expose());
            format!(
                "{said}.\nIts password, which is not told again: {}",
                secret.expose()
            )
        }
        Some(out) => {
            let file = out.keep(secret.expose()).map_err(|error| {
                // it is not lost: another can be asked for
                Failure::new(
                    Exit::Partly,
                    format!("{said}, and its password cannot be written: {error}"),
                )
                .todo("rotate it: altinn enterprise-users rotate-secret NAME --out FILE")
            })?;
            json["file"] = file.clone().into();
            format!("{said}.\nIts password is in {file}")
        }
    };
    Ok(Report::new(json, text, said))
}

/// A file of one's own, made before the password is asked for, and gone again unless it is kept.
struct NewFile {
    path: PathBuf,
    file: Option<std::fs::File>,
}

impl NewFile {
    fn make(path: &Path) -> Result<Self, Failure> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::AlreadyExists => "it is there already".to_owned(),
                _ => error.to_string(),
            };
            Failure::usage(format!("--out: {}: {why}", path.display()))
                .todo("name a new file, in a folder that you may write to")
        })?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
        })
    }

    fn keep(mut self, secret: &str) -> std::io::Result<String> {
        if let Some(file) = &mut self.file {
            file.write_all(secret.as_bytes())?;
            file.sync_all()?;
        }
        self.file = None;
        Ok(self.path.display().to_string())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
