//! Talking to whoever reads the output. A reader that went away, as `| head` does, is no failure.

use std::io::Write;

/// Prints a line.
macro_rules! say {
    ($($what:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($what)*);
    }};
}

/// Prints a piece of a line at once.
pub(super) fn say_piece(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
