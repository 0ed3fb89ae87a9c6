//! Whether a token is Altinn's own.

use http_transport::{Diagnosis, Remedy, Retry, Who};

use crate::altinn::Inner;
use crate::jwks::{Keys, Untrusted};
use crate::{Environment, Error, ErrorKind};

const OPERATION: &str = "verify the Altinn token";

/// Altinn's keys and the issuer that goes with them.
pub(crate) struct AltinnKeys {
    keys: Keys,
    issuer: String,
}

impl AltinnKeys {
    pub(crate) fn of(environment: &Environment) -> Self {
        let issuer = format!("{}authentication/api/v1/openid/", environment.platform());
        Self {
            keys: Keys::at(format!("{issuer}.well-known/openid-configuration/jwks")),
            issuer,
        }
    }

    pub(crate) async fn verify(&self, token: &str, altinn: &Inner) -> Result<(), Error> {
        let clock = altinn.cache.clock();
        let payload = self
            .keys
            .payload(token, &*altinn.transport, &**clock)
            .await
            .map_err(|untrusted| {
                let message = format!("the token cannot be trusted: {untrusted}");
                if let Untrusted::KeysUnavailable(error) = untrusted {
                    return Error::transport(OPERATION, error);
                }
                refused(message, altinn)
            })?;
        match payload["iss"].as_str() {
            Some(issuer) if issuer == self.issuer => Ok(()),
            issuer => Err(refused(
                format!(
                    "the token is of {}, and not of {}",
                    issuer.unwrap_or("no issuer"),
                    self.issuer
                ),
                altinn,
            )),
        }
    }
}

fn refused(message: String, altinn: &Inner) -> Error {
    Error::new(
        ErrorKind::InvalidToken,
        Diagnosis::new(OPERATION)
            .with_message(message)
            .with_retry(Retry::No)
            .with_remedy(Remedy::new(
                Who::You,
                format!(
                    "check that {} is Altinn, and that nothing between changes its answers",
                    altinn.environment.platform()
                ),
            )),
    )
}
