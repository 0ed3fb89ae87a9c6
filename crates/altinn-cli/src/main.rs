//! The `altinn` command.

fn main() {}
