//! Programs that show Karen at work.
