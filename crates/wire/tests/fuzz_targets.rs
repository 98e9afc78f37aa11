//! The fuzz targets over their corpus and some thousands of mutations of it, so that every change is fuzzed a little.
//!
//! `fuzz/corpus/<target>/seed-*` is made of the golden files and samples (`MADOGUCHI_BLESS=1` writes it anew); other files
//! there are findings that were mended.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;
#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use common::sample::{distributed, file, samples};
use madoguchi_wire::checkup::pack;
use madoguchi_wire::claims::shift_jis;
use madoguchi_wire::message::catalogue::CATALOGUE;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Mutations of each target in the ordinary tests.
const ROUNDS: usize = 1_500;
/// A message of the golden files that is longer makes each round slow and finds no more.
const SEED_BYTES_MAX: usize = 6_000;

const COVERAGE: &str = "person_key,name,kana,sex,birthdate,insurer_number,insurer_name,symbol,number,branch,relation,\
    classification,valid_from,valid_to,loss_reason,patient_share,card_serial\n\
    p1,見本　太郎,ミホン　タロウ,1,19600102,138057,港区,国12,00123,01,2,02,20200401,20230331,03,30,0A1f\n\
    p1,見本　太郎,ミホン　タロウ,,3350102,39131156,,,12345678,,,,20230401,,,,\n";
const CERTIFICATES: &str = "person_key,name,kana,sex,birthdate,insurer_number,insurer_name,number,valid_from,address,\
    postal_code,insured_name,printed_sex,issued_on,certificate_from,certificate_to,elderly_issued_on,elderly_from,elderly_to,\
    elderly_share,limit_kind,limit_class,limit_issued_on,limit_from,limit_to,limit_long_term_on,disease1_category,\
    disease1_issued_on,disease1_from,disease1_to,disease1_self_pay\n\
    p1,見本　太郎,ミホン　タロウ,1,19520102,138057,港区,00123,20200401,東京都架空区,100-0000,見本　太郎,1,20200401,20200401,\
    20270331,20200401,20200401,20270331,20,02,B05,20200401,20200401,20270331,20200401,1,20200401,20200401,20270331,10000\n";
const TICKETS: &str = "person_key,ticket_kind,treatment_month,valid_from,valid_to,issue_number,institution_code,\
    institution_name,prescriber_code,prescriber_name,injury1,treatment,self_pay,combination,social_insurance,inconsistent,\
    infection,elderly_care,prefectural_expenses,remarks1\n\
    p1,02,202611,20261102,20261115,A-1,1340000003,見本薬局,1310000002,見本診療所,高血圧症,04,500,02,01,1,02,01,02,備考1\n\
    p1,,202611,,,,1310000002,,,,,,,,,,,,,\n";
const WITHDRAWAL: &str = "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n\
    1312345678,202403,138057,国12,123,A1,,\n1312345678,50603,138057,国12,123,,202404,7\n";
const PRESCRIPTIONS: &str = include_str!("../../../docs/formats/prescription-csv.md");

/// A summary of DPC with its details, an organ donor in between, and a line with its corrections.
const SUMMARY: &str = "1,1,0,IR,1,13,1,0000001,,窓口中央病院,202404,00,\r\n\
    1,2,0,RE,7,1111,202403,見本　花子,2,19620521,,,,,,,,,,1\r\n1,3,0,HO,01130012,１,７,8,5000\r\n\
    1,4,0,RE,7,1111,202403,見本　花子,2,19620521,,,,,,,,,,2\r\n1,5,0,BU,060150xx03xxxx,20240305\r\n\
    1,6,0,SI,50,1,150181610,,6740,1,,,,,,,,,,,,1\r\n2,6,1,SI,50,1,150183410,,7000,1,,,,,,,,,,,,1\r\n\
    1,7,0,TI,1,1,13,1,0000002,提供病院\r\n1,8,0,SI,50,1,150198710,,1,1\r\n\
    1,9,0,RE,7,1111,202403,,,,,,,,,,,,,3\r\n1,10,0,CD,20240306,33,0001,001,643310225,0.5,,,2,\r\n\
    2,2,1,RE,7,1111,202403,見本　花子,2,19620522,,,,,,,,,,1\r\n1,11,0,GO,1,5000,99\r\n";

const CHECKUP: &[u8] = include_bytes!("data/checkup.xml");

type Seeds = BTreeMap<String, Vec<u8>>;

fn seeds(target: &str) -> Seeds {
    let one = |name: &str, bytes: Vec<u8>| Seeds::from([(name.to_owned(), bytes)]);
    match target {
        "messages_xml" => messages(".xml"),
        "messages_json" => messages(".json"),
        "claims" => {
            let names = ["medical", "dpc", "dental", "pharmacy"].into_iter().zip(samples());
            let both = names.flat_map(|(name, (_, table, claim))| {
                let plain = file(table, &[claim]);
                [(format!("{name}-distributed"), distributed(&plain)), (name.to_owned(), plain)]
            });
            both.chain([("summary".to_owned(), shift_jis(SUMMARY))]).collect()
        }
        "packed_claims" => one("two", zipped()),
        "coverage" => {
            Seeds::from([("two".to_owned(), COVERAGE.into()), ("certificates".to_owned(), CERTIFICATES.into())])
        }
        "tickets" => one("two", TICKETS.into()),
        "withdrawal" => one("two", WITHDRAWAL.into()),
        "checkups" => one("document", CHECKUP.to_vec()),
        "checkup_packages" => one("package", pack([("h0001.xml".to_owned(), CHECKUP)]).unwrap()),
        "prescriptions" => one("example", csv_of(PRESCRIPTIONS).into()),
        "masters" => Seeds::from([
            ("drug".to_owned(), shift_jis(&drug_row())),
            ("names".to_owned(), shift_jis("0,\"B\",0000001,0,0,10,\"見本病\",20240401,,99999999\r\n")),
        ]),
        other => panic!("no seeds for {other}"),
    }
}

/// Two claims files in a ZIP, one packed and one stored.
fn zipped() -> Vec<u8> {
    use zip::{CompressionMethod, write::SimpleFileOptions};
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for ((name, table, claim), method) in
        samples().into_iter().zip([CompressionMethod::Deflated, CompressionMethod::Stored])
    {
        zip.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(&file(table, &[claim])).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Golden files with the place of their message before them.
fn messages(extension: &str) -> Seeds {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/messages");
    let mut seeds = Seeds::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let place = CATALOGUE.iter().position(|entry| name.starts_with(entry.name)).unwrap();
        if name.ends_with(extension) && bytes.len() <= SEED_BYTES_MAX {
            seeds.insert(name, [&[u8::try_from(place).unwrap()], bytes.as_slice()].concat());
        }
    }
    seeds
}

/// The example in a description of a list.
fn csv_of(document: &str) -> String {
    let block = document.split("```").find(|block| block.lines().nth(1).is_some_and(|line| line.contains(',')));
    block.unwrap().lines().skip(1).map(|line| format!("{line}\n")).collect()
}

fn drug_row() -> String {
    let mut fields = vec!["0"; 42];
    let values =
        [(1, "Y"), (2, "620000001"), (4, "見本錠５ｍｇ"), (9, "錠"), (27, "1"), (29, "20200401"), (30, "99999999")];
    for (place, value) in values {
        fields[place] = value;
    }
    fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",") + "\r\n"
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

#[test]
fn the_corpus_holds_the_seeds() {
    for (target, _) in targets::TARGETS {
        let folder = corpus(target);
        for (name, bytes) in seeds(target) {
            let path = folder.join(format!("seed-{name}"));
            if std::env::var_os("MADOGUCHI_BLESS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &bytes).unwrap();
            }
            assert!(std::fs::read(&path).ok() == Some(bytes), "{} is stale: MADOGUCHI_BLESS=1", path.display());
        }
    }
}

#[test]
fn messages_in_xml() {
    fuzz("messages_xml");
}

#[test]
fn messages_in_json() {
    fuzz("messages_json");
}

#[test]
fn claims_and_lists() {
    for target in [
        "claims",
        "packed_claims",
        "coverage",
        "masters",
        "withdrawal",
        "prescriptions",
        "tickets",
        "checkups",
        "checkup_packages",
    ] {
        fuzz(target);
    }
}

/// Runs the target over its corpus and over mutations of it. Stops at the first panic, whose input it prints.
fn fuzz(name: &str) {
    let (_, target) = targets::TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let entries = std::fs::read_dir(corpus(name)).unwrap();
    let mut inputs: Vec<Vec<u8>> = entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    inputs.sort();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for input in &inputs {
        run(name, *target, input);
    }
    for _ in 0..ROUNDS {
        let mutated = mutated(&inputs, &mut random);
        run(name, *target, &mutated);
    }
}

fn run(name: &str, target: targets::Target, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "{name} does not survive {}", String::from_utf8_lossy(input).escape_debug());
}

/// xorshift64: the same mutations at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % bound.max(1)
    }
}

/// One input with up to four changes: a byte, a cut, a doubled part, or a part of another input.
fn mutated(inputs: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = inputs[random.below(inputs.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap_or(0),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let other = &inputs[random.below(inputs.len())];
                let from = random.below(other.len());
                let part = other[from..(from + 40).min(other.len())].to_vec();
                bytes.splice(at..end, part);
            }
            _ => {
                let plain = b"<>&\";,/0\n\x82\xe3{}[]";
                bytes.insert(at, plain[random.below(plain.len())]);
            }
        }
    }
    bytes
}
