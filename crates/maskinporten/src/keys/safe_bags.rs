//! The key bags of a PKCS#12 file (RFC 7292 §4.2) and their names. OpenSSL's own parser takes the
//! first key and says nothing of the others.

/// A private key as it lies in the file.
#[derive(Debug)]
pub(super) struct KeyBag<'a> {
    /// PKCS#8, encrypted or not.
    pub(super) der: &'a [u8],
    pub(super) is_encrypted: bool,
    /// Its `friendlyName`.
    pub(super) alias: Option<String>,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const BMP_STRING: u8 = 0x1E;
const EXPLICIT_0: u8 = 0xA0;

/// 1.2.840.113549.1.7.1, content that is not encrypted
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.12.10.1.1
const KEY_BAG: &[u8] = &[
    0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x01,
];
/// 1.2.840.113549.1.12.10.1.2
const SHROUDED_KEY_BAG: &[u8] = &[
    0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x02,
];
/// 1.2.840.113549.1.9.20
const FRIENDLY_NAME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x14];

/// The keys that can be seen without decrypting anything, which is where the usual programs put
/// them. `None` when the file is not laid out so (or is BER rather than DER).
pub(super) fn keys(file: &[u8]) -> Option<Vec<KeyBag<'_>>> {
    let mut pfx = Reader(file).open(SEQUENCE)?;
    pfx.next()?; // version
    let safes = data_content(pfx.open(SEQUENCE)?)?;
    let mut safes = Reader(safes).open(SEQUENCE)?;
    let mut found = Vec::new();
    while !safes.is_empty() {
        // an encrypted safe holds certificates; its keys, if any, cannot be seen
        let Some(content) = data_content(safes.open(SEQUENCE)?) else {
            continue;
        };
        let mut bags = Reader(content).open(SEQUENCE)?;
        while !bags.is_empty() {
            if let Some(bag) = key_bag(bags.open(SEQUENCE)?) {
                found.push(bag);
            }
        }
    }
    Some(found)
}

/// The `authSafe` of a file without a MAC: the element, encoded, and the octets that a MAC would
/// be over. `None` for a file that has one, or none that a password could make (a signed file).
pub(super) fn without_mac(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut pfx = Reader(file).open(SEQUENCE)?;
    pfx.next()?; // version
    let before = pfx.0;
    let content = data_content(pfx.open(SEQUENCE)?)?;
    let auth_safe = before.get(..before.len().checked_sub(pfx.0.len())?)?;
    pfx.is_empty().then_some((auth_safe, content))
}

/// The octets of a `ContentInfo` of type data.
fn data_content(mut info: Reader<'_>) -> Option<&[u8]> {
    if info.expect(OBJECT_ID)? != DATA {
        return None;
    }
    info.open(EXPLICIT_0)?.expect(OCTET_STRING)
}

fn key_bag(mut bag: Reader<'_>) -> Option<KeyBag<'_>> {
    let is_encrypted = match bag.expect(OBJECT_ID)? {
        SHROUDED_KEY_BAG => true,
        KEY_BAG => false,
        _ => return None,
    };
    let der = bag.expect(EXPLICIT_0)?;
    let alias = bag.open(SET).and_then(friendly_name);
    Some(KeyBag {
        der,
        is_encrypted,
        alias,
    })
}

fn friendly_name(mut attributes: Reader<'_>) -> Option<String> {
    while !attributes.is_empty() {
        let mut attribute = attributes.open(SEQUENCE)?;
        if attribute.expect(OBJECT_ID)? == FRIENDLY_NAME {
            let utf16 = attribute.open(SET)?.expect(BMP_STRING)?;
            let units = utf16
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            let name: String = char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .filter(|character| !character.is_control())
                .collect();
            return Some(name);
        }
    }
    None
}

/// Reads DER, element after element. Takes what the file says of lengths at its word only as far
/// as the file goes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                (
                    digits
                        .iter()
                        .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                    rest,
                )
            }
            // the indefinite form is BER's; longer ones are no key file
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }

    fn open(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (keys(&bytes), without_mac(&bytes));
        }
    }

    #[test]
    fn lengths_beyond_the_file_are_not_believed() {
        assert!(keys(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x01, 0x03]).is_none());
        assert!(keys(&[0x30, 0x80, 0x02, 0x01, 0x03]).is_none());
    }
}
