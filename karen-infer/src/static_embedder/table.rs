//! The table of a static embedder: a row for each token.

use std::borrow::Cow;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Rows of numbers, each with a weight.
#[derive(Debug)]
pub(super) struct Table {
    numbers: Numbers,
    dim: usize,
    /// What a token's row is multiplied by.
    weights: Option<Vec<f32>>,
    /// The row of each token, where several have one.
    mapping: Option<Vec<u32>>,
}

#[derive(Debug)]
enum Numbers {
    I8(Cow<'static, [u8]>),
    F32(Vec<f32>),
}

impl Table {
    /// The table of a file as model2vec writes it, which has a row for each of so many tokens.
    ///
    /// # Errors
    /// With what does not fit together.
    pub(super) fn read(file: &SafeTensors<'_>, tokens: usize) -> Result<Self, BoxError> {
        let embeddings = file.tensor("embeddings")?;
        let own = |data: &[u8]| Cow::Owned(data.to_vec());
        Self::of(file, &embeddings, ["weights", "mapping"], own)?.checked(tokens)
    }

    /// The table in the program, without a copy of it.
    pub(super) fn builtin(file: &SafeTensors<'static>, tokens: usize) -> Result<Self, BoxError> {
        let embeddings = file.tensor("embedding")?;
        Self::of(file, &embeddings, ["scale", "mapping"], Cow::Borrowed)?.checked(tokens)
    }

    fn of<'data>(
        file: &SafeTensors<'data>,
        embeddings: &TensorView<'data>,
        [weights, mapping]: [&str; 2],
        bytes: impl Fn(&'data [u8]) -> Cow<'static, [u8]>,
    ) -> Result<Self, BoxError> {
        let &[_, dim] = embeddings.shape() else {
            return Err("its embeddings are no table".into());
        };
        let optional = |name: &str| file.tensor(name).ok();
        Ok(Self {
            numbers: match embeddings.dtype() {
                Dtype::I8 => Numbers::I8(bytes(embeddings.data())),
                _ => Numbers::F32(floats(embeddings)?),
            },
            dim,
            weights: optional(weights).as_ref().map(floats).transpose()?,
            mapping: optional(mapping).as_ref().map(places).transpose()?,
        })
    }

    fn checked(self, tokens: usize) -> Result<Self, BoxError> {
        let rows = match &self.numbers {
            Numbers::I8(numbers) => numbers.len() / self.dim.max(1),
            Numbers::F32(numbers) => numbers.len() / self.dim.max(1),
        };
        let mapped = self.mapping.as_ref().map_or(rows, Vec::len);
        let weighted = self.weights.as_ref().map_or(mapped, Vec::len);
        let outside = |mapping: &Vec<u32>| mapping.iter().any(|&row| row as usize >= rows);
        if self.dim == 0 || mapped < tokens || weighted < tokens {
            return Err("it has fewer rows than its tokenizer has tokens".into());
        }
        if self.mapping.as_ref().is_some_and(outside) {
            return Err("its mapping names rows that are not there".into());
        }
        let is_finite = |numbers: &[f32]| numbers.iter().all(|number| number.is_finite());
        let numbers_are = match &self.numbers {
            Numbers::I8(_) => true,
            Numbers::F32(numbers) => is_finite(numbers),
        };
        if !numbers_are || !self.weights.as_deref().is_none_or(is_finite) {
            return Err("its numbers are none".into());
        }
        Ok(self)
    }

    /// Numbers in a row.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// Adds a token's row to `sum`, which is as long.
    pub(super) fn add(&self, token: u32, sum: &mut [f32]) {
        let token = token as usize;
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[token]);
        let row = self.mapping.as_ref().map_or(token, |m| m[token] as usize);
        let range = row * self.dim..(row + 1) * self.dim;
        match &self.numbers {
            Numbers::I8(numbers) => {
                for (sum, &number) in sum.iter_mut().zip(&numbers[range]) {
                    *sum += f32::from(number.cast_signed()) * weight;
                }
            }
            Numbers::F32(numbers) => {
                for (sum, number) in sum.iter_mut().zip(&numbers[range]) {
                    *sum += number * weight;
                }
            }
        }
    }
}

/// A tensor of floats of any width, at 32 bits.
fn floats(tensor: &TensorView<'_>) -> Result<Vec<f32>, BoxError> {
    let data = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F64 => numbers::<8>(data)
            .map(|b| f64::from_le_bytes(b) as f32)
            .collect(),
        Dtype::F32 => numbers::<4>(data).map(f32::from_le_bytes).collect(),
        Dtype::F16 => numbers::<2>(data)
            .map(|b| half(u16::from_le_bytes(b)))
            .collect(),
        Dtype::BF16 => numbers::<2>(data)
            .map(|b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))
            .collect(),
        other => {
            return Err(format!("its numbers are {other:?}, which is no kind of float").into());
        }
    })
}

fn places(tensor: &TensorView<'_>) -> Result<Vec<u32>, BoxError> {
    let data = tensor.data();
    let places: Result<Vec<u32>, _> = match tensor.dtype() {
        Dtype::I64 => numbers::<8>(data)
            .map(|b| u32::try_from(i64::from_le_bytes(b)))
            .collect(),
        Dtype::I32 => numbers::<4>(data)
            .map(|b| u32::try_from(i32::from_le_bytes(b)))
            .collect(),
        other => return Err(format!("its mapping is {other:?}, which is no kind of place").into()),
    };
    Ok(places?)
}

fn numbers<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    data.as_chunks::<N>().0.iter().copied()
}

/// A number of 16 bits after IEEE 754-2008, at 32.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}
