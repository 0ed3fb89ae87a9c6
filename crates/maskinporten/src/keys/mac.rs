//! A MAC for PKCS#12 files that came without one.
//!
//! OpenSSL before 3.2 takes a password only for a file with a MAC (RFC 7292 §4), and answers "mac
//! verify failure" to all others. So such a file gets a MAC that is made of the given password: it
//! proves nothing, and lets OpenSSL go on to the decryption, which fails where the password is wrong.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sha::Sha256;
use openssl::sign::Signer;
use zeroize::Zeroizing;

/// The block of SHA-256 in octets, `v / 8` in RFC 7292 appendix B.2.
const BLOCK: usize = 64;
/// The salt may be constant: the MAC lives no longer than this call.
const SALT: &[u8; 8] = b"no mac!!";
/// `AlgorithmIdentifier` of SHA-256 (2.16.840.1.101.3.4.2.1) with NULL parameters.
const SHA256: &[u8] = &[
    0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];

/// The whole file again, with a MAC of this password over `content`, the octets of its `authSafe`.
/// `auth_safe` is that element, encoded.
pub(super) fn add(auth_safe: &[u8], content: &[u8], password: &str) -> Result<Vec<u8>, ErrorStack> {
    let key = PKey::hmac(&*key(password))?;
    let mac = Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(content)?;
    let digest_info = element(0x30, &[SHA256, &element(0x04, &mac)].concat());
    // one iteration is the default, so it is left out
    let mac_data = element(0x30, &[digest_info, element(0x04, SALT)].concat());
    let version: &[u8] = &[0x02, 0x01, 0x03];
    Ok(element(0x30, &[version, auth_safe, &mac_data].concat()))
}

/// RFC 7292 appendix B.2 for the one block that one iteration of SHA-256 needs: SHA-256 of the
/// diversifier (3: a MAC key), the salt, and the password as UTF-16 with its final zero, each
/// repeated until it fills whole blocks.
fn key(password: &str) -> Zeroizing<[u8; 32]> {
    let password: Zeroizing<Vec<u8>> = Zeroizing::new(
        password
            .encode_utf16()
            .chain([0])
            .flat_map(u16::to_be_bytes)
            .collect(),
    );
    let mut hash = Sha256::new();
    hash.update(&[3; BLOCK]);
    for text in [&SALT[..], &password] {
        let whole = text.len().div_ceil(BLOCK) * BLOCK;
        let filled: Zeroizing<Vec<u8>> =
            Zeroizing::new(text.iter().copied().cycle().take(whole).collect());
        hash.update(&filled);
    }
    Zeroizing::new(hash.finish())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    // the length in its shortest form: DER
    let digits = content.len().to_be_bytes();
    let first = digits.iter().position(|digit| *digit != 0);
    let digits = &digits[first.unwrap_or(digits.len() - 1)..];
    let mut encoded = vec![tag];
    if !matches!(digits, [0..=0x7F]) {
        // a usize has eight digits at most
        encoded.push(0x80 | digits.len() as u8);
    }
    encoded.extend(digits);
    encoded.extend(content);
    encoded
}
