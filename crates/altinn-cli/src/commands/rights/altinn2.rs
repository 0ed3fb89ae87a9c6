//! Rights on Altinn 2, as an enterprise user.

use crate::commands::Report;
use crate::context::Context;
use crate::failure::Failure;

use super::{ChangeArgs, ListArgs};

pub(super) async fn list(_context: &Context<'_>, _args: &ListArgs) -> Result<Report, Failure> {
    Err(Failure::usage("not yet"))
}
pub(super) async fn grant(_context: &Context<'_>, _args: &ChangeArgs) -> Result<Report, Failure> {
    Err(Failure::usage("not yet"))
}
pub(super) async fn revoke(_context: &Context<'_>, _args: &ChangeArgs) -> Result<Report, Failure> {
    Err(Failure::usage("not yet"))
}
