//! Whole characters from tokens that end in the middle of one.

/// Holds the bytes of a character until its last one arrives.
#[derive(Debug, Default)]
pub(crate) struct Utf8Buffer {
    pending: Vec<u8>,
}

impl Utf8Buffer {
    /// Adds bytes; gives the text that is whole. What can never become a character is replaced by
    /// U+FFFD, as [`String::from_utf8_lossy`] does.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.pending.clear();
                    return text;
                }
                Err(error) => {
                    let valid: Vec<u8> = self.pending.drain(..error.valid_up_to()).collect();
                    text.push_str(&String::from_utf8_lossy(&valid));
                    let Some(bad) = error.error_len() else {
                        return text;
                    };
                    self.pending.drain(..bad);
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }

    /// What is left when nothing follows any more.
    pub(crate) fn finish(self) -> String {
        String::from_utf8_lossy(&self.pending).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_split_gives_the_text_that_the_whole_gives() {
        for bytes in ["añ東🎉z".as_bytes(), b"ok\xff\xfe\xe6\x9d", b"\xf0\x9f"] {
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let mut buffer = Utf8Buffer::default();
                    let mut text = buffer.push(&bytes[..first]);
                    text += &buffer.push(&bytes[first..second]);
                    text += &buffer.push(&bytes[second..]);
                    text += &buffer.finish();
                    assert_eq!(text, String::from_utf8_lossy(bytes));
                }
            }
        }
    }
}
