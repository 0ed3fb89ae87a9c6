//! What rights are on: a resource, or a single instance of one. The calls differ, what is done does not.

use crate::Error;
use crate::altinn3::client::Client;
use crate::altinn3::instances::InstanceUrn;
use crate::altinn3::models::{ResourceId, RightCheck, RightKey, RightPermission};
use crate::altinn3::receiver::Receiver;
use crate::altinn3::relation::Pair;
use crate::wire::PartyUuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct On {
    pub(crate) resource: ResourceId,
    pub(crate) instance: Option<InstanceUrn>,
}

/// The rights that somebody has there: given directly, and come by in other ways.
pub(crate) struct RightsOn {
    pub(crate) direct: Vec<RightPermission>,
    pub(crate) indirect: Vec<RightPermission>,
}

impl Client {
    pub(crate) async fn rights_on(&self, pair: &Pair, on: &On) -> Result<RightsOn, Error> {
        Ok(match &on.instance {
            None => {
                let held = self.resource_rights(pair, &on.resource).await?;
                RightsOn {
                    direct: held.direct_rights,
                    indirect: held.indirect_rights,
                }
            }
            Some(instance) => {
                let held = self.instance_rights(pair, &on.resource, instance).await?;
                RightsOn {
                    direct: held.direct_rights,
                    indirect: held.indirect_rights,
                }
            }
        })
    }

    pub(crate) async fn check_on(
        &self,
        giver: &PartyUuid,
        on: &On,
    ) -> Result<Vec<RightCheck>, Error> {
        Ok(match &on.instance {
            None => {
                let check = self.resource_delegation_check(giver, &on.resource).await?;
                check.rights
            }
            Some(instance) => {
                let check = self
                    .instance_delegation_check(giver, &on.resource, instance)
                    .await?;
                check.rights
            }
        })
    }

    pub(crate) async fn add_on(
        &self,
        pair: &Pair,
        on: &On,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        let (giver, to) = (pair.giver(), pair.receiver());
        match &on.instance {
            None => {
                self.add_resource_rights(giver, to, &on.resource, keys)
                    .await
            }
            Some(instance) => {
                let to = Receiver::party(to);
                self.add_instance_rights(giver, &to, &on.resource, instance, keys)
                    .await
            }
        }
    }

    pub(crate) async fn replace_on(
        &self,
        pair: &Pair,
        on: &On,
        keys: &[RightKey],
    ) -> Result<(), Error> {
        let (giver, to) = (pair.giver(), pair.receiver());
        match &on.instance {
            None => {
                self.replace_resource_rights(giver, to, &on.resource, keys)
                    .await
            }
            Some(instance) => {
                self.replace_instance_rights(giver, to, &on.resource, instance, keys)
                    .await
            }
        }
    }

    pub(crate) async fn remove_on(&self, pair: &Pair, on: &On) -> Result<(), Error> {
        match &on.instance {
            None => self.remove_resource(pair, &on.resource).await,
            Some(instance) => self.remove_instance(pair, &on.resource, instance).await,
        }
    }
}
