//! Norwegian organisation numbers, person numbers (fødselsnummer, D-nummer) and ISO 6523
//! identifiers: checked where you give them, kept as they are where they arrive, masked where people
//! could see them. No I/O, and no dependency but serde.
//!
//! ```
//! use norwegian_ids::{ActorId, OrganisationNumber, PersonNumber, mask_person_numbers};
//!
//! let company: OrganisationNumber = "310 702 641".parse()?;
//! assert_eq!(ActorId::norwegian(&company).id(), "0192:310702641");
//!
//! let person: PersonNumber = "26899299344".parse()?;
//! assert_eq!(format!("{person:?}"), "PersonNumber(268992*****)");
//! assert_eq!(mask_person_numbers("no such person: 26899299344"), "no such person: 268992*****");
//! # Ok::<(), norwegian_ids::IdError>(())
//! ```
//!
//! - [`OrganisationNumber`], [`PersonNumber`]: a number that has been checked. `parse` checks check
//!   digits and dates; `parse_format_only` is for made-up test data.
//! - [`ReceivedOrganisationNumber`], [`ReceivedPersonNumber`]: what an answer said, word for word, with
//!   `checked()`.
//! - [`ActorId`]: the identifier with its authority, as in Maskinporten's tokens.
//! - [`IdError`]: why a text is no number; it never repeats the text.
//! - [`mask_person_numbers`]: for logs and errors.
//! - [`synthetic`]: valid numbers of nobody, for tests.
//!
//! # Features
//!
//! - `serde` (default): `Deserialize` for all, `Serialize` for all but [`PersonNumber`].

mod actor;
mod digits;
mod error;
mod mask;
mod organisation;
mod person;
mod received;
pub mod synthetic;

pub use actor::ActorId;
pub use error::IdError;
pub use mask::mask_person_numbers;
pub use organisation::OrganisationNumber;
pub use person::PersonNumber;
pub use received::{ReceivedOrganisationNumber, ReceivedPersonNumber};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
