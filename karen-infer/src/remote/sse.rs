//! Server-sent events, as the HTML standard reads them, from bytes cut anywhere.

/// Bytes of one event at most: no provider sends more, and a stream without line ends must not fill
/// the memory.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// Takes the data of events out of a stream. Names, ids and comments are passed over: providers put
/// everything that matters into the data.
#[derive(Default)]
pub(super) struct SseParser {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    is_past_start: bool,
}

/// The stream is no text, or an event has no end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SseError {
    #[error("an event of the stream is longer than 16 MiB")]
    TooLong,
    #[error("an event of the stream is not UTF-8")]
    NoText,
}

impl SseParser {
    /// Adds bytes; gives the data of the events that they complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, SseError> {
        let mut events = Vec::new();
        for &byte in bytes {
            let is_second_half = byte == b'\n' && std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if is_second_half => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ => {
                    self.after_return = false;
                    self.line.push(byte);
                }
            }
        }
        if self.line.len() + self.data.len() > EVENT_BYTES_MAX {
            return Err(SseError::TooLong);
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<String>, SseError> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.is_past_start, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            return self.end_event();
        }
        if let Some(value) = line.strip_prefix(b"data") {
            match value {
                [] => self.add_data(b""),
                [b':', b' ', value @ ..] | [b':', value @ ..] => self.add_data(value),
                // Another field that begins so.
                _ => {}
            }
        }
        Ok(None)
    }

    fn add_data(&mut self, value: &[u8]) {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
    }

    fn end_event(&mut self) -> Result<Option<String>, SseError> {
        if !std::mem::take(&mut self.has_data) {
            return Ok(None);
        }
        let data = std::mem::take(&mut self.data);
        String::from_utf8(data)
            .map(Some)
            .map_err(|_| SseError::NoText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what a stream holds, cut at every place into three.
    fn check(stream: &[u8], expect: &[&str]) {
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let mut parser = SseParser::default();
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                let events: Vec<String> = pieces
                    .iter()
                    .flat_map(|piece| parser.push(piece).expect("text"))
                    .collect();
                assert_eq!(events, expect, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        check(
            b"data: one\n\ndata:two\r\n\r\ndata: three\r\r",
            &["one", "two", "three"],
        );
        check("\u{feff}data: é🎉\n\n".as_bytes(), &["é🎉"]);
        check(
            b": ping\nevent: x\nid: 7\ndata: a\ndata\ndata: b\n\n\n\n",
            &["a\n\nb"],
        );
        check(b"data: [DONE]\n\n", &["[DONE]"]);
        check(b"data: cut off\n", &[]);
        check(b"database: no\n\nretry: 10\n\n", &[]);
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut parser = SseParser::default();
        let megabyte = vec![b'x'; 1 << 20];
        let refused = (0..20).find_map(|_| parser.push(&megabyte).err());
        assert_eq!(refused, Some(SseError::TooLong));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut parser = SseParser::default();
        assert_eq!(parser.push(b"data: \xff\xfe\n\n"), Err(SseError::NoText));
    }
}
