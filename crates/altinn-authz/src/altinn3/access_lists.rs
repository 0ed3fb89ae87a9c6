//! Access lists (tilgangslister): which organisations a service owner lets use a resource at all, whatever
//! rights they hold. They took the place of Altinn 2's service rights registry (SRR).
//!
//! Source: `AccessListsController.cs` and its models in
//! <https://github.com/Altinn/altinn-resource-registry>.

use std::collections::HashSet;

use altinn_auth::{Organisation, Session};
use http::{Method, StatusCode};
use serde::Serialize;

use crate::altinn3::api::Api;
use crate::altinn3::listing::Listing;
use crate::altinn3::models::ResourceId;
use crate::altinn3::pages::PageToken;
use crate::altinn3::party_urn::PartyUrn;
use crate::altinn3::registry::models::{
    AccessList, AccessListId, AccessListMember, AccessListResource,
};
use crate::altinn3::scopes;
use crate::{Caller, Error};

/// So many members one call takes (`RR.VLD-00000`, `RR.VLD-00001`).
const MANY: usize = 100;

/// A service owner's access lists.
///
/// ```no_run
/// use altinn_authz::altinn3::{AccessLists, PartyUrn, scopes};
///
/// # async fn run(altinn: altinn_auth::Altinn) -> Result<(), Box<dyn std::error::Error>> {
/// let us = altinn.organisation().scopes([scopes::ACCESS_LISTS_READ, scopes::ACCESS_LISTS_WRITE]);
/// let lists = AccessLists::new(&us, "skd");
///
/// let banks = "godkjente-banker".into();
/// lists.save(&banks, "Godkjente banker", "Banker som kan hente grunnlag").await?;
/// let bank: PartyUrn = "310702641".parse()?;
/// lists.add_members(&banks, [bank]).await?;
/// lists.connect_resource(&banks, &"skd-grunnlag".into(), &["read"]).await?;
/// for member in lists.members(&banks).await? {
///     println!("{:?} since {:?}", member.party, member.since);
/// }
/// # Ok(()) }
/// ```
///
/// Reading takes the scope [`ACCESS_LISTS_READ`](scopes::ACCESS_LISTS_READ), changing
/// [`ACCESS_LISTS_WRITE`](scopes::ACCESS_LISTS_WRITE); [`RESOURCE_ADMIN`](scopes::RESOURCE_ADMIN) is both.
/// The decision point (PDP) may lag five minutes.
///
/// Altinn has conditional changes for these (`If-Match`), which are not used here: who changes a list
/// changes it whatever others did to it meanwhile. Its `PATCH` is announced, and not made.
#[derive(Debug, Clone)]
pub struct AccessLists {
    api: Api,
    owner: Box<str>,
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct Members<'a> {
    data: &'a [PartyUrn],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filters<'a> {
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    action_filters: &'a [&'a str],
}

/// How the members of a list were changed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it says what was changed"]
pub struct MembersChanged {
    /// Those who were added.
    pub added: Vec<PartyUrn>,
    /// Those who were removed.
    pub removed: Vec<PartyUrn>,
}

impl AccessLists {
    /// Those of the service owner with this code (`skd`), as the organisation whose session it is.
    #[must_use]
    pub fn new(session: &Session<Organisation>, owner: impl Into<Box<str>>) -> Self {
        Self::with_caller(session.clone(), owner)
    }

    /// As this [`Caller`].
    #[must_use]
    pub fn with_caller(caller: impl Caller + 'static, owner: impl Into<Box<str>>) -> Self {
        Self {
            api: Api::new(caller).when_forbidden(
                "call as the service owner whose lists they are, with the scope altinn:resourceregistry/accesslist.read or .write, which Digitaliseringsdirektoratet gives",
            ),
            owner: owner.into(),
        }
    }

    /// All lists. `GET access-lists/{owner}`.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent;
    /// [`Forbidden`](crate::ErrorKind::Forbidden) for another service owner's lists; `RR.VLD-00010` for a
    /// code that is no service owner's.
    pub async fn all(&self) -> Result<Vec<AccessList>, Error> {
        const OPERATION: &str = "list access lists";
        self.may_read(OPERATION)?;
        self.api.list(OPERATION, &self.address()).await
    }

    /// The lists that are connected to a resource, each with that connection and the actions it is
    /// limited to. `GET access-lists/{owner}`.
    ///
    /// Altinn lists all of them, with an empty connection where there is none: those are left out here.
    /// Its link to the next page forgets the resource, so the pages are asked for one by one.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all).
    pub async fn of_resource(&self, resource: &ResourceId) -> Result<Vec<AccessList>, Error> {
        const OPERATION: &str = "list the access lists of a resource";
        self.may_read(OPERATION)?;
        let mut lists = Vec::new();
        let mut seen = HashSet::new();
        let mut place: Option<PageToken> = None;
        loop {
            let address = self
                .address()
                .query("include", "resource-actions")
                .query("resource", resource)
                .query_if("token", place.as_ref());
            let mut pages = self.api.pages::<AccessList>(OPERATION, &address);
            let page = pages.next_page().await?.unwrap_or_default();
            let is_of_it = |list: &AccessList| {
                let mut connections = list.resources.iter();
                connections.any(|connection| connection.resource == *resource)
            };
            lists.extend(page.into_iter().filter(is_of_it));
            place = pages.position().cloned();
            match &place {
                None => return Ok(lists),
                Some(next) if seen.insert(next.clone()) => {}
                Some(_) => {
                    return Err(Error::endless(
                        OPERATION,
                        "the list's next page is one that was read",
                    ));
                }
            }
        }
    }

    /// One list. `GET access-lists/{owner}/{identifier}`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) when there is none; else as [`all`](Self::all).
    pub async fn get(&self, id: &AccessListId) -> Result<AccessList, Error> {
        const OPERATION: &str = "read an access list";
        self.may_read(OPERATION)?;
        let address = self.one(id);
        self.api.get(OPERATION, &address).await
    }

    /// Makes a list, or gives one that is there this name and description; its members stay.
    /// `PUT access-lists/{owner}/{identifier}`.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all).
    pub async fn save(
        &self,
        id: &AccessListId,
        name: &str,
        description: &str,
    ) -> Result<AccessList, Error> {
        const OPERATION: &str = "save an access list";
        self.may_write(OPERATION)?;
        let address = self.one(id);
        let body = Described { name, description };
        self.api
            .exchange(OPERATION, Method::PUT, &address, &body)
            .await
    }

    /// Deletes a list, with its members and connections. Whether there was one.
    /// `DELETE access-lists/{owner}/{identifier}`.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all).
    pub async fn delete(&self, id: &AccessListId) -> Result<bool, Error> {
        const OPERATION: &str = "delete an access list";
        self.may_write(OPERATION)?;
        let address = self.one(id);
        self.gone(OPERATION, &address).await
    }

    /// Who is on a list. `GET access-lists/{owner}/{identifier}/members`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). A list that is changed while it is read page by page ends with a refusal
    /// (412): read it again.
    pub async fn members(&self, id: &AccessListId) -> Result<Vec<AccessListMember>, Error> {
        const OPERATION: &str = "list who is on an access list";
        self.may_read(OPERATION)?;
        let address = self.one(id).segment("members");
        self.api.list(OPERATION, &address).await
    }

    /// Puts organisations on a list; those who are on it stay. One call for each hundred.
    /// `POST access-lists/{owner}/{identifier}/members`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); `RR-00001` when one of them is unknown. What was sent before a call that
    /// failed is done: doing all of it again is harmless.
    pub async fn add_members(
        &self,
        id: &AccessListId,
        members: impl IntoIterator<Item = PartyUrn> + Send,
    ) -> Result<(), Error> {
        self.change("put members on an access list", Method::POST, id, members)
            .await
    }

    /// Takes organisations off a list. One call for each hundred.
    /// `DELETE access-lists/{owner}/{identifier}/members`.
    ///
    /// # Errors
    ///
    /// As [`add_members`](Self::add_members).
    pub async fn remove_members(
        &self,
        id: &AccessListId,
        members: impl IntoIterator<Item = PartyUrn> + Send,
    ) -> Result<(), Error> {
        self.change(
            "take members off an access list",
            Method::DELETE,
            id,
            members,
        )
        .await
    }

    /// Makes these the members and no others, at most a hundred, in one call.
    /// `PUT access-lists/{owner}/{identifier}/members`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for more than a hundred: Altinn replaces no more
    /// at once. [`set_members`](Self::set_members) does it in several calls.
    pub async fn replace_members(
        &self,
        id: &AccessListId,
        members: impl IntoIterator<Item = PartyUrn> + Send,
    ) -> Result<(), Error> {
        const OPERATION: &str = "replace the members of an access list";
        self.may_write(OPERATION)?;
        let members = sound(OPERATION, members)?;
        if members.len() > MANY {
            return Err(Error::input(
                OPERATION,
                "Altinn replaces at most a hundred members at once",
                "set them instead, which adds and removes what differs",
            ));
        }
        let address = self.one(id).segment("members");
        self.send(OPERATION, Method::PUT, &address, &members).await
    }

    /// Makes these organisations the members, however many they are: reads who is on the list, adds those
    /// who are missing, and then removes the others.
    ///
    /// # Errors
    ///
    /// As [`members`](Self::members) and [`add_members`](Self::add_members);
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for members that are not named by organisation
    /// number.
    pub async fn set_members(
        &self,
        id: &AccessListId,
        members: impl IntoIterator<Item = PartyUrn> + Send,
    ) -> Result<MembersChanged, Error> {
        const OPERATION: &str = "set the members of an access list";
        self.may_write(OPERATION)?;
        let wanted = sound(OPERATION, members)?;
        if wanted.iter().any(|member| member.organisation().is_none()) {
            return Err(Error::input(
                OPERATION,
                "only organisation numbers can be compared with who is on the list",
                "name the members by organisation number",
            ));
        }
        let mut held: Vec<PartyUrn> = Vec::new();
        for member in self.members(id).await? {
            match (member.organisation(), member.party) {
                (Some(number), _) => held.push(PartyUrn::of_organisation(number)),
                // it cannot be one of those who are wanted, and goes by the name that it has
                (None, Some(party)) => held.push(party),
                (None, None) => {}
            }
        }
        let without = |of: &[PartyUrn], others: &[PartyUrn]| -> Vec<PartyUrn> {
            let others: HashSet<_> = others.iter().collect();
            let left = of.iter().filter(|member| !others.contains(member));
            left.cloned().collect()
        };
        let changed = MembersChanged {
            added: without(&wanted, &held),
            removed: without(&held, &wanted),
        };
        self.add_members(id, changed.added.clone()).await?;
        self.remove_members(id, changed.removed.clone()).await?;
        Ok(changed)
    }

    /// Which resources a list lets its members use. `GET access-lists/{owner}/{identifier}/resource-connections`.
    ///
    /// # Errors
    ///
    /// As [`members`](Self::members).
    pub async fn resources(&self, id: &AccessListId) -> Result<Vec<AccessListResource>, Error> {
        const OPERATION: &str = "list the resources of an access list";
        self.may_read(OPERATION)?;
        let address = self.one(id).segment("resource-connections");
        self.api.list(OPERATION, &address).await
    }

    /// Lets a list's members use a resource: for these actions, or without any for all.
    /// `PUT access-lists/{owner}/{identifier}/resource-connections/{resource}`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); `RR-00002` for an unknown resource, `RR-00004` for another service owner's.
    pub async fn connect_resource(
        &self,
        id: &AccessListId,
        resource: &ResourceId,
        actions: &[&str],
    ) -> Result<AccessListResource, Error> {
        const OPERATION: &str = "connect a resource to an access list";
        self.may_write(OPERATION)?;
        let address = self.one(id).segment("resource-connections");
        let body = Filters {
            action_filters: actions,
        };
        let address = address.segment(resource);
        self.api
            .exchange(OPERATION, Method::PUT, &address, &body)
            .await
    }

    /// Lets a list's members use a resource no more. Whether they could.
    /// `DELETE access-lists/{owner}/{identifier}/resource-connections/{resource}`.
    ///
    /// # Errors
    ///
    /// As [`connect_resource`](Self::connect_resource).
    pub async fn disconnect_resource(
        &self,
        id: &AccessListId,
        resource: &ResourceId,
    ) -> Result<bool, Error> {
        const OPERATION: &str = "disconnect a resource from an access list";
        self.may_write(OPERATION)?;
        let address = self.one(id).segment("resource-connections");
        self.gone(OPERATION, &address.segment(resource)).await
    }

    fn may_read(&self, operation: &'static str) -> Result<(), Error> {
        let scopes = [
            scopes::ACCESS_LISTS_READ,
            scopes::ACCESS_LISTS_WRITE,
            scopes::RESOURCE_ADMIN,
        ];
        self.api.require_one_of(operation, &scopes)
    }

    fn may_write(&self, operation: &'static str) -> Result<(), Error> {
        let scopes = [scopes::ACCESS_LISTS_WRITE, scopes::RESOURCE_ADMIN];
        self.api.require_one_of(operation, &scopes)
    }

    fn address(&self) -> crate::address::Address {
        self.api
            .address("resourceregistry/api/v1/access-lists")
            .segment(&self.owner)
    }

    fn one(&self, id: &AccessListId) -> crate::address::Address {
        self.address().segment(id.as_str().trim())
    }

    /// 200 says that it was there, 204 that it was not.
    async fn gone(
        &self,
        operation: &'static str,
        address: &crate::address::Address,
    ) -> Result<bool, Error> {
        let answer = self
            .api
            .send(operation, Method::DELETE, address.as_str(), None::<&()>)
            .await?;
        Ok(answer.status() != StatusCode::NO_CONTENT)
    }

    async fn change(
        &self,
        operation: &'static str,
        method: Method,
        id: &AccessListId,
        members: impl IntoIterator<Item = PartyUrn> + Send,
    ) -> Result<(), Error> {
        self.may_write(operation)?;
        let members = sound(operation, members)?;
        let address = self.one(id).segment("members");
        for some in members.chunks(MANY) {
            self.send(operation, method.clone(), &address, some).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        address: &crate::address::Address,
        members: &[PartyUrn],
    ) -> Result<(), Error> {
        let body = Members { data: members };
        let _: Listing<serde::de::IgnoredAny> =
            self.api.exchange(operation, method, address, &body).await?;
        Ok(())
    }
}

/// Each once; people are on no list.
fn sound(
    operation: &'static str,
    members: impl IntoIterator<Item = PartyUrn>,
) -> Result<Vec<PartyUrn>, Error> {
    let mut seen = HashSet::new();
    let mut each: Vec<PartyUrn> = Vec::new();
    for member in members {
        if member.person().is_some() {
            return Err(Error::input(
                operation,
                "a person cannot be on an access list",
                "name organisations",
            ));
        }
        if seen.insert(member.clone()) {
            each.push(member);
        }
    }
    Ok(each)
}

impl AccessListMember {
    /// The organisation number, where it is told and has the right check digit.
    #[must_use]
    pub fn organisation(&self) -> Option<norwegian_ids::OrganisationNumber> {
        let identifiers = self.identifiers.as_ref()?;
        let number = identifiers.get(crate::altinn3::party_urn::ORGANISATION)?;
        number.parse().ok()
    }
}
