//! What the collection looks like.

use ::milvus::v2::prelude::{
    CollectionSchema, DataType, FieldSchema, IndexParam, IndexType, MetricType,
};

/// Which form the rows have: the end of the collection's name. What an older program made has another
/// name, is dropped, and is filled again from the records.
pub(super) const VERSION: u32 = 1;
/// Bytes of a row's longest name: a digest, a point, a record's id.
const NAME_BYTES: u32 = 128;
/// Bytes of all labels of a record at most: some three thousand of them.
const TAGS_BYTES: u32 = 65_535;

pub(super) fn schema(dim: u32) -> CollectionSchema {
    let text = |name: &str| {
        let field = FieldSchema::new().name(name);
        field.data_type(DataType::VarChar).max_length(NAME_BYTES)
    };
    let number = |name: &str| FieldSchema::new().name(name).data_type(DataType::Int64);
    CollectionSchema::new()
        .add_field(text("name").primary_key(true))
        // A scan looks at the partition of the user, and not at everybody's.
        .add_field(text("owner").partition_key(true))
        .add_field(text("kind"))
        .add_field(text("session"))
        .add_field(text("source"))
        .add_field(text("agent"))
        .add_field(text("tags").max_length(TAGS_BYTES))
        .add_field(
            FieldSchema::new()
                .name("importance")
                .data_type(DataType::Double),
        )
        .add_field(number("at"))
        .add_field(number("valid_from"))
        .add_field(number("valid_to"))
        .add_field(number("recorded_at"))
        .add_field(number("retired_at"))
        .add_field(number("archived_at"))
        .add_field(number("mark"))
        .add_field(
            FieldSchema::new()
                .name("vector")
                .data_type(DataType::FloatVector)
                .dimension(dim),
        )
}

/// Exact: a graph would miss answers that filters admit.
pub(super) fn index() -> IndexParam {
    let index = IndexParam::new().field_name("vector");
    index
        .index_type(IndexType::Flat)
        .metric_type(MetricType::Ip)
}
