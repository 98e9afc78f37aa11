//! What every reader must hold for any bytes: no panic, no endless work, and what it accepts is written again to the
//! same thing. Used by the fuzz binaries and, over the corpus and mutations of it, by the ordinary tests of `wire`.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "a finding is a panic")]

use madoguchi_wire::claims::{ClaimsReader, PointTable, packed_files, read_receipt};
use madoguchi_wire::message::catalogue::{CATALOGUE, Document, Entry};
use madoguchi_wire::message::{CharacterCode, Echo, MessageId, Request, is_complete};
use madoguchi_wire::{
    Severity, checkup, coverage as insured, masters as code_masters, prescription, ticket, withdrawal as withdrawn,
};
use std::io::Cursor;

/// Takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("messages_xml", messages_xml),
    ("messages_json", messages_json),
    ("claims", claims),
    ("packed_claims", packed_claims),
    ("coverage", coverage),
    ("masters", masters),
    ("withdrawal", withdrawal),
    ("prescriptions", prescriptions),
    ("tickets", tickets),
    ("checkups", checkups),
    ("checkup_packages", checkup_packages),
];

/// The first byte chooses the message, the rest is the file.
pub(crate) fn messages_xml(bytes: &[u8]) {
    let Some((entry, file)) = chosen(bytes) else {
        return;
    };
    let complete = is_complete(file);
    let _ = Echo::of_xml(file);
    if let Some(id) = request_id(entry) {
        let _ = Request::from_xml(id, file);
    }
    if let Ok(message) = (entry.from_xml)(file) {
        assert!(complete || file.len() > 1_000_000, "a message was read from a file that is not whole");
        comes_back(entry, message.as_ref());
    }
}

/// The first byte chooses the message, the rest is the JSON.
pub(crate) fn messages_json(bytes: &[u8]) {
    let Some((entry, json)) = chosen(bytes) else {
        return;
    };
    let _ = Echo::of_json(json);
    if let Some(id) = request_id(entry) {
        let _ = Request::from_json(id, json);
    }
    if let Ok(message) = (entry.from_json)(json) {
        comes_back(entry, message.as_ref());
    }
}

/// Claims files of every kind and form. What is stored of a receipt is read as the same receipt again.
pub(crate) fn claims(bytes: &[u8]) {
    let Ok(mut reader) = ClaimsReader::open(bytes) else {
        return;
    };
    let table: PointTable = reader.header().table;
    while let Ok(Some(receipt)) = reader.next_receipt() {
        let refused = receipt.issues.iter().any(|issue| issue.severity == Severity::RowRefused);
        assert!(receipt.claim.is_some() || refused, "a receipt is neither read nor refused");
        let again = read_receipt(table, &receipt.source).unwrap();
        assert!(again.claim.is_some() == receipt.claim.is_some(), "a stored receipt is read as another");
        assert!(again.claim.map(|claim| claim.payers) == receipt.claim.map(|claim| claim.payers));
    }
}

/// Claims files in a ZIP: what was checked can be read.
pub(crate) fn packed_claims(bytes: &[u8]) {
    let Ok(packed) = packed_files(Cursor::new(bytes)) else {
        return;
    };
    for file in packed.files {
        let read = std::io::copy(&mut file.open(Cursor::new(bytes)).unwrap(), &mut std::io::sink()).unwrap();
        assert!(read == file.bytes, "a file of a ZIP changed while it was read");
    }
}

/// The list of insured persons.
pub(crate) fn coverage(bytes: &[u8]) {
    let _ = insured::read(bytes);
}

/// Code masters, packed or not.
pub(crate) fn masters(bytes: &[u8]) {
    let _ = code_masters::read(bytes);
}

/// The list of withdrawn receipts.
pub(crate) fn withdrawal(bytes: &[u8]) {
    let _ = withdrawn::read(bytes);
}

/// The list of prescriptions and dispensings.
pub(crate) fn prescriptions(bytes: &[u8]) {
    let _ = prescription::read(bytes);
}

/// The list of medical tickets.
pub(crate) fn tickets(bytes: &[u8]) {
    let _ = (ticket::is_list(bytes), ticket::read(bytes));
}

/// Check-up documents.
pub(crate) fn checkups(bytes: &[u8]) {
    let _ = checkup::read(bytes);
}

/// Files of check-ups: a document, or a package of them.
pub(crate) fn checkup_packages(bytes: &[u8]) {
    let _ = checkup::read_file(Cursor::new(bytes), |_, _, _| ());
}

fn chosen(bytes: &[u8]) -> Option<(&'static Entry, &[u8])> {
    let (place, rest) = bytes.split_first()?;
    Some((&CATALOGUE[usize::from(*place) % CATALOGUE.len()], rest))
}

fn request_id(entry: &Entry) -> Option<MessageId> {
    MessageId::parse(entry.name.strip_suffix("req")?)
}

/// XML and JSON of a message are read as the same message, in both character sets.
fn comes_back(entry: &Entry, message: &dyn Document) {
    let (xml, json) = (message.to_xml(CharacterCode::Utf8), message.to_json());
    let from_xml = (entry.from_xml)(&xml).unwrap();
    let from_json = (entry.from_json)(&json).unwrap();
    for again in [&from_xml, &from_json] {
        same(entry, &again.to_xml(CharacterCode::Utf8), &xml);
        same(entry, &again.to_json(), &json);
    }
    let shift_jis = message.to_xml(CharacterCode::ShiftJis);
    let again = (entry.from_xml)(&shift_jis).unwrap();
    same(entry, &again.to_xml(CharacterCode::ShiftJis), &shift_jis);
}

fn same(entry: &Entry, left: &[u8], right: &[u8]) {
    let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
    assert!(left == right, "{} does not come back:\n{left}\n{right}", entry.name);
}
