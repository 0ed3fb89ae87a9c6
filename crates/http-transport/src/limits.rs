//! Limits on time and size.

use std::time::Duration;

/// How long an exchange may take and how large its answer may be.
///
/// ```
/// use http_transport::Limits;
/// use std::time::Duration;
///
/// let limits = Limits::default().with_total(Duration::from_secs(5)).with_body(1 << 20);
/// assert_eq!(limits.connect(), Duration::from_secs(10));
/// assert_eq!(limits.body(), 1_048_576);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    connect: Duration,
    total: Duration,
    body: usize,
}

impl Default for Limits {
    /// 10 s to connect, 30 s in all, 32 MiB of body.
    ///
    /// Own choice: a slow listing takes seconds, and a whole register of roles is a few MiB.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            body: 32 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// The time in which a connection, TLS included, must stand.
    #[must_use]
    pub fn with_connect(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// The time in which the whole answer must be here, its last byte included.
    #[must_use]
    pub fn with_total(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// The most bytes a body may have.
    #[must_use]
    pub fn with_body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// The time in which a connection must stand.
    #[must_use]
    pub fn connect(&self) -> Duration {
        self.connect
    }

    /// The time in which the whole answer must be here.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    /// The most bytes a body may have.
    #[must_use]
    pub fn body(&self) -> usize {
        self.body
    }
}
