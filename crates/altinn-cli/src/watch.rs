//! Watches what goes over the wire, for the demonstration: each exchange, redacted, and what the
//! grants and tokens in it say.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_transport::{BoxFuture, Error, Exchange, Recording, Transport};
use serde_json::Value;

use crate::jwt::Jwt;

/// One exchange that was watched.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) exchange: Exchange,
    /// The grant that was sent.
    pub(crate) grant: Option<Jwt>,
    /// The token that came back.
    pub(crate) token: Option<Jwt>,
}

/// All that was watched, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<Seen>>>);

impl Watch {
    /// What was seen since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same transport, watched.
    pub(crate) fn over(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Watched {
            inner,
            watch: self.clone(),
        })
    }
}

#[derive(Debug)]
struct Watched {
    inner: Arc<dyn Transport>,
    watch: Watch,
}

impl Transport for Watched {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, Error>> {
        Box::pin(async move {
            let grant = grant_in(request.body());
            let exchange = Arc::new(Mutex::new(None));
            let slot = Arc::clone(&exchange);
            let observer = Arc::new(move |seen: &Exchange| {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.clone());
            });
            let outcome = Recording::new(&self.inner, observer).send(request).await;
            let token = outcome
                .as_ref()
                .ok()
                .and_then(|answer| token_in(answer.body()));
            let exchange = exchange
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(exchange) = exchange {
                let mut all = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(Seen {
                    exchange,
                    grant,
                    token,
                });
            }
            outcome
        })
    }
}

/// The grant in a form for the token endpoint.
fn grant_in(form: &[u8]) -> Option<Jwt> {
    let form = std::str::from_utf8(form).ok()?;
    Jwt::of(
        form.split('&')
            .find_map(|field| field.strip_prefix("assertion="))?,
    )
}

/// The token in an answer: a member of an object, a JSON string, or the whole text.
fn token_in(body: &[u8]) -> Option<Jwt> {
    let text = std::str::from_utf8(body).ok()?.trim();
    match serde_json::from_str(text) {
        Ok(Value::String(token)) => Jwt::of(&token),
        Ok(value) => Jwt::of(value.get("access_token")?.as_str()?),
        Err(_) => Jwt::of(text),
    }
}
