//! Keys and certificates from files, all made here and now.

pub(crate) mod made;

use std::process::Command;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_transport::{ExposeSecret, SecretString};
use maskinporten::{Algorithm, BuildErrorKind, KeyReference, Signer, TokenRequest};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Verifier;
use openssl::x509::X509;

use self::made::{Issued, Leaf, PASSWORD, Pki, key, p12, p12_of_two, pem_of};
use crate::support::{client, parts, server, token_answer};

fn password() -> SecretString {
    PASSWORD.into()
}

fn kind(result: Result<Signer, maskinporten::BuildError>) -> BuildErrorKind {
    let error = result.expect_err("an error");
    let said = format!("{error} {error:?} {:?}", error.diagnosis());
    assert!(!said.contains(PASSWORD), "{said}");
    assert!(error.diagnosis().remedy().is_some(), "{said}");
    error.kind()
}

pub(crate) fn signed(signer: Signer) -> String {
    let (transport, _) = server(|_| token_answer("t0ken"));
    let client = client(signer, transport);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let request = TokenRequest::scopes(["difitest:test1".parse().unwrap()]);
    let assertion = runtime.block_on(client.assertion(&request)).unwrap();
    assertion.secret().expose_secret().to_owned()
}

pub(crate) fn chain(signer: &Signer) -> Vec<Vec<u8>> {
    match signer.key_reference() {
        Some(KeyReference::Chain(chain)) => chain.clone(),
        other => panic!("{other:?}"),
    }
}

/// Checks the signature as the server would: with the key of the certificate in the header.
fn verify(jws: &str, digest: MessageDigest) {
    let (header, _, signature) = parts(jws);
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    let leaf = STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap();
    let public = X509::from_der(&leaf).unwrap().public_key().unwrap();
    let (message, _) = jws.rsplit_once('.').unwrap();
    let mut verifier = Verifier::new(digest, &public).unwrap();
    assert!(
        verifier
            .verify_oneshot(&signature, message.as_bytes())
            .unwrap()
    );
}

#[test]
fn a_pkcs12_file_signs_with_its_chain_leaf_first() {
    let pki = Pki::new();
    let Issued { key, certificate } = pki.issue(&Leaf::default());
    let stranger = Pki::new().issue(&Leaf::default()).certificate;
    // in the wrong order, with a certificate that has nothing to do with it
    let file = p12(
        &key,
        &certificate,
        &[&pki.root, &stranger, &pki.intermediate],
    );
    let signer = Signer::from_pkcs12(&file, &password()).unwrap();

    let expected: Vec<Vec<u8>> = [&certificate, &pki.intermediate, &pki.root]
        .map(|one| one.to_der().unwrap())
        .into();
    assert_eq!(chain(&signer), expected);
    let jws = signed(signer);
    let x5c: Vec<String> = expected
        .iter()
        .map(|der| format!("{:?}", STANDARD.encode(der)))
        .collect();
    let header = format!(r#"{{"alg":"RS256","x5c":[{}]}}"#, x5c.join(","));
    assert_eq!(String::from_utf8(parts(&jws).0).unwrap(), header);
    verify(&jws, MessageDigest::sha256());

    for (algorithm, digest) in [
        (Algorithm::Rs384, MessageDigest::sha384()),
        (Algorithm::Rs512, MessageDigest::sha512()),
    ] {
        let signer = Signer::loader()
            .algorithm(algorithm)
            .pkcs12(&file, &password())
            .unwrap();
        let jws = signed(signer);
        assert!(
            parts(&jws)
                .0
                .starts_with(format!(r#"{{"alg":"{algorithm}""#).as_bytes())
        );
        verify(&jws, digest);
    }
}

#[test]
fn each_unusable_file_has_its_own_reason() {
    let pki = Pki::new();
    let good = pki.issue(&Leaf::default());
    let file = p12(&good.key, &good.certificate, &[]);
    let load = |bytes: &[u8]| Signer::from_pkcs12(bytes, &password());

    assert_eq!(
        kind(Signer::from_pkcs12(&file, &"wrong".into())),
        BuildErrorKind::WrongPassword
    );
    assert_eq!(
        kind(Signer::from_pkcs12(&file, &"".into())),
        BuildErrorKind::WrongPassword
    );
    assert_eq!(
        kind(Signer::from_pkcs12(&file, &"nul\0byte".into())),
        BuildErrorKind::WrongPassword
    );
    assert_eq!(kind(load(b"")), BuildErrorKind::NotAKeyFile);
    assert_eq!(
        kind(load(&file[..file.len() / 2])),
        BuildErrorKind::NotAKeyFile
    );
    let pem = pem_of(&good.key, &[&good.certificate]);
    assert_eq!(kind(load(&pem)), BuildErrorKind::NotAKeyFile);
    assert_eq!(
        kind(load(&made::p12_without_key(&good.certificate))),
        BuildErrorKind::NoKey
    );

    let file_of = |leaf: &Leaf| {
        let issued = pki.issue(leaf);
        p12(&issued.key, &issued.certificate, &[])
    };
    assert_eq!(
        kind(load(&file_of(&Leaf {
            days: (-20, -10),
            ..Leaf::default()
        }))),
        BuildErrorKind::Expired
    );
    assert_eq!(
        kind(load(&file_of(&Leaf {
            days: (10, 20),
            ..Leaf::default()
        }))),
        BuildErrorKind::NotYetValid
    );
    assert_eq!(
        kind(load(&file_of(&Leaf {
            signs: false,
            ..Leaf::default()
        }))),
        BuildErrorKind::EncryptionOnly
    );
    let short = Leaf {
        key: key(1024),
        ..Leaf::default()
    };
    assert_eq!(kind(load(&file_of(&short))), BuildErrorKind::UnsupportedKey);
    let elliptic = Leaf {
        key: PKey::ec_gen("prime256v1").unwrap(),
        ..Leaf::default()
    };
    assert_eq!(
        kind(load(&file_of(&elliptic))),
        BuildErrorKind::UnsupportedKey
    );

    let other = pem_of(&key(2048), &[&good.certificate]);
    assert_eq!(
        kind(Signer::from_pem(&other)),
        BuildErrorKind::CertificateMismatch
    );
}

#[test]
fn a_certificate_out_of_date_is_named_and_can_be_used_on_request() {
    let issued = Pki::new().issue(&Leaf {
        days: (-20, -10),
        ..Leaf::default()
    });
    let file = p12(&issued.key, &issued.certificate, &[]);
    let error = Signer::from_pkcs12(&file, &password()).unwrap_err();
    let expired = SystemTime::now() - Duration::from_secs(10 * 86_400);
    let day = jiff::Timestamp::try_from(expired)
        .unwrap()
        .strftime("%Y-%m-%d")
        .to_string();
    assert!(error.to_string().contains(&day), "{error}");
    assert!(error.to_string().contains("TESTVIRKSOMHET"), "{error}");

    verify(
        &signed(
            Signer::loader()
                .accept_any_dates()
                .pkcs12(&file, &password())
                .unwrap(),
        ),
        MessageDigest::sha256(),
    );
    let then = SystemTime::now() - Duration::from_secs(15 * 86_400);
    assert!(Signer::loader().at(then).pkcs12(&file, &password()).is_ok());
    // a registered key is judged by its registration
    let signer = Signer::loader()
        .kid("ours".parse().unwrap())
        .pkcs12(&file, &password())
        .unwrap();
    assert!(
        String::from_utf8(parts(&signed(signer)).0)
            .unwrap()
            .contains(r#""kid":"ours""#)
    );
}

#[test]
fn of_several_keys_one_is_chosen_by_its_alias() {
    let pki = Pki::new();
    let (one, two) = (
        pki.issue(&Leaf::default()),
        pki.issue(&Leaf {
            signs: false,
            ..Leaf::default()
        }),
    );
    let file = p12_of_two(("Autentisering", &one), ("kryptering", &two));

    let error = Signer::from_pkcs12(&file, &password()).unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::SeveralKeys);
    assert!(
        error.to_string().contains("Autentisering, kryptering"),
        "{error}"
    );

    let signer = Signer::from_pkcs12_alias(&file, &password(), "autentisering").unwrap();
    assert_eq!(chain(&signer)[0], one.certificate.to_der().unwrap());
    verify(&signed(signer), MessageDigest::sha256());
    let encryption = Signer::from_pkcs12_alias(&file, &password(), "kryptering");
    assert_eq!(kind(encryption), BuildErrorKind::EncryptionOnly);
    let error = Signer::from_pkcs12_alias(&file, &password(), "none").unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::UnknownAlias);
    assert!(
        error.to_string().contains("Autentisering, kryptering"),
        "{error}"
    );
    let wrong = Signer::from_pkcs12_alias(&file, &"wrong".into(), "kryptering");
    assert_eq!(kind(wrong), BuildErrorKind::WrongPassword);
}

#[test]
fn of_two_certificates_for_one_key_the_valid_one_is_taken() {
    let pki = Pki::new();
    let old = pki.issue(&Leaf {
        days: (-20, -10),
        ..Leaf::default()
    });
    let renewed = pki.issue(&Leaf {
        key: old.key.clone(),
        ..Leaf::default()
    });
    let pem = pem_of(&old.key, &[&old.certificate, &renewed.certificate]);
    let signer = Signer::from_pem(&pem).unwrap();
    assert_eq!(chain(&signer)[0], renewed.certificate.to_der().unwrap());
}

#[test]
fn pem_is_read_in_its_three_forms() {
    let pki = Pki::new();
    let Issued { key, certificate } = pki.issue(&Leaf::default());
    let certificates: Vec<u8> = [&pki.intermediate, &certificate]
        .into_iter()
        .flat_map(|one| one.to_pem().unwrap())
        .collect();
    let file = |key: Vec<u8>| [certificates.clone(), key].concat();
    let cipher = openssl::symm::Cipher::aes_256_cbc();
    let encrypted = file(
        key.private_key_to_pem_pkcs8_passphrase(cipher, PASSWORD.as_bytes())
            .unwrap(),
    );

    for pem in [
        file(key.private_key_to_pem_pkcs8().unwrap()),
        file(key.rsa().unwrap().private_key_to_pem().unwrap()),
    ] {
        let signer = Signer::from_pem(&pem).unwrap();
        assert_eq!(chain(&signer).len(), 2);
        verify(&signed(signer), MessageDigest::sha256());
    }
    verify(
        &signed(Signer::from_encrypted_pem(&encrypted, &password()).unwrap()),
        MessageDigest::sha256(),
    );
    assert_eq!(
        kind(Signer::from_pem(&encrypted)),
        BuildErrorKind::PasswordNeeded
    );
    assert_eq!(
        kind(Signer::from_encrypted_pem(&encrypted, &"wrong".into())),
        BuildErrorKind::WrongPassword
    );
    let long = "x".repeat(100_000);
    assert_eq!(
        kind(Signer::from_encrypted_pem(&encrypted, &long.into())),
        BuildErrorKind::WrongPassword
    );

    let twice = file(
        [
            key.private_key_to_pem_pkcs8().unwrap(),
            key.private_key_to_pem_pkcs8().unwrap(),
        ]
        .concat(),
    );
    assert_eq!(kind(Signer::from_pem(&twice)), BuildErrorKind::SeveralKeys);
    assert_eq!(kind(Signer::from_pem(&certificates)), BuildErrorKind::NoKey);
    assert_eq!(
        kind(Signer::from_pem(b"nothing")),
        BuildErrorKind::NotAKeyFile
    );
    let torn = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(kind(Signer::from_pem(torn)), BuildErrorKind::NotAKeyFile);
}

#[test]
fn a_key_without_a_certificate_needs_a_key_id() {
    let bare = Signer::from_pem(&pem_of(&key(2048), &[])).unwrap();
    assert!(bare.key_reference().is_none());
    let (transport, _) = server(|_| token_answer("t0ken"));
    let build = |signer: Signer| {
        maskinporten::Client::builder(
            maskinporten::Environment::test(),
            "c".parse().unwrap(),
            signer,
        )
        .transport(transport.clone())
        .build()
    };
    let error = build(bare.clone()).unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::NoKeyReference);
    assert!(
        error
            .diagnosis()
            .remedy()
            .unwrap()
            .action()
            .contains("MASKINPORTEN_KID")
    );
    assert!(build(bare.with_kid("ours".parse().unwrap())).is_ok());
}

#[test]
fn the_organisation_is_read_in_the_documented_order() {
    let pki = Pki::new();
    let organisation = |subject: &[(&'static str, &'static str)]| {
        let issued = pki.issue(&Leaf {
            subject: subject.to_vec(),
            ..Leaf::default()
        });
        let signer = Signer::from_pem(&pem_of(&issued.key, &[&issued.certificate])).unwrap();
        signer.organisation().map(|number| number.to_string())
    };
    let some = |text: &str| Some(text.to_owned());
    // Commfides SEID2, Buypass SEID2, SEID1
    let commfides = [
        ("CN", "T"),
        ("serialNumber", "991825827"),
        ("organizationIdentifier", "NTRNO-310702641"),
    ];
    assert_eq!(organisation(&commfides), some("991825827"));
    assert_eq!(
        organisation(&[("O", "T"), ("organizationIdentifier", "NTRNO-991825827")]),
        some("991825827")
    );
    assert_eq!(
        organisation(&[
            ("O", "TEST AS - 991825827"),
            ("organizationIdentifier", "NTRNO-310702641")
        ]),
        some("991825827")
    );
    assert_eq!(
        organisation(&[("organizationIdentifier", "PSDNO-FSA-991825827")]),
        some("991825827")
    );
    assert_eq!(
        organisation(&[("organizationIdentifier", "991825827")]),
        some("991825827")
    );
    assert_eq!(
        organisation(&[("serialNumber", "UN:NO-991825827"), ("O", "T")]),
        None
    );
    assert_eq!(
        organisation(&[("organizationIdentifier", "NTRSE-5560360793")]),
        None
    );
    assert_eq!(organisation(&[("CN", "T")]), None);
}

#[test]
fn a_secret_key_does_not_show() {
    let issued = Pki::new().issue(&Leaf::default());
    let signer =
        Signer::from_pkcs12(&p12(&issued.key, &issued.certificate, &[]), &password()).unwrap();
    let shown = format!("{signer:?} {:#?}", Signer::loader().alias("a"));
    assert!(
        shown.contains("Rs256") && shown.contains("TESTVIRKSOMHET"),
        "{shown}"
    );
    assert!(!shown.contains(PASSWORD) && shown.len() < 2_000, "{shown}");
}

/// Makes a file as old programs did. `None`, with a word about it, where there is no `openssl`.
fn legacy_file(arguments: &[&str]) -> Option<Vec<u8>> {
    let issued = Pki::new().issue(&Leaf::default());
    let folder = tempfile::tempdir().unwrap();
    let (pem, out) = (folder.path().join("in.pem"), folder.path().join("out.p12"));
    std::fs::write(&pem, pem_of(&issued.key, &[&issued.certificate])).unwrap();
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-passout", &format!("pass:{PASSWORD}")])
        .args(arguments)
        .arg("-in")
        .arg(&pem)
        .arg("-out")
        .arg(&out)
        .output();
    match made {
        Ok(output) if output.status.success() => Some(std::fs::read(out).unwrap()),
        _ if std::env::var_os("CI").is_some() => panic!("CI has the openssl command"),
        _ => {
            println!("skipped: no `openssl` command that makes such files: {arguments:?}");
            None
        }
    }
}

#[test]
fn old_ciphers_are_read_and_the_default_ones_go_on_working() {
    for arguments in [
        &["-legacy"][..],
        &[
            "-legacy",
            "-certpbe",
            "PBE-SHA1-RC2-128",
            "-keypbe",
            "PBE-SHA1-RC2-128",
        ],
        &["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES"],
        &["-legacy", "-nomac"],
        &["-nomac"],
        &[
            "-nomac",
            "-certpbe",
            "PBE-SHA1-3DES",
            "-keypbe",
            "PBE-SHA1-3DES",
        ],
        &["-keypbe", "NONE", "-certpbe", "NONE"],
    ] {
        let Some(file) = legacy_file(arguments) else {
            continue;
        };
        verify(
            &signed(Signer::from_pkcs12(&file, &password()).unwrap()),
            MessageDigest::sha256(),
        );
        let wrong = kind(Signer::from_pkcs12(&file, &"wrong".into()));
        assert_eq!(wrong, BuildErrorKind::WrongPassword, "{arguments:?}");
    }
    // the default provider is still there
    let issued = Pki::new().issue(&Leaf::default());
    assert!(Signer::from_pkcs12(&p12(&issued.key, &issued.certificate, &[]), &password()).is_ok());
}

const LEGACY_FILE: &str = "MASKINPORTEN_TEST_LEGACY_FILE";

#[test]
fn without_the_legacy_module_the_error_names_it_and_the_way_out() {
    let Some(file) = legacy_file(&["-legacy"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.p12");
    std::fs::write(&path, file).unwrap();
    // OpenSSL reads its module path once: a process of its own
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "keys::in_a_process_without_modules",
            "--nocapture",
        ])
        .env("OPENSSL_MODULES", folder.path())
        .env(LEGACY_FILE, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // an OpenSSL with the module built in reads the file all the same
    assert!(
        said.contains("named the module") || said.contains("built in"),
        "{said}"
    );
}

/// The other half of the test above; alone it has nothing to look at.
#[test]
fn in_a_process_without_modules() {
    let Some(path) = std::env::var_os(LEGACY_FILE) else {
        return;
    };
    match Signer::from_pkcs12(&std::fs::read(path).unwrap(), &password()) {
        Ok(_) => println!("built in"),
        Err(error) => {
            assert_eq!(error.kind(), BuildErrorKind::LegacyCipher);
            assert!(error.to_string().contains("legacy.so"), "{error}");
            let remedy = error.diagnosis().remedy().unwrap().to_string();
            assert!(
                remedy.contains("openssl pkcs12 -legacy -in old.p12"),
                "{remedy}"
            );
            println!("named the module");
        }
    }
    let issued = Pki::new().issue(&Leaf::default());
    assert!(Signer::from_pkcs12(&p12(&issued.key, &issued.certificate, &[]), &password()).is_ok());
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    let issued = Pki::new().issue(&Leaf::default());
    let two = p12_of_two(("a", &issued), ("b", &issued));
    let pem = pem_of(&issued.key, &[&issued.certificate]);
    // every byte of the frame, then a sample of the rest
    let places = |length: usize| (0..80.min(length)).chain((80..length).step_by(41));
    for place in places(two.len()) {
        for damage in [0x00, 0x7F, 0xFF] {
            let mut bytes = two.clone();
            bytes[place] ^= damage;
            let _ = Signer::from_pkcs12(&bytes, &password());
            let _ = Signer::from_pkcs12_alias(&bytes, &password(), "a");
        }
    }
    for place in places(pem.len()) {
        let mut bytes = pem.clone();
        bytes[place] = b'-';
        let _ = Signer::from_pem(&bytes);
    }
}

/// The example in `examples/` with its keeper in a process of its own. Cargo builds it along with all
/// tests of the crate, but not for one test binary alone.
#[cfg(feature = "reqwest")]
#[test]
fn a_key_signs_in_another_process() {
    let here = std::env::current_exe().unwrap();
    let example = here
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples/sign_in_another_process");
    if !example.exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI builds the examples: {}",
            example.display()
        );
        println!("skipped: the example was not built (cargo test -p maskinporten builds it)");
        return;
    }
    let output = Command::new(example).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(said.matches("in another process").count(), 3, "{said}");
}
