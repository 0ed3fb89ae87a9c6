//! Listings that were saved while Altinn 2 answered.

use hal::{List, Reader};
use serde::Deserialize;

use crate::Error;
use crate::altinn2::models::RightHolder;

const OPERATION: &str = "read a saved listing of Altinn 2";

/// Who held what, from a document that was saved: what `altinn rights list --api altinn2 --json` printed,
/// or an answer of Altinn (`…/Delegations`, `…/Delegations/{id}`), as HAL, as an array or one alone.
///
/// ```
/// let saved = br#"{"RightHolderId":"r50170466","Name":"HEIS ANNA","SocialSecurityNumber":"268992*****",
///     "Roles":{"_embedded":{"roles":[{"RoleId":1,"RoleDefinitionId":21,"RoleDefinitionCode":"HADM"}]}}}"#;
/// let holders = altinn_authz::altinn2::read_right_holders(saved)?;
/// assert_eq!(holders[0].roles.as_ref().map(|roles| roles.len()), Some(1));
/// # Ok::<(), altinn_authz::Error>(())
/// ```
///
/// # Errors
///
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what is no JSON, lists something else, or is a
/// list without roles and rights (Altinn's own list of right holders has none: each is read alone).
pub fn read_right_holders(document: &[u8]) -> Result<Vec<RightHolder>, Error> {
    #[derive(Deserialize)]
    struct Printed {
        api: String,
        held: serde_json::Value,
    }
    let printed: Option<Printed> = serde_json::from_slice(document).ok();
    let held = match printed {
        Some(printed) if printed.api != "altinn2" => {
            return Err(Error::input(
                OPERATION,
                "this is a listing of Altinn 3",
                "give one that was saved with --api altinn2: what is on Altinn 3 need not be moved",
            ));
        }
        Some(printed) => Some(printed.held.to_string()),
        None => None,
    };
    let inner = held.as_ref().map_or(document, |held| held.as_bytes());
    let unreadable = |error: hal::Error| {
        Error::input(
            OPERATION,
            "this is no listing of who holds rights on Altinn 2",
            "give what `altinn rights list --api altinn2 --json` printed, or Altinn's answer from …/authorization/Delegations/{id}, one or several in an array",
        )
        .with_source(error)
    };
    let list: List<RightHolder> = Reader::new(hal::Lenient).read(inner).map_err(unreadable)?;
    let holders = list.into_items();
    if !holders.is_empty()
        && holders
            .iter()
            .all(|holder| holder.roles.is_none() && holder.rights.is_none())
    {
        return Err(Error::input(
            OPERATION,
            "the listing names who holds something and not what: Altinn's list has no roles and rights in it",
            "give the documents of each (…/Delegations/{id}), or what `altinn rights list --api altinn2 --json` printed",
        ));
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"RightHolderId":"r1","Name":"A","Rights":[]}"#;

    #[test]
    fn a_listing_is_read_in_every_wrapping() {
        for saved in [
            ONE.to_owned(),
            format!("[{ONE}]"),
            format!(r#"{{"api":"altinn2","held":[{ONE}]}}"#),
            format!(r#"{{"_links":{{}},"_embedded":{{"delegations":[{ONE}]}}}}"#),
        ] {
            let holders = read_right_holders(saved.as_bytes()).unwrap();
            assert_eq!(holders.len(), 1, "{saved}");
            assert_eq!(holders[0].id, "r1".into());
        }
    }

    #[test]
    fn what_is_no_such_listing_is_said() {
        for wrong in [
            "",
            "not json",
            r#"{"api":"altinn3","held":[]}"#,
            r#"[{"RightID":7}]"#,
            r#"[{"RightHolderId":"r1","Name":"A"}]"#,
        ] {
            let error = read_right_holders(wrong.as_bytes()).unwrap_err();
            assert!(error.is_input(), "{wrong}");
        }
    }
}
