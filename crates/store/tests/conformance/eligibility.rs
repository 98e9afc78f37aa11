//! Medical tickets, results of the reader and lists of checks.

use madoguchi_model::{
    account::UserId,
    code::{Combination, QualificationValidity, TicketKind, TreatmentKind},
    day::Timestamp,
    eligibility::{Answer, Check, Face},
    id::{CheckId, FaceId, TicketId},
    institution::InstitutionCode,
    ticket::MedicalTicket,
};
use madoguchi_store::tidy::Passing;

use super::samples::{day, hospital, month, person_id, pharmacy};
use crate::{NOW, Place, put, remove_old};

fn ticket(number: u8, person: u8, institution: InstitutionCode, in_month: i64) -> MedicalTicket {
    let treated = month(in_month);
    MedicalTicket {
        person: person_id(person),
        id: TicketId::new(NOW, [number; 10]),
        kind: TicketKind::Medical,
        month: treated,
        valid_from: treated.first_day(),
        valid_to: treated.last_day(),
        issue_number: number.to_string(),
        institution,
        institution_name: "資格クリニック".into(),
        prescriber: None,
        injuries: vec!["高血圧症".into()],
        treatment: TreatmentKind::Outpatient,
        self_pay_yen: None,
        district_contact: String::new(),
        handling_contact: String::new(),
        combination: Combination::Single,
        social_insurance: Some(false),
        inconsistent: false,
        infection: None,
        elderly_care: None,
        prefectural_expenses: None,
        remarks: vec![],
    }
}

pub(crate) async fn tickets_are_found_by_person_and_by_institution(place: &Place) {
    let all = [
        ticket(1, 1, hospital(), 202_611),
        ticket(2, 1, pharmacy(), 202_611),
        ticket(3, 1, hospital(), 202_612),
        ticket(4, 2, hospital(), 202_611),
    ];
    for _ in 0..2 {
        put(place, all.clone(), async |tx, it| tx.put_tickets(&it).await).await;
    }
    let mut tx = place.store.read();
    assert_eq!(tx.tickets_of(person_id(1), month(202_611)).await.unwrap(), all[..2]);
    assert_eq!(tx.tickets_of(person_id(1), month(202_612)).await.unwrap(), all[2..3]);
    assert_eq!(tx.tickets_of(person_id(3), month(202_611)).await.unwrap(), []);
    let (first, second) = (person_id(1), person_id(2));
    let mut persons = async |code: InstitutionCode, after, limit| {
        tx.entrusted_persons(&code, month(202_611), after, limit).await.unwrap()
    };
    assert_eq!(persons(hospital(), None, 9).await, [first, second]);
    assert_eq!(persons(hospital(), None, 1).await, [first]);
    assert_eq!(persons(hospital(), Some(first), 9).await, [second]);
    assert_eq!(persons(pharmacy(), None, 9).await, [first]);
}

fn answer(at: Timestamp) -> Answer {
    Answer::to_card(at, QualificationValidity::Valid, vec![], vec![])
}

pub(crate) async fn a_result_of_the_reader_is_taken_once_or_grows_too_old(place: &Place) {
    let face = |number: u8, seconds: i64| Face {
        id: FaceId::new(NOW, [number; 10]),
        answer: answer(NOW.plus_seconds(seconds)),
    };
    let keep = async |institution: InstitutionCode, face: Face, oldest: i64| {
        let oldest = NOW.plus_seconds(oldest);
        put(place, (institution, face), async move |tx, (code, face)| tx.put_face(&code, &face, oldest).await).await;
    };
    keep(hospital(), face(2, 10), -100).await;
    keep(hospital(), face(1, 20), -100).await;
    keep(hospital(), face(1, 20), -100).await;
    keep(pharmacy(), face(3, 0), -100).await;
    let waiting = async |institution: InstitutionCode, oldest: i64, limit: u32| {
        place.store.read().faces(&institution, NOW.plus_seconds(oldest), limit).await.unwrap()
    };
    assert_eq!(waiting(hospital(), -100, 9).await, [face(2, 10), face(1, 20)]);
    assert_eq!(waiting(hospital(), -100, 1).await, [face(2, 10)]);
    assert_eq!(waiting(hospital(), 11, 9).await, [face(1, 20)]);
    let take = async |institution: InstitutionCode, number: u8| {
        put(place, institution, async move |tx, it| tx.take_face(&it, FaceId::new(NOW, [number; 10])).await).await
    };
    assert!(!take(pharmacy(), 2).await, "another institution's");
    assert!(take(hospital(), 2).await);
    assert!(!take(hospital(), 2).await);
    // A newer result lets the old ones of the same institution go, and of no other.
    keep(hospital(), face(4, 30), 21).await;
    assert_eq!(waiting(hospital(), -100, 9).await, [face(4, 30)]);
    assert_eq!(waiting(pharmacy(), -100, 9).await.len(), 1);
    assert_eq!(remove_old(place, Passing::Faces, pharmacy(), NOW.plus_seconds(1), 9).await, 1);
}

pub(crate) async fn checks_are_listed_by_day(place: &Place) {
    let id = |number: u8| CheckId::new(NOW.plus_seconds(number.into()), [number; 10]);
    let check = |at: Timestamp| Check { user: UserId::parse("general01").unwrap(), query: None, answer: answer(at) };
    let tomorrow = NOW.plus_seconds(24 * 3_600);
    for (number, institution, at) in [
        (1, hospital(), NOW),
        (2, hospital(), NOW),
        (2, hospital(), NOW),
        (3, pharmacy(), NOW),
        (4, hospital(), tomorrow),
    ] {
        let line = check(at);
        put(place, (institution, line), async move |tx, (code, line)| tx.put_check(&code, id(number), &line).await)
            .await;
    }
    let mut tx = place.store.read();
    let expected = [(id(2), check(NOW)), (id(1), check(NOW))];
    assert_eq!(tx.checks(&hospital(), NOW.day(), 9).await.unwrap(), expected);
    assert_eq!(tx.checks(&hospital(), NOW.day(), 1).await.unwrap(), expected[..1]);
    assert_eq!(tx.check(&hospital(), NOW.day(), id(1)).await.unwrap(), Some(check(NOW)));
    assert_eq!(tx.check(&pharmacy(), NOW.day(), id(1)).await.unwrap(), None);
    let before = async |instant| {
        let mut found = place.store.read().institutions_with_old(Passing::Checks, instant).await.unwrap();
        found.sort();
        found
    };
    assert_eq!(before(NOW).await, []);
    assert_eq!(before(tomorrow).await, [hospital(), pharmacy()]);
    let remove = async |limit| remove_old(place, Passing::Checks, hospital(), tomorrow, limit).await;
    assert_eq!([remove(1).await, remove(9).await, remove(9).await], [1, 1, 0]);
    assert_eq!(before(tomorrow).await, [pharmacy()]);
    assert_eq!(tx.checks(&hospital(), tomorrow.day(), 9).await.unwrap().len(), 1);
}

pub(crate) async fn a_card_may_have_a_last_day(place: &Place) {
    put(place, (), async |tx, ()| tx.put_card("0a", person_id(1), NOW).await).await;
    let ends_on = async || place.store.read().holder_of_card("0a").await.unwrap().unwrap().ends_on;
    assert_eq!(ends_on().await, None);
    put(place, (), async |tx, ()| tx.put_card_end("0a", day(20_270_401)).await).await;
    put(place, (), async |tx, ()| tx.put_card("0a", person_id(1), NOW).await).await;
    assert_eq!(ends_on().await, Some(day(20_270_401)));
}
