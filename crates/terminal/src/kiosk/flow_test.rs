use super::*;
use crate::reader::{ConsentPage, Eligibility};

fn passed(pages: &[&str], valid: bool) -> Passed {
    let pages =
        pages.iter().map(|page| ConsentPage { page: (*page).into(), heading: format!("{page}の情報") }).collect();
    let eligibility = Eligibility { valid, text: "資格".into() };
    Passed {
        pass: "1f".into(),
        identified: Identified { name: "見本 太郎".into(), eligibility, notices: vec![], pages },
    }
}

const PAGES: &[&str] = &["surgery", "medical_care_and_medication", "checkup"];

fn stored() -> Stored {
    Stored { agreed: vec![], valid_until: None }
}

fn pad(digits: &str, fault: Option<PinMessage>) -> State {
    State::EnterPin { entered: Pin(digits.into()), fault }
}

/// From a state through events to a state; the last effect.
fn run(from: State, events: &[Event]) -> (State, Option<Effect>) {
    let mut at = (from, None);
    for event in events {
        at = step(&at.0, event.clone()).unwrap_or_else(|| panic!("{event:?} does nothing in {:?}", at.0));
    }
    at
}

fn sent(effect: Option<Effect>) -> Vec<(String, bool)> {
    let Some(Effect::Send { pass, answers }) = effect else { panic!("nothing is sent: {effect:?}") };
    assert_eq!(pass, "1f");
    answers.into_iter().map(|answer| (answer.page, answer.agree)).collect()
}

fn check_answers(pages: &[&str], events: &[Event], expected: &[(&str, bool)]) {
    let (state, effect) = run(State::Checking, &[&[Event::Identified(passed(pages, true))], events].concat());
    assert_eq!(state, State::Sending(passed(pages, true)), "{events:?}");
    let expected: Vec<_> = expected.iter().map(|(page, agree)| ((*page).to_owned(), *agree)).collect();
    assert_eq!(sent(effect), expected, "{events:?}");
}

#[test]
fn the_pin_is_collected_digit_by_digit_and_goes_to_the_card() {
    let (state, effect) = run(
        State::ChooseMethod,
        &[
            Event::ChoosePin,
            Event::Digit(9),
            Event::Correct,
            Event::Digit(0),
            Event::Digit(1),
            Event::Digit(2),
            Event::Digit(3),
            Event::Confirm(Pin::default()),
        ],
    );
    assert_eq!((state, effect), (State::Checking, Some(Effect::Identify(Pin("0123".into())))));
}

#[test]
fn a_typed_pin_stands_before_the_pads() {
    let (_, effect) = run(pad("99", None), &[Event::Confirm(Pin::typed("0123"))]);
    assert_eq!(effect, Some(Effect::Identify(Pin("0123".into()))));
}

#[test]
fn only_four_digits_are_tried() {
    for typed in ["1", "123", "12345", "12a4", "１２３４", "    "] {
        let (state, effect) = run(pad("", None), &[Event::Confirm(Pin::typed(typed))]);
        assert_eq!((state, effect), (pad("", Some(PinMessage::NotFourDigits)), None), "{typed}");
    }
    assert_eq!(step(&pad("1234", None), Event::Digit(5)), None);
}

#[test]
fn a_wrong_pin_returns_to_the_empty_pad_and_the_third_ends_the_pass() {
    let wrong = PinMessage::Wrong { tries_left: 1 };
    assert_eq!(run(State::Checking, &[Event::PinRefused(wrong)]), (pad("", Some(wrong)), None));
    assert_eq!(run(pad("", Some(wrong)), &[Event::Digit(1)]), (pad("1", Some(wrong)), None));
    assert_eq!(run(State::Checking, &[Event::Failed(Fault::PinLocked)]), (State::Failed(Fault::PinLocked), None));
}

#[test]
fn several_pages_are_asked_all_at_once_first_and_one_page_alone() {
    assert_eq!(run(State::Checking, &[Event::Identified(passed(PAGES, true))]).0, State::AskAll(passed(PAGES, true)));
    assert_eq!(
        run(State::Checking, &[Event::Identified(passed(&["medication"], true))]).0,
        State::AskEach(passed(&["medication"], true), vec![])
    );
}

#[test]
fn every_page_is_answered_exactly_once_in_order() {
    let [one, two, three] = [PAGES[0], PAGES[1], PAGES[2]];
    check_answers(PAGES, &[Event::AgreeAll], &[(one, true), (two, true), (three, true)]);
    check_answers(PAGES, &[Event::RefuseAll], &[(one, false), (two, false), (three, false)]);
    for bits in 0..8 {
        let given: Vec<bool> = (0..3).map(|index| bits & (1 << index) != 0).collect();
        let mut events = vec![Event::ChooseEach];
        events.extend(given.iter().map(|agree| Event::Answer(*agree)));
        check_answers(PAGES, &events, &[(one, given[0]), (two, given[1]), (three, given[2])]);
    }
    for agree in [true, false] {
        check_answers(&["medication"], &[Event::Answer(agree)], &[("medication", agree)]);
    }
}

#[test]
fn nothing_is_sent_one_answer_short() {
    let (state, effect) =
        run(State::AskAll(passed(PAGES, true)), &[Event::ChooseEach, Event::Answer(true), Event::Answer(true)]);
    assert_eq!((state, effect), (State::AskEach(passed(PAGES, true), vec![true, true]), None));
}

#[test]
fn going_back_takes_the_last_answer_away() {
    let back = [
        Event::ChooseEach,
        Event::Answer(true),
        Event::Back,
        Event::Answer(false),
        Event::Answer(true),
        Event::Answer(true),
    ];
    check_answers(PAGES, &back, &[(PAGES[0], false), (PAGES[1], true), (PAGES[2], true)]);
    let (state, _) = run(State::AskAll(passed(PAGES, true)), &[Event::ChooseEach, Event::Back]);
    assert_eq!(state, State::AskAll(passed(PAGES, true)));
    assert_eq!(step(&State::AskEach(passed(&["medication"], true), vec![]), Event::Back), None);
}

#[test]
fn without_a_page_the_pass_is_closed_at_once() {
    check_answers(&[], &[], &[]);
}

#[test]
fn without_coverage_the_patient_goes_to_the_front_desk() {
    let (state, effect) = run(State::Checking, &[Event::Identified(passed(&[], false))]);
    assert_eq!((state, effect), (State::Failed(Fault::NoEligibility { text: "資格".into() }), None));
}

#[test]
fn the_servers_receipt_ends_the_pass() {
    let sending = State::Sending(passed(PAGES, true));
    assert_eq!(run(sending.clone(), &[Event::Stored(stored())]).0, State::Done(passed(PAGES, true), stored()));
    assert_eq!(run(sending, &[Event::Failed(Fault::AnswersUncertain)]).0, State::Failed(Fault::AnswersUncertain));
}

/// The whole table: which event means something in which state. Everything else changes nothing.
#[test]
fn no_event_works_in_a_state_that_it_does_not_belong_to() {
    let states = [
        ("method", State::ChooseMethod),
        ("pad", pad("12", None)),
        ("checking", State::Checking),
        ("all", State::AskAll(passed(PAGES, true))),
        ("each", State::AskEach(passed(PAGES, true), vec![true])),
        ("sending", State::Sending(passed(PAGES, true))),
        ("done", State::Done(passed(PAGES, true), stored())),
        ("failed", State::Failed(Fault::PinLocked)),
    ];
    let events: [(Event, &[&str]); 14] = [
        (Event::ChoosePin, &["method"]),
        (Event::Digit(3), &["pad"]),
        (Event::Digit(10), &[]),
        (Event::Correct, &["pad"]),
        (Event::Confirm(Pin::typed("1234")), &["pad"]),
        (Event::AgreeAll, &["all"]),
        (Event::ChooseEach, &["all"]),
        (Event::RefuseAll, &["all"]),
        (Event::Answer(true), &["each"]),
        (Event::Back, &["pad", "each"]),
        (Event::PinRefused(PinMessage::NotFourDigits), &["checking"]),
        (Event::Identified(passed(PAGES, true)), &["checking"]),
        (Event::Stored(stored()), &["sending"]),
        (Event::Failed(Fault::Network), &["checking", "sending"]),
    ];
    for (name, state) in &states {
        for (event, belongs) in &events {
            assert_eq!(step(state, event.clone()).is_some(), belongs.contains(name), "{event:?} in {name}");
        }
    }
}

#[test]
fn the_pin_is_in_no_debug_output() {
    let (state, effect) = run(pad("", None), &[Event::Confirm(Pin::typed("4711"))]);
    for text in [
        format!("{:?}", pad("4711", None)),
        format!("{state:?}{effect:?}"),
        format!("{:?}", Event::Confirm(Pin::typed("4711"))),
    ] {
        assert!(!text.contains("4711"), "{text}");
    }
}

#[test]
fn the_form_of_the_prescription_is_asked_after_all_consents() {
    let pages: &[&str] = &["surgery", "checkup", "prescription_form"];
    check_answers(
        pages,
        &[Event::AgreeAll, Event::Answer(false)],
        &[("surgery", true), ("checkup", true), ("prescription_form", false)],
    );
    check_answers(
        pages,
        &[Event::RefuseAll, Event::Answer(true)],
        &[("surgery", false), ("checkup", false), ("prescription_form", true)],
    );
    check_answers(
        pages,
        &[Event::AgreeAll, Event::Back, Event::Answer(false), Event::Answer(true)],
        &[("surgery", true), ("checkup", false), ("prescription_form", true)],
    );
    let one = &["checkup", "prescription_form"];
    check_answers(one, &[Event::Answer(true), Event::Answer(true)], &[("checkup", true), ("prescription_form", true)]);
    check_answers(&["prescription_form"], &[Event::Answer(false)], &[("prescription_form", false)]);
    let (state, effect) = run(State::Checking, &[Event::Identified(passed(&["prescription_form"], true))]);
    assert_eq!(state, State::AskEach(passed(&["prescription_form"], true), vec![]));
    assert!(effect.is_none() && step(&state, Event::Back).is_none());
}
