//! What the ways to attach a token have in common: to whom it goes, and what follows a 401.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http_transport::{Error as TransportError, ErrorKind, Origin};

use crate::cache::Handle;
use crate::token::Token;

/// A handle, and the origins that may have its token.
#[derive(Clone, Debug)]
pub(crate) struct Attach {
    pub(crate) handle: Handle,
    origins: Vec<Origin>,
}

impl Attach {
    pub(crate) fn new(handle: Handle) -> Self {
        Self {
            handle,
            origins: Vec::new(),
        }
    }

    pub(crate) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Over TLS, or to this machine.
    pub(crate) fn add(&mut self, origin: Origin) -> Result<(), TransportError> {
        if !origin.is_secure_or_loopback() {
            return Err(
                TransportError::new(ErrorKind::Insecure, "attach a token to requests")
                    .with_detail(origin.to_string()),
            );
        }
        self.origins.push(origin);
        Ok(())
    }

    /// Whether this request gets a token. One that carries another already keeps it.
    pub(crate) fn applies(&self, uri: &http::Uri, headers: &HeaderMap) -> bool {
        !headers.contains_key(AUTHORIZATION)
            && self.origins.iter().any(|origin| origin.contains(uri))
    }

    /// After a 401: an actually newer token, when one can be had.
    pub(crate) async fn newer_than(&self, token: &Token) -> Option<Token> {
        self.handle.newer_than(token).await.unwrap_or_else(|error| {
            tracing::debug!(key = %self.handle.key(), %error, "no newer token after a 401");
            None
        })
    }
}

pub(crate) fn authorize(headers: &mut HeaderMap, token: &Token) {
    headers.insert(AUTHORIZATION, token.header_value().clone());
}
