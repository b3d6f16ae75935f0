//! The whole way from a token's bytes to what a caller is given.

use super::{Parsed, StopFilter, ToolCallParser, Utf8Buffer};

/// Puts an answer together: whole characters, up to a stop text, calls taken out.
#[derive(Debug)]
pub(crate) struct AnswerText {
    utf8: Utf8Buffer,
    stop: StopFilter,
    calls: ToolCallParser,
}

impl AnswerText {
    pub(crate) fn new(stops: &[String], tools: Vec<String>) -> Self {
        Self {
            utf8: Utf8Buffer::default(),
            stop: StopFilter::new(stops),
            calls: ToolCallParser::new(tools),
        }
    }

    /// Adds the bytes of a token.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Parsed> {
        let text = self.utf8.push(bytes);
        let text = self.stop.push(&text);
        self.calls.push(&text)
    }

    /// Whether a stop text ended it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// What was held back, now that nothing follows; and whether tools are to be called.
    pub(crate) fn finish(mut self) -> (Vec<Parsed>, bool) {
        let mut text = self.stop.push(&self.utf8.finish());
        text.push_str(&self.stop.finish());
        let mut parsed = self.calls.push(&text);
        let has_calls = self.calls.calls() > 0;
        parsed.extend(self.calls.finish());
        (parsed, has_calls)
    }
}
