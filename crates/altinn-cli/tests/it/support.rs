//! The built command, and simulators for it to talk to.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ALTINN: &str = env!("CARGO_BIN_EXE_altinn");

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for trouble in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!self.err.contains(trouble), "{self:#?}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        assert!(
            self.err.contains(part) || self.out.contains(part),
            "{part}: {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Settings, and a folder to be in.
pub(crate) struct Terminal {
    pub(crate) folder: TempDir,
    pub(crate) settings: BTreeMap<String, String>,
}

impl Terminal {
    /// Without any setting, and far from anybody's altinn.toml.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings: BTreeMap::new(),
        }
    }

    /// With the settings that a simulator wrote, read as a shell reads them.
    pub(crate) fn with(folder: TempDir, file: &Path) -> Self {
        let script = format!("set -a; . '{}'; env -0", file.display());
        let out = Command::new("sh")
            .args(["-c", &script])
            .env_clear()
            .output()
            .unwrap();
        let out = String::from_utf8(out.stdout).unwrap();
        let settings = out
            .split('\0')
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| {
                ["ALTINN_", "MASKINPORTEN_", "IDPORTEN_"]
                    .iter()
                    .any(|start| name.starts_with(start))
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { folder, settings }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.settings.insert(name.to_owned(), value.into());
    }

    /// The same settings, but for these.
    pub(crate) fn but(&self, changes: &[(&str, &str)]) -> Self {
        let mut settings = self.settings.clone();
        for (name, value) in changes {
            settings.insert((*name).to_owned(), (*value).to_owned());
        }
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings,
        }
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options
            .open(&path)
            .unwrap()
            .write_all(content.as_ref())
            .unwrap();
        path
    }

    /// A population over the standard one, in a file that goes with what is given back.
    pub(crate) fn seed(self, toml: &str) -> SeedFile {
        let path = self.file("seed.toml", toml).to_str().unwrap().to_owned();
        SeedFile {
            path,
            _terminal: self,
        }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(ALTINN);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RUST_BACKTRACE", "1")
            .envs(&self.settings)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) struct SeedFile {
    path: String,
    _terminal: Terminal,
}

impl SeedFile {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// `altinn sim --write-env` in a process of its own.
pub(crate) struct SimProcess {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl SimProcess {
    /// Starts it, and waits until it says that its settings are written.
    pub(crate) fn start(args: &[&str]) -> (Self, Terminal) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sim.env");
        let mut child = Terminal::empty()
            .command(&["sim", "--write-env", file.to_str().unwrap()])
            .args(args)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut sim = Self { child, out };
        loop {
            let mut line = String::new();
            assert_ne!(
                sim.out.read_line(&mut line).unwrap(),
                0,
                "the simulator ended"
            );
            if line.contains("In another terminal") {
                break;
            }
        }
        let terminal = Terminal::with(folder, &file);
        (sim, terminal)
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(mut self) -> ExitStatus {
        let sent = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Drop for SimProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
