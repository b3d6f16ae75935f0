//! Weights in memory.

use std::collections::HashMap;
use std::fs;

use candle_core::{DType, Device, Result};
use candle_nn::VarBuilder;
use safetensors::SafeTensors;

use crate::folder::ModelFolder;

/// Reads the weights of `folder` as 32-bit floats, a file at a time.
pub(super) fn read(folder: &ModelFolder, device: &Device) -> Result<VarBuilder<'static>> {
    let mut tensors = HashMap::new();
    for file in &folder.weights {
        let bytes = fs::read(file)?;
        let file = SafeTensors::deserialize(&bytes).map_err(candle_core::Error::wrap)?;
        for (name, view) in file.iter() {
            let dtype = DType::try_from(view.dtype())?;
            // Positions and masks that some models keep beside their weights are not needed.
            if dtype.is_float() {
                let tensor = candle_core::safetensors::Load::load(&view, device)?;
                tensors.insert(name.to_owned(), tensor.to_dtype(DType::F32)?);
            }
        }
    }
    Ok(VarBuilder::from_tensors(tensors, DType::F32, device))
}

/// `builder` within the first of these prefixes under which there is `tensor`, else as it is.
pub(super) fn within<'a>(
    builder: &VarBuilder<'a>,
    prefixes: &[&str],
    tensor: &str,
) -> VarBuilder<'a> {
    let mut inner = prefixes.iter().map(|prefix| builder.pp(prefix));
    let found = inner.find(|inner| inner.contains_tensor(tensor));
    found.unwrap_or_else(|| builder.clone())
}
