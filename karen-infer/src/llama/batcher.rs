//! Continuous batching: each step of the model serves every answer that is being given, and answers
//! come and go between steps (Yu et al. 2022, "Orca", section 3).
//!
//! A step gives each answer that writes its next token, then reads prompts in the room that is left.
//! Where the cache runs full, what rests in it goes first; then the answer that came last steps back
//! and reads again when another has ended, so that the one that came first always gets on.

use std::sync::mpsc::Receiver;

use llama_cpp_2::DecodeError;
use llama_cpp_2::model::LlamaModel;
use tokio::time::Instant;

use super::answer::Answer;
use super::line::Line;
use super::sequences::{Piece, STEP_TOKENS, SequenceId, Sequences, StepError};
use super::task::Task;
use crate::writer::Next;
use crate::{FinishReason, ModelError, ModelErrorKind};

/// Tokens of prompts in a step that also writes: who writes is not held up for long.
const PROMPT_TOKENS_BESIDE_WRITING: usize = 64;

pub(super) struct Batcher<'model> {
    model: &'model LlamaModel,
    sequences: Sequences<'model>,
    /// Answers that are given at once at most.
    parallel: usize,
    /// Tokens that the cache holds.
    cells: usize,
    waiting: Line<Answer>,
    /// Those that came first stand first.
    running: Vec<Running>,
    /// One had to step back: nobody is let in before another has ended.
    is_crowded: bool,
}

struct Running {
    answer: Answer,
    sequence: SequenceId,
}

/// What one answer does in a step.
struct Part {
    /// Its place among those running.
    place: usize,
    /// How many of its tokens are read.
    tokens: usize,
    /// Where the last of them stands in the step, if an answer's token is written after it.
    writes_after: Option<i32>,
}

impl<'model> Batcher<'model> {
    pub(super) fn new(
        model: &'model LlamaModel,
        sequences: Sequences<'model>,
        parallel: usize,
        cells: usize,
    ) -> Self {
        Self {
            model,
            sequences,
            parallel,
            cells,
            waiting: Line::new(),
            running: Vec::new(),
            is_crowded: false,
        }
    }

    /// Gives the answers that come in, until nobody can ask any more and all are given.
    pub(super) fn serve(&mut self, inbox: &Receiver<Task>) {
        while self.receive(inbox) {
            self.end_cancelled();
            self.admit();
            self.step();
        }
    }

    /// Takes in what was asked; waits for it where there is nothing else to do. `false` at the end.
    fn receive(&mut self, inbox: &Receiver<Task>) -> bool {
        if self.is_idle() {
            debug_assert!(self.sequences.agree_with_cache(), "cells are lost");
            match inbox.recv() {
                Ok(task) => self.line_up(task),
                Err(_) => return false,
            }
        }
        inbox.try_iter().for_each(|task| self.line_up(task));
        true
    }

    fn line_up(&mut self, task: Task) {
        let (priority, gives_up_at) = (task.priority, task.gives_up_at);
        self.waiting.push(Answer::new(task), priority, gives_up_at);
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    fn end_cancelled(&mut self) {
        for place in (0..self.running.len()).rev() {
            if self.running[place].answer.is_cancelled() {
                self.leave(place).finish(FinishReason::Cancelled);
            }
        }
        let given_up = self.waiting.give_up(Instant::now(), Answer::is_cancelled);
        for (answer, is_late) in given_up {
            if is_late {
                let subject = "the answer: its turn did not come in time";
                answer.fail(ModelError::new(ModelErrorKind::Timeout, "begin", subject));
            } else {
                answer.finish(FinishReason::Cancelled);
            }
        }
    }

    /// Lets those in who wait, the most urgent first, as long as their prompts fit beside what is read.
    fn admit(&mut self) {
        while self.running.len() < self.parallel
            && let Some(answer) = self.waiting.first()
        {
            if !self.running.is_empty() && (self.is_crowded || !self.fits(answer)) {
                return;
            }
            let Some(sequence) = self.sequences.take(answer.tokens(), answer.may_share()) else {
                return;
            };
            let mut answer = self.waiting.pop().expect("there is a first");
            answer.begin(self.sequences.read(sequence));
            self.running.push(Running { answer, sequence });
        }
    }

    fn fits(&self, answer: &Answer) -> bool {
        let held = self.running.iter().map(|r| r.answer.tokens().len());
        held.sum::<usize>() + answer.tokens().len() < self.cells
    }

    fn step(&mut self) {
        let parts = self.plan();
        if parts.is_empty() {
            return;
        }
        let piece = |part: &Part| {
            let Running { answer, sequence } = &self.running[part.place];
            let read = self.sequences.read(*sequence);
            Piece {
                sequence: *sequence,
                tokens: &answer.tokens()[read..read + part.tokens],
                wants_logits: part.writes_after.is_some(),
            }
        };
        let pieces: Vec<Piece<'_>> = parts.iter().map(piece).collect();
        match self.sequences.step(&pieces) {
            Ok(()) => self.write(&parts),
            Err(StepError::NoRoom) => self.make_room(),
            Err(StepError::Failed(error)) => self.fail_all(error),
        }
    }

    /// Who writes goes first, then prompts are read in the order in which they came.
    fn plan(&self) -> Vec<Part> {
        let left = |r: &Running| r.answer.tokens().len() - self.sequences.read(r.sequence);
        let all = self.running.iter().map(left).enumerate();
        let (writing, reading): (Vec<_>, Vec<_>) = all.partition(|&(_, left)| left == 1);
        let mut room = match writing.len() {
            0 => STEP_TOKENS,
            _ => PROMPT_TOKENS_BESIDE_WRITING,
        };
        let mut end = 0;
        let part = |(place, left): (usize, usize)| {
            let tokens = if left == 1 { 1 } else { left.min(room) };
            (room, end) = (room.saturating_sub(tokens), end + tokens);
            let last = i32::try_from(end).expect("a step is short") - 1;
            let writes_after = (tokens == left).then_some(last);
            Part {
                place,
                tokens,
                writes_after,
            }
        };
        let parts = writing.into_iter().chain(reading).map(part);
        parts.filter(|part| part.tokens > 0).collect()
    }

    /// Writes a token of each answer that has read all before it.
    fn write(&mut self, parts: &[Part]) {
        let mut over = Vec::new();
        for part in parts {
            let Some(index) = part.writes_after else {
                continue;
            };
            let logits = self.sequences.logits(index);
            let answer = &mut self.running[part.place].answer;
            match answer.write(self.model.vocab(), logits) {
                Ok(Next::Token) => {}
                Ok(Next::End(finish)) => over.push((part.place, Ok(Some(finish)))),
                Ok(Next::Gone) => over.push((part.place, Ok(None))),
                Err(error) => over.push((part.place, Err(error))),
            }
        }
        over.sort_by_key(|&(place, _)| std::cmp::Reverse(place));
        for (place, end) in over {
            let answer = self.leave(place);
            match end {
                Ok(Some(finish)) => answer.finish(finish),
                Ok(None) => {}
                Err(error) => answer.fail(error),
            }
        }
    }

    /// An answer is over; what was read for it stays for the next turn of its chat.
    fn leave(&mut self, place: usize) -> Answer {
        let Running { answer, sequence } = self.running.remove(place);
        self.sequences.release(sequence);
        self.is_crowded = false;
        answer
    }

    fn make_room(&mut self) {
        if self.sequences.forget_longest_at_rest() {
            return;
        }
        let Some(Running { answer, sequence }) = self.running.pop() else {
            return;
        };
        self.sequences.forget(sequence);
        self.sequences.release(sequence);
        if self.running.is_empty() {
            let subject = "the answer: the cache is too small for it";
            answer.fail(ModelError::new(
                ModelErrorKind::Internal,
                "go on with",
                subject,
            ));
        } else {
            self.waiting.return_first(answer);
            self.is_crowded = true;
        }
    }

    /// Who came first is told the cause.
    fn fail_all(&mut self, cause: DecodeError) {
        let mut cause = Some(cause);
        while !self.running.is_empty() {
            let error = ModelError::new(ModelErrorKind::Internal, "run", "the model");
            let error = match cause.take() {
                Some(cause) => error.caused_by(cause),
                None => error,
            };
            self.leave(0).fail(error);
        }
    }
}
