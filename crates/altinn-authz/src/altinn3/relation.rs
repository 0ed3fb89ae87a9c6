//! Between whom, and which of the two one is.

use std::fmt;

use crate::address::Address;
use crate::altinn3::scopes;
use crate::wire::PartyUuid;

/// A party's connections, seen as the giver (avgiver) or as the receiver.
///
/// The server wants the party one acts for to be `from` or `to`, and answers anything else with an
/// empty 403. Here it cannot be anything else.
///
/// ```
/// use altinn_authz::altinn3::{PartyUuid, Relation};
///
/// let company: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000002".parse()?;
/// let accountant: PartyUuid = "5f0c1e7a-3b52-4d6e-9a41-000000000005".parse()?;
///
/// let all_that_the_company_gave = Relation::given_by(&company);
/// let what_it_gave_to_the_accountant = Relation::given_by(&company).with(&accountant);
/// // the same, asked for by the accountant
/// let what_the_accountant_got = Relation::received_by(&accountant).with(&company);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    party: PartyUuid,
    side: Side,
    other: Option<PartyUuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Giver,
    Receiver,
}

/// One party's connection with one other, seen as the giver or as the receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pair(Relation);

impl Relation {
    /// What this party has given. One acts for it.
    #[must_use]
    pub fn given_by(party: impl AsRef<PartyUuid>) -> Self {
        Self {
            party: party.as_ref().clone(),
            side: Side::Giver,
            other: None,
        }
    }

    /// What this party has got. One acts for it.
    #[must_use]
    pub fn received_by(party: impl AsRef<PartyUuid>) -> Self {
        Self {
            party: party.as_ref().clone(),
            side: Side::Receiver,
            other: None,
        }
    }

    /// With this other party only.
    #[must_use]
    pub fn with(mut self, other: impl AsRef<PartyUuid>) -> Pair {
        self.other = Some(other.as_ref().clone());
        Pair(self)
    }

    /// The party one acts for.
    #[must_use]
    pub fn party(&self) -> &PartyUuid {
        &self.party
    }

    /// The giver, when it is known.
    #[must_use]
    pub fn from(&self) -> Option<&PartyUuid> {
        match self.side {
            Side::Giver => Some(&self.party),
            Side::Receiver => self.other.as_ref(),
        }
    }

    /// The receiver, when it is known.
    #[must_use]
    pub fn to(&self) -> Option<&PartyUuid> {
        match self.side {
            Side::Giver => self.other.as_ref(),
            Side::Receiver => Some(&self.party),
        }
    }

    /// The scope that reading needs.
    #[must_use]
    pub fn read_scope(&self) -> &'static str {
        match self.side {
            Side::Giver => scopes::TO_OTHERS_READ,
            Side::Receiver => scopes::FROM_OTHERS_READ,
        }
    }

    /// The scope that changing needs.
    #[must_use]
    pub fn write_scope(&self) -> &'static str {
        match self.side {
            Side::Giver => scopes::TO_OTHERS_WRITE,
            Side::Receiver => scopes::FROM_OTHERS_WRITE,
        }
    }

    pub(crate) fn in_query(&self, address: Address) -> Address {
        address
            .query("party", &self.party)
            .query_if("from", self.from())
            .query_if("to", self.to())
    }
}

impl Pair {
    /// The relation, with the other party in it.
    #[must_use]
    pub fn relation(&self) -> &Relation {
        &self.0
    }

    /// Who gives.
    #[must_use]
    pub fn giver(&self) -> &PartyUuid {
        if self.is_giver() {
            self.0.party()
        } else {
            self.other()
        }
    }

    /// Who receives.
    #[must_use]
    pub fn receiver(&self) -> &PartyUuid {
        if self.is_giver() {
            self.other()
        } else {
            self.0.party()
        }
    }

    /// The party one does not act for.
    #[must_use]
    pub fn other(&self) -> &PartyUuid {
        // a pair is only made by `Relation::with`
        self.0.other.as_ref().unwrap_or(&self.0.party)
    }

    /// Whether one acts for the giver.
    #[must_use]
    pub fn is_giver(&self) -> bool {
        self.0.side == Side::Giver
    }
}

impl From<&Self> for Relation {
    fn from(relation: &Self) -> Self {
        relation.clone()
    }
}

impl From<Pair> for Relation {
    fn from(pair: Pair) -> Self {
        pair.0
    }
}

impl From<&Pair> for Relation {
    fn from(pair: &Pair) -> Self {
        pair.0.clone()
    }
}

impl From<&Self> for Pair {
    fn from(pair: &Self) -> Self {
        pair.clone()
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from(), self.to()) {
            (Some(from), Some(to)) => write!(f, "from {from} to {to}"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "to {to}"),
            (None, None) => Ok(()),
        }
    }
}

impl AsRef<Self> for PartyUuid {
    fn as_ref(&self) -> &Self {
        self
    }
}
