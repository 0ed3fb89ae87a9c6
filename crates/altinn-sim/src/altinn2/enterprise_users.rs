//! `enterpriseusers`: an organisation reads its own enterprise users (virksomhetsbrukere), by its
//! certificate or its token and without any user (wire facts, Altinn 2 §8.6). Making, renaming and
//! deleting them is not here.

use super::answer::{Json, Object, Refusal, Shape};
use super::{Outcome, stored_time};
use crate::state::Shared;
use crate::world::{EnterpriseUser, World};

/// Bare arrays in both shapes, also for one.
pub(super) fn read(
    sim: &Shared,
    world: &World,
    shape: Shape,
    organisation: &str,
    user_name: Option<&str>,
) -> Outcome {
    let item = |user: &EnterpriseUser| -> Json {
        Object::new()
            .with("UserName", user.user_name.as_str())
            .with("Created", stored_time(sim.started))
            .with("OwnerOrgNo", user.organisation.as_str())
            .into()
    };
    let own = world
        .enterprise_users
        .iter()
        .filter(|user| user.organisation == organisation)
        .filter(|user| user_name.is_none_or(|name| user.user_name.eq_ignore_ascii_case(name)));
    let items: Vec<Json> = own.map(item).collect();
    if user_name.is_some() && items.is_empty() {
        return Err(Refusal::not_found());
    }
    Ok(shape.ok(items))
}
