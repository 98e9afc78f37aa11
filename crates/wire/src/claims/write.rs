//! Writing claims files: records to Shift_JIS lines as senders write them.
//!
//! [`Record`] sets fields by their numbers in the specification; [`ClaimsWriter`] frames a file
//! (IR or YK, receipts, GO with its totals, end byte). Characters that Shift_JIS lacks become ？.

use super::{Header, PointTable};
use madoguchi_model::claim::{Body, Claim, Item, ItemKind, Payer, PayerKind, Prescription};
use madoguchi_model::day::Day;
use madoguchi_model::person::Sex;
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
    /// Begins a file with its IR or YK record.
    ///
    /// # Errors
    /// What the output answers.
    pub fn begin(out: W, header: &Header) -> io::Result<Self> {
        let code = header.institution.as_str();
        let record = match header.table {
            PointTable::Medical => {
                Record::new("IR", 9).set(6, &header.name).set(7, header.request_month).set(8, &header.volume)
            }
            PointTable::Pharmacy => {
                Record::new("YK", 8).set(5, &header.name).set(6, header.request_month).set(7, &header.volume)
            }
        };
        let record = record.set(1, &header.reviewer).set(2, &code[..2]).set(3, &code[2..3]).set(4, &code[3..]);
        let mut writer = Self { out, table: header.table, payers: 0, points: 0 };
        writer.record(&record)?;
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
        for record in records(claim, self.table) {
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

fn records(claim: &Claim, table: PointTable) -> Vec<Record> {
    let mut records = vec![common(claim, table)];
    records.extend(claim.payers.iter().map(|payer| payer_record(payer, table)));
    records.extend(claim.payers.iter().filter_map(confirmation));
    if !claim.visit_days.is_empty() {
        let visits = Record::new("JD", 32).set(1, "1");
        records.push(claim.visit_days.iter().fold(visits, |record, day| record.set(1 + usize::from(*day), "1")));
    }
    match &claim.body {
        Body::Medical(items) => {
            let ends_unit = |place: usize| items[place + 1..].iter().find(|item| item.kind != ItemKind::Comment);
            let mut before: Option<&Item> = None;
            for (place, item) in items.iter().enumerate() {
                let inherited = before.is_some_and(|before| before.unit == item.unit);
                let last = ends_unit(place).is_none_or(|next| next.unit != item.unit);
                records.push(item_record(item, inherited, last));
                before = Some(item);
            }
        }
        Body::Pharmacy { prescriptions, .. } => {
            for (place, prescription) in prescriptions.iter().enumerate() {
                records.extend(prescription_records(place + 1, prescription));
            }
        }
    }
    records
}

fn common(claim: &Claim, table: PointTable) -> Record {
    let (fields, search_number, kana) = match table {
        PointTable::Medical => (37, 18, 36),
        PointTable::Pharmacy => (41, 37, 41),
    };
    let sex = if claim.patient.sex == Sex::Unset { String::new() } else { claim.patient.sex.number().to_string() };
    let mut record = Record::new("RE", fields)
        .set(1, &claim.number)
        .set(2, claim.category)
        .set(3, claim.month)
        .set(4, &claim.patient.name)
        .set(5, sex)
        .set(6, claim.patient.birthdate)
        .set(search_number, claim.search_number.as_deref().unwrap_or_default())
        .set(kana, &claim.patient.kana);
    if let Some(prescriber) = claim.prescriber() {
        let part = |from: usize, to: usize| prescriber.code.get(from..to).unwrap_or_default();
        record = record.set(9, part(0, 2)).set(10, part(2, 3)).set(11, part(3, 10)).set(12, &prescriber.name);
    }
    record
}

fn payer_record(payer: &Payer, table: PointTable) -> Record {
    let points = payer.points.map(|points| points.to_string()).unwrap_or_default();
    match (payer.kind, table) {
        (PayerKind::Insurance, _) => Record::new("HO", if table == PointTable::Medical { 14 } else { 13 })
            .set(2, &payer.symbol)
            .set(3, &payer.number),
        (PayerKind::PublicExpense(_), PointTable::Medical) => Record::new("KO", 11).set(2, &payer.number),
        (PayerKind::PublicExpense(_), PointTable::Pharmacy) => Record::new("KO", 9).set(2, &payer.number),
    }
    .set(1, &payer.insurer)
    .set(5, points)
}

fn confirmation(payer: &Payer) -> Option<Record> {
    let place = match payer.kind {
        PayerKind::Insurance => 1,
        PayerKind::PublicExpense(number) => number + 1,
    };
    let said = !payer.confirmation.is_empty() || !payer.branch.is_empty();
    said.then(|| Record::new("SN", 8).set(1, place).set(2, &payer.confirmation).set(6, &payer.branch))
}

/// The last record of a unit carries points; what they are is not known to the model, so 0.
fn item_record(item: &Item, inherited: bool, last: bool) -> Record {
    let (kind, fields, comments, days) = match item.kind {
        ItemKind::Act => ("SI", 43, 7, 13),
        ItemKind::Drug => ("IY", 43, 7, 13),
        ItemKind::Material => ("TO", 47, 11, 17),
        ItemKind::Comment => {
            let class = if inherited { String::new() } else { format!("{:02}", item.class) };
            return Record::new("CO", 4).set(1, class).set(2, "1").set(3, &item.code).set(4, &item.text);
        }
    };
    let mut record = Record::new(kind, fields)
        .set(1, if inherited { String::new() } else { format!("{:02}", item.class) })
        .set(2, "1")
        .set(3, &item.code)
        .set(4, item.quantity.map(|amount| amount.to_string()).unwrap_or_default())
        .set(5, if last { "0" } else { "" })
        .set(6, item.times.map(|times| times.to_string()).unwrap_or_default());
    for (place, (code, text)) in item.comments.iter().take(3).enumerate() {
        record = record.set(comments + 2 * place, code).set(comments + 2 * place + 1, text);
    }
    item.days.iter().fold(record, |record, (day, count)| record.set(days + usize::from(*day) - 1, count))
}

fn prescription_records(number: usize, prescription: &Prescription) -> Vec<Record> {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let amount = |amount: Option<madoguchi_model::care::Amount>| amount.map(|it| it.to_string()).unwrap_or_default();
    let mut records = vec![
        Record::new("SH", 9)
            .set(1, format!("{number:02}"))
            .set(2, prescription.form)
            .set(3, &prescription.usage_code)
            .set(4, &prescription.instruction),
    ];
    for dispensing in &prescription.dispensings {
        let record = Record::new("CZ", 70)
            .set(1, "1")
            .set(2, day(dispensing.prescribed_on))
            .set(3, day(dispensing.dispensed_on))
            .set(4, "1")
            .set(5, dispensing.count);
        records.push(record);
    }
    for drug in &prescription.drugs {
        let record = Record::new("IY", 9).set(1, "1").set(2, &drug.code).set(3, amount(drug.quantity));
        records.push(record.set(9, amount(drug.dose)));
    }
    records
}
