//! Writes every sample as a PDF into a folder, to be looked at: `cargo run -p madoguchi-report --example samples -- FOLDER`.
#![allow(clippy::print_stdout, reason = "an example for people")]

use madoguchi_model::checkup;
use madoguchi_model::listing::samples::Sample;
use madoguchi_report::{FontChoice, Reports};
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder for the PDFs")?);
    let reports = Reports::new(&FontChoice::system())?;
    for (name, sample) in Sample::all() {
        let list = sample.list();
        let started = Instant::now();
        let pdf = reports.pdf(&list)?;
        println!("{name}: {} rows, {} bytes, {:?}", list.row_count(), pdf.len(), started.elapsed());
        std::fs::write(folder.join(format!("{name}.pdf")), pdf)?;
    }
    let sheet = checkup::samples::sheet(&checkup::samples::checkups(), 1);
    std::fs::write(folder.join("checkups.pdf"), reports.checkups(&sheet)?)?;
    Ok(())
}
