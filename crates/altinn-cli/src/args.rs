//! The command line: what `altinn --help` shows, and the settings that have a flag.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::settings::{self, SCOPES};

const MAP: &str = "\
The main job, in six steps (`altinn demo` shows them all):
  altinn token                  1  get a Maskinporten access token
  altinn token --exchange       2  exchange it for an Altinn token
  altinn party NUMBER           3  turn a number into an Altinn identity
  altinn rights list            4  list what others may do for an organisation
  altinn rights grant           5  give rights
  altinn rights revoke          6  take one back

Try it, without asking anyone for anything:
  altinn demo                   run the six steps against a simulator, and watch
  altinn sim                    run the simulator for other programs and terminals

Become someone else:
  altinn login, logout, whoami  a person, through ID-porten; then --person on the others
  altinn system-user request    ask a customer for one; also: status, list, change, withdraw
  altinn system-user register   your system in the register; also: systems, unregister, clients

Around the rights:
  altinn packages search WORDS  which access package or resource is it? (no login)
  altinn may WHO ACTION RESOURCE for WHOM
                                whether they may, by the decision point (PDP)
  altinn parties                whom one may act for, and with what
  altinn rights grant --file    many at once, from a list (also revoke); --dry-run first
  altinn rights check           what can be given, before it is given
  altinn rights request         ask for access; approve, reject, withdraw
  altinn consent                ask for leave to fetch data about somebody (samtykke)
  altinn service-owner          as a service owner: whom others may act for, drafted requests
  altinn clients                who of an accountant's people acts for which client
  altinn rights migrate         from a saved listing of Altinn 2 to what corresponds on Altinn 3
  altinn rights export          who holds what, as CSV or JSON, for spreadsheets and audits

On Altinn 2, in this order of work (closed since 2026-06-19):
  altinn metadata services      which service is it?      (code/edition)
  altinn metadata role-requirements   which roles give it?
  altinn roles list             which role is that?       (number, code, name)
  altinn rights list|grant|revoke --api altinn2
  altinn roles mine, rights mine  what one holds oneself
  altinn enterprise-users, altinn service-owner reportees, rights, roles, organisations

Tools around it:
  altinn assertion              sign a JWT grant and print it, without sending it
  altinn api METHOD PATH        make any other call, authenticated
  altinn hal FILE               read a HAL+JSON document
  altinn explain CODE           what an error code means, who must act (offline)

Examples:
  altinn demo --api altinn3
  altinn sim --write-env sim.env          # then, in another terminal:
  set -a; . ./sim.env; set +a
  altinn token --scope altinn:instances.read
  altinn rights list --from 310753831
  altinn explain MP-122

Settings: a flag wins over the environment, the environment over a profile in altinn.toml
(--profile NAME; ./altinn.toml or $XDG_CONFIG_HOME/altinn/altinn.toml), which has the same names
under [profile.NAME]:
  which Altinn     ALTINN_ENVIRONMENT (prod, tt02, at22, at23, at24, yt01), or URLs of another one:
                   ALTINN_PLATFORM_URL, ALTINN_API_URL, MASKINPORTEN_ISSUER,
                   MASKINPORTEN_TOKEN_ENDPOINT (or MASKINPORTEN_WELL_KNOWN_URL), ALTINN_CA_FILE
                   ALTINN_GENERATION (altinn2, altinn3), where --api is not given
  which client     MASKINPORTEN_CLIENT_ID, MASKINPORTEN_SCOPES;
                   MASKINPORTEN_ORGANISATION, whose it is
  which key        MASKINPORTEN_PKCS12 + MASKINPORTEN_PKCS12_PASSWORD (+ MASKINPORTEN_KEY_ALIAS),
                   or MASKINPORTEN_PEM, or MASKINPORTEN_CLIENT_JWK; MASKINPORTEN_KID
  as whom          ALTINN_SYSTEM_USER, ALTINN_EXTERNAL_REF; ALTINN_AS=person;
                   ALTINN_USERNAME + ALTINN_PASSWORD; ALTINN_COOKIE
  logging in       IDPORTEN_CLIENT_ID, IDPORTEN_CLIENT_JWK or IDPORTEN_CLIENT_SECRET,
                   IDPORTEN_REDIRECT_URI, IDPORTEN_SCOPES; another provider than the environment's:
                   IDPORTEN_ISSUER or IDPORTEN_WELL_KNOWN_URL, IDPORTEN_LEVELS,
                   IDPORTEN_AUTHORIZATION_DETAILS, IDPORTEN_TOKEN_ENDPOINT_AUTH_METHOD
  further keys     ALTINN_API_KEY, ALTINN_SUBSCRIPTION_KEY, and for one product alone
                   ALTINN_SUBSCRIPTION_KEY_STORAGE (…_AUTHORIZATION, …_CORRESPONDENCE, …)
  also             ALTINN_LANGUAGE (nb, nn, en), ALTINN_PROFILE, ALTINN_LOG (as -v, finer),
                   HTTPS_PROXY, NO_PROXY, NO_COLOR
Secrets have no flag: others on the machine can read a command line.

Exit codes: 0 done, 1 refused by the server, 2 bad usage, input, file or setting, 3 not reached or
not answered properly, 4 refused here for safety, 5 partly done, 130 interrupted";

const TEMPLATE: &str = "\
{about}

{usage-heading} {usage}{after-help}

Options:
{options}";

/// Maskinporten tokens, Altinn identities and rights, from the command line.
#[derive(Parser)]
#[command(
    name = "altinn",
    bin_name = "altinn",
    version,
    about = "Maskinporten tokens, Altinn identities and rights, from the command line",
    after_help = MAP,
    help_template = TEMPLATE,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
#[command(next_help_heading = "Of every command")]
pub(crate) struct Global {
    /// Print the result as JSON, and errors as an object on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say what is done, on standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Ask for new tokens; take none of an earlier run, and keep none for the next
    ///
    /// Without it, tokens are kept until they expire, in files that only you can read
    /// ($XDG_CACHE_HOME/altinn), one for each signing key.
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,

    /// Take settings from this profile of altinn.toml [env: ALTINN_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Take profiles from this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// The settings that are no secret, each a flag; the longer help lists them.
#[derive(Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingFlags {
    /// Which Altinn: prod, tt02, at22, at23, at24 or yt01 [env: ALTINN_ENVIRONMENT]
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    environment: Option<String>,
    /// The Altinn platform's base URL [env: ALTINN_PLATFORM_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    platform_url: Option<String>,
    /// The Altinn 2 host's base URL [env: ALTINN_API_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    api_url: Option<String>,
    /// A PEM file with certificate authorities to trust [env: ALTINN_CA_FILE]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    ca_file: Option<String>,
    /// Maskinporten's metadata URL [env: MASKINPORTEN_WELL_KNOWN_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    well_known_url: Option<String>,
    /// Maskinporten's issuer [env: MASKINPORTEN_ISSUER]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    issuer: Option<String>,
    /// Maskinporten's token endpoint [env: MASKINPORTEN_TOKEN_ENDPOINT]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    token_endpoint: Option<String>,
    /// The client's id, as registered with Maskinporten [env: MASKINPORTEN_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID", hide_short_help = true)]
    client_id: Option<String>,
    /// The organisation that owns the client, to be named in errors [env: MASKINPORTEN_ORGANISATION]
    #[arg(long, global = true, value_name = "ORG", hide_short_help = true)]
    organisation: Option<String>,
    /// A PKCS#12 file with certificate and key [env: MASKINPORTEN_PKCS12]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pkcs12: Option<String>,
    /// Which key of a PKCS#12 file that holds several [env: MASKINPORTEN_KEY_ALIAS]
    #[arg(long, global = true, value_name = "ALIAS", hide_short_help = true)]
    key_alias: Option<String>,
    /// A PEM file with the key, and the certificates if they are to be sent [env: MASKINPORTEN_PEM]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pem: Option<String>,
    /// The id of a registered key, sent in place of the certificate [env: MASKINPORTEN_KID]
    #[arg(long, global = true, value_name = "KID", hide_short_help = true)]
    kid: Option<String>,
    /// The enterprise user's name (virksomhetsbruker) [env: ALTINN_USERNAME]
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    username: Option<String>,
    /// The language of names: nb, nn or en [env: ALTINN_LANGUAGE]
    #[arg(long, global = true, value_name = "LANGUAGE", hide_short_help = true)]
    language: Option<String>,
}

impl SettingFlags {
    /// The flags that were given, by the settings' names.
    pub(crate) fn given(&self) -> BTreeMap<&'static str, String> {
        let Self {
            environment,
            platform_url,
            api_url,
            ca_file,
            well_known_url,
            issuer,
            token_endpoint,
            client_id,
            organisation,
            pkcs12,
            key_alias,
            pem,
            kid,
            username,
            language,
        } = self;
        [
            (settings::ENVIRONMENT, environment),
            (settings::PLATFORM_URL, platform_url),
            (settings::API_URL, api_url),
            (settings::CA_FILE, ca_file),
            (settings::WELL_KNOWN_URL, well_known_url),
            (settings::ISSUER, issuer),
            (settings::TOKEN_ENDPOINT, token_endpoint),
            (settings::CLIENT_ID, client_id),
            (settings::ORGANISATION, organisation),
            (settings::PKCS12, pkcs12),
            (settings::KEY_ALIAS, key_alias),
            (settings::PEM, pem),
            (settings::KID, kid),
            (settings::USERNAME, username),
            (settings::LANGUAGE, language),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }
}

/// The scopes to ask for.
#[derive(Args, Default)]
pub(crate) struct ScopeArgs {
    /// A scope to ask for; may be given several times [env: MASKINPORTEN_SCOPES]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

impl ScopeArgs {
    pub(crate) fn given(&self) -> Option<(&'static str, String)> {
        (!self.scopes.is_empty()).then(|| (SCOPES, self.scopes.join(" ")))
    }
}

/// Who to be on Altinn 3: a system user, or the person who logged in.
#[derive(Args)]
#[command(next_help_heading = "As whom")]
pub(crate) struct SystemUserArgs {
    /// Be the person who logged in (altinn login), not a system user [env: ALTINN_AS=person]
    #[arg(long, conflicts_with_all = ["system_user", "external_ref"])]
    pub(crate) person: bool,
    /// Act as the system user (systembruker) of the organisation with this number
    /// [env: ALTINN_SYSTEM_USER]
    #[arg(long, value_name = "ORG")]
    pub(crate) system_user: Option<String>,
    /// The reference that the system user was created with, where it has one
    /// [env: ALTINN_EXTERNAL_REF]
    #[arg(long, value_name = "REF")]
    pub(crate) external_ref: Option<String>,
}

impl SystemUserArgs {
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, String)> {
        let named = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        // who names a system user means it, whatever ALTINN_AS says
        let who = match (self.person, &self.system_user) {
            (true, _) => Some("person"),
            (false, Some(_)) => Some("system-user"),
            (false, None) => None,
        };
        let owner = named(settings::SYSTEM_USER, &self.system_user);
        owner
            .into_iter()
            .chain(named(settings::EXTERNAL_REF, &self.external_ref))
            .chain(who.map(|who| (settings::AS, who.to_owned())))
    }
}

/// Which generation of Altinn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Api {
    /// HAL+JSON, as an enterprise user with an API key; closed since 2026-06-19.
    Altinn2,
    /// Access management, as a system user: what answers today.
    #[default]
    Altinn3,
}

impl Api {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Altinn2 => "altinn2",
            Self::Altinn3 => "altinn3",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the six steps against a simulator, and show each request and answer
    Demo(commands::demo::DemoArgs),
    /// Run the simulator of Maskinporten and Altinn
    Sim(commands::sim::SimArgs),
    /// Sign a JWT grant and print it, without sending it
    Assertion(commands::token::AssertionArgs),
    /// Get a token: from Maskinporten, or exchanged for one of Altinn's
    Token(commands::token::TokenArgs),
    /// Log a person in through ID-porten, in the browser
    Login(commands::login::LoginArgs),
    /// End the log-in
    Logout(commands::login::LogoutArgs),
    /// Say who is logged in
    Whoami(commands::login::WhoamiArgs),
    /// Ask customers for system users (systembrukere), and look how it goes
    #[command(subcommand)]
    SystemUser(commands::system_user::SystemUserCommand),
    /// Turn an organisation or person number into an Altinn identity
    Party(commands::party::PartyArgs),
    /// Altinn 2: the roles there are, one's own, and a party's local ones
    #[command(subcommand)]
    Roles(commands::roles::RolesCommand),
    /// Altinn 2: an organisation's enterprise users (virksomhetsbrukere)
    #[command(subcommand)]
    EnterpriseUsers(commands::enterprise_users::EnterpriseUsersCommand),
    /// Altinn 2: services, role requirements, code lists, schemas; needs no login
    #[command(subcommand)]
    Metadata(commands::metadata::MetadataCommand),
    /// What a service owner (tjenesteeier) sees of others, asks for them and gives between them
    #[command(subcommand)]
    ServiceOwner(commands::service_owner::ServiceOwnerCommand),
    /// Ask Altinn's decision point (PDP) whether somebody may do something
    May(commands::may::MayArgs),
    /// Find access packages (tilgangspakker) and resources; needs no login
    #[command(subcommand)]
    Packages(commands::packages::PackagesCommand),
    /// List whom one may act for
    Parties(commands::parties::PartiesArgs),
    /// Client delegation (klientdelegering): who of a provider's people acts for which client
    #[command(subcommand)]
    Clients(commands::clients::ClientsCommand),
    /// Ask for leave to fetch data about somebody (samtykke), and follow the answer
    #[command(subcommand)]
    Consent(commands::consent::ConsentCommand),
    /// List, grant and revoke rights
    #[command(subcommand)]
    Rights(commands::rights::RightsCommand),
    /// Make any other call, authenticated as the settings say
    Api(commands::api::ApiArgs),
    /// Read any JSON document as HAL
    Hal(commands::hal::HalArgs),
    /// Say what an error code means, what to do and who must do it
    Explain(commands::explain::ExplainArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Longer lines are broken once more by the help's own width, in the middle of what was laid out.
    fn too_long(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        let laid_out = [command.get_after_help(), command.get_after_long_help()];
        for text in laid_out.into_iter().flatten().map(ToString::to_string) {
            let lines = text.lines().filter(|line| line.chars().count() > 100);
            found.extend(lines.map(|line| format!("{path}: {line}")));
        }
        for command in command.get_subcommands() {
            too_long(command, &path, found);
        }
    }

    #[test]
    fn what_help_lays_out_fits_its_width() {
        let mut found = Vec::new();
        too_long(&Cli::command(), "", &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
