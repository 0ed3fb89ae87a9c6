//! `altinn demo`: the six steps against the simulator.
use crate::commands::Report;
use crate::console::Console;
use crate::failure::Failure;
use clap::Args;

/// Arguments of `altinn demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {}

pub(crate) async fn run(_console: &Console, _args: &DemoArgs) -> Result<Report, Failure> {
    Err(Failure::usage("not yet"))
}
