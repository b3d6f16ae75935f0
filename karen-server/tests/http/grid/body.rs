//! Bodies made from the schemas of the document.

use serde_json::{Map, Value, json};

/// A body that an operation takes: what it requires, as the examples have it.
pub(super) fn body_of(document: &Value, operation: &Value) -> Value {
    let content = &operation["requestBody"]["content"]["application/json"];
    match (&content["example"], &content["schema"]) {
        (Value::Null, Value::Null) => json!({}),
        (Value::Null, schema) => example(document, schema),
        (given, _) => given.clone(),
    }
}

fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return example(
            document,
            document.pointer(pointer).expect("it leads somewhere"),
        );
    }
    if let Some(given) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return given.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choice].get(0) {
            return example(document, first);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => object(document, schema),
        Some("array") if schema["minItems"].as_u64() > Some(0) => {
            json!([example(document, &schema["items"])])
        }
        Some("array") => json!([]),
        Some("string") => json!("x"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}

fn object(document: &Value, schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten();
    let fields: Map<String, Value> = required
        .filter_map(Value::as_str)
        .map(|name| {
            (
                name.to_owned(),
                example(document, &schema["properties"][name]),
            )
        })
        .collect();
    Value::Object(fields)
}
