//! The demonstration model, told from real ones.

use karen_core::Karen;
use karen_core::infer::ModelInfo;

/// Whether `model` is the file that `models.demo` names: too small to be of use, there to show that
/// memory reaches the answer. Whoever lists models says so.
#[must_use]
pub fn is_demo(karen: &Karen, model: &ModelInfo) -> bool {
    let demo = std::path::absolute(&karen.config().models.demo);
    demo.is_ok_and(|demo| model.path.as_ref() == Some(&demo))
}
