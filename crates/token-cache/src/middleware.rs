//! Attaching a token to the requests of a reqwest client.

use async_trait::async_trait;
use http::{Extensions, StatusCode};
use http_transport::{Error as TransportError, Origin};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};

use crate::attach::{Attach, authorize};
use crate::cache::Handle;

/// A `reqwest-middleware` that attaches a token, to requests to the named origins only.
///
/// Requests to other origins, and those that carry an `Authorization` header already, pass as they
/// are. When a named server answers 401, the request is sent once more, if an actually newer token
/// can be had and the body is no stream; otherwise the 401 is what the caller gets.
///
/// When there is no token, the middleware's error holds the [`Error`](crate::Error) that says why.
///
/// Redirects are the client's own: reqwest takes the token off when one leads to another host. A
/// client of an API that needs no redirects is better built without them.
///
/// ```
/// # use std::time::Duration;
/// # use http_transport::SecretString;
/// # use token_cache::{AuthorizeMiddleware, Fetched, TokenCache, TokenKey, source};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let handle = TokenCache::new().handle(TokenKey::builder("doc").build(), source::from_fn(|_| async {
/// #     Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119)))
/// # }));
/// let authorize = AuthorizeMiddleware::new(handle).origin("https://api.example.no".parse()?)?;
/// let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(authorize).build();
/// let request = client.get("https://api.example.no/letters"); // and send it
/// # drop(request);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizeMiddleware {
    attach: Attach,
}

impl AuthorizeMiddleware {
    /// Attaches the handle's token to no origin yet.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self {
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
}

#[async_trait]
impl Middleware for AuthorizeMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, Error> {
        let uri = request.url().as_str().parse::<http::Uri>();
        if !uri.is_ok_and(|uri| self.attach.applies(&uri, request.headers())) {
            return next.run(request, extensions).await;
        }
        let token = self
            .attach
            .handle
            .token()
            .await
            .map_err(Error::middleware)?;
        // a stream can be sent but once
        let again = request.try_clone();
        authorize(request.headers_mut(), &token);
        let refused = next.clone().run(request, extensions).await?;
        let Some(mut again) = again.filter(|_| refused.status() == StatusCode::UNAUTHORIZED) else {
            return Ok(refused);
        };
        let Some(newer) = self.attach.newer_than(&token).await else {
            return Ok(refused);
        };
        authorize(again.headers_mut(), &newer);
        next.run(again, extensions).await
    }
}
