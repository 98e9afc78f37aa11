//! What a pass does outside the kiosk: open the card with the PIN, prove it to the server, and hand in the answers.
//!
//! The outcome is always an event for [`super::flow`]; nothing here is shown or decided.

use std::path::PathBuf;

use madoguchi_trust::{PinFault, TrustError, UnlockedCard, VirtualCard};

use super::flow::{Effect, Event, Fault, Passed, Pin, PinMessage};
use crate::reader::{ConsentAnswer, Reader, ReaderFault, Refusal};

/// Does what a step asked for.
pub(super) async fn perform(reader: &Reader, card: PathBuf, effect: Effect) -> Event {
    let outcome = match effect {
        Effect::Identify(pin) => identify(reader, card, pin).await,
        Effect::Send { pass, answers } => send(reader, &pass, &answers).await,
    };
    outcome.unwrap_or_else(|event| event)
}

async fn identify(reader: &Reader, path: PathBuf, pin: Pin) -> Result<Event, Event> {
    let card = opened(path, pin).await?;
    let pass = reader.begin().await.map_err(|fault| failed(fault, Fault::Network))?;
    let signature = card.sign(&pass.challenge).map_err(|error| unreadable(&error))?;
    let identified = reader
        .show_card(&pass.id, card.certificate_der(), &signature)
        .await
        .map_err(|fault| failed(fault, Fault::Network))?;
    Ok(Event::Identified(Passed { pass: pass.id, identified }))
}

/// The card counts wrong PINs in its file; that is disk work, off the async threads.
async fn opened(path: PathBuf, pin: Pin) -> Result<UnlockedCard, Event> {
    let opening = tokio::task::spawn_blocking(move || VirtualCard::enter_pin_at(&path, pin.digits()));
    let answer = opening.await.map_err(|_| Event::Failed(Fault::CardNotReadable))?;
    match answer.map_err(|error| unreadable(&error))? {
        Ok(card) => Ok(card),
        Err(PinFault::NotFourDigits) => Err(Event::PinRefused(PinMessage::NotFourDigits)),
        Err(PinFault::Wrong { tries_left }) => Err(Event::PinRefused(PinMessage::Wrong { tries_left })),
        Err(PinFault::Locked) => Err(Event::Failed(Fault::PinLocked)),
    }
}

async fn send(reader: &Reader, pass: &str, answers: &[ConsentAnswer]) -> Result<Event, Event> {
    let stored = reader.answer(pass, answers).await.map_err(|fault| failed(fault, Fault::AnswersUncertain))?;
    Ok(Event::Stored(stored))
}

fn unreadable(error: &TrustError) -> Event {
    tracing::warn!(%error, "a virtual card cannot be read");
    Event::Failed(Fault::CardNotReadable)
}

/// `unanswered` is what it means for the patient when the server could not be asked or its answer not be read.
fn failed(fault: ReaderFault, unanswered: Fault) -> Event {
    Event::Failed(match fault {
        ReaderFault::Network(fault) => {
            tracing::warn!(%fault, "the reader cannot ask the server");
            unanswered
        }
        ReaderFault::Malformed(field) => {
            tracing::warn!(field, "the server's answer to the reader is malformed");
            unanswered
        }
        ReaderFault::Account(Refusal { code, message, next_step, .. }) => {
            Fault::ReaderNotUsable { code, message, next_step }
        }
        ReaderFault::Refused(refusal) => refused(refusal),
    })
}

fn refused(refusal: Refusal) -> Fault {
    match (refusal.status, refusal.code.as_str()) {
        (409 | 410, _) => Fault::PassOver,
        (_, "002") => Fault::CardNotOurs,
        (_, "008") => Fault::CertificateExpired,
        (_, "009") => Fault::CertificateRevoked,
        (_, "012") => Fault::NoEligibility { text: refusal.message },
        _ => Fault::Refused { code: refusal.code, message: refusal.message, next_step: refusal.next_step },
    }
}
