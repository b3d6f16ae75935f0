//! Which files of a repository make the model.

use std::collections::BTreeMap;
use std::path::Path;

use super::HubModel;
use super::listing::{HubFile, Listing};
use crate::{ModelError, ModelErrorKind, ModelName};

/// Where a repository has several: the first of these that it has. Four bits in K-quants lose little,
/// eight almost nothing.
const PREFERRED: [&str; 3] = ["q4_k_m", "q8_0", "q4_0"];
/// Names that an error lists at most.
const LISTED_MAX: usize = 12;

/// The files to fetch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// A GGUF file, or the parts of one in their order.
    Gguf(Vec<HubFile>),
    /// A folder as Hugging Face has models.
    Folder(Vec<HubFile>),
}

impl Choice {
    /// What to call it where its files do not say.
    pub(crate) fn own_name(&self, model: &HubModel) -> Option<ModelName> {
        match self {
            Self::Gguf(_) => None,
            Self::Folder(_) => ModelName::near(model.own_name()),
        }
    }
}

/// Finds the files that `model` means.
///
/// # Errors
/// `Invalid`, with what there is to choose from.
pub(crate) fn choose(model: &HubModel, listing: Listing) -> Result<Choice, ModelError> {
    let folder = folder(&listing.files);
    let mut groups = groups(listing.files);
    let named = match &model.file {
        Some(file) => one_named(&groups, &file.to_lowercase()),
        None if groups.is_empty() => return folder.ok_or_else(|| refused(model, &groups)),
        None => preferred(&groups),
    };
    let name = named.ok_or_else(|| refused(model, &groups))?;
    groups
        .remove(&name)
        .map(Choice::Gguf)
        .ok_or_else(|| refused(model, &groups))
}

/// The GGUF files by their names in lower case; the parts of one come together.
fn groups(files: Vec<HubFile>) -> BTreeMap<String, Vec<HubFile>> {
    let mut groups: BTreeMap<String, Vec<HubFile>> = BTreeMap::new();
    for file in files {
        let name = file.path.to_lowercase();
        // A projector is half of a model that sees, and none by itself.
        if name.ends_with(".gguf") && !file_name(&name).starts_with("mmproj") {
            groups.entry(whole_name(&name)).or_default().push(file);
        }
    }
    for parts in groups.values_mut() {
        parts.sort_by(|a, b| a.path.cmp(&b.path));
    }
    groups
}

/// `model-00001-of-00003.gguf` is a part of `model.gguf`.
fn whole_name(name: &str) -> String {
    let numbered = || {
        let stem = name.strip_suffix(".gguf")?;
        let (rest, all) = stem.rsplit_once("-of-")?;
        let (whole, part) = rest.rsplit_once('-')?;
        let is_number = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        (is_number(part) && is_number(all)).then(|| format!("{whole}.gguf"))
    };
    numbered().unwrap_or_else(|| name.to_owned())
}

/// The group of that name, or the only one whose name has `wanted` in it.
fn one_named(groups: &BTreeMap<String, Vec<HubFile>>, wanted: &str) -> Option<String> {
    let whole = whole_name(wanted);
    if groups.contains_key(&whole) {
        return Some(whole);
    }
    only(groups, wanted)
}

fn preferred(groups: &BTreeMap<String, Vec<HubFile>>) -> Option<String> {
    match groups.len() {
        1 => groups.keys().next().cloned(),
        _ => PREFERRED.iter().find_map(|wanted| only(groups, wanted)),
    }
}

fn only(groups: &BTreeMap<String, Vec<HubFile>>, wanted: &str) -> Option<String> {
    let mut found = groups
        .keys()
        .filter(|name| file_name(name).contains(wanted));
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}

/// What a folder needs: its descriptions, its tokenizer and its weights, once.
fn folder(files: &[HubFile]) -> Option<Choice> {
    let has = |name: &str| files.iter().any(|file| file.path == name);
    let is_single = has("model.safetensors");
    let is_weight = |path: &str| match is_single {
        true => path == "model.safetensors",
        false => path.starts_with("model-") && path.ends_with(".safetensors"),
    };
    let is_described = |path: &str| {
        let ends = [".json", ".txt", ".jinja", ".model"];
        path == "1_Pooling/config.json"
            || (!path.contains('/') && ends.iter().any(|end| path.ends_with(end)))
    };
    let is_index = |path: &str| is_single && path == "model.safetensors.index.json";
    let wanted = |file: &&HubFile| {
        is_weight(&file.path) || (is_described(&file.path) && !is_index(&file.path))
    };
    let chosen: Vec<HubFile> = files.iter().filter(wanted).cloned().collect();
    let has_weights = chosen.iter().any(|file| is_weight(&file.path));
    (has_weights && has("config.json")).then_some(Choice::Folder(chosen))
}

fn file_name(path: &str) -> &str {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    name.unwrap_or(path)
}

fn refused(model: &HubModel, groups: &BTreeMap<String, Vec<HubFile>>) -> ModelError {
    let mut names: Vec<&str> = groups.keys().map(String::as_str).collect();
    let more = names.len().saturating_sub(LISTED_MAX);
    names.truncate(LISTED_MAX);
    let why = match (names.is_empty(), more) {
        (true, _) => "it has no GGUF file, and no config.json with safetensors".to_owned(),
        (false, 0) => format!("name one of its files behind a colon: {}", names.join(", ")),
        (false, more) => format!(
            "name one of its files behind a colon: {}, and {more} more",
            names.join(", ")
        ),
    };
    ModelError::new(ModelErrorKind::Invalid(why), "pull", model.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::listing::Checksum;
    use super::*;

    fn check(files: &[&str], named: &str, expect: Result<&[&str], &str>) {
        let files = files.iter().map(|path| HubFile {
            path: (*path).to_owned(),
            bytes: 1,
            checksum: Checksum::Sha256("0".repeat(64)),
        });
        let listing = Listing {
            commit: "0".repeat(40),
            files: files.collect(),
        };
        let model = HubModel::parse(named).expect(named);
        match (choose(&model, listing), expect) {
            (Ok(Choice::Gguf(files) | Choice::Folder(files)), Ok(expect)) => {
                let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
                assert_eq!(paths, expect, "{named}");
            }
            (Err(error), Err(expect)) => {
                assert!(error.to_string().contains(expect), "{error}");
            }
            (chosen, _) => panic!("{named}: {chosen:?}"),
        }
    }

    #[test]
    fn a_file_is_chosen_by_its_name_or_a_part_of_it_that_no_other_has() {
        let files = ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "m-f16.gguf", "README.md"];
        check(&files, "hf:o/r:m-Q8_0.gguf", Ok(&["m-Q8_0.gguf"]));
        check(&files, "hf:o/r:f16", Ok(&["m-f16.gguf"]));
        check(&files, "hf:o/r", Ok(&["m-Q4_K_M.gguf"]));
        check(
            &files,
            "hf:o/r:m",
            Err("m-f16.gguf, m-q4_k_m.gguf, m-q8_0.gguf"),
        );
        check(&files, "hf:o/r:IQ2", Err("name one of its files"));
        check(&["only.gguf"], "hf:o/r", Ok(&["only.gguf"]));
        check(&["a.gguf", "b.gguf"], "hf:o/r", Err("a.gguf, b.gguf"));
    }

    #[test]
    fn the_parts_of_a_file_come_together_and_a_projector_does_not() {
        let (one, two) = (
            "q/m-q8_0-00001-of-00002.gguf",
            "q/m-q8_0-00002-of-00002.gguf",
        );
        check(&[two, "mmproj-m.gguf", one], "hf:o/r", Ok(&[one, two]));
        check(&[two, one], &format!("hf:o/r:{two}"), Ok(&[one, two]));
    }

    #[test]
    fn without_gguf_the_folder_is_chosen_with_its_weights_once() {
        let single = ["config.json", "model.safetensors", "tokenizer.json"];
        let beside = ["onnx/model.onnx", "pytorch_model.bin", "README.md"];
        check(&[&single[..], &beside].concat(), "hf:o/r", Ok(&single));
        let shards = [
            "1_Pooling/config.json",
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
        ];
        check(&shards, "hf:o/r", Ok(&shards));
        check(&["config.json", "README.md"], "hf:o/r", Err("no GGUF"));
    }
}
