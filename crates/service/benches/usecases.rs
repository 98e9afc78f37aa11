//! Log-in, consent and a list of 60 rows beside their raw limits: `cargo bench -p madoguchi-service --bench usecases`.
//!
//! A limit holds only what the machine cannot be spared: the password hash that is slow on purpose, the bare commits with as
//! many rows, the bare SELECT of the same receipts.
#![allow(clippy::unwrap_used, missing_docs)]

mod raw;

use argon2::Argon2;
use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
use madoguchi_measure::{Board, Limit, Work};
use madoguchi_model::account::AccountKind;
use madoguchi_model::care::CareReceipt;
use madoguchi_model::id::{FileId, ReceiptId};
use madoguchi_model::kiosk::ConsentPage;
use madoguchi_model::listing::samples::Sample;
use madoguchi_model::listing::{CareList, ListKind};
use madoguchi_service::Session;
use madoguchi_service::test_support::{self as world, HOSPITAL, NOW, PASSWORD, Patient, World};
use madoguchi_service::viewing::Purpose;
use madoguchi_store::receipt::NewReceipt;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use tokio::runtime::Runtime;

/// The patient whose list has 60 rows: nobody else's receipts are touched.
const PATIENT: Patient = Patient::CardNearEnd;
const ROWS: usize = 60;
const RECEIPTS: usize = 20;
/// The months of those receipts.
const FROM: i64 = 202_210;
const TO: i64 = 202_302;
const TOGETHER: usize = 64;

fn main() {
    let Some(board) = Board::open("usecases") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::on_sqlite());
    log_in(&board, &runtime, &world);
    consent(&board, &runtime, &world);
    viewing(&board, &runtime, &world);
}

fn log_in(board: &Board, runtime: &Runtime, world: &World) {
    let kept = madoguchi_service::password::hash(PASSWORD).unwrap();
    let kept = PasswordHash::new(&kept).unwrap();
    board.compare(
        "Log-in",
        &[Work { amount: 1.0, unit: "log-ins" }],
        &mut || drop(runtime.block_on(Box::pin(world.log_in(HOSPITAL, AccountKind::Viewer, NOW)))),
        &mut [Limit {
            name: "one argon2id verification",
            run: &mut || Argon2::default().verify_password(PASSWORD.as_bytes(), &kept).unwrap(),
        }],
    );
}

/// A pass at the reader: it begins, the card signs, all pages are answered.
fn consent(board: &Board, runtime: &Runtime, world: &World) {
    runtime.block_on(Box::pin(world.use_all(HOSPITAL, NOW)));
    let reader = runtime.block_on(Box::pin(world.session(HOSPITAL, AccountKind::Reader, NOW)));
    let connection = raw::writer(&world.directory().join("raw-consent.db"));
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
    let sign_and_verify = || {
        let signature = key.sign(&random, &[7; 32]).unwrap();
        public.verify(&[7; 32], signature.as_ref()).unwrap();
    };
    // Begin: the pass. Identify: the pass and two entries. Answer: the pass, the grant, its line of the list, an entry.
    let commits = || [1, 3, 4].map(|rows| raw::commit(&connection, rows, raw::ENTRY_BYTES));
    board.compare(
        "Consent: a whole pass at the reader",
        &[Work { amount: 1.0, unit: "passes" }],
        &mut || runtime.block_on(pass(world, &reader)),
        &mut [
            Limit {
                name: "three bare commits with 1, 3 and 4 rows, one ECDSA signature made and verified",
                run: &mut || {
                    commits();
                    sign_and_verify();
                },
            },
            Limit { name: "one ECDSA signature made and verified", run: &mut { sign_and_verify } },
        ],
    );
}

async fn pass(world: &World, reader: &Session) {
    let (pass, pages) = world.identified(reader, Patient::Ordinary).await.unwrap();
    let answers: Vec<(ConsentPage, bool)> = pages.into_iter().map(|page| (page, true)).collect();
    let answered = world.service.answer_pass(reader, pass, &answers).await.unwrap();
    assert!(answered.valid_until.is_some());
}

/// A list of 60 rows, decided, read, composed and written down; alone and many at a time.
fn viewing(board: &Board, runtime: &Runtime, world: &World) {
    runtime.block_on(Box::pin(fill(world)));
    let viewer = runtime.block_on(Box::pin(world.session(HOSPITAL, AccountKind::Viewer, NOW)));
    let entries = raw::writer(&world.directory().join("raw-viewing.db"));
    let receipts = rusqlite::Connection::open(world.directory().join("store.db")).unwrap();
    receipts.execute_batch("PRAGMA query_only = ON; PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -8192").unwrap();
    board.compare(
        "Viewing: a list of 60 rows",
        &[Work { amount: 1.0, unit: "lists" }],
        &mut || drop(runtime.block_on(list(world, &viewer))),
        &mut [
            Limit {
                name: "the bare SELECT of its 20 receipts and one bare commit of an audit entry",
                run: &mut || {
                    select(&receipts);
                    raw::commit(&entries, 1, raw::ENTRY_BYTES);
                },
            },
            Limit { name: "the bare SELECT of its 20 receipts", run: &mut || select(&receipts) },
        ],
    );
    board.compare(
        "Viewing: 64 lists of 60 rows at a time",
        &[Work { amount: TOGETHER as f64, unit: "lists" }],
        &mut || runtime.block_on(lists(world, &viewer)),
        &mut [Limit {
            name: "64 bare SELECTs and one bare commit of 64 audit entries, on one core",
            run: &mut || {
                (0..TOGETHER).for_each(|_| select(&receipts));
                raw::commit(&entries, TOGETHER, raw::ENTRY_BYTES);
            },
        }],
    );
}

async fn list(world: &World, viewer: &Session) -> CareList {
    let period = world::months(FROM, TO);
    let list = world.service.care_list(viewer, PATIENT.id(), period, ListKind::Care, Purpose::View).await.unwrap();
    assert_eq!(entries(&list), ROWS);
    list
}

async fn lists(world: &World, viewer: &Session) {
    let asked = (0..TOGETHER).map(|_| {
        let (service, viewer) = (world.service.clone(), viewer.clone());
        let period = world::months(FROM, TO);
        tokio::spawn(async move {
            service
                .care_list(&viewer, PATIENT.id(), period, ListKind::Care, Purpose::View)
                .await
                .map(|list| entries(&list))
                .unwrap()
        })
    });
    for rows in futures_util::future::join_all(asked).await {
        assert_eq!(rows.unwrap(), ROWS);
    }
}

/// Rows of 診療／薬剤実績.
fn entries(list: &CareList) -> usize {
    list.entries.iter().flatten().map(|group| group.rows.len()).sum()
}

/// What the list is composed of, fetched and dropped.
fn select(connection: &rusqlite::Connection) {
    const SQL: &str = "SELECT receipt_id, care_month, setting, institution_code, institution_name, prescriber_code,
            prescriber_name, visits_and_care, medication, surgery
        FROM receipts WHERE person_id = ?1 AND care_month BETWEEN ?2 AND ?3 AND ended_at IS NULL
        ORDER BY care_month DESC, institution_code, receipt_id";
    let mut select = connection.prepare_cached(SQL).unwrap();
    let mut rows = select.query((PATIENT.id().as_bytes(), FROM, TO)).unwrap();
    let mut found = 0;
    while let Some(row) = rows.next().unwrap() {
        for column in [7, 8, 9] {
            std::hint::black_box(row.get_ref(column).unwrap().as_str().unwrap());
        }
        found += 1;
    }
    assert_eq!(found, RECEIPTS);
}

/// The patient's receipts, and a consent to see them.
async fn fill(world: &World) {
    world.use_all(HOSPITAL, NOW).await;
    let receipts: Vec<NewReceipt> = Sample::long(ROWS).receipts.into_iter().zip(0..).map(receipt).collect();
    assert_eq!(receipts.len(), RECEIPTS);
    let put = world.service.store().write("bench.receipts", async move |tx| tx.insert_receipts(&receipts).await);
    put.await.unwrap();
    world.pass(HOSPITAL, PATIENT, NOW, |_| true).await.unwrap();
}

fn receipt((care, number): (CareReceipt, u8)) -> NewReceipt {
    NewReceipt {
        person: PATIENT.id(),
        file: FileId::new(NOW, [200; 10]),
        request_month: care.month.plus_months(1),
        category: "1112".to_owned(),
        receipt_number: number.to_string(),
        search_number: None,
        care: CareReceipt { receipt: ReceiptId::new(NOW, [200 + number; 10]), ..care },
        source: Vec::new(),
    }
}
