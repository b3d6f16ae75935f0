//! Where a database lives, and what that place speaks.

use std::path::PathBuf;

/// Where to open a [`Database`](crate::Database).
#[derive(Clone)]
pub enum Location {
    /// A SQLite file, created when absent. Its folder must exist.
    File(PathBuf),
    /// SQLite in this process only; gone when the last handle is dropped.
    Memory,
    /// A PostgreSQL URL, `postgres://user:password@host:port/name`. Needs the feature `postgres`.
    Postgres(String),
}

impl Location {
    /// The dialect spoken there.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::File(_) | Self::Memory => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            // mode=rwc creates the file. `%` and `?` mean something in a URL, not in a path.
            Self::File(path) => {
                let path = path
                    .to_string_lossy()
                    .replace('%', "%25")
                    .replace('?', "%3F");
                format!("sqlite://{path}?mode=rwc")
            }
            Self::Memory => "sqlite::memory:".to_owned(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// The kind of place, without the password that a PostgreSQL URL carries.
impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Memory => f.write_str("Memory"),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// The name of what speaks it.
impl std::fmt::Display for Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A dialect of SQL that stores support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

impl Dialect {
    /// An aggregate: the rows that meet `condition` as a JSON array, each the array of `columns`. Those
    /// hold text, numbers or nothing.
    #[must_use]
    pub fn json_of_rows(self, columns: &str, condition: &str) -> String {
        let (array, group) = match self {
            Self::Sqlite => ("json_array", "json_group_array"),
            Self::Postgres => ("json_build_array", "json_agg"),
        };
        let rows = format!("{group}({array}({columns})) FILTER (WHERE {condition})");
        match self {
            Self::Sqlite => rows,
            Self::Postgres => format!("COALESCE({rows}, '[]')::text"),
        }
    }
}
