//! Keeping an answer to a form: before each token, which ones may come next.
//!
//! The grammars are llguidance's. Its parser never aborts: what it cannot do is an error, and what
//! it panics at is caught.

mod grammar;
mod vocabulary;

use std::fmt::Display;
use std::panic::AssertUnwindSafe;

use llguidance::api::{ParserLimits, StopReason, TopLevelGrammar};
use llguidance::earley::SlicedBiasComputer;
use llguidance::panic_utils::catch_unwind;
use llguidance::toktrie::{InferenceCapabilities, TokenId};
use llguidance::{Matcher, ParserFactory};

use self::grammar::grammar;
pub(crate) use self::vocabulary::Vocabulary;
use crate::{AnswerFormat, ModelError, ModelErrorKind, ToolChoice, ToolSpec};

/// Brackets within brackets at most: deeper ones could use up a thread's stack while they are read.
const NESTING_MAX: usize = 64;

/// The longest text of a grammar that is looked at.
const GRAMMAR_BYTES_MAX: usize = 1 << 20;

/// Characters of a refusal's reason at most.
const REASON_CHARS_MAX: usize = 200;

const TOO_HARD: &str = "it takes too long to find out what may come next";

/// What is asked of the form of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    pub(crate) format: &'a AnswerFormat,
    pub(crate) tool_choice: &'a ToolChoice,
    pub(crate) tools: &'a [ToolSpec],
}

/// Compiles constraints for one model's vocabulary.
pub(crate) struct Constraints {
    factory: ParserFactory,
}

/// What one answer keeps to.
pub(crate) struct Constraint {
    matcher: Matcher,
}

impl Constraints {
    /// Takes as long as sorting the vocabulary; call it where blocking is fine.
    ///
    /// # Errors
    /// `Unsupported` when the vocabulary is none that answers can be kept to a form with.
    pub(crate) fn new(vocabulary: Vocabulary) -> Result<Self, ModelError> {
        let slices = SlicedBiasComputer::general_slices();
        let capabilities = InferenceCapabilities::default();
        let built = catch_unwind(AssertUnwindSafe(|| {
            ParserFactory::new(&vocabulary.into_tokens(), capabilities, &slices)
        }));
        let mut factory = built.map_err(|e| {
            let why = "no form can be put on its vocabulary".to_owned();
            ModelError::new(ModelErrorKind::Unsupported(why), "read", "the vocabulary").caused_by(e)
        })?;
        factory.quiet();
        *factory.limits_mut() = ParserLimits {
            verbose_errors: false,
            ..ParserLimits::default()
        };
        Ok(Self { factory })
    }

    /// The constraint of an answer, or `None` when it may be anything.
    ///
    /// # Errors
    /// `Invalid` with what is wrong with the schema, expression or grammar, and for a choice of
    /// tools that are not there.
    pub(crate) fn compile(&self, form: Form<'_>) -> Result<Option<Constraint>, ModelError> {
        let Some(text) = grammar(form)? else {
            return Ok(None);
        };
        if text.len() > GRAMMAR_BYTES_MAX || nesting(&text) > NESTING_MAX {
            return Err(invalid("it is too long, or nested too deeply"));
        }
        let parser = self.factory.create_parser(TopLevelGrammar::from_lark(text));
        let parser = parser.map_err(|e| invalid(&reason(&e)).caused_by(e))?;
        let matcher = Matcher::new(Ok(parser));
        Ok(Some(Constraint { matcher }))
    }
}

impl Constraint {
    /// Rules out, with minus infinity, each token that may not come next.
    ///
    /// # Errors
    /// `Invalid` when none may, or when finding out takes too long.
    pub(crate) fn mask(&mut self, logits: &mut [f32]) -> Result<(), ModelError> {
        let mask = self.matcher.compute_mask_or_eos();
        let mask = mask.map_err(|e| invalid(TOO_HARD).caused_by(e))?;
        if mask.is_zero() {
            return Err(invalid("the model has no token for what must come next"));
        }
        for (token, logit) in logits.iter_mut().enumerate() {
            if token >= mask.len() || !mask.get(token) {
                *logit = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    /// Takes the token that was chosen; `true` when the answer is whole and nothing may follow.
    ///
    /// # Errors
    /// `Invalid` when it was ruled out.
    pub(crate) fn accept(&mut self, token: usize) -> Result<bool, ModelError> {
        let token = TokenId::try_from(token).expect("a vocabulary fits u32");
        let consumed = self.matcher.consume_token(token);
        consumed.map_err(|e| invalid(TOO_HARD).caused_by(e))?;
        match self.matcher.stop_reason() {
            StopReason::NotStopped => Ok(false),
            reason if reason.is_ok() => Ok(true),
            _ => Err(invalid(TOO_HARD)),
        }
    }
}

fn invalid(why: &str) -> ModelError {
    let kind = ModelErrorKind::Invalid(why.to_owned());
    ModelError::new(kind, "keep to", "the form of the answer")
}

/// What the grammar is refused for, without the places in it that follow.
fn reason(error: &impl Display) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(REASON_CHARS_MAX).collect()
}

/// The deepest brackets of a text, also where they are quoted.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests;
