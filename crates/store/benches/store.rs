//! What the store does in a second beside what the bare engine does: `cargo bench -p madoguchi-store`.
//!
//! Two raw limits stand beside the figures: rows that SQLite itself commits durably one by one and 32 at a time, on the
//! same disk at the same time. Compare only figures of one run.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use madoguchi_model::{
    audit::{Action, Draft, Outcome},
    care::{CareReceipt, CareSetting, CountUnit, Medication},
    consent::{Grant, Scope},
    day::{Day, Month, Timestamp},
    id::{ConsentId, FileId, PersonId, ReceiptId},
    institution::InstitutionCode,
    person::{Particulars, Person, Sex},
    release::Period,
};
use madoguchi_store::{DatabaseUrl, ProcessName, Store, receipt::NewReceipt, test_support};

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
const EACH: Duration = Duration::from_secs(2);

fn main() {
    // `cargo test --all-targets` starts this too, without the word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    for rows in [1, 32] {
        println!("raw SQLite, {rows:>2} rows a commit     {:>9.0} rows/s", raw(directory.path(), rows));
    }
    let sqlite = DatabaseUrl::sqlite(directory.path().join("store.db"));
    runtime.block_on(measure("SQLite", &sqlite));
    if let Some(cluster) = test_support::cluster() {
        println!("(PostgreSQL runs here without fsync)");
        runtime.block_on(measure("PostgreSQL", &cluster.database().unwrap()));
    }
}

/// Durable rows a second of the bare engine, with an audit entry's size.
fn raw(directory: &std::path::Path, rows: u64) -> f64 {
    let connection = rusqlite::Connection::open(directory.join(format!("raw{rows}.db"))).unwrap();
    let set = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER PRIMARY KEY, a TEXT)";
    connection.execute_batch(set).unwrap();
    let (begun, mut written) = (Instant::now(), 0);
    while begun.elapsed() < EACH {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for _ in 0..rows {
            let mut insert = connection.prepare_cached("INSERT INTO t (a) VALUES (?1)").unwrap();
            insert.execute(["x".repeat(270)]).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        written += rows;
    }
    written as f64 / begun.elapsed().as_secs_f64()
}

async fn measure(engine: &str, url: &DatabaseUrl) {
    Store::migrate(url, NOW).await.unwrap();
    let store = Store::open(url, ProcessName::parse("server-1").unwrap()).await.unwrap();
    for callers in [1, 64, 512] {
        let rate = rate(&store, callers, async |store| drop(store.append(draft()).await.unwrap())).await;
        println!("{engine}: audit entries, {callers:>3} callers {rate:>9.0} /s");
    }
    for callers in [1, 64] {
        let job = async |store: &Store| drop(store.write("job", async |tx| tx.audit(draft()).await).await.unwrap());
        println!("{engine}: writes,        {callers:>3} callers {:>9.0} /s", rate(&store, callers, job).await);
    }
    fill(&store).await;
    let person = person();
    let read = async |store: &Store| drop(store.read().person(person.id).await.unwrap().unwrap());
    println!("{engine}: person by id,    8 callers {:>9.0} /s", rate(&store, 8, read).await);
    let view = async |store: &Store| {
        let mut tx = store.read();
        let consent = tx.consent(person.id, &hospital(), NOW).await.unwrap().unwrap();
        let month = Month::from_number(202_601).unwrap();
        let period = Period { from: month.plus_months(-5), to: month };
        assert_eq!(tx.care_receipts(&consent, period).await.unwrap().len(), 12);
    };
    println!("{engine}: 60 rows of care, 8 callers {:>8.0} /s", rate(&store, 8, view).await);
}

async fn rate(store: &Store, callers: usize, ask: impl AsyncFn(&Store)) -> f64 {
    let begun = Instant::now();
    let one = async || {
        let mut asked = 0_u64;
        while begun.elapsed() < EACH {
            ask(store).await;
            asked += 1;
        }
        asked
    };
    let asked: u64 = futures_util::future::join_all((0..callers).map(|_| one())).await.into_iter().sum();
    asked as f64 / begun.elapsed().as_secs_f64()
}

fn hospital() -> InstitutionCode {
    InstitutionCode::parse("1312345678").unwrap()
}

fn draft() -> Draft {
    Draft {
        at: NOW,
        institution: "1312345678".to_owned(),
        user: "viewer01".to_owned(),
        terminal: "0a1b2c3d".to_owned(),
        action: Action::ViewRecords,
        outcome: Outcome::Done,
        subject: "00".repeat(16),
        detail: "kind=care from=202601 to=202606".to_owned(),
    }
}

fn person() -> Person {
    Person {
        id: PersonId::new(NOW, [1; 10]),
        name: "山田　太郎".into(),
        kana: "ヤマダ　タロウ".into(),
        sex: Sex::Male,
        birthdate: Day::from_number(19_500_102).unwrap(),
        died_on: None,
        particulars: Particulars::default(),
    }
}

/// Twelve receipts of five drugs in six months, and a consent to see them.
async fn fill(store: &Store) {
    let receipts: Vec<_> = (0..12).map(receipt).collect();
    let id = ConsentId::new(NOW, [1; 10]);
    let grant = Grant::new(id, person().id, hospital(), Scope::FULL, Scope::FULL, NOW);
    let job = store.write("fill", async move |tx| {
        tx.put_persons(&[person()]).await?;
        tx.insert_receipts(&receipts).await?;
        tx.put_grant(&grant, &person()).await
    });
    job.await.unwrap();
}

fn receipt(number: u8) -> NewReceipt {
    let month = Month::from_number(202_601).unwrap().plus_months(-i32::from(number) / 2);
    let medication = |code: u32| Medication {
        day: Some(month.first_day()),
        prescribed_on: None,
        class: 21,
        code: format!("62000{code:04}"),
        name: "アムロジピン錠５ｍｇ「見本」".into(),
        ingredient: Some("アムロジピンベシル酸塩".into()),
        amount: None,
        unit: "錠".into(),
        count: 28,
        count_unit: CountUnit::Days,
        usage: Some("１日１回朝食後服用".into()),
        dose: None,
        instruction: None,
        in_house: false,
    };
    NewReceipt {
        person: person().id,
        file: FileId::new(NOW, [1; 10]),
        request_month: month.plus_months(1),
        category: "1112".into(),
        receipt_number: number.to_string(),
        search_number: None,
        care: CareReceipt {
            receipt: ReceiptId::new(NOW, [number; 10]),
            month,
            setting: CareSetting::Outpatient,
            institution: hospital(),
            institution_name: "資格クリニック".into(),
            prescriber: None,
            visit_days: vec![month.first_day()],
            acts: vec![],
            medications: (0..5).map(medication).collect(),
            operations: vec![],
        },
        source: vec![0; 500],
    }
}
