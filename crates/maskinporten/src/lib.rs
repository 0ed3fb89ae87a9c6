//! A client for Maskinporten, which gives machines access tokens for Norwegian public APIs: it signs
//! a JWT grant with a business certificate (virksomhetssertifikat) or a registered key and exchanges
//! it for a token, cached and refreshed before callers notice.
//!
//! ```
//! use bytes::Bytes;
//! use http_transport::{BoxFuture, ExposeSecret};
//! use maskinporten::{Algorithm, Client, Environment, KeyReference, Sign, SignError, Signer, TokenRequest};
//!
//! /// Your key. With feature `openssl` it comes from a file: `Signer::from_pkcs12(&bytes, &password)?`.
//! #[derive(Debug)]
//! struct Key;
//!
//! impl Sign for Key {
//!     fn algorithm(&self) -> Algorithm { Algorithm::Rs256 }
//!     fn key_reference(&self) -> Option<KeyReference> {
//!         "our-key-2026".parse().ok().map(KeyReference::KeyId)
//!     }
//!     fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
//!         Box::pin(async move { Ok(message.iter().rev().copied().take(256).collect()) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // With feature `reqwest` this can be left out; here a closure stands in for Maskinporten.
//! let server = http_transport::from_fn(|request: http::Request<Bytes>| async move {
//!     assert_eq!(request.uri(), "https://test.maskinporten.no/token");
//!     Ok(http::Response::new(Bytes::from(
//!         r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":119,"scope":"difitest:test1"}"#,
//!     )))
//! });
//! let client = Client::builder(Environment::test(), "our-client-id".parse()?, Signer::new(Key)?)
//!     .transport(std::sync::Arc::new(server))
//!     .build()?;
//!
//! let request = TokenRequest::scopes(["difitest:test1".parse()?]);
//! let token = client.token(&request).await?;
//! assert_eq!(token.secret().expose_secret(), "t0ken");
//! assert_eq!(token.header_value(), "Bearer t0ken");
//! # Ok(()) }
//! ```
//!
//! # Main types
//!
//! - [`Client`]: asks for tokens; one for each environment, client id and key.
//! - [`TokenRequest`]: scopes, and for whom: oneself, a customer (delegering), a [`SystemUser`]
//!   (systembruker), by [`Consent`] (samtykke), one person.
//! - [`Environment`], [`Discovery`]: production, test, any other, or from a metadata document.
//! - [`Signer`], [`Sign`]: the key; from files with feature `openssl`, or one of your own.
//! - [`Keys`], [`KeyFile`]: keys that change while the program runs.
//! - [`AccessToken`], [`Claims`]: the token, and what it says.
//! - [`Error`], [`BuildError`], [`codes`]: what went wrong, what to do, and who must do it.
//!
//! # Secrets
//!
//! Tokens, grants and passwords are [`SecretString`](http_transport::SecretString)s: they print as
//! redacted and are wiped when dropped. What TLS, the HTTP client and the JSON parser copy meanwhile
//! is not wiped. No span and no event of this crate holds a secret or a person number.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `openssl` | yes | keys from PKCS#12, PEM and JWK files, signed with the system's OpenSSL |
//! | `reqwest` | yes | a default transport |
//! | `validate` | no | checking the tokens that others send |
//! | `admin` | no | Digdir's administration API: clients, keys, scopes, access |
//! | `metrics` | no | days left of certificate or key as a gauge of the `metrics` facade |
//!
//! Without them: grants, the [`Sign`] trait, the client over a transport of your own.

#[cfg(feature = "admin")]
pub mod admin;
mod answer;
mod claims;
mod client;
#[cfg(feature = "openssl")]
mod clock;
pub mod codes;
mod discovery;
mod environment;
mod error;
mod expiry;
mod grant;
mod kept;
#[cfg(feature = "openssl")]
mod keys;
mod request;
mod rotation;
mod sign;
#[cfg(feature = "validate")]
pub mod validate;
mod values;

pub use crate::claims::{
    AuthorizationDetail, Claims, ConsentDetail, ConsentResource, ConsentRight, OtherDetail,
    SystemUserDetail,
};
pub use crate::client::{AccessToken, Client, ClientBuilder, GrantSource};
pub use crate::discovery::Discovery;
pub use crate::environment::{Environment, Metadata};
pub use crate::error::{BuildError, BuildErrorKind, Error, ErrorKind};
pub use crate::grant::Assertion;
#[cfg(feature = "openssl")]
pub use crate::keys::SignerLoader;
pub use crate::request::{Consent, SystemUser, TokenRequest};
pub use crate::rotation::{KeyFile, KeySource, Keys, KeysFromFn, keys_from_fn};
pub use crate::sign::{Algorithm, Certificate, KeyReference, Sign, SignError, Signer};
pub use crate::values::{ClientId, GrantLifetime, KeyId, Resource, Scope, Scopes};

#[cfg(all(
    doctest,
    feature = "admin",
    feature = "openssl",
    feature = "reqwest",
    feature = "validate"
))]
#[doc = include_str!("../README.md")]
struct Readme;
