//! Sessions that end in the middle of something.

use std::time::Duration;

use altinn_auth::vendor::UserType;
use altinn_auth::{
    Cookie, EnterpriseUserCredentials, ErrorKind, PasswordCredentials, SecurityLevel,
};
use bytes::Bytes;
use http::{Method, Response};
use serde_json::json;

use crate::get;
use crate::script::{LOG_IN, altinn, cookie, count, exchanged, maskinporten, text, token_of};

const EXCHANGE: &str = "/authentication/api/v1/exchange/maskinporten";
const LIST: &str = "/authentication/api/v1/systemuser/request/vendor/bysystem/x";
const MESSAGES: &str = "https://tt02.altinn.no/api/my/messages";

fn credentials() -> PasswordCredentials {
    // the user name can be a person number
    PasswordCredentials::new("26899299344", "hemmelig".into()).unwrap()
}

/// A list of five pages, during which the token is no longer taken, for the server's own reasons or because
/// its time is over.
#[tokio::test(start_paused = true)]
async fn a_token_that_ends_in_the_middle_of_a_list_loses_nothing() {
    for by_time in [false, true] {
        let clock = std::sync::Arc::new(std::sync::OnceLock::<
            std::sync::Arc<token_cache::TestClock>,
        >::new());
        let time = clock.clone();
        let (altinn, log, own) = altinn(move |request, before| {
            let path = request.uri().path();
            let nth = before
                .iter()
                .filter(|other| other.uri().path() == path)
                .count();
            if path == "/token" {
                return maskinporten(&format!("maskinporten-{nth}"), 3600);
            }
            if path == EXCHANGE {
                return exchanged(&format!("altinn-{nth}"), 1800, json!({}));
            }
            let query = request.uri().query().unwrap_or_default();
            let page: u32 = query
                .strip_prefix("token=")
                .map_or(0, |page| page.parse().unwrap());
            if page == 2 && by_time && token_of(request) == "altinn-0" {
                time.get().unwrap().advance(Duration::from_secs(1900));
            } else if page == 3 && token_of(request) == "altinn-0" {
                return text(401, "text/plain", "");
            }
            let next = format!("https://platform.tt02.altinn.no{LIST}?token={}", page + 1);
            let links = if page < 4 {
                json!({"next": next})
            } else {
                json!({})
            };
            let item = json!({"externalRef": format!("ref-{page}")});
            text(
                200,
                "application/json",
                &json!({"links": links, "data": [item]}).to_string(),
            )
        });
        clock.set(own).unwrap();
        let all = altinn
            .vendor()
            .requests(UserType::Standard, "x")
            .await
            .unwrap();
        let all: Vec<_> = all
            .iter()
            .filter_map(|item| item.external_ref.clone())
            .collect();
        assert_eq!(
            all,
            ["ref-0", "ref-1", "ref-2", "ref-3", "ref-4"],
            "{by_time}"
        );
        // one more token, and only the page that was refused once more
        assert_eq!(count(&log, EXCHANGE), 2, "{by_time}");
        assert_eq!(count(&log, LIST), if by_time { 5 } else { 6 });
    }
}

/// What Altinn 2 answers when nobody is logged in.
fn gone(how: usize) -> Response<Bytes> {
    match how {
        0 => {
            let mut answer = text(302, "text/html", "");
            let to = "https://login.example/".parse().unwrap();
            answer.headers_mut().insert("location", to);
            answer
        }
        1 => text(200, "text/html; charset=utf-8", "<html>Logg inn</html>"),
        _ => text(401, "text/plain", ""),
    }
}

fn cookie_of(request: &http::Request<Bytes>) -> &str {
    request.headers()["cookie"].to_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_ends_in_the_middle_is_renewed_once_and_only_what_is_safe_is_repeated() {
    for how in 0..3 {
        let (altinn, log, clock) = altinn(move |request, before| {
            if request.uri().path() == LOG_IN {
                let logins = before.iter().filter(|other| other.uri().path() == LOG_IN);
                return cookie(&format!("LOGIN{}", logins.count()));
            }
            // the first session holds for two calls, the second for three more
            let same = before
                .iter()
                .filter(|other| other.headers().get("cookie") == request.headers().get("cookie"));
            let good = if cookie_of(request) == ".ASPXAUTH=LOGIN0" {
                2
            } else {
                3
            };
            if same.count() < good {
                text(
                    200,
                    "application/hal+json",
                    &format!("{{\"page\":\"{}\"}}", request.uri()),
                )
            } else {
                gone(how)
            }
        });
        let me = altinn.password_user(credentials());
        let pages = |number: usize| get(&format!("{MESSAGES}?$skip={number}"));
        for number in 0..4 {
            if number == 2 {
                clock.advance(Duration::from_secs(60)); // a 401 of a new session has another reason
            }
            let answer = me.call("list messages", pages(number)).await.unwrap();
            assert_eq!(answer.status(), 200, "{how} {number}");
            let body = String::from_utf8(answer.body().to_vec()).unwrap();
            assert!(body.contains(&format!("skip={number}")), "{body}");
        }
        assert_eq!(count(&log, LOG_IN), 2, "{how}");
        assert_eq!(
            count(&log, "/api/my/messages"),
            5,
            "only the page that was refused came twice"
        );

        // what may change something is not repeated; the session is there for who decides to
        clock.advance(Duration::from_secs(60));
        me.call("list messages", pages(4)).await.unwrap();
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let before = log.lock().unwrap().len();
            let mut request = pages(5);
            *request.method_mut() = method.clone();
            clock.advance(Duration::from_secs(60));
            let error = me.call("send a message", request).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SessionExpired, "{how} {method}");
            assert!(error.is_retryable());
            let remedy = error.diagnosis().remedy().unwrap().to_string();
            assert!(remedy.contains("make the call again"), "{remedy}");
            {
                let log = log.lock().unwrap();
                let sent: Vec<_> = log[before..].iter().map(http::Request::method).collect();
                assert_eq!(sent, [method, Method::POST], "the call, and the log-in");
            }
            assert!(!format!("{error:?} {me:?}").contains("26899299344"));
            for number in 0..3 {
                me.call("list messages", pages(number)).await.unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_at_once_again_is_not_renewed_for_ever() {
    for how in 0..3 {
        let (altinn, log, clock) = altinn(move |request, _| {
            if request.uri().path() == LOG_IN {
                cookie("A")
            } else {
                gone(how)
            }
        });
        let me = altinn.password_user(credentials());
        let call = async || me.call("list messages", get(MESSAGES)).await;
        let first = call().await;
        clock.advance(Duration::from_secs(60));
        let second = call().await;
        for outcome in [first, second] {
            match outcome {
                // a business 401 is what the caller gets
                Ok(answer) => assert_eq!((answer.status().as_u16(), how), (401, 2)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::SessionExpired, "{how}"),
            }
        }
        assert!(count(&log, LOG_IN) <= 3, "{how}: {}", count(&log, LOG_IN));
        assert!(count(&log, "/api/my/messages") <= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_slides_is_followed_and_no_other_is_kept() {
    let (altinn, log, _) = altinn(|request, before| {
        if request.uri().path() == LOG_IN {
            return cookie("FIRST");
        }
        match before.len() {
            // with a cookie that is taken away, as servers write it: no renewal
            1 => cookie("SECOND"),
            2 => {
                let mut answer = text(200, "application/json", "{}");
                let away = ".ASPXAUTH=; expires=Thu, 01-Jan-1970 00:00:00 GMT"
                    .parse()
                    .unwrap();
                answer.headers_mut().insert("set-cookie", away);
                answer
            }
            _ => text(200, "application/json", "{}"),
        }
    });
    let me = altinn.password_user(credentials());
    for _ in 0..3 {
        me.clone()
            .call("list messages", get(MESSAGES))
            .await
            .unwrap();
    }
    let log = log.lock().unwrap();
    let sent: Vec<_> = log[1..].iter().map(cookie_of).collect();
    assert_eq!(
        sent,
        [".ASPXAUTH=FIRST", ".ASPXAUTH=SECOND", ".ASPXAUTH=SECOND"]
    );
    assert!(
        log.iter()
            .all(|request| request.headers()["apikey"] == "api-key")
    );
    assert!(
        log[1..]
            .iter()
            .all(|request| request.headers()["cookie"].is_sensitive())
    );
}

#[tokio::test(start_paused = true)]
async fn a_browsers_cookie_is_a_session_until_it_ends() {
    let (altinn, log, _) = altinn(|_, before| match before.len() {
        0 => cookie("NEWER"),
        1 => text(200, "application/json", "{}"),
        _ => gone(0),
    });
    let given = Cookie::new(&".ASPXAUTH=G1VEN".into()).unwrap();
    let me = altinn.browser_user(given, SecurityLevel::FOUR);
    assert_eq!(me.level(), SecurityLevel::FOUR);
    for _ in 0..2 {
        me.call("list messages", get(MESSAGES)).await.unwrap();
    }
    let error = me.call("list messages", get(MESSAGES)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SessionExpired);
    assert!(!error.is_retryable());
    let remedy = error.diagnosis().remedy().unwrap().to_string();
    assert!(remedy.contains("browser"), "{remedy}");
    let log = log.lock().unwrap();
    let sent: Vec<_> = log.iter().map(cookie_of).collect();
    assert_eq!(
        sent,
        [".ASPXAUTH=G1VEN", ".ASPXAUTH=NEWER", ".ASPXAUTH=NEWER"]
    );
    let said = format!("{error:?} {me:?}");
    assert!(!said.contains("G1VEN") && !said.contains("NEWER"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_an_error_of_its_own_and_is_sent_once() {
    for status in [401, 403] {
        let (altinn, log, _) = altinn(move |_, _| text(status, "text/plain", ""));
        let me = altinn.password_user(credentials());
        for _ in 0..3 {
            let error = me.call("list messages", get(MESSAGES)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongCredentials);
            let remedy = error.diagnosis().remedy().unwrap().to_string();
            assert!(remedy.contains("password"), "{remedy}");
            let said = format!("{error} {error:?} {me:?} {altinn:?}");
            assert!(
                !said.contains("26899299344") && !said.contains("hemmelig"),
                "{said}"
            );
        }
        assert_eq!(count(&log, LOG_IN), 1, "an account is locked after a few");
        let sent = String::from_utf8(log.lock().unwrap()[0].body().to_vec()).unwrap();
        assert_eq!(
            sent,
            r#"{"UserName":"26899299344","UserPassword":"hemmelig"}"#
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_of_the_exchange_is_waited_out_or_said_and_not_asked_again_before() {
    // a short one is waited for
    let (altinn, log, _) = altinn_of_429(7);
    let began = tokio::time::Instant::now();
    let me = altinn.organisation().scopes(["altinn:x"]);
    me.token().await.unwrap();
    assert_eq!(count(&log, EXCHANGE), 2);
    assert!(
        began.elapsed() >= Duration::from_secs(7),
        "as long as was asked for"
    );

    // a long one is an error that says how long, and nobody asks again before
    let (altinn, log, clock) = altinn_of_429(600);
    let me = altinn.organisation().scopes(["altinn:x"]);
    for _ in 0..3 {
        let error = me.token().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Unavailable, Some(429))
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    }
    assert_eq!(count(&log, EXCHANGE), 1);
    clock.advance(Duration::from_secs(601));
    me.token().await.unwrap();
    assert_eq!(count(&log, EXCHANGE), 2);
    // the same of an enterprise user
    let (altinn, _, _) = altinn_of_429(600);
    let user = EnterpriseUserCredentials::new("user", "hemmelig".into()).unwrap();
    let error = altinn
        .enterprise_user(user)
        .scopes(["altinn:x"])
        .token()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

fn altinn_of_429(
    seconds: u64,
) -> (
    altinn_auth::Altinn,
    crate::Log,
    std::sync::Arc<token_cache::TestClock>,
) {
    altinn(move |request, before| {
        if request.uri().path() == "/token" {
            return maskinporten("maskinporten", 3600);
        }
        if before.iter().any(|other| other.uri().path() == EXCHANGE) {
            return exchanged("altinn", 1800, json!({}));
        }
        let mut answer = text(429, "text/plain", "");
        answer.headers_mut().insert("retry-after", seconds.into());
        answer
    })
}

#[tokio::test(start_paused = true)]
async fn of_many_calls_that_find_the_session_gone_one_logs_in() {
    let (altinn, log, clock) = altinn(|request, before| {
        if request.uri().path() == LOG_IN {
            let logins = before.iter().filter(|other| other.uri().path() == LOG_IN);
            return cookie(&format!("LOGIN{}", logins.count()));
        }
        let calls = before.iter().filter(|other| other.uri().path() != LOG_IN);
        // after twenty calls the first session is over
        if cookie_of(request) == ".ASPXAUTH=LOGIN0" && calls.count() >= 20 {
            gone(0)
        } else {
            text(200, "application/json", "{}")
        }
    });
    let me = altinn.password_user(credentials());
    for round in 1..=2 {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let me = me.clone();
            calls.spawn(async move { me.call("list messages", get(MESSAGES)).await });
        }
        while let Some(done) = calls.join_next().await {
            assert_eq!(done.unwrap().unwrap().status(), 200);
        }
        assert_eq!(count(&log, LOG_IN), round);
        clock.advance(Duration::from_secs(60));
    }
}
