//! Cards of synthetic people for consents in numbers: one JSON object a line, made by `madoguchi load cards`.
//!
//! The start page of a demo lists its own cards; those here stay out of it.

use crate::fault::LoadFault;
use crate::target::Target;
use madoguchi_trust::{UnlockedCard, VirtualCard};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// A card is 2 KiB.
const LINE_BYTES_MAX: u64 = 64 * 1024;
const CARDS_MAX: usize = 1_000_000;

/// A card with what its holder is asked for by.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadCard {
    /// The card.
    pub card: VirtualCard,
    /// 保険者番号, eight digits.
    pub insurer_number: String,
    /// 記号.
    pub symbol: String,
    /// 番号.
    pub number: String,
    /// 枝番.
    pub branch: String,
    /// 生年月日, YYYYMMDD.
    pub birthdate: String,
}

/// Someone who may come to the reader.
pub(crate) struct Holder {
    pub(crate) card: UnlockedCard,
    /// As in [`crate::People`].
    pub(crate) line: Box<str>,
}

/// Writes cards, readable for the owner only: the keys lie open in them.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write_cards(path: &Path, cards: impl Iterator<Item = LoadCard>) -> Result<(), LoadFault> {
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = BufWriter::new(options.open(path)?);
        for card in cards {
            serde_json::to_writer(&mut file, &card)?;
            file.write_all(b"\n")?;
        }
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    write().map_err(|error| LoadFault::file(path, error))
}

/// The holders of the target's own cards and of a file of cards.
pub(crate) fn holders(target: &Target, more: Option<&Path>) -> Result<Vec<Holder>, LoadFault> {
    let mut holders = Vec::new();
    for card in target.cards.iter().filter(|card| !card.number.is_empty()) {
        let path = target.directory.join("cards").join(format!("{}.json", card.id));
        let opened = VirtualCard::load(&path).and_then(|card| card.open_by_reader());
        let opened = opened.map_err(|error| LoadFault::Machine(error.to_string()))?;
        let numbers = [&card.insurer_number, &card.symbol, &card.number, &card.branch, &card.birthdate];
        holders.push(holder(opened, numbers));
    }
    if let Some(path) = more {
        read(path, &mut holders)?;
    }
    Ok(holders)
}

fn read(path: &Path, holders: &mut Vec<Holder>) -> Result<(), LoadFault> {
    let mut file = BufReader::new(File::open(path).map_err(|error| LoadFault::file(path, error))?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = file.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(|error| LoadFault::file(path, error))? == 0 {
            break;
        }
        let wrong = || LoadFault::file(path, format!("{number}行目をカードとして読めません。作り直してください"));
        let card: LoadCard = serde_json::from_slice(&line).map_err(|_| wrong())?;
        let opened = card.card.open_by_reader().map_err(|_| wrong())?;
        holders.push(holder(opened, [&card.insurer_number, &card.symbol, &card.number, &card.branch, &card.birthdate]));
        if holders.len() > CARDS_MAX {
            return Err(LoadFault::file(path, format!("カードは{CARDS_MAX}枚以内にしてください")));
        }
    }
    Ok(())
}

fn holder(card: UnlockedCard, numbers: [&String; 5]) -> Holder {
    Holder { card, line: numbers.map(String::as_str).join("\t").into() }
}
