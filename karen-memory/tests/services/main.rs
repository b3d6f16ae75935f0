//! Every backend keeps the contract of its port on its real server, and memories that share servers
//! see one another's writes.

mod elasticsearch;
mod erase;
#[path = "../memory/files.rs"]
mod files;
mod forms;
mod health;
mod instances;
mod milvus;
mod outage;
mod postgres;
mod redis;
mod reembed;
mod relay;
mod replica;
#[path = "../memory/world.rs"]
mod world;

/// Where a server is; without one these tests have nothing to say.
fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `make test`, or `scripts/services.sh start` and `env`")
    })
}
