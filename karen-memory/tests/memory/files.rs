//! Looking for text in files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The files of a folder, and of those in it, in which the bytes of a text lie.
pub(crate) fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let found = paths.flat_map(|path| match path.is_dir() {
        true => files_with(&path, text),
        false if holds(&path, text) => vec![path.display().to_string()],
        false => Vec::new(),
    });
    found.collect()
}

/// A file that has just gone holds nothing.
fn holds(file: &Path, text: &str) -> bool {
    let bytes = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return false,
        bytes => bytes.expect("a file"),
    };
    let mut parts = bytes.windows(text.len());
    parts.any(|part| part == text.as_bytes())
}
