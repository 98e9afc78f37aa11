//! One pass at the kiosk as a pure function: state × event → state, and what to do outside.
//!
//! It deliberately knows no clock, no card file and no network: what these find out comes back as an event. Nothing is sent
//! before the last consent page is answered.

use std::fmt;

use crate::reader::{ConsentAnswer, ConsentPage, Identified, Stored};

/// The page that is a choice and no consent: it is asked also after 「まとめて同意する」.
const FORM_PAGE: &str = "prescription_form";
/// Digits of the PIN (暗証番号) of the 利用者証明用電子証明書.
pub(super) const PIN_DIGITS: usize = 4;

/// The digits entered so far. They are shown nowhere, neither on the page nor in a log.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Pin(String);

/// Where a pass stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// 本人確認の方法を選ぶ.
    ChooseMethod,
    /// 暗証番号の入力.
    EnterPin {
        /// What the pad has collected.
        entered: Pin,
        /// What was wrong with the try before.
        fault: Option<PinMessage>,
    },
    /// The card and the server are being asked.
    Checking,
    /// まとめて同意する、個別に選ぶ、すべて同意しない.
    AskAll(Passed),
    /// One consent page after the other; the answers so far.
    AskEach(Passed, Vec<bool>),
    /// The answers are on their way.
    Sending(Passed),
    /// カードを取り出す.
    Done(Passed, Stored),
    /// The pass is over without an answer.
    Failed(Fault),
}

/// A card whose holder the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    /// The server's id of the pass.
    pub(super) pass: String,
    pub(super) identified: Identified,
}

/// What the PIN page says above the pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PinMessage {
    /// Fewer or more than four digits; it did not count as a try.
    NotFourDigits,
    /// 004.
    Wrong {
        /// Tries until the card locks.
        tries_left: u8,
    },
}

/// Why a pass ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// 001.
    CardNotReadable,
    /// 002.
    CardNotOurs,
    /// 005.
    PinLocked,
    /// 008.
    CertificateExpired,
    /// 009.
    CertificateRevoked,
    /// 010: nothing was sent.
    Network,
    /// 010: the answers were sent, but whether they arrived is unknown.
    AnswersUncertain,
    /// 012.
    NoEligibility {
        /// The server's words.
        text: String,
    },
    /// The server no longer knows the pass: too old, or superseded by another.
    PassOver,
    /// The reader's account cannot be used.
    ReaderNotUsable {
        /// Code, reason and next step in the server's words.
        code: String,
        /// Why.
        message: String,
        /// What to do.
        next_step: String,
    },
    /// Any other refusal, in the server's words.
    Refused {
        /// Its code.
        code: String,
        /// Why.
        message: String,
        /// What to do.
        next_step: String,
    },
}

/// What happens: what the patient presses, and what card and server say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// 「暗証番号」.
    ChoosePin,
    /// A digit of the pad.
    Digit(u8),
    /// 「訂正」.
    Correct,
    /// 「確認」, with what was typed on a keyboard; empty when the pad was used.
    Confirm(Pin),
    /// 「まとめて同意する」.
    AgreeAll,
    /// 「個別に選ぶ」.
    ChooseEach,
    /// 「すべて同意しない」.
    RefuseAll,
    /// 「同意する」「同意しない」.
    Answer(bool),
    /// 「ひとつ前に戻る」.
    Back,
    /// The card did not take the PIN.
    PinRefused(PinMessage),
    /// Card and server agree on who this is.
    Identified(Passed),
    /// The server stored the answers.
    Stored(Stored),
    /// Card or server refused.
    Failed(Fault),
}

/// What has to be done outside; its outcome comes back as an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Open the card, begin a pass and show the card to the server.
    Identify(Pin),
    /// Hand in the answers.
    Send {
        /// The server's id of the pass.
        pass: String,
        /// Every page exactly once.
        answers: Vec<ConsentAnswer>,
    },
}

/// One step. `None`: the event does not belong to this state, and nothing changes.
pub(super) fn step(state: &State, event: Event) -> Option<(State, Option<Effect>)> {
    match (state, event) {
        (State::ChooseMethod, Event::ChoosePin) => Some((State::empty_pad(None), None)),

        (State::EnterPin { entered, fault }, Event::Digit(digit)) => {
            Some((State::EnterPin { entered: entered.with(digit)?, fault: *fault }, None))
        }
        (State::EnterPin { fault, .. }, Event::Correct) => Some((State::empty_pad(*fault), None)),
        (State::EnterPin { entered, .. }, Event::Confirm(typed)) => {
            Some(confirm(if typed.0.is_empty() { entered } else { &typed }))
        }
        (State::EnterPin { .. }, Event::Back) => Some((State::ChooseMethod, None)),

        (State::Checking, Event::PinRefused(message)) => Some((State::empty_pad(Some(message)), None)),
        (State::Checking, Event::Identified(passed)) => Some(identified(passed)),
        (State::Checking | State::Sending(_), Event::Failed(fault)) => Some((State::Failed(fault), None)),

        (State::AskAll(passed), Event::AgreeAll) => Some(gone_on(passed, all(passed, true))),
        (State::AskAll(passed), Event::RefuseAll) => Some(gone_on(passed, all(passed, false))),
        (State::AskAll(passed), Event::ChooseEach) => Some((State::AskEach(passed.clone(), Vec::new()), None)),

        (State::AskEach(passed, given), Event::Answer(agree)) => Some(answered(passed, given, agree)),
        (State::AskEach(passed, given), Event::Back) => before(passed, given).map(|state| (state, None)),

        (State::Sending(passed), Event::Stored(stored)) => Some((State::Done(passed.clone(), stored), None)),
        _ => None,
    }
}

fn confirm(pin: &Pin) -> (State, Option<Effect>) {
    if pin.is_whole() {
        (State::Checking, Some(Effect::Identify(pin.clone())))
    } else {
        (State::empty_pad(Some(PinMessage::NotFourDigits)), None)
    }
}

/// No page to ask: the pass is closed at once, so that the institution gets its result.
fn identified(passed: Passed) -> (State, Option<Effect>) {
    let eligibility = &passed.identified.eligibility;
    match passed.identified.pages.len() {
        0 if !eligibility.valid => (State::Failed(Fault::NoEligibility { text: eligibility.text.clone() }), None),
        0 => send(&passed, &[]),
        _ if passed.consents().count() > 1 => (State::AskAll(passed), None),
        _ => (State::AskEach(passed, Vec::new()), None),
    }
}

fn answered(passed: &Passed, given: &[bool], agree: bool) -> (State, Option<Effect>) {
    gone_on(passed, given.iter().copied().chain([agree]).collect())
}

/// The next page that has no answer, or the end.
fn gone_on(passed: &Passed, given: Vec<bool>) -> (State, Option<Effect>) {
    if given.len() >= passed.identified.pages.len() {
        send(passed, &given)
    } else {
        (State::AskEach(passed.clone(), given), None)
    }
}

/// The page before this one; the first page has none, unless all consents were offered at once.
fn before(passed: &Passed, given: &[bool]) -> Option<State> {
    match given.split_last() {
        Some((_, rest)) => Some(State::AskEach(passed.clone(), rest.to_vec())),
        None if passed.consents().count() > 1 => Some(State::AskAll(passed.clone())),
        None => None,
    }
}

/// One answer to all consents, which come before the choice.
fn all(passed: &Passed, agree: bool) -> Vec<bool> {
    vec![agree; passed.consents().count()]
}

fn send(passed: &Passed, given: &[bool]) -> (State, Option<Effect>) {
    let pages = passed.identified.pages.iter();
    let answers =
        pages.zip(given).map(|(page, agree)| ConsentAnswer { page: page.page.clone(), agree: *agree }).collect();
    (State::Sending(passed.clone()), Some(Effect::Send { pass: passed.pass.clone(), answers }))
}

impl Event {
    /// Whether the server has closed the pass, or may have: then there is a result of the reader. A person without coverage
    /// is identified without a page to ask.
    pub(super) fn ends_the_pass(&self) -> bool {
        match self {
            Self::Stored(_) | Self::Failed(_) => true,
            Self::Identified(passed) => passed.identified.pages.is_empty(),
            _ => false,
        }
    }
}

impl Passed {
    /// The pages that ask for a consent.
    pub(super) fn consents(&self) -> impl Iterator<Item = &ConsentPage> {
        self.identified.pages.iter().filter(|page| !is_choice(&page.page))
    }
}

/// Whether a page is a choice and no consent.
pub(super) fn is_choice(page: &str) -> bool {
    page == FORM_PAGE
}

impl State {
    fn empty_pad(fault: Option<PinMessage>) -> Self {
        Self::EnterPin { entered: Pin::default(), fault }
    }

    /// Whether card or server is being asked right now.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Checking | Self::Sending(_))
    }

    /// Whether the patient has nothing left to do but take the card.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Done(..) | Self::Failed(_))
    }
}

impl Pin {
    /// What a keyboard typed. Anything but digits, and digits beyond the fifth, cannot be a PIN and are cut off.
    pub(super) fn typed(text: &str) -> Self {
        Self(text.chars().take(PIN_DIGITS + 1).collect())
    }

    /// How many digits were entered.
    pub(super) fn len(&self) -> usize {
        self.0.chars().count()
    }

    /// The digits, for the card alone.
    pub(super) fn digits(&self) -> &str {
        &self.0
    }

    fn with(&self, digit: u8) -> Option<Self> {
        let fits = digit <= 9 && self.len() < PIN_DIGITS;
        fits.then(|| Self(format!("{}{digit}", self.0)))
    }

    fn is_whole(&self) -> bool {
        self.0.len() == PIN_DIGITS && self.0.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pin({} digits)", self.len())
    }
}

#[cfg(test)]
#[path = "flow_test.rs"]
mod tests;
