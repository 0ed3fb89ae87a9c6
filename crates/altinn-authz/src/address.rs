//! Addresses with every segment and value escaped: nothing that a caller gives can change where a
//! request goes.

use std::fmt::{Display, Write as _};

use http_transport::Origin;
use url::Url;

use crate::Error;

/// A URL being built: a base, segments, and a query.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    text: String,
    has_query: bool,
    is_sound: bool,
}

impl Address {
    /// `path` is this crate's own text and goes in as it is.
    pub(crate) fn new(base: &Url, path: &str) -> Self {
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        let text = format!("{}/{path}", base.as_str().trim_end_matches('/'));
        Self {
            text,
            has_query: false,
            is_sound: true,
        }
    }

    /// Adds one segment. An empty one, or one of dots alone, would lead to another place however it is
    /// escaped: with it this is no address any more.
    pub(crate) fn segment(mut self, segment: impl Display) -> Self {
        let segment = segment.to_string();
        self.is_sound &= !segment.bytes().all(|byte| byte == b'.');
        self.text.push('/');
        escape(&mut self.text, &segment);
        self
    }

    /// Ends the path in a slash.
    pub(crate) fn slash(mut self) -> Self {
        self.text.push('/');
        self
    }

    pub(crate) fn query(mut self, name: &str, value: impl Display) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        escape(&mut self.text, name);
        self.text.push('=');
        escape(&mut self.text, &value.to_string());
        self
    }

    /// Adds parameters that are escaped already.
    #[cfg(feature = "altinn2")]
    pub(crate) fn with_query(mut self, parameters: &str) -> Self {
        if !parameters.is_empty() {
            self.text.push(if self.has_query { '&' } else { '?' });
            self.has_query = true;
            self.text.push_str(parameters);
        }
        self
    }

    pub(crate) fn query_if(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Empty when it is no address: nothing is sent there.
    pub(crate) fn as_str(&self) -> &str {
        match self.is_sound {
            true => &self.text,
            false => "",
        }
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters and `$`, which OData's names begin
/// with. A blank becomes `%20`: `+` is a blank in forms only.
fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'$' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// Lets a link of an answer through only when it stays on the host that was asked.
pub(crate) fn same_host(operation: &'static str, base: &Url, link: &str) -> Result<String, Error> {
    let refused = || Error::foreign_link(operation);
    let link = base.join(link).map_err(|_| refused())?;
    let uri = |url: &Url| url.as_str().parse::<http::Uri>().map_err(|_| refused());
    let origin = Origin::of(&uri(base)?).map_err(|_| refused())?;
    if !origin.contains(&uri(&link)?) {
        return Err(refused());
    }
    Ok(link.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays_in_its_place() {
        let base: Url = "https://tt02.altinn.no/?x#y".parse().unwrap();
        let address = Address::new(&base, "api")
            .segment("../my?a=b/Ærlig")
            .query("$filter", "Name eq 'O''Brien & co+1'")
            .query_if("to", None::<&str>)
            .query("language", 1044);
        assert_eq!(
            address.as_str(),
            "https://tt02.altinn.no/api/..%2Fmy%3Fa%3Db%2F%C3%86rlig\
             ?$filter=Name%20eq%20%27O%27%27Brien%20%26%20co%2B1%27&language=1044"
        );
        let parsed: Url = address.as_str().parse().unwrap();
        assert_eq!(parsed.as_str(), address.as_str());
    }

    #[test]
    fn what_would_lead_to_another_place_leads_nowhere() {
        let base: Url = "https://tt02.altinn.no".parse().unwrap();
        for segment in ["", ".", "..", "..."] {
            let address = Address::new(&base, "api").segment(segment).segment("x");
            assert_eq!(address.query("a", 1).as_str(), "", "{segment:?}");
        }
        let address = Address::new(&base, "api").segment("..a").slash();
        assert_eq!(address.as_str(), "https://tt02.altinn.no/api/..a/");
    }

    #[test]
    fn a_link_may_not_leave_the_host() {
        let base: Url = "https://platform.tt02.altinn.no".parse().unwrap();
        let here = same_host("list", &base, "/x?token=1").unwrap();
        assert_eq!(here, "https://platform.tt02.altinn.no/x?token=1");
        for link in [
            "https://platform.tt02.altinn.no.evil.example/x",
            "http://platform.tt02.altinn.no/x",
            "https://platform.tt02.altinn.no:444/x",
            "//evil.example/x",
            "https://platform.tt02.altinn.no@evil.example/x",
            "data:text/plain,x",
            "https://",
        ] {
            let error = same_host("list", &base, link).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::ForeignLink, "{link}");
        }
    }
}
