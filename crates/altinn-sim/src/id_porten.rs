//! ID-porten, as far as the platform's exchange needs it: access tokens of people who logged in.
//!
//! There is no login page here: a test says through the library who has logged in.

use jiff::SignedDuration;
use serde_json::json;
use uuid::Uuid;

use crate::jws::{self, Jws, SignError};
use crate::pki::SigningKey;
use crate::state::Shared;
use crate::world::Person;

const ISSUER: &str = "https://test.idporten.no";
/// Lifetime of an access token seen in the test environment.
const LIFETIME: SignedDuration = SignedDuration::from_secs(600);

pub(crate) struct Server {
    key: SigningKey,
}

impl Server {
    pub(crate) fn new(key: SigningKey) -> Self {
        Self { key }
    }

    pub(crate) fn issued(&self, token: &Jws) -> bool {
        token.text("iss") == Some(ISSUER) && token.is_signed_by(&self.key.key)
    }

    pub(crate) fn access_token(
        &self,
        sim: &Shared,
        person: &Person,
        scopes: &str,
    ) -> Result<String, SignError> {
        let now = sim.clock.now();
        let vendor = &sim.world().cast.vendor;
        let claims = json!({
            "sub": person.number.expose(),
            "acr": "idporten-loa-high",
            "scope": scopes,
            "iss": ISSUER,
            "client_amr": "private_key_jwt",
            "pid": person.number.expose(),
            "exp": (now + LIFETIME).as_second(),
            "iat": now.as_second(),
            "jti": Uuid::new_v4().simple().to_string().get(..11),
            "client_id": "altinn-sim",
            "consumer": {"authority": "iso6523-actorid-upis", "ID": format!("0192:{vendor}")},
        });
        let header = json!({"kid": "altinn-sim--cert0", "alg": "RS256"});
        jws::sign(&header, &claims, &self.key.key)
    }
}
