//! How a model's numbers are packed.

use std::fmt;
use std::str::FromStr;

use crate::{ModelError, ModelErrorKind};

/// How the numbers of a GGUF model are packed, from the most to the fewest bits each. The names are
/// llama.cpp's: those with a K have scales of scales, and `S` and `M` say how many of the tensors that
/// matter most are given more bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantization {
    /// 8.5 bits: the answers are hardly told from those of 16.
    Q8_0,
    /// 6.6 bits.
    Q6K,
    /// 5.7 bits.
    Q5KM,
    /// 5.5 bits.
    Q5KS,
    /// 5.5 bits, in blocks with one scale.
    Q5_0,
    /// 4.9 bits: what most people use.
    Q4KM,
    /// 4.6 bits.
    Q4KS,
    /// 4.5 bits, in blocks with one scale.
    Q4_0,
    /// 3.9 bits.
    Q3KM,
    /// 2.6 bits: the answers are told from those of 16.
    Q2K,
}

impl Quantization {
    /// All of them, from the most bits on.
    pub const ALL: &'static [Self] = &[
        Self::Q8_0,
        Self::Q6K,
        Self::Q5KM,
        Self::Q5KS,
        Self::Q5_0,
        Self::Q4KM,
        Self::Q4KS,
        Self::Q4_0,
        Self::Q3KM,
        Self::Q2K,
    ];

    /// The name in files and settings, such as `Q4_K_M`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Q8_0 => "Q8_0",
            Self::Q6K => "Q6_K",
            Self::Q5KM => "Q5_K_M",
            Self::Q5KS => "Q5_K_S",
            Self::Q5_0 => "Q5_0",
            Self::Q4KM => "Q4_K_M",
            Self::Q4KS => "Q4_K_S",
            Self::Q4_0 => "Q4_0",
            Self::Q3KM => "Q3_K_M",
            Self::Q2K => "Q2_K",
        }
    }

    /// About how many bytes so many numbers take.
    #[cfg(feature = "llama")]
    pub(crate) fn bytes_of(self, parameters: u64) -> u64 {
        let tenths_of_bits = match self {
            Self::Q8_0 => 85,
            Self::Q6K => 66,
            Self::Q5KM => 57,
            Self::Q5KS | Self::Q5_0 => 55,
            Self::Q4KM => 49,
            Self::Q4KS => 46,
            Self::Q4_0 => 45,
            Self::Q3KM => 39,
            Self::Q2K => 26,
        };
        parameters.saturating_mul(tenths_of_bits) / 80
    }
}

impl fmt::Display for Quantization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Quantization {
    type Err = ModelError;

    /// Reads a name, in letters of either case.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let named = |kind: &&Self| kind.as_str().eq_ignore_ascii_case(text);
        let found = Self::ALL.iter().find(named).copied();
        found.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            let why = format!("{text:?} is none of {}", all.join(", "));
            ModelError::new(ModelErrorKind::Invalid(why), "read", "the quantisation")
        })
    }
}
