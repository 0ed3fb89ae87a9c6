//! A key file for TLS: the same file, with the same tolerance, for another use.

use http_transport::SecretString;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::{SignerLoader, chain, crypto, pkcs12};
use crate::BuildError;

impl SignerLoader {
    /// What a TLS client shows of a PKCS#12 file: the certificates as PEM, leaf first, and the private
    /// key as PKCS#8 PEM. Old files (RC2, 3DES) are read as for signing. An expired certificate is not
    /// refused here: the server does that.
    ///
    /// # Errors
    ///
    /// As [`Signer::from_pkcs12`](crate::Signer::from_pkcs12), and when the file holds no certificate.
    pub fn tls_identity(
        self,
        bytes: &[u8],
        password: &SecretString,
    ) -> Result<(Vec<u8>, SecretString), BuildError> {
        let (key, certificates): (PKey<Private>, Vec<X509>) =
            pkcs12::read(bytes, password, self.alias.as_deref())?;
        let now = self.now.unwrap_or_else(std::time::SystemTime::now);
        let chain = chain::of_key(&key, certificates, now)?;
        if chain.is_empty() {
            return Err(BuildError::new(
                crate::BuildErrorKind::NotAKeyFile,
                "the file holds no certificate that belongs to its key",
            ));
        }
        let mut pem = Vec::new();
        for certificate in &chain {
            pem.extend(
                certificate
                    .to_pem()
                    .map_err(|error| crypto("the certificate cannot be encoded", error))?,
            );
        }
        let key = key
            .private_key_to_pem_pkcs8()
            .map_err(|error| crypto("the key cannot be encoded", error))?;
        let key = String::from_utf8(key).unwrap_or_default();
        Ok((pem, SecretString::from(key)))
    }
}
