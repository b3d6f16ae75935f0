//! Claims about the whole system: see `system/`.
