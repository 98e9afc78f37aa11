//! One pass at a time: which page is still the right one, and when a forgotten pass ends.
//!
//! A kiosk has one card slot. A new card supersedes the pass before it; a page of the older pass then finds out that it is
//! old. Each form carries the number of the page that it was on, so that a second press of a button, or a page from the
//! browser's history, changes nothing. Time is an argument.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::flow::{self, Effect, Event, State};

/// A pass that nobody has touched for so long ends; nothing is sent.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(180);

/// The kiosk's only card slot.
#[derive(Debug, Default)]
pub(super) struct Desk {
    current: Option<Flow>,
}

/// One card on the reader.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// Random; only the pages of this pass know it.
    pub(super) id: String,
    /// Counts the pages of this pass.
    pub(super) page: u32,
    /// The file of the virtual card.
    pub(super) card: PathBuf,
    pub(super) state: State,
    touched: Instant,
}

/// Why a page is no longer the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Another pass has begun, or this one was ended.
    Replaced,
    /// Nobody touched it for [`IDLE_MAX`].
    Idle,
}

impl Desk {
    /// A card is put on the reader. Whatever was there before is superseded.
    pub(super) fn begin(&mut self, id: String, card: PathBuf, now: Instant) {
        self.current = Some(Flow { id, page: 0, card, state: State::ChooseMethod, touched: now });
    }

    /// The pass of this page.
    pub(super) fn find(&self, id: &str, now: Instant) -> Result<&Flow, Gone> {
        let flow = self.current.as_ref().filter(|flow| flow.id == id).ok_or(Gone::Replaced)?;
        if flow.is_idle(now) { Err(Gone::Idle) } else { Ok(flow) }
    }

    /// What the patient pressed on page `page`. An old page or a second press has no effect.
    pub(super) fn press(&mut self, id: &str, page: u32, event: Event, now: Instant) -> Result<Option<Effect>, Gone> {
        if self.find(id, now)?.page == page { self.advance(id, event, now) } else { Ok(None) }
    }

    /// What card or server said to this pass.
    pub(super) fn report(&mut self, id: &str, event: Event, now: Instant) -> Result<Option<Effect>, Gone> {
        self.advance(id, event, now)
    }

    /// The card is taken away on page `page`.
    pub(super) fn end(&mut self, id: &str, page: u32) {
        if self.current.as_ref().is_some_and(|flow| flow.id == id && flow.page == page && !flow.state.is_busy()) {
            self.current = None;
        }
    }

    /// Somebody looks at the first page: what is over need not be kept.
    pub(super) fn tidy(&mut self, now: Instant) {
        if self.current.as_ref().is_some_and(|flow| flow.state.is_over() || flow.is_idle(now)) {
            self.current = None;
        }
    }

    fn advance(&mut self, id: &str, event: Event, now: Instant) -> Result<Option<Effect>, Gone> {
        self.find(id, now)?;
        let Some(flow) = &mut self.current else { return Err(Gone::Replaced) };
        let Some((state, effect)) = flow::step(&flow.state, event) else { return Ok(None) };
        flow.state = state;
        flow.page += 1;
        flow.touched = now;
        Ok(effect)
    }
}

impl Flow {
    /// While card or server is asked, the wait is theirs; it has limits of its own.
    fn is_idle(&self, now: Instant) -> bool {
        !self.state.is_busy() && now.saturating_duration_since(self.touched) >= IDLE_MAX
    }
}

#[cfg(test)]
#[path = "desk_test.rs"]
mod tests;
