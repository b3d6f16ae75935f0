//! Failures as the exceptions that `karen` defines.

use karen_bindings::Failure;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// Raises the exception of a failure's code.
pub(crate) fn raise(py: Python<'_>, failure: &Failure) -> PyErr {
    match exception(py, failure) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

fn exception<'py>(py: Python<'py>, failure: &Failure) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "karen._errors", "of_failure")?;
    make.call1((
        failure.code(),
        failure.message(),
        failure.is_retryable(),
        failure.help(),
        failure.retry_after(),
        failure.causes().to_vec(),
    ))
}
