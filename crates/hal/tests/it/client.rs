use std::error::Error as _;
use std::io;
use std::sync::Mutex;

use futures_util::{StreamExt, TryStreamExt};
use hal::client::{Client, ClientErrorKind, Elsewhere, Http};
use hal::{List, Reader, Resource};
use http::{HeaderValue, Request, Response, StatusCode};
use pollster::block_on;
use serde_json::{Value, json};

/// Answers by URL, and remembers what was asked with which credentials.
struct Server {
    answers: Vec<(&'static str, Value)>,
    asked: Mutex<Vec<(String, Option<String>)>>,
}

impl Http for &Server {
    type Error = io::Error;

    async fn send(&self, request: Request<Vec<u8>>) -> io::Result<Response<Vec<u8>>> {
        assert_eq!(
            (request.method().as_str(), &request.headers()["accept"]),
            ("GET", &HeaderValue::from_static("application/hal+json"))
        );
        let url = request.uri().to_string();
        let secret = request.headers().get("authorization");
        assert!(secret.is_none_or(HeaderValue::is_sensitive));
        let secret = secret.map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(secret.is_some(), request.headers().contains_key("apikey"));
        self.asked.lock().unwrap().push((url.clone(), secret));
        let Some((_, body)) = self.answers.iter().find(|(known, _)| *known == url) else {
            return Err(io::Error::other("no route"));
        };
        let (status, body) = match body {
            Value::Number(status) => (status.as_u64().unwrap(), Vec::from("secret")),
            Value::String(text) => (200, text.clone().into_bytes()),
            body => (200, body.to_string().into_bytes()),
        };
        Ok(Response::builder()
            .status(StatusCode::from_u16(u16::try_from(status).unwrap()).unwrap())
            .body(body)
            .unwrap())
    }
}

fn server(answers: Vec<(&'static str, Value)>) -> Server {
    Server {
        answers,
        asked: Mutex::default(),
    }
}

fn client<H: Http>(http: H) -> Client<H> {
    Client::new(http, "https://a.example/api/")
        .unwrap()
        .with_credentials(HeaderValue::from_static("Bearer token"))
        .with_secret_header("apikey".parse().unwrap(), HeaderValue::from_static("key"))
}

impl Server {
    fn asked(&self) -> Vec<(String, bool)> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(|(url, secret)| (url.clone(), secret.is_some()))
            .collect()
    }
}

#[test]
fn links_are_followed_by_relation_name_and_template() {
    let server = server(vec![
        (
            "https://a.example/api/",
            json!({"_links": {
                "curies": [{"name": "acme", "href": "https://docs.example/{rel}", "templated": true}],
                "acme:find": {"href": "people{?name}", "templated": true},
                "unmarked": {"href": "people/{id}"},
                "item": [{"href": "1", "name": "one"}, {"href": "/2", "name": "two"}],
            }}),
        ),
        (
            "https://a.example/api/people?name=%C3%86rlig%20%26",
            json!({"_links": {"self": {"href": "?x#y"}}, "n": 1}),
        ),
        ("https://a.example/api/people?x", json!([])),
        ("https://a.example/api/people/7", json!({"n": 7})),
        ("https://a.example/2", json!({"n": 2})),
        ("https://a.example/api/empty", json!("")),
    ]);
    let client = client(&server);
    block_on(async {
        let people = client
            .root()
            .follow("https://docs.example/find")
            .with("name", "Ærlig &")
            .await
            .unwrap();
        assert_eq!(people.read::<Value>().unwrap()["n"], 1);
        let array = people.follow("self").await.unwrap();
        assert!(array.links().is_empty());
        assert_eq!(array.url(), "https://a.example/api/people?x");
        let chain = client
            .root()
            .follow("acme:find")
            .with("name", "Ærlig &")
            .follow("self")
            .await
            .unwrap();
        assert_eq!(chain.read::<List<Value>>().unwrap().len(), 0);

        let root = client.root().await.unwrap();
        assert_eq!(
            root.follow("unmarked")
                .with("id", "7")
                .await
                .unwrap()
                .read::<Value>()
                .unwrap()["n"],
            7
        );
        assert_eq!(
            root.follow("item")
                .named("two")
                .await
                .unwrap()
                .read::<Value>()
                .unwrap()["n"],
            2
        );
        for (relation, name) in [("other", None), ("item", Some("three"))] {
            let mut follow = root.follow(relation);
            if let Some(name) = name {
                follow = follow.named(name);
            }
            let error = follow.await.unwrap_err();
            assert_eq!(error.kind(), ClientErrorKind::Link);
            assert!(error.to_string().contains(relation), "{error}");
        }
        let empty = client.get("empty").await.unwrap();
        assert_eq!(
            empty.read::<Value>().unwrap_err().kind(),
            hal::ErrorKind::Empty
        );
    });
    assert!(server.asked().iter().all(|(_, secret)| *secret));
}

#[test]
fn credentials_go_where_the_caller_allowed() {
    let links = [
        ("http", "http://a.example/api/"),
        ("port", "https://a.example:444/"),
        ("host", "https://b.example/"),
        ("same", "HTTPS://A.EXAMPLE:443/same"),
        ("slashes", "//b.example/"),
        ("trusted", "https://c.example/x"),
        ("user", "https://a.example@b.example/"),
        ("password", "https://x:y@a.example/"),
        ("script", "javascript:alert(1)"),
        ("file", "file:///etc/passwd"),
    ];
    let relations: Value = links
        .iter()
        .map(|(relation, href)| ((*relation).to_owned(), json!({"href": href})))
        .collect();
    let server = server(vec![
        ("https://a.example/api/", json!({"_links": relations})),
        ("http://a.example/api/", json!({})),
        ("https://a.example:444/", json!({})),
        (
            "https://b.example/",
            json!({"_links": {"back": {"href": "https://a.example/same"}}}),
        ),
        ("https://a.example/same", json!({})),
        ("https://c.example/x", json!({})),
    ]);
    let refusing = client(&server)
        .with_trusted_origin("https://c.example")
        .unwrap();
    let going = client(&server)
        .with_elsewhere(Elsewhere::WithoutCredentials)
        .with_trusted_origin("https://c.example/path")
        .unwrap();
    block_on(async {
        for (client, elsewhere) in [(&refusing, false), (&going, true)] {
            let root = client.root().await.unwrap();
            for (relation, _) in links {
                server.asked.lock().unwrap().clear();
                let followed = root.follow(relation).await;
                let asked = server.asked();
                match relation {
                    "same" | "trusted" => {
                        assert_eq!((followed.is_ok(), asked[0].1), (true, true), "{relation}")
                    }
                    "user" | "password" | "script" | "file" => {
                        assert_eq!(
                            (followed.unwrap_err().kind(), asked.len()),
                            (ClientErrorKind::Url, 0),
                            "{relation}"
                        );
                    }
                    _ if elsewhere => {
                        assert_eq!((followed.is_ok(), asked[0].1), (true, false), "{relation}")
                    }
                    _ => {
                        let error = followed.unwrap_err();
                        assert_eq!(
                            (error.kind(), asked.len()),
                            (ClientErrorKind::Origin, 0),
                            "{relation}"
                        );
                        assert!(error.to_string().contains("example"), "{error}");
                    }
                }
            }
        }
        // and back again with them
        server.asked.lock().unwrap().clear();
        going.root().follow("host").follow("back").await.unwrap();
        let asked: Vec<bool> = server.asked().iter().map(|(_, secret)| *secret).collect();
        assert_eq!(asked, [true, false, true]);
    });
    assert!(!format!("{refusing:?}").contains("token"));
    for start in ["no url", "ftp://a.example", "https://user@a.example"] {
        assert_eq!(
            Client::new(&server, start).unwrap_err().kind(),
            ClientErrorKind::Url
        );
        assert_eq!(
            client(&server)
                .with_trusted_origin(start)
                .unwrap_err()
                .kind(),
            ClientErrorKind::Url
        );
    }
}

fn list(ids: &[u32], next: Option<&str>) -> Value {
    let mut list =
        json!({"_embedded": {"x": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()}});
    if let Some(next) = next {
        list["_links"] = json!({"next": {"href": next}});
    }
    list
}

#[test]
fn pages_are_a_stream_with_an_end() {
    let server = server(vec![
        ("https://a.example/api/", list(&[1, 2], Some("?p=2"))),
        ("https://a.example/api/?p=2", list(&[], Some("?p=3"))),
        ("https://a.example/api/?p=3", list(&[3], None)),
        ("https://a.example/loop", list(&[1], Some("/loop?2"))),
        ("https://a.example/loop?2", list(&[2], Some("loop"))),
        (
            "https://a.example/away",
            list(&[1], Some("https://b.example/")),
        ),
        ("https://a.example/odd", list(&[1], Some("?odd=2"))),
        (
            "https://a.example/odd?odd=2",
            json!({"_embedded": {"x": [{"id": "two"}]}}),
        ),
    ]);
    let client = client(&server);
    #[derive(serde::Deserialize)]
    struct Item {
        id: u32,
    }
    block_on(async {
        let ids: Vec<u32> = client
            .root()
            .await
            .unwrap()
            .items::<Item>()
            .map_ok(|item| item.id)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids, [1, 2, 3]);
        let pages: Vec<String> = client
            .root()
            .await
            .unwrap()
            .pages()
            .map_ok(|page| page.url().to_owned())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(
            pages,
            [
                "https://a.example/api/",
                "https://a.example/api/?p=2",
                "https://a.example/api/?p=3"
            ]
        );

        for (start, before, kind) in [
            ("/loop", 2, ClientErrorKind::Loop),
            ("/away", 1, ClientErrorKind::Origin),
            ("/odd", 1, ClientErrorKind::Document),
        ] {
            let items: Vec<_> = client
                .get(start)
                .await
                .unwrap()
                .items::<Item>()
                .collect()
                .await;
            assert_eq!(items.len(), before + 1, "{start}");
            let error = items.into_iter().find_map(Result::err).unwrap();
            assert_eq!(error.kind(), kind, "{start}: {error}");
        }
    });
    // a page is asked for when it is wanted, not before
    server.asked.lock().unwrap().clear();
    block_on(async {
        let mut items = Box::pin(client.root().await.unwrap().items::<Item>());
        items.next().await.unwrap().unwrap();
        items.next().await.unwrap().unwrap();
        assert_eq!(server.asked().len(), 1);
    });
}

#[test]
fn lengths_are_guarded() {
    async fn endless(request: Request<Vec<u8>>) -> io::Result<Response<Vec<u8>>> {
        let page: usize = request
            .uri()
            .query()
            .map_or(0, |query| query.parse().unwrap());
        Ok(Response::new(
            list(&[1], Some(&format!("?{}", page + 1)))
                .to_string()
                .into_bytes(),
        ))
    }
    block_on(async {
        let client = Client::new(endless, "https://a.example/")
            .unwrap()
            .with_max_pages(5);
        let pages: Vec<_> = client.root().await.unwrap().pages().collect().await;
        assert_eq!(pages.len(), 6);
        assert_eq!(
            pages[5].as_ref().unwrap_err().kind(),
            ClientErrorKind::TooManyPages
        );

        let client = Client::new(endless, "https://a.example/")
            .unwrap()
            .with_max_hops(2);
        let far = client.root().follow("next").follow("next").await.unwrap();
        assert_eq!(
            far.follow("next").await.unwrap_err().kind(),
            ClientErrorKind::TooManyHops
        );

        let reader = Reader::default().with_limits(hal::Limits::default().with_bytes(10));
        let client = Client::new(endless, "https://a.example/")
            .unwrap()
            .with_reader(reader);
        let error = client.root().await.unwrap_err();
        assert_eq!(error.kind(), ClientErrorKind::Document);
        assert!(
            error
                .source()
                .unwrap()
                .to_string()
                .contains("at most 10 bytes")
        );
    });
}

#[test]
fn what_is_embedded_is_not_fetched() {
    let server = server(vec![
        (
            "https://a.example/api/",
            json!({"_links": {"author": {"href": "/1"}, "editor": {"href": "/2"}}, "_embedded": {"author": {"n": 1}}}),
        ),
        (
            "https://a.example/2",
            json!({"n": 2, "_links": {"self": {"href": "/2"}}}),
        ),
    ]);
    let client = client(&server);
    block_on(async {
        let page = client.root().await.unwrap();
        assert_eq!(
            page.load::<Value>("author").await.unwrap(),
            Some(json!({"n": 1}))
        );
        assert_eq!(server.asked().len(), 1);
        let editor = page
            .load::<Resource<Value>>("editor")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (editor.state["n"].as_u64(), editor.links.len()),
            (Some(2), 1)
        );
        assert!(page.load::<Value>("printer").await.unwrap().is_none());
    });
}

#[test]
fn failures_are_told_apart_and_keep_quiet() {
    let server = server(vec![
        ("https://a.example/api/refused", json!(403)),
        ("https://a.example/api/moved", json!(302)),
        ("https://a.example/api/html", json!("<html>secret")),
        (
            "https://a.example/api/wrong",
            json!({"_links": {"a": {"href": "/{", "templated": true}}}),
        ),
    ]);
    let client = client(&server);
    block_on(async {
        for (place, kind, status) in [
            ("refused", ClientErrorKind::Status, Some(403)),
            ("moved", ClientErrorKind::Redirect, Some(302)),
            ("html", ClientErrorKind::Document, None),
            ("nowhere", ClientErrorKind::Transport, None),
            ("https://[", ClientErrorKind::Url, None),
        ] {
            let error = client.get(place).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.status().map(|s| s.as_u16())),
                (kind, status),
                "{place}"
            );
            assert_eq!(error.body() == b"secret", status.is_some());
            assert_eq!(
                error.source().is_some(),
                matches!(kind, ClientErrorKind::Document | ClientErrorKind::Transport)
            );
            assert!(
                !format!("{error} {error:?}").contains("secret"),
                "{error:?}"
            );
        }
        let error = client.get("wrong").follow("a").await.unwrap_err();
        assert_eq!(error.kind(), ClientErrorKind::Template);
    });
}

#[test]
fn futures_and_streams_can_be_sent_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    let server = server(vec![("https://a.example/api/", json!({}))]);
    let client = client(&server);
    is_send(&client.root().into_future());
    let page = block_on(client.root().into_future()).unwrap();
    is_send(&page.load::<Value>("x"));
    is_send(&page.items::<Value>());
}
