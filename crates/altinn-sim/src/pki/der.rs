//! The little DER that OpenSSL's Rust binding does not read: key usage and certificate policies.

/// What the checks need of a certificate's extensions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// Certificate policies in dotted form.
    pub(super) policies: Vec<String>,
    /// Whether key usage is there and has `digitalSignature` or `nonRepudiation`.
    pub(super) may_sign: bool,
}

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];

/// Reads the extensions of a certificate; `None` when it is not one.
pub(super) fn extensions(certificate: &[u8]) -> Option<Extensions> {
    let (_, certificate, _) = read(certificate)?;
    let (_, mut tbs, _) = read(certificate)?;
    let mut found = Extensions::default();
    while !tbs.is_empty() {
        let (tag, value, rest) = read(tbs)?;
        tbs = rest;
        if tag != 0xa3 {
            continue;
        }
        let (_, mut list, _) = read(value)?;
        while !list.is_empty() {
            let (_, extension, rest) = read(list)?;
            list = rest;
            let (_, oid, after) = read(extension)?;
            let (tag, value, after) = read(after)?;
            let content = if tag == 0x01 { read(after)?.1 } else { value };
            if oid == KEY_USAGE {
                // BIT STRING: count of unused bits, then digitalSignature and nonRepudiation on top.
                let (_, bits, _) = read(content)?;
                found.may_sign = bits.get(1).is_some_and(|byte| byte & 0xc0 != 0);
            } else if oid == CERTIFICATE_POLICIES {
                let (_, mut policies, _) = read(content)?;
                while !policies.is_empty() {
                    let (_, policy, rest) = read(policies)?;
                    policies = rest;
                    found.policies.push(dotted(read(policy)?.1)?);
                }
            }
        }
    }
    Some(found)
}

/// One element: tag, content, what follows.
fn read(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, input) = input.split_first()?;
    let (&first, mut input) = input.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 3 {
            return None;
        }
        let (bytes, rest) = input.split_at_checked(count)?;
        input = rest;
        bytes
            .iter()
            .fold(0, |length, byte| (length << 8) | usize::from(*byte))
    };
    let (content, rest) = input.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn dotted(oid: &[u8]) -> Option<String> {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc: u64 = 0;
    for byte in oid {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc -= first * 40;
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    Some(
        arcs.iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join("."),
    )
}

/// Writes one element; contents here are short of 64 KiB.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let [.., high, low] = content.len().to_be_bytes();
    match (high, low) {
        (0, 0..0x80) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_certificate_is_nothing() {
        for garbage in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x02\x30\x7f",
            b"hello",
        ] {
            assert_eq!(extensions(garbage), None, "{garbage:02x?}");
        }
    }

    #[test]
    fn object_identifiers_are_read_as_written() {
        assert_eq!(dotted(&[0x55, 0x1d, 0x20]).as_deref(), Some("2.5.29.32"));
        assert_eq!(
            dotted(&[
                0x60, 0x84, 0x42, 0x01, 0x1d, 0x87, 0x11, 0x81, 0x52, 0x01, 0x00
            ])
            .as_deref(),
            Some("2.16.578.1.29.913.210.1.0")
        );
    }
}
