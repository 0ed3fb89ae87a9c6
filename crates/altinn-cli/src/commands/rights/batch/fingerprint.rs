//! Fingerprints of rows: an edited list is noticed, and nobody reads a person number from them.

use std::io::Write as _;
use std::path::Path;

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use crate::context::{hex, state_folder};
use crate::failure::Failure;

/// Makes fingerprints of rows that hold person numbers: without the key, nobody finds a number by trying
/// all there are.
pub(in crate::commands::rights) struct FingerprintKey(PKey<Private>);

impl FingerprintKey {
    /// The key that stays on this machine, made when there is none; none without a folder to keep it in.
    pub(in crate::commands::rights) fn find() -> Result<Option<Self>, Failure> {
        state_folder()
            .map(|folder| Self::in_folder(&folder))
            .transpose()
    }

    fn in_folder(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join("fingerprint-key");
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("{}: {error}", file.display()))
                .todo("make the file readable and writable for yourself, or remove it")
        };
        let bytes = match std::fs::read(&file) {
            Ok(bytes) if bytes.len() == 32 => bytes,
            Ok(_) => return Err(cannot(&"this is not a key")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = vec![0; 32];
                openssl::rand::rand_bytes(&mut bytes).map_err(|error| cannot(&error))?;
                let mut made = std::fs::DirBuilder::new();
                made.recursive(true);
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
                made.create(folder).map_err(|error| cannot(&error))?;
                let mut new =
                    tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot(&error))?;
                new.write_all(&bytes).map_err(|error| cannot(&error))?;
                match new.persist_noclobber(&file) {
                    Ok(_) => bytes,
                    // another command was first
                    Err(_) => std::fs::read(&file).map_err(|error| cannot(&error))?,
                }
            }
            Err(error) => return Err(cannot(&error)),
        };
        PKey::hmac(&bytes).map(Self).map_err(|error| cannot(&error))
    }

    /// Sixteen hexadecimal digits.
    pub(in crate::commands::rights) fn of(&self, bytes: &[u8]) -> String {
        let mac = Signer::new(MessageDigest::sha256(), &self.0)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(bytes))
            .unwrap_or_default();
        hex(mac.get(..8).unwrap_or_default())
    }
}
