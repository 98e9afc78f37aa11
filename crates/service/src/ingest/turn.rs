//! Whose turn it is: the claims files of one institution are taken one after the other, in the order in which they were
//! given, however long it takes to open each: of a file and its correction the correction is the later one.

use madoguchi_model::institution::InstitutionCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The claims files that this process is taking.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    line: Mutex<Line>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct Line {
    /// The number of the next file.
    next: u64,
    /// Files of which nobody knows yet whose they are.
    unread: BTreeSet<u64>,
    /// Those that are known, the institution's next one first.
    known: BTreeMap<InstitutionCode, BTreeSet<u64>>,
}

/// A file's place in the line; dropped, those behind it move up.
pub(crate) struct Place<'a> {
    turns: &'a Turns,
    number: u64,
    institution: Option<InstitutionCode>,
}

impl Turns {
    /// A place behind all files so far.
    pub(crate) fn line_up(&self) -> Place<'_> {
        let mut line = self.line();
        let number = line.next;
        line.next += 1;
        line.unread.insert(number);
        Place { turns: self, number, institution: None }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Whether every file before it is another institution's, or taken.
    fn is_first(&self, number: u64, institution: &InstitutionCode) -> bool {
        let first_of = |numbers: &BTreeSet<u64>| numbers.first().is_some_and(|first| *first == number);
        self.unread.first().is_none_or(|unread| *unread > number) && self.known.get(institution).is_some_and(first_of)
    }
}

impl Place<'_> {
    /// Says whose file it is, and waits for its turn.
    pub(crate) async fn turn(&mut self, institution: &InstitutionCode) {
        {
            let mut line = self.turns.line();
            line.unread.remove(&self.number);
            line.known.entry(institution.clone()).or_default().insert(self.number);
            self.institution = Some(institution.clone());
        }
        self.turns.moved.notify_waiters();
        loop {
            // Listening begins before looking, so that no move in between is missed.
            let mut moved = std::pin::pin!(self.turns.moved.notified());
            moved.as_mut().enable();
            if self.turns.line().is_first(self.number, institution) {
                return;
            }
            moved.await;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        {
            let mut line = self.turns.line();
            line.unread.remove(&self.number);
            if let Some(institution) = &self.institution
                && let Some(numbers) = line.known.get_mut(institution)
            {
                numbers.remove(&self.number);
                if numbers.is_empty() {
                    line.known.remove(institution);
                }
            }
        }
        self.turns.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn is_ready(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn files_of_an_institution_come_in_their_order_however_late_they_are_opened() {
        let turns = Turns::default();
        let [one, other] = ["1310000019", "1310000027"].map(|code| InstitutionCode::parse(code).unwrap());
        let [mut first, mut second, mut third, fourth] = std::array::from_fn(|_| turns.line_up());
        {
            let mut third = pin!(third.turn(&one));
            assert!(!is_ready(third.as_mut()), "the two before it may be the institution's");
            assert!(is_ready(pin!(first.turn(&one))));
            let mut second = pin!(second.turn(&other));
            assert!(is_ready(second.as_mut()), "nobody waits for another institution");
            assert!(!is_ready(third.as_mut()));
            drop(first);
            assert!(is_ready(third.as_mut()), "the one before it is taken");
        }
        drop((second, third, fourth));
        let line = turns.line();
        assert!(line.unread.is_empty() && line.known.is_empty());
    }
}
