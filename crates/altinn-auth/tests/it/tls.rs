//! TLS: enterprise certificates that are missing or refused, private authorities, and proxies.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};

use altinn_auth::id_porten::LoginRequest;
use altinn_auth::{Altinn, Error, ErrorKind, PasswordCredentials, SecurityLevel};
use http_transport::ErrorKind as Transport;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_openssl::SslStream;

use crate::get;
use crate::server::{self, Fake, Reply, answer, builder, environment, id_porten};

const PASSWORD: &str = "hemmelig";

struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

fn key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn name(text: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", text).unwrap();
    name.build()
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = key();
        let certificate = certificate(name, &key, None, &[]);
        Self { certificate, key }
    }

    fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    /// For these host names; a client's has none.
    fn issue(&self, hosts: &[&str]) -> (X509, PKey<Private>) {
        let key = key();
        (certificate("leaf", &key, Some(self), hosts), key)
    }
}

fn certificate(
    common_name: &str,
    key: &PKey<Private>,
    issuer: Option<&Authority>,
    hosts: &[&str],
) -> X509 {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = [1; 8];
    openssl::rand::rand_bytes(&mut serial[1..]).unwrap();
    let serial = BigNum::from_slice(&serial).unwrap().to_asn1_integer();
    builder.set_serial_number(&serial.unwrap()).unwrap();
    builder.set_subject_name(&name(common_name)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(30).unwrap())
        .unwrap();
    let signer = match issuer {
        None => {
            builder.set_issuer_name(&name(common_name)).unwrap();
            let basic = BasicConstraints::new().critical().ca().build().unwrap();
            builder.append_extension(basic).unwrap();
            key
        }
        Some(authority) => {
            let issuer = authority.certificate.subject_name();
            builder.set_issuer_name(issuer).unwrap();
            let usage = KeyUsage::new().digital_signature().build().unwrap();
            builder.append_extension(usage).unwrap();
            &authority.key
        }
    };
    if !hosts.is_empty() {
        let mut names = SubjectAlternativeName::new();
        for host in hosts {
            match host.parse::<std::net::IpAddr>() {
                Ok(_) => names.ip(host),
                Err(_) => names.dns(host),
            };
        }
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
    }
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    builder.build()
}

fn pkcs12((certificate, key): &(X509, PKey<Private>)) -> Vec<u8> {
    let mut builder = openssl::pkcs12::Pkcs12::builder();
    builder.pkey(key).cert(certificate).name("auth");
    builder.build2(PASSWORD).unwrap().to_der().unwrap()
}

/// As old programs wrote it: certificates with RC2-40, keys with 3DES. `None` where there is no `openssl`
/// command that makes such files.
#[allow(clippy::print_stdout, reason = "a test says what it did not do")]
fn old_pkcs12((certificate, key): &(X509, PKey<Private>)) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let (pem, out) = (folder.path().join("in.pem"), folder.path().join("out.p12"));
    let mut text = key.private_key_to_pem_pkcs8().unwrap();
    text.extend(certificate.to_pem().unwrap());
    std::fs::write(&pem, text).unwrap();
    let made = Command::new("openssl")
        .args([
            "pkcs12",
            "-export",
            "-legacy",
            "-certpbe",
            "PBE-SHA1-RC2-40",
        ])
        .args(["-keypbe", "PBE-SHA1-3DES", "-passout"])
        .arg(format!("pass:{PASSWORD}"))
        .arg("-in")
        .arg(&pem)
        .arg("-out")
        .arg(&out)
        .output();
    match made {
        Ok(output) if output.status.success() => Some(std::fs::read(out).unwrap()),
        _ if std::env::var_os("CI").is_some() => panic!("CI has the openssl command"),
        _ => {
            println!("skipped: no `openssl` command that makes such files");
            None
        }
    }
}

fn acceptor(
    server: &(X509, PKey<Private>),
    clients_of: Option<&Authority>,
    version: Option<SslVersion>,
) -> SslAcceptor {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    builder.set_private_key(&server.1).unwrap();
    builder.set_certificate(&server.0).unwrap();
    builder.set_session_id_context(b"test").unwrap();
    builder.set_max_proto_version(version).unwrap();
    if let Some(authority) = clients_of {
        let trusted = authority.certificate.clone();
        builder.cert_store_mut().add_cert(trusted).unwrap();
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    builder.build()
}

/// A server that looks at client certificates; `breaks` ends each connection when it stands.
async fn server(acceptor: SslAcceptor, breaks: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let seen = server::Seen::default();
        while let Ok((stream, _)) = listener.accept().await {
            let ssl = Ssl::new(acceptor.context()).unwrap();
            let mut stream = SslStream::new(ssl, stream).unwrap();
            if std::pin::Pin::new(&mut stream).accept().await.is_err() {
                // over TLS 1.3 the client has sent its request by now: as servers do, it is read, for a
                // connection that is closed over unread bytes loses the alert
                tokio::spawn(async move {
                    let _ = stream.get_mut().shutdown().await;
                    let _ = tokio::io::copy(stream.get_mut(), &mut tokio::io::sink()).await;
                });
                continue;
            }
            if breaks {
                continue;
            }
            server::serve(stream, &seen, &|_| Reply::Answer(answer(200, "{}"))).await;
        }
    });
    url
}

fn altinn(url: &str, authority: &Authority, pkcs12: Option<&[u8]>) -> Altinn {
    let environment = environment("http://127.0.0.1:1", url, url, "http://127.0.0.1:1");
    let builder = builder(&environment).trust_pem(authority.pem());
    match pkcs12 {
        Some(file) => builder.client_certificate(file, &PASSWORD.into()).unwrap(),
        None => {
            let transport = http_transport::ReqwestTransport::builder();
            let transport = transport.trust_pem(&authority.pem()).unwrap();
            builder.certificate_transport(Arc::new(transport.build().unwrap()))
        }
    }
    .build()
    .unwrap()
}

async fn call(url: &str, altinn: &Altinn) -> Result<u16, Error> {
    let request = get(&format!("{url}/api/messages"));
    let answer = altinn
        .certificate()
        .call("read the message box", request)
        .await?;
    Ok(answer.status().as_u16())
}

#[tokio::test]
async fn a_certificate_that_is_missing_or_refused_is_no_broken_connection() {
    let authority = Authority::new("Test CA");
    // one that says that it is the same, and one that does not
    let (double, stranger) = (Authority::new("Test CA"), Authority::new("Other CA"));
    let own = authority.issue(&["127.0.0.1"]);
    let good = pkcs12(&authority.issue(&[]));
    let foreign = [&double, &stranger].map(|authority| pkcs12(&authority.issue(&[])));
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let acceptor = |clients| acceptor(&own, clients, Some(version));
        let url = server(acceptor(Some(&authority)), false).await;
        let known = altinn(&url, &authority, Some(&good));
        assert_eq!(call(&url, &known).await.unwrap(), 200);

        let missing = altinn(&url, &authority, None);
        let missing = call(&url, &missing).await.unwrap_err();
        let mut errors = vec![("missing", missing)];
        for foreign in &foreign {
            let refused = altinn(&url, &authority, Some(foreign));
            errors.push(("refused", call(&url, &refused).await.unwrap_err()));
        }
        for (what, error) in errors {
            // the older TLS has no alert of its own for one that is missing (RFC 5246 §7.4.6)
            let kind = match (what, version) {
                ("missing", SslVersion::TLS1_2) => Transport::HandshakeRefused,
                _ => Transport::ClientCertificate,
            };
            assert_eq!(
                error.kind(),
                ErrorKind::Transport(kind),
                "{what} {version:?}: {error:?}"
            );
            let remedy = error.diagnosis().remedy().unwrap().to_string();
            assert!(remedy.contains("virksomhetssertifikat"), "{remedy}");
            assert!(!error.is_retryable());
        }

        // a connection that breaks has another name, whether a certificate was shown or not
        let url = server(acceptor(None), true).await;
        for shown in [None, Some(good.as_slice())] {
            let error = call(&url, &altinn(&url, &authority, shown))
                .await
                .unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Transport(Transport::Interrupted),
                "{version:?} {error:?}"
            );
            assert!(error.is_retryable());
            let remedy = error.diagnosis().remedy().unwrap().to_string();
            assert!(remedy.contains("try again"), "{remedy}");
        }
    }
    // and so has a server that nobody trusts
    let url = server(acceptor(&stranger.issue(&["127.0.0.1"]), None, None), false).await;
    let error = call(&url, &altinn(&url, &authority, Some(&good)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport(Transport::Tls));
}

#[tokio::test]
async fn an_old_pkcs12_file_is_shown_in_tls_as_a_new_one_is() {
    let authority = Authority::new("Test CA");
    let acceptor = acceptor(&authority.issue(&["127.0.0.1"]), Some(&authority), None);
    let url = server(acceptor, false).await;
    let Some(file) = old_pkcs12(&authority.issue(&[])) else {
        return;
    };
    let me = altinn(&url, &authority, Some(&file));
    assert_eq!(call(&url, &me).await.unwrap(), 200);
    let environment = environment(&url, &url, &url, &url);
    let wrong = builder(&environment).client_certificate(&file, &"wrong".into());
    assert!(wrong.is_err());
}

const MASKINPORTEN: &str = "maskinporten.proxied.test";
const PLATFORM: &str = "platform.proxied.test";
const ALTINN2: &str = "altinn2.proxied.test";
const ID_PORTEN: &str = "idporten.proxied.test";
const API: &str = "api.proxied.test";
const CHILD: &str = "ALTINN_AUTH_TEST_AUTHORITY";

/// The proxy variables hold for a whole process, so the clients are in one of their own: this same test,
/// once more. What they ask for are hosts that no resolver knows; the proxy does, and has the certificate
/// of a private authority for each.
#[tokio::test]
async fn proxies_and_private_authorities_hold_for_every_host() {
    if let Some(file) = std::env::var_os(CHILD) {
        return behind_the_proxy(&std::fs::read(file).unwrap()).await;
    }
    let authority = Authority::new("Test CA");
    let hosts = [MASKINPORTEN, PLATFORM, ALTINN2, ID_PORTEN, API];
    let fake = Fake::new();
    fake.at(
        &format!("https://{PLATFORM}"),
        &format!("https://{ID_PORTEN}"),
    );
    let acceptor = acceptor(&authority.issue(&hosts), None, None);
    let (proxy, asked) = proxy(acceptor, fake).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let this = "tls::proxies_and_private_authorities_hold_for_every_host";
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", this, "--nocapture"])
        .env(CHILD, &file);
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        command.env(variable, &proxy);
    }
    for variable in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(variable);
    }
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{errors}"
    );

    let asked = asked.lock().unwrap();
    let expected = [
        (MASKINPORTEN, "/token"),
        (PLATFORM, "/authentication/api/v1/exchange/maskinporten"),
        (
            PLATFORM,
            "/authentication/api/v1/openid/.well-known/openid-configuration/jwks",
        ),
        (PLATFORM, "/authentication/api/v1/exchange/id-porten"),
        (PLATFORM, "/storage/api/v1/instances"),
        (ALTINN2, "/api/authentication/authenticatewithpassword"),
        (ALTINN2, "/api/messages"),
        (ID_PORTEN, "/idp/.well-known/openid-configuration"),
        (ID_PORTEN, "/idp/par"),
        (ID_PORTEN, "/idp/token"),
        (ID_PORTEN, "/idp/jwks"),
        (ID_PORTEN, "/idp/revoke"),
        (API, "/anything"),
    ];
    for (host, path) in expected {
        let line = (host.to_owned(), path.to_owned());
        assert!(
            asked.contains(&line),
            "{host}{path} is not among {asked:#?}"
        );
    }
}

async fn behind_the_proxy(authority: &[u8]) {
    let url = |host: &str| format!("https://{host}");
    let environment = environment(
        &url(MASKINPORTEN),
        &url(PLATFORM),
        &url(ALTINN2),
        &url(ID_PORTEN),
    );
    let altinn = builder(&environment)
        .trust_pem(authority)
        .verify_tokens()
        .build()
        .unwrap();
    let me = altinn.organisation().scopes(["altinn:x"]);
    let request = get(&format!("https://{PLATFORM}/storage/api/v1/instances"));
    me.call("list instances", request).await.unwrap();
    let app = me.api([url(API).as_str()]).unwrap();
    let request = get(&format!("https://{API}/anything"));
    app.call("call an app", request).await.unwrap();
    let credentials = PasswordCredentials::new("user", "passw0rd".into()).unwrap();
    let request = get(&format!("https://{ALTINN2}/api/messages"));
    let person = altinn.password_user(credentials);
    person.call("read the message box", request).await.unwrap();

    let client = id_porten(&environment)
        .trust_pem(authority)
        .build()
        .unwrap();
    let request = LoginRequest::new("http://localhost/back");
    client.begin(request.clone()).await.unwrap();
    // the log-in's page is the person's browser's: what it would bring back is made up, but the nonce is
    // the fake provider's, which is in the process that started this one
    let pending = client
        .begin(request.level(SecurityLevel::FOUR).not_pushed())
        .await
        .unwrap();
    let mut pairs = pending.url().query_pairs();
    let nonce = pairs.find(|pair| pair.0 == "nonce").unwrap().1.into_owned();
    let told = format!("https://{ID_PORTEN}/idp/told?nonce={nonce}");
    let app = me.api([url(ID_PORTEN).as_str()]).unwrap();
    app.call("tell the nonce", get(&told)).await.unwrap();
    let state = pending.state().to_owned();
    let login = pending
        .finish(&format!(
            "?code=c&state={state}&iss=https://{ID_PORTEN}/idp"
        ))
        .await
        .unwrap();
    altinn.person(login.clone()).token().await.unwrap();
    assert!(login.end().await.unwrap().revoked);
}

type Asked = Arc<Mutex<BTreeSet<(String, String)>>>;

/// Answers `CONNECT` for any host as that host.
async fn proxy(acceptor: SslAcceptor, fake: Fake) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, fake, log) = (acceptor.clone(), fake.clone(), log.clone());
            tokio::spawn(async move {
                let Some(connect) = server::read(&mut stream).await else {
                    return;
                };
                assert_eq!(connect.method(), "CONNECT");
                let host = connect.uri().host().unwrap().to_owned();
                let ok = b"HTTP/1.1 200 Connection established\r\n\r\n";
                stream.write_all(ok).await.unwrap();
                let ssl = Ssl::new(acceptor.context()).unwrap();
                let mut stream = SslStream::new(ssl, stream).unwrap();
                if std::pin::Pin::new(&mut stream).accept().await.is_err() {
                    return;
                }
                let seen = server::Seen::default();
                server::serve(stream, &seen, &|request| fake.reply(request)).await;
                for request in seen.lock().unwrap().iter() {
                    log.lock()
                        .unwrap()
                        .insert((host.clone(), request.uri().path().to_owned()));
                }
            });
        }
    });
    (url, asked)
}
