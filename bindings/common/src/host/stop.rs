//! Stop texts in what a host says, also where they span pieces.

/// Passes text on up to the first stop text, and holds back what may still become one.
#[derive(Debug)]
pub(super) struct StopFilter {
    stops: Vec<String>,
    held: String,
    is_stopped: bool,
}

impl StopFilter {
    pub(super) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty());
        Self {
            stops: stops.cloned().collect(),
            held: String::new(),
            is_stopped: false,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Adds a piece; gives what is certain to come before any stop text.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let first = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop))
            .min();
        self.is_stopped |= first.is_some();
        let kept = match first {
            Some(at) => {
                self.held.truncate(at);
                0
            }
            None => self.begun(),
        };
        let rest = self.held.split_off(self.held.len() - kept);
        std::mem::replace(&mut self.held, rest)
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end that begin a stop text.
    fn begun(&self) -> usize {
        let longest = |stop: &String| {
            let mut lengths = (1..stop.len()).rev().filter(|&n| stop.is_char_boundary(n));
            lengths.find(|&n| self.held.ends_with(&stop[..n]))
        };
        self.stops.iter().filter_map(longest).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stops: &[&str], pieces: &[&str], expect: &str) {
        let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
        let mut filter = StopFilter::new(&stops);
        let mut said = String::new();
        for piece in pieces {
            if !filter.is_stopped() {
                said += &filter.push(piece);
            }
        }
        said += &filter.finish();
        assert_eq!(said, expect, "{pieces:?} stopped at {stops:?}");
    }

    #[test]
    fn text_ends_before_the_first_stop_text_however_it_is_cut() {
        check(&["END"], &["one E", "N", "D two"], "one ");
        check(&["END"], &["one E", "N", "E two"], "one ENE two");
        check(&["\n\n", "two"], &["one\n", "\ntwo"], "one");
        check(&["é!"], &["caf", "é", "é!x"], "café");
        check(&["", "nev"], &["text that ne"], "text that ne");
        check(&[], &["no ", "stops"], "no stops");
    }
}
