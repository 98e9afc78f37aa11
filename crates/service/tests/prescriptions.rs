//! Taking in prescriptions and dispensings: whole, once, never to the wrong person, and seen at once.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::day::Day;
use madoguchi_model::listing::ListKind;
use madoguchi_service::ingest::{FileOutcome, PrescriptionReport};
use madoguchi_service::on_every_engine;
use madoguchi_service::test_support::{HOSPITAL, NOW, Patient, World, months};
use madoguchi_service::viewing::Purpose;
use madoguchi_store::Tx;

on_every_engine!(
    a_prescription_is_seen_at_once_and_then_its_dispensing,
    the_same_list_again_changes_nothing,
    a_slip_finds_the_right_twin_or_nobody,
    a_refused_list_leaves_nothing_but_its_audit_entry,
    only_a_hundred_days_are_kept,
);

const HEAD: &str = "record,prescription_id,insurer_number,symbol,number,branch,birthdate,prescriber_code,\
                    prescriber_name,prescribed_on,pharmacy_code,pharmacy_name,dispensed_on,form,drug_code,drug_name,\
                    amount,count,usage\n";
const ORDINARY: &str = "138057,,7001234,,19620521";
const DRUG: &str = "1,620007870,,1,28,１日１回朝食後服用";

fn prescribed(slip: &str, person: &str, on: i64) -> String {
    format!("1,{slip},{person},1310000002,さくら診療所,{on},,,,{DRUG}\n")
}

fn dispensed(slip: &str, person: &str, prescribed_on: i64, on: i64) -> String {
    format!("2,{slip},{person},1310000002,さくら診療所,{prescribed_on},1340000003,かえで薬局,{on},{DRUG}\n")
}

async fn ingest(world: &World, lines: &str) -> PrescriptionReport {
    world.service.ingest_prescriptions(format!("{HEAD}{lines}").into_bytes()).await.unwrap()
}

/// The rows of November and before that come from the e-prescription service, as `日 印 名`.
async fn seen(world: &World, patient: Patient) -> Vec<String> {
    world.pass(HOSPITAL, patient, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    let asked = months(202_608, 202_611);
    let list = world.service.care_list(&viewer, patient.id(), asked, ListKind::Medication, Purpose::View).await;
    let groups = list.unwrap().entries.unwrap().into_iter().filter(|group| !group.rows[0].name.starts_with('薬'));
    groups
        .map(|group| {
            let mark = group.source_mark.unwrap_or(group.setting);
            format!("{} {mark} {} {}", group.supplied_on, group.institution, group.rows[0].name)
        })
        .collect()
}

async fn a_prescription_is_seen_at_once_and_then_its_dispensing(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    let report = ingest(&world, &prescribed("R1", ORDINARY, 20_261_122)).await;
    assert_eq!((report.outcome, report.prescriptions, report.refused), (FileOutcome::Taken, 1, 0));
    let name = "アムロジピン錠５ｍｇ「サワイ」";
    assert_eq!(seen(&world, Patient::Ordinary).await, [format!("26年11月22日 処方 さくら診療所 {name}")]);

    let report = ingest(&world, &dispensed("R1", ORDINARY, 20_261_122, 20_261_123)).await;
    assert_eq!((report.prescriptions, report.dispensings), (0, 1));
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::IngestPrescriptions, Outcome::Done));
    assert_eq!(entry.detail, "prescriptions=0 dispensings=1 cancelled=0 unattached=0 expired=0");
    assert_eq!(seen(&world, Patient::Ordinary).await, [format!("26年11月23日 調剤 かえで薬局 {name}")]);

    let report = ingest(&world, &format!("9,R1,{ORDINARY},,,,,,,,,,,,\n")).await;
    assert_eq!(report.cancelled, 2);
    assert_eq!(seen(&world, Patient::Ordinary).await, Vec::<String>::new());
}

async fn the_same_list_again_changes_nothing(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    let lines = prescribed("R1", ORDINARY, 20_261_101)
        + &dispensed("R1", ORDINARY, 20_261_101, 20_261_101)
        + &dispensed("R1", ORDINARY, 20_261_101, 20_261_120);
    let first = ingest(&world, &lines).await;
    let shown = seen(&world, Patient::Ordinary).await;
    assert_eq!(shown.len(), 2, "both dispensings of the refill");
    assert_eq!(ingest(&world, &lines).await, first);
    assert_eq!(seen(&world, Patient::Ordinary).await, shown);
}

async fn a_slip_finds_the_right_twin_or_nobody(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    for (person, expected) in [
        ("01130012,33100045,12,02,20100303", Some(Patient::SecondTwin)),
        ("01130012,33100045,12,01,20100303", Some(Patient::FirstTwin)),
        ("01130012,33100045,12,,20100303", None),
        ("01130012,33100045,12,03,20100303", None),
        ("01130012,33100045,12,02,20100304", None),
        ("01130012,33100045,99,02,20100303", None),
    ] {
        let report = ingest(&world, &prescribed("R1", person, 20_261_122)).await;
        assert_eq!(report.outcome, FileOutcome::Taken);
        assert_eq!(report.unattached, u64::from(expected.is_none()), "{person}");
        assert_eq!(report.findings.warnings, report.unattached);
        for twin in [Patient::FirstTwin, Patient::SecondTwin] {
            let count = usize::from(expected == Some(twin));
            assert_eq!(seen(&world, twin).await.len(), count, "{person}");
            if count == 1 {
                ingest(&world, &format!("9,R1,{person},,,,,,,,,,,,\n")).await;
            }
        }
    }
    let key = "record,prescription_id,person_key,prescriber_code,prescriber_name,prescribed_on,form,drug_code,amount,count\n\
               1,R1,nobody,1310000002,さくら診療所,20261101,1,620007870,1,1\n";
    let report = world.service.ingest_prescriptions(key.as_bytes().to_vec()).await.unwrap();
    assert_eq!((report.outcome, report.prescriptions, report.unattached), (FileOutcome::Taken, 0, 1));
}

async fn a_refused_list_leaves_nothing_but_its_audit_entry(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    let good = prescribed("R1", ORDINARY, 20_261_122);
    for (lines, fields) in [
        (prescribed("R2", ORDINARY, 20_261_124), vec!["prescribed_on"]),
        (dispensed("R2", ORDINARY, 20_261_122, 20_261_124), vec!["dispensed_on"]),
        (good.replace("R1", "R2").replace("620007870", "999999999"), vec!["drug_name"]),
        (good.replace("R1", "R2").replace("1,28", "x,0"), vec!["amount", "count"]),
    ] {
        let report = ingest(&world, &format!("{good}{lines}")).await;
        let found: Vec<_> = report.findings.issues.iter().map(|issue| issue.field.as_str()).collect();
        assert_eq!(found, fields);
        assert_eq!((report.outcome, report.refused), (FileOutcome::Refused, 1));
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.outcome), (Action::IngestPrescriptions, Outcome::Refused));
        assert_eq!(entry.detail, "refused=1");
        assert_eq!(seen(&world, Patient::Ordinary).await, Vec::<String>::new(), "nothing of it was taken");
    }
    let report = world.service.ingest_prescriptions(b"record\n".to_vec()).await.unwrap();
    assert!(report.is_refused() && report.findings.issues[0].field == "見出し行");
    world.refuse_audit_entries();
    assert!(world.service.ingest_prescriptions(format!("{HEAD}{good}").into_bytes()).await.is_err());
    world.take_audit_entries();
    assert_eq!(seen(&world, Patient::Ordinary).await, Vec::<String>::new(), "nothing is taken without its entry");
    assert!(!ingest(&world, &good).await.is_refused());
    assert_eq!(seen(&world, Patient::Ordinary).await.len(), 1);
}

async fn only_a_hundred_days_are_kept(world: World) {
    world.service.ingest_builtin_masters().await.unwrap();
    let today = NOW.day();
    let (oldest, older) = (today.plus_days(-100), today.plus_days(-101));
    let lines = prescribed("R1", ORDINARY, oldest.number())
        + &prescribed("R2", ORDINARY, older.number())
        + &dispensed("R3", ORDINARY, older.number(), oldest.number());
    let report = ingest(&world, &lines).await;
    assert_eq!((report.prescriptions, report.dispensings, report.expired), (1, 1, 1));
    for (day, kept) in [(today, 2), (today.plus_days(1), 0)] {
        world.service_at(Day::midnight(day)).remove_over().await.unwrap();
        let contents = world.service.store().scan(async |tx: &mut Tx| tx.contents().await).await.unwrap();
        assert_eq!(contents.tables["prescriptions"], kept, "{day:?}");
    }
}
