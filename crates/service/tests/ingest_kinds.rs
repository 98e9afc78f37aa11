//! Claims of all four kinds: they wait for their persons, replace each other and are withdrawn alike.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::care::CareSetting;
use madoguchi_model::day::Month;
use madoguchi_model::id::PersonId;
use madoguchi_model::institution::Institution;
use madoguchi_service::ingest::{ClaimsOptions, ClaimsReport, FileOutcome, person_id};
use madoguchi_service::on_every_engine;
use madoguchi_service::test_support::{CLINIC, HOSPITAL, PHARMACY, World, code, day};
use madoguchi_wire::claims::shift_jis;

on_every_engine!(
    each_kind_waits_for_its_person,
    each_kind_waits_for_thirteen_months,
    versions_replace_each_other_within_their_kind,
    every_kind_can_be_withdrawn,
    donors_and_corrections_are_counted,
);

const DENTIST: &str = "1330000002";
const PATIENT: &str = "新顔　三子,2,20100303";
const HO: &str = "HO,01130012,33100045,0099,1,100\nSN,1,01,,,,02,,\n";
const COVERAGE: &str = "person_key,name,kana,sex,birthdate,insurer_number,symbol,number,branch,valid_from,card_serial\n\
     k1,新顔　三子,シンガオ　ミツコ,2,20100303,01130012,33100045,0099,02,20260101,\n";

/// A kind of claim as it is written.
struct Kind {
    label: &'static str,
    institution: &'static str,
    setting: CareSetting,
    /// `{month}` is 請求年月.
    head: &'static str,
    category: &'static str,
    /// Where 検索番号 stands in RE.
    search_number: usize,
    care: &'static str,
    /// Acts, drugs and operations that the care shows.
    rows: (u64, u64, u64),
}

const KINDS: [Kind; 4] = [
    Kind {
        label: "医科",
        institution: CLINIC,
        setting: CareSetting::Outpatient,
        head: "IR,1,13,1,0000002,,さくら診療所,{month},00,\n",
        category: "1116",
        search_number: 18,
        care: "SI,13,1,120002370,,4,1,,,,,,,,,,1\n",
        rows: (1, 0, 0),
    },
    Kind {
        label: "DPC",
        institution: HOSPITAL,
        setting: CareSetting::Inpatient,
        head: "IR,1,13,1,0000001,,みなと病院,{month},00,\n",
        category: "1115",
        search_number: 18,
        care: "BU,060150xx03xxxx,20260904,,,\nSK,150181610,K718,20260904,,50,\nSI,50,1,150181610,,6740,1,,,,,,,,,,1\n\
               CD,20260905,21,0001,001,620098801,3,,,5,\n",
        rows: (0, 1, 1),
    },
    Kind {
        label: "歯科",
        institution: DENTIST,
        setting: CareSetting::Outpatient,
        head: "UK,1,13,3,0000002,,まどぐち歯科,{month},,00\nIR,1,13,3,0000002,,{month},,\n",
        category: "3116",
        search_number: 19,
        care: "SI,31,1,160008010,,21,1,,,,1\nSS,13,1,302000110,,,CB001,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\
               ,,,,,,,,,,,,,,,,,,,,,,,,,100,1,,,,1\nIY,21,1,620098801,3,5,3,,,,,3\n",
        rows: (1, 1, 0),
    },
    Kind {
        label: "調剤",
        institution: PHARMACY,
        setting: CareSetting::Pharmacy,
        head: "YK,1,13,4,0000003,かえで薬局,{month},00,\n",
        category: "4116",
        search_number: 37,
        care: "SH,01,1,003,,5\nCZ,1,20260904,20260904,1,14\nIY,1,620098801,3,,,,,,1\n",
        rows: (0, 1, 0),
    },
];

impl Kind {
    /// A file of one receipt for September 2026.
    fn file(&self, month: i64, number: &str, search_number: &str) -> Vec<u8> {
        let re = format!("RE,{number},{},202609,{PATIENT}", self.category);
        let mut fields: Vec<&str> = re.split(',').collect();
        fields.resize(self.search_number, "");
        fields.push(search_number);
        let head = self.head.replace("{month}", &month.to_string());
        let text = format!("{head}{}\n{HO}{}GO,1,100,99\n", fields.join(","), self.care);
        shift_jis(&text.replace('\n', "\r\n"))
    }
}

async fn take(world: &World, bytes: Vec<u8>) -> ClaimsReport {
    world.service.ingest_claims(bytes, ClaimsOptions::default()).await.unwrap()
}

/// The dentist and the masters are there.
async fn prepared(world: &World) {
    let dentist = Institution {
        code: code(DENTIST),
        name: "まどぐち歯科".to_owned(),
        hospital: false,
        opened_on: day(20_100_401),
        abolished_on: None,
    };
    world.service.put_institution(&dentist).await.unwrap();
    world.service.ingest_builtin_masters().await.unwrap();
}

async fn registered(world: &World) -> PersonId {
    let report = world.service.ingest_coverage(COVERAGE.into()).await.unwrap();
    assert_eq!(report.outcome, FileOutcome::Taken, "{:?}", report.findings);
    person_id("k1")
}

/// レセプト番号 and 入外等 of the receipts in force.
async fn in_force(world: &World, person: PersonId, kind: &Kind) -> Vec<(String, CareSetting)> {
    let month = Month::from_number(202_609).unwrap();
    let stored = world.service.store().read().receipts_of_month(person, month, &code(kind.institution)).await.unwrap();
    stored.into_iter().map(|receipt| (receipt.receipt_number, receipt.setting)).collect()
}

async fn each_kind_waits_for_its_person(world: World) {
    prepared(&world).await;
    for kind in &KINDS {
        let report = take(&world, kind.file(202_610, "7", "")).await;
        assert_eq!((report.outcome, report.table), (FileOutcome::Taken, Some(kind.label)), "{:?}", report.findings);
        assert_eq!((report.taken, report.unattached), (0, 1));
        let rows = report.rows;
        assert_eq!((rows.acts, rows.medications, rows.operations), kind.rows, "{}", kind.label);
        assert_eq!((report.unknown_codes.len(), report.extra_fields, report.unknown_records.len()), (0, 0, 0));
    }
    let report = world.service.ingest_coverage(COVERAGE.into()).await.unwrap();
    assert_eq!((report.persons, report.attached), (1, 4));
    for kind in &KINDS {
        assert_eq!(in_force(&world, person_id("k1"), kind).await, [("7".to_owned(), kind.setting)], "{}", kind.label);
    }
    assert_eq!(world.service.store().read().count_receipts().await.unwrap().1, 0);
}

async fn each_kind_waits_for_thirteen_months(world: World) {
    prepared(&world).await;
    for kind in &KINDS {
        assert_eq!(take(&world, kind.file(202_610, "7", "")).await.unattached, 1);
    }
    let stranger = COVERAGE.replace("0099", "0098");
    for (today, kept) in [(20_271_231, 4), (20_280_102, 0)] {
        let service = world.service_at(day(today).midnight());
        let report = service.ingest_coverage(stranger.clone().into()).await.unwrap();
        assert_eq!(report.attached, 0, "{today}");
        service.remove_over().await.unwrap();
        assert_eq!(world.service.store().read().count_receipts().await.unwrap().1, kept, "{today}");
    }
}

async fn versions_replace_each_other_within_their_kind(world: World) {
    prepared(&world).await;
    let person = registered(&world).await;
    for kind in &KINDS {
        assert_eq!(take(&world, kind.file(202_610, "1", "A")).await.taken, 1);
        let later = take(&world, kind.file(202_611, "9", "A")).await;
        assert_eq!((later.taken, later.replaced), (1, 1), "{}", kind.label);
        let late = take(&world, kind.file(202_610, "8", "A")).await;
        assert_eq!((late.taken, late.outdated), (0, 1), "{}", kind.label);
        let other = take(&world, kind.file(202_611, "5", "B")).await;
        assert_eq!((other.taken, other.replaced), (1, 0), "{}", kind.label);
        let mut numbers: Vec<_> = in_force(&world, person, kind).await.into_iter().map(|(number, _)| number).collect();
        numbers.sort();
        assert_eq!(numbers, ["5", "9"], "{}", kind.label);
    }
}

async fn every_kind_can_be_withdrawn(world: World) {
    prepared(&world).await;
    let person = registered(&world).await;
    let head = "institution_code,care_month,insurer_number,symbol,number,search_number,request_month,receipt_number\n";
    for kind in &KINDS {
        take(&world, kind.file(202_610, "1", "A")).await;
        take(&world, kind.file(202_611, "2", "B")).await;
        let line = |rest: &str| format!("{},202609,01130012,33100045,0099,{rest}\n", kind.institution);
        let list = format!("{head}{}{}{}", line("B,,"), line("C,,"), line(",202610,1"));
        let report = world.service.withdraw_claims(list.into_bytes()).await.unwrap();
        assert_eq!((report.lines, report.withdrawn), (3, 2), "{}", kind.label);
        assert_eq!(report.findings.issues[0].line, 3);
        assert_eq!(in_force(&world, person, kind).await, []);
    }
}

async fn donors_and_corrections_are_counted(world: World) {
    prepared(&world).await;
    let person = registered(&world).await;
    let kind = &KINDS[1];
    let text = kind.file(202_610, "1", "");
    let go = text.windows(3).rposition(|window| window == b"GO,").unwrap();
    let donor = b"TI,1,1,13,1,0000002,\r\nTR,1,1991\r\nSI,50,1,150198710,,1,1,,,,,,,,,,1\r\nTS,1\r\n";
    let whole = [&text[..go], donor, &text[go..]].concat();
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate();
    let mut distributed = Vec::new();
    for (number, line) in lines {
        distributed.extend_from_slice(format!("1,{number},0,").as_bytes());
        distributed.extend_from_slice(line);
        distributed.push(b'\n');
        if line.starts_with(b"SI,50,1,150181610") {
            distributed.extend_from_slice(format!("2,{number},1,").as_bytes());
            distributed.extend_from_slice(b"SI,50,1,150183410,,7000,1,,,,,,,,,,1\r\n");
        }
    }
    let report = take(&world, distributed).await;
    assert_eq!((report.outcome, report.taken), (FileOutcome::Taken, 1), "{:?}", report.findings);
    assert_eq!((report.donors, report.replaced_lines), (1, 1));
    // The corrected operation, and the one that SK names of another code.
    assert_eq!((report.rows.acts, report.rows.medications, report.rows.operations), (0, 1, 2));
    assert_eq!(in_force(&world, person, kind).await.len(), 1);
}
