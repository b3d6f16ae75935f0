use serde_json::{Map, Value, json};

use super::*;
use crate::Sampling;
use crate::sampler::Sampler;
use crate::text::{AnswerText, Parsed};

const TOKENS_MAX: usize = 300;

/// Every byte, some longer words, and the token that ends an answer.
fn words() -> Vec<Vec<u8>> {
    let longer = [
        "{\"",
        "\": ",
        "\", \"",
        "true",
        "null",
        "12",
        "é",
        "<tool_call>\n",
        "\"}",
    ];
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    bytes
        .chain(longer.map(|word| word.as_bytes().to_vec()))
        .chain([Vec::new()])
        .collect()
}

fn constraints() -> Constraints {
    let words = words();
    let end = words.len() as u32 - 1;
    Constraints::new(Vocabulary::new(words, vec![end])).expect("a vocabulary")
}

/// Numbers as good as random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// Logits of a model that knows nothing, and likes brackets and quotes, so that it comes to an end.
    fn logits(&mut self, words: &[Vec<u8>]) -> Vec<f32> {
        let logit = |word: &Vec<u8>| {
            let closes = word.is_empty() || word.iter().all(|byte| b"\"]},".contains(byte));
            self.roll(1000) as f32 / 100.0 + if closes { 6.0 } else { 0.0 }
        };
        words.iter().map(logit).collect()
    }

    fn sampling(&mut self) -> Sampling {
        Sampling {
            temperature: self.roll(3) as f32,
            top_k: self.roll(2) as u32 * 5,
            min_p: self.roll(2) as f32 * 0.05,
            repeat_penalty: 1.0 + self.roll(2) as f32 * 0.3,
            seed: Some(self.0),
            ..Sampling::default()
        }
    }
}

/// What a model that knows nothing writes; `None` when it has not come to its end in time.
fn write(mut constraint: Constraint, dice: &mut Dice) -> Result<Option<String>, ModelError> {
    let words = words();
    let mut sampler = Sampler::new(dice.sampling());
    let mut text = Vec::new();
    for _ in 0..TOKENS_MAX {
        let mut logits = dice.logits(&words);
        constraint.mask(&mut logits)?;
        let token = sampler.choose(&logits);
        text.extend_from_slice(&words[token]);
        if constraint.accept(token)? {
            return Ok(Some(String::from_utf8(text).expect("whole characters")));
        }
    }
    Ok(None)
}

fn form(format: &AnswerFormat) -> Form<'_> {
    Form {
        format,
        tool_choice: &ToolChoice::Auto,
        tools: &[],
    }
}

fn compiled(format: &AnswerFormat) -> Result<Constraint, ModelError> {
    constraints()
        .compile(form(format))
        .map(|constraint| constraint.expect("it is to keep to a form"))
}

fn schema(schema: Value) -> AnswerFormat {
    AnswerFormat::Schema {
        name: "answer".to_owned(),
        schema,
        strict: true,
    }
}

#[track_caller]
fn check_refused(format: &AnswerFormat) {
    let error = compiled(format).err().expect("it is refused");
    assert!(
        matches!(error.kind(), ModelErrorKind::Invalid(_)),
        "{error}"
    );
}

/// A schema together with what it admits.
enum Shape {
    Bool,
    Integer {
        least: i64,
        most: i64,
    },
    Text {
        most: usize,
    },
    OneOf(Vec<&'static str>),
    List {
        of: Box<Shape>,
        most: usize,
    },
    /// The fields, and whether each must be there.
    Object(Vec<(&'static str, Shape, bool)>),
    Either(Box<Shape>, Box<Shape>),
}

impl Shape {
    fn any(dice: &mut Dice, depth: usize) -> Self {
        match dice.roll(if depth == 0 { 4 } else { 7 }) {
            0 => Self::Bool,
            1 => Self::Integer {
                least: -(dice.roll(50) as i64),
                most: dice.roll(5000) as i64,
            },
            2 => Self::Text {
                most: dice.roll(20),
            },
            3 => Self::OneOf(vec!["red", "a \"quoted\" one", "é"]),
            4 => Self::List {
                of: Box::new(Self::any(dice, depth - 1)),
                most: dice.roll(4),
            },
            5 => {
                let names = ["a", "b b", "ç", "d"].into_iter().take(1 + dice.roll(4));
                Self::Object(
                    names
                        .map(|n| (n, Self::any(dice, depth - 1), dice.roll(2) == 0))
                        .collect(),
                )
            }
            _ => Self::Either(
                Box::new(Self::any(dice, depth - 1)),
                Box::new(Self::any(dice, depth - 1)),
            ),
        }
    }

    fn schema(&self) -> Value {
        match self {
            Self::Bool => json!({ "type": "boolean" }),
            Self::Integer { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Self::Text { most } => json!({ "type": "string", "maxLength": most }),
            Self::OneOf(texts) => json!({ "enum": texts }),
            Self::List { of, most } => {
                json!({ "type": "array", "items": of.schema(), "maxItems": most })
            }
            Self::Object(fields) => {
                let properties: Map<String, Value> = fields
                    .iter()
                    .map(|(name, shape, _)| ((*name).to_owned(), shape.schema()))
                    .collect();
                let required: Vec<&str> = fields
                    .iter()
                    .filter(|field| field.2)
                    .map(|field| field.0)
                    .collect();
                json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
            }
            Self::Either(one, other) => json!({ "anyOf": [one.schema(), other.schema()] }),
        }
    }

    fn admits(&self, value: &Value) -> bool {
        match self {
            Self::Bool => value.is_boolean(),
            // -0 is an integer too, which serde_json reads as a float.
            Self::Integer { least, most } => value
                .as_f64()
                .is_some_and(|n| n.fract() == 0.0 && (*least as f64..=*most as f64).contains(&n)),
            Self::Text { most } => value
                .as_str()
                .is_some_and(|text| text.chars().count() <= *most),
            Self::OneOf(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
            Self::List { of, most } => value.as_array().is_some_and(|items| {
                items.len() <= *most && items.iter().all(|item| of.admits(item))
            }),
            Self::Object(fields) => value.as_object().is_some_and(|object| {
                let known = |name: &String| fields.iter().any(|field| field.0 == name);
                object.keys().all(known)
                    && fields
                        .iter()
                        .all(|(name, shape, must)| match object.get(*name) {
                            Some(value) => shape.admits(value),
                            None => !must,
                        })
            }),
            Self::Either(one, other) => one.admits(value) || other.admits(value),
        }
    }
}

fn runs(few: u64) -> u64 {
    if std::env::var_os("KAREN_PROVE").is_some() {
        10_000
    } else {
        few
    }
}

#[test]
fn whatever_a_model_likes_its_answer_validates() {
    let constraints = constraints();
    let (mut whole, runs) = (0, runs(150));
    for seed in 0..runs {
        let mut dice = Dice(seed);
        let shape = Shape::any(&mut dice, 3);
        let format = schema(shape.schema());
        let constraint = constraints
            .compile(form(&format))
            .expect("compiles")
            .expect("a constraint");
        let Some(text) = write(constraint, &mut dice).expect("no dead end") else {
            continue;
        };
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert!(
            shape.admits(&value),
            "seed {seed}: {text} for {}",
            shape.schema()
        );
        whole += 1;
    }
    assert!(whole > runs / 2, "{whole} of {runs} came to their end");
}

#[test]
fn forms_made_of_noise_are_kept_to_or_refused() {
    let constraints = constraints();
    let seeds = [
        r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"type":["integer","null"]}}}"##,
        r#"{"allOf":[{"minLength":2},{"pattern":"^[a-c]*$"}],"oneOf":[{"const":1},{"format":"date"}]}"#,
        r"start: a* /[0-9]+(\.[0-9]{1,3})?/ | %json {} a: b b: a",
        r"(a|b){2,5}[^x-z]*\p{Greek}+|.*?(?:foo)?",
    ];
    let mut kept = 0;
    for seed in 0..runs(200) {
        let mut dice = Dice(seed);
        let mut text: Vec<char> = seeds[dice.roll(seeds.len())].chars().collect();
        for _ in 0..dice.roll(6) {
            let (at, from) = (dice.roll(text.len()), dice.roll(text.len()));
            match dice.roll(3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, text[from]),
                _ => text[at] = ['{', '"', '*', '\\', '\u{0}', '9'][dice.roll(6)],
            }
        }
        let text: String = text.into_iter().collect();
        let format = match serde_json::from_str(&text) {
            Ok(value) => schema(value),
            Err(_) if dice.roll(2) == 0 => AnswerFormat::Regex(text),
            Err(_) => AnswerFormat::Grammar(text),
        };
        let written = constraints
            .compile(form(&format))
            .and_then(|constraint| write(constraint.expect("a constraint"), &mut dice));
        match written {
            Ok(_) => kept += 1,
            Err(error) => assert!(
                matches!(error.kind(), ModelErrorKind::Invalid(_)),
                "{error}"
            ),
        }
    }
    assert!(kept > 0, "some of them are forms still");
}

#[test]
fn an_expression_matches_the_whole_answer() {
    let expression = AnswerFormat::Regex("(red|green) [0-9]{3}".to_owned());
    let texts: Vec<String> = (0..20)
        .map(|seed| write(compiled(&expression).expect("compiles"), &mut Dice(seed)))
        .map(|text| text.expect("no dead end").expect("it is short"))
        .collect();
    for text in &texts {
        let (colour, digits) = text.split_once(' ').expect("a space");
        assert!(["red", "green"].contains(&colour), "{text}");
        assert!(
            digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()),
            "{text}"
        );
    }
}

#[test]
fn a_grammar_is_kept_to_also_where_it_nests() {
    let grammar = "start: sum\nsum: number (\"+\" number){0,2}\nnumber: /[1-9]/ | \"(\" sum \")\"";
    let format = AnswerFormat::Grammar(grammar.to_owned());
    let whole = (0..30).filter_map(|seed| {
        write(compiled(&format).expect("compiles"), &mut Dice(seed)).expect("no dead end")
    });
    let mut seen = 0;
    for text in whole {
        assert_eq!(
            text.matches('(').count(),
            text.matches(')').count(),
            "{text}"
        );
        assert!(text.chars().all(|c| "123456789+()".contains(c)), "{text}");
        seen += 1;
    }
    assert!(seen > 10, "{seen} came to their end");
}

fn tool(name: &str, parameters: Value) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: String::new(),
        parameters,
    }
}

/// The names and arguments of what is called.
fn called(tool_choice: &ToolChoice, format: &AnswerFormat, seed: u64) -> Vec<(String, Value)> {
    let shared = json!({
        "type": "object",
        "properties": { "at": { "$ref": "#/$defs/place" } },
        "required": ["at"],
        "additionalProperties": false,
        "$defs": { "place": { "enum": ["here", "there"] } },
    });
    let tools = [
        tool("say \"it\"", json!({ "maxProperties": 0 })),
        tool("go", shared),
    ];
    let form = Form {
        format,
        tool_choice,
        tools: &tools,
    };
    let constraint = constraints()
        .compile(form)
        .expect("compiles")
        .expect("a constraint");
    let text = write(constraint, &mut Dice(seed))
        .expect("no dead end")
        .expect("it is short");
    let mut answer = AnswerText::new(&[], tools.map(|tool| tool.name).to_vec());
    let mut parsed = answer.push(text.as_bytes());
    parsed.extend(answer.finish().0);
    let call = |parsed| match parsed {
        Parsed::Call(call) => Some((call.name, call.arguments)),
        Parsed::Text(_) => None,
    };
    parsed.into_iter().filter_map(call).collect()
}

#[test]
fn a_tool_that_must_be_called_is_called_with_arguments_that_validate() {
    for seed in 0..20 {
        let calls = called(&ToolChoice::Required, &AnswerFormat::Text, seed);
        let [(name, arguments)] = calls.as_slice() else {
            panic!("{calls:?} is not one call");
        };
        match name.as_str() {
            "go" => assert!(
                ["here", "there"]
                    .map(|at| json!({ "at": at }))
                    .contains(arguments)
            ),
            _ => assert_eq!((name.as_str(), arguments), ("say \"it\"", &json!({}))),
        }
        let named = ToolChoice::Named("go".to_owned());
        assert_eq!(called(&named, &AnswerFormat::Text, seed)[0].0, "go");
    }
}

#[test]
fn a_model_that_may_call_tools_calls_one_or_keeps_to_the_format() {
    let format = schema(json!({ "enum": ["plain"] }));
    let counts: Vec<usize> = (0..40)
        .map(|seed| called(&ToolChoice::Auto, &format, seed).len())
        .collect();
    assert!(counts.contains(&0) && counts.contains(&1), "{counts:?}");
}

#[test]
fn what_cannot_be_kept_to_is_refused_with_a_reason() {
    check_refused(&schema(json!({ "type": "no such type" })));
    check_refused(&schema(
        json!({ "type": "object", "unheardOf": 1, "uniqueItems": true, "if": {} }),
    ));
    check_refused(&schema(json!(false)));
    check_refused(&AnswerFormat::Regex("(unclosed".to_owned()));
    check_refused(&AnswerFormat::Grammar("begin: \"a\"".to_owned()));
    check_refused(&AnswerFormat::Grammar(format!(
        "start: {}\"a\"{}",
        "(".repeat(65),
        ")".repeat(65)
    )));
    let nested = (0..100).fold(json!({}), |schema, _| json!({ "items": schema }));
    check_refused(&schema(nested));
}

#[test]
fn a_tool_that_is_not_there_cannot_be_chosen() {
    let named = ToolChoice::Named("other".to_owned());
    for choice in [&named, &ToolChoice::Required] {
        let tools = if *choice == named {
            vec![tool("go", json!({}))]
        } else {
            Vec::new()
        };
        let form = Form {
            format: &AnswerFormat::Text,
            tool_choice: choice,
            tools: &tools,
        };
        let error = constraints().compile(form).err().expect("refused");
        assert!(
            matches!(error.kind(), ModelErrorKind::Invalid(_)),
            "{error}"
        );
    }
}

#[test]
fn a_vocabulary_without_the_needed_token_is_a_typed_error() {
    let words = [b"a".to_vec(), b"b".to_vec(), Vec::new()];
    let constraints = Constraints::new(Vocabulary::new(words, vec![2])).expect("a vocabulary");
    let format = AnswerFormat::Regex("a[0-9]".to_owned());
    let written = constraints.compile(form(&format)).and_then(|constraint| {
        let mut constraint = constraint.expect("a constraint");
        constraint.accept(0)?;
        constraint.mask(&mut [0.0; 3])
    });
    let error = written.expect_err("there are no digits");
    assert!(
        matches!(error.kind(), ModelErrorKind::Invalid(_)),
        "{error}"
    );
}
