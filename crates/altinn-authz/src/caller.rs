//! The seam between the rights clients and whoever is logged in.

use std::fmt;
use std::sync::Arc;

use altinn_auth::Environment;
use bytes::Bytes;
use http_transport::{BoxFuture, Transport};
use url::Url;

use crate::Error;

/// Something that makes authenticated calls to Altinn.
///
/// [`altinn_auth::Session`] is one, and the one for programs. A test of your own code can be
/// another, with canned answers and no network:
///
/// ```
/// use altinn_authz::{Caller, Error, altinn3};
/// use bytes::Bytes;
/// use http_transport::BoxFuture;
/// use url::Url;
///
/// #[derive(Debug)]
/// struct Nobody(Url);
///
/// impl Caller for Nobody {
///     fn call(
///         &self,
///         _operation: &'static str,
///         _request: http::Request<Bytes>,
///     ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
///         Box::pin(async { Ok(http::Response::new(Bytes::from_static(b"{\"data\":[]}"))) })
///     }
///     fn platform(&self) -> &Url {
///         &self.0
///     }
///     fn altinn2(&self) -> Option<&Url> {
///         None
///     }
///     fn has_scope(&self, _scope: &str) -> bool {
///         true
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rights = altinn3::Client::with_caller(Nobody("https://platform.example.no".parse()?));
/// assert_eq!(rights.parties().await?.iter().count(), 0);
/// # Ok(()) }
/// ```
pub trait Caller: fmt::Debug + Send + Sync {
    /// Sends the request as whoever this is. Any HTTP status is an answer, not an error.
    ///
    /// `operation` names what is being done, for errors and logs.
    fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>>;

    /// The base of the Altinn 3 platform, such as `https://platform.tt02.altinn.no`.
    fn platform(&self) -> &Url;

    /// The base of the Altinn 2 host, such as `https://tt02.altinn.no`; `None` where there is none.
    fn altinn2(&self) -> Option<&Url>;

    /// Whether the token that calls are made with has this scope.
    fn has_scope(&self, scope: &str) -> bool;
}

impl<K: altinn_auth::Kind> Caller for altinn_auth::Session<K> {
    fn call(
        &self,
        operation: &'static str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move { Ok(Self::call(self, operation, request).await?) })
    }

    fn platform(&self) -> &Url {
        self.environment().platform()
    }

    fn altinn2(&self) -> Option<&Url> {
        self.environment().altinn2()
    }

    fn has_scope(&self, scope: &str) -> bool {
        Self::has_scope(self, scope)
    }
}

/// Nobody: what is open to everybody is read without a token.
#[derive(Debug)]
pub(crate) struct Open {
    platform: Url,
    altinn2: Option<Url>,
    transport: Arc<dyn Transport>,
}

impl Open {
    pub(crate) fn new(environment: &Environment, transport: Arc<dyn Transport>) -> Self {
        Self {
            platform: environment.platform().clone(),
            altinn2: environment.altinn2().cloned(),
            transport,
        }
    }
}

impl Caller for Open {
    fn call(
        &self,
        _operation: &'static str,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move { Ok(self.transport.send(request).await?) })
    }

    fn platform(&self) -> &Url {
        &self.platform
    }

    fn altinn2(&self) -> Option<&Url> {
        self.altinn2.as_ref()
    }

    fn has_scope(&self, _scope: &str) -> bool {
        false
    }
}
