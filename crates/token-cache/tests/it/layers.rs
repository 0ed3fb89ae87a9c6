//! The tower layer and the reqwest middleware: which requests get the token, and what follows a 401.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_transport::ErrorKind;
use token_cache::{AuthorizeLayer, AuthorizeMiddleware, FailureClass, NoReplay, Replay};
use tower_layer::Layer;
use tower_service::Service;

use crate::server::{Bench, Reply, bench};

/// URL, `Authorization` and body of what was sent.
type Sent = Arc<Mutex<Vec<(String, Option<String>, String)>>>;

#[derive(Clone)]
struct Api {
    refuses: &'static str,
    sent: Sent,
    ready: bool,
}

impl Service<Request<String>> for Api {
    type Response = Response<&'static str>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.ready),
            "called before it was ready"
        );
        let value = request.headers().get("authorization");
        let value = value.map(|value| value.to_str().unwrap().to_owned());
        let status = if value.as_deref() == Some(self.refuses) {
            401
        } else {
            200
        };
        let mut sent = self.sent.lock().unwrap();
        sent.push((request.uri().to_string(), value, request.into_body()));
        std::future::ready(Ok(Response::builder()
            .status(status)
            .body("answer")
            .unwrap()))
    }
}

fn layer(bench: &Bench) -> AuthorizeLayer {
    AuthorizeLayer::new(bench.handle.clone())
        .origin("https://api.example.no".parse().unwrap())
        .unwrap()
        .origin("http://localhost:8080".parse().unwrap())
        .unwrap()
}

fn post(url: &str) -> Request<String> {
    Request::post(url)
        .header("x", "y")
        .body("a letter".to_owned())
        .unwrap()
}

async fn send<R>(
    layer: &AuthorizeLayer<R>,
    refuses: &'static str,
    request: Request<String>,
) -> (u16, Sent)
where
    R: Replay<String> + Clone + Send + 'static,
{
    let sent = Sent::default();
    let mut api = layer.layer(Api {
        refuses,
        sent: Arc::clone(&sent),
        ready: false,
    });
    std::future::poll_fn(|context| api.poll_ready(context))
        .await
        .unwrap();
    let response = api.call(request).await.unwrap();
    (response.status().as_u16(), sent)
}

#[tokio::test(start_paused = true)]
async fn a_layer_attaches_to_named_origins_only() {
    let bench = bench();
    let layer = layer(&bench);
    for (url, attached) in [
        ("https://api.example.no/letters", true),
        ("http://localhost:8080/letters", true),
        ("http://api.example.no/letters", false),
        ("https://api.example.no:8443/letters", false),
        ("https://api.example.no.evil.test/letters", false),
    ] {
        let (_, sent) = send(&layer, "", post(url)).await;
        let value = sent.lock().unwrap()[0].1.clone();
        assert_eq!(
            value,
            attached.then(|| "Bearer token-1".to_owned()),
            "{url}"
        );
    }
    let plain = "http://api.example.no".parse().unwrap();
    assert_eq!(layer.origin(plain).unwrap_err().kind(), ErrorKind::Insecure);
}

#[tokio::test(start_paused = true)]
async fn a_layer_retries_one_401_once_when_the_body_can_be_sent_again() {
    let url = "https://api.example.no/letters";
    let bench = bench();
    let (status, sent) = send(&layer(&bench), "Bearer token-1", post(url)).await;
    let sent = sent.lock().unwrap().clone();
    assert_eq!((status, sent.len()), (200, 2));
    assert_eq!(sent[1].1.as_deref(), Some("Bearer token-2"));
    assert_eq!((&sent[0].0, &sent[0].2), (&sent[1].0, &sent[1].2));

    let bench = crate::server::bench();
    let never = layer(&bench).replay(NoReplay);
    let (status, sent) = send(&never, "Bearer token-1", post(url)).await;
    assert_eq!((status, sent.lock().unwrap().len()), (401, 1));

    // a function may know which can
    let bench = crate::server::bench();
    let some = layer(&bench).replay(|body: &String| (body.len() < 5).then(|| body.clone()));
    let (status, _) = send(&some, "Bearer token-1", post(url)).await;
    assert_eq!(status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_layer_without_a_token_sends_nothing() {
    let bench = bench();
    bench.server.always(Reply::Fail(FailureClass::Curable));
    let sent = Sent::default();
    let mut api = layer(&bench).layer(Api {
        refuses: "",
        sent: Arc::clone(&sent),
        ready: true,
    });
    let error = api.call(post("https://api.example.no/")).await.unwrap_err();
    let why = error.downcast_ref::<token_cache::Error>().unwrap();
    assert_eq!(why.diagnosis().code(), Some("MP-250"));
    assert!(sent.lock().unwrap().is_empty());
}

/// Stands in for the network: the last of the chain.
struct Net(Api);

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Net {
    async fn handle(
        &self,
        request: reqwest::Request,
        _extensions: &mut http::Extensions,
        _next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let body = request
            .body()
            .and_then(reqwest::Body::as_bytes)
            .unwrap_or_default();
        let mut copy = Request::new(String::from_utf8(body.to_vec()).unwrap());
        *copy.uri_mut() = request.url().as_str().parse().unwrap();
        copy.headers_mut().clone_from(request.headers());
        let mut api = Api {
            ready: true,
            ..self.0.clone()
        };
        let answer = api.call(copy).await.unwrap();
        Ok(answer.map(reqwest::Body::from).into())
    }
}

fn client(
    bench: &Bench,
    refuses: &'static str,
) -> (reqwest_middleware::ClientWithMiddleware, Sent) {
    let sent = Sent::default();
    let authorize = AuthorizeMiddleware::new(bench.handle.clone())
        .origin("https://api.example.no".parse().unwrap())
        .unwrap();
    let net = Net(Api {
        refuses,
        sent: Arc::clone(&sent),
        ready: false,
    });
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new());
    (client.with(authorize).with(net).build(), sent)
}

#[tokio::test(start_paused = true)]
async fn a_middleware_attaches_and_retries_as_the_layer_does() {
    let bench = bench();
    let (api, sent) = client(&bench, "Bearer token-1");
    let answer = api
        .post("https://api.example.no/letters")
        .body("a letter")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    {
        let sent = sent.lock().unwrap();
        assert_eq!(sent[0].1.as_deref(), Some("Bearer token-1"));
        assert_eq!(sent[1].1.as_deref(), Some("Bearer token-2"));
        assert_eq!((sent.len(), &sent[0].2), (2, &sent[1].2));
    }
    api.get("https://elsewhere.example.no/")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.lock().unwrap()[2].1, None);

    let bench = crate::server::bench();
    bench.server.always(Reply::Fail(FailureClass::Curable));
    let (api, sent) = client(&bench, "");
    let error = api.get("https://api.example.no/").send().await.unwrap_err();
    let reqwest_middleware::Error::Middleware(error) = error else {
        panic!("{error:?}")
    };
    assert!(
        error
            .downcast_ref::<token_cache::Error>()
            .unwrap()
            .is_refusal()
    );
    assert!(sent.lock().unwrap().is_empty());
}
