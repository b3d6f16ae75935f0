use karen_memory::{MilvusConfig, MilvusIndex, testing};

use crate::server;

/// An index in a collection that no other test uses.
async fn index(name: &str) -> MilvusIndex {
    let config = MilvusConfig {
        url: server("KAREN_TEST_MILVUS_URL"),
        token: None,
        collection: format!("karen_test_{name}"),
        dim: 8,
    };
    MilvusIndex::open(config).await.expect("opens")
}

#[tokio::test]
async fn an_index_in_milvus_keeps_its_contract() {
    testing::vector_index(&index("contract").await).await;
}
