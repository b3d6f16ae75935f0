//! What another version of the program made on a service: older forms are dropped and filled again from
//! the records, newer ones are left alone.

use ::elasticsearch::http::Method;
use ::elasticsearch::http::headers::HeaderMap;
use ::elasticsearch::http::transport::Transport;
use ::milvus::v2::prelude::{
    ClientV2, CollectionSchema, ConnectConfig, CreateCollectionRequest, DataType, FieldSchema,
    HasCollectionRequest,
};
use karen_memory::{
    ElasticsearchConfig, ElasticsearchIndex, MemoryErrorKind, MilvusConfig, MilvusIndex,
};

use crate::server;

fn namespace(name: &str) -> String {
    format!("test_{name}_{}", std::process::id())
}

async fn elasticsearch(method: Method, path: &str, body: Option<&str>) -> u16 {
    let url = server("KAREN_TEST_ELASTICSEARCH_URL");
    let transport = Transport::single_node(&url).expect("an address");
    let headers = HeaderMap::new();
    let answer = transport.send(method, path, headers, None::<&()>, body, None);
    answer.await.expect("an answer").status_code().as_u16()
}

fn words(namespace: &str) -> ElasticsearchConfig {
    ElasticsearchConfig::new(namespace, server("KAREN_TEST_ELASTICSEARCH_URL"))
}

#[tokio::test]
async fn an_older_index_of_words_is_dropped_and_made_anew() {
    let namespace = namespace("older");
    let older = format!("{namespace}-words-1");
    let aliased = format!(r#"{{"aliases": {{"{namespace}-words": {{}}}}}}"#);
    assert_eq!(
        elasticsearch(Method::Put, &older, Some(&aliased)).await,
        200
    );
    ElasticsearchIndex::open(words(&namespace))
        .await
        .expect("opens");
    assert_eq!(elasticsearch(Method::Head, &older, None).await, 404);
    let current = format!("{namespace}-words");
    assert_eq!(elasticsearch(Method::Head, &current, None).await, 200);
}

#[tokio::test]
async fn a_newer_index_of_words_is_left_alone() {
    let namespace = namespace("newer");
    let newer = format!("{namespace}-words-1000");
    assert_eq!(elasticsearch(Method::Put, &newer, None).await, 200);
    let refused = ElasticsearchIndex::open(words(&namespace)).await.err();
    assert_eq!(
        refused.expect("a newer form").kind(),
        MemoryErrorKind::TooNew
    );
    assert_eq!(elasticsearch(Method::Head, &newer, None).await, 200);
}

/// Milvus, with a collection of this name.
async fn milvus_with(collection: &str) -> ClientV2 {
    let config = ConnectConfig::new().uri(server("KAREN_TEST_MILVUS_URL"));
    let client = ClientV2::new(&config).await.expect("Milvus");
    let key = FieldSchema::new().name("key").data_type(DataType::Int64);
    let vector = FieldSchema::new()
        .name("vector")
        .data_type(DataType::FloatVector);
    let schema = CollectionSchema::new()
        .add_field(key.primary_key(true))
        .add_field(vector.dimension(8));
    let request = CreateCollectionRequest::builder()
        .collection_name(collection)
        .schema(schema);
    let request = request.build().expect("a request");
    client.create_collection(request).await.expect("made");
    client
}

async fn exists(client: &ClientV2, collection: &str) -> bool {
    let request = HasCollectionRequest::builder().collection_name(collection);
    let request = request.build().expect("a request");
    client
        .has_collection(request)
        .await
        .expect("an answer")
        .exists()
}

fn vectors(collection: &str) -> MilvusConfig {
    MilvusConfig {
        url: server("KAREN_TEST_MILVUS_URL"),
        token: None,
        collection: collection.to_owned(),
        dim: 8,
    }
}

#[tokio::test]
async fn an_older_collection_of_vectors_is_dropped_and_made_anew() {
    let name = namespace("older");
    let client = milvus_with(&name).await;
    MilvusIndex::open(vectors(&name)).await.expect("opens");
    assert!(!exists(&client, &name).await);
    assert!(exists(&client, &format!("{name}_v1")).await);
}

#[tokio::test]
async fn a_newer_collection_of_vectors_is_left_alone() {
    let name = namespace("newer");
    let newer = format!("{name}_v2");
    let client = milvus_with(&newer).await;
    let refused = MilvusIndex::open(vectors(&name)).await.err();
    assert_eq!(
        refused.expect("a newer form").kind(),
        MemoryErrorKind::TooNew
    );
    assert!(exists(&client, &newer).await);
}
