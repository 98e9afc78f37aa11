//! A world beside the published figures of the country, and the page that shows it.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::day::Day;
use madoguchi_synth::{Nation, NationPlan, Report};

fn report(seed: u64, persons: u32, months: u32, threads: usize) -> Report {
    let today = Day::from_number(20_261_123).unwrap();
    Report::of(&Nation::new(NationPlan { seed, persons, months, today }), threads, &|_| {})
}

/// Persons and months: as many as the ordinary tests have time for; the long run counts more.
fn size() -> (u32, u32) {
    let number = |name, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    (number("MADOGUCHI_PERSONS", 60_000), number("MADOGUCHI_MONTHS", 6))
}

#[test]
fn a_nation_is_like_the_country() {
    let (persons, months) = size();
    let report = report(1, persons, months, 2);
    let rows = report.comparisons();
    let missed: Vec<_> = rows.iter().filter(|row| !row.holds()).collect();
    let subjects = rows.chunk_by(|one, next| one.subject == next.subject).count();
    assert!(missed.is_empty(), "{} of {}: {missed:#?}", missed.len(), rows.len());
    assert!(subjects >= 15 && rows.len() > 150, "{subjects} {}", rows.len());
}

#[test]
fn the_page_has_all_in_it_and_does_not_depend_on_the_threads() {
    let one = report(2, 2_000, 2, 1);
    let page = one.html();
    assert_eq!(page, report(2, 2_000, 2, 3).html());
    for row in one.comparisons() {
        assert!(page.contains(row.subject) && page.contains(&row.what), "{row:?}");
    }
    let plots = page.matches("<svg role=\"img\"").count();
    assert_eq!((page.matches("<title id=").count(), page.matches("<desc id=").count()), (plots, plots));
    assert!(plots >= 15, "{plots}");
    for outside in ["http://", "https://", "<script", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_is_too_far_off_is_marked() {
    let report = report(3, 1_000, 1, 2);
    let far = report.comparisons().iter().filter(|row| !row.holds()).count();
    assert!(far > 0, "a thousand people in one month are not the country");
    assert_eq!(report.html().matches("<td>×</td>").count(), far);
}
