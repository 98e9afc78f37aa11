//! What a button of the kiosk means.

use serde::Deserialize;

use super::flow::{Event, Pin};

/// A form of a pass's page.
#[derive(Deserialize)]
pub(super) struct PressForm {
    page: u32,
    press: String,
    #[serde(default)]
    pin: String,
}

/// What was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Press {
    /// 「中止する」「終了」: the card is taken away.
    End,
    /// Everything else.
    Event(Event),
}

impl PressForm {
    /// The number of the page that the button was on, and the button.
    pub(super) fn read(&self) -> Option<(u32, Press)> {
        let event = match self.press.as_str() {
            "end" => return Some((self.page, Press::End)),
            "pin" => Event::ChoosePin,
            "correct" => Event::Correct,
            "confirm" => Event::Confirm(Pin::typed(self.pin.trim())),
            "agree-all" => Event::AgreeAll,
            "each" => Event::ChooseEach,
            "refuse-all" => Event::RefuseAll,
            "agree" => Event::Answer(true),
            "refuse" => Event::Answer(false),
            "back" => Event::Back,
            digit => Event::Digit(one_digit(digit)?),
        };
        Some((self.page, Press::Event(event)))
    }
}

fn one_digit(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(press: &str, expected: Option<Press>) {
        let form = PressForm { page: 7, press: press.into(), pin: " 1234 ".into() };
        assert_eq!(form.read(), expected.map(|press| (7, press)), "{press}");
    }

    #[test]
    fn every_button_is_known_and_nothing_else() {
        check("end", Some(Press::End));
        check("pin", Some(Press::Event(Event::ChoosePin)));
        check("0", Some(Press::Event(Event::Digit(0))));
        check("9", Some(Press::Event(Event::Digit(9))));
        check("correct", Some(Press::Event(Event::Correct)));
        check("confirm", Some(Press::Event(Event::Confirm(Pin::typed("1234")))));
        check("agree-all", Some(Press::Event(Event::AgreeAll)));
        check("each", Some(Press::Event(Event::ChooseEach)));
        check("refuse-all", Some(Press::Event(Event::RefuseAll)));
        check("agree", Some(Press::Event(Event::Answer(true))));
        check("refuse", Some(Press::Event(Event::Answer(false))));
        check("back", Some(Press::Event(Event::Back)));
        for other in ["", "10", "x", "AGREE", "agree ", "１"] {
            check(other, None);
        }
    }
}
