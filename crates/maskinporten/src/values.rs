//! The small values of a request, each checked where it enters.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{BuildError, BuildErrorKind};

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text as it goes on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BuildError;

            fn from_str(text: &str) -> Result<Self, BuildError> {
                let text = text.trim();
                match $check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(why) => Err(BuildError::new(
                        BuildErrorKind::Value,
                        format!("{} {why}", $what),
                    )),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BuildError;

            fn try_from(text: String) -> Result<Self, BuildError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.as_ref().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

text_value!(
    /// The id of a client (integrasjon) as registered with Maskinporten: a UUID, or a name for the
    /// older ones. It is no secret.
    ///
    /// ```
    /// let id: maskinporten::ClientId = "238259d7-f0ab-4bd5-b253-0f0159375096".parse()?;
    /// assert!("two words".parse::<maskinporten::ClientId>().is_err());
    /// # Ok::<(), maskinporten::BuildError>(())
    /// ```
    ClientId,
    "a client id",
    visible
);

text_value!(
    /// One scope, such as `difitest:test1`: printable ASCII without space, `"` and `\`
    /// (RFC 6749 §3.3).
    ///
    /// ```
    /// let scope: maskinporten::Scope = "altinn:serviceowner/instances.read".parse()?;
    /// assert!("two scopes".parse::<maskinporten::Scope>().is_err());
    /// # Ok::<(), maskinporten::BuildError>(())
    /// ```
    Scope,
    "a scope",
    scope_token
);

text_value!(
    /// The id (`kid`) under which a public key is registered on the client.
    KeyId,
    "a key id",
    visible
);

text_value!(
    /// A resource (RFC 8707): the absolute URI of the API that the token is for. It becomes the
    /// token's `aud`, to the letter; nothing is normalised.
    ///
    /// ```
    /// let api: maskinporten::Resource = "https://api.example.no".parse()?;
    /// assert_eq!(api.as_str(), "https://api.example.no"); // no slash is added
    /// assert!("not a uri".parse::<maskinporten::Resource>().is_err());
    /// # Ok::<(), maskinporten::BuildError>(())
    /// ```
    Resource,
    "a resource",
    absolute_uri
);

fn visible(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("must not be empty"),
        _ if text.len() > 255 => Err("must not be longer than 255 characters"),
        _ if text.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err("must not hold spaces or control characters")
        }
        _ => Ok(()),
    }
}

fn scope_token(text: &str) -> Result<(), &'static str> {
    visible(text)?;
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    if text.bytes().all(fits) {
        Ok(())
    } else {
        Err("must be ASCII without \" and \\")
    }
}

fn absolute_uri(text: &str) -> Result<(), &'static str> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("must not hold spaces or control characters");
    }
    url::Url::parse(text)
        .map(drop)
        .map_err(|_| "must be an absolute URI, such as https://api.example.no/")
}

/// A set of scopes. Its order and its doubles do not matter: it is written sorted, so that the
/// same set is the same key in a cache.
///
/// ```
/// use maskinporten::Scopes;
///
/// let scopes: Scopes = "b:write a:read b:write".parse()?;
/// assert_eq!(scopes.to_string(), "a:read b:write");
/// # Ok::<(), maskinporten::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set holds this scope.
    #[must_use]
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// Adds a scope.
    pub fn insert(&mut self, scope: Scope) {
        self.0.insert(scope);
    }

    /// The scopes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Reads a `scope` member as it arrived: what is no scope is left out.
    pub(crate) fn lenient(text: &str) -> Self {
        text.split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl Extend<Scope> for Scopes {
    fn extend<I: IntoIterator<Item = Scope>>(&mut self, scopes: I) {
        self.0.extend(scopes);
    }
}

impl FromStr for Scopes {
    type Err = BuildError;

    /// Scopes separated by white space, as settings and the wire write them.
    fn from_str(text: &str) -> Result<Self, BuildError> {
        text.split_whitespace().map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

/// How long a grant lives (`exp − iat`): 1 to 120 whole seconds, which is what Maskinporten
/// allows (docs.digdir.no, "JWT grant").
///
/// 60 s unless said otherwise. Because the server refuses an `iat` that is more than 10 s old, a
/// longer life buys nothing; half a minute to a minute leaves room for a slow network, and every
/// attempt is signed anew in any case.
///
/// ```
/// use std::time::Duration;
/// use maskinporten::GrantLifetime;
///
/// assert_eq!(GrantLifetime::default().as_secs(), 60);
/// assert!(GrantLifetime::new(Duration::from_secs(121)).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantLifetime(u8);

impl GrantLifetime {
    /// The longest that the server accepts, 120 s.
    pub const MAX: Self = Self(120);

    /// A lifetime in whole seconds; fractions are cut off.
    ///
    /// # Errors
    ///
    /// When it is under 1 s or over 120 s.
    pub fn new(lifetime: Duration) -> Result<Self, BuildError> {
        match u8::try_from(lifetime.as_secs()) {
            Ok(seconds @ 1..=120) => Ok(Self(seconds)),
            _ => Err(BuildError::new(
                BuildErrorKind::Value,
                "a grant's lifetime must be from 1 to 120 seconds",
            )),
        }
    }

    /// The lifetime in seconds.
    #[must_use]
    pub fn as_secs(self) -> u64 {
        self.0.into()
    }
}

impl Default for GrantLifetime {
    fn default() -> Self {
        Self(60)
    }
}
