//! Attaching a token to the requests of a tower service.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use http_transport::{Error as TransportError, Origin};
use tower_layer::Layer;
use tower_service::Service;

use crate::attach::{Attach, authorize};
use crate::cache::Handle;

/// A tower layer that attaches a token, to requests to the named origins only.
///
/// Requests to other origins, and those that carry an `Authorization` header already, pass as they
/// are. When a named server answers 401, the request is sent once more, if an actually newer token
/// can be had and the body can be sent again; otherwise the 401 is what the caller gets. Whether a
/// body can be sent again is for [`Replay`] to say; bodies that can be cloned are, by default.
///
/// The service's error is boxed: the inner service's own, or the [`Error`](crate::Error) that says
/// why there is no token.
///
/// ```
/// # use std::time::Duration;
/// # use http_transport::SecretString;
/// # use token_cache::{AuthorizeLayer, Fetched, TokenCache, TokenKey, source};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// # #[derive(Clone)] struct Api;
/// # impl Service<http::Request<String>> for Api {
/// #     type Response = http::Response<String>;
/// #     type Error = std::convert::Infallible;
/// #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, request: http::Request<String>) -> Self::Future {
/// #         let seen = request.headers()["authorization"].to_str().unwrap_or_default().to_owned();
/// #         std::future::ready(Ok(http::Response::new(seen)))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let handle = TokenCache::new().handle(TokenKey::builder("doc").build(), source::from_fn(|_| async {
/// #     Ok(Fetched::new(SecretString::from("t0ken"), Duration::from_secs(119)))
/// # }));
/// let layer = AuthorizeLayer::new(handle).origin("https://api.example.no".parse()?)?;
/// let mut api = layer.layer(Api); // any service of `http` requests: hyper, reqwest, tonic …
/// let request = http::Request::get("https://api.example.no/letters").body(String::new())?;
/// assert_eq!(api.call(request).await?.body(), "Bearer t0ken");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizeLayer<R = CloneBody> {
    attach: Attach,
    replay: R,
}

impl AuthorizeLayer {
    /// A layer that attaches the handle's token to no origin yet, and sends again what can be
    /// cloned.
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self {
            attach: Attach::new(handle),
            replay: CloneBody,
        }
    }
}

impl<R> AuthorizeLayer<R> {
    /// Names an origin that may have the token.
    ///
    /// # Errors
    ///
    /// When it is plain http to a host that is not this machine.
    pub fn origin(mut self, origin: Origin) -> Result<Self, TransportError> {
        self.attach.add(origin)?;
        Ok(self)
    }

    /// Sends bodies again in another way: [`NoReplay`], or a function from `&Body` to `Option<Body>`.
    #[must_use]
    pub fn replay<Other>(self, replay: Other) -> AuthorizeLayer<Other> {
        AuthorizeLayer {
            attach: self.attach,
            replay,
        }
    }
}

/// Which bodies can be sent again.
pub trait Replay<B> {
    /// The same body once more; `None` when it can be sent but once.
    fn again(&self, body: &B) -> Option<B>;
}

/// Sends the clone of a body: for text, bytes, `Full<Bytes>` and the like.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CloneBody;

impl<B: Clone> Replay<B> for CloneBody {
    fn again(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

/// Sends nothing again: a 401 is always the caller's.
#[derive(Clone, Copy, Debug, Default)]
#[allow(
    clippy::exhaustive_structs,
    reason = "it is named as a value, and will never hold one"
)]
pub struct NoReplay;

impl<B> Replay<B> for NoReplay {
    fn again(&self, _body: &B) -> Option<B> {
        None
    }
}

impl<B, F: Fn(&B) -> Option<B>> Replay<B> for F {
    fn again(&self, body: &B) -> Option<B> {
        self(body)
    }
}

impl<S, R: Clone> Layer<S> for AuthorizeLayer<R> {
    type Service = Authorize<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorize {
            inner,
            attach: self.attach.clone(),
            replay: self.replay.clone(),
        }
    }
}

/// The service of an [`AuthorizeLayer`].
#[derive(Clone)]
pub struct Authorize<S, R = CloneBody> {
    inner: S,
    attach: Attach,
    replay: R,
}

impl<S: fmt::Debug, R> fmt::Debug for Authorize<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize")
            .field("inner", &self.inner)
            .field("attach", &self.attach)
            .finish_non_exhaustive()
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;
type Answer<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

impl<S, R, B, A> Service<Request<B>> for Authorize<S, R>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: Replay<B>,
    B: Send + 'static,
    A: Send,
{
    type Response = Response<A>;
    type Error = BoxError;
    type Future = Answer<Response<A>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // the one that was found ready goes along, and leaves a clone behind
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        if !self.attach.applies(request.uri(), request.headers()) {
            let answer = inner.call(request);
            return Box::pin(async { answer.await.map_err(Into::into) });
        }
        let attach = self.attach.clone();
        let again = self.replay.again(request.body());
        Box::pin(async move {
            let token = attach.handle.token().await?;
            let again = again.map(|body| copy(&request, body));
            authorize(request.headers_mut(), &token);
            let refused = inner.call(request).await.map_err(Into::into)?;
            let Some(mut again) = again.filter(|_| refused.status() == StatusCode::UNAUTHORIZED)
            else {
                return Ok(refused);
            };
            let Some(newer) = attach.newer_than(&token).await else {
                return Ok(refused);
            };
            authorize(again.headers_mut(), &newer);
            std::future::poll_fn(|context| inner.poll_ready(context))
                .await
                .map_err(Into::into)?;
            inner.call(again).await.map_err(Into::into)
        })
    }
}

fn copy<B>(request: &Request<B>, body: B) -> Request<B> {
    let mut copy = Request::new(body);
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    *copy.version_mut() = request.version();
    request.headers().clone_into(copy.headers_mut());
    *copy.extensions_mut() = request.extensions().clone();
    copy
}
