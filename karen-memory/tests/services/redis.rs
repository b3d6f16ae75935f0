use karen_memory::{RedisConfig, RedisWorkingMemory, testing};

use crate::server;

fn working(nodes: &str) -> RedisWorkingMemory {
    let nodes = nodes.split(',').map(str::to_owned).collect();
    RedisWorkingMemory::new(&RedisConfig::new("test", nodes)).expect("addresses")
}

#[tokio::test]
async fn working_memory_in_redis_keeps_its_contract() {
    testing::working_memory(&working(&server("KAREN_TEST_REDIS_URL"))).await;
}

#[tokio::test]
async fn working_memory_in_a_redis_cluster_keeps_its_contract() {
    testing::working_memory(&working(&server("KAREN_TEST_REDIS_CLUSTER_URLS"))).await;
}
