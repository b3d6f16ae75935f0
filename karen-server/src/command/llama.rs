//! How llama.cpp runs a model, from the command line.

use std::path::PathBuf;

use clap::Args;
use karen_core::Result;
use serde::{Deserialize, Serialize};

use super::door::Door;
use super::models::{found, path_of};

/// How llama.cpp runs one model: what is not said stays as it is.
#[derive(Args)]
pub(super) struct Wanted {
    /// The model's name
    name: String,
    /// As all others: what follows is then said of those
    #[arg(long)]
    reset: bool,
    /// Tokens of context
    #[arg(long, value_name = "TOKENS")]
    context_tokens: Option<u32>,
    /// Threads of its engine
    #[arg(long)]
    threads: Option<u32>,
    /// How the numbers of what it has read are kept: f16, q8_0 or q4_0
    #[arg(long, value_name = "NUMBERS")]
    cache_numbers: Option<String>,
    /// Whether attention is computed in blocks: auto, on or off
    #[arg(long, value_name = "WHEN")]
    flash_attention: Option<String>,
    /// Whether its file is mapped into memory
    #[arg(long, value_name = "BOOL")]
    mmap: Option<bool>,
    /// Whether its weights are kept from being swapped out
    #[arg(long, value_name = "BOOL")]
    mlock: Option<bool>,
    /// Whether it runs once when it loads
    #[arg(long, value_name = "BOOL")]
    warm_up: Option<bool>,
    /// Mebibytes for what it has read of earlier chats and had to leave its cache
    #[arg(long, value_name = "MIB")]
    prefix_mib: Option<u32>,
    /// A change of its weights, a GGUF file
    #[arg(long, value_name = "FILE")]
    lora: Option<PathBuf>,
    /// How much of it is applied
    #[arg(long, value_name = "NUMBER", requires = "lora", default_value_t = 1.0)]
    lora_scale: f32,
}

#[derive(Serialize, Deserialize)]
struct Settings {
    context_tokens: Option<u32>,
    threads: Option<u32>,
    cache_numbers: String,
    flash_attention: String,
    mmap: bool,
    mlock: bool,
    warm_up: bool,
    prefix_mib: u32,
    lora: Option<Lora>,
}

#[derive(Serialize, Deserialize)]
struct Lora {
    path: PathBuf,
    scale: f32,
}

pub(super) async fn set(door: &Door, wanted: Wanted) -> Result<()> {
    let path = path_of(&wanted.name, "llama")?;
    if wanted.reset {
        door.delete(&path).await?;
    }
    let mut settings: Settings = door.get(&path).await?;
    if wanted.change(&mut settings)? {
        door.put(&path, &settings).await?;
    }
    let or_all = |set: Option<u32>| set.map_or("as all".to_owned(), |set| set.to_string());
    say!(
        "{}: context {}, threads {}, cache {}, flash attention {}, mmap {}, mlock {}, warm-up {}, prefixes {} MiB",
        wanted.name,
        or_all(settings.context_tokens),
        or_all(settings.threads),
        settings.cache_numbers,
        settings.flash_attention,
        settings.mmap,
        settings.mlock,
        settings.warm_up,
        settings.prefix_mib,
    );
    if let Some(Lora { path, scale }) = &settings.lora {
        say!(
            "{}: changed by {} times {scale}",
            wanted.name,
            path.display()
        );
    }
    Ok(())
}

impl Wanted {
    /// Puts in what was said; whether anything was.
    fn change(&self, settings: &mut Settings) -> Result<bool> {
        let lora = self.lora.as_deref();
        let lora = lora.map(|file| found(file, "name the file of the adapter"));
        let lora = lora.transpose()?.map(|path| Lora {
            path,
            scale: self.lora_scale,
        });
        let said = [
            put(&mut settings.cache_numbers, self.cache_numbers.clone()),
            put(&mut settings.flash_attention, self.flash_attention.clone()),
            put(&mut settings.context_tokens, self.context_tokens.map(Some)),
            put(&mut settings.threads, self.threads.map(Some)),
            put(&mut settings.mmap, self.mmap),
            put(&mut settings.mlock, self.mlock),
            put(&mut settings.warm_up, self.warm_up),
            put(&mut settings.prefix_mib, self.prefix_mib),
            put(&mut settings.lora, lora.map(Some)),
        ];
        Ok(said.contains(&true))
    }
}

fn put<T>(place: &mut T, value: Option<T>) -> bool {
    let is_said = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    is_said
}
