//! Models made of others.

use std::path::PathBuf;

use super::Models;
use super::entry::Source;
use super::shared::taken;
use crate::registry::{FileModel, kind_of};
use crate::told::Teller;
use crate::{MakeEvent, Making, ModelError, ModelErrorKind, ModelInfo, ModelName, Quantization};

/// The folder of made models in that of all.
const FOLDER: &str = "made";

impl Models {
    /// Packs the numbers of a GGUF model into fewer bits with llama.cpp, compares the result with what
    /// it was made of, and adds it, called `name`, else as its source with the quantisation behind it.
    /// One is made at a time, on the threads that engines have. The source stays as it is; best is one
    /// of 16 bits or more, since what is lost already is lost again.
    ///
    /// # Errors
    /// In the stream: `Missing`; `Conflict` when the name is taken; `Invalid` for what is no GGUF
    /// model; `Unsupported` where these models have no folder, and without the feature `llama`; `Load` when
    /// llama.cpp refuses it; `Damaged` when the result is not what was to be made; `Full`, `ReadOnly`.
    #[must_use = "a model is made while its events are read"]
    pub fn quantize(&self, source: ModelName, to: Quantization, name: Option<ModelName>) -> Making {
        let models = self.clone();
        Making::new(move |teller| quantized::quantize(models, source, to, name, teller))
    }

    /// Makes a static embedder of an encoder that lies in a folder, with vectors of `dim` numbers at most
    /// (256 is what is usual, and as good as more), checks it, and adds it, called `name`, else as its
    /// source with `-static` behind it. It embeds texts in microseconds; what a word means beside others
    /// is lost to it. Takes some minutes for a vocabulary of thirty thousand tokens.
    ///
    /// # Errors
    /// In the stream: `Missing`; `Conflict` when the name is taken; `Invalid` for what is no folder
    /// of an encoder, and for no numbers at all; `Unsupported` where these models have no folder, and
    /// without the feature `candle`; `Load`, `Damaged`, `Full`, `ReadOnly`.
    #[must_use = "a model is made while its events are read"]
    pub fn distill(&self, source: ModelName, dim: usize, name: Option<ModelName>) -> Making {
        let models = self.clone();
        Making::new(move |teller| distilled::distill(models, source, dim, name, teller))
    }

    /// The file or folder of a model.
    fn file(&self, name: &ModelName, operation: &'static str) -> Result<FileModel, ModelError> {
        match self.shared.get(name)?.source {
            Source::File(file) => Ok(file),
            Source::BuiltIn | Source::Remote(_) | Source::Adapter => {
                let why = "it is no file and no folder here".to_owned();
                let kind = ModelErrorKind::Invalid(why);
                Err(ModelError::new(kind, operation, name.as_str()))
            }
        }
    }

    /// Where a model that is made goes, in the folder that is there now.
    fn place_for(&self, file: &str) -> Result<PathBuf, ModelError> {
        let folder = self.shared.config.folder.as_ref().ok_or_else(|| {
            let why = "these models are kept in memory: open them with a folder".to_owned();
            ModelError::new(ModelErrorKind::Unsupported(why), "make", "a model")
        })?;
        let folder = folder.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|e| {
            let subject = folder.display().to_string();
            ModelError::new(kind_of(&e), "make", subject).caused_by(e)
        })?;
        Ok(folder.join(file))
    }

    /// Refuses a name before anything is made for nothing.
    fn require_free(&self, name: &ModelName) -> Result<(), ModelError> {
        if self.shared.lock().has(name) {
            return Err(taken(name));
        }
        Ok(())
    }
}

#[cfg(feature = "llama")]
mod quantized {
    use std::path::Path;
    use std::time::Duration;

    use super::{FileModel, Models, kind_of};
    use crate::loadable::blocking;
    use crate::registry::{FileFormat, Task, checked_header};
    use crate::told::Teller;
    use crate::{
        Comparison, MakeEvent, ModelError, ModelErrorKind, ModelInfo, ModelName, Quantization,
        llama,
    };

    /// How often a watcher is told how much is written.
    const LOOK: Duration = Duration::from_millis(200);

    pub(super) async fn quantize(
        models: Models,
        source: ModelName,
        to: Quantization,
        name: Option<ModelName>,
        teller: Teller<MakeEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let file = models.file(&source, "quantize")?;
        if file.format != FileFormat::Gguf {
            let why = "it is no GGUF file: convert it first".to_owned();
            let kind = ModelErrorKind::Invalid(why);
            return Err(ModelError::new(kind, "quantize", source.as_str()));
        }
        let own = || ModelName::parse(&format!("{source}-{}", to.as_str().to_lowercase()));
        let name = name.map_or_else(own, Ok)?;
        models.require_free(&name)?;
        let target = models.place_for(&format!("{name}.gguf"))?;
        let part = target.with_extension("part");
        let _turn = models.shared.makes.lock().await;
        let threads = models.shared.threads();
        let made = make(&file, &part, to, threads, &teller).await;
        if let Err(error) = made.and_then(|()| keep(&part, &target)) {
            // What is left of it is of no use, and the next try writes over it.
            let _ = std::fs::remove_file(&part);
            return Err(error);
        }
        models.add(&target, Some(&name)).await
    }

    async fn make(
        file: &FileModel,
        part: &Path,
        to: Quantization,
        threads: usize,
        teller: &Teller<MakeEvent>,
    ) -> Result<(), ModelError> {
        let (from, into) = (file.path.clone(), part.to_owned());
        let work = blocking("quantize", move || {
            llama::quantize(&from, &into, to, threads)
        });
        let mut work = std::pin::pin!(work);
        let all = to.bytes_of(file.parameters);
        loop {
            tokio::select! {
                biased;
                done = &mut work => break done?,
                () = tokio::time::sleep(LOOK) => {
                    let done = std::fs::metadata(part).map_or(0, |part| part.len());
                    teller.tell(MakeEvent::Made { done: done.min(all), all });
                }
            }
        }
        teller.tell(MakeEvent::Made { done: all, all });
        teller.tell(MakeEvent::Checking);
        compare(file, part, to)?;
        if file.task != Task::Generate {
            return Ok(());
        }
        let (source, made) = (file.path.clone(), part.to_owned());
        let compared = blocking("compare", move || {
            Ok(Comparison::Perplexity {
                source: llama::perplexity(&source, threads)?,
                made: llama::perplexity(&made, threads)?,
            })
        });
        teller.tell(MakeEvent::Checked(compared.await?));
        Ok(())
    }

    /// What the header says is what was asked for, and nothing is missing.
    fn compare(file: &FileModel, part: &Path, to: Quantization) -> Result<(), ModelError> {
        let header = checked_header(part)?;
        let packed = header.quantization.as_deref();
        let why = if packed != Some(to.as_str()) {
            format!("it is packed as {}", packed.unwrap_or("something unknown"))
        } else if header.parameters != file.parameters || header.architecture != file.architecture {
            "it is another model than its source".to_owned()
        } else {
            return Ok(());
        };
        Err(ModelError::new(
            ModelErrorKind::Damaged(why),
            "quantize",
            file.name.as_str(),
        ))
    }

    fn keep(part: &Path, target: &Path) -> Result<(), ModelError> {
        let kept = std::fs::File::open(part)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(part, target));
        kept.map_err(|e| {
            let subject = target.display().to_string();
            ModelError::new(kind_of(&e), "write", subject).caused_by(e)
        })
    }
}

#[cfg(not(feature = "llama"))]
mod quantized {
    use super::{
        MakeEvent, ModelError, ModelErrorKind, ModelInfo, ModelName, Models, Quantization, Teller,
    };

    pub(super) async fn quantize(
        _models: Models,
        source: ModelName,
        _to: Quantization,
        _name: Option<ModelName>,
        _teller: Teller<MakeEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let why = "quantising needs the feature `llama`: build with it".to_owned();
        let kind = ModelErrorKind::Unsupported(why);
        Err(ModelError::new(kind, "quantize", source.as_str()))
    }
}

#[cfg(feature = "candle")]
mod distilled {
    use std::fs;

    use super::{
        MakeEvent, ModelError, ModelErrorKind, ModelInfo, ModelName, Models, Teller, kind_of,
    };
    use crate::folder::STATIC;
    use crate::loadable::blocking;
    use crate::registry::{FileFormat, Task};
    use crate::{Comparison, candle};

    pub(super) async fn distill(
        models: Models,
        source: ModelName,
        dim: usize,
        name: Option<ModelName>,
        teller: Teller<MakeEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let refused = |kind| ModelError::new(kind, "distill", source.as_str());
        let file = models.file(&source, "distill")?;
        let is_encoder = file.format == FileFormat::Safetensors && file.task == Task::Embed;
        if !is_encoder || file.architecture == STATIC {
            let why = "it is no folder of an encoder that embeds texts".to_owned();
            return Err(refused(ModelErrorKind::Invalid(why)));
        }
        if dim == 0 {
            let why = "a vector has a number at least".to_owned();
            return Err(refused(ModelErrorKind::Invalid(why)));
        }
        let own = || ModelName::parse(&format!("{source}-static"));
        let name = name.map_or_else(own, Ok)?;
        models.require_free(&name)?;
        let target = models.place_for(name.as_str())?;
        let part = target.with_extension("part");
        let _turn = models.shared.makes.lock().await;
        let threads = models.shared.threads();
        let (told, into) = (teller.clone(), part.clone());
        let made = blocking("distill", move || {
            let tell = |done, all| {
                let (done, all) = (done as u64, all as u64);
                told.tell(MakeEvent::Made { done, all });
            };
            candle::distill(&file.path, &into, dim, threads, tell)
        });
        let least = match made.await {
            Ok(least) => least,
            Err(error) => {
                // What is left of it is of no use.
                let _ = fs::remove_dir_all(&part);
                return Err(error);
            }
        };
        teller.tell(MakeEvent::Checked(Comparison::Cosine { least }));
        fs::rename(&part, &target).map_err(|e| {
            let subject = target.display().to_string();
            ModelError::new(kind_of(&e), "write", subject).caused_by(e)
        })?;
        models.add(&target, Some(&name)).await
    }
}

#[cfg(not(feature = "candle"))]
mod distilled {
    use super::{MakeEvent, ModelError, ModelErrorKind, ModelInfo, ModelName, Models, Teller};

    pub(super) async fn distill(
        _models: Models,
        source: ModelName,
        _dim: usize,
        _name: Option<ModelName>,
        _teller: Teller<MakeEvent>,
    ) -> Result<ModelInfo, ModelError> {
        let why = "distilling needs the feature `candle`: build with it".to_owned();
        let kind = ModelErrorKind::Unsupported(why);
        Err(ModelError::new(kind, "distill", source.as_str()))
    }
}
