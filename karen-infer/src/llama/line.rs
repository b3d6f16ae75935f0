//! Those who wait for their turn.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::Priority;

/// Times that one is passed over before it counts as one step more urgent.
const PASSED_OVER_MAX: u32 = 4;

/// A line in which the most urgent goes first, and of equally urgent ones who came first.
pub(super) struct Line<T> {
    waiting: VecDeque<Waiter<T>>,
}

struct Waiter<T> {
    item: T,
    priority: Priority,
    gives_up_at: Option<Instant>,
    passed_over: u32,
    /// Had its turn before, and stepped back.
    is_back: bool,
}

impl<T> Line<T> {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Adds one at the end.
    pub(super) fn push(&mut self, item: T, priority: Priority, gives_up_at: Option<Instant>) {
        self.waiting.push_back(Waiter {
            item,
            priority,
            gives_up_at,
            passed_over: 0,
            is_back: false,
        });
    }

    /// Puts one that had its turn before all others; it has begun, and gives up no more.
    pub(super) fn return_first(&mut self, item: T) {
        self.waiting.push_front(Waiter {
            item,
            priority: Priority::High,
            gives_up_at: None,
            passed_over: 0,
            is_back: true,
        });
    }

    /// Whose turn it is.
    pub(super) fn first(&self) -> Option<&T> {
        self.place().map(|place| &self.waiting[place].item)
    }

    /// Takes the one whose turn it is; those who came before it were passed over.
    pub(super) fn pop(&mut self) -> Option<T> {
        let place = self.place()?;
        for earlier in self.waiting.iter_mut().take(place) {
            earlier.passed_over += 1;
        }
        self.waiting.remove(place).map(|waiter| waiter.item)
    }

    /// Takes those out that nobody waits for any more, with whether their time was up.
    pub(super) fn give_up(
        &mut self,
        now: Instant,
        is_cancelled: impl Fn(&T) -> bool,
    ) -> Vec<(T, bool)> {
        let mut given_up = Vec::new();
        for place in (0..self.waiting.len()).rev() {
            let waiter = &self.waiting[place];
            let is_late = waiter.gives_up_at.is_some_and(|at| at <= now);
            if (is_late || is_cancelled(&waiter.item))
                && let Some(waiter) = self.waiting.remove(place)
            {
                given_up.push((waiter.item, is_late));
            }
        }
        given_up
    }

    fn place(&self) -> Option<usize> {
        let all = self.waiting.iter().enumerate();
        let most_urgent = all.max_by_key(|(place, w)| (w.is_back, w.urgency(), usize::MAX - place));
        most_urgent.map(|(place, _)| place)
    }
}

impl<T> Waiter<T> {
    fn urgency(&self) -> u32 {
        let own = match self.priority {
            Priority::Low => 0,
            Priority::Normal => 1,
            Priority::High => 2,
        };
        own + self.passed_over / PASSED_OVER_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line(items: &[(u32, Priority)]) -> Line<u32> {
        let mut line = Line::new();
        for &(item, priority) in items {
            line.push(item, priority, None);
        }
        line
    }

    fn order(mut line: Line<u32>) -> Vec<u32> {
        std::iter::from_fn(|| line.pop()).collect()
    }

    #[test]
    fn the_most_urgent_goes_first_and_of_equals_who_came_first() {
        use Priority::{High, Low, Normal};
        let line = line(&[(1, Low), (2, Normal), (3, High), (4, Normal), (5, High)]);
        assert_eq!(order(line), [3, 5, 2, 4, 1]);
    }

    #[test]
    fn one_that_stepped_back_goes_before_all() {
        let mut line = line(&[(1, Priority::High)]);
        line.return_first(2);
        assert_eq!(order(line), [2, 1]);
    }

    #[test]
    fn nobody_is_passed_over_for_ever() {
        let mut line = line(&[(0, Priority::Low)]);
        let mut let_in = 0;
        loop {
            let_in += 1;
            line.push(let_in, Priority::High, None);
            if line.pop() == Some(0) {
                break;
            }
        }
        assert_eq!(let_in, 2 * PASSED_OVER_MAX + 1);
    }

    #[test]
    fn who_is_late_or_cancelled_leaves_the_line() {
        let now = Instant::now();
        let mut line = line(&[(1, Priority::Normal), (2, Priority::Normal)]);
        line.push(3, Priority::Normal, Some(now));
        line.push(4, Priority::Normal, Some(now + Duration::from_secs(1)));
        let mut gone = line.give_up(now, |&item| item == 1);
        gone.sort_unstable();
        assert_eq!(gone, [(1, false), (3, true)]);
        assert_eq!(order(line), [2, 4]);
    }
}
