use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn document() -> Value {
    serde_json::to_value(openapi()).expect("json")
}

/// utoipa keeps the last of two schemas of one name, without a word.
#[test]
fn no_two_schemas_share_a_name() {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for routes in routes::all() {
        let components = routes.into_openapi().components.unwrap_or_default();
        for (name, schema) in components.schemas {
            let schema = serde_json::to_value(schema).expect("json");
            let first = seen.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "two schemas are named {name}");
        }
    }
}

#[test]
fn it_is_openapi_3_1() {
    let document = document();
    assert!(
        document["openapi"]
            .as_str()
            .expect("version")
            .starts_with("3.1")
    );
    assert_eq!(document["security"][0]["bearer"], serde_json::json!([]));
}

#[test]
fn operations_have_names_of_their_own() {
    let mut names = BTreeSet::new();
    each_operation(&mut openapi(), |path, operation| {
        assert!(operation.operation_id.is_some(), "{path}");
        assert!(operation.summary.is_some(), "{path}");
    });
    let mut document = openapi();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let name = operation.operation_id.clone().expect("name");
            assert!(
                names.insert(name.clone()),
                "two operations are named {name}"
            );
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut pending = vec![&document];
    let mut found = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    found += 1;
                }
                pending.extend(fields.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(found > 0);
}
