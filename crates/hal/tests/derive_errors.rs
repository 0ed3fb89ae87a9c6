//! What the derive macros say about a struct that cannot be: the message, and the place in the source.

#![cfg(feature = "derive")]

#[test]
fn errors_stand_at_their_place() {
    trybuild::TestCases::new().compile_fail("tests/derive_errors/*.rs");
}
