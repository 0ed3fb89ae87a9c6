//! The one place for HTTP: a transport seam that keeps the reason phrase, with limits, a retry table, redaction and diagnosis.
