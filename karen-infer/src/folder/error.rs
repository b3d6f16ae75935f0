//! Why a folder is not taken.

use std::io;

/// Why a folder is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("its {file} cannot be read")]
    Read {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("it has no {0}; copy the whole folder")]
    Absent(String),
    #[error("its {file} has {bytes} bytes, more than any such file needs")]
    TooLarge { file: String, bytes: u64 },
    #[error("its {file} is damaged; copy it again")]
    Json {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("its config.json says {field} = {value}, which no such model has")]
    Number { field: &'static str, value: f64 },
    #[error(
        "candle runs no {0} here (of encoders it runs bert, roberta, xlm-roberta, camembert, distilbert and \
         model2vec, of chat models llama, mistral, qwen2, qwen3, phi3, gemma and gemma2): convert the model \
         to GGUF"
    )]
    Architecture(String),
    #[error("{0}")]
    Unlike(String),
    #[error("its index names {0:?}, which is no file's name; copy it again")]
    ShardName(String),
    #[error("the header of its {file} is damaged; copy it again")]
    Header {
        file: String,
        #[source]
        source: Option<serde_json::Error>,
    },
    #[error("its {file} is cut short or too long: {have} bytes, and its header tells of {want}")]
    Length { file: String, have: u64, want: u64 },
}
