//! The hosts that credentials may go to.

use std::fmt;

use crate::transport::is_loopback;

/// A scheme, a host and a port: the unit of trust (RFC 6454).
///
/// ```
/// use http_transport::Origin;
///
/// let origin: Origin = "https://platform.example.no/".parse()?;
/// assert!(origin.contains(&"https://platform.example.no:443/a/b?c".parse()?));
/// assert!(!origin.contains(&"https://platform.example.no.evil.test/".parse()?));
/// assert!(origin.is_secure_or_loopback());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

/// Why a text names no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginError {
    /// It is not an absolute URL with a host.
    NotAbsolute,
    /// Its scheme is neither http nor https.
    Scheme,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "not an absolute URL with a host",
            Self::Scheme => "the scheme is neither http nor https",
        })
    }
}

impl std::error::Error for OriginError {}

impl Origin {
    /// The origin of a URI.
    ///
    /// # Errors
    ///
    /// When the URI is relative, or of another scheme than http and https.
    pub fn of(uri: &http::Uri) -> Result<Self, OriginError> {
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or(OriginError::NotAbsolute)?;
        // user information would make the text say one host and mean another
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(OriginError::NotAbsolute);
        }
        let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err(OriginError::Scheme),
        };
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: uri.port_u16().unwrap_or(default_port),
        })
    }

    /// Whether `uri` is of this origin.
    #[must_use]
    pub fn contains(&self, uri: &http::Uri) -> bool {
        Self::of(uri).is_ok_and(|other| other == *self)
    }

    /// Whether credentials may go there at all: over TLS, or to this machine.
    #[must_use]
    pub fn is_secure_or_loopback(&self) -> bool {
        self.scheme == "https" || is_loopback(&self.host)
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let uri: http::Uri = text.parse().map_err(|_| OriginError::NotAbsolute)?;
        Self::of(&uri)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_other_origins() {
        let origin: Origin = "https://api.example.no".parse().unwrap();
        for other in [
            "http://api.example.no/",
            "https://api.example.no:8443/",
            "https://api.example.no.evil.test/",
            "https://evil.test/api.example.no",
            "https://api.example.no@evil.test/",
            "/relative",
        ] {
            let uri: http::Uri = other.parse().unwrap();
            assert!(!origin.contains(&uri), "{other}");
        }
        assert!(origin.contains(&"https://API.EXAMPLE.NO/x".parse().unwrap()));
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (text, allowed) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost", true),
            ("http://localhost.evil.test", false),
            ("http://10.0.0.1", false),
            ("https://10.0.0.1", true),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.is_secure_or_loopback(), allowed, "{text}");
        }
        assert_eq!("ftp://x".parse::<Origin>(), Err(OriginError::Scheme));
    }
}
