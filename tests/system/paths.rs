//! Where things are.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The demonstration model.
pub(crate) fn demo_model() -> PathBuf {
    root().join("tests/model/karen-demo.gguf")
}

/// The Python that scripts/setup.sh makes for tests, with OpenAI's client in it.
pub(crate) fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
    cache.join("karen/python/bin/python")
}

/// The server's program, which `cargo test --workspace` builds beside the tests.
pub(crate) fn server() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    profile.join("karen-server")
}
