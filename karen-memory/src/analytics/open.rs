//! Where rows are kept.

use std::path::PathBuf;
use std::sync::Arc;

use super::Analytics;
use crate::MemoryError;

/// Where the rows that questions are asked about are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnalyticsStore {
    /// In this process, for as long as it runs.
    Memory,
    /// In a DuckDB file of this process's own, made when it is first needed.
    File(PathBuf),
    /// In Parquet files of a folder that instances share.
    Folder(PathBuf),
}

#[cfg(feature = "duckdb")]
pub(crate) fn open(store: AnalyticsStore) -> Result<Arc<dyn Analytics>, MemoryError> {
    Ok(match store {
        AnalyticsStore::Memory => Arc::new(super::InProcessAnalytics::default()),
        AnalyticsStore::File(path) => Arc::new(super::DuckDbFile::new(path)),
        AnalyticsStore::Folder(path) => Arc::new(super::ParquetFolder::new(path)),
    })
}

#[cfg(not(feature = "duckdb"))]
pub(crate) fn open(_: AnalyticsStore) -> Result<Arc<dyn Analytics>, MemoryError> {
    let subject = "analytics: build with the feature `duckdb`";
    let kind = crate::MemoryErrorKind::Unsupported;
    Err(MemoryError::new(kind, "open", subject))
}
