//! The metadata document: once a day, checked, followed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_transport::{Error as TransportError, ErrorKind as TransportKind};
use maskinporten::{
    BuildErrorKind, Client, Discovery, Environment, ErrorKind, SystemUser, TokenRequest,
};
use serde_json::json;
use token_cache::{TestClock, TokenCache};

use crate::support::{CLIENT_ID, CUSTOMER, answer, token_answer, with_kid};

const URL: &str = "https://test.maskinporten.no/.well-known/oauth-authorization-server";

/// The document that is served (`None`: no answer), the paths that were asked for, and the clock.
#[derive(Clone, Default)]
struct Side {
    document: Arc<Mutex<Option<serde_json::Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
    clock: Arc<TestClock>,
}

impl Side {
    fn new(endpoint: &str) -> Self {
        let side = Self::default();
        side.serve(endpoint);
        side
    }

    fn serve(&self, endpoint: &str) {
        *self.document.lock().unwrap() = Some(json!({
            "issuer": "https://test.maskinporten.no/", "token_endpoint": endpoint,
            "jwks_uri": "https://test.maskinporten.no/jwk",
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "authorization_details_types_supported": ["urn:altinn:consent"]}));
    }

    fn transport(&self) -> Arc<dyn http_transport::Transport> {
        let side = self.clone();
        Arc::new(http_transport::from_fn(
            move |request: http::Request<bytes::Bytes>| {
                let path = request.uri().path().to_owned();
                side.asked.lock().unwrap().push(path.clone());
                let document = side.document.lock().unwrap().clone();
                async move {
                    tokio::task::yield_now().await;
                    match document {
                        _ if !path.contains("well-known") => token_answer("t0ken"),
                        Some(document) => answer(200, document.to_string()),
                        None => Err(TransportError::new(TransportKind::Connect, "test")),
                    }
                }
            },
        ))
    }

    fn discovery(&self) -> Discovery {
        Discovery::with_clock(URL, self.transport(), self.clock.clone())
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[tokio::test]
async fn the_document_is_fetched_once_and_kept_for_a_day() {
    let side = Side::new("https://test.maskinporten.no/token");
    let discovery = side.discovery();
    let together: Vec<_> = (0..20)
        .map(|_| {
            let discovery = discovery.clone();
            tokio::spawn(async move { discovery.environment().await.unwrap() })
        })
        .collect();
    for one in together {
        assert_eq!(one.await.unwrap(), Environment::test());
    }
    side.clock.advance(Duration::from_secs(23 * 3600));
    discovery.environment().await.unwrap();
    assert_eq!(side.asked().len(), 1);

    side.clock.advance(Duration::from_secs(2 * 3600));
    side.serve("https://test.maskinporten.no/v2/token");
    let moved = discovery.environment().await.unwrap();
    assert_eq!(moved.token_endpoint().path(), "/v2/token");
    assert_eq!(side.asked().len(), 1);

    // one that cannot be had again, or is not to be trusted, changes nothing
    for bad in [None, Some("https://evil.example.com/token")] {
        side.clock.advance(Duration::from_secs(25 * 3600));
        match bad {
            None => *side.document.lock().unwrap() = None,
            Some(endpoint) => side.serve(endpoint),
        }
        for _ in 0..3 {
            assert_eq!(discovery.environment().await.unwrap(), moved);
        }
        assert_eq!(side.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_document_that_was_never_had_is_an_error_and_not_remembered() {
    let side = Side::default();
    let discovery = side.discovery();
    let error = discovery.environment().await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Metadata);
    side.serve("https://test.maskinporten.no/token");
    assert!(discovery.environment().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_client_follows_the_document_and_refuses_what_it_rules_out() {
    let side = Side::new("https://test.maskinporten.no/token");
    let discovery = side.discovery();
    let environment = discovery.environment().await.unwrap();
    let client = Client::builder(environment, CLIENT_ID.parse().unwrap(), with_kid())
        .discovery(discovery)
        .transport(side.transport())
        .cache(TokenCache::builder().clock(side.clock.clone()).build())
        .build()
        .unwrap();
    let request = TokenRequest::scopes(["difitest:test1".parse().unwrap()]);
    client.token(&request).await.unwrap();
    side.clock.advance(Duration::from_secs(25 * 3600));
    side.serve("https://test.maskinporten.no/v2/token");
    side.asked();
    client.token(&request).await.unwrap();
    assert_eq!(
        side.asked(),
        ["/.well-known/oauth-authorization-server", "/v2/token"]
    );

    let user = request.system_user(SystemUser::of(CUSTOMER.parse().unwrap()));
    let error = client.token(&user).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthorizationDetails);
    assert!(
        error.to_string().contains("urn:altinn:systemuser"),
        "{error}"
    );
    assert!(side.asked().is_empty());
}
