//! What is answered, and what it is worth.

use std::fmt;

use altinn_auth::SecurityLevel;
use serde::{Serialize, Serializer};

use super::models;
use crate::wire::Message;

// Wire facts, Altinn 3 §3.2.
const MINIMUM_LEVEL: &str = "urn:altinn:minimum-authenticationlevel";
const MINIMUM_LEVEL_OF_ORGANISATIONS: &str = "urn:altinn:minimum-authenticationlevel-org";

/// The decision about a [`Question`](super::Question). `Indeterminate` is none: it is an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
#[must_use]
#[allow(clippy::exhaustive_enums, reason = "a caller must look at all of them")]
pub enum Decision {
    /// They may, and nothing more is asked of anybody.
    Permit(Permit),
    /// They may once the obligations are met, and not before.
    PermitIf(Conditional),
    /// They may not.
    Deny(Denial),
    /// No rule of the policy says anything about it: they may not, either.
    NotApplicable,
}

/// That somebody may, and that every obligation is met or was acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Permit {
    obligations: Vec<Obligation>,
    acknowledged: bool,
}

/// A permit with obligations that nobody has met yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[must_use]
pub struct Conditional {
    obligations: Vec<Obligation>,
}

/// A refusal by the policy, or by the resource's access list (tilgangsliste).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Something that must be so before a permit is one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Obligation {
    /// The user must have logged in at this security level (sikkerhetsnivå) or above.
    Level(SecurityLevel),
    /// The same for an organisation that acts itself.
    OrganisationLevel(SecurityLevel),
    /// One that this version does not know: nothing here can meet it.
    Other {
        /// What it is about.
        category: String,
        /// What it asks for.
        value: String,
    },
}

/// Why a decision is no permit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The policy says no.
    Denied(Denial),
    /// No rule says anything.
    NotApplicable,
    /// There are obligations that are not met.
    Unmet(Unmet),
}

/// Obligations that are not met.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmet {
    missing: Vec<Obligation>,
    level: Option<SecurityLevel>,
}

impl Decision {
    pub(super) fn permit(obligations: &[models::Obligation]) -> Self {
        let obligations: Vec<Obligation> = obligations.iter().flat_map(Obligation::all).collect();
        if obligations.is_empty() {
            Self::Permit(Permit {
                obligations,
                acknowledged: false,
            })
        } else {
            Self::PermitIf(Conditional { obligations })
        }
    }

    /// The permit, for one who is known at this security level: what the session or the user's login
    /// has ([`Session::level`](altinn_auth::Session::level)).
    ///
    /// Both minimum levels are asked for, the user's and the organisation's; who knows which of them
    /// is meant [acknowledges](Conditional::acknowledge) the other.
    ///
    /// # Errors
    ///
    /// The refusal, or the obligations that this level does not meet.
    pub fn at_level(self, level: SecurityLevel) -> Result<Permit, Refusal> {
        match self {
            Self::Permit(permit) => Ok(permit),
            Self::PermitIf(conditional) => conditional.at_level(level).map_err(Refusal::Unmet),
            Self::Deny(denial) => Err(Refusal::Denied(denial)),
            Self::NotApplicable => Err(Refusal::NotApplicable),
        }
    }

    /// What must be so before they may; nothing where they may already, or may not at all.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        match self {
            Self::PermitIf(conditional) => &conditional.obligations,
            _ => &[],
        }
    }

    /// The highest security level that the obligations ask for.
    #[must_use]
    pub fn needed_level(&self) -> Option<SecurityLevel> {
        self.obligations()
            .iter()
            .filter_map(Obligation::level)
            .max()
    }
}

impl Conditional {
    /// What must be so.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// The permit, for one who is known at this security level.
    ///
    /// # Errors
    ///
    /// The obligations that this level does not meet; those that are not known are never met.
    pub fn at_level(self, level: SecurityLevel) -> Result<Permit, Unmet> {
        let is_met =
            |obligation: &Obligation| obligation.level().is_some_and(|needed| needed <= level);
        self.settle(is_met, Some(level), false)
    }

    /// The permit, when the caller says of each obligation that it has seen to it.
    ///
    /// # Errors
    ///
    /// The obligations that the caller did not acknowledge.
    pub fn acknowledge(self, met: impl FnMut(&Obligation) -> bool) -> Result<Permit, Unmet> {
        self.settle(met, None, true)
    }

    fn settle(
        self,
        mut met: impl FnMut(&Obligation) -> bool,
        level: Option<SecurityLevel>,
        acknowledged: bool,
    ) -> Result<Permit, Unmet> {
        let missing: Vec<_> = self
            .obligations
            .iter()
            .filter(|obligation| !met(obligation))
            .cloned()
            .collect();
        if missing.is_empty() {
            Ok(Permit {
                obligations: self.obligations,
                acknowledged,
            })
        } else {
            Err(Unmet { missing, level })
        }
    }
}

impl Permit {
    /// The obligations that were met.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// Whether it is a permit on the caller's word that the obligations are met.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }
}

impl Denial {
    pub(super) fn new(message: Option<String>) -> Self {
        let message = message.filter(|text| !text.trim().is_empty());
        Self { message }
    }

    /// What the server says of it, masked; an access list that does not admit the party says so here.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl Unmet {
    /// What is not met.
    #[must_use]
    pub fn missing(&self) -> &[Obligation] {
        &self.missing
    }
}

impl Obligation {
    fn all(obligation: &models::Obligation) -> Vec<Self> {
        let other = |category: &str, value: &str| Self::Other {
            category: http_transport::redact::text(category),
            value: http_transport::redact::text(value),
        };
        let id = obligation
            .id
            .as_deref()
            .unwrap_or("an obligation without a name");
        if obligation.attribute_assignment.is_empty() {
            return vec![other(id, "")];
        }
        let each = obligation.attribute_assignment.iter().map(|assignment| {
            let category = assignment.category.as_deref().unwrap_or(id);
            let value = assignment.value.as_ref().map_or("", Message::expose);
            let level = value.trim().parse().ok().and_then(SecurityLevel::new);
            match (category, level) {
                (MINIMUM_LEVEL, Some(level)) => Self::Level(level),
                (MINIMUM_LEVEL_OF_ORGANISATIONS, Some(level)) => Self::OrganisationLevel(level),
                _ => other(category, value),
            }
        });
        each.collect()
    }

    /// The security level that is asked for, if that is what it is about.
    #[must_use]
    pub fn level(&self) -> Option<SecurityLevel> {
        match self {
            Self::Level(level) | Self::OrganisationLevel(level) => Some(*level),
            Self::Other { .. } => None,
        }
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => write!(f, "security level {} or above", level.number()),
            Self::OrganisationLevel(level) => {
                write!(
                    f,
                    "security level {} or above for organisations",
                    level.number()
                )
            }
            Self::Other { category, value } if value.is_empty() => f.write_str(category),
            Self::Other { category, value } => write!(f, "{category} = {value}"),
        }
    }
}

impl Serialize for Obligation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Level(level) => map.serialize_entry("minimumLevel", &level.number())?,
            Self::OrganisationLevel(level) => {
                map.serialize_entry("minimumLevelOfOrganisations", &level.number())?;
            }
            Self::Other { category, value } => {
                map.serialize_entry("category", category)?;
                map.serialize_entry("value", value)?;
            }
        }
        map.end()
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it would need ")?;
        for (at, obligation) in self.missing.iter().enumerate() {
            write!(f, "{}{obligation}", if at == 0 { "" } else { ", " })?;
        }
        match self.level {
            Some(level) => write!(f, "; the level here is {}", level.number()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "the policy denies it: {}", message.trim_end_matches('.')),
            None => f.write_str("the policy denies it"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => write!(f, "{denial}"),
            Self::NotApplicable => f.write_str("no rule of the policy gives it"),
            Self::Unmet(unmet) => write!(f, "{unmet}"),
        }
    }
}

impl std::error::Error for Unmet {}
impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn permit(obligations: Value) -> Decision {
        let obligations: Vec<models::Obligation> = serde_json::from_value(obligations).unwrap();
        Decision::permit(&obligations)
    }

    fn minimum(category: &str, level: &str) -> Value {
        json!({ "id": "o", "attributeAssignment": [{ "category": category, "value": level }] })
    }

    #[test]
    fn a_permit_is_none_until_its_obligations_are_met() {
        let needs_four = permit(json!([minimum(MINIMUM_LEVEL, "4")]));
        assert_eq!(needs_four.needed_level(), Some(SecurityLevel::FOUR));
        let refusal = needs_four
            .clone()
            .at_level(SecurityLevel::THREE)
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "it would need security level 4 or above; the level here is 3"
        );
        let given = needs_four.at_level(SecurityLevel::FOUR).unwrap();
        assert!(!given.is_acknowledged());

        // the organisation's level counts as well, whoever asks
        let both = permit(json!([
            minimum(MINIMUM_LEVEL, "2"),
            minimum(MINIMUM_LEVEL_OF_ORGANISATIONS, "3"),
        ]));
        assert!(both.clone().at_level(SecurityLevel::TWO).is_err());
        assert!(both.at_level(SecurityLevel::THREE).is_ok());

        // what is not known, or makes no sense, is met by nobody
        for unknown in [
            minimum("urn:altinn:log-it", "1"),
            minimum(MINIMUM_LEVEL, "high"),
            minimum(MINIMUM_LEVEL, "9"),
            json!({ "id": "urn:altinn:something" }),
        ] {
            let Decision::PermitIf(conditional) = permit(json!([unknown])) else {
                panic!("{unknown} is an obligation");
            };
            assert!(conditional.clone().at_level(SecurityLevel::FOUR).is_err());
            assert!(conditional.clone().acknowledge(|_| false).is_err());
            assert!(conditional.acknowledge(|_| true).unwrap().is_acknowledged());
        }
        assert!(matches!(permit(json!([])), Decision::Permit(_)));
    }

    #[test]
    fn what_is_no_permit_stays_none_at_any_level() {
        let denied = Decision::Deny(Denial::new(Some("not on the list.".to_owned())));
        let refusal = denied.at_level(SecurityLevel::FOUR).unwrap_err();
        assert_eq!(refusal.to_string(), "the policy denies it: not on the list");
        let refusal = Decision::NotApplicable
            .at_level(SecurityLevel::FOUR)
            .unwrap_err();
        assert_eq!(refusal.to_string(), "no rule of the policy gives it");
        let shown = serde_json::to_value(permit(json!([minimum(MINIMUM_LEVEL, "3")]))).unwrap();
        assert_eq!(
            shown,
            json!({"decision": "permitIf", "obligations": [{"minimumLevel": 3}]})
        );
    }
}
