//! The scopes of access management and of the decision point
//! (<https://github.com/Altinn/altinn-authorization-tmp>, `AuthzConstants.cs`).
//!
//! Digitaliseringsdirektoratet must give them to the client's organisation in Maskinporten first.
//!
//! ```no_run
//! use altinn_authz::altinn3::scopes;
//!
//! # fn run(altinn: altinn_auth::Altinn, customer: norwegian_ids::OrganisationNumber) {
//! let session = altinn.system_user(customer).scopes(scopes::GIVER);
//! # }
//! ```

/// Listing the parties one acts for.
pub const AUTHORIZED_PARTIES: &str = "altinn:accessmanagement/authorizedparties";
/// Reading what a party has given to others.
pub const TO_OTHERS_READ: &str = "altinn:accessmanagement/enduser:connections:toothers.read";
/// Giving to others, taking back, and checking what may be given.
pub const TO_OTHERS_WRITE: &str = "altinn:accessmanagement/enduser:connections:toothers.write";
/// Reading what a party has got from others.
pub const FROM_OTHERS_READ: &str = "altinn:accessmanagement/enduser:connections:fromothers.read";
/// Giving up what a party has got from others.
pub const FROM_OTHERS_WRITE: &str = "altinn:accessmanagement/enduser:connections:fromothers.write";

/// Seeing requests for access.
pub const REQUESTS_READ: &str = "altinn:accessmanagement/enduser:requests.read";
/// Asking for access, and answering those who ask.
pub const REQUESTS_WRITE: &str = "altinn:accessmanagement/enduser:requests.write";
/// Seeing one's Maskinporten suppliers.
pub const SUPPLIERS_READ: &str = "altinn:accessmanagement/enduser:maskinportensuppliers.read";
/// Changing one's Maskinporten suppliers, and what they may use.
pub const SUPPLIERS_WRITE: &str = "altinn:accessmanagement/enduser:maskinportensuppliers.write";
/// Seeing whom one supplies in Maskinporten.
pub const CONSUMERS_READ: &str = "altinn:accessmanagement/enduser:maskinportenconsumers.read";
/// Giving up what one has from those one supplies.
pub const CONSUMERS_WRITE: &str = "altinn:accessmanagement/enduser:maskinportenconsumers.write";
/// Seeing a provider's clients and agents.
pub const CLIENTS_READ: &str = "altinn:clientdelegations.read";
/// Changing a provider's agents, and what they have for which client.
pub const CLIENTS_WRITE: &str = "altinn:clientdelegations.write";
/// Seeing the clients that one serves as an agent.
pub const MY_CLIENTS_READ: &str = "altinn:clientdelegations/myclients.read";
/// Giving up clients that one serves as an agent.
pub const MY_CLIENTS_WRITE: &str = "altinn:clientdelegations/myclients.write";

/// Asking the decision point ([`pdp`](super::pdp)) about others.
pub const PDP: &str = "altinn:authorization/authorize";
/// The same, for those who may ask about everything.
pub const PDP_ADMIN: &str = "altinn:authorization/authorize.admin";

/// Reading one's consent requests ([`consent`](super::consent)), and what happened to them.
pub const CONSENT_READ: &str = "altinn:consentrequests.read";
/// Asking for consents, for one's own organisation.
pub const CONSENT_WRITE: &str = "altinn:consentrequests.write";
/// Asking for consents, for other organisations as well.
pub const CONSENT_ORG: &str = "altinn:consentrequests.org";

/// Listing whom others may act for, as a service owner: with what they hold on its own resources.
pub const AUTHORIZED_PARTIES_OWNER: &str =
    "altinn:accessmanagement/authorizedparties.resourceowner";
/// The same, with everything.
pub const AUTHORIZED_PARTIES_ADMIN: &str = "altinn:accessmanagement/authorizedparties.admin";
/// Giving access packages between others, as a service owner.
pub const OWNER_PACKAGES_WRITE: &str = "altinn:serviceowner/delegations:accesspackage.write";

/// Seeing how far requests that one drafted as a service owner have come.
pub const OWNER_REQUESTS_READ: &str = "altinn:serviceowner/delegationrequests.read";
/// Drafting requests for access for others, as a service owner.
pub const OWNER_REQUESTS_WRITE: &str = "altinn:serviceowner/delegationrequests.write";
/// Seeing who may use one's scopes of Maskinporten.
pub const SCOPE_DELEGATIONS: &str = "altinn:maskinporten/delegations";
/// Seeing who may use anybody's scopes of Maskinporten.
pub const SCOPE_DELEGATIONS_ADMIN: &str = "altinn:maskinporten/delegations.admin";

/// Seeing a service owner's access lists.
pub const ACCESS_LISTS_READ: &str = "altinn:resourceregistry/accesslist.read";
/// Changing a service owner's access lists.
pub const ACCESS_LISTS_WRITE: &str = "altinn:resourceregistry/accesslist.write";

/// Changing everything of a service owner's in the resource registry, access lists among it.
pub const RESOURCE_ADMIN: &str = "altinn:resourceregistry/resource.admin";

/// All that the six steps need of one who gives: list parties, read, give and take back.
pub const GIVER: [&str; 3] = [AUTHORIZED_PARTIES, TO_OTHERS_READ, TO_OTHERS_WRITE];

/// Altinn's own portal has this one, and it stands for all of them. Nobody else gets it.
pub(crate) const PORTAL: &str = "altinn:portal/enduser";
