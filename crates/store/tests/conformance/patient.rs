//! Persons, their coverages, cards, consents and care.

use madoguchi_model::{
    consent::{CONSENT_SECONDS, Grant, InformationKind, Scope},
    coverage::ReasonOfLoss,
    day::Timestamp,
    eligibility::{Notice, Query},
    id::{ConsentId, PassId, ReceiptId},
    institution::InstitutionCode,
    insurance::InsuranceNumbers,
    kiosk::ConsentPage,
    release::Period,
};
use madoguchi_store::{
    Consent, Error,
    card::{Pass, PassState},
    consent::PatientSearch,
    receipt::UnattachedReceipt,
    tidy::Kept,
};

use madoguchi_store::receipt::Ended;
use madoguchi_store::tidy::Passing;

use super::samples::{coverage, day, hospital, month, person, person_id, pharmacy, receipt};
use crate::{NOW, Place, put, remove_kept_before, remove_old};

pub(crate) async fn put_person(place: &Place, number: u8) {
    put(place, person(number), async |tx, it| tx.put_persons(&[it]).await).await;
}

pub(crate) async fn a_person_keeps_what_was_registered(place: &Place) {
    put_person(place, 1).await;
    let mut changed = person(1);
    changed.died_on = Some(day(20_260_401));
    put(place, [changed.clone(), person(2)], async |tx, it| tx.put_persons(&it).await).await;
    let mut tx = place.store.read();
    assert_eq!(tx.person(person_id(1)).await.unwrap(), Some(changed.clone()));
    assert_eq!(tx.person(person_id(3)).await.unwrap(), None);
    assert_eq!(tx.count_persons().await.unwrap(), 2);
    assert_eq!(tx.persons_after(None, 1).await.unwrap(), [changed]);
    assert_eq!(tx.persons_after(Some(person_id(1)), 5).await.unwrap(), [person(2)]);
}

pub(crate) async fn a_check_without_a_symbol_finds_who_has_one(place: &Place) {
    let query = |symbol: &str, birthdate: i64| Query {
        numbers: InsuranceNumbers::parse("01130012", symbol, "123", "").unwrap(),
        birthdate: day(birthdate),
        limit_consent: false,
        day: day(20_260_401),
    };
    let with_symbol = coverage(1, 1, "0123");
    let mut without = coverage(2, 2, "123");
    without.numbers.symbol = String::new();
    put(place, with_symbol.clone(), async |tx, it| tx.put_coverage(&it, &person(1)).await).await;
    put(place, without, async |tx, it| tx.put_coverage(&it, &person(2)).await).await;
    let mut tx = place.store.read();
    let mut check = async |symbol: &str, birthdate: i64, expected: &[u8]| {
        let found = tx.holders_of(&query(symbol, birthdate)).await.unwrap();
        let found: Vec<_> = found.iter().map(|holder| holder.person).collect();
        let expected: Vec<_> = expected.iter().map(|number| person_id(*number)).collect();
        assert_eq!(found, expected, "{symbol} {birthdate}");
    };
    check("１２－３４", 19_500_102, &[1]).await;
    check("1235", 19_500_102, &[]).await;
    check("", 19_500_102, &[2, 1]).await;
    // Somebody has the number, born on another day: told apart for the log.
    check("", 19_500_103, &[2, 1]).await;

    // A corrected birthdate and a corrected number leave nothing behind.
    let mut born_later = person(1);
    born_later.birthdate = day(19_500_103);
    put(place, (with_symbol, born_later.clone()), async |tx, it| tx.put_coverage(&it.0, &it.1).await).await;
    check("", 19_500_102, &[2]).await;
    check("", 19_500_103, &[2, 1]).await;
    put(place, (coverage(1, 1, "456"), born_later), async |tx, it| tx.put_coverage(&it.0, &it.1).await).await;
    check("", 19_500_103, &[2]).await;
}

pub(crate) async fn a_coverage_is_found_by_its_numbers(place: &Place) {
    let former = coverage(1, 1, "０１２３");
    put(place, former.clone(), async |tx, it| tx.put_coverage(&it, &person(1)).await).await;
    put(place, coverage(2, 2, "123"), async |tx, it| tx.put_coverage(&it, &person(2)).await).await;
    let key = former.numbers.key();
    let mut tx = place.store.read();
    let holders = tx.holders_of_number(&key).await.unwrap();
    let found: Vec<_> = holders.iter().map(|holder| (holder.person, holder.number.as_str())).collect();
    assert_eq!(found, [(person_id(1), "０１２３"), (person_id(2), "123")]);
    assert_eq!((holders[0].birthdate, holders[0].branch.as_str()), (day(19_500_102), "00"));

    // The insurer corrects the number and ends the coverage: the former number leads nowhere.
    let mut corrected = coverage(1, 1, "456");
    corrected.valid_to = Some(day(20_260_331));
    corrected.loss = Some(ReasonOfLoss::OtherCoverage);
    corrected.patient_share_percent = None;
    put(place, corrected.clone(), async |tx, it| tx.put_coverage(&it, &person(1)).await).await;
    assert_eq!(tx.holders_of_number(&key).await.unwrap().len(), 1);
    assert_eq!(tx.holders_of_number(&corrected.numbers.key()).await.unwrap()[0].valid_to, corrected.valid_to);
    assert_eq!(tx.coverages_of(person_id(1)).await.unwrap(), [corrected]);
    assert_eq!(tx.coverages_of(person_id(3)).await.unwrap(), []);
}

pub(crate) async fn a_reference_number_belongs_to_one_person(place: &Place) {
    let register = async |number: u8, institution: InstitutionCode, text: &'static str| {
        let id = person_id(number);
        place.store.write("number", async move |tx| tx.put_reference_number(id, &institution, text).await).await
    };
    register(1, hospital(), "A-1").await.unwrap();
    register(1, hospital(), "A-1").await.unwrap();
    assert!(matches!(register(2, hospital(), "A-1").await, Err(Error::Conflict(_))));
    register(2, pharmacy(), "A-1").await.unwrap();
    register(1, hospital(), "A-2").await.unwrap();
    register(2, hospital(), "A-1").await.unwrap();
    let mut tx = place.store.read();
    assert_eq!(tx.reference_number(person_id(1), &hospital()).await.unwrap().as_deref(), Some("A-2"));
    assert_eq!(tx.reference_number(person_id(1), &pharmacy()).await.unwrap(), None);
    assert_eq!(tx.person_by_reference_number(&hospital(), "A-1").await.unwrap(), Some(person_id(2)));
    assert_eq!(tx.person_by_reference_number(&hospital(), "A-3").await.unwrap(), None);
}

pub(crate) async fn a_card_leads_to_its_person(place: &Place) {
    for _ in 0..2 {
        put(place, (), async |tx, ()| tx.put_card("0a", person_id(1), NOW).await).await;
    }
    let stolen = place.store.write("stolen", async |tx| tx.put_card("0a", person_id(2), NOW).await).await;
    assert!(matches!(stolen, Err(Error::Conflict(_))));
    assert_eq!(place.store.read().person_by_card("0a").await.unwrap(), Some(person_id(1)));
    assert_eq!(place.store.read().person_by_card("0b").await.unwrap(), None);
}

pub(crate) async fn a_pass_goes_each_step_once(place: &Place) {
    let pass = |number: u8, reader: u8| Pass {
        id: PassId::new(NOW, [number; 10]),
        institution: hospital(),
        reader: [reader; 32],
        challenge: vec![number; 32],
        begun_at: NOW,
        state: PassState::Open,
        person: None,
        pages: vec![],
        notices: vec![],
    };
    for pass in [pass(1, 7), pass(2, 8)] {
        put(place, pass, async |tx, it| tx.begin_pass(&it).await).await;
    }
    let pages = [ConsentPage::Surgery, ConsentPage::Checkup];
    let identify = async |number: u8, institution: InstitutionCode| {
        let id = pass(number, 7).id;
        put(place, institution, async move |tx, it| {
            tx.identify_pass(&it, id, person_id(1), &pages, &[Notice::CardEnds]).await
        })
        .await
    };
    let answer = async |number: u8| {
        let id = pass(number, 7).id;
        put(place, id, async |tx, it| tx.answer_pass(&hospital(), it).await).await
    };
    assert!(!answer(1).await, "not identified yet");
    assert!(!identify(1, pharmacy()).await, "not this institution's");
    assert!(identify(1, hospital()).await);
    assert!(!identify(1, hospital()).await, "a challenge is used once");
    assert!(answer(1).await);
    assert!(!answer(1).await);

    assert!(identify(2, hospital()).await);
    put(place, pass(3, 8), async |tx, it| tx.begin_pass(&it).await).await;
    assert!(!answer(2).await, "a newer pass of the same reader took its place");
    let mut tx = place.store.read();
    let found = tx.pass(&hospital(), pass(1, 7).id).await.unwrap();
    let expected = Pass {
        state: PassState::Answered,
        person: Some(person_id(1)),
        pages: pages.to_vec(),
        notices: vec![Notice::CardEnds],
        ..pass(1, 7)
    };
    assert_eq!(found, Some(expected));
    assert_eq!(tx.pass(&hospital(), pass(2, 8).id).await.unwrap().unwrap().state, PassState::Superseded);
    assert_eq!(tx.pass(&hospital(), pass(3, 8).id).await.unwrap(), Some(pass(3, 8)));
    assert_eq!(tx.pass(&pharmacy(), pass(3, 8).id).await.unwrap(), None);
    assert_eq!(remove_old(place, Passing::Passes, hospital(), NOW, 9).await, 0);
    assert_eq!(remove_old(place, Passing::Passes, hospital(), NOW.plus_seconds(1), 2).await, 2);
    assert_eq!(remove_old(place, Passing::Passes, hospital(), NOW.plus_seconds(1), 9).await, 1);
}

fn grant(number: u8, institution: InstitutionCode, agreed: &[InformationKind], now: Timestamp) -> Grant {
    let id = ConsentId::new(now, [number; 10]);
    Grant::new(id, person_id(number), institution, Scope::FULL, Scope::of(agreed), now)
}

async fn pass_reader(place: &Place, number: u8, agreed: &[InformationKind], now: Timestamp) -> Grant {
    let grant = grant(number, hospital(), agreed, now);
    let person = person(number);
    put(place, grant.clone(), async move |tx, it| tx.put_grant(&it, &person).await).await;
    grant
}

async fn listed(place: &Place, now: Timestamp, search: &PatientSearch) -> Vec<u8> {
    let patients = place.store.read().consented_patients(&hospital(), now, search).await.unwrap();
    let number = |id| (1..9).find(|number| person_id(*number) == id).unwrap();
    patients.into_iter().map(|patient| number(patient.person)).collect()
}

pub(crate) async fn consent_opens_for_a_day_and_to_its_institution(place: &Place) {
    use InformationKind::{Medication, Surgery};
    put_person(place, 1).await;
    let given = pass_reader(place, 1, &[Medication], NOW).await;
    let everyone = PatientSearch::default();
    let start = NOW.whole_second();
    for (seconds, open) in [(-1, false), (0, true), (CONSENT_SECONDS - 1, true), (CONSENT_SECONDS, false)] {
        let now = start.plus_seconds(seconds);
        let consent = place.store.read().consent(person_id(1), &hospital(), now).await.unwrap();
        assert_eq!(consent.is_some(), open, "{seconds}");
        assert_eq!(listed(place, now, &everyone).await.len(), usize::from(open), "{seconds}");
    }
    let mut tx = place.store.read();
    let consent = tx.consent(person_id(1), &hospital(), start).await.unwrap().unwrap();
    assert_eq!((consent.id(), consent.person(), consent.until()), (given.id, person_id(1), given.valid_until));
    assert!(consent.covers(Medication) && !consent.covers(Surgery));
    assert!(!consent.limited_to(Scope::of(&[Surgery])).covers(Medication));
    assert!(tx.consent(person_id(1), &pharmacy(), start).await.unwrap().is_none());
    assert!(tx.consent(person_id(2), &hospital(), start).await.unwrap().is_none());
    assert_eq!(tx.grant(person_id(1), &hospital()).await.unwrap(), Some(given));

    // A new pass replaces the former, also by a refusal; and it can be taken back.
    pass_reader(place, 1, &[], NOW.plus_seconds(60)).await;
    let later = start.plus_seconds(61);
    assert!(tx.consent(person_id(1), &hospital(), later).await.unwrap().is_none());
    assert!(listed(place, later, &everyone).await.is_empty());
    pass_reader(place, 1, &[Surgery], NOW.plus_seconds(120)).await;
    let later = start.plus_seconds(121);
    assert!(tx.consent(person_id(1), &hospital(), later).await.unwrap().is_some());
    assert!(put(place, later, async |tx, it| tx.withdraw_consent(person_id(1), &hospital(), it).await).await);
    assert!(!put(place, later, async |tx, it| tx.withdraw_consent(person_id(1), &hospital(), it).await).await);
    assert!(tx.consent(person_id(1), &hospital(), later).await.unwrap().is_none());
    assert!(listed(place, later, &everyone).await.is_empty());
}

pub(crate) async fn the_list_is_searched_as_people_write(place: &Place) {
    for number in 1..=3 {
        put_person(place, number).await;
        pass_reader(place, number, &[InformationKind::Checkup], NOW.plus_seconds(number.into())).await;
    }
    put(place, (), async |tx, ()| tx.put_reference_number(person_id(2), &hospital(), "C-2").await).await;
    let now = NOW.plus_seconds(10);
    assert_eq!(listed(place, now, &PatientSearch::default()).await, [3, 2, 1], "the newest first");
    for (search, expected) in [
        (PatientSearch { name: Some("ﾔﾏﾀﾞﾀﾛｳ".into()), ..PatientSearch::default() }, vec![3, 2, 1]),
        (PatientSearch { name: Some("太郎2".into()), ..PatientSearch::default() }, vec![2]),
        (PatientSearch { name: Some("花子".into()), ..PatientSearch::default() }, vec![]),
        (PatientSearch { reference_number: Some("C-2".into()), ..PatientSearch::default() }, vec![2]),
        (PatientSearch { reference_number: Some("C".into()), ..PatientSearch::default() }, vec![]),
        (PatientSearch { birthdate: Some(day(19_500_103)), ..PatientSearch::default() }, vec![]),
    ] {
        assert_eq!(listed(place, now, &search).await, expected, "{search:?}");
    }
    // A new pass keeps the reference number in the list.
    pass_reader(place, 2, &[InformationKind::Checkup], NOW.plus_seconds(20)).await;
    let (now, everyone) = (NOW.plus_seconds(30), PatientSearch::default());
    let patients = place.store.read().consented_patients(&hospital(), now, &everyone).await.unwrap();
    assert_eq!(patients[0].reference_number.as_deref(), Some("C-2"));
    let over = NOW.plus_seconds(CONSENT_SECONDS + 3);
    assert_eq!(remove_old(place, Passing::Listed, pharmacy(), over, 9).await, 0);
    assert_eq!(remove_old(place, Passing::Listed, hospital(), over, 9).await, 1);
}

pub(crate) async fn consent_to(place: &Place, kinds: &[InformationKind]) -> Consent {
    pass_reader(place, 1, kinds, NOW).await;
    place.store.read().consent(person_id(1), &hospital(), NOW).await.unwrap().unwrap()
}

pub(crate) async fn only_consented_kinds_leave_the_database(place: &Place) {
    put_person(place, 1).await;
    let receipts = [receipt(1, 1, 202_207), receipt(2, 1, 202_209), receipt(3, 2, 202_207)];
    put(place, receipts.clone(), async |tx, it| tx.insert_receipts(&it).await).await;
    let both = Period { from: month(202_207), to: month(202_209) };
    for bits in 1..16 {
        let scope = Scope::from_bits(bits);
        let consent = consent_to(place, &scope.kinds().collect::<Vec<_>>()).await;
        let shown = place.store.read().care_receipts(&consent, both).await.unwrap();
        let expected =
            [receipts[1].care.clone(), receipts[0].care.clone()].map(|care| care.limited_to(|k| scope.contains(k)));
        let nothing = scope == Scope::of(&[InformationKind::Checkup]);
        assert_eq!(shown, if nothing { vec![] } else { expected.to_vec() }, "{scope:?}");
    }
    let consent = consent_to(place, &InformationKind::ALL).await;
    for (from, to, count) in
        [(202_208, 202_209, 1), (202_207, 202_207, 1), (202_208, 202_208, 0), (202_210, 202_212, 0)]
    {
        let period = Period { from: month(from), to: month(to) };
        assert_eq!(place.store.read().care_receipts(&consent, period).await.unwrap().len(), count, "{from}-{to}");
    }
}

pub(crate) async fn a_replaced_receipt_is_gone_from_view(place: &Place) {
    put_person(place, 1).await;
    let taken = receipt(1, 1, 202_207);
    put(place, [taken.clone()], async |tx, it| tx.insert_receipts(&it).await).await;
    let again = taken.clone();
    let again = place.store.write("again", async move |tx| tx.insert_receipts(&[again]).await).await;
    assert!(matches!(again, Err(Error::Conflict(_))));

    let mut tx = place.store.read();
    let found = tx.receipts_of_month(person_id(1), month(202_207), &hospital()).await.unwrap();
    assert_eq!((found.len(), found[0].id, &found[0].search_number), (1, taken.care.receipt, &taken.search_number));
    assert_eq!(tx.receipts_of_month(person_id(1), month(202_207), &pharmacy()).await.unwrap(), []);

    let by = ReceiptId::new(NOW, [9; 10]);
    let end = async || {
        let id = taken.care.receipt;
        let ended = Ended { person: person_id(1), care_month: month(202_207), receipt: id, by: Some(by) };
        put(place, ended, async |tx, it| tx.end_receipts(&[it], NOW).await).await
    };
    assert_eq!(end().await, 1);
    assert_eq!(end().await, 0);
    let consent = consent_to(place, &InformationKind::ALL).await;
    let period = Period { from: month(202_207), to: month(202_207) };
    assert_eq!(tx.care_receipts(&consent, period).await.unwrap(), []);
    assert_eq!(tx.receipts_of_month(person_id(1), month(202_207), &hospital()).await.unwrap(), []);
    assert_eq!(
        tx.receipt_source(person_id(1), month(202_207), taken.care.receipt).await.unwrap(),
        Some(b"RE,1".to_vec())
    );
    assert_eq!(tx.count_receipts().await.unwrap(), (0, 0));
}

pub(crate) async fn old_receipts_go_with_their_bytes(place: &Place) {
    let receipts = [receipt(1, 1, 202_207), receipt(2, 1, 202_208)];
    put(place, receipts, async |tx, it| tx.insert_receipts(&it).await).await;
    assert_eq!(put(place, month(202_208), async |tx, it| tx.remove_receipts_before(it).await).await, 1);
    let mut tx = place.store.read();
    let [gone, kept] = [receipt(1, 1, 202_207), receipt(2, 1, 202_208)].map(|receipt| receipt.care);
    assert_eq!(tx.receipt_source(person_id(1), gone.month, gone.receipt).await.unwrap(), None);
    assert!(tx.receipt_source(person_id(1), kept.month, kept.receipt).await.unwrap().is_some());
    assert_eq!(tx.count_receipts().await.unwrap(), (1, 0));
}

pub(crate) async fn an_unattached_receipt_waits_for_its_person(place: &Place) {
    let numbers = coverage(1, 1, "123").numbers.key();
    let waiting = UnattachedReceipt {
        id: ReceiptId::new(NOW, [4; 10]),
        institution: hospital(),
        file: receipt(1, 1, 202_207).file,
        request_month: month(202_208),
        care_month: month(202_207),
        reason: "no_match".into(),
        number_key: numbers.as_str().into(),
        taken_at: NOW,
        source: vec![0x82, 0xa0],
    };
    put(place, [waiting.clone()], async |tx, it| tx.insert_unattached(&it).await).await;
    let mut tx = place.store.read();
    let found = tx.unattached_with_numbers(&[numbers], 10).await.unwrap();
    assert!(found == [waiting.clone()]);
    assert!(tx.unattached_with_numbers(&[coverage(1, 1, "124").numbers.key()], 10).await.unwrap().is_empty());
    assert!(put(place, waiting.id, async |tx, it| tx.remove_unattached(&hospital(), it).await).await);
    assert!(!put(place, waiting.id, async |tx, it| tx.remove_unattached(&hospital(), it).await).await);
    let taken_at = waiting.taken_at;
    put(place, [waiting], async |tx, it| tx.insert_unattached(&it).await).await;
    let forget = async |before| remove_kept_before(place, Kept::WaitingReceipts, before).await;
    assert_eq!((forget(taken_at).await, forget(taken_at.plus_seconds(1)).await), (0, 1));
}
