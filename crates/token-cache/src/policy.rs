//! What the cache decides: a state machine without I/O and without a clock of its own.
//!
//! Events go in with the time they happened at, decisions come out. Chance comes in as a number
//! ([`Jitter`]), so the same events always give the same decisions. [`Machine`] is the very machine
//! that [`TokenCache`](crate::TokenCache) runs, one per key; it is generic over what a token and an
//! error are, so that a model checker can run it too.
//!
//! ```
//! use std::time::Duration;
//! use token_cache::{Moment, TokenHash};
//! use token_cache::policy::{Answer, Held, Jitter, Landing, Limits, Machine, Policy};
//!
//! #[derive(Clone, Debug, PartialEq)]
//! struct Token(&'static str, Limits);
//! impl Held for Token {
//!     fn limits(&self) -> Limits { self.1 }
//!     fn hash(&self) -> TokenHash { TokenHash::of(self.0) }
//!     fn due_from(&self, now: Moment) -> Self { Token(self.0, self.1.due_from(now)) }
//! }
//!
//! let policy = Policy::default();
//! let mut machine = Machine::<Token, &str>::new();
//! let start = Moment::new(Duration::from_secs(5), Duration::from_secs(1_767_268_800));
//! let Answer::Fetch(flight) = machine.ask(&policy, start) else { panic!("nothing cached yet") };
//!
//! let token = Token("t0ken", policy.limits(start, Duration::from_secs(120), Duration::ZERO, Jitter::NONE));
//! assert_eq!(machine.fetched(flight, start, token.clone()), Landing::Installed);
//!
//! // half-way the old token is served while a new one is fetched
//! let Answer::Serve { token: served, refresh: Some(_) } =
//!     machine.ask(&policy, start.after(Duration::from_secs(60))) else { panic!("due") };
//! assert_eq!(served, token);
//! ```

use std::time::Duration;

use crate::clock::Moment;
use crate::key::TokenHash;

/// What kind of failure an attempt met: decides whether it is made again, and how long the failure
/// is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureClass {
    /// A connection error, a time limit, 408, 429 or 5xx, or an answer that makes no sense: the
    /// next attempt may succeed.
    Transient,
    /// Another 4xx: the same input will be refused again.
    Refused,
    /// A refusal that others can cure: a scope, a delegation, a system user, a new key that has not
    /// spread yet. Not tried again in the same flight, and not remembered for long.
    Curable,
    /// The grant's time does not suit the server's clock: one more attempt, with the clock offset
    /// that the refusal itself has shown.
    Clock,
    /// The grant was used before (an earlier attempt did arrive): one more attempt with a new one.
    UsedBefore,
}

/// The numbers of the cache. The defaults suit tokens of 120 seconds as well as of an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    attempts: u32,
    attempt_limit: Duration,
    flight_limit: Duration,
    hard_margin_most: Duration,
    refused_most: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            attempt_limit: Duration::from_secs(20),
            flight_limit: Duration::from_secs(45),
            hard_margin_most: Duration::from_secs(10),
            refused_most: Duration::from_secs(60),
        }
    }
}

impl Policy {
    /// A token is due for refresh between 45 % and 55 % of its lifetime.
    const SOFT: (f64, f64) = (0.45, 0.55);
    /// The hard limit is this part of the lifetime before the expiry: 2 s for a token of 120 s.
    const HARD_PART: u32 = 60;
    /// The wait between two attempts of a flight, doubled each time.
    const BACKOFF: Duration = Duration::from_millis(200);
    const BACKOFF_MOST: Duration = Duration::from_secs(5);
    /// How long a failure is remembered, doubled with each failed flight.
    const WINDOW: Duration = Duration::from_secs(1);
    const TRANSIENT_MOST: Duration = Duration::from_secs(10);
    const CURABLE_MOST: Duration = Duration::from_secs(30);
    /// A `Retry-After` of more than this is taken for a mistake.
    const RETRY_AFTER_MOST: Duration = Duration::from_secs(300);
    /// No lifetime is believed beyond this; keeps arithmetic within bounds.
    const LIFETIME_MOST: Duration = Duration::from_secs(366 * 24 * 3600);
    /// A server that refuses a token so soon after the last renewal means something else.
    const RENEWAL_PAUSE: Duration = Duration::from_secs(30);
    /// How long after its limit a flight that gave no sign is given up.
    const GRACE: Duration = Duration::from_secs(5);

    /// How many attempts a flight makes on [`FailureClass::Transient`]; 3 by default, at least 1.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long one attempt may take; 20 s by default.
    #[must_use]
    pub fn with_attempt_limit(mut self, limit: Duration) -> Self {
        self.attempt_limit = limit;
        self
    }

    /// How long all attempts of a flight may take together; 45 s by default.
    #[must_use]
    pub fn with_flight_limit(mut self, limit: Duration) -> Self {
        self.flight_limit = limit;
        self
    }

    /// The longest time before the expiry at which a token stops being served; 10 s by default.
    /// Short-lived tokens have less, in proportion: a sixtieth of the lifetime.
    #[must_use]
    pub fn with_hard_margin(mut self, margin: Duration) -> Self {
        self.hard_margin_most = margin;
        self
    }

    /// The longest time that [`FailureClass::Refused`] is remembered; 60 s by default.
    #[must_use]
    pub fn with_refusals_remembered(mut self, time: Duration) -> Self {
        self.refused_most = time;
        self
    }

    /// How long the next attempt may take, so much of the flight's time being gone.
    #[must_use]
    pub fn attempt_limit(&self, flown: Duration) -> Duration {
        self.attempt_limit
            .min(self.flight_limit.saturating_sub(flown))
    }

    /// The limits of a token of this lifetime, `age` of which is gone at `now`.
    #[must_use]
    pub fn limits(&self, now: Moment, lifetime: Duration, age: Duration, jitter: Jitter) -> Limits {
        let lifetime = lifetime.min(Self::LIFETIME_MOST);
        let margin = (lifetime / Self::HARD_PART).min(self.hard_margin_most);
        let soft = lifetime.mul_f64(jitter.between(Self::SOFT.0, Self::SOFT.1));
        let hard = lifetime.saturating_sub(margin);
        Limits {
            soft: now.after(soft.min(hard).saturating_sub(age)),
            hard: now.after(hard.saturating_sub(age)),
            expiry: now.after(lifetime.saturating_sub(age)),
        }
    }

    fn backoff(attempts: u32, jitter: Jitter) -> Duration {
        let full = Self::BACKOFF.saturating_mul(1 << attempts.saturating_sub(1).min(16));
        full.min(Self::BACKOFF_MOST)
            .mul_f64(jitter.between(0.5, 1.0))
    }

    fn window(&self, class: FailureClass, failures: u32, jitter: Jitter) -> Duration {
        let full = Self::WINDOW.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let most = match class {
            FailureClass::Transient => Self::TRANSIENT_MOST,
            FailureClass::Curable | FailureClass::Clock => Self::CURABLE_MOST,
            FailureClass::Refused | FailureClass::UsedBefore => self.refused_most,
        };
        full.min(most).mul_f64(jitter.between(0.75, 1.0))
    }

    /// After this time without an end, a flight counts as lost: its runtime stands still.
    fn lost_after(&self) -> Duration {
        self.flight_limit.saturating_add(Self::GRACE)
    }
}

/// A number from 0 up to 1 that chance has chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// The middle: as if there were no chance.
    pub const NONE: Self = Self(0.5);

    /// `chance` from 0 to 1; what lies outside is moved to the nearer end.
    #[must_use]
    pub fn new(chance: f64) -> Self {
        Self(if chance.is_nan() {
            0.5
        } else {
            chance.clamp(0.0, 1.0)
        })
    }

    fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0
    }
}

/// Until when a token is good for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    soft: Moment,
    hard: Moment,
    expiry: Moment,
}

/// Where a token is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Served as it is.
    Fresh,
    /// Served, while a newer one is fetched.
    Due,
    /// No longer served.
    Over,
}

impl Limits {
    /// The phase at `now`. Whichever clock comes first to a limit decides.
    #[must_use]
    pub fn phase(&self, now: Moment) -> Phase {
        if now.has_reached(self.hard) {
            Phase::Over
        } else if now.has_reached(self.soft) {
            Phase::Due
        } else {
            Phase::Fresh
        }
    }

    /// From here on a token is due for refresh.
    #[must_use]
    pub fn soft(&self) -> Moment {
        self.soft
    }

    /// From here on a token is not served.
    #[must_use]
    pub fn hard(&self) -> Moment {
        self.hard
    }

    /// Here the server stops accepting the token.
    #[must_use]
    pub fn expiry(&self) -> Moment {
        self.expiry
    }

    /// The same limits with the refresh due from `now`.
    #[must_use]
    pub fn due_from(self, now: Moment) -> Self {
        Self { soft: now, ..self }
    }
}

/// What the machine must know of a token.
pub trait Held: Clone {
    /// Its limits.
    fn limits(&self) -> Limits;

    /// What it is compared by.
    fn hash(&self) -> TokenHash;

    /// The same token, due for refresh from `now`.
    #[must_use]
    fn due_from(&self, now: Moment) -> Self;
}

/// One fetch on behalf of everybody, of one or several attempts. Later flights are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flight(u64);

/// What a caller gets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer<T, E> {
    /// The token. The caller starts the flight, if there is one, and does not wait for it.
    Serve {
        /// The token.
        token: T,
        /// A flight to start in the background.
        refresh: Option<Flight>,
    },
    /// Nothing to serve: the caller starts this flight and waits for it.
    Fetch(Flight),
    /// Somebody's flight is on its way: the caller waits for it, and asks again after `at_most`.
    Wait {
        /// The flight.
        flight: Flight,
        /// After this time it counts as lost.
        at_most: Duration,
    },
    /// The last flight failed a short while ago.
    Fail(E),
}

/// What becomes of a refused token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Renewal<T> {
    /// A newer token is here already.
    Newer(T),
    /// The caller starts this flight and waits for it.
    Fetch(Flight),
    /// The caller waits for this flight.
    Wait {
        /// The flight.
        flight: Flight,
        /// After this time it counts as lost.
        at_most: Duration,
    },
    /// There will be no newer token now: the refusal stands.
    Keep,
}

/// What became of a token that a flight has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Landing {
    /// It is the slot's token now, and the flight is over.
    Installed,
    /// It came past its hard limit, or is not wanted: the flight goes on.
    Unfit,
    /// The flight was given up before; the token is of no use here.
    Superseded,
}

/// What follows a failed attempt.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Consequence<E> {
    /// One more attempt after this time.
    Again(Duration),
    /// The flight is over; this is what everybody is told.
    GiveUp(E),
    /// The flight was given up before.
    Superseded,
}

/// How an attempt failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<E> {
    error: E,
    class: FailureClass,
    retry_after: Option<Duration>,
}

impl<E> Failure<E> {
    /// A failure of this class, with the server's `Retry-After` when it gave one.
    #[must_use]
    pub fn new(error: E, class: FailureClass, retry_after: Option<Duration>) -> Self {
        Self {
            error,
            class,
            retry_after,
        }
    }
}

/// The state of one key.
#[derive(Clone, Debug)]
pub struct Machine<T, E> {
    token: Option<T>,
    flying: Option<Flying<E>>,
    /// How the last flight failed; none after a success.
    failed: Option<Failed<E>>,
    /// Failed flights since the last success.
    failures: u32,
    /// Until then no flight starts for a token that can still be served.
    quiet_until: Duration,
    last_flight: u64,
    /// Flights that ended without a result.
    abandoned: u64,
    /// Tokens that are not wanted back from a store, oldest first.
    rejected: Vec<TokenHash>,
    /// Signing keys that this slot has seen.
    credentials: Vec<TokenHash>,
    /// The signing key has changed under a flight: what it brings is due at once.
    due_at_once: bool,
    renewed: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Flying<E> {
    flight: Flight,
    started: Duration,
    attempts: u32,
    clock_tried: bool,
    replay_tried: bool,
    /// The first failure of this flight: a grant "used before" only hides it.
    first: Option<(E, FailureClass, Option<Duration>)>,
}

#[derive(Clone, Debug)]
struct Failed<E> {
    flight: Flight,
    error: E,
    until: Duration,
}

/// How many rejected tokens and seen keys a slot remembers.
const REMEMBERED: usize = 4;

impl<T, E> Default for Machine<T, E> {
    fn default() -> Self {
        Self {
            token: None,
            flying: None,
            failed: None,
            failures: 0,
            quiet_until: Duration::ZERO,
            last_flight: 0,
            abandoned: 0,
            rejected: Vec::new(),
            credentials: Vec::new(),
            due_at_once: false,
            renewed: None,
        }
    }
}

impl<T: Held, E: Clone> Machine<T, E> {
    /// A key that nothing is known of.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A caller wants a token.
    pub fn ask(&mut self, policy: &Policy, now: Moment) -> Answer<T, E> {
        self.give_up_lost_flight(policy, now);
        if let Some((token, phase)) = self.usable(now) {
            let wanted =
                phase == Phase::Due && self.flying.is_none() && now.monotonic >= self.quiet_until;
            return Answer::Serve {
                token,
                refresh: wanted.then(|| self.start(now)),
            };
        }
        if let Some((flight, at_most)) = self.in_flight(policy, now) {
            return Answer::Wait { flight, at_most };
        }
        match &self.failed {
            Some(failed) if now.monotonic < failed.until => Answer::Fail(failed.error.clone()),
            _ => Answer::Fetch(self.start(now)),
        }
    }

    /// A caller who waited for `flight` looks again. A flight's failure is told to all who waited
    /// for it, however late they wake, so that they do not fail one after another.
    pub fn resume(&mut self, policy: &Policy, flight: Flight, now: Moment) -> Answer<T, E> {
        if let Some((token, _)) = self.usable(now) {
            return Answer::Serve {
                token,
                refresh: None,
            };
        }
        match &self.failed {
            Some(failed) if failed.flight >= flight => Answer::Fail(failed.error.clone()),
            _ => self.ask(policy, now),
        }
    }

    /// A flight has found a token in the store. It is taken when it can be served and there is none
    /// at hand, or when it is fresh and newer than that; never when it was refused.
    pub fn loaded(&mut self, flight: Flight, now: Moment, token: T) -> Landing {
        if !self.is_current(flight) {
            return Landing::Superseded;
        }
        let wanted = match self.usable(now) {
            None => token.limits().phase(now) != Phase::Over,
            Some((held, _)) => {
                token.limits().phase(now) == Phase::Fresh
                    && token.limits().expiry.wall > held.limits().expiry.wall
                    && token.hash() != held.hash()
            }
        };
        if !wanted || self.is_rejected(token.hash()) {
            return Landing::Unfit;
        }
        self.install(token, now);
        Landing::Installed
    }

    /// A flight's attempt has brought a token.
    pub fn fetched(&mut self, flight: Flight, now: Moment, token: T) -> Landing {
        if !self.is_current(flight) {
            return Landing::Superseded;
        }
        if token.limits().phase(now) == Phase::Over {
            return Landing::Unfit;
        }
        self.install(token, now);
        Landing::Installed
    }

    /// A flight's attempt has failed. The token at hand, if any, stays.
    pub fn failed(
        &mut self,
        policy: &Policy,
        flight: Flight,
        now: Moment,
        failure: Failure<E>,
        jitter: Jitter,
    ) -> Consequence<E> {
        let Some(flying) = self
            .flying
            .as_mut()
            .filter(|flying| flying.flight == flight)
        else {
            return Consequence::Superseded;
        };
        flying.attempts += 1;
        let again = match failure.class {
            FailureClass::Transient => (flying.attempts < policy.attempts).then(|| {
                let asked = failure.retry_after.unwrap_or_default();
                Policy::backoff(flying.attempts, jitter).max(asked)
            }),
            FailureClass::Clock => {
                (!std::mem::replace(&mut flying.clock_tried, true)).then_some(Duration::ZERO)
            }
            FailureClass::UsedBefore => {
                (!std::mem::replace(&mut flying.replay_tried, true)).then_some(Duration::ZERO)
            }
            FailureClass::Refused | FailureClass::Curable => None,
        };
        let Failure {
            error,
            class,
            retry_after,
        } = failure;
        let flown = now.monotonic.saturating_sub(flying.started);
        if let Some(after) = again
            && after <= Policy::BACKOFF_MOST
            && flown.saturating_add(after) < policy.flight_limit
        {
            flying.first.get_or_insert((error, class, retry_after));
            return Consequence::Again(after);
        }
        let (error, class, retry_after) = match flying.first.take() {
            Some(first) if class == FailureClass::UsedBefore => first,
            _ => (error, class, retry_after),
        };
        self.flying = None;
        if std::mem::take(&mut self.due_at_once) {
            // the old key's failure says nothing of the new one: whoever waits tries that
            return Consequence::GiveUp(error);
        }
        self.failures = self.failures.saturating_add(1);
        let mut window = policy.window(class, self.failures, jitter);
        if let Some((token, _)) = self.usable(now) {
            window = window.min(now.until(token.limits().hard) / 4);
        }
        if let Some(asked) = retry_after {
            window = asked.min(Policy::RETRY_AFTER_MOST);
        }
        let until = now.monotonic.saturating_add(window);
        self.quiet_until = until;
        self.failed = Some(Failed {
            flight,
            error: error.clone(),
            until,
        });
        Consequence::GiveUp(error)
    }

    /// A flight ended without a result: its runtime went away, or its source panicked. Whoever
    /// waits takes over at once; a mere refresh is put off a little.
    pub fn abandoned(&mut self, flight: Flight, now: Moment) {
        if self.is_current(flight) {
            self.flying = None;
            self.due_at_once = false;
            self.abandoned += 1;
            self.quiet_until = now.monotonic.saturating_add(Policy::WINDOW);
        }
    }

    /// A caller will not have this token served again. Returns whether it was the one at hand.
    pub fn invalidate(&mut self, hash: TokenHash) -> bool {
        remember(&mut self.rejected, hash);
        let held = self
            .token
            .as_ref()
            .is_some_and(|token| token.hash() == hash);
        if held {
            self.token = None;
        }
        held
    }

    /// A server has refused this token (401). It is served on until a newer one is in hand, since
    /// the refusal may have another reason; so there is one renewal in half a minute at most.
    pub fn renew(&mut self, policy: &Policy, hash: TokenHash, now: Moment) -> Renewal<T> {
        self.give_up_lost_flight(policy, now);
        if let Some((token, _)) = self.usable(now).filter(|(token, _)| token.hash() != hash) {
            return Renewal::Newer(token);
        }
        if let Some((flight, at_most)) = self.in_flight(policy, now) {
            remember(&mut self.rejected, hash);
            return Renewal::Wait { flight, at_most };
        }
        // with nothing left to serve, a fetch is due in any case
        let too_soon = self.usable(now).is_some()
            && self.renewed.is_some_and(|renewed| {
                now.monotonic.saturating_sub(renewed) < Policy::RENEWAL_PAUSE
            });
        if too_soon || now.monotonic < self.quiet_until {
            return Renewal::Keep;
        }
        remember(&mut self.rejected, hash);
        self.renewed = Some(now.monotonic);
        Renewal::Fetch(self.start(now))
    }

    /// A caller who waited for the renewal of a refused token looks again.
    pub fn resume_renewal(
        &mut self,
        policy: &Policy,
        hash: TokenHash,
        flight: Flight,
        now: Moment,
    ) -> Renewal<T> {
        self.give_up_lost_flight(policy, now);
        if let Some((token, _)) = self.usable(now).filter(|(token, _)| token.hash() != hash) {
            return Renewal::Newer(token);
        }
        match self.in_flight(policy, now) {
            Some((current, at_most)) if current == flight => Renewal::Wait { flight, at_most },
            _ => Renewal::Keep,
        }
    }

    /// A source with this signing key is used from now on. One that was not seen before clears
    /// remembered refusals and makes the token due; the token itself stays. Returns whether it was
    /// new to a slot that had another.
    pub fn use_credential(&mut self, credential: TokenHash, now: Moment) -> bool {
        if self.credentials.contains(&credential) {
            return false;
        }
        let first = self.credentials.is_empty();
        remember(&mut self.credentials, credential);
        if !first {
            self.credential_changed(now);
        }
        !first
    }

    /// The signing key has changed under a source in use.
    pub fn credential_changed(&mut self, now: Moment) {
        self.failed = None;
        self.failures = 0;
        self.quiet_until = Duration::ZERO;
        self.token = self.token.take().map(|token| token.due_from(now));
        self.due_at_once = self.flying.is_some();
    }

    /// Whether this token is not wanted back.
    #[must_use]
    pub fn is_rejected(&self, hash: TokenHash) -> bool {
        self.rejected.contains(&hash)
    }

    /// The token at hand, whatever its phase.
    #[must_use]
    pub fn token(&self) -> Option<&T> {
        self.token.as_ref()
    }

    /// The flight on its way.
    #[must_use]
    pub fn flight(&self) -> Option<Flight> {
        self.flying.as_ref().map(|flying| flying.flight)
    }

    /// How many flights have ended without a result so far.
    #[must_use]
    pub fn abandonments(&self) -> u64 {
        self.abandoned
    }

    /// Until then, by the monotonic clock, asking for a token that is due would start nothing.
    #[must_use]
    pub fn quiet_until(&self, policy: &Policy) -> Duration {
        match &self.flying {
            Some(flying) => flying.started.saturating_add(policy.lost_after()),
            None => self.quiet_until,
        }
    }

    /// When somebody who keeps the token warm has to ask next.
    #[must_use]
    pub fn ask_in(&self, policy: &Policy, now: Moment) -> Duration {
        let quiet = self.quiet_until(policy).saturating_sub(now.monotonic);
        match self.usable(now) {
            _ if self.flying.is_some() => quiet,
            Some((token, _)) => now.until(token.limits().soft).max(quiet),
            None => quiet,
        }
    }

    fn usable(&self, now: Moment) -> Option<(T, Phase)> {
        let token = self.token.as_ref()?;
        match token.limits().phase(now) {
            Phase::Over => None,
            phase => Some((token.clone(), phase)),
        }
    }

    fn in_flight(&self, policy: &Policy, now: Moment) -> Option<(Flight, Duration)> {
        let flying = self.flying.as_ref()?;
        let lost_at = flying.started.saturating_add(policy.lost_after());
        Some((flying.flight, lost_at.saturating_sub(now.monotonic)))
    }

    fn is_current(&self, flight: Flight) -> bool {
        self.flight() == Some(flight)
    }

    fn give_up_lost_flight(&mut self, policy: &Policy, now: Moment) {
        if let Some((flight, Duration::ZERO)) = self.in_flight(policy, now) {
            self.abandoned(flight, now);
            self.quiet_until = now.monotonic;
        }
    }

    fn start(&mut self, now: Moment) -> Flight {
        self.last_flight += 1;
        let flight = Flight(self.last_flight);
        self.flying = Some(Flying {
            flight,
            started: now.monotonic,
            attempts: 0,
            clock_tried: false,
            replay_tried: false,
            first: None,
        });
        flight
    }

    fn install(&mut self, token: T, now: Moment) {
        // a server that gives a refused token once more has no other
        self.rejected.retain(|rejected| *rejected != token.hash());
        let due = std::mem::take(&mut self.due_at_once);
        self.token = Some(if due { token.due_from(now) } else { token });
        self.flying = None;
        self.failed = None;
        self.failures = 0;
        self.quiet_until = Duration::ZERO;
    }
}

fn remember(hashes: &mut Vec<TokenHash>, hash: TokenHash) {
    if !hashes.contains(&hash) {
        if hashes.len() == REMEMBERED {
            hashes.remove(0);
        }
        // most slots see one or none, and there may be very many slots
        hashes.reserve_exact(1);
        hashes.push(hash);
    }
}
