//! On a real Redis and a real cluster, which `make test` starts: `KAREN_TEST_REDIS_URL` and
//! `KAREN_TEST_REDIS_CLUSTER_URLS` are their addresses.

use redis::{ErrorKind, Script, cmd, pipe};

use super::*;

fn addresses(variable: &str) -> Vec<String> {
    let addresses = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `make test`, or `scripts/services.sh start` and `env`")
    });
    addresses.split(',').map(str::to_owned).collect()
}

/// A name that no other run uses.
fn namespace() -> String {
    format!("test-{}", std::process::id())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_scripts_and_pipelines_reach_a_server_and_a_cluster() {
    for variable in ["KAREN_TEST_REDIS_URL", "KAREN_TEST_REDIS_CLUSTER_URLS"] {
        let config = RedisConfig::new(namespace(), addresses(variable));
        let mut connection = Connection::new(&config).expect("addresses");
        let key = format!("{}:connection", config.namespace);
        let set = cmd("SET")
            .arg(&key)
            .arg(6)
            .exec_async(&mut connection)
            .await;
        set.expect("a command");
        let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        let sum: u64 = add
            .key(&key)
            .arg(1)
            .invoke_async(&mut connection)
            .await
            .expect("a script");
        assert_eq!(sum, 7);
        let piped: (u64, u64) = pipe()
            .get(&key)
            .del(&key)
            .query_async(&mut connection.clone())
            .await
            .expect("a pipeline");
        assert_eq!(piped, (7, 1));
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_told_at_once_and_a_silent_one_when_it_is_asked() {
    for nodes in [&["nonsense"][..], &[], &["nonsense", "redis://127.0.0.1:9"]] {
        let nodes = nodes.iter().map(ToString::to_string).collect();
        let error = Connection::new(&RedisConfig::new("test", nodes))
            .err()
            .expect("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidClientConfig);
    }
    for nodes in [&["redis://127.0.0.1:9"][..], &["redis://127.0.0.1:9"; 2]] {
        let nodes = nodes.iter().map(ToString::to_string).collect();
        let mut silent = Connection::new(&RedisConfig::new("test", nodes)).expect("addresses");
        cmd("PING")
            .exec_async(&mut silent)
            .await
            .expect_err("nobody there");
    }
}

#[test]
fn an_address_may_carry_a_password_which_is_not_shown() {
    let nodes = vec!["redis://:hunter2@cache:6379".to_owned()];
    let shown = format!("{:?}", RedisConfig::new("test", nodes));
    assert!(
        shown.contains("test") && !shown.contains("hunter2"),
        "{shown}"
    );
}
