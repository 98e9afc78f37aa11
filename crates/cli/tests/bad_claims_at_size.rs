//! Bad claims at the size of a large hospital's: exactly what is wrong is refused, with its line, in bounded memory.
//!
//! `MADOGUCHI_CLAIMS_MB` makes the large file as large as the long run wants it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_wire::claims::{Record, shift_jis};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use support::Demo;
use support::verb::{Ran, audit_entries, rows, run, run_measured, verify};
use zip::write::SimpleFileOptions;

/// Megabytes of the large file in the ordinary tests.
const MEGABYTES: u64 = 20;
/// kB that taking a file of any size may hold.
const PEAK_KB_MAX: u64 = 700_000;
/// Different patients in a file.
const PATIENTS: u64 = 39;
/// Records of care in a receipt, about 2 kB.
const RECORDS: u64 = 24;

/// A claims file that was made.
struct Generated {
    path: PathBuf,
    /// Line of the RE record that is wrong.
    bad_line: u64,
}

#[test]
fn exactly_what_is_wrong_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    Demo::start(&directory, &["--today", "20240501", "--persons", "60", "--seed", "7"]).stop();
    known_patients(&directory, folder.path());

    one_bad_receipt_in_the_middle(&directory, folder.path());
    a_month_to_come(&directory, folder.path());
    a_damaged_zip_gives_nothing(&directory, folder.path());
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

/// The patients of the files and their hospital, from a small file.
fn known_patients(directory: &Path, folder: &Path) {
    let small = generate(&folder.join("small.UKE"), 202_403, PATIENTS, None);
    let ran = run(directory, &["ingest", "claims"], &["--enrol", "--json", small.path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(ran.json()["persons_enrolled"], json!(PATIENTS));
}

fn one_bad_receipt_in_the_middle(directory: &Path, folder: &Path) {
    let megabytes = std::env::var("MADOGUCHI_CLAIMS_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(MEGABYTES);
    let receipts = megabytes * 1_000_000 / bytes_of_receipt();
    let large = generate(&folder.join("large.UKE"), 202_404, receipts, Some(receipts / 2));
    let bytes = std::fs::metadata(&large.path).unwrap().len();
    let before = rows(directory);

    let begun = Instant::now();
    let (ran, peak) = run_measured(directory, &["ingest", "claims", "--json"], &large.path);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{bytes} bytes, {receipts} receipts: {seconds:.1} s, {:.1} MB/s, at most {peak} kB",
        bytes as f64 / 1e6 / seconds
    );
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let report = ran.json();
    let expected = json!({
        "outcome": "taken", "receipts": receipts, "taken": receipts - 1, "refused": 1, "unattached": 0, "replaced": 0,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&report[field], value, "{field}: {report:#}");
    }
    let refused: Vec<&Value> = issues(&report).filter(|issue| issue["severity"] == "row_refused").collect();
    assert_eq!(refused.len(), 1, "{report:#}");
    assert_eq!((&refused[0]["line"], &refused[0]["field"]), (&json!(large.bad_line), &json!("生年月日")));
    assert!(peak < PEAK_KB_MAX, "{peak} kB for {bytes} bytes");
    let after = rows(directory);
    assert_eq!(after["receipts"] - before["receipts"], i64::try_from(receipts - 1).unwrap());

    // The same delivery under another name.
    let copy = folder.join("another-name.HEN");
    std::fs::rename(&large.path, &copy).unwrap();
    let again = run(directory, &["ingest", "claims"], &["--json", copy.to_str().unwrap()]);
    assert_eq!(again.code, Some(0), "{}", again.text());
    let report = again.json();
    assert_eq!((&report["outcome"], &report["taken"]), (&json!("taken_before"), &json!(0)));
    let told: Vec<&Value> = issues(&report).map(|issue| &issue["line"]).collect();
    assert_eq!(told, [&json!(large.bad_line)], "what was refused then is told again");
    assert_eq!(rows(directory), after);
    // It holds the only copy of what was refused: it is not removed when it is taken again.
    assert_eq!(run(directory, &["ingest", "claims"], &["--remove", copy.to_str().unwrap()]).code, Some(0));
    std::fs::remove_file(copy).unwrap();
}

fn a_month_to_come(directory: &Path, folder: &Path) {
    let future = generate(&folder.join("future.UKE"), 202_406, 2_000, None);
    nothing_of(directory, &future.path, &["1行目", "請求年月", "2024年6月", "2024年5月"]);
}

/// Two files in a ZIP that was cut off or damaged anywhere: neither is taken. The whole ZIP gives both, once.
fn a_damaged_zip_gives_nothing(directory: &Path, folder: &Path) {
    let files = [202_401, 202_402].map(|month| generate(&folder.join(format!("{month}.UKE")), month, 500, None));
    let whole = zipped(&files);
    let path = folder.join("claims.zip");
    for part in [1, 5, 10, 15, 19] {
        std::fs::write(&path, &whole[..whole.len() * part / 20]).unwrap();
        nothing_of(directory, &path, &["ZIPファイル", "壊れている"]);
    }
    let mut damaged = whole.clone();
    let place = damaged.len() * 3 / 4;
    damaged[place] ^= 0xff;
    std::fs::write(&path, &damaged).unwrap();
    nothing_of(directory, &path, &["ZIPファイル", "壊れている"]);

    std::fs::write(&path, &whole).unwrap();
    let before = rows(directory);
    let ran = run(directory, &["ingest", "claims"], &[path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(["202401.UKE", "202402.UKE"].iter().all(|name| ran.out.contains(name)), "{}", ran.out);
    let after = rows(directory);
    assert_eq!(after["receipts"] - before["receipts"], 1_000);
    // The same again, and one of them without its ZIP.
    for path in [&path, &files[0].path] {
        let again = run(directory, &["ingest", "claims"], &[path.to_str().unwrap()]);
        assert_eq!(again.code, Some(0), "{}", again.text());
        assert!(again.out.contains("取込済み"), "{}", again.out);
        assert_eq!(rows(directory), after);
    }
    // A ZIP is removed once all of it was taken: this one, not a damaged one, not one with a receipt that was refused.
    let (broken, half) = (folder.join("broken.zip"), folder.join("half.zip"));
    std::fs::write(&broken, &damaged).unwrap();
    let files = [None, Some(3)].map(|bad| generate(&folder.join(format!("{bad:?}.UKE")), 202_403, 10, bad));
    std::fs::write(&half, zipped(&files)).unwrap();
    let paths = [path.to_str().unwrap(), broken.to_str().unwrap(), half.to_str().unwrap()];
    assert_eq!(run(directory, &["ingest", "claims", "--remove"], &paths).code, Some(3));
    assert_eq!((path.exists(), broken.exists(), half.exists()), (false, true, true));
    // One with something else in it is not: nobody knows what that was.
    let mut other = zip::ZipWriter::new_append(std::io::Cursor::new(whole)).unwrap();
    other.start_file("RECEIPTC.001", SimpleFileOptions::default()).unwrap();
    other.write_all(b"IR,1").unwrap();
    std::fs::write(&path, other.finish().unwrap().into_inner()).unwrap();
    let told = run(directory, &["ingest", "claims", "--remove"], &[path.to_str().unwrap()]);
    assert_eq!((told.code, path.exists()), (Some(0), true));
    assert!(told.err.contains("RECEIPTC.001"), "{}", told.text());
    std::fs::remove_file(&path).unwrap();
    [broken, half].iter().for_each(|path| std::fs::remove_file(path).unwrap());
}

/// The file is refused whole, with these words and one entry in the audit log.
fn nothing_of(directory: &Path, file: &Path, says: &[&str]) -> Ran {
    let (before, refused) = (rows(directory), refusals(directory));
    let ran = run(directory, &["ingest", "claims"], &[file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(says.iter().all(|words| ran.text().contains(words)), "{}", ran.text());
    assert_eq!(rows(directory), before);
    assert_eq!(refusals(directory), refused + 1);
    ran
}

fn refusals(directory: &Path) -> usize {
    audit_entries(directory).iter().filter(|entry| entry["outcome"] == "refused").count()
}

fn issues(report: &Value) -> impl Iterator<Item = &Value> {
    report["findings"]["issues"].as_array().unwrap().iter()
}

/// A file of so many receipts of outpatients, one after the other, of which one may have an impossible birthdate.
fn generate(path: &Path, request_month: i64, receipts: u64, bad: Option<u64>) -> Generated {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let head = format!("IR,1,13,1,0000001,,窓口中央病院,{request_month},00,\r\n");
    out.write_all(&shift_jis(&head)).unwrap();
    let (mut line, mut bad_line) = (2, 0);
    for number in 0..receipts {
        if bad == Some(number) {
            bad_line = line;
        }
        for record in receipt(number, bad == Some(number)) {
            out.write_all(&record.to_bytes()).unwrap();
            line += 1;
        }
    }
    write!(out, "GO,{receipts},{},99\r\n\x1a", receipts * 100).unwrap();
    out.into_inner().unwrap().sync_all().unwrap();
    Generated { path: path.to_owned(), bad_line }
}

fn bytes_of_receipt() -> u64 {
    receipt(123_456, false).iter().map(|record| record.to_bytes().len() as u64).sum()
}

fn receipt(number: u64, bad: bool) -> Vec<Record> {
    let patient = number % PATIENTS;
    let mut records = vec![
        Record::new("RE", 37)
            .set(1, number % 1_000_000 + 1)
            .set(2, "1112")
            .set(3, 202_312)
            .set(4, format!("大量　{}", kanji(patient)))
            .set(5, 1 + patient % 2)
            .set(6, if bad { 19_620_532 } else { 19_620_501 + patient % 28 }),
        Record::new("HO", 14).set(1, "01130012").set(2, "９９").set(3, 5_000 + patient).set(4, 1).set(5, 100),
    ];
    for record in 0..RECORDS {
        let day = 13 + usize::try_from((number + record) % 28).unwrap();
        let (kind, class, code, quantity) = match record % 3 {
            0 => ("SI", "13", "120002370", ""),
            1 => ("IY", "21", "620098801", "3"),
            _ => ("IY", "23", "620007813", "35"),
        };
        let item = Record::new(kind, 43).set(1, class).set(2, 1).set(3, code).set(4, quantity);
        records.push(item.set(5, 4).set(6, 1).set(day, 1));
    }
    records
}

/// A given name of one character for each patient.
fn kanji(patient: u64) -> char {
    "一二三四五六七八九十百千万春夏秋冬東西南北上下左右山川海空花鳥風月雪星光森林泉"
        .chars()
        .nth(usize::try_from(patient).unwrap())
        .unwrap()
}

fn zipped(files: &[Generated]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for file in files {
        let name = file.path.file_name().unwrap().to_str().unwrap();
        zip.start_file(format!("202405/{name}"), SimpleFileOptions::default()).unwrap();
        zip.write_all(&std::fs::read(&file.path).unwrap()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
