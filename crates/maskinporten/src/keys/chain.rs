//! Certificates: which one belongs to the key, who issued it, whose it is.

use std::time::{Duration, SystemTime};

use http_transport::{Remedy, Who};
use norwegian_ids::OrganisationNumber;
use openssl::asn1::{Asn1Object, Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509KeyUsage, X509NameRef, X509Ref, X509VerifyResult};

use super::crypto;
use crate::{BuildError, BuildErrorKind, Certificate};

/// `organizationIdentifier`, which the openssl crate has no name for.
const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";

/// The key's certificate and its issuers, leaf first, the root too when it is there. Files hold
/// certificates in any order, and foreign ones among them, so the chain is walked.
///
/// Empty when there is no certificate at all.
pub(super) fn of_key(
    key: &PKey<Private>,
    mut pool: Vec<X509>,
    now: SystemTime,
) -> Result<Vec<X509>, BuildError> {
    if pool.is_empty() {
        return Ok(pool);
    }
    let belongs = |certificate: &X509| {
        certificate
            .public_key()
            .is_ok_and(|public| public.public_eq(key))
    };
    // a renewed certificate may stand beside the old one for the same key: take the one that is
    // valid now and lasts longest
    let rank = |certificate: &X509| {
        let (from, until) = (
            time(certificate.not_before()),
            time(certificate.not_after()),
        );
        (from <= now && now <= until, until)
    };
    let leaf = (0..pool.len())
        .filter(|index| belongs(&pool[*index]))
        .max_by_key(|index| rank(&pool[*index]));
    let Some(leaf) = leaf else {
        let subjects: Vec<String> = pool
            .iter()
            .take(3)
            .map(|certificate| {
                describe(certificate).map_or_else(
                    |_| subject(certificate),
                    |certificate| certificate.to_string(),
                )
            })
            .collect();
        return Err(BuildError::new(
            BuildErrorKind::CertificateMismatch,
            format!(
                "no certificate in the file belongs to its private key: {}",
                subjects.join("; ")
            ),
        )
        .with_remedy(Remedy::new(
            Who::You,
            "put the key and the certificate that was issued for it into the same file",
        )));
    };
    let mut chain = vec![pool.swap_remove(leaf)];
    while let Some(last) = chain.last() {
        if is_issued_by(last, last) {
            break;
        }
        let Some(issuer) = pool
            .iter()
            .position(|candidate| is_issued_by(last, candidate))
        else {
            break;
        };
        chain.push(pool.swap_remove(issuer));
    }
    Ok(chain)
}

fn is_issued_by(certificate: &X509Ref, issuer: &X509Ref) -> bool {
    issuer.issued(certificate) == X509VerifyResult::OK
        && issuer
            .public_key()
            .and_then(|key| certificate.verify(&key))
            .unwrap_or(false)
}

pub(super) fn describe(certificate: &X509Ref) -> Result<Certificate, BuildError> {
    let described = Certificate::new(
        subject(certificate),
        time(certificate.not_before()),
        time(certificate.not_after()),
    );
    Ok(match organisation(certificate.subject_name()) {
        Some(number) => described.with_organisation(number),
        None => described,
    })
}

/// Refuses a certificate that may only encrypt. One without a key usage may do anything.
pub(super) fn check_usage(leaf: &X509Ref, certificate: &Certificate) -> Result<(), BuildError> {
    let Some(usage) = leaf.key_usage() else {
        return Ok(());
    };
    if usage.intersects(X509KeyUsage::DIGITAL_SIGNATURE | X509KeyUsage::NON_REPUDIATION) {
        return Ok(());
    }
    Err(BuildError::new(
        BuildErrorKind::EncryptionOnly,
        format!("the certificate is for encryption only: {certificate}"),
    )
    .with_remedy(Remedy::new(
        Who::You,
        "use the authentication certificate (digitalSignature) of the same delivery; a business certificate comes as two or three files or keys",
    )))
}

/// The organisation number, by the order in which Digdir's own validator looks for it: subject
/// `serialNumber` of nine digits; `O` that ends in `- 123456789`; `organizationIdentifier`
/// (`NTRNO-…`, `PSDNO-FSA-…` or bare). See felleslosninger/idporten-seid2-certificate-validator-lib.
fn organisation(subject: &X509NameRef) -> Option<OrganisationNumber> {
    let texts = |nid: Nid| {
        subject
            .entries_by_nid(nid)
            .filter_map(|entry| entry.data().to_string().ok())
            .collect::<Vec<String>>()
    };
    let nine = |text: &str| {
        (text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| OrganisationNumber::parse_format_only(text).ok())
            .flatten()
    };
    let serial = texts(Nid::SERIALNUMBER).iter().find_map(|text| nine(text));
    let name = || {
        texts(Nid::ORGANIZATIONNAME).iter().find_map(|text| {
            let (_, number) = text.trim_end().rsplit_once('-')?;
            nine(number.trim_start())
        })
    };
    let identifier = || {
        let nid = Asn1Object::from_str(ORGANIZATION_IDENTIFIER).ok()?.nid();
        texts(nid).iter().find_map(|text| {
            let bare = text
                .strip_prefix("NTRNO-")
                .or_else(|| text.strip_prefix("PSDNO-FSA-"));
            nine(bare.unwrap_or(text))
        })
    };
    serial.or_else(name).or_else(identifier)
}

/// `CN=…, O=…`: enough to recognise a certificate by. A person's name or number does not stand in
/// a business certificate; a number of eleven digits would be masked all the same.
fn subject(certificate: &X509Ref) -> String {
    let mut parts = Vec::new();
    for entry in certificate.subject_name().entries() {
        let label = match entry.object().nid() {
            Nid::COMMONNAME => "CN",
            Nid::ORGANIZATIONNAME => "O",
            Nid::SERIALNUMBER => "serialNumber",
            _ => continue,
        };
        if let Ok(value) = entry.data().to_string() {
            let value: String = value
                .chars()
                .filter(|c| !c.is_control())
                .take(100)
                .collect();
            parts.push(format!("{label}={value}"));
        }
    }
    if parts.is_empty() {
        return "a certificate without a name".into();
    }
    norwegian_ids::mask_person_numbers(&parts.join(", ")).into_owned()
}

fn time(asn1: &Asn1TimeRef) -> SystemTime {
    let since_1970 = || {
        let difference = Asn1Time::from_unix(0).ok()?.diff(asn1).ok()?;
        Some(i64::from(difference.days) * 86_400 + i64::from(difference.secs))
    };
    // OpenSSL refuses what is no time when it parses the certificate
    let seconds = since_1970().unwrap_or(0);
    let by = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(by)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(by)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Reads every certificate of a PEM text.
pub(super) fn from_pem(pem: &[u8]) -> Result<Vec<X509>, BuildError> {
    X509::stack_from_pem(pem)
        .map_err(|error| crypto("a certificate in the file cannot be read", error))
}
