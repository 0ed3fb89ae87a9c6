//! Requests for access (forespørsler om tilgang): ask, see, approve, reject, withdraw.
//!
//! The asker is `from` and the one who is asked is `to`, as in the server's code; some of its
//! documentation says the reverse. Source: `RequestController.cs` of
//! <https://github.com/Altinn/altinn-authorization-tmp>. An environment can have requests switched
//! off: every call is then [`NotFound`](crate::ErrorKind::NotFound) without a code.

use http::Method;
use http_transport::decode_json;
use serde::Serialize;

use crate::Error;
use crate::address::Address;
use crate::altinn3::client::Client;
use crate::altinn3::entitlement::PackageUrn;
use crate::altinn3::models::{
    AccessRequest, RequestId, RequestKind, RequestStatus, ResourceId, RightKey,
};
use crate::altinn3::scopes;
use crate::wire::{OpenEnum as _, PartyUuid};

/// Which requests for access are meant; all without anything.
///
/// ```
/// use altinn_authz::altinn3::RequestFilter;
/// use altinn_authz::altinn3::models::{RequestKind, RequestStatus};
///
/// let waiting = RequestFilter::new()
///     .status(RequestStatus::Pending)
///     .kind(RequestKind::Package);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    other: Option<PartyUuid>,
    statuses: Vec<RequestStatus>,
    kind: Option<RequestKind>,
}

impl RequestFilter {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those with this other party only.
    #[must_use]
    pub fn with(mut self, other: impl AsRef<PartyUuid>) -> Self {
        self.other = Some(other.as_ref().clone());
        self
    }

    /// Those with this status; more calls add more.
    #[must_use]
    pub fn status(mut self, status: RequestStatus) -> Self {
        self.statuses.push(status);
        self
    }

    /// Those about access packages, or about resources.
    #[must_use]
    pub fn kind(mut self, kind: RequestKind) -> Self {
        self.kind = Some(kind);
        self
    }

    fn in_query(&self, address: Address, other: &'static str) -> Address {
        let address = address.query_if(other, self.other.as_ref());
        let address = self.statuses.iter().fold(address, |address, status| {
            address.query("status", status.as_wire())
        });
        address.query_if("type", self.kind.as_ref().map(|kind| kind.as_wire()))
    }
}

impl Client {
    /// Asks for an access package. Asking again while the first request waits is the same request.
    /// `POST request/package`; scope `…/enduser:requests.write`, as the asker.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when one asks oneself, and
    /// [`MissingScope`](crate::ErrorKind::MissingScope), before anything is sent; else as the server
    /// refuses.
    pub async fn ask_for_package(
        &self,
        asker: impl AsRef<PartyUuid>,
        grantor: impl AsRef<PartyUuid>,
        package: &PackageUrn,
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "ask for an access package";
        let address = self
            .asking(
                OPERATION,
                "request/package",
                asker.as_ref(),
                grantor.as_ref(),
            )?
            .query("package", package.code());
        self.answered(OPERATION, Method::POST, &address, None::<&()>)
            .await
    }

    /// Asks for rights on a resource: those with these keys, or without keys the resource.
    /// `POST request/resource`; scope `…/enduser:requests.write`, as the asker.
    ///
    /// # Errors
    ///
    /// As [`ask_for_package`](Self::ask_for_package).
    pub async fn ask_for_resource(
        &self,
        asker: impl AsRef<PartyUuid>,
        grantor: impl AsRef<PartyUuid>,
        resource: &ResourceId,
        keys: &[RightKey],
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "ask for rights on a resource";
        let address = self
            .asking(
                OPERATION,
                "request/resource",
                asker.as_ref(),
                grantor.as_ref(),
            )?
            .query("resource", resource);
        self.answered(OPERATION, Method::POST, &address, some(keys).as_ref())
            .await
    }

    /// One request, for either side. `GET request`; scope `…/enduser:requests.read`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound): with the code `AM-00031` there is no such request,
    /// without a code it is unknown or requests are switched off.
    pub async fn access_request(
        &self,
        party: impl AsRef<PartyUuid>,
        id: &RequestId,
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "read a request for access";
        self.require(OPERATION, scopes::REQUESTS_READ)?;
        let address = self
            .address("request")
            .query("party", party.as_ref())
            .query("id", id);
        self.get(OPERATION, &address).await
    }

    /// What the party has asked others for. `GET request/sent`; scope `…/enduser:requests.read`.
    ///
    /// # Errors
    ///
    /// As [`access_request`](Self::access_request).
    pub async fn requests_sent(
        &self,
        asker: impl AsRef<PartyUuid>,
        filter: &RequestFilter,
    ) -> Result<Vec<AccessRequest>, Error> {
        const OPERATION: &str = "list the requests that were sent";
        self.require(OPERATION, scopes::REQUESTS_READ)?;
        let address = self.address("request/sent").query("party", asker.as_ref());
        self.list(OPERATION, &filter.in_query(address, "to")).await
    }

    /// What others have asked the party for. `GET request/received`; scope
    /// `…/enduser:requests.read`.
    ///
    /// # Errors
    ///
    /// As [`access_request`](Self::access_request).
    pub async fn requests_received(
        &self,
        grantor: impl AsRef<PartyUuid>,
        filter: &RequestFilter,
    ) -> Result<Vec<AccessRequest>, Error> {
        const OPERATION: &str = "list the requests that were received";
        self.require(OPERATION, scopes::REQUESTS_READ)?;
        let address = self
            .address("request/received")
            .query("party", grantor.as_ref());
        self.list(OPERATION, &filter.in_query(address, "from"))
            .await
    }

    /// How many requests the party has sent. `GET request/sent/count`.
    ///
    /// # Errors
    ///
    /// As [`access_request`](Self::access_request).
    pub async fn count_requests_sent(
        &self,
        asker: impl AsRef<PartyUuid>,
        filter: &RequestFilter,
    ) -> Result<u64, Error> {
        const OPERATION: &str = "count the requests that were sent";
        self.require(OPERATION, scopes::REQUESTS_READ)?;
        let address = self
            .address("request/sent/count")
            .query("party", asker.as_ref());
        self.get(OPERATION, &filter.in_query(address, "to")).await
    }

    /// How many requests the party has received. `GET request/received/count`.
    ///
    /// # Errors
    ///
    /// As [`access_request`](Self::access_request).
    pub async fn count_requests_received(
        &self,
        grantor: impl AsRef<PartyUuid>,
        filter: &RequestFilter,
    ) -> Result<u64, Error> {
        const OPERATION: &str = "count the requests that were received";
        self.require(OPERATION, scopes::REQUESTS_READ)?;
        let address = self
            .address("request/received/count")
            .query("party", grantor.as_ref());
        self.get(OPERATION, &filter.in_query(address, "from")).await
    }

    /// Approves a request, which gives what was asked for; with keys, these rights of it only.
    /// `PUT request/received/approve`; scope `…/enduser:requests.write`, as the one who was asked.
    ///
    /// # Errors
    ///
    /// Refused with `AM.VLD-00044` when the party is not the one who was asked, and with
    /// `AM.VLD-00036` when the request has been answered otherwise.
    pub async fn approve_request(
        &self,
        grantor: impl AsRef<PartyUuid>,
        id: &RequestId,
        keys: &[RightKey],
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "approve a request for access";
        let address = self.change(OPERATION, "received/approve", grantor.as_ref(), id)?;
        self.answered(OPERATION, Method::PUT, &address, some(keys).as_ref())
            .await
    }

    /// Rejects a request. `PUT request/received/reject`; scope `…/enduser:requests.write`, as the one
    /// who was asked.
    ///
    /// # Errors
    ///
    /// As [`approve_request`](Self::approve_request).
    pub async fn reject_request(
        &self,
        grantor: impl AsRef<PartyUuid>,
        id: &RequestId,
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "reject a request for access";
        let address = self.change(OPERATION, "received/reject", grantor.as_ref(), id)?;
        self.answered(OPERATION, Method::PUT, &address, None::<&()>)
            .await
    }

    /// Withdraws a request. `PUT request/sent/withdraw`; scope `…/enduser:requests.write`, as the
    /// asker.
    ///
    /// # Errors
    ///
    /// As [`approve_request`](Self::approve_request), for the other side.
    pub async fn withdraw_request(
        &self,
        asker: impl AsRef<PartyUuid>,
        id: &RequestId,
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "withdraw a request for access";
        let address = self.change(OPERATION, "sent/withdraw", asker.as_ref(), id)?;
        self.answered(OPERATION, Method::PUT, &address, None::<&()>)
            .await
    }

    /// Confirms a request that a service owner drafted for the asker. `PUT request/draft/confirm`;
    /// scope `…/enduser:requests.write`, as the asker.
    ///
    /// # Errors
    ///
    /// As [`withdraw_request`](Self::withdraw_request).
    pub async fn confirm_request(
        &self,
        asker: impl AsRef<PartyUuid>,
        id: &RequestId,
    ) -> Result<AccessRequest, Error> {
        const OPERATION: &str = "confirm a request for access";
        let address = self.change(OPERATION, "draft/confirm", asker.as_ref(), id)?;
        self.answered(OPERATION, Method::PUT, &address, None::<&()>)
            .await
    }

    fn asking(
        &self,
        operation: &'static str,
        path: &str,
        asker: &PartyUuid,
        grantor: &PartyUuid,
    ) -> Result<Address, Error> {
        self.require(operation, scopes::REQUESTS_WRITE)?;
        if asker == grantor {
            return Err(Error::input(
                operation,
                "the asker and the one who is asked are the same party",
                "name the party that has what is asked for",
            ));
        }
        let address = self.address(path).query("party", asker);
        Ok(address.query("to", grantor))
    }

    fn change(
        &self,
        operation: &'static str,
        verb: &str,
        party: &PartyUuid,
        id: &RequestId,
    ) -> Result<Address, Error> {
        self.require(operation, scopes::REQUESTS_WRITE)?;
        let address = self.address(&format!("request/{verb}"));
        Ok(address.query("party", party).query("id", id))
    }

    /// Sends, and reads the object that comes back.
    pub(crate) async fn answered<T: serde::de::DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        address: &Address,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Error> {
        let answer = self.send(operation, method, address.as_str(), body).await?;
        Ok(decode_json(operation, &answer)?)
    }
}

fn some(keys: &[RightKey]) -> Option<&[RightKey]> {
    (!keys.is_empty()).then_some(keys)
}
