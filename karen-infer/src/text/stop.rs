//! Stop texts, also where they span pieces.

/// Passes text on, up to the first stop text; holds back only what could still become one.
#[derive(Debug)]
pub(crate) struct StopFilter {
    stops: Vec<String>,
    held: String,
    /// What came after the stop text, once it was met.
    rest: Option<String>,
}

impl StopFilter {
    pub(crate) fn new(stops: &[String]) -> Self {
        let stops = stops
            .iter()
            .filter(|stop| !stop.is_empty())
            .cloned()
            .collect();
        Self {
            stops,
            held: String::new(),
            rest: None,
        }
    }

    /// Whether a stop text was met; nothing is passed on after it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.rest.is_some()
    }

    /// What came after the stop text.
    #[cfg(any(feature = "llama", feature = "candle"))]
    pub(crate) fn into_rest(self) -> String {
        self.rest.unwrap_or_default()
    }

    /// Adds a piece; gives what is certain to be no part of a stop text.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if let Some(rest) = &mut self.rest {
            rest.push_str(piece);
            return String::new();
        }
        self.held.push_str(piece);
        let place = |stop: &String| Some((self.held.find(stop.as_str())?, stop.len()));
        if let Some((at, length)) = self.stops.iter().filter_map(place).min() {
            self.rest = Some(self.held.split_off(at + length));
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let rest = self.held.split_off(self.held.len() - self.hold());
        std::mem::replace(&mut self.held, rest)
    }

    /// What is left when nothing follows any more.
    pub(crate) fn finish(self) -> String {
        self.held
    }

    /// Bytes at the end that begin a stop text.
    fn hold(&self) -> usize {
        let longest = |stop: &String| {
            let lengths = (1..stop.len()).rev().filter(|&n| stop.is_char_boundary(n));
            lengths
                .into_iter()
                .find(|&n| self.held.ends_with(&stop[..n]))
                .unwrap_or(0)
        };
        self.stops.iter().map(longest).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stops: &[&str], text: &str, expect: &str) {
        let stops: Vec<String> = stops.iter().map(|s| (*s).to_owned()).collect();
        let cuts: Vec<usize> = (0..=text.len())
            .filter(|&i| text.is_char_boundary(i))
            .collect();
        for &first in &cuts {
            for &second in cuts.iter().filter(|&&c| c >= first) {
                let mut filter = StopFilter::new(&stops);
                let mut passed = String::new();
                for piece in [&text[..first], &text[first..second], &text[second..]] {
                    passed += &filter.push(piece);
                }
                let stopped = filter.is_stopped();
                passed += &filter.finish();
                assert_eq!(passed, expect, "{text:?} cut at {first} and {second}");
                assert_eq!(stopped, expect != text);
            }
        }
    }

    #[test]
    fn text_ends_before_the_first_stop_text_however_it_is_cut() {
        check(&["END", "\n\n"], "one\n\ntwo END", "one");
        check(&["aab"], "aaab", "a");
        check(&["é!"], "caféé!x", "café");
        check(&["never"], "text that nev", "text that nev");
        check(&[], "no stops", "no stops");
    }
}
