//! Receipts (レセプト): what they show, packed by the consent that it needs, and their raw bytes.
//!
//! Rows for viewing are read with a [`Consent`] only, and only what it covers leaves the database. Deliberately not here:
//! amounts of money and diagnoses; they stay in the raw bytes, which only ingestion reads. Receipts that come in files
//! are stored by [`crate::claim_part`]; this file stores single ones, which were attached to their persons later.

use madoguchi_model::{
    care::{Act, CareReceipt, CareSetting, Prescriber},
    consent::InformationKind,
    day::{Day, Month, Timestamp},
    id::{FileId, PersonId, ReceiptId},
    institution::InstitutionCode,
    insurance::NumberKey,
    release::Period,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Consent, Error, Result, Tx,
    claim_part::Whole,
    packing,
    sql::Sql,
    value::{Row, Value, values},
};

/// A receipt as it is taken from a claims file.
#[derive(Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// Whose it is.
    pub person: PersonId,
    /// The file that it came in.
    pub file: FileId,
    /// 請求年月.
    pub request_month: Month,
    /// レセプト種別, four digits.
    pub category: String,
    /// レセプト番号 within the file.
    pub receipt_number: String,
    /// 検索番号, if present.
    pub search_number: Option<String>,
    /// What it shows.
    pub care: CareReceipt,
    /// Its raw bytes, for deriving the rows again.
    pub source: Vec<u8>,
}

/// What tells a stored receipt from another of the same person, month and institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptIdentity {
    /// Identity.
    pub id: ReceiptId,
    /// The file that it came in.
    pub file: FileId,
    /// 診療年月.
    pub care_month: Month,
    /// 請求年月.
    pub request_month: Month,
    /// 入外等.
    pub setting: CareSetting,
    /// レセプト種別.
    pub category: String,
    /// レセプト番号.
    pub receipt_number: String,
    /// 検索番号.
    pub search_number: Option<String>,
    /// Whether it was taken back (取下げ) without another in its place: it is shown no more, and neither is an older one.
    pub is_withdrawn: bool,
}

/// A receipt whose person could not be told; kept until the insurer registers the person.
#[derive(Clone, PartialEq, Eq)]
pub struct UnattachedReceipt {
    /// Identity; it stays when the person is found.
    pub id: ReceiptId,
    /// Which institution sent it.
    pub institution: InstitutionCode,
    /// The file that it came in.
    pub file: FileId,
    /// 請求年月.
    pub request_month: Month,
    /// 診療年月.
    pub care_month: Month,
    /// Why it is not attached, as a word.
    pub reason: String,
    /// Key of the numbers on it.
    pub number_key: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Its raw bytes.
    pub source: Vec<u8>,
}

/// A stored receipt that is taken out of force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose it is.
    pub person: PersonId,
    /// 診療年月.
    pub care_month: Month,
    /// Which one.
    pub receipt: ReceiptId,
    /// The one that replaces it; `None` when it was withdrawn (取下げ).
    pub by: Option<ReceiptId>,
}

/// So often a view is asked again because a file became whole meanwhile.
const ASKED_MAX: u32 = 5;

/// 受診歴 and 診療情報 of a receipt as they are packed.
#[derive(Serialize)]
struct VisitsAndCare<'a> {
    days: &'a [Day],
    acts: &'a [Act],
}

/// The same as it is read.
#[derive(Default, Deserialize)]
struct StoredVisitsAndCare {
    days: Vec<Day>,
    acts: Vec<Act>,
}

const OF_MONTH: Sql = Sql::by_person(
    "SELECT receipt_id, file_id, care_month, request_month, setting, category, receipt_number, search_number, ended_at
     FROM receipts
     WHERE person_id = $1 AND care_month = $2 AND institution_code = $3 AND (ended_at IS NULL OR ended_by IS NULL)
     ORDER BY receipt_id",
);

impl Tx {
    /// What the person's receipts of these months show of the kinds that the consent covers, the newest month first. A
    /// receipt that shows nothing of them is left out; 受診歴 (also of a receipt without rows) belongs to 診療情報. Those
    /// of a file that was not whole when the question began are left out too; when one becomes whole meanwhile, what it
    /// replaces is gone already, so the question is asked again. Three statements.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when a stored receipt can't be read; [`crate::Error::Busy`] when files became whole all
    /// the while.
    pub async fn care_receipts(&mut self, consent: &Consent, period: Period) -> Result<Vec<CareReceipt>> {
        for _ in 0..ASKED_MAX {
            if let Some(receipts) = self.care_receipts_at_once(consent, period).await? {
                return Ok(receipts);
            }
        }
        Err(Error::Busy("claims are being taken"))
    }

    /// `None` when one of their files became whole meanwhile.
    async fn care_receipts_at_once(&mut self, consent: &Consent, period: Period) -> Result<Option<Vec<CareReceipt>>> {
        const SQL: Sql = Sql::by_person(
            "SELECT receipt_id, care_month, setting, institution_code, institution_name, prescriber_code,
                 prescriber_name, CASE WHEN CAST($1 AS BIGINT) = 1 THEN visits_and_care END,
                 CASE WHEN CAST($2 AS BIGINT) = 1 THEN medication END,
                 CASE WHEN CAST($3 AS BIGINT) = 1 THEN surgery END, file_id
             FROM receipts WHERE person_id = $4 AND care_month BETWEEN $5 AND $6 AND ended_at IS NULL
             ORDER BY care_month DESC, institution_code, receipt_id",
        );
        let care = consent.covers(InformationKind::MedicalCare);
        let parameters = values![
            care,
            consent.covers(InformationKind::Medication),
            consent.covers(InformationKind::Surgery),
            consent.person(),
            period.from,
            period.to,
        ];
        let last_whole = self.last_whole().await?;
        let read = |row: &Row<'_>| Ok((row.id(10, FileId::from_bytes)?, care_receipt(row)?));
        let mut receipts = self.rows(SQL, &parameters, read).await?;
        receipts.retain(|(_, receipt)| care || !receipt.medications.is_empty() || !receipt.operations.is_empty());
        if !receipts.is_empty() {
            let unfinished = self.files_not_whole_since(last_whole).await?;
            if receipts.iter().any(|(file, _)| unfinished.get(file) == Some(&Whole::Meanwhile)) {
                return Ok(None);
            }
            receipts.retain(|(file, _)| !unfinished.contains_key(file));
        }
        Ok(Some(receipts.into_iter().map(|(_, receipt)| receipt).collect()))
    }

    /// How many receipts of a person can be read, for the proof that a restored store can be; nothing of them is told.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one can't be read.
    pub(crate) async fn readable_receipts(&mut self, person: PersonId) -> Result<u64> {
        const SQL: Sql = Sql::by_person(
            "SELECT receipt_id, care_month, setting, institution_code, institution_name, prescriber_code,
                 prescriber_name, visits_and_care, medication, surgery
             FROM receipts WHERE person_id = $1",
        );
        Ok(self.rows(SQL, &values![person], care_receipt).await?.len() as u64)
    }

    /// The receipts in force of a person for a care month at an institution: to find the one that a new one replaces.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn receipts_of_month(
        &mut self,
        person: PersonId,
        care_month: Month,
        institution: &InstitutionCode,
    ) -> Result<Vec<ReceiptIdentity>> {
        let mut receipts = self.rows(OF_MONTH, &values![person, care_month, institution], receipt_identity).await?;
        receipts.retain(|receipt| !receipt.is_withdrawn);
        Ok(receipts)
    }

    /// The same for many persons and months, in their order, and those that were taken back.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn receipts_of_each(
        &mut self,
        months: &[(PersonId, Month)],
        institution: &InstitutionCode,
    ) -> Result<Vec<Vec<ReceiptIdentity>>> {
        let sets: Vec<Vec<Value>> =
            months.iter().map(|(person, care_month)| values![*person, *care_month, institution].into()).collect();
        self.rows_each(OF_MONTH, &sets, receipt_identity).await
    }

    /// Stores single receipts with what they show and their raw bytes.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] when one has an id that exists.
    pub async fn insert_receipts(&mut self, receipts: &[NewReceipt]) -> Result<()> {
        const SOURCE: Sql = Sql::by_person(
            "INSERT INTO receipt_sources (person_id, care_month, receipt_id, source) VALUES ($1, $2, $3, $4)",
        );
        let rows = receipts.iter().map(|receipt| receipt_row(receipt, None)).collect::<Result<Vec<_>>>()?;
        let source = |receipt: &NewReceipt| -> Vec<Value> {
            values![receipt.person, receipt.care.month, receipt.care.receipt, receipt.source.as_slice()].into()
        };
        self.execute_each(RECEIPT, &rows).await?;
        self.execute_each(SOURCE, &receipts.iter().map(source).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Takes receipts out of force; says how many were in it.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn end_receipts(&mut self, ended: &[Ended], now: Timestamp) -> Result<u64> {
        const SQL: Sql = Sql::by_person(
            "UPDATE receipts SET ended_at = $1, ended_by = $2
             WHERE person_id = $3 AND care_month = $4 AND receipt_id = $5 AND ended_at IS NULL",
        );
        let set = |ended: &Ended| -> Vec<Value> {
            let Ended { person, care_month, receipt, by } = *ended;
            values![now, by, person, care_month, receipt].into()
        };
        self.execute_each(SQL, &ended.iter().map(set).collect::<Vec<_>>()).await
    }

    /// The raw bytes of a receipt, for deriving its rows again. Never for a request of an institution. Two statements.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when they can't be read.
    pub async fn receipt_source(
        &mut self,
        person: PersonId,
        care_month: Month,
        id: ReceiptId,
    ) -> Result<Option<Vec<u8>>> {
        const PLACE: Sql = Sql::by_person(
            "SELECT institution_code, file_id, source_part, source_place FROM receipts
             WHERE person_id = $1 AND care_month = $2 AND receipt_id = $3",
        );
        const ALONE: Sql = Sql::by_person(
            "SELECT source FROM receipt_sources WHERE person_id = $1 AND care_month = $2 AND receipt_id = $3",
        );
        let key = values![person, care_month, id];
        let place = |row: &Row<'_>| {
            let part = row.opt_int(2)?.zip(row.opt_int(3)?);
            Ok((row.institution(0)?, row.id(1, FileId::from_bytes)?, part))
        };
        match self.row(PLACE, &key, place).await? {
            Some((institution, file, Some((part, place)))) => {
                self.source_in_part(&institution, file, part, place).await
            }
            Some((_, _, None)) => self.row(ALONE, &key, |row| Ok(row.blob(0)?.to_vec())).await,
            None => Ok(None),
        }
    }

    /// Removes all receipts of care months before this one, with their raw bytes: their time is over. How many.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_receipts_before(&mut self, care_month: Month) -> Result<u64> {
        const RECEIPTS: Sql = Sql::report("DELETE FROM receipts WHERE care_month < $1");
        const SOURCES: Sql = Sql::report("DELETE FROM receipt_sources WHERE care_month < $1");
        const PARTS: Sql = Sql::report("DELETE FROM claim_sources WHERE care_month < $1");
        self.execute(SOURCES, &values![care_month]).await?;
        self.execute(PARTS, &values![care_month]).await?;
        self.execute(RECEIPTS, &values![care_month]).await
    }

    /// Keeps receipts whose persons could not be told.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] when one has an id that exists.
    pub async fn insert_unattached(&mut self, receipts: &[UnattachedReceipt]) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO unattached_receipts (institution_code, receipt_id, file_id, request_month, care_month, reason,
                 number_key, taken_at, source)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        );
        let set = |receipt: &UnattachedReceipt| -> Vec<Value> {
            values![
                &receipt.institution,
                receipt.id,
                receipt.file,
                receipt.request_month,
                receipt.care_month,
                &receipt.reason,
                &receipt.number_key,
                receipt.taken_at,
                receipt.source.as_slice(),
            ]
            .into()
        };
        self.execute_each(SQL, &receipts.iter().map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Unattached receipts with these numbers, wherever they came from: to try again when a person is registered.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn unattached_with_numbers(&mut self, keys: &[NumberKey], limit: u32) -> Result<Vec<UnattachedReceipt>> {
        const SQL: Sql = Sql::report(
            "SELECT receipt_id, institution_code, file_id, request_month, care_month, reason, number_key, taken_at,
                 source
             FROM unattached_receipts WHERE number_key = $1 ORDER BY receipt_id LIMIT $2",
        );
        let sets: Vec<Vec<Value>> = keys.iter().map(|key| values![key.as_str(), limit].into()).collect();
        Ok(self.rows_each(SQL, &sets, unattached).await?.into_iter().flatten().collect())
    }

    /// Removes an unattached receipt, because its person was found or its time is over; `false` when there is none.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn remove_unattached(&mut self, institution: &InstitutionCode, id: ReceiptId) -> Result<bool> {
        const SQL: Sql = Sql::by_key("DELETE FROM unattached_receipts WHERE institution_code = $1 AND receipt_id = $2");
        Ok(self.execute(SQL, &values![institution, id]).await? > 0)
    }

    /// How many receipts are in force, and how many are unattached. Reads everything: for operators.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn count_receipts(&mut self) -> Result<(i64, i64)> {
        const IN_FORCE: Sql = Sql::report("SELECT count(*) FROM receipts WHERE ended_at IS NULL");
        const UNATTACHED: Sql = Sql::report("SELECT count(*) FROM unattached_receipts");
        let in_force = self.row(IN_FORCE, &[], |row| row.int(0)).await?;
        let unattached = self.row(UNATTACHED, &[], |row| row.int(0)).await?;
        Ok((in_force.unwrap_or(0), unattached.unwrap_or(0)))
    }
}

/// A receipt with everything that is kept of it but its raw bytes.
pub(crate) const RECEIPT: Sql = Sql::by_person(
    "INSERT INTO receipts (person_id, care_month, receipt_id, institution_code, institution_name, setting,
         prescriber_code, prescriber_name, file_id, request_month, category, receipt_number, search_number,
         visits_and_care, medication, surgery, source_part, source_place)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
);

/// The row of a receipt; `place` says in which part of its file its raw bytes are, and where in it.
pub(crate) fn receipt_row(receipt: &NewReceipt, place: Option<(i64, i64)>) -> Result<Vec<Value>> {
    let CareReceipt { receipt: id, month, setting, institution, institution_name, prescriber, .. } = &receipt.care;
    let shows_care = !receipt.care.visit_days.is_empty() || !receipt.care.acts.is_empty();
    let care = VisitsAndCare { days: &receipt.care.visit_days, acts: &receipt.care.acts };
    Ok(values![
        receipt.person,
        *month,
        *id,
        institution,
        institution_name,
        setting.code(),
        prescriber.as_ref().map(|prescriber| &prescriber.code),
        prescriber.as_ref().map(|prescriber| &prescriber.name),
        receipt.file,
        receipt.request_month,
        &receipt.category,
        &receipt.receipt_number,
        receipt.search_number.as_ref(),
        packed("visits_and_care", shows_care, &care)?,
        packed("medication", !receipt.care.medications.is_empty(), &receipt.care.medications)?,
        packed("surgery", !receipt.care.operations.is_empty(), &receipt.care.operations)?,
        place.map(|(part, _)| part),
        place.map(|(_, place)| place),
    ]
    .into())
}

/// Nothing to show takes no room.
fn packed(column: &str, shows_any: bool, rows: &impl Serialize) -> Result<Option<Vec<u8>>> {
    shows_any.then(|| packing::pack(column, rows)).transpose()
}

fn unpacked<T: DeserializeOwned + Default>(row: &Row<'_>, index: usize) -> Result<T> {
    let Some(stored) = row.opt_blob(index)? else { return Ok(T::default()) };
    packing::unpack(stored).map_err(|error| row.broken(index, &error))
}

fn care_receipt(row: &Row<'_>) -> Result<CareReceipt> {
    let code = row.opt_string(5)?;
    let name = row.opt_string(6)?;
    let prescriber = code.map(|code| Prescriber { code, name: name.unwrap_or_default() });
    let StoredVisitsAndCare { days: visit_days, acts } = unpacked(row, 7)?;
    Ok(CareReceipt {
        receipt: row.id(0, ReceiptId::from_bytes)?,
        month: row.month(1)?,
        setting: row.known(2, CareSetting::from_code(row.text(2)?))?,
        institution: row.institution(3)?,
        institution_name: row.string(4)?,
        prescriber,
        visit_days,
        acts,
        medications: unpacked(row, 8)?,
        operations: unpacked(row, 9)?,
    })
}

fn receipt_identity(row: &Row<'_>) -> Result<ReceiptIdentity> {
    Ok(ReceiptIdentity {
        id: row.id(0, ReceiptId::from_bytes)?,
        file: row.id(1, FileId::from_bytes)?,
        care_month: row.month(2)?,
        request_month: row.month(3)?,
        setting: row.known(4, CareSetting::from_code(row.text(4)?))?,
        category: row.string(5)?,
        receipt_number: row.string(6)?,
        search_number: row.opt_string(7)?,
        is_withdrawn: row.opt_int(8)?.is_some(),
    })
}

fn unattached(row: &Row<'_>) -> Result<UnattachedReceipt> {
    Ok(UnattachedReceipt {
        id: row.id(0, ReceiptId::from_bytes)?,
        institution: row.institution(1)?,
        file: row.id(2, FileId::from_bytes)?,
        request_month: row.month(3)?,
        care_month: row.month(4)?,
        reason: row.string(5)?,
        number_key: row.string(6)?,
        taken_at: row.instant(7)?,
        source: row.blob(8)?.to_vec(),
    })
}
