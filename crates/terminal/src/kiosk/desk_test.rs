use super::*;
use crate::kiosk::flow::{Fault, Pin, PinMessage};
use crate::reader::{ConsentPage, Eligibility, Identified};

struct Test {
    desk: Desk,
    start: Instant,
}

impl Test {
    fn new() -> Self {
        Self { desk: Desk::default(), start: Instant::now() }
    }

    /// A pass that stands at the first of two individual consent pages, page 4.
    fn asking() -> Self {
        let mut test = Self::new();
        test.begin("a", 0);
        test.press(0, Event::ChoosePin, 0).unwrap();
        assert!(test.press(1, Event::Confirm(Pin::typed("1234")), 0).unwrap().is_some());
        test.desk.report("a", Event::Identified(identified()), test.at(0)).unwrap();
        test.press(3, Event::ChooseEach, 0).unwrap();
        test
    }

    fn begin(&mut self, id: &str, seconds: u64) {
        let now = self.at(seconds);
        self.desk.begin(id.into(), "card.json".into(), now);
    }

    fn press(&mut self, page: u32, event: Event, seconds: u64) -> Result<Option<Effect>, Gone> {
        let now = self.at(seconds);
        self.desk.press("a", page, event, now)
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn state(&self) -> State {
        self.desk.find("a", self.start).unwrap().state.clone()
    }
}

fn identified() -> flow::Passed {
    let page = |page: &str| ConsentPage { page: page.into(), heading: page.into() };
    flow::Passed {
        pass: "1f".into(),
        identified: Identified {
            name: "見本 太郎".into(),
            eligibility: Eligibility { valid: true, text: "有効".into() },
            notices: vec![],
            pages: vec![page("surgery"), page("checkup")],
        },
    }
}

#[test]
fn a_second_card_supersedes_the_first_page() {
    let mut test = Test::asking();
    test.begin("b", 1);
    assert_eq!(test.press(4, Event::Answer(true), 1), Err(Gone::Replaced));
    assert_eq!(test.desk.find("b", test.at(1)).unwrap().state, State::ChooseMethod);
}

#[test]
fn an_outcome_for_a_superseded_pass_changes_nothing() {
    let mut test = Test::new();
    test.begin("a", 0);
    test.press(0, Event::ChoosePin, 0).unwrap();
    test.press(1, Event::Confirm(Pin::typed("1234")), 0).unwrap();
    test.begin("b", 1);
    assert_eq!(test.desk.report("a", Event::Identified(identified()), test.at(1)), Err(Gone::Replaced));
    assert_eq!(test.desk.find("b", test.at(1)).unwrap().state, State::ChooseMethod);
}

#[test]
fn a_double_click_answers_one_page_only() {
    let mut test = Test::asking();
    assert_eq!(test.press(4, Event::Answer(true), 0), Ok(None));
    assert_eq!(test.press(4, Event::Answer(true), 0), Ok(None));
    assert_eq!(test.state(), State::AskEach(identified(), vec![true]));
    assert!(test.press(5, Event::Answer(false), 0).unwrap().is_some(), "the second page sends");
}

#[test]
fn a_double_click_costs_one_try_of_the_pin() {
    let mut test = Test::new();
    test.begin("a", 0);
    test.press(0, Event::ChoosePin, 0).unwrap();
    assert!(test.press(1, Event::Confirm(Pin::typed("1234")), 0).unwrap().is_some());
    assert_eq!(test.press(1, Event::Confirm(Pin::typed("1234")), 0), Ok(None));
    test.desk.report("a", Event::PinRefused(PinMessage::Wrong { tries_left: 2 }), test.at(0)).unwrap();
    assert_eq!(test.press(1, Event::Confirm(Pin::typed("1234")), 0), Ok(None), "the old page, from the history");
    assert!(test.press(3, Event::Confirm(Pin::typed("1234")), 0).unwrap().is_some());
}

#[test]
fn a_page_from_the_history_has_no_effect() {
    let mut test = Test::asking();
    assert_eq!(test.press(3, Event::AgreeAll, 0), Ok(None));
    assert_eq!(test.state(), State::AskEach(identified(), vec![]));
    test.desk.end("a", 3);
    assert_eq!(test.state(), State::AskEach(identified(), vec![]));
}

#[test]
fn a_forgotten_pass_ends_after_three_minutes_and_sends_nothing() {
    assert!(Test::asking().press(4, Event::Answer(true), 179).is_ok());
    let mut test = Test::asking();
    test.press(4, Event::Answer(true), 100).unwrap();
    assert!(
        test.press(5, Event::Answer(true), 279).is_ok_and(|effect| effect.is_some()),
        "counted from the last touch"
    );
    assert_eq!(Test::asking().press(4, Event::Answer(true), 180), Err(Gone::Idle));
    let mut test = Test::asking();
    test.desk.tidy(test.at(180));
    assert_eq!(test.press(4, Event::Answer(true), 0), Err(Gone::Replaced));
}

#[test]
fn a_clock_that_steps_back_ends_nothing() {
    let mut test = Test::new();
    test.begin("a", 100);
    assert_eq!(test.press(0, Event::ChoosePin, 0), Ok(None));
    assert!(matches!(test.state(), State::EnterPin { .. }));
}

#[test]
fn the_wait_for_the_server_is_not_idleness() {
    let mut test = Test::new();
    test.begin("a", 0);
    test.press(0, Event::ChoosePin, 0).unwrap();
    test.press(1, Event::Confirm(Pin::typed("1234")), 0).unwrap();
    assert_eq!(test.desk.report("a", Event::Failed(Fault::Network), test.at(200)), Ok(None));
}

#[test]
fn the_first_page_takes_finished_passes_away_and_leaves_open_ones() {
    let mut test = Test::asking();
    test.desk.tidy(test.at(1));
    assert_eq!(test.state(), State::AskEach(identified(), vec![]));

    let mut test = Test::new();
    test.begin("a", 0);
    test.press(0, Event::ChoosePin, 0).unwrap();
    test.press(1, Event::Confirm(Pin::typed("1234")), 0).unwrap();
    test.desk.report("a", Event::Failed(Fault::PinLocked), test.at(0)).unwrap();
    test.desk.tidy(test.at(1));
    assert_eq!(test.press(3, Event::Back, 1), Err(Gone::Replaced));
}

#[test]
fn the_card_can_be_taken_away_but_not_while_answers_are_on_their_way() {
    let mut test = Test::asking();
    test.desk.end("a", 4);
    assert_eq!(test.press(4, Event::Answer(true), 0), Err(Gone::Replaced));

    let mut test = Test::asking();
    test.press(4, Event::Answer(true), 0).unwrap();
    test.press(5, Event::Answer(true), 0).unwrap();
    test.desk.end("a", 6);
    assert_eq!(test.state(), State::Sending(identified()));
}
