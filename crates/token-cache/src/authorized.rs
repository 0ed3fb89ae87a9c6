//! Attaching a token to requests.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_transport::{BoxFuture, Error as TransportError, ErrorKind, Origin, Transport};

use crate::attach::{Attach, authorize};
use crate::cache::Handle;
use crate::token::Token;

/// A transport that attaches a token, to requests to the named origins only.
///
/// Requests to other origins, and those that carry an `Authorization` header already, pass as they
/// are. When a named server answers 401, the request is sent once more, if an actually newer token
/// can be had; otherwise the 401 is what the caller gets.
///
/// When there is no token, the error's source is the [`Error`](crate::Error) that says why, with
/// its diagnosis.
///
/// ```
/// # use std::time::Duration;
/// # use http_transport::{SecretString, Transport};
/// # use token_cache::{Authorized, Fetched, TokenCache, TokenKey, source};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let handle = TokenCache::new().handle(TokenKey::builder("doc").build(), source::from_fn(|_| async {
/// #     Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119)))
/// # }));
/// # let transport = http_transport::from_fn(|request: http::Request<bytes::Bytes>| async move {
/// #     let mut response = http::Response::new(bytes::Bytes::new());
/// #     if let Some(value) = request.headers().get("authorization") {
/// #         response.headers_mut().insert("seen", value.clone());
/// #     }
/// #     Ok(response)
/// # });
/// let api = Authorized::new(transport, handle).origin("https://api.example.no".parse()?)?;
/// let request = http::Request::get("https://api.example.no/letters").body(bytes::Bytes::new())?;
/// let response = api.send(request).await?;
/// # assert_eq!(response.headers()["seen"], "Bearer t0ken");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Authorized<T> {
    transport: T,
    attach: Attach,
}

impl<T: Transport> Authorized<T> {
    /// A transport that attaches the handle's token to no origin yet.
    #[must_use]
    pub fn new(transport: T, handle: Handle) -> Self {
        Self {
            transport,
            attach: Attach::new(handle),
        }
    }

    /// Names an origin that may have the token.
    ///
    /// # Errors
    ///
    /// When it is plain http to a host that is not this machine.
    pub fn origin(mut self, origin: Origin) -> Result<Self, TransportError> {
        self.attach.add(origin)?;
        Ok(self)
    }

    /// The handle whose token is attached.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.attach.handle
    }

    async fn send_authorized(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        if !self.attach.applies(request.uri(), request.headers()) {
            return self.transport.send(request).await;
        }
        let token = self.attach.handle.token().await.map_err(no_token)?;
        let refused = self.transport.send(with_token(&request, &token)).await?;
        if refused.status() != StatusCode::UNAUTHORIZED {
            return Ok(refused);
        }
        match self.attach.newer_than(&token).await {
            Some(newer) => self.transport.send(with_token(&request, &newer)).await,
            None => Ok(refused),
        }
    }
}

impl<T: Transport> Transport for Authorized<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.send_authorized(request))
    }
}

impl<T: fmt::Debug> fmt::Debug for Authorized<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("transport", &self.transport)
            .field("handle", &self.attach.handle)
            .field("origins", &self.attach.origins())
            .finish()
    }
}

fn with_token(request: &Request<Bytes>, token: &Token) -> Request<Bytes> {
    let mut request = request.clone();
    authorize(request.headers_mut(), token);
    request
}

fn no_token(error: crate::Error) -> TransportError {
    TransportError::new(ErrorKind::InvalidRequest, "attach a token to a request")
        .with_detail(error.to_string())
        .with_source(error)
}
