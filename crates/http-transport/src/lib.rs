//! The one place for HTTP: a transport seam that keeps what HTTP clients hide, with limits, a
//! retry table, redaction, and a diagnosis that a person can act on.
//!
//! ```
//! use bytes::Bytes;
//! use http_transport::{BoxFuture, Error, Transport, decode_json, reason_phrase};
//!
//! // A transport is anything that answers a request: the one of programs is `ReqwestTransport`
//! // (feature `reqwest`), in a test a closure is enough.
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = http_transport::from_fn(|request: http::Request<Bytes>| async move {
//!     assert_eq!(request.uri().path(), "/party");
//!     Ok(http::Response::builder()
//!         .header("content-type", "application/json")
//!         .body(Bytes::from_static(br#"{"name":"LILLA TIGER AS"}"#))
//!         .expect("a valid response"))
//! });
//! let request = http::Request::get("https://example.no/party").body(Bytes::new())?;
//! let response = transport.send(request).await?;
//! let party: serde_json::Value = decode_json("read the party", &response)?;
//! assert_eq!(party["name"], "LILLA TIGER AS");
//! assert_eq!(reason_phrase(&response), None); // the server sent no phrase of its own
//! # Ok(()) }
//! ```
//!
//! # What is here
//!
//! - [`Transport`]: one method, object safe, over [`http::Request`] and [`http::Response`]. The
//!   HTTP/1.1 reason phrase, where some servers put their only message, is a [`ReasonPhrase`] in
//!   the response's extensions.
//! - `ReqwestTransport` (feature `reqwest`): HTTP/1.1, no redirects, no cookie jar, [`Limits`] on
//!   time and size, plain http only to loopback.
//! - [`Retrying`] and [`retry::verdict`]: which failures a second try can help.
//! - [`Recording`]: hands every exchange, already redacted, to an observer.
//! - [`decode_json`]: tells HTML, an empty body, torn JSON and an unexpected shape apart.
//! - [`Error`] and [`Diagnosis`]: what happened, and a [`Remedy`]: what to do, and who must.
//! - [`redact`]: takes person numbers, tokens and passwords out of text.
//! - [`Origin`]: the hosts that credentials may go to.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `reqwest` | yes | `ReqwestTransport`, over reqwest and the platform's TLS (OpenSSL on Linux) |

mod decode;
mod diagnosis;
mod error;
mod limits;
mod origin;
mod recording;
pub mod redact;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
pub mod retry;
mod transport;

pub use secrecy::{ExposeSecret, SecretString};

pub use crate::decode::{decode_json, is_html};
pub use crate::diagnosis::{Diagnosis, Remedy, Retry, Who};
pub use crate::error::{Error, ErrorKind};
pub use crate::limits::Limits;
pub use crate::origin::{Origin, OriginError};
pub use crate::recording::{Exchange, Message, Recording};
#[cfg(feature = "reqwest")]
pub use crate::reqwest_transport::{ReqwestTransport, ReqwestTransportBuilder};
pub use crate::retry::{RetryPolicy, Retrying};
pub use crate::transport::{
    BoxFuture, FromFn, ReasonPhrase, Transport, from_fn, is_loopback, reason_phrase,
};
