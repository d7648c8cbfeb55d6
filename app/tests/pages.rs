//! fill in
mod support;
#[test]
fn x() {}
