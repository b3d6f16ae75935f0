//! What each part of a native module weighs, by the map that the linker drew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Serialize;

use crate::Result;

/// Crates that are less than this part of the whole are told together.
const SMALLEST: f64 = 0.01;
const REST: &str = "rest";

/// Kibibytes of what is loaded, before it is packed.
#[derive(Default, Serialize)]
pub(crate) struct Weight {
    by_section: BTreeMap<String, u64>,
    by_crate: BTreeMap<String, u64>,
}

impl Weight {
    /// Reads a map of LLD's, which `-C link-arg=-Wl,-Map=FILE` draws.
    pub(crate) fn read(map: &Path) -> Result<Self> {
        let mut weight = Self::default();
        for line in BufReader::new(File::open(map)?).lines() {
            if let Some(input) = Input::parse(&line?) {
                *weight.by_section.entry(input.section).or_default() += input.bytes;
                *weight.by_crate.entry(input.origin).or_default() += input.bytes;
            }
        }
        weight.by_section = told(weight.by_section);
        weight.by_crate = told(weight.by_crate);
        Ok(weight)
    }
}

/// A part of one file that is linked.
#[derive(Debug, PartialEq)]
struct Input {
    section: String,
    origin: String,
    bytes: u64,
}

impl Input {
    /// A line is an address at run time, one at load time, a size, an alignment, and what lies
    /// there: `/path/libfoo-0123456789abcdef.rlib(foo.o):(.text.bar)`, or a symbol of it.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let address = u64::from_str_radix(fields.next()?, 16).ok()?;
        let bytes = u64::from_str_radix(fields.nth(1)?, 16).ok()?;
        let (file, section) = fields.nth(1)?.rsplit_once(":(")?;
        let section = section
            .trim_start_matches('.')
            .split(['.', '+', ')'])
            .next()?;
        let is_file = file.ends_with([')', '>']) || file.ends_with(".o");
        // Debug information has no address, and what is zero at the start has no bytes.
        let is_loaded = address > 0 && section != "bss" && section != "tbss";
        (is_file && is_loaded).then(|| Self {
            section: section.to_owned(),
            origin: origin(file).to_owned(),
            bytes,
        })
    }
}

/// The crate or the library that a file comes from.
fn origin(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.split('(').next().unwrap_or(name);
    let name = name.strip_prefix("lib").unwrap_or(name);
    let end = name.find(['-', '.']).unwrap_or(name.len());
    &name[..end]
}

/// In kibibytes, and what is small as one.
fn told(parts: BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let whole: u64 = parts.values().sum();
    let mut told = BTreeMap::new();
    for (name, bytes) in parts {
        let is_small = (bytes as f64) < whole as f64 * SMALLEST;
        let name = if is_small { REST.to_owned() } else { name };
        *told.entry(name).or_insert(0) += bytes;
    }
    told.values_mut().for_each(|bytes| *bytes /= 1024);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<(String, String, u64)> {
        Input::parse(line).map(|input| (input.section, input.origin, input.bytes))
    }

    #[test]
    fn a_part_of_an_archive_is_its_crates() {
        let line = "  1a20 1a20  2b 16  /t/deps/libkaren_core-6322e4be59e67144.rlib(a.o):(.text.f)";
        let expected = ("text".to_owned(), "karen_core".to_owned(), 0x2b);
        assert_eq!(parsed(line), Some(expected));
        let line = "  1a20 1a20  9 1  /t/libllama.a(llama.cpp.o):(.rodata+0x18)";
        let expected = ("rodata".to_owned(), "llama".to_owned(), 9);
        assert_eq!(parsed(line), Some(expected));
    }

    #[test]
    fn symbols_debug_information_and_zeroes_weigh_nothing() {
        for line in [
            "VMA LMA Size Align Out In Symbol",
            "  1a20 1a20  2b 1  core::ptr::drop_in_place::h7c6b2a90",
            "  0 0  2b 1  /t/libfoo-0123456789abcdef.rlib(a.o):(.debug_line)",
            "  1a20 1a20  2b 1  /t/libfoo-0123456789abcdef.rlib(a.o):(.bss.f)",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_small_is_told_together() {
        let parts = [("a", 1 << 20), ("b", 1 << 12), ("c", 1 << 12)];
        let parts = parts.map(|(name, bytes)| (name.to_owned(), bytes));
        let expected = [("a", 1024), (REST, 8)].map(|(name, kib)| (name.to_owned(), kib));
        assert_eq!(told(parts.into()), expected.into());
    }
}
