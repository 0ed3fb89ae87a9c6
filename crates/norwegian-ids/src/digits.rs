use crate::IdError;

/// Exactly `N` ASCII digits out of a text in which blanks may stand.
pub(crate) fn exactly<const N: usize>(text: &str) -> Result<[u8; N], IdError> {
    let mut digits = [b'0'; N];
    let mut count = 0;
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if !c.is_ascii_digit() {
            return Err(IdError::NotDigits);
        }
        if let Some(place) = digits.get_mut(count) {
            *place = c as u8;
        }
        count += 1;
    }
    match count {
        0 => Err(IdError::Empty),
        n if n == N => Ok(digits),
        _ => Err(IdError::Length),
    }
}

/// The text of digits that came from [`exactly`].
pub(crate) fn text(digits: &[u8]) -> &str {
    // ASCII digits are always UTF-8; the default is never reached.
    std::str::from_utf8(digits).unwrap_or_default()
}

/// The weighted sum of the digits, modulo 11. As many digits count as there are weights.
pub(crate) fn mod11(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum::<u32>()
        % 11
}

/// A serde visitor that takes a text or a whole number and hands on its text. Written out, because
/// serde's own "invalid type" errors repeat the value.
#[cfg(feature = "serde")]
pub(crate) struct TextOrNumber<F> {
    pub(crate) expecting: &'static str,
    pub(crate) read: F,
}

#[cfg(feature = "serde")]
impl<T, F> serde::de::Visitor<'_> for TextOrNumber<F>
where
    F: FnOnce(&str) -> Result<T, IdError>,
{
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<T, E> {
        Err(E::custom(IdError::NotDigits))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<T, E> {
        Err(E::custom(IdError::NotDigits))
    }
}
