//! A minimal client of its own: JWS built by hand, requests sent as they are. It shares nothing with the
//! crates it stands in for, so it can also be wrong on purpose.

use altinn_sim::Simulator;
use altinn_sim::pki::{EnterpriseCertificate, Profile, Shape};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Rsa, RsaPrivateKeyBuilder};
use openssl::sign::Signer;
use serde_json::{Map, Value, json};

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const PLAIN_SCOPE: &str = "altinn:instances.read";

pub(crate) async fn started() -> Simulator {
    Simulator::builder().start().await.unwrap()
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        // Reading the machine's trusted authorities takes longer than most tests.
        .tls_certs_only([])
        .http1_only()
        .no_proxy()
        .build()
        .unwrap()
}

/// A grant in the making: right unless a test makes it wrong.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) key: PKey<Private>,
}

impl Grant {
    /// The vendor's client without keys, with a certificate of the vendor.
    pub(crate) fn by_certificate(sim: &Simulator) -> Self {
        Self::with(sim, &Profile::new(Shape::CommfidesSeid2))
    }

    pub(crate) fn with(sim: &Simulator, profile: &Profile) -> Self {
        let cast = sim.cast();
        let certificate = sim.issue_certificate(&cast.vendor, profile).unwrap();
        let header = json!({"alg": "RS256", "x5c": x5c(&certificate)});
        Self::of(sim, &cast.client, header, key_of(&certificate))
    }

    /// A client with a registered key.
    pub(crate) fn by_key(sim: &Simulator, client: &str) -> Self {
        let jwk: Value = serde_json::from_str(sim.client_jwk(client).unwrap().expose()).unwrap();
        let header = json!({"alg": "RS256", "kid": jwk["kid"]});
        Self::of(sim, client, header, key_of_jwk(&jwk))
    }

    fn of(sim: &Simulator, client: &str, header: Value, key: PKey<Private>) -> Self {
        let now = sim.clock().now().as_second();
        let claims = json!({
            "aud": sim.maskinporten_issuer(),
            "iss": client,
            "scope": PLAIN_SCOPE,
            "iat": now,
            "exp": now + 60,
            "jti": uuid::Uuid::new_v4(),
        });
        Self {
            header: object(header),
            claims: object(claims),
            key,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    pub(crate) fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// `iat` is moved by `seconds`, and `exp` with it.
    pub(crate) fn issued_at(self, sim: &Simulator, seconds: i64, lifetime: i64) -> Self {
        let iat = sim.clock().now().as_second() + seconds;
        self.claim("iat", iat).claim("exp", iat + lifetime)
    }

    pub(crate) fn system_user(self, organisation: &str, external_ref: Option<&str>) -> Self {
        let mut detail = json!({
            "type": "urn:altinn:systemuser",
            "systemuser_org":
                {"authority": "iso6523-actorid-upis", "ID": format!("0192:{organisation}")},
        });
        if let Some(reference) = external_ref {
            detail["externalRef"] = reference.into();
        }
        self.claim("authorization_details", json!([detail]))
    }

    pub(crate) fn signed_by_a_stranger(self) -> Self {
        Self {
            key: PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
            ..self
        }
    }

    pub(crate) fn assertion(&self) -> String {
        let part =
            |value: &Map<String, Value>| URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let digest = match self.header["alg"].as_str() {
            Some("RS384") => MessageDigest::sha384(),
            Some("RS512") => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        };
        let mut signer = Signer::new(digest, &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) async fn send(&self, sim: &Simulator) -> Answer {
        send_assertion(sim, &self.assertion()).await
    }

    /// Sends it and expects a token.
    pub(crate) async fn token(&self, sim: &Simulator) -> String {
        let answer = self.send(sim).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn send_assertion(sim: &Simulator, assertion: &str) -> Answer {
    let form = [("grant_type", GRANT_TYPE), ("assertion", assertion)];
    Answer::of(http().post(sim.token_endpoint()).form(&form)).await
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Status, `error`, text and code of a refusal, with the trace id in its place.
    pub(crate) fn assert_refused(&self, status: u16, error: &str, text: &str, code: Option<&str>) {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["error"], error, "{body}");
        let description = body["error_description"].as_str().unwrap();
        let (said, trace) = description.split_once(" (trace_id: ").unwrap();
        assert_eq!(said, text);
        let trace = trace.strip_suffix(')').unwrap();
        assert!(
            trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit()),
            "{trace}"
        );
        let uri = body.get("error_uri").and_then(Value::as_str);
        let (said, wanted) = (
            uri.and_then(|u| u.rsplit_once("/errors/")).map(|u| u.1),
            code,
        );
        assert_eq!(said, wanted, "{body}");
    }
}

/// Header and claims of a token; the signature is not looked at.
pub(crate) fn decoded(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|p| URL_SAFE_NO_PAD.decode(p).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

pub(crate) fn claims(token: &str) -> Value {
    decoded(token).1
}

/// GET with a bearer token.
pub(crate) fn get(url: &str, token: &str) -> reqwest::RequestBuilder {
    http().get(url).bearer_auth(token)
}

pub(crate) fn exchange_url(sim: &Simulator) -> String {
    format!(
        "{}/authentication/api/v1/exchange/maskinporten",
        sim.platform_url()
    )
}

pub(crate) fn key_of(certificate: &EnterpriseCertificate) -> PKey<Private> {
    PKey::private_key_from_pem(&certificate.private_key_pem().unwrap()).unwrap()
}

pub(crate) fn x5c(certificate: &EnterpriseCertificate) -> Vec<String> {
    certificate
        .chain_der()
        .unwrap()
        .iter()
        .map(|der| STANDARD.encode(der))
        .collect()
}

pub(crate) fn key_of_jwk(jwk: &Value) -> PKey<Private> {
    let number = |name: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        BigNum::from_slice(&bytes).unwrap()
    };
    let rsa = RsaPrivateKeyBuilder::new(number("n"), number("e"), number("d"))
        .and_then(|b| b.set_factors(number("p"), number("q")))
        .and_then(|b| b.set_crt_params(number("dp"), number("dq"), number("qi")))
        .unwrap()
        .build();
    PKey::from_rsa(rsa).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}
