//! One small view of rights over both generations, for programs that move from one to the other.
//!
//! The program is written once; a setting says who answers:
//!
//! ```no_run
//! use altinn_authz::rights::{Change, Entitlement, Generation, PartyName, Rights};
//! use altinn_authz::{altinn2, altinn3};
//!
//! # async fn run(
//! #     customer: altinn_auth::Session<altinn_auth::SystemUser>,
//! #     old: altinn_auth::Session<altinn_auth::EnterpriseUser>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let rights: Box<dyn Rights> = match std::env::var("ALTINN_GENERATION")?.parse()? {
//!     Generation::Altinn3 => Box::new(altinn3::Client::new(&customer)),
//!     _ => Box::new(altinn2::Client::new(&old)),
//! };
//! let what: Entitlement = std::env::var("WHAT")?.parse()?; // altinn3:package:skattegrunnlag, altinn2:role:11
//!
//! let company = rights.resolve(&PartyName::organisation("310702641".parse()?)).await?;
//! let anna = PartyName::person("26899299344".parse()?, "HEIS");
//! let plan = rights.plan(&Change::new(&company, &anna).give([what])).await?;
//! println!("{plan}");
//! let mut done = rights.apply(&plan, &anna).await?;
//! if !done.is_complete() {
//!     done = rights.resume(&done, &anna).await?;
//! }
//! println!("{done}");
//! # Ok(()) }
//! ```
//!
//! # What is written down
//!
//! [`Entitlement`], [`Plan`] and [`Applied`] are values that serde writes and reads again, so a plan can
//! be made today, looked over, and applied tomorrow, and what was cut off can be resumed. No person
//! number is in them: the receiver's is masked, and whoever applies a plan gives the receiver again.
//!
//! A masked number shows the date of birth, and leaves about five hundred people. Two of them with the
//! same last name are told apart by the party's id, which the plan has as soon as the receiver is
//! connected. Before that a [fingerprint](PartyName::with_fingerprint) tells them apart, which takes a key
//! that is not written down with the plan: of a number with so few candidates a digest without a key, or
//! with one beside it, gives the number away.
//!
//! # What it is not
//!
//! The clients themselves ([`altinn2::Client`](crate::altinn2::Client),
//! [`altinn3::Client`](crate::altinn3::Client)) do more; here is what both can do. Nothing here turns
//! an entitlement of one generation into one of the other: what corresponds to what is a table with a
//! source for each row, in [`correspondence`](crate::correspondence).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http_transport::BoxFuture;
use norwegian_ids::{OrganisationNumber, PersonNumber};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::{DECISION_POINT_LAG, LAG_SAID, Outcome};
use crate::{Error, ErrorKind};

/// Rights, on whichever generation: see the [module](self).
///
/// It is object-safe; a program holds a `Box<dyn Rights>`.
pub trait Rights: fmt::Debug + Send + Sync {
    /// Which generation answers.
    fn generation(&self) -> Generation;

    /// From a number (and a name) to the party.
    ///
    /// # Errors
    ///
    /// [`UnknownParty`](ErrorKind::UnknownParty) when there is no way from the number to a party; the
    /// remedy says which there are. Nothing is made or changed.
    fn resolve<'a>(&'a self, name: &'a PartyName) -> BoxFuture<'a, Result<Party, Error>>;

    /// Who holds what that `giver` has given; with `receiver`, that one alone, and in more detail where
    /// the generation has it.
    ///
    /// # Errors
    ///
    /// As the server refuses.
    fn held<'a>(
        &'a self,
        giver: &'a Party,
        receiver: Option<&'a Party>,
    ) -> BoxFuture<'a, Result<Vec<Holder>, Error>>;

    /// What of this can be given, without giving it.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](ErrorKind::InvalidInput) for an entitlement of the other generation; else as the
    /// server refuses.
    fn may_give<'a>(
        &'a self,
        giver: &'a Party,
        what: &'a [Entitlement],
    ) -> BoxFuture<'a, Result<Vec<Checked>, Error>>;

    /// What a change would do, step by step: what is so already, what will be refused, what stays behind.
    /// It reads, and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`may_give`](Self::may_give); and where a person's name is missing that will be needed.
    fn plan<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<Plan, Error>>;

    /// Does what is left of a plan, after looking again: as [`apply`](Self::apply), going on from an
    /// earlier report.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply); and [`WrongName`](ErrorKind::WrongName) when that is what ended the
    /// earlier run: a name that was refused is not tried again.
    fn resume<'a>(
        &'a self,
        earlier: &'a Applied,
        receiver: &'a PartyName,
    ) -> BoxFuture<'a, Result<Applied, Error>>;

    /// Does exactly what the plan says, after looking again. What has changed since it was made is
    /// [`Outdated`](State::Outdated) in the report and not touched. Nothing is taken back unless all that
    /// is given in its place is there.
    ///
    /// # Errors
    ///
    /// As long as nothing has been changed: [`InvalidInput`](ErrorKind::InvalidInput) when the plan is the
    /// other generation's or the receiver is not the plan's; else as [`plan`](Self::plan). After that
    /// everything is in the report.
    fn apply<'a>(
        &'a self,
        plan: &'a Plan,
        receiver: &'a PartyName,
    ) -> BoxFuture<'a, Result<Applied, Error>> {
        Box::pin(async move { self.resume(&plan.not_begun(), receiver).await })
    }
}

/// A generation of Altinn.
///
/// ```
/// use altinn_authz::rights::Generation;
///
/// assert_eq!("altinn3".parse::<Generation>()?, Generation::Altinn3);
/// assert_eq!(Generation::Altinn2.to_string(), "altinn2");
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Generation {
    /// HAL+JSON; closed on 2026-06-19.
    Altinn2,
    /// Access management: what answers today.
    Altinn3,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altinn2 => "altinn2",
            Self::Altinn3 => "altinn3",
        })
    }
}

impl FromStr for Generation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "altinn2" => Ok(Self::Altinn2),
            "altinn3" => Ok(Self::Altinn3),
            _ => Err(Error::input(
                "read a generation",
                "there is no such generation of Altinn",
                "write altinn2 or altinn3",
            )),
        }
    }
}

/// Something that can be held, of one generation; what is in it only that generation's client knows.
///
/// | written | is |
/// |---|---|
/// | `altinn3:package:skattegrunnlag` | an access package; the code may be a URN |
/// | `altinn3:resource:skf-skattemelding#read,write` | rights on a resource; without `#`, all |
/// | `altinn3:instance:skf-skattemelding@URN#read` | rights on a single instance of a resource |
/// | `altinn3:role:utinn` | a role that came from Altinn 2; it can be taken back and not given |
/// | `altinn2:role:11` | a role, by the id of its definition |
/// | `altinn2:service:4936/1#Access` | rights on a service |
/// | `altinn2:app:ORG/APP#GUID` | a right on an app |
///
/// ```
/// use altinn_authz::altinn3;
/// use altinn_authz::rights::{Entitlement, Generation};
///
/// let package: Entitlement = altinn3::Entitlement::package("skattegrunnlag").into();
/// assert_eq!(package.to_string(), "altinn3:package:skattegrunnlag");
/// assert_eq!(package.generation(), Generation::Altinn3);
/// assert_eq!("altinn3:package:skattegrunnlag".parse::<Entitlement>()?, package);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entitlement {
    generation: Generation,
    text: Box<str>,
}

impl Entitlement {
    /// What a generation's own type writes.
    pub(crate) fn of(generation: Generation, text: &impl fmt::Display) -> Self {
        Self {
            generation,
            text: text.to_string().into(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What the generation's own type reads, or why this is not its.
    pub(crate) fn text_for(
        &self,
        operation: &'static str,
        generation: Generation,
    ) -> Result<&str, Error> {
        if self.generation == generation {
            Ok(&self.text)
        } else {
            Err(Error::input(
                operation,
                "this is an entitlement of the other generation of Altinn",
                "say it in this generation's terms; altinn_authz::correspondence (altinn rights migrate) lists what corresponds to what",
            ))
        }
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.generation, self.text)
    }
}

impl FromStr for Entitlement {
    type Err = Error;

    /// Reads what `Display` writes. Whether there is such a thing only the generation's client can tell.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (generation, rest) = text.split_once(':').unwrap_or((text, ""));
        let read = generation
            .parse()
            .ok()
            .filter(|_| !rest.trim().is_empty() && !rest.contains(char::is_control));
        match read {
            Some(generation) => Ok(Self {
                generation,
                text: rest.trim().into(),
            }),
            None => Err(Error::input(
                "read an entitlement",
                "this is no entitlement with the generation before it",
                "write it as altinn3:package:CODE, altinn3:resource:ID#ACTION, altinn2:role:ID or altinn2:service:CODE/EDITION#ACTION",
            )),
        }
    }
}

impl Serialize for Entitlement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Entitlement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How a caller names a party: by number, with a name where it takes one, or by the generation's id.
///
/// ```
/// use altinn_authz::rights::PartyName;
///
/// let anna = PartyName::person("26899299344".parse()?, "HEIS");
/// assert_eq!(format!("{anna}, {anna:?}"), "268992***** HEIS, PartyName(268992***** HEIS)");
/// let company = PartyName::organisation("310702641".parse()?).named("LILLA TIGER AS");
/// let known = PartyName::id("5f0c1e7a-3b52-4d6e-9a41-000000000005");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PartyName {
    pub(crate) number: Number,
    pub(crate) name: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Number {
    Id(String),
    SystemUser(String),
    Organisation(OrganisationNumber),
    Person(PersonNumber),
}

impl PartyName {
    /// A party by the id that the generation has for it: a party UUID on Altinn 3, an id such as
    /// `r50170462` on Altinn 2.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self {
            number: Number::Id(id.into().trim().to_owned()),
            name: None,
            fingerprint: None,
        }
    }

    /// A system user (systembruker) of Altinn 3 by its party UUID; it is the one receiver that needs no
    /// connection.
    #[must_use]
    pub fn system_user(id: impl Into<String>) -> Self {
        Self {
            number: Number::SystemUser(id.into().trim().to_owned()),
            name: None,
            fingerprint: None,
        }
    }

    /// An organisation by number. Altinn 2 wants the registered [name](Self::named) besides when
    /// something is given to one that holds nothing yet.
    #[must_use]
    pub fn organisation(number: OrganisationNumber) -> Self {
        Self {
            number: Number::Organisation(number),
            name: None,
            fingerprint: None,
        }
    }

    /// A person by number and last name. Two wrong names lock the look-up for an hour on Altinn 3.
    #[must_use]
    pub fn person(number: PersonNumber, last_name: impl Into<String>) -> Self {
        Self::known_person(number).named(last_name)
    }

    /// A person by number alone, who is connected already.
    #[must_use]
    pub fn known_person(number: PersonNumber) -> Self {
        Self {
            number: Number::Person(number),
            name: None,
            fingerprint: None,
        }
    }

    /// With the registered name of an organisation, or the last name of a person.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        let name = name.into().trim().to_owned();
        self.name = (!name.is_empty()).then_some(name);
        self
    }

    /// With a short text that is another for another number. It stands in the plan that is made for this
    /// receiver, and [`apply`](Rights::apply) refuses a receiver without it or with another one. Make it
    /// with a key that is kept elsewhere (HMAC-SHA-256 of the number, say), or the number can be found by
    /// trying all there are.
    ///
    /// ```
    /// use altinn_authz::rights::PartyName;
    ///
    /// # fn hmac(_: &str) -> String { "5d41402abc4b2a76".to_owned() }
    /// let number = "26899299344";
    /// let anna = PartyName::person(number.parse()?, "HEIS").with_fingerprint(hmac(number));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: impl AsRef<str>) -> Self {
        // somebody may take the number itself for one
        self.fingerprint = Some(http_transport::redact::text(fingerprint.as_ref()));
        self
    }
}

impl From<&Party> for PartyName {
    fn from(party: &Party) -> Self {
        Self::id(party.id())
    }
}

impl fmt::Display for PartyName {
    /// Masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            // somebody may have put a number there
            Number::Id(id) => f.write_str(&http_transport::redact::text(id))?,
            Number::SystemUser(id) => {
                write!(f, "system user {}", http_transport::redact::text(id))?
            }
            Number::Organisation(number) => f.write_str(number.as_str())?,
            Number::Person(number) => write!(f, "{}", number.masked())?,
        }
        match &self.name {
            Some(name) => write!(f, " {}", http_transport::redact::text(name)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PartyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartyName({self})")
    }
}

/// A party, as a generation knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    generation: Generation,
    id: String,
    name: String,
    number: Option<String>,
}

impl Party {
    pub(crate) fn new(
        generation: Generation,
        id: &impl fmt::Display,
        name: &str,
        number: Option<String>,
    ) -> Self {
        Self {
            generation,
            id: id.to_string(),
            name: http_transport::redact::text(name.trim()),
            number,
        }
    }

    /// Which generation's it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The id that the generation has for it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The registered name; empty where it was named by id and not read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of an organisation, or of a person, masked.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    pub(crate) fn id_for(
        &self,
        operation: &'static str,
        generation: Generation,
    ) -> Result<&str, Error> {
        if self.generation == generation {
            Ok(&self.id)
        } else {
            Err(Error::input(
                operation,
                "this is a party as the other generation of Altinn knows it",
                "resolve the party again, with the client that is to use it",
            ))
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if let Some(number) = &self.number {
            write!(f, " {number}")?;
        }
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        Ok(())
    }
}

/// Someone, and what they hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holder {
    pub(crate) party: Party,
    pub(crate) holds: Vec<Holding>,
}

/// One thing that is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    pub(crate) entitlement: Entitlement,
    pub(crate) name: Option<String>,
    pub(crate) direct: bool,
    pub(crate) how: Vec<String>,
}

impl Holder {
    /// Who.
    #[must_use]
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// What.
    #[must_use]
    pub fn holds(&self) -> &[Holding] {
        &self.holds
    }

    /// Whether this is held and was given directly.
    #[must_use]
    pub fn holds_directly(&self, entitlement: &Entitlement) -> bool {
        self.holds
            .iter()
            .any(|held| held.direct && held.entitlement == *entitlement)
    }
}

impl Holding {
    /// What it is.
    #[must_use]
    pub fn entitlement(&self) -> &Entitlement {
        &self.entitlement
    }

    /// What people call it, where the server says so.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it was given directly, and so can be taken back.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// The ways in which it is held.
    #[must_use]
    pub fn how(&self) -> &[String] {
        &self.how
    }
}

/// Whether one thing can be given.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    pub(crate) entitlement: Entitlement,
    #[serde(flatten)]
    pub(crate) may: May,
}

/// Whether something can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "mayGive", content = "why")]
#[non_exhaustive]
pub enum May {
    /// It can.
    Yes,
    /// It cannot, for these reasons.
    No(Vec<String>),
    /// The generation tells only when it is tried.
    Unknown(String),
}

impl Checked {
    /// What was asked about.
    #[must_use]
    pub fn entitlement(&self) -> &Entitlement {
        &self.entitlement
    }

    /// The answer.
    #[must_use]
    pub fn may(&self) -> &May {
        &self.may
    }
}

/// What is to change between a giver and a receiver.
#[derive(Debug, Clone)]
#[must_use = "nothing changes before it is planned and applied"]
pub struct Change {
    pub(crate) giver: Party,
    pub(crate) receiver: PartyName,
    pub(crate) give: Vec<Entitlement>,
    pub(crate) take: Vec<Entitlement>,
}

impl Change {
    /// Nothing yet.
    pub fn new(giver: &Party, receiver: &PartyName) -> Self {
        Self {
            giver: giver.clone(),
            receiver: receiver.clone(),
            give: Vec::new(),
            take: Vec::new(),
        }
    }

    /// With these given.
    pub fn give(mut self, what: impl IntoIterator<Item = Entitlement>) -> Self {
        self.give.extend(what);
        self
    }

    /// With these taken back, once all that is given is there.
    pub fn take_back(mut self, what: impl IntoIterator<Item = Entitlement>) -> Self {
        self.take.extend(what);
        self
    }

    /// The typed entitlements of a change that is one.
    pub(crate) fn read<E: PartialEq>(
        &self,
        operation: &'static str,
        read: impl Fn(&Entitlement) -> Result<E, Error>,
    ) -> Result<(Vec<E>, Vec<E>), Error> {
        let each_once = |all: &[Entitlement]| -> Result<Vec<E>, Error> {
            let mut once = Vec::new();
            for one in all {
                let one = read(one)?;
                if !once.contains(&one) {
                    once.push(one);
                }
            }
            Ok(once)
        };
        let (give, take) = (each_once(&self.give)?, each_once(&self.take)?);
        if give.is_empty() && take.is_empty() {
            return Err(Error::input(
                operation,
                "nothing is to change",
                "name what is given or taken back",
            ));
        }
        if take.iter().any(|taken| give.contains(taken)) {
            return Err(Error::input(
                operation,
                "the same is to be given and to be taken back",
                "name it once: among what is given, or among what is taken back",
            ));
        }
        Ok((give, take))
    }
}

const PLAN: u32 = 1;

/// What a change would do. Written down, it holds no person number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use = "a plan changes nothing"]
pub struct Plan {
    version: u32,
    generation: Generation,
    giver: Party,
    receiver: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receiver_fingerprint: Option<String>,
    receiver_id: Option<String>,
    steps: Vec<Planned>,
    stays: Vec<String>,
    notes: Vec<String>,
}

/// One step of a [`Plan`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    #[serde(flatten)]
    pub(crate) act: Act,
    #[serde(flatten)]
    pub(crate) expected: Expected,
    /// What the step is to change, as it was seen: missing when given, there when taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<String>,
    /// In which other ways it is held, and still will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stays: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "step", content = "entitlement")]
#[non_exhaustive]
pub enum Act {
    /// Makes the connection that everything is given on (Altinn 3).
    Connect,
    /// Gives.
    Give(Entitlement),
    /// Takes back.
    TakeBack(Entitlement),
}

/// What a step is expected to come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "expected", content = "why")]
#[non_exhaustive]
pub enum Expected {
    /// It changes something.
    Change,
    /// It is so already; nothing will be sent.
    Already,
    /// It will be refused, for these reasons; nothing will be sent.
    Refused(Vec<String>),
    /// It will be tried; the server tells only then whether it may be.
    Unknown(String),
}

impl Plan {
    pub(crate) fn new(change: &Change, receiver_id: Option<String>) -> Self {
        Self {
            version: PLAN,
            generation: change.giver.generation,
            giver: change.giver.clone(),
            receiver: change.receiver.to_string(),
            receiver_fingerprint: change.receiver.fingerprint.clone(),
            receiver_id,
            steps: Vec::new(),
            stays: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, act: Act, expected: Expected, seen: Vec<String>) -> &mut Planned {
        let mut seen = seen;
        seen.sort();
        self.steps.push(Planned {
            act,
            expected,
            seen,
            stays: Vec::new(),
        });
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn stays(&mut self, what: impl Into<String>) {
        self.stays.push(what.into());
    }

    /// Nothing is taken back in the place of which something cannot be given.
    pub(crate) fn finished(mut self) -> Self {
        let is_refused = |step: &Planned| {
            matches!(
                (&step.act, &step.expected),
                (Act::Give(_), Expected::Refused(_))
            )
        };
        if self.steps.iter().any(is_refused) {
            for step in &mut self.steps {
                if matches!(step.act, Act::TakeBack(_)) && step.expected == Expected::Change {
                    step.expected = Expected::Refused(vec![
                        "what is to be given in its place will be refused".to_owned(),
                    ]);
                }
            }
        }
        self
    }

    /// Whose plan it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Who gives.
    #[must_use]
    pub fn giver(&self) -> &Party {
        &self.giver
    }

    /// Who receives, masked.
    #[must_use]
    pub fn receiver(&self) -> &str {
        &self.receiver
    }

    /// The receiver's id, when it could be found.
    #[must_use]
    pub fn receiver_id(&self) -> Option<&str> {
        self.receiver_id.as_deref()
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// What will be left behind: a connection without anything on it.
    #[must_use]
    pub fn left_behind(&self) -> &[String] {
        &self.stays
    }

    /// Whether applying it sends anything.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.expected, Expected::Change | Expected::Unknown(_)))
    }

    /// The steps that will be refused.
    pub fn refused(&self) -> impl Iterator<Item = &Planned> {
        self.steps
            .iter()
            .filter(|step| matches!(step.expected, Expected::Refused(_)))
    }

    /// A report of which nothing has been done.
    pub(crate) fn not_begun(&self) -> Applied {
        let step = |planned: &Planned| Step {
            act: planned.act.clone(),
            state: State::NotTried,
            details: Vec::new(),
            error: None,
            live: None,
        };
        Applied {
            steps: self.steps.iter().map(step).collect(),
            receiver_id: self.receiver_id.clone(),
            connection_left_empty: false,
            decision_point_lag_seconds: None,
            plan: self.clone(),
        }
    }

    fn change(&self, receiver: &PartyName) -> Change {
        let mut change = Change::new(&self.giver, receiver);
        for step in &self.steps {
            match &step.act {
                Act::Connect => {}
                Act::Give(what) => change.give.push(what.clone()),
                Act::TakeBack(what) => change.take.push(what.clone()),
            }
        }
        change
    }
}

impl Planned {
    /// What it does.
    #[must_use]
    pub fn act(&self) -> &Act {
        &self.act
    }

    /// What will come of it.
    #[must_use]
    pub fn expected(&self) -> &Expected {
        &self.expected
    }

    /// In which other ways it is held, and still will be when it has been taken back.
    #[must_use]
    pub fn still_held(&self) -> &[String] {
        &self.stays
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Give(what) => write!(f, "give {what}"),
            Self::TakeBack(what) => write!(f, "take back {what}"),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.act)?;
        match &self.expected {
            Expected::Change => f.write_str("will be done")?,
            Expected::Already => f.write_str("is so already")?,
            Expected::Refused(why) => write!(f, "will be refused: {}", why.join("; "))?,
            Expected::Unknown(why) => write!(f, "will be tried: {why}")?,
        }
        for way in &self.stays {
            write!(f, "; stays: {way}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    /// One line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{step}")?;
        }
        for left in &self.stays {
            write!(f, "\nleft behind: {left}")?;
        }
        for note in &self.notes {
            write!(f, "\nnote: {note}")?;
        }
        Ok(())
    }
}

/// What was done of a [`Plan`]. Written down, it can be read again and [resumed](Rights::resume).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[must_use = "a report can say that something was not done"]
pub struct Applied {
    plan: Plan,
    steps: Vec<Step>,
    receiver_id: Option<String>,
    connection_left_empty: bool,
    #[serde(default)]
    decision_point_lag_seconds: Option<u64>,
}

/// One step of an [`Applied`] plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    #[serde(flatten)]
    act: Act,
    state: State,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    details: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip)]
    live: Option<Error>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum State {
    /// Not yet tried.
    NotTried,
    /// It was done.
    Done,
    /// It was so already; nothing was sent.
    Already,
    /// It may not be done; nothing was sent.
    Refused,
    /// Somebody else has changed it since the plan was made; it was not touched. Make a new plan.
    Outdated,
    /// It was done, but what is there now is not what it should be.
    Unexpected,
    /// What was given directly is gone, and it is held in other ways all the same.
    StillHeld,
    /// The call failed.
    Failed,
    /// A step before it did not do what it was for.
    Skipped,
}

impl State {
    /// Whether the step's purpose is fulfilled.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotTried => "not tried",
            Self::Done => "done",
            Self::Already => "already",
            Self::Refused => "refused",
            Self::Outdated => "not touched, changed since the plan was made",
            Self::Unexpected => "unexpected",
            Self::StillHeld => "done, and still held",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Applied {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The steps, in the plan's order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The receiver's id, once it is known.
    #[must_use]
    pub fn receiver_id(&self) -> Option<&str> {
        self.receiver_id.as_deref()
    }

    /// Whether everything that was planned is so now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| step.state.is_good())
    }

    /// Whether anything was changed, in this run or one before.
    #[must_use]
    pub fn has_changed_anything(&self) -> bool {
        self.steps.iter().any(|step| {
            matches!(
                step.state,
                State::Done | State::Unexpected | State::StillHeld
            )
        })
    }

    /// The errors of the calls that failed in this run.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.steps.iter().filter_map(|step| step.live.as_ref())
    }

    /// Whether the connection stands and nothing is given on it any more; it is left as it is.
    #[must_use]
    pub fn connection_left_empty(&self) -> bool {
        self.connection_left_empty
    }

    /// How long Altinn 3's decision point (PDP), and with it the services, may not know of what was
    /// changed; `None` when nothing was, and on Altinn 2.
    #[must_use]
    pub fn decision_point_lag(&self) -> Option<Duration> {
        self.decision_point_lag_seconds.map(Duration::from_secs)
    }
}

impl Step {
    /// What it does.
    #[must_use]
    pub fn act(&self) -> &Act {
        &self.act
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Reasons, or what was found.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// Why the call failed, when it did in this run.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.live.as_ref()
    }

    fn set(&mut self, outcome: Outcome) {
        (self.details, self.error, self.live) = (Vec::new(), None, None);
        self.state = match outcome {
            Outcome::Done => State::Done,
            Outcome::Already => State::Already,
            Outcome::Skipped => State::Skipped,
            Outcome::Refused(details) => {
                self.details = details;
                State::Refused
            }
            Outcome::Unexpected(details) => {
                self.details = details;
                State::Unexpected
            }
            Outcome::StillHeld(details) => {
                self.details = details;
                State::StillHeld
            }
            Outcome::Failed(error) => {
                self.details = vec![error.to_string()];
                self.error = serde_json::to_value(&error).ok();
                self.live = Some(error);
                State::Failed
            }
        };
    }

    fn set_outdated(&mut self, what: &str) {
        self.set(Outcome::Skipped);
        self.state = State::Outdated;
        self.details = vec![format!("{what}; make a new plan")];
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.act, self.state.words())?;
        for (at, detail) in self.details.iter().enumerate() {
            write!(f, "{} {detail}", if at == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Applied {
    /// One line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{step}")?;
        }
        if self.connection_left_empty {
            f.write_str("\nthe connection is empty now and was left standing")?;
        }
        if self.decision_point_lag_seconds.is_some() {
            write!(f, "\n{LAG_SAID}")?;
        }
        Ok(())
    }
}

// ---- applying ---------------------------------------------------------------------------------

/// What came of one thing that was given or taken.
pub(crate) struct One {
    pub(crate) outcome: Outcome,
    /// How the connection was made, where there is such a thing.
    pub(crate) connected: Option<Outcome>,
    pub(crate) receiver_id: Option<String>,
    pub(crate) left_empty: bool,
}

impl One {
    /// All that a report says of the one thing that it is about, in one outcome.
    pub(crate) fn of<E, P: fmt::Display>(report: &crate::report::Report<E, P>) -> Self {
        use crate::report::What;
        let (mut outcome, mut connected) = (Outcome::Already, None);
        let rank = |outcome: &Outcome| match outcome {
            Outcome::Already => 0,
            Outcome::Done => 1,
            Outcome::Skipped => 2,
            Outcome::Refused(_) => 3,
            Outcome::StillHeld(_) => 4,
            Outcome::Unexpected(_) => 5,
            Outcome::Failed(_) => 6,
        };
        for step in report.steps() {
            match step.what() {
                What::Connect => connected = Some(step.outcome().clone()),
                // a check that went well changes nothing
                What::Check(_) if step.outcome().is_good() => {}
                _ if rank(step.outcome()) >= rank(&outcome) => outcome = step.outcome().clone(),
                _ => {}
            }
        }
        // some of it was done, and then something went wrong
        let changed = report.steps().iter().any(|step| {
            matches!(step.what(), What::Give(_) | What::TakeBack(_))
                && matches!(step.outcome(), Outcome::Done)
        });
        if let (true, Outcome::Refused(details)) = (changed, &outcome) {
            outcome = Outcome::Unexpected(details.clone());
        }
        Self {
            outcome,
            connected,
            receiver_id: report.receiver().map(ToString::to_string),
            left_empty: report.connection_left_empty(),
        }
    }
}

/// What a generation adds to [`Rights`], for plans to be carried out.
pub(crate) trait Carry: Rights {
    fn give_one<'a>(
        &'a self,
        giver: &'a Party,
        receiver: &'a PartyName,
        what: &'a Entitlement,
    ) -> BoxFuture<'a, Result<One, Error>>;

    fn take_one<'a>(
        &'a self,
        giver: &'a Party,
        receiver: &'a PartyName,
        what: &'a Entitlement,
    ) -> BoxFuture<'a, Result<One, Error>>;
}

const OPERATION: &str = "apply a plan";

/// Does what is left of a plan.
pub(crate) async fn carry_out(
    rights: &dyn Carry,
    earlier: &Applied,
    receiver: &PartyName,
) -> Result<Applied, Error> {
    let plan = &earlier.plan;
    check(rights.generation(), earlier, receiver)?;
    let now = rights.plan(&plan.change(receiver)).await?;
    if plan.receiver_id.is_some() && plan.receiver_id != now.receiver_id {
        return Err(other_receiver());
    }
    let mut done = earlier.clone();
    done.receiver_id = now.receiver_id.clone().or(done.receiver_id);
    let mut due = Vec::new();
    for (at, step) in done.steps.iter_mut().enumerate() {
        let current = now.steps.iter().find(|current| current.act == step.act);
        let (Some(planned), Some(current)) = (plan.steps.get(at), current) else {
            step.set_outdated("it is another change by now");
            continue;
        };
        if is_due(step, planned, current) {
            due.push(at);
        }
    }
    let connection_gone = done
        .steps
        .iter()
        .any(|step| step.act == Act::Connect && step.state == State::Outdated);
    let mut stopped = connection_gone;
    // who was found need not be looked up by name again
    let mut receiver = match &done.receiver_id {
        // Altinn 2 wants number and name all the same
        Some(id)
            if rights.generation() == Generation::Altinn3
                && !is_system_user(receiver)
                && now.receiver_id.is_some()
                && is_connected(&now) =>
        {
            PartyName::id(id)
        }
        _ => receiver.clone(),
    };
    for at in due {
        let (act, is_take) = match &done.steps[at].act {
            Act::Connect => continue, // with the first thing that is given
            Act::Give(what) => (what.clone(), false),
            Act::TakeBack(what) => (what.clone(), true),
        };
        let all_given = || {
            done.steps
                .iter()
                .all(|step| !matches!(step.act, Act::Give(_)) || step.state.is_good())
        };
        if stopped || (is_take && !all_given()) {
            done.steps[at].set(Outcome::Skipped);
            continue;
        }
        let ended = if is_take {
            rights.take_one(&plan.giver, &receiver, &act).await
        } else {
            rights.give_one(&plan.giver, &receiver, &act).await
        };
        let one = ended.unwrap_or_else(|error| One {
            outcome: Outcome::Failed(error),
            connected: None,
            receiver_id: None,
            left_empty: false,
        });
        stopped = stops_everything(&one.outcome);
        if let Some(id) = one.receiver_id {
            if rights.generation() == Generation::Altinn3 && !is_system_user(&receiver) {
                receiver = PartyName::id(&id);
            }
            done.receiver_id = Some(id);
        }
        if let Some(connected) = one.connected {
            let connect = done.steps.iter_mut();
            for step in connect.filter(|step| step.act == Act::Connect && !step.state.is_good()) {
                step.set(connected.clone());
            }
        }
        done.connection_left_empty |= one.left_empty;
        done.steps[at].set(one.outcome);
    }
    // nothing was given, so nothing was connected
    for step in &mut done.steps {
        if step.state == State::NotTried {
            step.set(Outcome::Skipped);
        }
    }
    if rights.generation() == Generation::Altinn3 && done.has_changed_anything() {
        done.decision_point_lag_seconds = Some(DECISION_POINT_LAG.as_secs());
    }
    Ok(done)
}

fn is_system_user(receiver: &PartyName) -> bool {
    matches!(receiver.number, Number::SystemUser(_))
}

fn is_connected(now: &Plan) -> bool {
    !now.steps
        .iter()
        .any(|step| step.act == Act::Connect && step.expected != Expected::Already)
}

/// Whether a step is to be done now; if not, how it ends is set.
fn is_due(step: &mut Step, planned: &Planned, current: &Planned) -> bool {
    let is_so = current.expected == Expected::Already;
    match (&planned.expected, &current.expected) {
        _ if step.state.is_good() => {
            if !is_so {
                step.set_outdated("it was so after an earlier run, and is not any more");
            }
            false
        }
        // all that could be done of it was done
        _ if step.state == State::StillHeld => false,
        (Expected::Refused(why), _) => {
            step.set(Outcome::Refused(why.clone()));
            false
        }
        (_, Expected::Already) => {
            step.set(Outcome::Already);
            false
        }
        (Expected::Already, _) => {
            step.set_outdated("it was so when the plan was made, and is not any more");
            false
        }
        (_, Expected::Refused(why)) => {
            step.set(Outcome::Refused(why.clone()));
            false
        }
        _ if planned.seen != current.seen => {
            step.set_outdated("somebody has changed some of it");
            false
        }
        _ => true,
    }
}

fn check(generation: Generation, earlier: &Applied, receiver: &PartyName) -> Result<(), Error> {
    let plan = &earlier.plan;
    if plan.version != PLAN {
        return Err(Error::input(
            OPERATION,
            "the plan was written down by another version of this library",
            "make a new plan",
        ));
    }
    if plan.generation != generation {
        return Err(Error::input(
            OPERATION,
            "the plan is for the other generation of Altinn",
            "apply it with the client that made it",
        ));
    }
    if receiver.to_string() != plan.receiver {
        return Err(other_receiver());
    }
    match (&plan.receiver_fingerprint, &receiver.fingerprint) {
        (Some(_), None) => {
            return Err(Error::input(
                OPERATION,
                "the plan has a fingerprint of the receiver's number, and the receiver was given without",
                "give the receiver with the fingerprint, made with the same key as for the plan",
            ));
        }
        (Some(planned), Some(given)) if planned != given => return Err(other_receiver()),
        _ => {}
    }
    let wrong_name = earlier.steps.iter().any(|step| {
        let kind = step.error.as_ref().and_then(|error| error["kind"].as_str());
        kind == Some("WrongName")
    });
    if wrong_name {
        let summary = "the number and the last name were refused in the earlier run";
        let diagnosis = http_transport::Diagnosis::new(OPERATION)
            .with_message(summary)
            .with_remedy(http_transport::Remedy::new(
                http_transport::Who::You,
                "find out the right name and make a new plan; the same name is not tried again, because two failed look-ups lock for an hour",
            ));
        return Err(Error::new(ErrorKind::WrongName, summary, diagnosis));
    }
    Ok(())
}

fn other_receiver() -> Error {
    Error::input(
        OPERATION,
        "the receiver is not the one that the plan was made for",
        "give the receiver that the plan names, by the same number and name, or make a new plan",
    )
}

/// Whether going on would only repeat the failure, or make it worse.
fn stops_everything(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(error) if matches!(
        error.kind(),
        ErrorKind::Altinn2Closed
            | ErrorKind::Authentication
            | ErrorKind::LoginPage
            | ErrorKind::PersonLookupLocked
            | ErrorKind::TooManyRequests
            | ErrorKind::Unreachable
            | ErrorKind::WrongName
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entitlement_is_said() {
        for nonsense in [
            "",
            "altinn3",
            "altinn3:",
            "altinn4:role:1",
            "role:11",
            "altinn2: ",
            "altinn3:a\nb",
        ] {
            let error = nonsense.parse::<Entitlement>().unwrap_err();
            assert!(error.is_input(), "{nonsense}");
        }
    }

    #[test]
    fn two_people_who_look_alike_are_told_apart_by_a_fingerprint() {
        let of_one_day = (0..99_999).filter_map(|rest| {
            let number: PersonNumber = format!("268992{rest:05}").parse().ok()?;
            Some(PartyName::person(number, "HEIS"))
        });
        let alike: Vec<PartyName> = of_one_day.take(2).collect();
        let [anna, other] = [&alike[0], &alike[1]];
        assert!(anna != other && anna.to_string() == other.to_string());

        let giver = Party::new(Generation::Altinn3, &"5f0c", "", None);
        let plan = |receiver: &PartyName| {
            let plan = Plan::new(&Change::new(&giver, receiver), None);
            let written = serde_json::to_string(&plan).unwrap();
            let Number::Person(number) = &receiver.number else {
                unreachable!("a person")
            };
            assert!(!written.contains(number.expose()), "{written}");
            serde_json::from_str::<Plan>(&written).unwrap().not_begun()
        };
        let check =
            |plan: &Applied, receiver: &PartyName| check(Generation::Altinn3, plan, receiver);
        assert!(check(&plan(anna), other).is_ok());

        let with = |name: &PartyName, mark: &str| name.clone().with_fingerprint(mark);
        let marked = plan(&with(anna, "5d41402abc4b2a76"));
        assert!(check(&marked, &with(anna, "5d41402abc4b2a76")).is_ok());
        for wrong in [with(other, "7d793037a0760186"), anna.clone(), other.clone()] {
            assert!(check(&marked, &wrong).unwrap_err().is_input());
        }
        // a plan from before there was one
        assert!(check(&plan(anna), &with(anna, "5d41402abc4b2a76")).is_ok());
        // a number is no fingerprint, and is not written down as one
        let Number::Person(number) = &anna.number else {
            unreachable!("a person")
        };
        let written = plan(&with(anna, number.expose())).plan;
        assert_eq!(written.receiver_fingerprint.as_deref(), Some("268992*****"));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "altinn[23]:[!-~æøå]([ -~æøå]{0,40}[!-~æøå])?") {
            let entitlement: Entitlement = text.parse().unwrap();
            assert_eq!(entitlement.to_string(), text);
            let json = serde_json::to_string(&entitlement).unwrap();
            assert_eq!(serde_json::from_str::<Entitlement>(&json).unwrap(), entitlement);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            if let Ok(entitlement) = text.parse::<Entitlement>() {
                assert_eq!(entitlement.to_string().parse::<Entitlement>().unwrap(), entitlement);
            }
        }
    }
}
