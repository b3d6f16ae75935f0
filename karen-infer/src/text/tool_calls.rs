//! Tool calls as Hermes and Qwen models write them: `<tool_call>{"name":…,"arguments":{…}}</tool_call>`.

use serde::Deserialize;
use serde_json::Value;

use super::StopFilter;
use crate::ToolCall;

pub(crate) const OPEN: &str = "<tool_call>";
pub(crate) const CLOSE: &str = "</tool_call>";

/// What came out of a piece of text.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    Text(String),
    Call(ToolCall),
}

/// Takes calls out of a stream of text.
#[derive(Debug)]
pub(crate) struct ToolCallParser {
    state: State,
    /// The model may call these; anything else in the tags is text.
    tools: Vec<String>,
    calls: usize,
}

#[derive(Debug)]
enum State {
    /// Between calls; the filter stops at the tag that opens one.
    Text(StopFilter),
    /// Within a call.
    Call(String),
}

#[derive(Deserialize)]
struct Body {
    name: String,
    #[serde(default = "no_arguments")]
    arguments: Value,
}

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}

impl ToolCallParser {
    pub(crate) fn new(tools: Vec<String>) -> Self {
        Self {
            state: between_calls(),
            tools,
            calls: 0,
        }
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<Parsed> {
        if self.tools.is_empty() {
            return text(piece.to_owned()).into_iter().collect();
        }
        let mut parsed = Vec::new();
        let mut rest = piece.to_owned();
        while !rest.is_empty() {
            rest = match std::mem::replace(&mut self.state, between_calls()) {
                State::Text(filter) => self.push_text(filter, &rest, &mut parsed),
                State::Call(body) => self.push_call(body, &rest, &mut parsed),
            };
        }
        parsed
    }

    /// What is left when nothing follows any more: an unfinished call is text.
    pub(crate) fn finish(self) -> Option<Parsed> {
        match self.state {
            State::Text(filter) => text(filter.finish()),
            State::Call(body) => text(format!("{OPEN}{body}")),
        }
    }

    fn push_text(
        &mut self,
        mut filter: StopFilter,
        piece: &str,
        parsed: &mut Vec<Parsed>,
    ) -> String {
        parsed.extend(text(filter.push(piece)));
        if filter.is_stopped() {
            self.state = State::Call(String::new());
            return filter.into_rest();
        }
        self.state = State::Text(filter);
        String::new()
    }

    fn push_call(&mut self, mut body: String, piece: &str, parsed: &mut Vec<Parsed>) -> String {
        body.push_str(piece);
        let Some(end) = body.find(CLOSE) else {
            self.state = State::Call(body);
            return String::new();
        };
        let rest = body.split_off(end + CLOSE.len());
        body.truncate(end);
        parsed.push(self.call(&body));
        rest
    }

    fn call(&mut self, body: &str) -> Parsed {
        match serde_json::from_str::<Body>(body) {
            Ok(Body { name, arguments }) if self.tools.contains(&name) => {
                self.calls += 1;
                Parsed::Call(ToolCall {
                    id: format!("call_{}", self.calls),
                    name,
                    arguments,
                })
            }
            _ => Parsed::Text(format!("{OPEN}{body}{CLOSE}")),
        }
    }
}

fn between_calls() -> State {
    State::Text(StopFilter::new(&[OPEN.to_owned()]))
}

fn text(text: String) -> Option<Parsed> {
    (!text.is_empty()).then_some(Parsed::Text(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The texts joined, and the calls, of `input` cut in every way into three pieces.
    fn check(input: &str, expect_text: &str, expect_calls: &[(&str, Value)]) {
        let cuts: Vec<usize> = (0..=input.len())
            .filter(|&i| input.is_char_boundary(i))
            .collect();
        for &first in &cuts {
            for &second in cuts.iter().filter(|&&c| c >= first) {
                let mut parser = ToolCallParser::new(vec!["add".to_owned()]);
                let mut parsed = Vec::new();
                for piece in [&input[..first], &input[first..second], &input[second..]] {
                    parsed.extend(parser.push(piece));
                }
                parsed.extend(parser.finish());
                let mut texts = String::new();
                let mut calls = Vec::new();
                for part in parsed {
                    match part {
                        Parsed::Text(text) => texts.push_str(&text),
                        Parsed::Call(call) => calls.push((call.name, call.arguments)),
                    }
                }
                assert_eq!(texts, expect_text, "cut at {first} and {second}");
                let expected: Vec<_> = expect_calls
                    .iter()
                    .map(|(n, a)| ((*n).to_owned(), a.clone()))
                    .collect();
                assert_eq!(calls, expected, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn calls_are_taken_out_of_the_text_however_it_is_cut() {
        let call = r#"<tool_call>{"name":"add","arguments":{"a":1}}</tool_call>"#;
        check(
            &format!("é {call}ok"),
            "é ok",
            &[("add", json!({ "a": 1 }))],
        );
        check(
            &format!("{call}{call}"),
            "",
            &[("add", json!({ "a": 1 })), ("add", json!({ "a": 1 }))],
        );
    }

    #[test]
    fn what_is_no_call_of_a_known_tool_stays_text() {
        for text in [
            "<tool_call>not json</tool_call>",
            r#"<tool_call>{"name":"other"}</tool_call>"#,
            "<tool_call>{\"name\":\"add\"",
            "a < b <tool_ calls",
        ] {
            check(text, text, &[]);
        }
    }
}
