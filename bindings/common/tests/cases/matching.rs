//! Whether a result is as expected.

use serde_json::{Map, Value};

/// Says what differs, and where.
pub(crate) fn matches(expect: &Value, found: &Value) -> Result<(), String> {
    match (expect, found) {
        (Value::Object(wanted), _) if wanted.keys().any(|key| key.starts_with('$')) => {
            special(wanted, found)
        }
        (Value::Object(wanted), Value::Object(fields)) => {
            for (name, expect) in wanted {
                let field = fields.get(name).unwrap_or(&Value::Null);
                matches(expect, field).map_err(|why| format!("{name}: {why}"))?;
            }
            Ok(())
        }
        (Value::Array(wanted), Value::Array(items)) if wanted.len() == items.len() => {
            let mut pairs = wanted.iter().zip(items);
            pairs.try_for_each(|(expect, item)| matches(expect, item))
        }
        (Value::Number(wanted), Value::Number(number)) if wanted.as_f64() == number.as_f64() => {
            Ok(())
        }
        _ if expect == found => Ok(()),
        _ => Err(format!("{found} instead of {expect}")),
    }
}

fn special(wanted: &Map<String, Value>, found: &Value) -> Result<(), String> {
    for (name, wanted) in wanted {
        let text = found.as_str().unwrap_or_default();
        let is_so = match (name.as_str(), wanted) {
            ("$size", Value::Number(size)) => {
                found.as_array().map(|items| items.len() as u64) == size.as_u64()
            }
            ("$first", expect) => return matches(expect, found.get(0).unwrap_or(&Value::Null)),
            ("$prefix", Value::String(start)) => text.starts_with(start),
            ("$contains", Value::String(part)) => text.contains(part),
            ("$type", Value::String(kind)) => match kind.as_str() {
                "string" => found.is_string(),
                "number" => found.is_number(),
                "array" => found.is_array(),
                _ => return Err(format!("there is no type {kind}")),
            },
            _ => return Err(format!("there is no expectation {name}")),
        };
        if !is_so {
            return Err(format!("{found} instead of {name} {wanted}"));
        }
    }
    Ok(())
}

#[test]
fn an_expectation_can_fail() {
    use serde_json::json;
    for (expect, found) in [
        (json!({ "a": 1 }), json!({ "a": 2 })),
        (json!({ "a": 1 }), json!({})),
        (json!([1, 2]), json!([1])),
        (json!({ "$size": 2 }), json!([1])),
        (json!({ "$first": 1 }), json!([])),
        (json!({ "$prefix": "a" }), json!("b")),
        (json!({ "$contains": "a" }), json!("b")),
        (json!({ "$type": "string" }), json!(1)),
        (json!(null), json!(0)),
        (json!(true), json!(1)),
    ] {
        matches(&expect, &found).expect_err("they differ");
    }
}
