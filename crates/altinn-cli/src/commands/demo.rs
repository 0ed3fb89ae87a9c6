//! `altinn demo`: the six steps against the simulator. It has no way of its own to a server: it
//! parses command lines, runs them as `main` would, and shows what went over the wire.

mod shown;

use std::collections::BTreeMap;
use std::path::Path;

use altinn_sim::{Era, Simulator};
use clap::{Args, Parser as _, ValueEnum};
use serde_json::{Map, Value, json};

use self::shown::Hosts;
use crate::args::{Api, Cli};
use crate::commands::Report;
use crate::commands::token::without_token;
use crate::console::Console;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::jwt::redacted;
use crate::settings::{Settings, Variables};
use crate::watch::{Seen, Watch};

const EXAMPLES: &str = "\
Examples:
  altinn demo
      both generations, one after the other
  altinn demo --api altinn3
      what answers today
  altinn demo --json | jq '.[].steps[] | {name, request: .request.command}'

It starts a simulator of Maskinporten and Altinn on this machine, and runs the real commands against
it, over HTTP and with real signatures: token, exchange, party, list, grant, revoke. No network and
no account is needed. Marks: $ the command, > what was sent, < what came back, = the result.
Secrets and person numbers are masked. It fails when the right that was given is not in the list
afterwards, or is still there after it was taken back.";

/// Arguments of `altinn demo`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Which generation of Altinn
    #[arg(long, value_name = "GENERATION", default_value = "both")]
    api: DemoApi,
}

/// Which generations are shown.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum DemoApi {
    /// HAL+JSON, as an enterprise user with an API key; closed since 2026-06-19
    Altinn2,
    /// Access management, as a system user: what answers today
    Altinn3,
    /// One after the other
    Both,
}

/// Starts a simulator and runs the demonstration against it.
pub(crate) async fn run(console: &Console, args: &DemoArgs) -> Result<Report, Failure> {
    console.progress("starting the simulator");
    let simulator = Simulator::builder().era(Era::Altinn2Open).start().await?;
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::usage(format!("cannot make a temporary folder: {error}"))
            .todo("check the temporary folder (TMPDIR)")
    })?;
    let json = demonstrate(console, &simulator, args.api, folder.path()).await?;
    let text = "The six steps were done: what was given was in the list, and gone after it was taken back.\n\
        To go on by yourself: `altinn sim --write-env sim.env`, and these commands in another terminal.";
    Ok(Report::new(json, text, "the six steps were done"))
}

/// The demonstration against a simulator that is there already, so that a test can put faults in;
/// `folder` is where the simulator's settings are written.
///
/// # Errors
///
/// The step that failed, or what was not as it should be.
#[doc(hidden)]
pub async fn demo_with(
    console: &Console,
    simulator: &Simulator,
    api: DemoApi,
    folder: &Path,
) -> Result<(), Failure> {
    let json = demonstrate(console, simulator, api, folder).await?;
    if console.json() {
        console.data_json(&json);
    }
    Ok(())
}

async fn demonstrate(
    console: &Console,
    simulator: &Simulator,
    api: DemoApi,
    folder: &Path,
) -> Result<Value, Failure> {
    // the settings are those that every other terminal would get
    let file = folder.join("sim.env");
    simulator.write_env(&file)?;
    let settings = Settings::new(BTreeMap::new(), Variables::Given(read_env(&file)?), None);

    let apis: &[Api] = match api {
        DemoApi::Altinn2 => &[Api::Altinn2],
        DemoApi::Altinn3 => &[Api::Altinn3],
        DemoApi::Both => &[Api::Altinn2, Api::Altinn3],
    };
    console.stop_progress();
    let mut all = Vec::new();
    for &api in apis {
        let script = Script::new(api, simulator)?;
        let watch = Watch::default();
        let context = Context::new(settings.clone(), console).watched_by(watch.clone());
        let hosts = Hosts::of(simulator);
        let mut run = Run {
            context,
            watch,
            console,
            hosts,
            steps: Vec::new(),
        };
        run.heading(&script);
        run.steps(&script).await?;
        all.push(json!({ "api": api.name(), "steps": run.steps }));
    }
    Ok(all.into())
}

/// `KEY=value` lines, quoted for a shell.
fn read_env(file: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let unquoted = |value: &str| match value
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
    {
        Some(quoted) => quoted.replace(r"'\''", "'"),
        None => value.to_owned(),
    };
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), unquoted(value)))
        .collect())
}

/// Which of the rights that are given a list shows.
type Shows = dyn Fn(&Value) -> Vec<bool> + Send + Sync;

/// What is done on one generation: the command lines, and how one sees what came of them.
struct Script {
    api: Api,
    title: &'static str,
    steps: [Step; 6],
    /// Lists again, after giving and after taking back.
    list: Vec<String>,
    /// What a list shows of the rights that are given.
    holds: Box<Shows>,
    /// These rights and their receiver, for a sentence.
    right: String,
}

struct Step {
    name: &'static str,
    title: &'static str,
    why: &'static str,
    command: Vec<String>,
    /// Method and end of the path of the call that the step is about.
    call: (&'static str, &'static str),
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn missing_in_seed(what: &str) -> Failure {
    Failure::usage(format!("the simulator's population has no {what}"))
}

impl Script {
    fn new(api: Api, simulator: &Simulator) -> Result<Self, Failure> {
        match api {
            Api::Altinn2 => Self::altinn2(simulator),
            Api::Altinn3 => Self::altinn3(simulator),
        }
    }

    fn altinn3(simulator: &Simulator) -> Result<Self, Failure> {
        use altinn_authz::altinn3::scopes::{AUTHORIZED_PARTIES, TO_OTHERS_READ};
        const PACKAGE: &str = "skattegrunnlag";
        const RESOURCE: &str = "skf-postlogg";
        let (cast, world) = (simulator.cast(), simulator.world());
        let customer = cast.customer.as_str();
        let number = cast.new_person.expose();
        let person = world
            .person(number)
            .ok_or_else(|| missing_in_seed("new person"))?;
        let uuid = person.party_uuid.to_string();
        let token = [
            "token",
            "--scope",
            AUTHORIZED_PARTIES,
            "--scope",
            TO_OTHERS_READ,
            "--system-user",
            customer,
        ];
        let list = words(&["rights", "list", "--from", customer]);
        let last_name = person.last_name.as_str();
        let shown = format!(
            "the access package {PACKAGE} and the right to the resource {RESOURCE} of {} {last_name}",
            person.first_name
        );
        Ok(Self {
            api: Api::Altinn3,
            title: "Altinn 3: a vendor's system as a customer's system user (systembruker)",
            steps: [
                Step {
                    name: "token",
                    title: "A Maskinporten access token",
                    why: "A grant, signed with the enterprise certificate (virksomhetssertifikat), says who asks, for which scopes, and as whose system user.",
                    command: words(&token),
                    call: ("POST", "/token"),
                },
                Step {
                    name: "exchange",
                    title: "Exchanged for an Altinn token",
                    why: "Altinn takes Maskinporten's token only in exchange for its own, which is good for 30 minutes.",
                    command: words(&[&token[..1], &["--exchange"], &token[1..]].concat()),
                    call: ("GET", "/exchange/maskinporten"),
                },
                Step {
                    name: "party",
                    title: "From an organisation number to a party UUID",
                    why: "Altinn 3's rights API knows parties by UUID; it tells those of the parties one may act for.",
                    command: words(&["party", customer, "--system-user", customer]),
                    call: ("GET", "/authorizedparties"),
                },
                Step {
                    name: "list",
                    title: "Who may do what for the customer",
                    why: "Connections, and on them access packages (tilgangspakker) and resources.",
                    command: list.clone(),
                    call: ("GET", "/connections/accesspackages"),
                },
                Step {
                    name: "grant",
                    title: "Give a person an access package and a right to a resource",
                    why: "Giving needs a scope of its own, so a new token comes first. It is checked what may be given; number and last name make the connection; then both are given on it.",
                    command: words(&[
                        "rights",
                        "grant",
                        "--from",
                        customer,
                        "--to",
                        number,
                        "--last-name",
                        last_name,
                        "--package",
                        PACKAGE,
                        "--resource",
                        RESOURCE,
                        "--right",
                        "read",
                    ]),
                    call: ("POST", "/connections/accesspackages"),
                },
                Step {
                    name: "revoke",
                    title: "Take both back",
                    why: "Only what was given directly can be taken back.",
                    command: words(&[
                        "rights",
                        "revoke",
                        "--from",
                        customer,
                        "--to",
                        number,
                        "--package",
                        PACKAGE,
                        "--resource",
                        RESOURCE,
                        "--right",
                        "read",
                    ]),
                    call: ("DELETE", "/connections/accesspackages"),
                },
            ],
            list,
            holds: Box::new(move |list| {
                let holders = list.pointer("/held").and_then(Value::as_array);
                let theirs: Vec<&Value> = holders
                    .into_iter()
                    .flatten()
                    .filter(|holder| holder["party"] == uuid.as_str())
                    .collect();
                let has = |list: &str, member: &str, id: &str| {
                    let held = theirs.iter().filter_map(|holder| holder[list].as_array());
                    held.flatten().any(|held| {
                        let urn = held[member].as_str().unwrap_or_default();
                        urn.rsplit(':').next() == Some(id)
                    })
                };
                vec![
                    has("packages", "package", PACKAGE),
                    has("resources", "resource", RESOURCE),
                ]
            }),
            right: shown,
        })
    }

    fn altinn2(simulator: &Simulator) -> Result<Self, Failure> {
        use altinn_authz::altinn2::scopes::REPORTEES;
        const SERVICE: &str = "4936";
        const EDITION: &str = "4936/1";
        let (cast, world) = (simulator.cast(), simulator.world());
        let customer = cast.customer.as_str();
        let name = world
            .organisation(customer)
            .map(|found| found.name.as_str())
            .ok_or_else(|| missing_in_seed("customer"))?;
        let number = cast.new_person.expose();
        let person = world
            .person(number)
            .ok_or_else(|| missing_in_seed("new person"))?;
        let id = format!("r{}", person.party_id);
        let last_name = person.last_name.as_str();
        let list = words(&["rights", "list", "--from", customer, "--api", "altinn2"]);
        let change = |verb: &str| {
            words(&[
                "rights",
                verb,
                "--from",
                customer,
                "--to",
                number,
                "--last-name",
                last_name,
                "--service",
                EDITION,
                "--right",
                "Access",
                "--api",
                "altinn2",
            ])
        };
        let right = format!(
            "the right Access to the service {EDITION} of {} {last_name}",
            person.first_name
        );
        Ok(Self {
            api: Api::Altinn2,
            title: "Altinn 2: a vendor's enterprise user (virksomhetsbruker), before it closed on 2026-06-19",
            steps: [
                Step {
                    name: "token",
                    title: "A Maskinporten access token",
                    why: "A grant, signed with the enterprise certificate (virksomhetssertifikat), says who asks and for which scopes.",
                    command: words(&["token", "--scope", REPORTEES]),
                    call: ("POST", "/token"),
                },
                Step {
                    name: "exchange",
                    title: "Exchanged for an Altinn token of the enterprise user",
                    why: "User name and password go along in a header of their own. Today it is answered with 410.",
                    command: words(&[
                        "token",
                        "--exchange",
                        "--enterprise-user",
                        "--scope",
                        REPORTEES,
                    ]),
                    call: ("GET", "/exchange/maskinporten"),
                },
                Step {
                    name: "party",
                    title: "From an organisation number to an r-id",
                    why: "Number and name must belong together; then Altinn 2 tells the id that its addresses take.",
                    command: words(&["party", customer, "--name", name, "--api", "altinn2"]),
                    call: ("POST", "/reportees/ReporteeConversion"),
                },
                Step {
                    name: "list",
                    title: "Who may do what for the customer",
                    why: "Those who hold something (rettighetshavere), and of each the roles and the single rights, in HAL+JSON.",
                    command: list.clone(),
                    call: ("GET", "/Delegations/*"),
                },
                Step {
                    name: "grant",
                    title: "Give a person a right to a service",
                    why: "Giving needs a scope of its own, so a new token comes first. The name is compared, it is read what is held, and what is missing is given.",
                    command: change("grant"),
                    call: ("POST", "/authorization/Delegations"),
                },
                Step {
                    name: "revoke",
                    title: "Take it back",
                    why: "By the right's own id; only what was given directly can be taken back.",
                    command: change("revoke"),
                    call: ("DELETE", "/rights/*"),
                },
            ],
            list,
            holds: Box::new(move |list| {
                let holders = list.pointer("/held").and_then(Value::as_array);
                let mut theirs = holders
                    .into_iter()
                    .flatten()
                    .filter(|holder| holder["RightHolderId"] == id.as_str());
                vec![theirs.any(|holder| {
                    any_object(&holder["Rights"], &|right| {
                        let source = right["RightSourceType"].as_str().unwrap_or_default();
                        right["ServiceCode"] == SERVICE && source.starts_with("Directly")
                    })
                })]
            }),
            right,
        })
    }
}

/// Whether any object is like this, in whatever wrapping it stands.
fn any_object(value: &Value, like: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| any_object(item, like)),
        Value::Object(members) => {
            like(value) || members.values().any(|member| any_object(member, like))
        }
        _ => false,
    }
}

/// One generation, being run.
struct Run<'a> {
    context: Context<'a>,
    watch: Watch,
    console: &'a Console,
    hosts: Hosts,
    steps: Vec<Value>,
}

impl Run<'_> {
    fn heading(&self, script: &Script) {
        if self.console.json() {
            return;
        }
        self.console.heading(script.title);
        self.console
            .aside(&format!("{}\n", self.hosts.line(script.api)));
    }

    async fn steps(&mut self, script: &Script) -> Result<(), Failure> {
        let mut before = Vec::new();
        for (index, step) in script.steps.iter().enumerate() {
            self.title(index + 1, step);
            let (report, calls) = self.command(&step.command).await.map_err(|failure| {
                failure.while_doing(format!(
                    "the demonstration's step {} ({})",
                    index + 1,
                    step.name
                ))
            })?;
            self.show(step, &report, &calls);
            let mut result = result(&report, &calls, &self.hosts);
            match step.name {
                "list" => {
                    self.table(&report.text);
                    if (script.holds)(&report.json).contains(&true) {
                        return Err(not_so(
                            step.name,
                            &format!("{} is there before it is given", script.right),
                            &report,
                        ));
                    }
                    before = shown::rows(&report.text);
                }
                "grant" | "revoke" => {
                    let there = step.name == "grant";
                    self.line('$', &shown::command_line(&script.list));
                    let (listed, _) = self.command(&script.list).await?;
                    let after = shown::rows(&listed.text);
                    self.difference(&before, &after);
                    // all of them, or none
                    if (script.holds)(&listed.json).contains(&!there) {
                        let wrong = match there {
                            true => format!("{} was given and is not in the list", script.right),
                            false => {
                                format!("{} was taken back and is still in the list", script.right)
                            }
                        };
                        return Err(not_so(step.name, &wrong, &report));
                    }
                    self.line(
                        '=',
                        match there {
                            true => "the list has it",
                            false => "it is gone from the list",
                        },
                    );
                    before = after;
                    result.insert("listed".into(), there.into());
                    result.insert("list".into(), redacted_any(&listed.json));
                }
                _ => {}
            }
            if report.exit != Exit::Done {
                return Err(not_so(step.name, &report.summary, &report));
            }
            if !self.console.json() {
                self.console.data("");
            }
            let call = shown::the_call(&calls, step.call);
            self.steps.push(json!({
                "name": step.name,
                "request": shown::request(&step.command, call),
                "response": shown::response(call),
                "result": result,
            }));
        }
        Ok(())
    }

    /// Runs a command line as `main` does, and gives what it says and what went over the wire.
    async fn command(&self, words: &[String]) -> Result<(Report, Vec<Seen>), Failure> {
        let program = std::iter::once("altinn").chain(words.iter().map(String::as_str));
        let cli = Cli::try_parse_from(program)
            .map_err(|error| Failure::usage(error.render().to_string()))?;
        let context = self.context.with_flags(cli.global.settings.given());
        self.watch.take();
        let report = cli.command.run(&context).await?;
        Ok((report, self.watch.take()))
    }

    fn title(&self, number: usize, step: &Step) {
        if self.console.json() {
            return;
        }
        self.console.heading(&format!("{number}. {}", step.title));
        for line in shown::wrapped(step.why) {
            self.console.aside(&format!("   {line}"));
        }
        self.line('$', &shown::command_line(&step.command));
    }

    fn show(&self, step: &Step, report: &Report, calls: &[Seen]) {
        if self.console.json() {
            return;
        }
        let call = shown::the_call(calls, step.call);
        let at = call.map(|call| {
            calls
                .iter()
                .take_while(|seen| !std::ptr::eq(*seen, call))
                .count()
        });
        for (index, seen) in calls.iter().enumerate() {
            if Some(index) == at {
                for (mark, line) in shown::in_full(seen, &self.hosts) {
                    self.line(mark, &line);
                }
            } else {
                self.line('·', &shown::in_short(seen, &self.hosts));
            }
        }
        self.line('=', &report.summary);
    }

    fn line(&self, mark: char, line: &str) {
        if self.console.json() {
            return;
        }
        match mark {
            '$' | '=' => self.console.data(&format!("   {mark} {line}")),
            _ => self.console.aside(&format!("   {mark} {line}")),
        }
    }

    fn table(&self, text: &str) {
        for line in text.lines() {
            self.line(' ', line);
        }
    }

    fn difference(&self, before: &[String], after: &[String]) {
        for row in after.iter().filter(|row| !before.contains(row)) {
            self.line('+', row);
        }
        for row in before.iter().filter(|row| !after.contains(row)) {
            self.line('-', row);
        }
    }
}

fn not_so(step: &str, what: &str, report: &Report) -> Failure {
    let failure = Failure::new(
        Exit::Unreachable,
        format!("the demonstration failed at {step}: {what}"),
    );
    let failure = report
        .failures
        .iter()
        .fold(failure, |failure, why| failure.note(why.sentence()));
    failure.todo("the simulator did not keep its word, or the command did not: please report it")
}

fn redacted_any(value: &Value) -> Value {
    redacted(&without_token(value))
}

/// What came of a step.
fn result(report: &Report, calls: &[Seen], hosts: &Hosts) -> Map<String, Value> {
    let calls: Vec<Value> = calls.iter().map(|seen| shown::call(seen, hosts)).collect();
    Map::from_iter([
        ("summary".to_owned(), report.summary.clone().into()),
        ("output".to_owned(), redacted_any(&report.json)),
        ("calls".to_owned(), calls.into()),
    ])
}
