//! Maskinporten suppliers (leverandører) and consumers: who may use one's Maskinporten scopes on
//! one's behalf.
//!
//! Source: `MaskinportenSuppliersController.cs` and its mirror in
//! <https://github.com/Altinn/altinn-authorization-tmp>. An environment can have them switched off:
//! every call is then [`NotFound`](crate::ErrorKind::NotFound) without a code.

use http::Method;

use crate::Error;
use crate::altinn3::client::Client;
use crate::altinn3::connections::Cascade;
use crate::altinn3::models::{
    Assignment, Connection, ResourceCheck, ResourceId, ResourcePermission,
};
use crate::altinn3::scopes;
use crate::wire::PartyUuid;

impl Client {
    /// Makes an organisation a supplier of the consumer; doing it again changes nothing.
    /// `POST maskinportensuppliers`; scope `…/enduser:maskinportensuppliers.write`, for the consumer.
    ///
    /// # Errors
    ///
    /// [`MissingScope`](crate::ErrorKind::MissingScope) before anything is sent; else as the server
    /// refuses.
    pub async fn add_supplier(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: impl AsRef<PartyUuid>,
    ) -> Result<Assignment, Error> {
        const OPERATION: &str = "add a Maskinporten supplier";
        self.require(OPERATION, scopes::SUPPLIERS_WRITE)?;
        let address = self
            .address("maskinportensuppliers")
            .query("party", consumer.as_ref())
            .query("supplier", supplier.as_ref());
        self.answered(OPERATION, Method::POST, &address, None::<&()>)
            .await
    }

    /// The consumer's suppliers, or the one that is named. `GET maskinportensuppliers`; scope
    /// `…/enduser:maskinportensuppliers.read`, for the consumer.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn suppliers(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: Option<&PartyUuid>,
    ) -> Result<Vec<Connection>, Error> {
        const OPERATION: &str = "list Maskinporten suppliers";
        self.require(OPERATION, scopes::SUPPLIERS_READ)?;
        let address = self
            .address("maskinportensuppliers")
            .query("party", consumer.as_ref())
            .query_if("supplier", supplier);
        self.list(OPERATION, &address).await
    }

    /// Removes a supplier. `DELETE maskinportensuppliers`; scope
    /// `…/enduser:maskinportensuppliers.write`, for the consumer.
    ///
    /// # Errors
    ///
    /// Refused with [`Cascade::No`] (`AM.VLD-00010`) while it has resources.
    pub async fn remove_supplier(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: impl AsRef<PartyUuid>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "remove a Maskinporten supplier";
        self.require(OPERATION, scopes::SUPPLIERS_WRITE)?;
        let address = self
            .address("maskinportensuppliers")
            .query("party", consumer.as_ref())
            .query("supplier", supplier.as_ref())
            .query_if("cascade", cascade.flag());
        self.delete(OPERATION, address.as_str()).await
    }

    /// Whether the consumer may let others use a Maskinporten resource.
    /// `GET maskinportensuppliers/resources/delegationcheck`; scope
    /// `…/enduser:maskinportensuppliers.read` or `.write`, for the consumer.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn supplier_delegation_check(
        &self,
        consumer: impl AsRef<PartyUuid>,
        resource: &ResourceId,
    ) -> Result<ResourceCheck, Error> {
        const OPERATION: &str = "check whether a Maskinporten resource may be given";
        if !self.may(scopes::SUPPLIERS_READ) {
            self.require(OPERATION, scopes::SUPPLIERS_WRITE)?;
        }
        let address = self
            .address("maskinportensuppliers/resources/delegationcheck")
            .query("party", consumer.as_ref())
            .query("resource", resource);
        self.get(OPERATION, &address).await
    }

    /// Lets a supplier use the scopes of a resource; the answer is the server's yes or no.
    /// `POST maskinportensuppliers/resources`; scope `…/enduser:maskinportensuppliers.write`, for the
    /// consumer.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](crate::ErrorKind::NotConnected) when it has not been made a supplier.
    pub async fn add_supplier_resource(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: impl AsRef<PartyUuid>,
        resource: &ResourceId,
    ) -> Result<bool, Error> {
        const OPERATION: &str = "give a supplier a Maskinporten resource";
        self.require(OPERATION, scopes::SUPPLIERS_WRITE)?;
        let address = self
            .address("maskinportensuppliers/resources")
            .query("party", consumer.as_ref())
            .query("supplier", supplier.as_ref())
            .query("resource", resource);
        self.answered(OPERATION, Method::POST, &address, None::<&()>)
            .await
    }

    /// What the consumer's suppliers may use. `GET maskinportensuppliers/resources`; scope
    /// `…/enduser:maskinportensuppliers.read`, for the consumer.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn supplier_resources(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: Option<&PartyUuid>,
        resource: Option<&ResourceId>,
    ) -> Result<Vec<ResourcePermission>, Error> {
        const OPERATION: &str = "list what suppliers may use";
        self.require(OPERATION, scopes::SUPPLIERS_READ)?;
        let address = self
            .address("maskinportensuppliers/resources")
            .query("party", consumer.as_ref())
            .query_if("supplier", supplier)
            .query_if("resource", resource);
        self.list(OPERATION, &address).await
    }

    /// Takes a resource from a supplier. `DELETE maskinportensuppliers/resources`; scope
    /// `…/enduser:maskinportensuppliers.write`, for the consumer.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn remove_supplier_resource(
        &self,
        consumer: impl AsRef<PartyUuid>,
        supplier: impl AsRef<PartyUuid>,
        resource: &ResourceId,
    ) -> Result<(), Error> {
        const OPERATION: &str = "take a Maskinporten resource from a supplier";
        self.require(OPERATION, scopes::SUPPLIERS_WRITE)?;
        let address = self
            .address("maskinportensuppliers/resources")
            .query("party", consumer.as_ref())
            .query("supplier", supplier.as_ref())
            .query("resource", resource);
        self.delete(OPERATION, address.as_str()).await
    }

    /// Whom the supplier supplies, or the one that is named. `GET maskinportenconsumers`; scope
    /// `…/enduser:maskinportenconsumers.read`, for the supplier.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn consumers(
        &self,
        supplier: impl AsRef<PartyUuid>,
        consumer: Option<&PartyUuid>,
    ) -> Result<Vec<Connection>, Error> {
        const OPERATION: &str = "list Maskinporten consumers";
        self.require(OPERATION, scopes::CONSUMERS_READ)?;
        let address = self
            .address("maskinportenconsumers")
            .query("party", supplier.as_ref())
            .query_if("consumer", consumer);
        self.list(OPERATION, &address).await
    }

    /// Stops being a consumer's supplier. `DELETE maskinportenconsumers`; scope
    /// `…/enduser:maskinportenconsumers.write`, for the supplier.
    ///
    /// # Errors
    ///
    /// As [`remove_supplier`](Self::remove_supplier).
    pub async fn remove_consumer(
        &self,
        supplier: impl AsRef<PartyUuid>,
        consumer: impl AsRef<PartyUuid>,
        cascade: Cascade,
    ) -> Result<(), Error> {
        const OPERATION: &str = "remove a Maskinporten consumer";
        self.require(OPERATION, scopes::CONSUMERS_WRITE)?;
        let address = self
            .address("maskinportenconsumers")
            .query("party", supplier.as_ref())
            .query("consumer", consumer.as_ref())
            .query_if("cascade", cascade.flag());
        self.delete(OPERATION, address.as_str()).await
    }

    /// What the supplier may use for its consumers. `GET maskinportenconsumers/resources`; scope
    /// `…/enduser:maskinportenconsumers.read`, for the supplier.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn consumer_resources(
        &self,
        supplier: impl AsRef<PartyUuid>,
        consumer: Option<&PartyUuid>,
        resource: Option<&ResourceId>,
    ) -> Result<Vec<ResourcePermission>, Error> {
        const OPERATION: &str = "list what may be used for consumers";
        self.require(OPERATION, scopes::CONSUMERS_READ)?;
        let address = self
            .address("maskinportenconsumers/resources")
            .query("party", supplier.as_ref())
            .query_if("consumer", consumer)
            .query_if("resource", resource);
        self.list(OPERATION, &address).await
    }

    /// Gives up a consumer's resource. `DELETE maskinportenconsumers/resources`; scope
    /// `…/enduser:maskinportenconsumers.write`, for the supplier.
    ///
    /// # Errors
    ///
    /// As [`add_supplier`](Self::add_supplier).
    pub async fn remove_consumer_resource(
        &self,
        supplier: impl AsRef<PartyUuid>,
        consumer: impl AsRef<PartyUuid>,
        resource: &ResourceId,
    ) -> Result<(), Error> {
        const OPERATION: &str = "give up a consumer's Maskinporten resource";
        self.require(OPERATION, scopes::CONSUMERS_WRITE)?;
        let address = self
            .address("maskinportenconsumers/resources")
            .query("party", supplier.as_ref())
            .query("consumer", consumer.as_ref())
            .query("resource", resource);
        self.delete(OPERATION, address.as_str()).await
    }
}
