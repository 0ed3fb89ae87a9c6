//! The transport of programs against servers that misbehave, over real sockets.

#![cfg(feature = "reqwest")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

use std::time::Duration;

use bytes::Bytes;
use http_transport::{
    Error, ErrorKind, Limits, ReqwestTransport, Transport, decode_json, reason_phrase,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the server does once it has read a request.
#[derive(Clone, Copy)]
enum Then {
    Answer(&'static str),
    /// Writes this and then keeps the connection open without another byte.
    Stall(&'static str),
    Close,
}

/// A server that does the same to every connection; gives its URL.
async fn server(then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut stalled = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            match then {
                Then::Answer(text) => {
                    let _ = stream.write_all(text.as_bytes()).await;
                }
                Then::Stall(text) => {
                    let _ = stream.write_all(text.as_bytes()).await;
                    stalled.push(stream);
                }
                Then::Close => drop(stream),
            }
        }
    });
    format!("http://{address}/path?subject=26899299344")
}

async fn get_with(limits: Limits, url: &str) -> Result<http::Response<Bytes>, Error> {
    let transport = ReqwestTransport::builder().limits(limits).build().unwrap();
    transport
        .send(http::Request::get(url).body(Bytes::new()).unwrap())
        .await
}

async fn get(then: Then) -> Result<http::Response<Bytes>, Error> {
    get_with(Limits::default(), &server(then).await).await
}

#[tokio::test]
async fn the_servers_own_reason_phrase_is_kept() {
    let answer = get(Then::Answer(
        "HTTP/1.1 403 The role cannot be deleted.\r\nContent-Length: 0\r\n\r\n",
    ))
    .await
    .unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(reason_phrase(&answer), Some("The role cannot be deleted."));

    let plain = get(Then::Answer(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ))
    .await
    .unwrap();
    assert_eq!(reason_phrase(&plain), None);
}

#[tokio::test]
async fn a_body_that_ends_early_is_truncated_not_bad_json() {
    let error = get(Then::Answer(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"a\":",
    ))
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TruncatedBody);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_is_interrupted() {
    assert_eq!(
        get(Then::Close).await.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
}

#[tokio::test]
async fn nobody_listening_is_connect_and_names_the_host_but_not_the_query() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get_with(
        Limits::default(),
        &format!("http://{address}/?subject=26899299344"),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let mut said = format!("{error} {error:?} {}", error.diagnosis());
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        said = format!("{said} {cause} {cause:?}");
        source = cause.source();
    }
    assert!(
        said.contains(&address.to_string()) && said.contains("refused"),
        "{said}"
    );
    assert!(!said.contains("subject"), "{said}");
}

#[tokio::test]
async fn a_server_that_stalls_is_left_after_the_total_limit() {
    for text in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"] {
        let limits = Limits::default().with_total(Duration::from_millis(300));
        let error = get_with(limits, &server(Then::Stall(text)).await)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "after {text:?}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    for text in [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n01234567890\r\n0\r\n\r\n",
    ] {
        let limits = Limits::default().with_body(10);
        let error = get_with(limits, &server(Then::Answer(text)).await)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyTooLarge, "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let answer = get(Then::Answer(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/login\r\nContent-Length: 0\r\n\r\n",
    ))
    .await
    .unwrap();
    assert_eq!(answer.status(), 302);
}

#[tokio::test]
async fn a_log_in_page_with_200_is_html() {
    let answer = get(Then::Answer(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
    ))
    .await
    .unwrap();
    let error = decode_json::<serde_json::Value>("list parties", &answer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Html);
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_before_the_network() {
    let error = get_with(Limits::default(), "http://192.0.2.1/")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Insecure);
}
