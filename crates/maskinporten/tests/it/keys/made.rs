//! A small certificate authority and the files that come of it.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::x509::extension::{BasicConstraints, KeyUsage};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

pub(crate) const PASSWORD: &str = "hemmelig-passord";

/// RSA keys are dear to make: one of each length for the authorities of all tests, and fresh ones
/// where they must differ.
pub(crate) fn key(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn shared_key(name: &'static str) -> PKey<Private> {
    static KEYS: OnceLock<Mutex<HashMap<&'static str, PKey<Private>>>> = OnceLock::new();
    let keys = KEYS.get_or_init(Mutex::default);
    keys.lock()
        .unwrap()
        .entry(name)
        .or_insert_with(|| key(2048))
        .clone()
}

pub(crate) struct Pki {
    pub(crate) root: X509,
    pub(crate) intermediate: X509,
    intermediate_key: PKey<Private>,
}

pub(crate) struct Leaf {
    pub(crate) subject: Vec<(&'static str, &'static str)>,
    pub(crate) key: PKey<Private>,
    /// From and until, in days from now.
    pub(crate) days: (i64, i64),
    /// For signatures; for encryption only otherwise.
    pub(crate) signs: bool,
}

impl Default for Leaf {
    /// As Commfides issues them (SEID 2).
    fn default() -> Self {
        Self {
            subject: vec![
                ("CN", "TESTVIRKSOMHET AS"),
                ("serialNumber", "991825827"),
                ("organizationIdentifier", "NTRNO-991825827"),
                ("O", "TESTVIRKSOMHET AS"),
                ("C", "NO"),
            ],
            key: key(2048),
            days: (-1, 365),
            signs: true,
        }
    }
}

pub(crate) struct Issued {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let (root_key, intermediate_key) = (shared_key("root"), key(2048));
        // a name of its own, so that two authorities are strangers
        let tag = format!("Test CA {}", serial().to_hex_str().unwrap());
        let root_name = name(&[("CN", &format!("{tag} root"))]);
        let ca = |builder: &mut X509Builder| {
            builder
                .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                .unwrap();
        };
        let root = certificate(
            &root_name,
            &root_key,
            &root_name,
            &root_key,
            (-100, 1000),
            ca,
        );
        let intermediate_name = name(&[("CN", &format!("{tag} intermediate"))]);
        let intermediate = certificate(
            &intermediate_name,
            &intermediate_key,
            &root_name,
            &root_key,
            (-100, 1000),
            ca,
        );
        Self {
            root,
            intermediate,
            intermediate_key,
        }
    }

    pub(crate) fn issue(&self, leaf: &Leaf) -> Issued {
        let usage = |builder: &mut X509Builder| {
            let mut usage = KeyUsage::new();
            usage.critical();
            if leaf.signs {
                usage.digital_signature();
            } else {
                usage.key_encipherment().data_encipherment();
            }
            builder.append_extension(usage.build().unwrap()).unwrap();
        };
        let certificate = certificate(
            &name(&leaf.subject),
            &leaf.key,
            self.intermediate.subject_name(),
            &self.intermediate_key,
            leaf.days,
            usage,
        );
        Issued {
            key: leaf.key.clone(),
            certificate,
        }
    }
}

fn serial() -> BigNum {
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, MsbOption::MAYBE_ZERO, false).unwrap();
    serial
}

fn name<V: AsRef<str>>(entries: &[(&str, V)]) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    for (label, value) in entries {
        let value = value.as_ref();
        if *label == "organizationIdentifier" {
            let nid = Asn1Object::from_str("2.5.4.97").unwrap().nid();
            builder.append_entry_by_nid(nid, value).unwrap();
        } else {
            builder.append_entry_by_text(label, value).unwrap();
        }
    }
    builder.build()
}

fn certificate(
    subject: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    issuer: &openssl::x509::X509NameRef,
    issuer_key: &PKey<Private>,
    (from, until): (i64, i64),
    extend: impl Fn(&mut X509Builder),
) -> X509 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let day = |days: i64| Asn1Time::from_unix(i64::try_from(now).unwrap() + days * 86_400).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&Asn1Integer::from_bn(&serial()).unwrap())
        .unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&day(from)).unwrap();
    builder.set_not_after(&day(until)).unwrap();
    extend(&mut builder);
    builder.sign(issuer_key, MessageDigest::sha256()).unwrap();
    builder.build()
}

pub(crate) fn p12(key: &PKey<Private>, certificate: &X509, others: &[&X509]) -> Vec<u8> {
    named_p12("test", key, certificate, others)
}

fn named_p12(name: &str, key: &PKey<Private>, certificate: &X509, others: &[&X509]) -> Vec<u8> {
    let mut builder = Pkcs12::builder();
    builder.name(name).pkey(key).cert(certificate);
    let mut stack = Stack::new().unwrap();
    for other in others {
        stack.push((*other).to_owned()).unwrap();
    }
    builder.ca(stack);
    builder.build2(PASSWORD).unwrap().to_der().unwrap()
}

pub(crate) fn p12_without_key(certificate: &X509) -> Vec<u8> {
    let mut builder = Pkcs12::builder();
    let mut stack = Stack::new().unwrap();
    stack.push(certificate.to_owned()).unwrap();
    builder.ca(stack);
    builder.build2(PASSWORD).unwrap().to_der().unwrap()
}

pub(crate) fn pem_of(key: &PKey<Private>, certificates: &[&X509]) -> Vec<u8> {
    let mut pem = key.private_key_to_pem_pkcs8().unwrap();
    for certificate in certificates {
        pem.extend(certificate.to_pem().unwrap());
    }
    pem
}

/// A file with two keys, which no builder makes: the safes of two files in one frame (RFC 7292 §4),
/// without a MAC.
pub(crate) fn p12_of_two(one: (&str, &Issued), two: (&str, &Issued)) -> Vec<u8> {
    let safes = |(name, issued): (&str, &Issued)| {
        let file = named_p12(name, &issued.key, &issued.certificate, &[]);
        // PFX, version, authSafe: data, [0], OCTET STRING, SEQUENCE
        let pfx = content(&file);
        let auth_safe = content(after(pfx));
        let octets = content(content(after(auth_safe)));
        content(octets).to_vec()
    };
    let data = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01,
    ];
    let both = element(0x30, &[safes(one), safes(two)].concat());
    let octets = element(
        0xA0,
        Asn1OctetString::new_from_bytes(&both)
            .map(|s| element(0x04, s.as_slice()))
            .unwrap()
            .as_slice(),
    );
    let info = element(0x30, &[&data[..], &octets].concat());
    element(0x30, &[&[0x02, 0x01, 0x03][..], &info].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, content].concat()
}

/// Where the content of the first element begins, and how long it is.
fn bounds(der: &[u8]) -> (usize, usize) {
    match der[1] {
        length @ 0..=0x7F => (2, usize::from(length)),
        more => {
            let digits = usize::from(more & 0x7F);
            let length = der[2..2 + digits]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            (2 + digits, length)
        }
    }
}

fn content(der: &[u8]) -> &[u8] {
    let (start, length) = bounds(der);
    &der[start..start + length]
}

fn after(der: &[u8]) -> &[u8] {
    let (start, length) = bounds(der);
    &der[start + length..]
}
