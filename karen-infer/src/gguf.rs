//! The header of a GGUF file, read without trusting it.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. llama.cpp is only given files
//! that pass here: what is cut short or no model at all is told apart before any C++ runs.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What Karen wants to know of a model before it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GgufHeader {
    pub(crate) architecture: String,
    pub(crate) name: Option<String>,
    /// Tokens that the model was trained for.
    pub(crate) context_tokens: u32,
    pub(crate) has_chat_template: bool,
    pub(crate) size_bytes: u64,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GgufError {
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    #[error("it is not a GGUF file: convert the model to GGUF first")]
    NotGguf,
    #[error("it is GGUF version {0}, and versions 2 and 3 are read: convert the model anew")]
    Version(u32),
    #[error("it is cut short: {have} bytes, and its header tells of {want}; copy it again")]
    Truncated { have: u64, want: u64 },
    #[error("its header is damaged ({0}); copy it again")]
    Damaged(&'static str),
}

const MAGIC: [u8; 4] = *b"GGUF";
const ALIGNMENT_DEFAULT: u64 = 32;
/// Longer strings than any template or token; a damaged length is noticed by it.
const STRING_BYTES_MAX: u64 = 64 << 20;
const DIMENSIONS_MAX: u32 = 4;

#[derive(Clone, Debug, PartialEq)]
enum MetaValue {
    Number(u64),
    Text(String),
    Other,
}

/// Reads and checks the header of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<GgufHeader, GgufError> {
    let file = File::open(path).map_err(GgufError::Read)?;
    let have = file.metadata().map_err(GgufError::Read)?.len();
    let mut reader = Reader {
        inner: BufReader::new(file),
        at: 0,
        have,
    };
    reader.magic()?;
    let version = reader.u32()?;
    if !(2..=3).contains(&version) {
        return Err(GgufError::Version(version));
    }
    let (tensors, pairs) = (reader.u64()?, reader.u64()?);
    let metadata = reader.metadata(pairs)?;
    let want = reader.data_end(tensors, &metadata)?;
    if have < want {
        return Err(GgufError::Truncated { have, want });
    }
    header(&metadata, have)
}

fn header(metadata: &HashMap<String, MetaValue>, size_bytes: u64) -> Result<GgufHeader, GgufError> {
    let text = |key: &str| match metadata.get(key) {
        Some(MetaValue::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |key: &str| match metadata.get(key) {
        Some(MetaValue::Number(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let architecture = text("general.architecture").ok_or(GgufError::Damaged("no architecture"))?;
    let context = number(&format!("{architecture}.context_length"));
    Ok(GgufHeader {
        context_tokens: context
            .filter(|&n| n > 0)
            .ok_or(GgufError::Damaged("no context length"))?,
        architecture,
        name: text("general.name"),
        has_chat_template: metadata.contains_key("tokenizer.chat_template"),
        size_bytes,
    })
}

struct Reader {
    inner: BufReader<File>,
    at: u64,
    have: u64,
}

impl Reader {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GgufError> {
        let want = self.at + bytes.len() as u64;
        self.inner.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => GgufError::Truncated {
                have: self.have,
                want,
            },
            _ => GgufError::Read(e),
        })?;
        self.at = want;
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// A file too short for the magic is as little GGUF as one with another.
    fn magic(&mut self) -> Result<(), GgufError> {
        match self.bytes::<4>() {
            Ok(MAGIC) => Ok(()),
            Ok(_) | Err(GgufError::Truncated { .. }) => Err(GgufError::NotGguf),
            Err(error) => Err(error),
        }
    }

    fn string(&mut self) -> Result<String, GgufError> {
        let length = self.u64()?;
        if length > STRING_BYTES_MAX {
            return Err(GgufError::Damaged("a text is too long"));
        }
        let want = self.at + length;
        if want > self.have {
            return Err(GgufError::Truncated {
                have: self.have,
                want,
            });
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn metadata(&mut self, pairs: u64) -> Result<HashMap<String, MetaValue>, GgufError> {
        let mut metadata = HashMap::new();
        for _ in 0..pairs {
            let key = self.string()?;
            let kind = self.u32()?;
            let value = self.value(kind)?;
            metadata.insert(key, value);
        }
        Ok(metadata)
    }

    fn value(&mut self, kind: u32) -> Result<MetaValue, GgufError> {
        Ok(match kind {
            0 | 1 | 7 => MetaValue::Number(u64::from(self.bytes::<1>()?[0])),
            2 | 3 => MetaValue::Number(u64::from(u16::from_le_bytes(self.bytes()?))),
            4 | 5 => MetaValue::Number(u64::from(self.u32()?)),
            6 => self.bytes::<4>().map(|_| MetaValue::Other)?,
            8 => MetaValue::Text(self.string()?),
            9 => self.array()?,
            10 | 11 => MetaValue::Number(self.u64()?),
            12 => self.bytes::<8>().map(|_| MetaValue::Other)?,
            _ => return Err(GgufError::Damaged("an unknown type of value")),
        })
    }

    /// Arrays are read over: no key that Karen looks at has one. They do not nest in practice, and
    /// nesting is refused so that a damaged file cannot exhaust the stack.
    fn array(&mut self) -> Result<MetaValue, GgufError> {
        let (kind, count) = (self.u32()?, self.u64()?);
        if kind == 9 {
            return Err(GgufError::Damaged("an array of arrays"));
        }
        for _ in 0..count {
            self.value(kind)?;
        }
        Ok(MetaValue::Other)
    }

    /// Where the data of the last tensor ends.
    fn data_end(
        &mut self,
        tensors: u64,
        metadata: &HashMap<String, MetaValue>,
    ) -> Result<u64, GgufError> {
        let mut data_bytes = 0;
        for _ in 0..tensors {
            data_bytes = data_bytes.max(self.tensor_end()?);
        }
        let alignment = match metadata.get("general.alignment") {
            Some(MetaValue::Number(n)) if n.is_power_of_two() => *n,
            None => ALIGNMENT_DEFAULT,
            Some(_) => return Err(GgufError::Damaged("an odd alignment")),
        };
        let start = self.at.next_multiple_of(alignment);
        start
            .checked_add(data_bytes)
            .ok_or(GgufError::Damaged("sizes overflow"))
    }

    fn tensor_end(&mut self) -> Result<u64, GgufError> {
        self.string()?;
        let dimensions = self.u32()?;
        if dimensions > DIMENSIONS_MAX {
            return Err(GgufError::Damaged("a tensor of too many dimensions"));
        }
        let mut elements: u64 = 1;
        for _ in 0..dimensions {
            let size = self.u64()?;
            elements = elements
                .checked_mul(size)
                .ok_or(GgufError::Damaged("sizes overflow"))?;
        }
        let (kind, offset) = (self.u32()?, self.u64()?);
        let bytes = tensor_bytes(kind, elements).ok_or(GgufError::Damaged("sizes overflow"))?;
        offset
            .checked_add(bytes)
            .ok_or(GgufError::Damaged("sizes overflow"))
    }
}

/// Bytes of so many elements: blocks of `ggml_type` from ggml-common.h. A type that is newer than
/// this table is left to llama.cpp and counts as empty.
fn tensor_bytes(kind: u32, elements: u64) -> Option<u64> {
    let (block_bytes, block_elements) = match kind {
        0 | 26 => (4, 1),      // F32, I32
        1 | 25 | 30 => (2, 1), // F16, I16, BF16
        2 => (18, 32),         // Q4_0
        3 => (20, 32),         // Q4_1
        6 => (22, 32),         // Q5_0
        7 => (24, 32),         // Q5_1
        8 => (34, 32),         // Q8_0
        9 => (36, 32),         // Q8_1
        10 => (84, 256),       // Q2_K
        11 => (110, 256),      // Q3_K
        12 => (144, 256),      // Q4_K
        13 => (176, 256),      // Q5_K
        14 => (210, 256),      // Q6_K
        15 => (292, 256),      // Q8_K
        24 => (1, 1),          // I8
        27 | 28 => (8, 1),     // I64, F64
        _ => (0, 1),
    };
    elements.div_ceil(block_elements).checked_mul(block_bytes)
}
