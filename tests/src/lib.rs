//! Claims about the whole system.
