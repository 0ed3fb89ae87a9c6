//! The machine alone, under every order of events that chance finds.

use std::time::Duration;

use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use token_cache::policy::{
    Answer, Consequence, Failure, FailureClass, Flight, Held, Jitter, Landing, Limits, Machine,
    Phase, Policy, Renewal,
};
use token_cache::{Moment, TokenHash};

#[derive(Clone, Debug, PartialEq)]
struct Token {
    number: u64,
    limits: Limits,
}

impl Held for Token {
    fn limits(&self) -> Limits {
        self.limits
    }
    fn hash(&self) -> TokenHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        TokenHash::from_bytes(bytes)
    }
    fn due_from(&self, now: Moment) -> Self {
        Self {
            number: self.number,
            limits: self.limits.due_from(now),
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Pass(Duration),
    StepWall(i64),
    Ask,
    /// A waiter of some earlier flight looks again.
    Resume(u64),
    Fetched {
        lifetime: Duration,
        took: Duration,
        jitter: f64,
    },
    Loaded {
        lifetime: Duration,
        age: Duration,
    },
    Failed {
        class: FailureClass,
        retry_after: Option<Duration>,
        jitter: f64,
    },
    Abandoned,
    Invalidate {
        current: bool,
    },
    Renew,
    CredentialChanged,
}

fn event() -> impl Strategy<Value = Event> {
    let time = |most: u64| (0..most).prop_map(Duration::from_millis);
    // a token's life: nothing at all, minutes, an hour, nonsense
    let lifetime = || {
        prop_oneof![
            4 => time(300_000),
            2 => time(4_000_000),
            1 => any::<u64>().prop_map(Duration::from_secs),
        ]
    };
    let class = prop_oneof![
        3 => proptest::strategy::Just(FailureClass::Transient),
        1 => proptest::strategy::Just(FailureClass::Refused),
        1 => proptest::strategy::Just(FailureClass::Curable),
        1 => proptest::strategy::Just(FailureClass::Clock),
        1 => proptest::strategy::Just(FailureClass::UsedBefore),
    ];
    prop_oneof![
        6 => time(40_000).prop_map(Event::Pass),
        1 => (-4000_i64..4000).prop_map(Event::StepWall),
        8 => proptest::strategy::Just(Event::Ask),
        2 => (0_u64..4).prop_map(Event::Resume),
        6 => (lifetime(), time(2000), 0.0..1.0).prop_map(|(lifetime, took, jitter)| {
            Event::Fetched { lifetime, took, jitter }
        }),
        2 => (lifetime(), time(300_000)).prop_map(|(lifetime, age)| Event::Loaded { lifetime, age }),
        3 => (class, proptest::option::weighted(0.2, time(400_000)), 0.0..1.0).prop_map(
            |(class, retry_after, jitter)| Event::Failed { class, retry_after, jitter }
        ),
        1 => proptest::strategy::Just(Event::Abandoned),
        1 => any::<bool>().prop_map(|current| Event::Invalidate { current }),
        1 => proptest::strategy::Just(Event::Renew),
        1 => proptest::strategy::Just(Event::CredentialChanged),
    ]
}

/// Runs the machine as an engine would, and holds it to what it promises.
struct World {
    policy: Policy,
    machine: Machine<Token, u64>,
    now: Moment,
    flying: Option<(Flight, Moment)>,
    flights: Vec<Flight>,
    tokens: u64,
    attempts: u32,
    /// The signing key has changed under the flight on its way.
    other_key: bool,
}

impl World {
    fn new() -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            policy: Policy::default(),
            machine: Machine::new(),
            now: Moment::new(day, day * 20_000),
            flying: None,
            flights: Vec::new(),
            tokens: 0,
            attempts: 0,
            other_key: false,
        }
    }

    fn took_off(&mut self, flight: Flight) {
        if let Some((other, since)) = self.flying {
            let age = self.now.monotonic - since.monotonic;
            assert!(
                age >= Duration::from_secs(50),
                "{other:?} was {age:?} old: two flights"
            );
        }
        assert!(self.flights.last().is_none_or(|last| *last < flight));
        self.flights.push(flight);
        self.flying = Some((flight, self.now));
        self.other_key = false;
        self.attempts = 0;
    }

    fn served(&self, token: &Token) {
        assert_ne!(
            token.limits.phase(self.now),
            Phase::Over,
            "served past its hard limit"
        );
        assert!(!self.now.has_reached(token.limits.hard()));
    }

    fn answered(&mut self, answer: Answer<Token, u64>) {
        match answer {
            Answer::Serve { token, refresh } => {
                self.served(&token);
                if let Some(flight) = refresh {
                    assert_eq!(token.limits.phase(self.now), Phase::Due);
                    self.took_off(flight);
                }
            }
            Answer::Fetch(flight) => self.took_off(flight),
            Answer::Wait { flight, at_most } => {
                assert_eq!(
                    self.flying.map(|(flying, _)| flying),
                    Some(flight),
                    "a dead flight"
                );
                assert!(!at_most.is_zero() && at_most <= Duration::from_secs(50));
            }
            Answer::Fail(_) => assert!(self.flying.is_none() || !self.flights.is_empty()),
            other => panic!("{other:?}"),
        }
    }

    fn happen(&mut self, event: Event) {
        let now = self.now;
        let usable = |machine: &Machine<Token, u64>| {
            machine
                .token()
                .filter(|token| token.limits.phase(now) != Phase::Over)
                .cloned()
        };
        let before = usable(&self.machine);
        let mut may_lose_it = false;
        match event {
            Event::Pass(time) => self.now = now.after(time),
            Event::StepWall(by) => {
                let step = Duration::from_secs(by.unsigned_abs());
                let wall = if by < 0 {
                    now.wall.saturating_sub(step)
                } else {
                    now.wall + step
                };
                self.now = Moment::new(now.monotonic, wall);
            }
            Event::Ask => {
                let answer = self.machine.ask(&self.policy, now);
                assert!(
                    before.is_none() || matches!(answer, Answer::Serve { .. }),
                    "withheld"
                );
                self.answered(answer);
            }
            Event::Resume(back) => {
                let index = self
                    .flights
                    .len()
                    .checked_sub(1 + usize::try_from(back).unwrap());
                if let Some(flight) = index.map(|index| self.flights[index]) {
                    let answer = self.machine.resume(&self.policy, flight, now);
                    self.answered(answer);
                }
            }
            Event::Fetched {
                lifetime,
                took,
                jitter,
            } => {
                let Some((flight, _)) = self.flying else {
                    return;
                };
                self.tokens += 1;
                let limits = self
                    .policy
                    .limits(now, lifetime, Duration::ZERO, Jitter::new(jitter));
                self.now = now.after(took);
                let token = Token {
                    number: self.tokens,
                    limits,
                };
                match self.machine.fetched(flight, self.now, token) {
                    Landing::Installed => {
                        self.flying = None;
                        assert_eq!(
                            self.machine.token().map(|token| token.number),
                            Some(self.tokens)
                        );
                    }
                    landing => {
                        assert_eq!(landing, Landing::Unfit);
                        assert_eq!(limits.phase(self.now), Phase::Over);
                    }
                }
            }
            Event::Loaded { lifetime, age } => {
                let Some((flight, _)) = self.flying else {
                    return;
                };
                self.tokens += 1;
                let limits = self.policy.limits(now, lifetime, age, Jitter::NONE);
                let token = Token {
                    number: self.tokens,
                    limits,
                };
                if self.machine.loaded(flight, now, token.clone()) == Landing::Installed {
                    self.flying = None;
                    self.served(&token);
                    let newer = before
                        .as_ref()
                        .is_none_or(|held| limits.expiry().wall > held.limits.expiry().wall);
                    assert!(newer, "an older token replaced a newer one");
                }
            }
            Event::Failed {
                class,
                retry_after,
                jitter,
            } => {
                let Some((flight, since)) = self.flying else {
                    return;
                };
                self.attempts += 1;
                let failure = Failure::new(self.tokens, class, retry_after);
                let jitter = Jitter::new(jitter);
                match self
                    .machine
                    .failed(&self.policy, flight, now, failure, jitter)
                {
                    Consequence::Again(after) => {
                        assert!(!matches!(
                            class,
                            FailureClass::Refused | FailureClass::Curable
                        ));
                        assert!(self.attempts < 6, "attempts without end");
                        assert!(after >= retry_after.unwrap_or_default() || after.is_zero());
                        assert!(now.monotonic + after - since.monotonic < Duration::from_secs(45));
                    }
                    Consequence::GiveUp(_) => {
                        self.flying = None;
                        let quiet = self.machine.quiet_until(&self.policy);
                        let quiet = quiet.saturating_sub(now.monotonic);
                        match (retry_after, &before) {
                            // the old key's failure is not remembered against the new one
                            _ if self.other_key => assert!(quiet.is_zero()),
                            _ if class == FailureClass::UsedBefore => {} // the first error's rules
                            (Some(asked), _) => {
                                assert_eq!(quiet, asked.min(Duration::from_secs(300)));
                            }
                            (None, Some(held)) => {
                                assert!(quiet <= now.until(held.limits.hard()) / 4)
                            }
                            (None, None) => assert!(quiet <= Duration::from_secs(60)),
                        }
                        if class == FailureClass::Curable && retry_after.is_none() {
                            assert!(quiet <= Duration::from_secs(30));
                        }
                    }
                    Consequence::Superseded => panic!("the flight on its way was superseded"),
                    other => panic!("{other:?}"),
                }
            }
            Event::Abandoned => {
                if let Some((flight, _)) = self.flying.take() {
                    self.machine.abandoned(flight, now);
                }
            }
            Event::Invalidate { current } => {
                let held = self.machine.token().map(Held::hash);
                let hash = held
                    .filter(|_| current)
                    .unwrap_or_else(|| TokenHash::of("another"));
                assert_eq!(self.machine.invalidate(hash), Some(hash) == held);
                may_lose_it = current;
            }
            Event::Renew => {
                if let Some(token) = &before {
                    match self.machine.renew(&self.policy, token.hash(), now) {
                        Renewal::Fetch(flight) => self.took_off(flight),
                        Renewal::Wait { .. } => assert!(self.flying.is_some()),
                        Renewal::Newer(_) => panic!("there was no newer one"),
                        _ => {}
                    }
                }
            }
            Event::CredentialChanged => {
                self.machine.credential_changed(now);
                self.other_key = true;
            }
        }
        if let Some((_, since)) = self.flying
            && self.machine.flight().is_none()
        {
            assert!(
                now.monotonic - since.monotonic >= Duration::from_secs(50),
                "forgot a flight"
            );
            self.flying = None;
        }
        if let Some(held) = before.filter(|_| !may_lose_it) {
            let number = self.machine.token().map(|token| token.number);
            assert!(
                number >= Some(held.number),
                "a token was dropped before a newer one was there"
            );
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn promises_hold_whatever_happens(events in proptest::collection::vec(event(), 1..120)) {
        let mut world = World::new();
        for event in events {
            world.happen(event);
        }
        // and nothing is stuck: after the longest window everybody gets a token
        world.now = world.now.after(Duration::from_secs(400));
        match world.machine.ask(&world.policy, world.now) {
            Answer::Serve { token, .. } => world.served(&token),
            Answer::Fetch(_) => {}
            other => panic!("stuck: {other:?}"),
        }
    }

    #[test]
    fn limits_are_in_proportion(seconds in 1_u64..100_000, chance in 0.0..=1.0) {
        let lifetime = Duration::from_secs(seconds);
        let start = Moment::new(Duration::ZERO, Duration::from_secs(1_767_268_800));
        let limits = Policy::default().limits(start, lifetime, Duration::ZERO, Jitter::new(chance));
        let soft = limits.soft().monotonic.as_secs_f64() / lifetime.as_secs_f64();
        assert!((0.449..=0.551).contains(&soft), "{soft}");
        let margin = lifetime - limits.hard().monotonic;
        assert_eq!(margin, (lifetime / 60).min(Duration::from_secs(10)));
        assert!(limits.soft().monotonic < limits.hard().monotonic);
        // what is read back from a store with its age ends at the same time
        let age = lifetime / 3;
        let later = Policy::default().limits(start.after(age), lifetime, age, Jitter::new(chance));
        assert_eq!(later.hard(), limits.hard());
        assert_eq!(later.expiry(), limits.expiry());
    }
}

#[test]
fn a_flight_on_a_runtime_that_stands_still_is_replaced() {
    let (policy, mut machine) = (Policy::default(), Machine::<Token, u64>::new());
    let start = Moment::new(Duration::ZERO, Duration::from_secs(1_767_268_800));
    let Answer::Fetch(lost) = machine.ask(&policy, start) else {
        panic!()
    };
    let later = start.after(Duration::from_secs(49));
    let waiting = machine.resume(&policy, lost, later);
    assert_eq!(
        waiting,
        Answer::Wait {
            flight: lost,
            at_most: Duration::from_secs(1)
        }
    );
    let later = start.after(Duration::from_secs(50));
    let Answer::Fetch(second) = machine.resume(&policy, lost, later) else {
        panic!()
    };
    assert!(second > lost);
    // should it wake after all, it changes nothing
    let limits = policy.limits(
        later,
        Duration::from_secs(120),
        Duration::ZERO,
        Jitter::NONE,
    );
    let landing = machine.fetched(lost, later, Token { number: 1, limits });
    assert_eq!(
        (landing, machine.flight()),
        (Landing::Superseded, Some(second))
    );
}
