//! カードリーダー: which cards pass, which consents are asked, and what becomes of the answers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use madoguchi_model::account::AccountKind;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::{PrescriptionForm, RecordConsent, ReferenceClassification};
use madoguchi_model::consent::{CONSENT_SECONDS, Scope};
use madoguchi_model::day::Timestamp;
use madoguchi_model::decision::Denial;
use madoguchi_model::eligibility::{AnswerConsent, Face, KindConsent, Notice, Registration, Validity};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::kiosk::ConsentPage as Page;
use madoguchi_model::listing::ListKind;
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use madoguchi_service::consent::PatientSearch;
use madoguchi_service::reader::PASS_SECONDS;
use madoguchi_service::test_support::{
    CARD_LAST_SECOND, CLINIC, HOSPITAL, NOW, Patient, World, code, later, months, reason,
};
use madoguchi_service::viewing::Purpose;
use madoguchi_service::{CardRefusal, Reason, Session, on_every_engine};
use madoguchi_store::Tx;
use madoguchi_store::tidy::Passing;
use madoguchi_trust::{CardAuthority, CardRequest, RevocationReason};

on_every_engine!(
    the_pages_follow_the_settings,
    a_card_shows_what_holds_today,
    a_card_must_be_ours_and_sign_this_challenge,
    a_revoked_card_is_refused_once_the_list_is_loaded,
    a_card_after_its_date_only_tells_the_eligibility,
    a_pass_goes_one_way_and_once,
    a_newer_pass_replaces_an_unfinished_one,
    a_pass_lives_five_minutes,
    a_pass_belongs_to_its_reader,
    every_page_is_answered_exactly_once,
    a_consent_lasts_24_hours_to_the_second,
    a_new_pass_replaces_the_former_answers,
    a_pass_that_asks_nothing_leaves_the_consent,
    a_consent_is_taken_back,
    a_result_waits_for_the_institution_when_the_pass_ends,
    a_result_without_eligibility_waits_at_once,
    the_pages_about_the_answer_go_into_the_result,
    a_result_is_taken_once_and_by_its_institution,
    a_reader_s_checks_are_in_the_list_of_the_day,
);

async fn the_pages_follow_the_settings(world: World) {
    let consents = [Setting::Surgery, Setting::MedicalCare, Setting::Medication, Setting::Checkup];
    for (marks, expected) in [
        ("0010", vec![Page::Medication]),
        ("0110", vec![Page::MedicalCareAndMedication]),
        ("0100", vec![Page::MedicalCare]),
        ("1111", vec![Page::Surgery, Page::MedicalCareAndMedication, Page::Checkup]),
        ("1001", vec![Page::Surgery, Page::Checkup]),
        ("0000", vec![]),
    ] {
        let value = |mark: char| if mark == '1' { USED } else { NOT_USED };
        let values: Vec<_> = consents.into_iter().zip(marks.chars().map(value)).collect();
        world.set(HOSPITAL, &values, NOW).await;
        let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
        assert_eq!(world.identified(&reader, Patient::Ordinary).await.unwrap().1, expected, "{marks}");
        let elsewhere = world.session(CLINIC, AccountKind::Reader, NOW).await;
        let pages = world.identified(&elsewhere, Patient::Ordinary).await.unwrap().1;
        assert_eq!(pages, [Page::Medication, Page::Checkup], "another institution keeps its own settings");
    }
    let answered = world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    assert_eq!((answered.agreed, answered.valid_until), (vec![], None), "nothing is used, so nothing is asked");
}

async fn a_card_shows_what_holds_today(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let usual = [Page::Medication, Page::Checkup];
    for (patient, name, eligible, notices, pages) in [
        (Patient::Ordinary, "窓口　花子", true, vec![], &usual[..]),
        (Patient::SecondTwin, "双葉　二郎", true, vec![], &usual[..]),
        (Patient::RareName, "山●　太郎", true, vec![], &usual[..]),
        (Patient::Uncovered, "空木　三郎", false, vec![], &[]),
        (Patient::Soldier, "防人　四郎", true, vec![], &[]),
        (Patient::CardNearEnd, "近末　六郎", true, vec!["P0010"], &usual[..]),
        (Patient::CardInGrace, "猶予　七郎", true, vec!["008"], &[]),
    ] {
        let pass = world.service.begin_pass(&reader).await.unwrap();
        let presented = world.present(&reader, &pass, patient).await.unwrap();
        let codes: Vec<_> = presented.notices.iter().map(|(code, _)| *code).collect();
        assert_eq!((presented.name.as_str(), presented.eligible, codes), (name, eligible, notices));
        assert_eq!(presented.pages, pages, "{patient:?}");
        let entries = world.audit().await;
        let [.., passed, checked] = &entries[..] else { panic!() };
        assert_eq!((passed.draft.action, checked.draft.action), (Action::PassCard, Action::CheckEligibility));
        for entry in [passed, checked] {
            assert_eq!((entry.draft.outcome, &entry.draft.subject), (Outcome::Done, &patient.id().to_hex()));
            assert!(!entry.draft.detail.contains(patient.name()));
        }
    }
    for (patient, fault) in
        [(Patient::Unregistered, CardRefusal::NotRegistered), (Patient::CardLongOver, CardRefusal::Expired)]
    {
        let pass = world.service.begin_pass(&reader).await.unwrap();
        assert_eq!(reason(world.present(&reader, &pass, patient).await), Reason::Card(fault));
        let entry = world.last_entry().await.draft;
        assert_eq!((entry.action, entry.outcome), (Action::PassCard, Outcome::Refused));
    }
}

async fn a_card_must_be_ours_and_sign_this_challenge(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (ours, other) = (world.card(Patient::Ordinary), world.card(Patient::FirstTwin));
    let foreign_authority = CardAuthority::init(&world.directory().join("foreign"), 0).unwrap();
    let request = CardRequest {
        card_id: ours.card_id().to_owned(),
        name: "窓口　花子".to_owned(),
        pin: "0000".to_owned(),
        not_before: 0,
        not_after: CARD_LAST_SECOND,
        story: String::new(),
    };
    let foreign = foreign_authority.issue_card(&request).unwrap().open_by_reader().unwrap();
    let former = world.service.begin_pass(&reader).await.unwrap();
    let pass = world.service.begin_pass(&reader).await.unwrap();
    let right = ours.sign(&pass.challenge).unwrap();
    let mut damaged = right.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (certificate, signature) in [
        (ours.certificate_der(), ours.sign(&former.challenge).unwrap()),
        (ours.certificate_der(), other.sign(&pass.challenge).unwrap()),
        (ours.certificate_der(), damaged),
        (ours.certificate_der(), Vec::new()),
        (foreign.certificate_der(), foreign.sign(&pass.challenge).unwrap()),
        (&ours.certificate_der()[1..], right.clone()),
        (&[][..], right.clone()),
        (&[0x30; 100_000][..], right.clone()),
    ] {
        let result = world.service.present_card(&reader, pass.id, certificate, &signature).await;
        assert_eq!(reason(result), Reason::Card(CardRefusal::NotACard));
        assert_eq!(world.last_entry().await.draft.detail, "code=002");
    }
    let result = world.service.present_card(&reader, pass.id, ours.certificate_der(), &right).await;
    assert_eq!(result.unwrap().name, "窓口　花子", "the card may be laid down again");
}

async fn a_revoked_card_is_refused_once_the_list_is_loaded(world: World) {
    let card_id = world.card(Patient::Ordinary).card_id().to_owned();
    world.cards.revoke_card(&card_id, RevocationReason::KeyCompromise, NOW.micros() / 1_000_000).unwrap();
    world.load_cards();
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let refused = world.identified(&reader, Patient::Ordinary).await;
    assert_eq!(reason(refused), Reason::Card(CardRefusal::Revoked));
    assert!(world.identified(&reader, Patient::FirstTwin).await.is_ok(), "another card");
}

async fn a_card_after_its_date_only_tells_the_eligibility(world: World) {
    // 2026-12-23 13:00:00 in Japan is the last second of this card, 2027-03-23 13:00:00 the last of its grace.
    let last = NOW.plus_seconds(30 * 24 * 3_600);
    let grace_last = last.plus_seconds(90 * 24 * 3_600);
    for (now, expected) in [
        (last, Ok(("P0010", 2))),
        (last.plus_seconds(1), Ok(("008", 0))),
        (grace_last, Ok(("008", 0))),
        (grace_last.plus_seconds(1), Err(Reason::Card(CardRefusal::Expired))),
    ] {
        let reader = world.session(HOSPITAL, AccountKind::Reader, now).await;
        let pass = world.service.begin_pass(&reader).await.unwrap();
        let result = world.present(&reader, &pass, Patient::CardNearEnd).await;
        let told = result.map(|presented| (presented.notices[0].0, presented.pages.len()));
        assert_eq!(told.map_err(|refusal| refusal.reason), expected, "{}", now.japanese());
    }
}

async fn a_pass_goes_one_way_and_once(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let pass = world.service.begin_pass(&reader).await.unwrap();
    let answers = [(Page::Medication, true), (Page::Checkup, false)];
    let early = world.service.answer_pass(&reader, pass.id, &answers).await;
    assert_eq!(reason(early), Reason::PassReplaced, "no answer before a card");
    world.present(&reader, &pass, Patient::Ordinary).await.unwrap();
    let again = world.present(&reader, &pass, Patient::FirstTwin).await;
    assert_eq!(reason(again), Reason::PassReplaced, "one card for one challenge");
    world.service.answer_pass(&reader, pass.id, &answers).await.unwrap();
    let twice = world.service.answer_pass(&reader, pass.id, &answers).await;
    assert_eq!(reason(twice), Reason::PassReplaced);
    let after = world.present(&reader, &pass, Patient::Ordinary).await;
    assert_eq!(reason(after), Reason::PassReplaced);
}

async fn a_newer_pass_replaces_an_unfinished_one(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let open = world.service.begin_pass(&reader).await.unwrap();
    let (identified, _) = world.identified(&reader, Patient::Ordinary).await.unwrap();
    assert_eq!(reason(world.present(&reader, &open, Patient::Ordinary).await), Reason::PassReplaced);
    let newest = world.service.begin_pass(&reader).await.unwrap();
    let answers = [(Page::Medication, true), (Page::Checkup, true)];
    let late = world.service.answer_pass(&reader, identified, &answers).await;
    assert_eq!(reason(late), Reason::PassReplaced);
    assert_eq!(listed(&world, NOW).await, Vec::<String>::new(), "nothing was stored");
    assert_ne!(newest.challenge, open.challenge);
    assert!(world.present(&reader, &newest, Patient::Ordinary).await.is_ok());
}

async fn a_pass_lives_five_minutes(world: World) {
    for (seconds, lives) in [(0, true), (PASS_SECONDS - 1, true), (PASS_SECONDS, false)] {
        let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
        let then = later(&reader, NOW.plus_seconds(seconds));
        let pass = world.service.begin_pass(&reader).await.unwrap();
        let presented = world.present(&then, &pass, Patient::Ordinary).await;
        assert_eq!(presented.err().map(|refusal| refusal.reason), (!lives).then_some(Reason::PassExpired));
        let (pass, pages) = world.identified(&reader, Patient::Ordinary).await.unwrap();
        let answers: Vec<_> = pages.into_iter().map(|page| (page, true)).collect();
        let answered = world.service.answer_pass(&then, pass, &answers).await;
        assert_eq!(answered.err().map(|refusal| refusal.reason), (!lives).then_some(Reason::PassExpired));
    }
}

async fn a_pass_belongs_to_its_reader(world: World) {
    let administrator = world.session(HOSPITAL, AccountKind::Administrator, NOW).await;
    let issued = world.service.create_account(&administrator, AccountKind::Reader, "reader02").await.unwrap();
    let beside = world.service.log_in_reader(&world.at(HOSPITAL, NOW), "reader02", &issued.password).await.unwrap();
    let own = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let elsewhere = world.session(CLINIC, AccountKind::Reader, NOW).await;
    let pass = world.service.begin_pass(&own).await.unwrap();
    for reader in [&beside.session, &elsewhere] {
        assert_eq!(reason(world.present(reader, &pass, Patient::Ordinary).await), Reason::NotFound("この手続き"));
        assert!(world.service.begin_pass(reader).await.is_ok());
    }
    let presented = world.present(&own, &pass, Patient::Ordinary).await.unwrap();
    let answers: Vec<_> = presented.pages.into_iter().map(|page| (page, true)).collect();
    for reader in [&beside.session, &elsewhere] {
        let answered = world.service.answer_pass(reader, pass.id, &answers).await;
        assert_eq!(reason(answered), Reason::NotFound("この手続き"));
    }
    assert!(world.service.answer_pass(&own, pass.id, &answers).await.is_ok());
}

async fn every_page_is_answered_exactly_once(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, _) = world.identified(&reader, Patient::Ordinary).await.unwrap();
    let (medication, checkup) = ((Page::Medication, true), (Page::Checkup, true));
    for answers in [
        vec![],
        vec![medication],
        vec![medication, medication],
        vec![medication, (Page::Medication, false)],
        vec![medication, checkup, checkup],
        vec![medication, checkup, (Page::Surgery, true)],
        vec![(Page::MedicalCareAndMedication, true), checkup],
    ] {
        let result = world.service.answer_pass(&reader, pass, &answers).await;
        assert!(matches!(reason(result), Reason::Invalid(_)), "{answers:?}");
    }
    assert_eq!(listed(&world, NOW).await, Vec::<String>::new());
    let answered = world.service.answer_pass(&reader, pass, &[checkup, medication]).await.unwrap();
    assert_eq!(answered.agreed, ["薬剤情報", "特定健診情報"]);
}

async fn a_consent_lasts_24_hours_to_the_second(world: World) {
    let given = Timestamp::from_micros(NOW.micros() + 700_000);
    let answered = world.pass(HOSPITAL, Patient::Ordinary, given, |_| true).await.unwrap();
    assert_eq!(answered.valid_until, Some(NOW.plus_seconds(CONSENT_SECONDS)), "a whole second, as it is printed");
    for (seconds, valid) in [(-1, false), (0, true), (CONSENT_SECONDS - 1, true), (CONSENT_SECONDS, false)] {
        let now = NOW.plus_seconds(seconds);
        assert_eq!(listed(&world, now).await.len(), usize::from(valid), "{seconds}");
        let viewer = world.session(HOSPITAL, AccountKind::Viewer, now).await;
        let patient = world.service.patient(&viewer, Patient::Ordinary.id()).await;
        assert_eq!(patient.is_ok(), valid, "{seconds}");
        assert_eq!(opens(&world, &viewer).await, if valid { Ok(()) } else { Err(Denial::ConsentLapsed) }, "{seconds}");
    }
}

async fn a_new_pass_replaces_the_former_answers(world: World) {
    let minute = |minutes: i64| NOW.plus_seconds(60 * minutes);
    world.pass(CLINIC, Patient::Ordinary, NOW, |_| true).await.unwrap();
    for (minutes, agrees, scope, denial) in [
        (1, vec![Page::Medication, Page::Checkup], vec!["薬健"], Ok(())),
        (2, vec![Page::Checkup], vec!["健"], Err(Denial::NotAgreed)),
        (3, vec![Page::Medication], vec!["薬"], Ok(())),
        (4, vec![], vec![], Err(Denial::NotAgreed)),
        (5, vec![Page::Medication], vec!["薬"], Ok(())),
    ] {
        let now = minute(minutes);
        let answered = world.pass(HOSPITAL, Patient::Ordinary, now, |page| agrees.contains(&page)).await.unwrap();
        assert_eq!(answered.valid_until.is_some(), !agrees.is_empty());
        assert_eq!(listed(&world, now).await, scope, "after pass {minutes}");
        let viewer = world.session(HOSPITAL, AccountKind::Viewer, now).await;
        assert_eq!(opens(&world, &viewer).await, denial, "after pass {minutes}");
        let elsewhere = world.session(CLINIC, AccountKind::Viewer, now).await;
        assert_eq!(opens(&world, &elsewhere).await, Ok(()), "another institution's consent stays");
    }
}

async fn a_pass_that_asks_nothing_leaves_the_consent(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let consents = [Setting::Medication, Setting::Checkup];
    for (minutes, value, scope) in [(1, NOT_USED, vec![]), (2, USED, vec!["薬健"])] {
        let now = NOW.plus_seconds(60 * minutes);
        world.set(HOSPITAL, &consents.map(|setting| (setting, value)), now).await;
        if value == NOT_USED {
            let answered = world.pass(HOSPITAL, Patient::Ordinary, now, |_| true).await.unwrap();
            assert_eq!((answered.agreed, answered.valid_until), (vec![], None));
        }
        assert_eq!(listed(&world, now).await, scope);
    }
}

async fn a_consent_is_taken_back(world: World) {
    for institution in [HOSPITAL, CLINIC] {
        world.pass(institution, Patient::Ordinary, NOW, |_| true).await.unwrap();
    }
    world.pass(HOSPITAL, Patient::FirstTwin, NOW, |_| true).await.unwrap();
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, NOW).await;
    assert_eq!(opens(&world, &viewer).await, Ok(()));
    world.service.withdraw_consent(&viewer, Patient::Ordinary.id()).await.unwrap();
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.subject), (Action::WithdrawConsent, Patient::Ordinary.id().to_hex()));
    assert_eq!(opens(&world, &viewer).await, Err(Denial::ConsentWithdrawn));
    assert_eq!(listed(&world, NOW).await.len(), 1, "the other patient stays");
    for patient in [Patient::Ordinary, Patient::SecondTwin] {
        let result = world.service.withdraw_consent(&viewer, patient.id()).await;
        assert_eq!(reason(result), Reason::NotFound("閲覧同意"), "{patient:?}");
    }
    let elsewhere = world.session(CLINIC, AccountKind::Viewer, NOW).await;
    assert_eq!(opens(&world, &elsewhere).await, Ok(()), "another institution's consent stays");
    let foreign = world.service.withdraw_consent(&elsewhere, Patient::FirstTwin.id()).await;
    assert_eq!(reason(foreign), Reason::NotFound("閲覧同意"));
    world.pass(HOSPITAL, Patient::Ordinary, NOW.plus_seconds(1), |_| true).await.unwrap();
    assert_eq!(opens(&world, &later(&viewer, NOW.plus_seconds(1))).await, Ok(()), "a new pass counts again");
}

/// The marks of 同意取得済み患者一覧 of the hospital, one text for each row.
async fn listed(world: &World, now: Timestamp) -> Vec<String> {
    let viewer = world.session(HOSPITAL, AccountKind::Viewer, now).await;
    let patients = world.service.consented_patients(&viewer, &PatientSearch::default()).await.unwrap();
    patients.into_iter().map(|patient| patient.scope.kinds().map(|kind| kind.mark()).collect()).collect()
}

/// Whether 薬剤情報 of the ordinary patient opens.
async fn opens(world: &World, viewer: &Session) -> Result<(), Denial> {
    let (person, period) = (Patient::Ordinary.id(), months(202_605, 202_610));
    match world.service.care_list(viewer, person, period, ListKind::Medication, Purpose::View).await {
        Ok(_) => Ok(()),
        Err(refusal) => match refusal.reason {
            Reason::Denied { denial, .. } => Err(denial),
            other => panic!("{other:?}"),
        },
    }
}

async fn faces(world: &World, institution: &str, now: Timestamp) -> Vec<Face> {
    let agent = world.session(institution, AccountKind::Agent, now).await;
    world.service.faces_waiting(&agent).await.unwrap()
}

async fn a_result_waits_for_the_institution_when_the_pass_ends(world: World) {
    world.set(HOSPITAL, &[(Setting::Surgery, USED), (Setting::MedicalCare, USED)], NOW).await;
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    let numbers = InsuranceNumbers::parse("138057", "", "7001234", "").unwrap();
    let registration = Registration { reference_number: "0012345".to_owned(), numbers: numbers.clone() };
    world.service.register_reference_number(&agent, &registration).await.unwrap();
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, pages) = world.identified(&reader, Patient::Ordinary).await.unwrap();
    assert_eq!(faces(&world, HOSPITAL, NOW).await, [], "the pass is not over");
    let answers: Vec<_> = pages.into_iter().map(|page| (page, page != Page::Surgery)).collect();
    world.service.answer_pass(&reader, pass, &answers).await.unwrap();

    let [face] = &faces(&world, HOSPITAL, NOW).await[..] else { panic!("one result") };
    let entry = world.last_entry().await.draft;
    assert_eq!((entry.action, entry.outcome), (Action::FetchFace, Outcome::Done));
    assert_eq!(entry.subject, Patient::Ordinary.id().to_hex());
    assert!(entry.detail.ends_with("validity=1 agreed=診薬健"), "{}", entry.detail);
    let [row] = &face.answer.rows[..] else { panic!("one row") };
    assert_eq!((face.answer.means, face.answer.validity), (ReferenceClassification::Card, Validity::Valid));
    assert_eq!((&row.numbers, row.reference_number.as_deref()), (&numbers, Some("0012345")));
    assert_eq!((row.limit_consent, row.disease_consent), (Some(AnswerConsent::Given(NOW)), None));
    assert_eq!((face.answer.prescription, face.answer.notices.as_slice()), (None, &[][..]));
    let consents = row.consents.unwrap();
    let until = NOW.plus_seconds(CONSENT_SECONDS);
    let yes = KindConsent { mark: RecordConsent::Yes, times: Some((NOW, until)) };
    assert_eq!((consents.checkup, consents.medication, consents.medical_care), (yes, yes, yes));
    assert_eq!(consents.surgery, KindConsent { mark: RecordConsent::No, times: None });
}

async fn a_result_without_eligibility_waits_at_once(world: World) {
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, pages) = world.identified(&reader, Patient::Uncovered).await.unwrap();
    assert_eq!(pages, []);
    let [face] = &faces(&world, HOSPITAL, NOW).await[..] else { panic!("one result") };
    assert_eq!((face.answer.validity, face.answer.rows.len()), (Validity::Invalid, 1));
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    world.service.face_taken(&agent, face.id).await.unwrap();
    world.service.answer_pass(&reader, pass, &[]).await.unwrap();
    assert_eq!(faces(&world, HOSPITAL, NOW).await, [], "the end of the pass says nothing new");

    // A pass that asks nothing has its result too, with the notice about the card.
    let consents = [Setting::Medication, Setting::Checkup].map(|setting| (setting, NOT_USED));
    world.set(HOSPITAL, &consents, NOW).await;
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
    let (pass, pages) = world.identified(&reader, Patient::CardNearEnd).await.unwrap();
    assert_eq!(pages, []);
    world.service.answer_pass(&reader, pass, &[]).await.unwrap();
    let [face] = &faces(&world, HOSPITAL, NOW).await[..] else { panic!("one result") };
    assert_eq!((face.answer.validity, face.answer.notices[0]), (Validity::Valid, Notice::CertificateEnds));
    assert_eq!(face.answer.rows[0].consents.unwrap().scope(), Scope::EMPTY);
}

async fn the_pages_about_the_answer_go_into_the_result(world: World) {
    let values = [
        (Setting::Medication, NOT_USED),
        (Setting::Checkup, NOT_USED),
        (Setting::SpecificDisease, USED),
        (Setting::PrescriptionUse, "2"),
        (Setting::PrescriptionTiming, "2"),
    ];
    world.set(HOSPITAL, &values, NOW).await;
    for (agree, disease, form) in [
        (true, AnswerConsent::Given(NOW), PrescriptionForm::Electronic),
        (false, AnswerConsent::Refused, PrescriptionForm::Paper),
    ] {
        let reader = world.session(HOSPITAL, AccountKind::Reader, NOW).await;
        let (pass, pages) = world.identified(&reader, Patient::Ordinary).await.unwrap();
        assert_eq!(pages, [Page::SpecificDisease, Page::PrescriptionForm]);
        let answers: Vec<_> = pages.into_iter().map(|page| (page, agree)).collect();
        let answered = world.service.answer_pass(&reader, pass, &answers).await.unwrap();
        assert_eq!((answered.agreed.len(), answered.valid_until), (usize::from(agree), None));
        let [.., face] = &faces(&world, HOSPITAL, NOW).await[..] else { panic!("a result") };
        let found = faces(&world, HOSPITAL, NOW).await.into_iter().find(|one| one.id.as_bytes() == pass.as_bytes());
        let found = found.unwrap();
        assert_eq!((found.answer.rows[0].disease_consent, found.answer.prescription), (Some(disease), Some(form)));
        assert!(face.answer.rows[0].consents.is_some());
    }
    let grant = world.service.store().read().grant(Patient::Ordinary.id(), &code(HOSPITAL)).await.unwrap();
    assert_eq!(grant, None, "neither page is a consent to past care");
}

async fn a_result_is_taken_once_and_by_its_institution(world: World) {
    for patient in [Patient::Ordinary, Patient::RareName] {
        world.pass(HOSPITAL, patient, NOW, |_| true).await.unwrap();
    }
    let waiting = faces(&world, HOSPITAL, NOW).await;
    assert_eq!(waiting.len(), 2);
    assert_eq!(faces(&world, CLINIC, NOW).await, []);
    let elsewhere = world.session(CLINIC, AccountKind::Agent, NOW).await;
    assert_eq!(reason(world.service.face_taken(&elsewhere, waiting[0].id).await), Reason::NotFound("この結果"));
    let agent = world.session(HOSPITAL, AccountKind::Agent, NOW).await;
    world.service.face_taken(&agent, waiting[0].id).await.unwrap();
    assert_eq!(reason(world.service.face_taken(&agent, waiting[0].id).await), Reason::NotFound("この結果"));
    assert_eq!(faces(&world, HOSPITAL, NOW).await, waiting[1..]);
    for kind in [AccountKind::Reader, AccountKind::Administrator, AccountKind::Api] {
        let session = world.session(HOSPITAL, kind, NOW).await;
        assert_eq!(reason(world.service.faces_waiting(&session).await).code(), "E0011", "{kind:?}");
        assert_eq!(reason(world.service.face_taken(&session, waiting[1].id).await).code(), "E0011", "{kind:?}");
    }
    for (seconds, left) in [(24 * 3_600, 1), (24 * 3_600 + 1, 0)] {
        assert_eq!(faces(&world, HOSPITAL, NOW.plus_seconds(seconds)).await.len(), left, "{seconds}");
    }
    world.service_at(NOW.plus_seconds(25 * 3_600)).remove_over().await.unwrap();
    assert_eq!(faces(&world, HOSPITAL, NOW).await, []);
}

async fn a_reader_s_checks_are_in_the_list_of_the_day(world: World) {
    world.pass(HOSPITAL, Patient::Ordinary, NOW, |_| true).await.unwrap();
    let reader = world.session(HOSPITAL, AccountKind::Reader, NOW.plus_seconds(1)).await;
    world.identified(&reader, Patient::Uncovered).await.unwrap();
    let clerk = world.session(HOSPITAL, AccountKind::General, NOW).await;
    let listed = world.service.checks_today(&clerk).await.unwrap();
    let grades: Vec<_> = listed.iter().map(|(_, check)| check.answer.validity).collect();
    assert_eq!(grades, [Validity::Invalid, Validity::Valid]);
    assert!(listed.iter().all(|(_, check)| check.query.is_none()));
    assert!(!listed[1].1.answer.rows[0].consents.unwrap().scope().is_empty(), "one line a pass, as it ended");

    let left = async || {
        let institution = InstitutionCode::parse(HOSPITAL).unwrap();
        world.service.store().read().checks(&institution, NOW.day(), 9).await.unwrap().len()
    };
    world.service.remove_over().await.unwrap();
    assert_eq!(left().await, 2);
    world.service_at(NOW.plus_seconds(24 * 3_600)).remove_over().await.unwrap();
    assert_eq!(left().await, 0);

    let days_after = NOW.plus_seconds(72 * 3_600);
    let old = async || {
        let mut found = Vec::new();
        for what in Passing::ALL {
            let institutions = async move |tx: &mut Tx| tx.institutions_with_old(what, days_after).await;
            found.extend(world.service.store().scan(institutions).await.unwrap().first().map(|_| what));
        }
        found
    };
    assert_eq!(old().await, [Passing::Faces, Passing::Passes, Passing::Listed]);
    world.service_at(days_after).remove_over().await.unwrap();
    assert_eq!(old().await, []);
}
