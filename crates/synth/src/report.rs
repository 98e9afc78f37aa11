//! What a world comes to beside what is published of the country, as a page with plots.
//!
//! The figures are counted on the people and their care, before any file is written.

mod figures;
mod page;
mod plot;
mod published;

use crate::nation::Nation;
use figures::{Counts, Figures};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// One figure of the world beside the published one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The table that it belongs to.
    pub subject: &'static str,
    /// What is counted, in Japanese.
    pub what: String,
    /// Percent, a rate or a mean: the unit of both figures, in Japanese.
    pub unit: &'static str,
    /// The published figure.
    pub published: f64,
    /// The world's.
    pub generated: f64,
    /// How far the world's may be from the published one, in the same unit.
    pub tolerance: f64,
}

impl Comparison {
    /// Whether the world's figure is close enough.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.generated - self.published).abs() <= self.tolerance
    }
}

/// All comparisons of a world.
#[derive(Debug, Clone)]
pub struct Report {
    plan: String,
    figures: Figures,
}

impl Report {
    /// Counts all districts on so many threads. The result does not depend on their number.
    #[must_use]
    pub fn of(nation: &Nation, threads: usize, told: &(dyn Fn(u32) + Sync)) -> Self {
        let (next, all) = (AtomicU32::new(0), Mutex::new(Counts::default()));
        thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    let mut own = Counts::default();
                    while let Some(world) = nation.district(next.fetch_add(1, Ordering::Relaxed)) {
                        own.add_world(&world);
                        told(1);
                    }
                    all.lock().unwrap_or_else(PoisonError::into_inner).add(&own);
                });
            }
        });
        let counts = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        Self { plan: nation.plan_line(), figures: Figures::of(&counts) }
    }

    /// Every figure beside the published one, subject by subject.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison> {
        self.figures.comparisons()
    }

    /// The page: HTML with its plots and styles inside, in Japanese.
    #[must_use]
    pub fn html(&self) -> String {
        page::html(&self.plan, &self.comparisons())
    }
}
