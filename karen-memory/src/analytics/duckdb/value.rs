//! Values of answers.

use duckdb::types::{TimeUnit, Value as Owned, ValueRef};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// As JSON: numbers that it cannot hold, and what it has no form for, as strings.
pub(super) fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Boolean(value) => value.into(),
        ValueRef::TinyInt(value) => value.into(),
        ValueRef::SmallInt(value) => value.into(),
        ValueRef::Int(value) => value.into(),
        ValueRef::BigInt(value) => value.into(),
        ValueRef::HugeInt(value) => {
            i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from)
        }
        ValueRef::UTinyInt(value) => value.into(),
        ValueRef::USmallInt(value) => value.into(),
        ValueRef::UInt(value) => value.into(),
        ValueRef::UBigInt(value) => value.into(),
        ValueRef::Float(value) => f64::from(value).into(),
        ValueRef::Double(value) => value.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Timestamp(unit, at) => timestamp(unit, at),
        ValueRef::Date32(days) => date(days).into(),
        other => owned(&other.to_owned()),
    }
}

/// Rarer ones: lists and structures.
fn owned(value: &Owned) -> Value {
    match value {
        Owned::Decimal(value) => value.to_string().into(),
        Owned::Text(text) | Owned::Enum(text) => text.as_str().into(),
        Owned::List(items) | Owned::Array(items) => items.iter().map(owned).collect(),
        Owned::Null => Value::Null,
        Owned::Boolean(value) => (*value).into(),
        Owned::Int(value) => (*value).into(),
        Owned::BigInt(value) => (*value).into(),
        Owned::Float(value) => f64::from(*value).into(),
        Owned::Double(value) => (*value).into(),
        Owned::Timestamp(unit, at) => timestamp(*unit, *at),
        Owned::Date32(days) => date(*days).into(),
        other => format!("{other:?}").into(),
    }
}

fn timestamp(unit: TimeUnit, at: i64) -> Value {
    let at = Timestamp::from_microsecond(unit.to_micros(at));
    at.map_or(Value::Null, |at| at.to_string().into())
}

fn date(days: i32) -> String {
    let at = Timestamp::from_second(i64::from(days) * 86_400);
    let date = at.map(|at| at.to_zoned(TimeZone::UTC).date().to_string());
    date.unwrap_or_else(|_| days.to_string())
}
