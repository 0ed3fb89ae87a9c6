//! What came and went with Altinn 2's releases (wire facts, Altinn 2 §8 and §12).

use std::fmt;

/// A release of Altinn 2, as Altinn numbers them: the year and a running number, `23.5`.
///
/// It decides which operations there are and how some of them answer. The default is
/// [`LAST`](Self::LAST): as it was on its last day.
///
/// ```
/// use altinn_sim::Altinn2Release;
///
/// assert!(Altinn2Release::new(23, 4) < Altinn2Release::LAST);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Altinn2Release {
    year: u8,
    number: u8,
}

impl Altinn2Release {
    /// Later than every change: as it was on its last day, 2026-06-19.
    pub const LAST: Self = Self::new(26, 6);

    /// The release `year.number`, `Altinn2Release::new(23, 4)`.
    pub const fn new(year: u8, number: u8) -> Self {
        Self { year, number }
    }
}

impl Default for Altinn2Release {
    fn default() -> Self {
        Self::LAST
    }
}

impl fmt::Display for Altinn2Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.number)
    }
}

impl fmt::Debug for Altinn2Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const fn release(year: u8, number: u8) -> Altinn2Release {
    Altinn2Release::new(year, number)
}

/// Roles of clients can no longer be delegated over REST.
pub(super) const CLIENT_ROLES_REFUSED: Altinn2Release = release(18, 12);
/// The person number of a right holder is masked.
pub(super) const MASKED: Altinn2Release = release(19, 9);
/// `ReporteeConversion`.
pub(super) const CONVERSION: Altinn2Release = release(20, 2);
/// Cookies are renewed by their use.
pub(super) const RENEWED_COOKIES: Altinn2Release = release(20, 12);
/// Role definitions among the metadata.
pub(super) const METADATA_ROLES: Altinn2Release = release(20, 12);
/// Access manager required for a private person's delegations.
pub(super) const PRIVATE_MANAGED: Altinn2Release = release(21, 1);
/// The edition's name among the metadata.
pub(super) const EDITION_NAME: Altinn2Release = release(21, 3);
/// Role requirements.
pub(super) const ROLE_REQUIREMENTS: Altinn2Release = release(21, 6);
/// 403 and not a redirect for an organisation without a user.
pub(super) const NO_REDIRECT: Altinn2Release = release(21, 7);
/// Enterprise users by API.
pub(super) const ENTERPRISE_USERS: Altinn2Release = release(21, 8);
/// `ReporteeConversion` of anybody whose name matches.
pub(super) const CONVERSION_OF_ANYONE: Altinn2Release = release(21, 12);
/// App rights; role codes and the links of a single right holder.
pub(super) const APP_RIGHTS: Altinn2Release = release(22, 3);
/// Other organisations' enterprise users receive; a service owner hears of a missing profile.
pub(super) const OTHERS_ENTERPRISE_USERS: Altinn2Release = release(22, 5);
/// Those with access through key roles are right holders.
pub(super) const KEY_ROLES: Altinn2Release = release(22, 6);
/// All enterprise users of the organisation are right holders.
pub(super) const ALL_ENTERPRISE_USERS: Altinn2Release = release(22, 9);
/// What ended with 23.5.
pub(super) const MUCH_REMOVED: Altinn2Release = release(23, 5);
/// Service owners' role links point at the metadata.
pub(super) const METADATA_LINKS: Altinn2Release = release(23, 10);
