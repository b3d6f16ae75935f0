//! The header of a GGUF file, read without trusting it.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. llama.cpp is only given files
//! that pass here: what is cut short or no model at all is told apart before any C++ runs.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::estimate::GgufShape;

/// What Karen wants to know of a model before it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GgufHeader {
    pub(crate) architecture: String,
    pub(crate) name: Option<String>,
    /// Tokens that the model was trained for.
    pub(crate) context_tokens: u32,
    pub(crate) has_chat_template: bool,
    /// How one vector is made of a text's tokens, after llama.h's `llama_pooling_type`.
    pub(crate) pooling: Option<u32>,
    /// Of all files, where it comes in parts.
    pub(crate) size_bytes: u64,
    /// How its numbers are packed, such as `Q4_K_M`.
    pub(crate) quantization: Option<String>,
    /// Numbers in all its tensors.
    pub(crate) parameters: u64,
    pub(crate) shape: GgufShape,
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
    #[error("its header says {key} = {number}, which no such model has; copy it again")]
    Number { key: String, number: u64 },
    #[error("it is a later part of a model: add the first one, which names the others")]
    LaterPart,
    #[error("it comes in {count} parts, and its name does not end with -00001-of-{count:05}.gguf")]
    PartName { count: u64 },
    #[error("its part {0} is not beside it")]
    PartAbsent(String),
}

const MAGIC: [u8; 4] = *b"GGUF";
const ALIGNMENT_DEFAULT: u64 = 32;
/// Longer strings than any template or token; a damaged length is noticed by it.
const STRING_BYTES_MAX: u64 = 64 << 20;
const DIMENSIONS_MAX: u32 = 4;
/// Layers of the deepest models are fewer: longer arrays are lists of tokens.
const ITEMS_KEPT_MAX: u64 = 1024;
/// `LLAMA_MAX_LAYERS` and `LLAMA_MAX_EXPERTS` of llama.cpp.
const LAYERS_MAX: u64 = 512;
const EXPERTS_MAX: u64 = 1024;
/// The widest models have some ten thousand; a damaged number is noticed by it.
const WIDTH_MAX: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
enum MetaValue {
    Number(u64),
    Text(String),
    /// The items of a short array of numbers; of another none, and how many it has.
    Array(Vec<u64>, u64),
    Other,
}

/// What the list of tensors says.
#[derive(Default)]
struct Tensors {
    /// Where the data of the last one ends, from the beginning of the data.
    end: u64,
    elements: u64,
    /// Bytes by `ggml_type`.
    bytes: HashMap<u32, u64>,
}

/// Reads and checks the header of the model at `path`.
pub(crate) fn read(path: &Path) -> Result<GgufHeader, GgufError> {
    let (metadata, mut tensors, mut size_bytes) = checked(path)?;
    for part in later_parts(path, &metadata)? {
        let (_, more, bytes) = checked(&part)?;
        tensors.join(&more);
        size_bytes = size_bytes.saturating_add(bytes);
    }
    header(&metadata, &tensors, size_bytes)
}

/// The files that the rest of a model is in, beside its first, which llama.cpp finds by their names.
fn later_parts(
    path: &Path,
    metadata: &HashMap<String, MetaValue>,
) -> Result<Vec<PathBuf>, GgufError> {
    let number = |key: &str| match metadata.get(key) {
        Some(MetaValue::Number(number)) => *number,
        _ => 0,
    };
    let count = number("split.count");
    if count <= 1 {
        return Ok(Vec::new());
    }
    if number("split.no") != 0 {
        return Err(GgufError::LaterPart);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(&format!("-00001-of-{count:05}.gguf"));
    let stem = stem.ok_or(GgufError::PartName { count })?;
    let part = |number| {
        let name = format!("{stem}-{number:05}-of-{count:05}.gguf");
        let part = path.with_file_name(&name);
        part.is_file()
            .then_some(part)
            .ok_or(GgufError::PartAbsent(name))
    };
    (2..=count).map(part).collect()
}

/// Checks that the file at `path` is whole and changes the weights of a model.
#[cfg(feature = "llama")]
pub(crate) fn read_adapter(path: &Path) -> Result<(), GgufError> {
    let (metadata, ..) = checked(path)?;
    match metadata.get("general.type") {
        Some(MetaValue::Text(kind)) if kind == "adapter" => Ok(()),
        _ => Err(GgufError::Damaged("it is no adapter")),
    }
}

/// What the file says, and its bytes, which are no fewer than it says.
fn checked(path: &Path) -> Result<(HashMap<String, MetaValue>, Tensors, u64), GgufError> {
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
    let tensors = reader.tensors(tensors)?;
    let want = reader.data_end(&tensors, &metadata)?;
    if have < want {
        return Err(GgufError::Truncated { have, want });
    }
    Ok((metadata, tensors, have))
}

fn header(
    metadata: &HashMap<String, MetaValue>,
    tensors: &Tensors,
    size_bytes: u64,
) -> Result<GgufHeader, GgufError> {
    let text = |key: &str| match metadata.get(key) {
        Some(MetaValue::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |key: &str| match metadata.get(key) {
        Some(MetaValue::Number(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let architecture = text("general.architecture").ok_or(GgufError::Damaged("no architecture"))?;
    plausible(metadata, &architecture)?;
    let context = number(&format!("{architecture}.context_length"));
    let quantization = match metadata.get("general.file_type") {
        Some(MetaValue::Number(kind)) => file_type(*kind),
        _ => tensors.prevailing(),
    };
    Ok(GgufHeader {
        pooling: number(&format!("{architecture}.pooling_type")),
        shape: shape(metadata, &architecture),
        parameters: tensors.elements,
        quantization: quantization.map(str::to_owned),
        context_tokens: context
            .filter(|&n| n > 0)
            .ok_or(GgufError::Damaged("no context length"))?,
        architecture,
        name: text("general.name"),
        has_chat_template: metadata.contains_key("tokenizer.chat_template"),
        size_bytes,
    })
}

/// Refuses numbers at which llama.cpp ends the process instead of the load: its `GGML_ASSERT`s in
/// `llama-model.cpp` and `llama-hparams.cpp`, and what it would divide by or allocate.
fn plausible(metadata: &HashMap<String, MetaValue>, architecture: &str) -> Result<(), GgufError> {
    let number = |key: &str| match metadata.get(&format!("{architecture}.{key}")) {
        Some(MetaValue::Number(number)) => Some(*number),
        _ => None,
    };
    let refused = |key: &str, number| {
        let key = format!("{architecture}.{key}");
        Err(GgufError::Number { key, number })
    };
    let layers = number("block_count").unwrap_or(0);
    let experts = number("expert_count").unwrap_or(0);
    let width = number("embedding_length").unwrap_or(1);
    let heads = number("attention.head_count").unwrap_or(1);
    let allowed = [
        ("block_count", 1..=LAYERS_MAX),
        ("nextn_predict_layers", 0..=layers),
        ("expert_count", 0..=EXPERTS_MAX),
        ("expert_used_count", u64::from(experts > 0)..=experts),
        ("embedding_length", 1..=WIDTH_MAX),
        ("feed_forward_length", 0..=16 * WIDTH_MAX),
        ("attention.head_count", 0..=width),
        ("attention.head_count_kv", u64::from(heads > 0)..=heads),
        ("attention.key_length", 1..=WIDTH_MAX),
        ("attention.value_length", 1..=WIDTH_MAX),
        ("rope.dimension_count", 1..=WIDTH_MAX),
    ];
    for (key, range) in allowed {
        if let Some(number) = number(key)
            && !range.contains(&number)
        {
            return refused(key, number);
        }
    }
    match number("attention.head_count_kv") {
        Some(kv_heads) if kv_heads > 0 && !heads.is_multiple_of(kv_heads) => {
            refused("attention.head_count_kv", kv_heads)
        }
        _ => Ok(()),
    }
}

/// The sizes that memory depends on; 0 where the header does not tell.
fn shape(metadata: &HashMap<String, MetaValue>, architecture: &str) -> GgufShape {
    let value = |key: &str| metadata.get(&format!("{architecture}.{key}"));
    let number = |key: &str| match value(key) {
        Some(MetaValue::Number(number)) => Some(*number),
        Some(MetaValue::Array(items, _)) => items.iter().max().copied(),
        _ => None,
    };
    let (layers, heads) = (number("block_count"), number("attention.head_count"));
    let (layers, heads) = (layers.unwrap_or(0), heads.unwrap_or(0));
    let embedding = number("embedding_length").unwrap_or(0);
    let kv_heads = match value("attention.head_count_kv") {
        // One for each layer.
        Some(MetaValue::Array(items, _)) => {
            items.iter().fold(0_u64, |all, n| all.saturating_add(*n))
        }
        Some(MetaValue::Number(number)) => layers.saturating_mul(*number),
        _ => layers.saturating_mul(heads),
    };
    let usual = embedding.checked_div(heads).unwrap_or(0);
    GgufShape {
        kv_heads,
        key_length: number("attention.key_length").unwrap_or(usual),
        value_length: number("attention.value_length").unwrap_or(usual),
        embedding,
        feed_forward: number("feed_forward_length").unwrap_or(0),
        vocabulary: match metadata.get("tokenizer.ggml.tokens") {
            Some(MetaValue::Array(_, count)) => *count,
            _ => 0,
        },
    }
}

impl Tensors {
    /// Adds those of another part of the model.
    fn join(&mut self, part: &Self) {
        self.elements = self.elements.saturating_add(part.elements);
        for (kind, bytes) in &part.bytes {
            let of_kind = self.bytes.entry(*kind).or_default();
            *of_kind = of_kind.saturating_add(*bytes);
        }
    }

    /// The type that most bytes have.
    fn prevailing(&self) -> Option<&'static str> {
        let most = self
            .bytes
            .iter()
            .max_by_key(|(kind, bytes)| (**bytes, **kind));
        most.and_then(|(kind, _)| tensor_type(*kind))
    }
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

    /// Of long arrays only the length is kept. They do not nest in practice, and nesting is refused so
    /// that a damaged file cannot exhaust the stack.
    fn array(&mut self) -> Result<MetaValue, GgufError> {
        let (kind, count) = (self.u32()?, self.u64()?);
        if kind == 9 {
            return Err(GgufError::Damaged("an array of arrays"));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            match self.value(kind)? {
                MetaValue::Number(item) if count <= ITEMS_KEPT_MAX => items.push(item),
                _ => {}
            }
        }
        Ok(MetaValue::Array(items, count))
    }

    fn tensors(&mut self, count: u64) -> Result<Tensors, GgufError> {
        let mut tensors = Tensors::default();
        for _ in 0..count {
            self.tensor(&mut tensors)?;
        }
        Ok(tensors)
    }

    /// Where the data of the last tensor ends.
    fn data_end(
        &self,
        tensors: &Tensors,
        metadata: &HashMap<String, MetaValue>,
    ) -> Result<u64, GgufError> {
        let alignment = match metadata.get("general.alignment") {
            Some(MetaValue::Number(n)) if n.is_power_of_two() => *n,
            None => ALIGNMENT_DEFAULT,
            Some(_) => return Err(GgufError::Damaged("an odd alignment")),
        };
        let start = self.at.next_multiple_of(alignment);
        start
            .checked_add(tensors.end)
            .ok_or(GgufError::Damaged("sizes overflow"))
    }

    fn tensor(&mut self, tensors: &mut Tensors) -> Result<(), GgufError> {
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
        let end = offset
            .checked_add(bytes)
            .ok_or(GgufError::Damaged("sizes overflow"))?;
        tensors.end = tensors.end.max(end);
        tensors.elements = tensors.elements.saturating_add(elements);
        let of_kind = tensors.bytes.entry(kind).or_default();
        *of_kind = of_kind.saturating_add(bytes);
        Ok(())
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

/// The name of a `ggml_type`.
fn tensor_type(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        8 => "Q8_0",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        30 => "BF16",
        _ => return None,
    })
}

/// The name of a `llama_ftype`, from llama.h.
fn file_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        _ => return None,
    })
}
