//! Values that belong to the process that made them.

use crate::Failure;

/// A value that works in the process that made it, and answers `UNSUPPORTED` in a child that
/// inherited it over `fork`.
///
/// A child never drops it either: that would close what the parent is using.
#[derive(Debug)]
pub struct InProcess<T> {
    pid: u32,
    /// `None` only while it is being dropped.
    value: Option<T>,
}

impl<T> InProcess<T> {
    /// Binds a value to this process.
    pub fn new(value: T) -> Self {
        Self {
            pid: std::process::id(),
            value: Some(value),
        }
    }

    /// Whether this process made it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.pid == std::process::id()
    }

    /// The value.
    ///
    /// # Errors
    /// `UNSUPPORTED` in any other process.
    pub fn get(&self) -> Result<&T, Failure> {
        let value = self.value.as_ref().filter(|_| self.is_own());
        value.ok_or_else(|| Failure::inherited(self.pid))
    }
}

impl<T> Drop for InProcess<T> {
    fn drop(&mut self) {
        if !self.is_own() {
            std::mem::forget(self.value.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn inherited<T>(value: T) -> InProcess<T> {
        InProcess {
            pid: std::process::id() + 1,
            value: Some(value),
        }
    }

    #[test]
    fn a_child_is_told_what_to_do_and_drops_nothing() {
        let shared = Arc::new(());
        let value = inherited(Arc::clone(&shared));
        let failure = value.get().expect_err("another process made it");
        assert_eq!(failure.code(), "UNSUPPORTED");
        assert!(failure.message().contains("fork"), "{}", failure.message());
        drop(value);
        assert_eq!(Arc::strong_count(&shared), 2, "it is left alone");
    }

    #[test]
    fn the_process_that_made_it_uses_and_drops_it() {
        let shared = Arc::new(());
        let value = InProcess::new(Arc::clone(&shared));
        assert!(value.get().is_ok());
        drop(value);
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
