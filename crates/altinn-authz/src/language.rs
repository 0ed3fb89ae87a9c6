//! The language of the names in answers.

use std::fmt;
use std::str::FromStr;

/// The language that Altinn writes names and descriptions in.
///
/// ```
/// use altinn_authz::Language;
///
/// let language: Language = "nn".parse()?;
/// assert_eq!(language, Language::Nynorsk);
/// assert_eq!(language.altinn2_code(), 2068);
/// # Ok::<(), altinn_authz::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Language {
    /// Norwegian bokmål (`nb`, 1044 on Altinn 2). The default.
    #[default]
    Bokmal,
    /// Norwegian nynorsk (`nn`, 2068 on Altinn 2).
    Nynorsk,
    /// English (`en`, 1033 on Altinn 2).
    English,
}

impl Language {
    /// The value of `Accept-Language` on Altinn 3: `nb`, `nn` or `en`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Bokmal => "nb",
            Self::Nynorsk => "nn",
            Self::English => "en",
        }
    }

    /// The value of `language` on Altinn 2
    /// (<https://altinn.github.io/docs/api/rest/>: Windows language identifiers).
    #[must_use]
    pub fn altinn2_code(self) -> u16 {
        match self {
            Self::Bokmal => 1044,
            Self::Nynorsk => 2068,
            Self::English => 1033,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Language {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, crate::Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "nb" | "no" | "1044" => Ok(Self::Bokmal),
            "nn" | "2068" => Ok(Self::Nynorsk),
            "en" | "1033" => Ok(Self::English),
            _ => Err(crate::Error::input(
                "choose a language",
                "the language is none that Altinn has",
                "use nb, nn or en",
            )),
        }
    }
}
