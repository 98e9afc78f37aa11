//! Writing claims files: records to Shift_JIS lines as senders write them.
//!
//! [`Record`] sets fields by their numbers in the specification; [`ClaimsWriter`] frames a file
//! (its head, receipts, GO with its totals, end byte). Characters that Shift_JIS lacks become ？.

mod records;

use super::{Header, PointTable};
use madoguchi_model::claim::{Claim, PayerKind};
use std::io::{self, Write};

/// What senders write for a character that they can't.
const REPLACEMENT: &[u8] = b"\x81\x48";

/// One record while it is filled (レコード).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    fields: Vec<String>,
}

/// Writes one claims file.
pub struct ClaimsWriter<W> {
    out: W,
    table: PointTable,
    payers: u64,
    points: i64,
}

impl Record {
    /// A record of this kind with so many empty fields after it.
    #[must_use]
    pub fn new(kind: &str, fields: usize) -> Self {
        let mut all = vec![String::new(); fields + 1];
        kind.clone_into(&mut all[0]);
        Self { fields: all }
    }

    /// Sets the field of this number; grows the record where it is too short. Commas and line ends,
    /// which the format can't carry, become ？.
    #[must_use]
    pub fn set(mut self, field: usize, value: impl ToString) -> Self {
        if self.fields.len() <= field {
            self.fields.resize(field + 1, String::new());
        }
        self.fields[field] = value.to_string().replace([',', '\r', '\n', '\u{1a}', '"'], "？");
        self
    }

    /// The line with its CR LF.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut line = shift_jis(&self.fields.join(","));
        line.extend_from_slice(b"\r\n");
        line
    }
}

/// Text as CP932; what it can't write becomes a full-width ？.
#[must_use]
pub fn shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(text);
    if !unmappable {
        return bytes.into_owned();
    }
    let mut all = Vec::with_capacity(text.len());
    for character in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(character.encode_utf8(&mut buffer));
        all.extend_from_slice(if unmappable { REPLACEMENT } else { &bytes });
    }
    all
}

impl<W: Write> ClaimsWriter<W> {
    /// Begins a file with its IR or YK record; one of 歯科 with UK before it.
    ///
    /// # Errors
    /// What the output answers.
    pub fn begin(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { out, table: header.table, payers: 0, points: 0 };
        let code = header.institution.as_str();
        let begun = |kind: &str, fields: usize| {
            let record = Record::new(kind, fields).set(1, &header.reviewer);
            record.set(2, &code[..2]).set(3, &code[2..3]).set(4, &code[3..])
        };
        let (name, month, volume) = (&header.name, header.request_month, &header.volume);
        match header.table {
            PointTable::Medical => writer.record(&begun("IR", 9).set(6, name).set(7, month).set(8, volume))?,
            PointTable::Dental => {
                writer.record(&begun("UK", 9).set(6, name).set(7, month).set(9, volume))?;
                writer.record(&begun("IR", 8).set(6, month))?;
            }
            PointTable::Pharmacy => writer.record(&begun("YK", 8).set(5, name).set(6, month).set(7, volume))?,
        }
        Ok(writer)
    }

    /// Writes any record as it is; payers and points of its own HO and KO must be told to [`Self::count`].
    ///
    /// # Errors
    /// What the output answers.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.out.write_all(&record.to_bytes())
    }

    /// Adds to the totals of GO: payers, and the points of the main one.
    pub fn count(&mut self, payers: u64, points: i64) {
        self.payers += payers;
        self.points += points;
    }

    /// Writes a whole receipt.
    ///
    /// # Errors
    /// What the output answers.
    pub fn claim(&mut self, claim: &Claim) -> io::Result<()> {
        for record in records::of(claim, self.table) {
            self.record(&record)?;
        }
        let main =
            claim.payers.iter().find(|payer| payer.kind == PayerKind::Insurance).or_else(|| claim.payers.first());
        self.count(claim.payers.len() as u64, main.and_then(|payer| payer.points).unwrap_or(0));
        Ok(())
    }

    /// Ends the file with GO and the end byte.
    ///
    /// # Errors
    /// What the output answers.
    pub fn finish(mut self) -> io::Result<W> {
        let record = Record::new("GO", 3).set(1, self.payers).set(2, self.points).set(3, "99");
        self.record(&record)?;
        self.out.write_all(b"\x1a")?;
        self.out.flush()?;
        Ok(self.out)
    }
}
