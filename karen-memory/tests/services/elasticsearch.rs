use karen_memory::{ElasticsearchConfig, ElasticsearchIndex, testing};

use crate::server;

/// An index that no other test uses.
async fn index(name: &str) -> ElasticsearchIndex {
    let url = server("KAREN_TEST_ELASTICSEARCH_URL");
    let config = ElasticsearchConfig::new(&format!("test_{name}"), url);
    ElasticsearchIndex::open(config).await.expect("opens")
}

#[tokio::test]
async fn an_index_in_elasticsearch_keeps_its_contract() {
    testing::text_index(&index("contract").await).await;
}
