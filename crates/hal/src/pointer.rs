//! JSON pointers (RFC 6901), and the one of a place in a text.

/// Adds a reference token.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The pointer of the value that stands (or should stand) at a byte of a text that is JSON up to
/// there. Bounded by the text; nothing recurses.
pub(crate) fn of_byte(text: &[u8], byte: usize) -> String {
    enum Level<'t> {
        Array(usize),
        Object { key: Option<&'t [u8]>, value: bool },
    }
    let text = &text[..byte.min(text.len())];
    let mut levels = Vec::new();
    let mut at = 0;
    while let Some(b) = text.get(at) {
        match b {
            b'"' => {
                let end = end_of_string(text, at);
                if let Some(Level::Object { key, value: false }) = levels.last_mut() {
                    *key = Some(&text[at..end]);
                }
                at = end;
                continue;
            }
            b'{' => levels.push(Level::Object {
                key: None,
                value: false,
            }),
            b'[' => levels.push(Level::Array(0)),
            b'}' | b']' => drop(levels.pop()),
            b':' => {
                if let Some(Level::Object { value, .. }) = levels.last_mut() {
                    *value = true;
                }
            }
            b',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object { key, value }) => (*key, *value) = (None, false),
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    let mut pointer = String::new();
    for level in levels {
        match level {
            Level::Array(index) => push(&mut pointer, &index.to_string()),
            Level::Object { key: Some(key), .. } => match serde_json::from_slice::<String>(key) {
                Ok(key) => push(&mut pointer, &key),
                Err(_) => break,
            },
            Level::Object { key: None, .. } => break,
        }
    }
    pointer
}

/// The byte after the string that begins at `start`, or the end of the text.
pub(crate) fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(b) = text.get(at) {
        match b {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::of_byte;

    #[test]
    fn places_have_pointers() {
        let text = br#"{"a/b":[1,{"c~":"x, \"]} y","d":null}],"e":2}"#;
        for (needle, pointer) in [
            ("1", "/a~1b/0"),
            ("x,", "/a~1b/1/c~0"),
            ("null", "/a~1b/1/d"),
            ("2", "/e"),
            ("{\"a", ""),
        ] {
            let byte = std::str::from_utf8(text).unwrap().find(needle).unwrap();
            assert_eq!(of_byte(text, byte), pointer, "{needle}");
        }
        assert_eq!(of_byte(b"}]],,::\"", 99), "");
    }
}
