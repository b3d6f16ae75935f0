//! Questions that mean the same: an answer that was given to one is given to the other.
//!
//! Nearness of vectors tells "how do I turn it on" from "how do I turn it off" as little as a question
//! from its reverse (zilliztech/GPTCache#694). So nearness comes last. A question is first reduced to a
//! [form](form): its kind, and its words that carry meaning, in their order, with every number,
//! name, negation, comparison and preposition in its place. Only questions of the same form, in the same
//! [scope](super::scope), are compared at all; they differ in politeness, in the frame around
//! the question, in spelling and in a few true synonyms.

mod form;
mod words;

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use self::form::Form;
use super::CacheKey;
use crate::StaticEmbedder;

/// Questions of one form that are compared at most: the latest.
const COMPARED_MAX: usize = 1024;
/// Longer texts are no questions, and are answered anew.
const QUESTION_BYTES_MAX: usize = 2_000;

/// When an answer to another question is given.
#[derive(Clone, Debug, PartialEq)]
pub struct SemanticConfig {
    /// How near the questions' vectors must be, beside meaning the same by their words, 0 to 1.
    pub cosine_min: f32,
    /// Questions that are remembered; the oldest leave.
    pub questions_max: usize,
}

impl Default for SemanticConfig {
    fn default() -> Self {
        Self {
            cosine_min: 0.7,
            questions_max: 100_000,
        }
    }
}

/// The questions whose answers the cache has.
pub(crate) struct Questions {
    config: SemanticConfig,
    embedder: OnceLock<Option<StaticEmbedder>>,
    hasher: RandomState,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    by_form: HashMap<FormKey, Vec<Question>>,
    /// The oldest first.
    order: VecDeque<(FormKey, CacheKey)>,
}

/// A scope and a form in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FormKey {
    scope: CacheKey,
    form: u64,
}

struct Question {
    vector: Vector,
    answer: CacheKey,
}

/// A question that was looked at.
pub(crate) struct Looked {
    place: FormKey,
    vector: Vector,
}

/// A direction, a byte a number: nearness to two digits is all that is asked of it.
struct Vector {
    values: Box<[i8]>,
    length: f32,
}

impl Questions {
    pub(crate) fn new(config: SemanticConfig) -> Self {
        Self {
            config,
            embedder: OnceLock::new(),
            hasher: RandomState::new(),
            asked: Mutex::default(),
        }
    }

    /// What a question is compared by; `None` for one that is always answered anew: it depends on
    /// the time, or says nothing that could be told from anything else.
    pub(crate) fn look(&self, scope: CacheKey, text: &str) -> Option<Looked> {
        if text.len() > QUESTION_BYTES_MAX {
            return None;
        }
        let (form, told) = Form::of(text)?;
        let embedder = self.embedder.get_or_init(|| StaticEmbedder::builtin().ok());
        let vector = Vector::of(&embedder.as_ref()?.embed(&[&told]).swap_remove(0));
        let form = self.hasher.hash_one(&form);
        Some(Looked {
            place: FormKey { scope, form },
            vector,
        })
    }

    /// The place of the answer to the nearest question that means the same.
    pub(crate) fn find(&self, looked: &Looked) -> Option<CacheKey> {
        let asked = self.lock();
        let questions = asked.by_form.get(&looked.place)?;
        let near = |question: &Question| question.vector.cosine(&looked.vector);
        let nearest = questions.iter().map(|question| (near(question), question));
        let (cosine, nearest) = nearest.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (cosine >= self.config.cosine_min).then_some(nearest.answer)
    }

    /// Remembers a question whose answer is in the cache.
    pub(crate) fn add(&self, looked: Looked, answer: CacheKey) {
        let mut asked = self.lock();
        let questions = asked.by_form.entry(looked.place).or_default();
        questions.retain(|question| question.answer != answer);
        if questions.len() >= COMPARED_MAX {
            questions.remove(0);
        }
        questions.push(Question {
            vector: looked.vector,
            answer,
        });
        asked.order.push_back((looked.place, answer));
        while asked.order.len() > self.config.questions_max {
            asked.forget_oldest();
        }
    }

    /// Forgets a question whose answer is no longer in the cache.
    pub(crate) fn forget(&self, looked: &Looked, answer: &CacheKey) {
        self.lock().remove(&looked.place, answer);
    }

    /// No code panics while it holds this lock.
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn forget_oldest(&mut self) {
        if let Some((place, answer)) = self.order.pop_front() {
            self.remove(&place, &answer);
        }
    }

    fn remove(&mut self, place: &FormKey, answer: &CacheKey) {
        if let Some(questions) = self.by_form.get_mut(place) {
            questions.retain(|question| question.answer != *answer);
            if questions.is_empty() {
                self.by_form.remove(place);
            }
        }
    }
}

impl Vector {
    fn of(values: &[f32]) -> Self {
        let largest = values
            .iter()
            .fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
        let scale = f32::from(i8::MAX) / largest;
        let values: Box<[i8]> = values.iter().map(|x| (x * scale).round() as i8).collect();
        let length = dot(&values, &values).sqrt();
        Self { values, length }
    }

    fn cosine(&self, other: &Self) -> f32 {
        let lengths = self.length * other.length;
        match lengths > 0.0 {
            true => dot(&self.values, &other.values) / lengths,
            false => 0.0,
        }
    }
}

fn dot(a: &[i8], b: &[i8]) -> f32 {
    let products = a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b));
    products.sum::<i32>() as f32
}

#[cfg(test)]
mod tests;
