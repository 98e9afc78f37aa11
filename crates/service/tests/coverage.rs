//! Taking in lists of insured persons and of medical tickets.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::code::IncomeClass;
use madoguchi_model::day::Day;
use madoguchi_model::id::PersonId;
use madoguchi_model::person::Person;
use madoguchi_service::ingest::{FileOutcome, person_id};
use madoguchi_service::on_every_engine;
use madoguchi_service::test_support::{Patient, World};
use madoguchi_store::Tx;

on_every_engine!(
    persons_of_a_former_numbering_are_not_doubled,
    insured_persons_are_taken_whole_or_not_at_all,
    a_late_list_of_the_former_insurer_keeps_the_new_name,
    certificates_are_renewed_and_tickets_taken,
);

const COVERAGE: &str =
    "person_key,name,kana,sex,birthdate,insurer_number,symbol,number,branch,valid_from,card_serial\n";

async fn persons_of_a_former_numbering_are_not_doubled(world: World) {
    // The hash of the whole key "k1".
    let former = PersonId::from_bytes(&0xe483_f131_2a93_81a4_a256_3892_e322_ce79_u128.to_be_bytes()).unwrap();
    let twin = world.service.store().read().person(Patient::FirstTwin.id()).await.unwrap().unwrap();
    let person = Person { id: former, ..twin };
    world.service.store().write("former", async move |tx: &mut Tx| tx.put_persons(&[person]).await).await.unwrap();
    let line = "k1,新顔　三子,シンガオ　ミツコ,1,20100303,01130012,33100045,0099,02,20260101,\n";
    let report = world.service.ingest_coverage(format!("{COVERAGE}{line}").into_bytes()).await.unwrap();
    assert_eq!((report.outcome, report.findings.issues[0].field.as_str()), (FileOutcome::Refused, "person_key"));
}

async fn insured_persons_are_taken_whole_or_not_at_all(world: World) {
    let right = "k1,新顔　三子,シンガオ　ミツコ,2,20100303,01130012,33100045,0099,02,20260101,0a\n";
    let before = world.service.store().read().count_persons().await.unwrap();
    for wrong in [
        "k2,,シンガオ　ヨツコ,2,20100303,01130012,33100045,0099,03,20260101,\n",
        "k2,新顔　四子,シンガオ　ヨツコ,2,20100303,01130012,33100045,0099,03,20260101,0a\n",
    ] {
        let report = world.service.ingest_coverage(format!("{COVERAGE}{right}{wrong}").into_bytes()).await.unwrap();
        assert_eq!((report.outcome, report.refused, report.findings.issues[0].line), (FileOutcome::Refused, 1, 3));
        assert_eq!(world.service.store().read().count_persons().await.unwrap(), before);
    }
    let report = world.service.ingest_coverage(format!("{COVERAGE}{right}").into_bytes()).await.unwrap();
    assert_eq!((report.persons, report.coverages, report.cards), (1, 1, 1));
    assert_eq!(world.service.store().read().person_by_card("0a").await.unwrap(), Some(person_id("k1")));
    let other = right.replace("k1", "k2");
    let taken = world.service.ingest_coverage(format!("{COVERAGE}{other}").into_bytes()).await.unwrap();
    assert_eq!((taken.outcome, taken.findings.issues[0].field.as_str()), (FileOutcome::Refused, "card_serial"));
}

async fn a_late_list_of_the_former_insurer_keeps_the_new_name(world: World) {
    const HEAD: &str = "person_key,name,kana,sex,birthdate,insurer_number,symbol,number,valid_from,valid_to,\
                        loss_reason,address\n";
    let former = "k1,佐藤　花子,サトウ　ハナコ,2,19800303,01130012,33,0099,20200101,,,旧住所\n";
    let new = "k1,山田　花子,ヤマダ　ハナコ,2,19800303,138057,,4711,20260401,,,新住所\n";
    let lost = "k1,佐藤　花子,サトウ　ハナコ,2,19800303,01130012,33,0099,20200101,20260331,03,旧住所\n";
    for (line, name, address) in [
        (former, "佐藤　花子", "旧住所"),
        (new, "山田　花子", "新住所"),
        (lost, "山田　花子", "新住所"),
        (former, "山田　花子", "新住所"),
    ] {
        let report = world.service.ingest_coverage(format!("{HEAD}{line}").into_bytes()).await.unwrap();
        assert_eq!(report.outcome, FileOutcome::Taken, "{:?}", report.findings);
        let person = world.service.store().read().person(person_id("k1")).await.unwrap().unwrap();
        assert_eq!((person.name.as_str(), person.particulars.address.as_deref()), (name, Some(address)), "{line}");
    }
}

async fn certificates_are_renewed_and_tickets_taken(world: World) {
    const HEAD: &str = "person_key,name,kana,sex,birthdate,insurer_number,number,classification,valid_from,address,\
                        limit_class,limit_from,limit_to,card_serial,card_ends_on\n";
    let ingest = async |text: String| world.service.ingest_coverage(text.into_bytes()).await.unwrap();
    let line = |class: &str, from: i64, to: i64| {
        format!(
            "{HEAD}k1,新顔　三子,シンガオ　ミツコ,2,19500303,12137018,6132013,A1,20250101,東京都架空区１,{class},{from},{to},0a,20301231\n"
        )
    };
    for text in
        [line("A03", 20_250_801, 20_260_731), line("A04", 20_260_801, 20_270_731), line("A04", 20_260_801, 20_270_731)]
    {
        assert_eq!(ingest(text).await.outcome, FileOutcome::Taken);
    }
    let id = person_id("k1");
    let mut read = world.service.store().read();
    let coverages = read.coverages_of(id).await.unwrap();
    let classes: Vec<_> = coverages[0].certificate.limits.iter().map(|limit| limit.class).collect();
    assert_eq!((coverages.len(), classes), (1, vec![IncomeClass::A04, IncomeClass::A03]));
    let person = read.person(id).await.unwrap().unwrap();
    assert_eq!(person.particulars.address.as_deref(), Some("東京都架空区１"));
    let holder = read.holder_of_card("0a").await.unwrap().unwrap();
    assert_eq!(holder.ends_on.map(Day::number), Some(20_301_231));

    let tickets = "person_key,treatment_month,institution_code,injury1\nk1,202611,1310000001,高血圧症\n".to_owned();
    for _ in 0..2 {
        let report = ingest(tickets.clone()).await;
        assert_eq!((report.outcome, report.persons, report.tickets), (FileOutcome::Taken, 1, 1));
        assert_eq!(world.last_entry().await.draft.detail, "persons=1 tickets=1");
    }
    assert_eq!(read.tickets_of(id, coverages[0].valid_from.month().plus_months(22)).await.unwrap().len(), 1);
    let unknown = ingest(tickets.replace("k1", "k2") + "k1,202613,1,\n").await;
    let fields: Vec<_> = unknown.findings.issues.iter().map(|issue| issue.field.as_str()).collect();
    assert_eq!(unknown.outcome, FileOutcome::Refused);
    assert_eq!(fields, ["treatment_month", "institution_code", "person_key"]);
}
