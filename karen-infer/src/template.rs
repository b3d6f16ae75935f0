//! A model's own chat template: Jinja as Hugging Face writes it.

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::Serialize;

use crate::{Message, ModelError, ModelErrorKind, ToolSpec};

const NAME: &str = "chat";
/// Instructions that a template may run: a long chat takes some hundred thousand, one that loops for
/// ever ends within seconds.
const FUEL: u64 = 20_000_000;

/// A compiled chat template.
#[derive(Debug)]
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    /// Compiles a template; `bos` and `eos` are the texts of those tokens.
    ///
    /// # Errors
    /// `Load` when it is no Jinja that minijinja understands.
    pub(crate) fn new(source: String, bos: String, eos: String) -> Result<Self, ModelError> {
        let mut environment = Environment::new();
        // As transformers renders: see apply_chat_template there.
        environment.set_syntax(whitespace()?);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", to_json);
        environment
            .add_template_owned(NAME, source)
            .map_err(|e| failed(ModelErrorKind::Load(e.to_string()), e))?;
        Ok(Self {
            environment,
            bos,
            eos,
        })
    }

    /// The text of the token that begins a prompt; empty if there is none.
    #[cfg(feature = "llama")]
    pub(crate) fn bos(&self) -> &str {
        &self.bos
    }

    /// The prompt of a chat, ending where the assistant begins to speak.
    ///
    /// # Errors
    /// `Invalid` when the template refuses the messages, with its own reason.
    pub(crate) fn render(
        &self,
        messages: &[Message],
        tools: &[ToolSpec],
    ) -> Result<String, ModelError> {
        let template = self
            .environment
            .get_template(NAME)
            .expect("added by the constructor");
        let tools: Option<Vec<Value>> =
            (!tools.is_empty()).then(|| tools.iter().map(tool).collect());
        let rendered = template.render(context! {
            messages => messages.iter().map(message).collect::<Vec<Value>>(),
            tools => tools.map_or(Value::from(()), Value::from),
            add_generation_prompt => true,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
        });
        rendered.map_err(|e| {
            let why = match e.kind() {
                ErrorKind::OutOfFuel => "its chat template does not come to an end",
                _ => e
                    .detail()
                    .unwrap_or("its chat template cannot render these messages"),
            };
            failed(ModelErrorKind::Invalid(why.to_owned()), e)
        })
    }
}

fn whitespace() -> Result<SyntaxConfig, ModelError> {
    let config = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    config.map_err(|e| failed(ModelErrorKind::Internal, e))
}

fn message(message: &Message) -> Value {
    let calls: Vec<serde_json::Value> = message
        .tool_calls
        .iter()
        .map(|call| {
            serde_json::json!({
                "id": call.id,
                "type": "function",
                "function": { "name": call.name, "arguments": call.arguments },
            })
        })
        .collect();
    let mut fields = serde_json::json!({ "role": message.role, "content": message.content });
    if !calls.is_empty() {
        fields["tool_calls"] = calls.into();
    }
    if let Some(id) = &message.tool_call_id {
        fields["tool_call_id"] = id.as_str().into();
    }
    Value::from(Serde(fields))
}

fn tool(tool: &ToolSpec) -> Value {
    /// A struct, as its fields keep the order that models were trained on.
    #[derive(Serialize)]
    struct Function<'a> {
        r#type: &'static str,
        function: &'a ToolSpec,
    }
    Value::from(Serde(Function {
        r#type: "function",
        function: tool,
    }))
}

fn raise_exception(reason: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, reason))
}

fn strftime_now(format: String) -> Result<String, Error> {
    jiff::fmt::strtime::format(&format, Timestamp::now())
        .map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
}

/// Python's `json.dumps`, unlike Jinja's own filter, escapes no HTML.
fn to_json(value: Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let text = match indent {
        Some(_) => serde_json::to_string_pretty(&value),
        None => serde_json::to_string(&value),
    };
    text.map(Value::from_safe_string)
        .map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
}

fn failed(kind: ModelErrorKind, source: Error) -> ModelError {
    ModelError::new(kind, "render", "the chat template").caused_by(source)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ToolCall;

    const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    fn render(
        source: &str,
        messages: &[Message],
        tools: &[ToolSpec],
    ) -> Result<String, ModelError> {
        ChatTemplate::new(source.to_owned(), "<s>".to_owned(), "</s>".to_owned())
            .expect("compiles")
            .render(messages, tools)
    }

    #[test]
    fn chatml_renders_as_transformers_renders_it() {
        let messages = [
            Message::system("Be kind."),
            Message::user("<b>Hi & bye</b>"),
        ];
        let expect = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n<b>Hi & bye</b><|im_end|>\n<|im_start|>assistant\n";
        assert_eq!(render(CHATML, &messages, &[]).expect("renders"), expect);
    }

    #[test]
    fn python_methods_tools_and_json_work() {
        let source = "{{ bos_token }}{% for t in tools %}{{ t.function | tojson }}{% endfor %}{% for m in messages %}{{ m.content.strip().upper() }}{% if m.tool_calls %}{% for c in m.tool_calls %}{{ c.function.name }}{% endfor %}{% endif %}{% endfor %}";
        let tools = [ToolSpec {
            name: "add".to_owned(),
            description: "a < b".to_owned(),
            parameters: json!({ "type": "object" }),
        }];
        let call = ToolCall {
            id: "1".to_owned(),
            name: "add".to_owned(),
            arguments: json!({}),
        };
        let messages = [Message::calls(" hi ", vec![call])];
        let expect =
            r#"<s>{"name":"add","description":"a < b","parameters":{"type":"object"}}HIadd"#;
        assert_eq!(render(source, &messages, &tools).expect("renders"), expect);
    }

    #[test]
    fn a_template_that_loops_is_stopped() {
        let source =
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
        let error = render(source, &[], &[]).expect_err("it would run for hours");
        let why = "its chat template does not come to an end".to_owned();
        assert_eq!(*error.kind(), ModelErrorKind::Invalid(why));
    }

    #[test]
    fn a_template_that_refuses_says_why() {
        let error =
            render("{{ raise_exception('roles must alternate') }}", &[], &[]).expect_err("refuses");
        assert_eq!(
            *error.kind(),
            ModelErrorKind::Invalid("roles must alternate".to_owned())
        );
    }
}
