//! The simulator's certificate authority and the enterprise certificates (virksomhetssertifikater) it
//! issues.
//!
//! A root and an issuing intermediate are made at start, as the certificate authorities have them. The
//! certificates have the shapes of real test certificates: Commfides SEID 2, Buypass SEID 2 and the
//! older SEID 1 (subject members, key usage, policies). For tests there are wrong ones too: expired, of
//! another authority, for encryption only, revoked, with the policy of the production environment.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use altinn_sim::pki::{Profile, Shape};
//!
//! let sim = altinn_sim::Simulator::builder().start().await?;
//! let certificate = sim.issue_certificate("310742104", &Profile::new(Shape::BuypassSeid2))?;
//! assert!(!certificate.pkcs12("a password")?.is_empty());
//! # Ok::<(), altinn_sim::Error>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::stack::Stack;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameBuilder, X509Ref};
use openssl::x509::{X509StoreContext, X509VerifyResult};

mod der;
mod pool;

/// Root, issuing authority, TLS, registered key, and one for each of three servers.
const KEYS_AT_START: usize = 7;
const THREE_YEARS: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// Policies that the test environment accepts (wire facts, Maskinporten §6.3).
const TEST_POLICIES: &[&str] = &[
    "2.16.578.1.26.1.3.5",
    "2.16.578.1.26.1.3.2",
    "2.16.578.1.26.1.0.3.2",
    "2.16.578.1.29.913.200.",
    "2.16.578.1.29.913.210.",
    "2.16.578.1.29.913.220.",
    "2.16.578.1.29.913.1.1.0",
    "2.16.578.1.1.1.1.100",
];

/// Which authority's certificate it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Number in `serialNumber` and `organizationIdentifier`; qualified.
    CommfidesSeid2,
    /// Number in `organizationIdentifier` only; not qualified.
    BuypassSeid2,
    /// The older kind: number in `serialNumber`.
    Seid1,
}

/// What the key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usage {
    /// `digitalSignature`: the one for authentication.
    Authentication,
    /// `nonRepudiation`: the one for signing.
    Signing,
    /// `keyEncipherment`: the one for encryption, refused everywhere here.
    Encryption,
}

/// What is wrong with a certificate made for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// Its time ended a month ago.
    Expired,
    /// Its time begins in a month.
    NotYetValid,
    /// Issued by an authority of the same name that nobody trusts.
    ForeignAuthority,
    /// It has the policy of the production environment.
    Production,
    /// It is on the revocation list.
    Revoked,
}

/// How a certificate is to be made.
#[derive(Clone, Debug)]
pub struct Profile {
    shape: Shape,
    usage: Usage,
    flaw: Option<Flaw>,
}

impl Profile {
    /// A valid certificate of this shape, for authentication.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            usage: Usage::Authentication,
            flaw: None,
        }
    }

    /// Another key usage.
    pub fn with_usage(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }

    /// Wrong in this way.
    pub fn with_flaw(self, flaw: Flaw) -> Self {
        Self {
            flaw: Some(flaw),
            ..self
        }
    }

    fn policies(&self) -> &'static [&'static str] {
        match (self.shape, self.flaw) {
            (_, Some(Flaw::Production)) => &["0.4.0.194112.1.1", "2.16.578.1.29.13.210.1.0"],
            (Shape::CommfidesSeid2, _) => &["0.4.0.194112.1.1", "2.16.578.1.29.913.210.1.0"],
            (Shape::BuypassSeid2, _) => &["2.16.578.1.26.1.3.2", "0.4.0.2042.1.1"],
            (Shape::Seid1, _) => &["2.16.578.1.26.1.0.3.2"],
        }
    }
}

/// An enterprise certificate (virksomhetssertifikat) with its private key and its issuers.
#[derive(Clone)]
pub struct EnterpriseCertificate {
    certificate: X509,
    issuers: Vec<X509>,
    key: PKey<Private>,
    name: String,
}

impl fmt::Debug for EnterpriseCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterpriseCertificate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl EnterpriseCertificate {
    /// Key, certificate and issuers as PKCS#12, as the authorities deliver them.
    ///
    /// # Errors
    /// When OpenSSL refuses, which no input here causes.
    pub fn pkcs12(&self, password: &str) -> Result<Vec<u8>, PkiError> {
        let mut issuers = Stack::new()?;
        for issuer in &self.issuers {
            issuers.push(issuer.clone())?;
        }
        Ok(Pkcs12::builder()
            .name(&self.name)
            .pkey(&self.key)
            .cert(&self.certificate)
            .ca(issuers)
            .build2(password)?
            .to_der()?)
    }

    /// The private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// When OpenSSL refuses, which no input here causes.
    pub fn private_key_pem(&self) -> Result<Vec<u8>, PkiError> {
        Ok(self.key.private_key_to_pem_pkcs8()?)
    }

    /// Leaf first, then its issuers up to the root, as DER.
    ///
    /// # Errors
    /// When OpenSSL refuses, which no input here causes.
    pub fn chain_der(&self) -> Result<Vec<Vec<u8>>, PkiError> {
        let all = std::iter::once(&self.certificate).chain(&self.issuers);
        Ok(all.map(|c| c.to_der()).collect::<Result<_, _>>()?)
    }

    /// Leaf first, then its issuers up to the root, as PEM.
    ///
    /// # Errors
    /// When OpenSSL refuses, which no input here causes.
    pub fn chain_pem(&self) -> Result<Vec<u8>, PkiError> {
        let mut pem = Vec::new();
        for certificate in std::iter::once(&self.certificate).chain(&self.issuers) {
            pem.extend(certificate.to_pem()?);
        }
        Ok(pem)
    }
}

/// OpenSSL could not make a key or a certificate.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot make a key or a certificate")]
pub struct PkiError(#[source] ErrorStack);

impl From<ErrorStack> for PkiError {
    fn from(error: ErrorStack) -> Self {
        Self(error)
    }
}

/// A key that the simulator signs tokens with.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

/// Why a certificate in a grant is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not DER, or without an organisation number.
    Unreadable,
    /// Expired, untrusted, revoked, of the wrong environment or for the wrong use.
    Invalid,
}

/// What a grant's certificate says, once it is trusted.
pub(crate) struct Trusted {
    pub(crate) organisation: String,
    pub(crate) client_amr: &'static str,
    pub(crate) key: PKey<Public>,
}

/// The authority, and the keys of this simulator.
pub(crate) struct Pki {
    bits: u32,
    root: X509,
    issuing: X509,
    issuing_key: PKey<Private>,
    foreign_key: PKey<Private>,
    /// The place of the next key in the process's pool.
    next_key: AtomicUsize,
    /// One key for each organisation, by its number, from when it is asked for.
    subject_keys: Mutex<HashMap<String, PKey<Private>>>,
    revoked: Mutex<HashSet<Vec<u8>>>,
    pub(crate) tls: SigningKey,
    pub(crate) registered_key: PKey<Private>,
}

impl Pki {
    /// Makes the authority. The first of a process takes about half a second of two cores with 2048
    /// bits; the others have their keys from it.
    pub(crate) fn new(bits: u32) -> Result<(Self, [SigningKey; 3]), PkiError> {
        let mut keys = pool::keys(bits, 0, KEYS_AT_START)?.into_iter();
        let mut next = || keys.next().ok_or_else(ErrorStack::get);
        let root_key = next()?;
        let issuing_key = next()?;
        let tls_key = next()?;
        let registered_key = next()?;
        let (first, second, third) = (next()?, next()?, next()?);
        let now = Timestamp::now();
        // Simulators of one process share keys, so that an authority's name must be its own: else what
        // one of them has issued would be good at another.
        let own = uuid::Uuid::new_v4().simple().to_string();
        let root_name = name(&[
            ("CN", "Altinn-sim Root CA"),
            ("OU", &own),
            ("O", "Altinn-sim"),
            ("C", "NO"),
        ])?;
        let issuing_name = name(&[
            ("CN", "Altinn-sim Legal Person CA - G3"),
            ("OU", &own),
            ("O", "Altinn-sim"),
            ("C", "NO"),
        ])?;
        let validity = (
            now - THREE_YEARS,
            now + THREE_YEARS + THREE_YEARS + THREE_YEARS,
        );
        let root = certificate(
            &root_name,
            &root_key,
            &root_name,
            &root_key,
            validity,
            authority_extensions,
        )?;
        let issuing = certificate(
            &issuing_name,
            &issuing_key,
            &root_name,
            &root_key,
            validity,
            |b| {
                authority_extensions(b)?;
                let mut aki = AuthorityKeyIdentifier::new();
                let aki = aki
                    .keyid(true)
                    .build(&b.x509v3_context(Some(&root), None))?;
                b.append_extension(aki)
            },
        )?;
        let own = |common_name: &str, key: PKey<Private>| -> Result<SigningKey, ErrorStack> {
            let subject = name(&[("CN", common_name), ("O", "Altinn-sim"), ("C", "NO")])?;
            let certificate =
                certificate(&subject, &key, &issuing_name, &issuing_key, validity, |b| {
                    let usage = KeyUsage::new().critical().digital_signature().build()?;
                    b.append_extension(usage)?;
                    let server = ExtendedKeyUsage::new().server_auth().build()?;
                    b.append_extension(server)?;
                    let names = SubjectAlternativeName::new()
                        .dns("localhost")
                        .ip("127.0.0.1")
                        .ip("::1")
                        .build(&b.x509v3_context(Some(&issuing), None))?;
                    b.append_extension(names)
                })?;
            Ok(SigningKey { key, certificate })
        };
        let tls = own("localhost", tls_key)?;
        let signing = [
            own("Altinn-sim Maskinporten", first)?,
            own("Altinn-sim platform", second)?,
            own("Altinn-sim ID-porten", third)?,
        ];
        Ok((
            Self {
                bits,
                root,
                issuing,
                // Never the trusted key itself: only its name is the same.
                foreign_key: registered_key.clone(),
                issuing_key,
                next_key: AtomicUsize::new(KEYS_AT_START),
                subject_keys: Mutex::default(),
                revoked: Mutex::default(),
                tls,
                registered_key,
            },
            signing,
        ))
    }

    /// A new key of the size asked for at start, with a certificate of this authority.
    pub(crate) fn new_signing_key(&self, common_name: &str) -> Result<SigningKey, PkiError> {
        let key = self.next_key()?;
        let subject = name(&[("CN", common_name), ("O", "Altinn-sim"), ("C", "NO")])?;
        let issuer = self.issuing.subject_name();
        let now = Timestamp::now();
        let validity = (now - THREE_YEARS, now + THREE_YEARS);
        let certificate = certificate(&subject, &key, issuer, &self.issuing_key, validity, |_| {
            Ok(())
        })?;
        Ok(SigningKey { key, certificate })
    }

    /// The root, as PEM: what a client must trust to reach the TLS listeners.
    pub(crate) fn root_pem(&self) -> Result<Vec<u8>, PkiError> {
        Ok(self.root.to_pem()?)
    }

    pub(crate) fn root(&self) -> &X509Ref {
        &self.root
    }

    pub(crate) fn issuing(&self) -> &X509Ref {
        &self.issuing
    }

    pub(crate) fn issue(
        &self,
        number: &str,
        organisation: &str,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<EnterpriseCertificate, PkiError> {
        let identifier = format!("NTRNO-{number}");
        let mut members = vec![("CN", organisation)];
        if profile.shape != Shape::BuypassSeid2 {
            members.push(("serialNumber", number));
        }
        if profile.shape == Shape::CommfidesSeid2 {
            members.push(("OU", "Altinn-sim"));
        }
        if profile.shape != Shape::Seid1 {
            members.push(("organizationIdentifier", identifier.as_str()));
        }
        members.push(("O", organisation));
        if profile.shape == Shape::CommfidesSeid2 {
            members.push(("L", "OSLO"));
        }
        members.push(("C", "NO"));
        let month = SignedDuration::from_hours(30 * 24);
        let validity = match profile.flaw {
            Some(Flaw::Expired) => (now - THREE_YEARS, now - month),
            Some(Flaw::NotYetValid) => (now + month, now + THREE_YEARS),
            _ => (now - month, now + THREE_YEARS),
        };
        let issuer_key = match profile.flaw {
            Some(Flaw::ForeignAuthority) => &self.foreign_key,
            _ => &self.issuing_key,
        };
        let key = self.subject_key(number)?;
        let leaf = certificate(
            &name(&members)?,
            &key,
            self.issuing.subject_name(),
            issuer_key,
            validity,
            |b| {
                let usage = match profile.usage {
                    Usage::Authentication if profile.shape == Shape::BuypassSeid2 => {
                        KeyUsage::new()
                            .critical()
                            .digital_signature()
                            .key_encipherment()
                            .build()?
                    }
                    Usage::Authentication => {
                        KeyUsage::new().critical().digital_signature().build()?
                    }
                    Usage::Signing => KeyUsage::new().critical().non_repudiation().build()?,
                    Usage::Encryption => {
                        let usage = KeyUsage::new().critical().key_encipherment().build()?;
                        b.append_extension(usage)?;
                        return b.append_extension(policies(profile.policies())?);
                    }
                };
                b.append_extension(usage)?;
                b.append_extension(policies(profile.policies())?)
            },
        )?;
        if profile.flaw == Some(Flaw::Revoked) {
            let serial = leaf.serial_number().to_bn()?.to_vec();
            self.revoked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(serial);
        }
        Ok(EnterpriseCertificate {
            certificate: leaf,
            issuers: vec![self.issuing.clone(), self.root.clone()],
            key,
            name: organisation.to_owned(),
        })
    }

    fn subject_key(&self, number: &str) -> Result<PKey<Private>, ErrorStack> {
        let mut keys = self
            .subject_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(number) {
            return Ok(key.clone());
        }
        let key = self.next_key()?;
        keys.insert(number.to_owned(), key.clone());
        Ok(key)
    }

    /// A key that this simulator has not used yet.
    fn next_key(&self) -> Result<PKey<Private>, ErrorStack> {
        let place = self.next_key.fetch_add(1, Ordering::Relaxed);
        let mut keys = pool::keys(self.bits, place, 1)?;
        keys.pop().ok_or_else(ErrorStack::get)
    }

    /// Checks a grant's `x5c`, leaf first. A leaf alone will do: the issuing certificate is known here.
    pub(crate) fn check(&self, chain: &[Vec<u8>], now: Timestamp) -> Result<Trusted, Refused> {
        let mut certificates = chain.iter().map(|der| X509::from_der(der).ok());
        let leaf = certificates.next().flatten().ok_or(Refused::Unreadable)?;
        let others: Option<Vec<X509>> = certificates.collect();
        let others = others.ok_or(Refused::Unreadable)?;
        let der = chain.first().ok_or(Refused::Unreadable)?;
        let extensions = der::extensions(der).ok_or(Refused::Unreadable)?;
        let trusted = self.chain_is_trusted(&leaf, &others, now).unwrap_or(false);
        let serial = leaf
            .serial_number()
            .to_bn()
            .map(|n| n.to_vec())
            .unwrap_or_default();
        let revoked = self
            .revoked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&serial);
        let policy = extensions.policies.iter().any(|policy| {
            TEST_POLICIES
                .iter()
                .any(|known| match known.strip_suffix('.') {
                    Some(_) => policy.starts_with(known),
                    None => policy == known,
                })
        });
        if !trusted || revoked || !policy || !extensions.may_sign {
            return Err(Refused::Invalid);
        }
        let has = |arc: &str| extensions.policies.iter().any(|p| p.starts_with(arc));
        Ok(Trusted {
            organisation: organisation_number(&leaf).ok_or(Refused::Unreadable)?,
            client_amr: if has("0.4.0.194112.1.") {
                "QCForESeal"
            } else if has("0.4.0.2042.1.") {
                "CForESeal"
            } else {
                "virksomhetssertifikat"
            },
            key: leaf.public_key().map_err(|_| Refused::Unreadable)?,
        })
    }

    fn chain_is_trusted(
        &self,
        leaf: &X509Ref,
        others: &[X509],
        now: Timestamp,
    ) -> Result<bool, ErrorStack> {
        let mut parameters = X509VerifyParam::new()?;
        parameters.set_time(now.as_second());
        let mut store = X509StoreBuilder::new()?;
        store.set_param(&parameters)?;
        store.add_cert(self.root.clone())?;
        let mut untrusted = Stack::new()?;
        untrusted.push(self.issuing.clone())?;
        for other in others {
            untrusted.push(other.clone())?;
        }
        let verified = X509StoreContext::new()?.init(&store.build(), leaf, &untrusted, |c| {
            c.verify_cert()
                .map(|ok| ok && c.error() == X509VerifyResult::OK)
        })?;
        // A refusal leaves its reasons in this thread's queue, where a TLS connection would find them.
        drop(ErrorStack::get());
        // The root's own certificate would verify, too.
        Ok(verified && leaf.subject_name().try_cmp(leaf.issuer_name())?.is_ne())
    }
}

impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki")
            .field("bits", &self.bits)
            .finish_non_exhaustive()
    }
}

/// In the order of Digdir's own validator: `serialNumber`, the end of `O`, `organizationIdentifier`.
fn organisation_number(certificate: &X509Ref) -> Option<String> {
    let subject = certificate.subject_name();
    let entry = |oid: &str| {
        let nid = Asn1Object::from_str(oid).ok()?.nid();
        let data = subject.entries_by_nid(nid).next()?.data();
        data.to_string().ok()
    };
    let nine = |text: &str| {
        (text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
    };
    entry("2.5.4.5")
        .and_then(|serial| nine(&serial))
        .or_else(|| entry("2.5.4.10").and_then(|o| nine(o.rsplit_once("- ")?.1)))
        .or_else(|| {
            let identifier = entry("2.5.4.97")?;
            let number = identifier
                .strip_prefix("NTRNO-")
                .or_else(|| identifier.strip_prefix("PSDNO-FSA-"))
                .unwrap_or(&identifier);
            nine(number)
        })
}

fn name(members: &[(&str, &str)]) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    for (member, value) in members {
        name.append_entry_by_text(member, value)?;
    }
    Ok(name.build())
}

fn certificate(
    subject: &X509Name,
    key: &PKeyRef<Private>,
    issuer: &openssl::x509::X509NameRef,
    issuer_key: &PKeyRef<Private>,
    (from, to): (Timestamp, Timestamp),
    extend: impl FnOnce(&mut X509Builder) -> Result<(), ErrorStack>,
) -> Result<X509, ErrorStack> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let serial: Asn1Integer = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    let from = Asn1Time::from_unix(from.as_second())?;
    let to = Asn1Time::from_unix(to.as_second())?;
    builder.set_not_before(&from)?;
    builder.set_not_after(&to)?;
    extend(&mut builder)?;
    builder.sign(issuer_key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn authority_extensions(builder: &mut X509Builder) -> Result<(), ErrorStack> {
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(
        KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()?,
    )?;
    let ski = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(ski)
}

fn policies(oids: &[&str]) -> Result<X509Extension, ErrorStack> {
    let mut inside = Vec::new();
    for oid in oids {
        let oid = Asn1Object::from_str(oid)?;
        inside.extend(der::tlv(0x30, &der::tlv(0x06, oid.as_slice())));
    }
    let value = Asn1OctetString::new_from_bytes(&der::tlv(0x30, &inside))?;
    let certificate_policies = Asn1Object::from_str("2.5.29.32")?;
    X509Extension::new_from_der(&certificate_policies, false, &value)
}
