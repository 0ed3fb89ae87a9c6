//! `altinn sim`: the simulator, for other programs and other terminals.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use altinn_sim::world::Seed;
use altinn_sim::{Altinn2Release, AudienceRule, Era, Host, Quirks, Simulator};
use clap::{Args, ValueEnum};
use http_transport::redact;
use serde_json::json;

use crate::commands::Report;
use crate::console::Console;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  altinn sim --write-env sim.env
      then, in another terminal:
  set -a; . ./sim.env; set +a
  altinn token --scope altinn:instances.read
  altinn rights list --from 310753831
      (a customer in the standard population; `altinn sim` prints who plays which part)
  altinn sim --era closed
      Altinn 2 is gone, as it is in reality since 2026-06-19
  altinn sim --switch right-does-not-stick --switch pdp-at-once
      parts that are otherwise; `altinn sim --help` says which there are

It verifies signatures, certificates, scopes, delegations and system users as the real services do,
keeps what is granted until it ends, and writes one line for each request, redacted, on standard
error. Ctrl-C ends it.";

/// Arguments of `altinn sim`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimArgs {
    /// Where to listen. With a port, the nine ports after it are taken too
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// A population over the standard one, in TOML or JSON; may be given several times
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    /// Write settings that point every other command at it, with key and certificates beside
    #[arg(long, value_name = "FILE")]
    write_env: Option<PathBuf>,

    /// Before or after Altinn 2's last day
    #[arg(long, value_name = "ERA", default_value = "open")]
    era: EraArg,

    /// Something that is otherwise than it is by default; may be given several times
    #[arg(long, value_name = "NAME")]
    switch: Vec<Switch>,
}

/// What `--switch` turns on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// A right is granted with success and then not stored
    RightDoesNotStick,
    /// The decision point (PDP) sees a delegation at once, not up to five minutes later
    PdpAtOnce,
    /// The decision point does without a subscription key
    PdpWithoutKey,
    /// Altinn 3: requests for access by end users are switched off (an empty 404)
    NoRequests,
    /// Altinn 3: requests for access by service owners are switched off
    NoServiceOwnerRequests,
    /// Altinn 3: Maskinporten suppliers and consumers are switched off
    NoSuppliers,
    /// Altinn 3: authorized parties for service owners are switched off
    NoServiceOwnerParties,
    /// Altinn 3: client delegation v2 is switched off
    NoClientDelegationV2,
    /// Altinn 2 as in release 23.4, with what 23.5 removed
    #[value(name = "altinn2-23.4")]
    Altinn2Release234,
    /// Altinn 2: what a release removed is a 403, not a 404
    #[value(name = "altinn2-removed-403")]
    Altinn2Removed403,
    /// Altinn 2: a wrong password is a 403, not a 401
    #[value(name = "altinn2-wrong-password-403")]
    Altinn2WrongPassword403,
    /// Altinn 2: answers with a blank first, `\/` and `\u00f8`
    #[value(name = "altinn2-escaped")]
    Altinn2Escaped,
    /// Altinn 2: names and organisation numbers padded with blanks
    #[value(name = "altinn2-padded")]
    Altinn2Padded,
    /// Altinn 2: ids and codes that are numbers come as texts
    #[value(name = "altinn2-numbers-as-texts")]
    Altinn2NumbersAsTexts,
    /// Altinn 2: members that are absent come as null
    #[value(name = "altinn2-nulls")]
    Altinn2Nulls,
    /// Altinn 2: links as in plain JSON, also where HAL was asked for
    #[value(name = "altinn2-plain-links")]
    Altinn2PlainLinks,
    /// Altinn 2: lists as bare arrays, also where HAL was asked for
    #[value(name = "altinn2-bare-lists")]
    Altinn2BareLists,
    /// Maskinporten takes other audiences than its issuer, exactly written
    LenientAudience,
    /// Maskinporten's errors end in a correlation id, as before 2024
    CorrelationIds,
    /// Maskinporten's tokens have the claims of 2020
    LegacyClaims,
    /// Maskinporten's answer has members that nobody has seen yet
    UnknownMembers,
}

impl Switch {
    fn turn(self, quirks: &mut Quirks) {
        match self {
            // of the faults, and so set when the simulator runs
            Self::RightDoesNotStick => {}
            Self::PdpAtOnce => quirks.pdp_without_cache = true,
            Self::PdpWithoutKey => quirks.pdp_without_subscription_key = true,
            Self::NoRequests => quirks.switched_off.requests = true,
            Self::NoServiceOwnerRequests => quirks.switched_off.service_owner_requests = true,
            Self::NoSuppliers => quirks.switched_off.suppliers = true,
            Self::NoServiceOwnerParties => quirks.switched_off.service_owner_parties = true,
            Self::NoClientDelegationV2 => quirks.switched_off.client_delegation_v2 = true,
            Self::Altinn2Release234 => quirks.altinn2_release = Altinn2Release::new(23, 4),
            Self::Altinn2Removed403 => quirks.altinn2_removed_is_forbidden = true,
            Self::Altinn2WrongPassword403 => quirks.wrong_password_is_forbidden = true,
            Self::Altinn2Escaped => quirks.hal_forms.escaped = true,
            Self::Altinn2Padded => {
                quirks.hal_forms.padded_names = true;
                quirks.hal_forms.padded_numbers = true;
            }
            Self::Altinn2NumbersAsTexts => quirks.hal_forms.numbers_as_texts = true,
            Self::Altinn2Nulls => quirks.hal_forms.explicit_nulls = true,
            Self::Altinn2PlainLinks => quirks.hal_forms.plain_links = true,
            Self::Altinn2BareLists => quirks.hal_forms.bare_lists = true,
            Self::LenientAudience => quirks.audience = AudienceRule::Lenient,
            Self::CorrelationIds => quirks.correlation_ids = true,
            Self::LegacyClaims => quirks.legacy_claims = true,
            Self::UnknownMembers => quirks.unknown_members = true,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum EraArg {
    /// Altinn 2 answers
    Open,
    /// Altinn 2 is gone
    Closed,
}

/// Runs until it is dropped.
pub(crate) async fn run(console: Arc<Console>, args: &SimArgs) -> Result<Report, Failure> {
    let mut quirks = Quirks::default();
    for switch in &args.switch {
        switch.turn(&mut quirks);
    }
    let log = Arc::clone(&console);
    let mut builder = Simulator::builder()
        .listen(args.listen)
        .era(match args.era {
            EraArg::Open => Era::Altinn2Open,
            EraArg::Closed => Era::Altinn2Closed,
        })
        .quirks(quirks)
        .on_request(move |line| log.note(&line.to_string()));
    for file in &args.seed {
        builder = builder.seed(seed(file)?);
    }
    if !args.listen.ip().is_loopback() {
        console.warning(
            "the simulator is open to the network: anyone who reaches it can use it, without TLS on half of its ports",
        );
    }
    console.progress("making keys and certificates");
    let simulator = builder.start().await?;
    simulator
        .faults()
        .set_right_does_not_stick(args.switch.contains(&Switch::RightDoesNotStick));
    if let Some(file) = &args.write_env {
        simulator.write_env(file)?;
    }
    introduce(&console, &simulator, args);
    // until Ctrl-C, which drops this and the simulator with it
    std::future::pending().await
}

fn seed(file: &PathBuf) -> Result<Seed, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("--seed: {shown}: {error}")).todo("check the path")
    })?;
    let parsed = match file.extension().is_some_and(|ending| ending == "json") {
        true => Seed::from_json(&text),
        false => Seed::from_toml(&text),
    };
    parsed.map_err(|error| {
        Failure::usage(format!("--seed: {shown}: {error}"))
            .todo("a seed has the form of the standard population, crates/altinn-sim/src/world/standard.toml")
    })
}

fn introduce(console: &Console, simulator: &Simulator, args: &SimArgs) {
    let cast = simulator.cast();
    let world = simulator.world();
    if console.json() {
        console.data_json(&json!({
            "maskinporten": { "issuer": simulator.maskinporten_issuer(), "tokenEndpoint": simulator.token_endpoint(), "tls": simulator.tls_url(Host::Maskinporten) },
            "platform": { "url": simulator.platform_url(), "tls": simulator.tls_url(Host::Platform) },
            "altinn2": { "url": simulator.altinn2_url(), "tls": simulator.tls_url(Host::Altinn2) },
            "era": match args.era { EraArg::Open => "open", EraArg::Closed => "closed" },
            "cast": {
                "clientId": cast.client,
                "vendor": cast.vendor,
                "customer": cast.customer,
                "receivingOrganisation": cast.receiving_organisation,
            },
        }));
        return;
    }
    let organisation = |number: &str| {
        let name = world
            .organisation(number)
            .map(|found| found.name.clone())
            .unwrap_or_default();
        format!("{number}  {name}")
    };
    let lines = [
        format!(
            "Maskinporten  {}  (TLS: {})",
            simulator.maskinporten_issuer(),
            simulator.tls_url(Host::Maskinporten)
        ),
        format!(
            "platform      {}  (TLS: {})",
            simulator.platform_url(),
            simulator.tls_url(Host::Platform)
        ),
        format!(
            "Altinn 2      {}  (TLS: {})",
            simulator.altinn2_url(),
            simulator.tls_url(Host::Altinn2)
        ),
        String::new(),
        format!("client        {}", cast.client),
        format!("its vendor    {}", organisation(&cast.vendor)),
        format!(
            "a customer    {}  (has a system user of the vendor)",
            organisation(&cast.customer)
        ),
        format!(
            "a receiver    {}",
            organisation(&cast.receiving_organisation)
        ),
    ];
    console.heading("The simulator runs.");
    console.data(&redact::text(&lines.join("\n")));
    match &args.write_env {
        Some(file) => {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            let shell = format!("'{}'", file.display().to_string().replace('\'', r"'\''"));
            console.data(&format!(
                "\nIn another terminal:\n  set -a; . {shell}; set +a\n  altinn token --scope altinn:instances.read\n  altinn rights list --from {}\n",
                cast.customer
            ));
        }
        None => console.data(
            "\nIt gives no settings away by itself: start it with --write-env FILE to point other commands at it.\n",
        ),
    }
    console.note("Ctrl-C ends it; one line for each request follows.");
}
