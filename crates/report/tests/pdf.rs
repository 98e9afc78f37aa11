//! Lists in, PDF out, read back with poppler's tools.
#![allow(clippy::unwrap_used, clippy::panic)]

use madoguchi_model::listing::samples::Sample;
use madoguchi_report::{FontChoice, Reports};

#[test]
fn samples_render() {
    let reports = Reports::new(&FontChoice::system()).unwrap();
    for (name, sample) in Sample::all() {
        let started = std::time::Instant::now();
        let pdf = reports.pdf(&sample.list()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        std::fs::write(format!("/tmp/report-{name}.pdf"), pdf).unwrap();
        eprintln!("{name} {:?}", started.elapsed());
    }
}
