//! Plain data between Rust and Python.

use karen_bindings::Failure;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};

use crate::error::raise;

/// Lists and dictionaries within one another at most; a value that holds itself ends here.
const DEPTH_MAX: u32 = 64;

/// `value` as Python's own data.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(truth) => PyBool::new(py, *truth).to_owned().into_any(),
        Value::Number(number) => number_to_python(py, number)?,
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (name, field) in fields {
                dict.set_item(name, to_python(py, field)?)?;
            }
            dict.into_any()
        }
    })
}

fn number_to_python<'py>(py: Python<'py>, number: &Number) -> PyResult<Bound<'py, PyAny>> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole.into_pyobject(py)?.into_any());
    }
    if let Some(whole) = number.as_u64() {
        return Ok(whole.into_pyobject(py)?.into_any());
    }
    Ok(PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any())
}

/// Python's data as JSON.
///
/// # Errors
/// `TypeError` for what JSON does not have.
pub(crate) fn of_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    within(value, DEPTH_MAX)
}

fn within(value: &Bound<'_, PyAny>, depth: u32) -> PyResult<Value> {
    if depth == 0 {
        return Err(PyTypeError::new_err("the value is nested too deeply"));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    // A bool is an int too, so it comes first.
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_str()?.to_owned()));
    }
    if value.is_instance_of::<PyInt>() {
        return whole(value);
    }
    if value.is_instance_of::<PyFloat>() {
        let number = Number::from_f64(value.extract()?);
        let number = number.ok_or_else(|| PyTypeError::new_err("JSON has no infinity and no NaN"));
        return Ok(Value::Number(number?));
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return object(dict, depth - 1);
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| within(&item?, depth - 1));
        return Ok(Value::Array(items.collect::<PyResult<_>>()?));
    }
    let kind = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("{kind} is not JSON")))
}

fn whole(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(whole) = value.extract::<i64>() {
        return Ok(whole.into());
    }
    Ok(value.extract::<u64>()?.into())
}

fn object(dict: &Bound<'_, PyDict>, depth: u32) -> PyResult<Value> {
    let mut fields = Map::new();
    for (name, field) in dict {
        fields.insert(name.extract()?, within(&field, depth)?);
    }
    Ok(Value::Object(fields))
}

/// Python's data as `T`.
///
/// # Errors
/// `InvalidArgumentError`, saying what does not fit.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    serde_json::from_value(of_python(value)?)
        .map_err(|error| raise(value.py(), &Failure::invalid(error.to_string())))
}

/// Any serialisable data as JSON.
pub(crate) fn plain(data: impl serde::Serialize) -> Value {
    serde_json::to_value(data).expect("Karen's data has text for keys and no failing parts")
}

/// What an operation that is over at once gives.
pub(crate) fn give<'py>(
    py: Python<'py>,
    result: Result<impl serde::Serialize, Failure>,
) -> PyResult<Bound<'py, PyAny>> {
    match result {
        Ok(data) => to_python(py, &plain(data)),
        Err(failure) => Err(raise(py, &failure)),
    }
}
