//! DuckDB, which comes as an extra, and is loaded when it is used first.
//!
//! karen-memory calls DuckDB's C API as if it were linked. Here these calls arrive, and go on to the library of the
//! Python package `duckdb`, which exports that API: a program that uses both has it once. Whatever is done with
//! DuckDB begins by making a configuration, so that call loads the library, and none goes before it.
#![allow(
    unsafe_code,
    reason = "calls of C go on to a library that is loaded late"
)]

use std::ffi::{CStr, c_char, c_uint, c_void};
use std::path::PathBuf;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use karen_bindings::Failure;
use karen_bindings::core::Code;
use libloading::Library;

/// How it is installed.
const INSTALL: &str = "pip install 'karen-ai[analytics]'";
/// The API as the crate `duckdb` speaks it, and the format of the files that Rust programs share.
const VERSION: &str = "v1.5.";
/// `DuckDBError`.
const ERROR: c_uint = 1;

// Linked before DuckDB, which has a few of its functions too, and must not be needed for them.
#[link(name = "stdc++")]
unsafe extern "C" {}

/// Where the library is, as the last Karen that was opened was told.
static PLACE: Mutex<Option<PathBuf>> = Mutex::new(None);
static LOADED: OnceLock<Result<CreateConfig, String>> = OnceLock::new();

type CreateConfig = unsafe extern "C" fn(*mut *mut c_void) -> c_uint;
type LibraryVersion = unsafe extern "C" fn() -> *const c_char;

/// Says where DuckDB's library is, for when it is used.
pub(crate) fn found_at(path: PathBuf) {
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
}

fn place() -> Option<PathBuf> {
    PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// What is to be done where there is none.
pub(crate) fn missing() -> String {
    format!("DuckDB is not installed: {INSTALL}")
}

/// A failure to use DuckDB, by its cause where that lies here.
pub(crate) fn explained(failure: Failure) -> Failure {
    let is_off = failure.code() == Code::Unsupported.as_str();
    match LOADED.get() {
        Some(Err(why)) => Failure::new(Code::Unsupported, why),
        None if is_off && place().is_none() => Failure::new(Code::Unsupported, missing()),
        _ => failure,
    }
}

/// Arrives as `duckdb_create_config`.
unsafe extern "C" fn create_config(config: *mut *mut c_void) -> c_uint {
    match LOADED.get_or_init(load) {
        // SAFETY: it is DuckDB's function of that name, called as DuckDB's caller calls it.
        Ok(create_config) => unsafe { create_config(config) },
        Err(_) => ERROR,
    }
}

fn load() -> Result<CreateConfig, String> {
    let place = place().ok_or_else(missing)?;
    let told = |error: libloading::Error| format!("{} is of no use: {error}", place.display());
    // SAFETY: what runs when it is loaded is what runs when Python imports it.
    let library = unsafe { Library::new(&place) }.map_err(told)?;
    check_version(&library).map_err(told)??;
    connect(&library).map_err(told)?;
    // SAFETY: DuckDB's header gives it this type.
    let create_config = unsafe { library.get::<CreateConfig>(c"duckdb_create_config") };
    let create_config = *create_config.map_err(told)?;
    // Its functions are called as long as the process lives.
    std::mem::forget(library);
    Ok(create_config)
}

fn check_version(library: &Library) -> Result<Result<(), String>, libloading::Error> {
    // SAFETY: DuckDB's header gives it this type, and what it returns lives as long as the library.
    let version = unsafe {
        let version = library.get::<LibraryVersion>(c"duckdb_library_version")?;
        CStr::from_ptr(version())
    };
    let version = version.to_string_lossy();
    Ok(match version.starts_with(VERSION) {
        true => Ok(()),
        false => Err(format!(
            "DuckDB {version} is installed, and it takes {VERSION}*: {INSTALL}"
        )),
    })
}

/// Makes each of these functions a jump to the library's of that name.
macro_rules! go_on {
    ($($name:ident)*) => {
        mod target {
            use super::{AtomicPtr, c_void};
            $(
                #[allow(non_upper_case_globals, reason = "it has the function's name")]
                pub(super) static $name: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            )*
        }

        $(
            std::arch::global_asm!(
                concat!(".pushsection .text.", stringify!($name), ",\"ax\",@progbits"),
                concat!(".globl ", stringify!($name)),
                concat!(".hidden ", stringify!($name)),
                concat!(".type ", stringify!($name), ",@function"),
                concat!(stringify!($name), ":"),
                jump_through!(),
                ".popsection",
                target = sym target::$name,
            );
        )*

        fn connect(library: &Library) -> Result<(), libloading::Error> {
            $(
                // SAFETY: nothing is done with the address but jumping there, with what DuckDB's caller passed.
                let address = unsafe { library.get::<*mut c_void>(stringify!($name)) }?;
                target::$name.store(*address, Ordering::Release);
            )*
            Ok(())
        }
    };
}

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {target}"
    };
}

#[cfg(target_arch = "x86_64")]
macro_rules! jump_through {
    () => {
        "jmp qword ptr [rip + {target}]"
    };
}

#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {target}"
    };
}

/// By `x16`, which procedure calls may use up in between.
#[cfg(target_arch = "aarch64")]
macro_rules! jump_through {
    () => {
        "adrp x16, {target}\nldr x16, [x16, :lo12:{target}]\nbr x16"
    };
}

std::arch::global_asm!(
    ".pushsection .text.duckdb_create_config,\"ax\",@progbits",
    ".globl duckdb_create_config",
    ".hidden duckdb_create_config",
    ".type duckdb_create_config,@function",
    "duckdb_create_config:",
    jump!(),
    ".popsection",
    target = sym create_config,
);

// What the crate `duckdb` calls. A test fails when one is missing: the wheel would need DuckDB to be imported.
go_on! {
    duckdb_append_blob
    duckdb_append_bool
    duckdb_append_date
    duckdb_append_double
    duckdb_append_float
    duckdb_append_hugeint
    duckdb_append_int16
    duckdb_append_int32
    duckdb_append_int64
    duckdb_append_int8
    duckdb_append_interval
    duckdb_append_null
    duckdb_append_time
    duckdb_append_timestamp
    duckdb_append_uhugeint
    duckdb_append_uint16
    duckdb_append_uint32
    duckdb_append_uint64
    duckdb_append_uint8
    duckdb_append_value
    duckdb_append_varchar_length
    duckdb_appender_create_ext
    duckdb_appender_destroy
    duckdb_appender_end_row
    duckdb_appender_error
    duckdb_appender_flush
    duckdb_array_type_child_type
    duckdb_bind_blob
    duckdb_bind_boolean
    duckdb_bind_date
    duckdb_bind_decimal
    duckdb_bind_double
    duckdb_bind_float
    duckdb_bind_hugeint
    duckdb_bind_int16
    duckdb_bind_int32
    duckdb_bind_int64
    duckdb_bind_int8
    duckdb_bind_interval
    duckdb_bind_null
    duckdb_bind_time
    duckdb_bind_timestamp
    duckdb_bind_uhugeint
    duckdb_bind_uint16
    duckdb_bind_uint32
    duckdb_bind_uint64
    duckdb_bind_uint8
    duckdb_bind_varchar_length
    duckdb_clear_bindings
    duckdb_close
    duckdb_column_count
    duckdb_column_logical_type
    duckdb_column_name
    duckdb_connect
    duckdb_create_decimal
    duckdb_data_chunk_get_size
    duckdb_data_chunk_to_arrow
    duckdb_destroy_arrow_options
    duckdb_destroy_config
    duckdb_destroy_data_chunk
    duckdb_destroy_error_data
    duckdb_destroy_extracted
    duckdb_destroy_logical_type
    duckdb_destroy_prepare
    duckdb_destroy_result
    duckdb_destroy_value
    duckdb_disconnect
    duckdb_error_data_error_type
    duckdb_error_data_has_error
    duckdb_error_data_message
    duckdb_execute_prepared
    duckdb_extract_statements
    duckdb_extract_statements_error
    duckdb_fetch_chunk
    duckdb_free
    duckdb_get_type_id
    duckdb_interrupt
    duckdb_list_type_child_type
    duckdb_map_type_key_type
    duckdb_map_type_value_type
    duckdb_nparams
    duckdb_open_ext
    duckdb_prepare_error
    duckdb_prepare_extracted_statement
    duckdb_prepared_statement_column_count
    duckdb_prepared_statement_column_logical_type
    duckdb_prepared_statement_type
    duckdb_query
    duckdb_result_error
    duckdb_result_get_arrow_options
    duckdb_rows_changed
    duckdb_set_config
    duckdb_struct_type_child_count
    duckdb_struct_type_child_type
    duckdb_to_arrow_schema
    duckdb_union_type_member_count
    duckdb_union_type_member_type
}
