//! Programs that show Karen at work: `cargo run --package karen-examples --example chat`.
