//! llama.cpp itself: started once a process, its log sent to `tracing`.

use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use crate::{ModelError, ModelErrorKind};

/// The backend of this process.
///
/// # Errors
/// `Unavailable` when somebody else in this process started llama.cpp already.
pub(super) fn backend() -> Result<&'static LlamaBackend, ModelError> {
    static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();
    let started = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        #[cfg(feature = "dynamic-backends")]
        llama_cpp_2::llama_backend::load_backends();
        LlamaBackend::init().ok()
    });
    started
        .as_ref()
        .ok_or_else(|| ModelError::new(ModelErrorKind::Unavailable, "start", "llama.cpp"))
}
