//! What is asked of an answer, as a grammar in llguidance's variant of Lark.

use llguidance::regex_to_lark;
use serde_json::{Value, json};

use super::{Form, invalid};
use crate::text::{CLOSE, OPEN};
use crate::{AnswerFormat, ModelError, ToolChoice, ToolSpec};

/// The grammar, or `None` when the answer may be anything.
pub(super) fn grammar(form: Form<'_>) -> Result<Option<String>, ModelError> {
    if *form.tool_choice != ToolChoice::Auto {
        return Ok(Some(must_call(form)?));
    }
    let Some(answer) = answer(form.format) else {
        return Ok(None);
    };
    if form.tools.is_empty() {
        return Ok(Some(answer));
    }
    if matches!(form.format, AnswerFormat::Grammar(_)) {
        return Err(invalid(
            "a grammar leaves no room for tools: name one of both",
        ));
    }
    let answer = answer.replacen("start:", "answer:", 1);
    let calls = calls(form.tools);
    Ok(Some(format!("start: answer | call\n{answer}\n{calls}")))
}

fn answer(format: &AnswerFormat) -> Option<String> {
    match format {
        AnswerFormat::Text => None,
        AnswerFormat::Json => Some(format!("start: {}", object(&json!({})))),
        AnswerFormat::Schema { schema, .. } => Some(format!("start: {}", document(schema))),
        AnswerFormat::Regex(expression) => {
            Some(format!("start: /{}/", regex_to_lark(expression, "")))
        }
        AnswerFormat::Grammar(grammar) => Some(grammar.clone()),
    }
}

fn must_call(form: Form<'_>) -> Result<String, ModelError> {
    let wanted = |tool: &&ToolSpec| match form.tool_choice {
        ToolChoice::Named(name) => tool.name == *name,
        _ => true,
    };
    let tools: Vec<ToolSpec> = form.tools.iter().filter(wanted).cloned().collect();
    if tools.is_empty() {
        return Err(invalid(
            "the tool that must be called is not among the tools",
        ));
    }
    Ok(format!("start: call\n{}", calls(&tools)))
}

/// The rule `call`: one call, as the chat template writes those that were made.
fn calls(tools: &[ToolSpec]) -> String {
    let names: Vec<String> = (0..tools.len()).map(|at| format!("call_{at}")).collect();
    let (open, close) = (quoted(&format!("{OPEN}\n")), quoted(&format!("\n{CLOSE}")));
    let mut rules = format!("call: {open} ({}) {close}", names.join(" | "));
    for (name, tool) in names.iter().zip(tools) {
        let begin = quoted(&format!(
            r#"{{"name": {}, "arguments": "#,
            quoted(&tool.name)
        ));
        // A document of its own, as references in a schema begin at its root.
        let arguments = object(&tool.parameters);
        rules += &format!("\n{name}: {begin} {name}_arguments \"}}\"");
        rules += &format!("\n{name}_arguments: {arguments}");
    }
    rules
}

/// A JSON object that validates.
fn object(schema: &Value) -> String {
    let mut schema = match schema {
        Value::Object(fields) => Value::Object(fields.clone()),
        _ => json!({}),
    };
    if schema.get("type").is_none() {
        schema["type"] = "object".into();
    }
    document(&schema)
}

/// JSON that validates, written on one line as models are trained to: free whitespace lets small
/// ones go on with nothing else.
fn document(schema: &Value) -> String {
    let mut schema = schema.clone();
    if schema == Value::Bool(true) {
        schema = json!({});
    }
    if let Value::Object(fields) = &mut schema {
        let layout = json!({
            "whitespace_flexible": false,
            "item_separator": ", ",
            "key_separator": ": ",
        });
        fields.insert("x-guidance".to_owned(), layout);
    }
    format!("%json {schema}")
}

/// A text as Lark quotes it, which is as JSON does.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
