//! `altinn login` in a real browser: Debian's chromium, without a screen, driven over its DevTools
//! protocol (<https://chromedevtools.github.io/devtools-protocol/>).
//!
//! Without chromium it is passed over, unless `ALTINN_REQUIRE_CHROMIUM` is set, as CI sets it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::people::{Waiting, manager, simulator};

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A chromium that somebody else starts, by `$BROWSER`.
struct Chromium {
    socket: Socket,
    calls: u64,
    /// The page that it shows.
    page: Value,
}

/// What `$BROWSER` is: a script that starts chromium and tells through a pipe where it is driven from.
fn script(folder: &Path) -> (String, std::path::PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let pipe = folder.join("devtools");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
    let script = folder.join("browser");
    let text = format!(
        "#!/bin/sh\nexec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \\\n\
         --no-first-run --disable-background-networking --remote-debugging-port=0 \\\n\
         --user-data-dir='{}' \"$1\" 2>'{}'\n",
        folder.join("profile").display(),
        pipe.display(),
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    (script.to_str().unwrap().to_owned(), pipe)
}

impl Chromium {
    async fn meet(pipe: std::path::PathBuf) -> Self {
        let address = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(File::open(pipe).unwrap()).lines();
            let address = lines.by_ref().find_map(|line| {
                let line = line.unwrap();
                let address = line.strip_prefix("DevTools listening on ")?;
                Some(address.to_owned())
            });
            // what it says later must have a reader, or it stops
            std::thread::spawn(move || lines.for_each(drop));
            address.unwrap()
        });
        let address = address.await.unwrap();
        let (socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let mut chromium = Self {
            socket,
            calls: 0,
            page: Value::Null,
        };
        let targets = chromium.call("Target.getTargets", json!({})).await.unwrap();
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets
            .iter()
            .find(|target| target["type"] == "page")
            .unwrap();
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = chromium
            .call("Target.attachToTarget", attach)
            .await
            .unwrap();
        chromium.page = attached["sessionId"].clone();
        chromium
    }

    async fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if !self.page.is_null() {
            call["sessionId"] = self.page.clone();
        }
        let text = Message::text(call.to_string());
        self.socket.send(text).await.unwrap();
        loop {
            let message = self.socket.next().await.unwrap().unwrap();
            let Ok(text) = message.to_text() else {
                continue;
            };
            let answer: Value = serde_json::from_str(text).unwrap_or_default();
            if answer["id"] == self.calls {
                return match answer.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(answer["result"].clone()),
                };
            }
        }
    }

    /// The value of a script once there is one on the page that is shown then: pages come and go.
    async fn once(&mut self, expression: &str) -> Value {
        let script = format!(
            "new Promise(found => {{
                const look = () => {{ const value = {expression}; if (value) found(value); return value; }};
                if (!look()) new MutationObserver(look).observe(document, {{ subtree: true, childList: true }});
            }})"
        );
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        for _ in 0..100 {
            // a page that goes away takes the script with it: the next one is asked
            if let Ok(answer) = self.call("Runtime.evaluate", params.clone()).await
                && answer.get("exceptionDetails").is_none()
            {
                return answer["result"]["value"].clone();
            }
        }
        panic!("the browser answers nothing to {expression}");
    }

    async fn close(mut self) {
        self.page = Value::Null;
        let close = json!({ "id": self.calls + 1, "method": "Browser.close" });
        self.socket
            .send(Message::text(close.to_string()))
            .await
            .unwrap();
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_page_to_a_token_in_a_real_browser() {
    let chromium = std::process::Command::new("chromium")
        .arg("--version")
        .output();
    if chromium.is_err() {
        assert!(
            std::env::var_os("ALTINN_REQUIRE_CHROMIUM").is_none(),
            "there is no chromium to test with: apt-get install chromium"
        );
        eprintln!("passed over: there is no chromium (apt-get install chromium)");
        return;
    }
    let (simulator, terminal) = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let (script, pipe) = script(folder.path());
    let person = manager(&simulator);
    let waiting = Waiting::start(&terminal, &["--level", "3"], Some(&script));
    let mut browser = Chromium::meet(pipe).await;

    let form = format!("document.querySelector('input[value=\"{person}\"]')");
    browser
        .once(&format!("{form} && !!({form}.checked = true)"))
        .await;
    // the page goes away with the click, and may take the answer with it
    let click = "document.querySelector('button[value=log_in]').click()";
    let _ = browser
        .call("Runtime.evaluate", json!({ "expression": click }))
        .await;
    let page = browser
        .once("document.body && document.body.innerText.includes('logget inn') && document.body.innerText")
        .await;
    assert!(
        page.as_str().unwrap().contains("You are logged in"),
        "{page}"
    );
    let shown = browser.once("location.pathname").await;
    assert_eq!(shown, "/callback");

    waiting.ended().ends_with(0).says("level 3");
    let token = terminal.run(&["token", "--person", "--exchange", "--json"]);
    let claims = token.ends_with(0).json()["claims"].clone();
    assert_eq!(claims["urn:altinn:party:uuid"], person, "{claims:#}");
    terminal
        .run(&["parties", "--person"])
        .ends_with(0)
        .says("310753831");
    browser.close().await;
    terminal.run(&["logout", "--no-browser"]).ends_with(0);
}
