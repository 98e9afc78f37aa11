//! A claims file as it comes in: its receipts in parts, each packed before the transaction that stores it.
//!
//! A small file is one or two parts and is stored in one transaction. A large one is stored part by part, so that nobody
//! waits long for the store, and shows nothing before [`Tx::finish_file`]; what a broken-off file has left is taken back
//! by [`Tx::take_back_part`]. All receipts of a part are of one care month, so that their raw bytes go when they go.

use std::collections::BTreeMap;

use madoguchi_model::{
    day::{Month, Timestamp},
    id::{FileId, PersonId, ReceiptId},
    institution::InstitutionCode,
};

use crate::{
    Error, Result, Tx, packing,
    receipt::{NewReceipt, RECEIPT, receipt_row},
    sql::Sql,
    value::{Row, Value, values},
};

/// Receipts of one file and one care month, packed and in the order of their persons.
pub struct Part {
    institution: InstitutionCode,
    file: FileId,
    number: i64,
    care_month: Month,
    /// Sixteen bytes of the person and sixteen of the receipt, for each.
    receipts: Vec<u8>,
    rows: Vec<Vec<Value>>,
    source: Vec<u8>,
}

/// A file of which not all is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUnderWay {
    /// The file.
    pub file: FileId,
    /// Who sent it.
    pub institution: InstitutionCode,
    /// When its first part was stored.
    pub begun_at: Timestamp,
}

/// How a file that came in several transactions stands when a question ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Not all of it is there.
    NotYet,
    /// It became whole while the question was asked.
    Meanwhile,
}

/// `finished_at` of a file that is not whole.
const NOT_YET: i64 = i64::MAX;
/// Bytes of the two ids of a receipt under way.
const IDS: usize = 32;
/// A finished file's row stays so long for those who began to read before it was finished.
const FINISHED_FOR: i64 = 600;

impl Part {
    /// Packs receipts of one care month; `number` tells the part from others of the file, and its receipts keep their raw
    /// bytes in the part's. Takes no transaction: this is the work that many threads can share.
    ///
    /// # Errors
    /// When rows can't be packed.
    pub fn new(file: FileId, number: u32, mut receipts: Vec<NewReceipt>) -> Result<Option<Self>> {
        let Some(first) = receipts.first() else { return Ok(None) };
        let (institution, care_month) = (first.care.institution.clone(), first.care.month);
        // Neighbours in the store are stored one after the other.
        receipts.sort_by_key(|receipt| (receipt.person, receipt.care.receipt));
        let number = i64::from(number);
        let (mut ids, mut rows) = (Vec::with_capacity(receipts.len() * IDS), Vec::with_capacity(receipts.len()));
        for (place, receipt) in (0_i64..).zip(&receipts) {
            if receipt.care.month != care_month || receipt.care.institution != institution {
                return Err(Error::corrupt("receipts", "care_month", "of a new part", "must be the same in a part"));
            }
            ids.extend(receipt.person.as_bytes());
            ids.extend(receipt.care.receipt.as_bytes());
            rows.push(receipt_row(receipt, Some((number, place)))?);
        }
        let source = packing::pack_bytes(&joined(receipts.iter().map(|receipt| receipt.source.as_slice())))?;
        Ok(Some(Self { institution, file, number, care_month, receipts: ids, rows, source }))
    }
}

impl Tx {
    /// Stores parts with their raw bytes.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a receipt of them is there already.
    pub async fn insert_parts(&mut self, parts: &[Part]) -> Result<()> {
        const SOURCE: Sql = Sql::by_key(
            "INSERT INTO claim_sources (institution_code, file_id, part, care_month, source) VALUES ($1, $2, $3, $4, $5)",
        );
        let rows: Vec<_> = parts.iter().flat_map(|part| &part.rows).map(Vec::as_slice).collect();
        self.load(RECEIPT, &rows).await?;
        let source = |part: &Part| -> Vec<Value> {
            values![&part.institution, part.file, part.number, part.care_month, part.source.as_slice()].into()
        };
        let sources: Vec<_> = parts.iter().map(source).collect();
        self.load(SOURCE, &sources.iter().map(Vec::as_slice).collect::<Vec<_>>()).await
    }

    /// Reads the places where the receipts and raw bytes of parts will be stored, so that the write, for which others wait,
    /// finds these pages in memory.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn read_ahead(&mut self, parts: &[Part]) -> Result<()> {
        const RECEIPT: Sql =
            Sql::by_person("SELECT 1 FROM receipts WHERE person_id = $1 AND care_month = $2 AND receipt_id = $3");
        const SOURCE: Sql =
            Sql::by_key("SELECT 1 FROM claim_sources WHERE institution_code = $1 AND file_id = $2 AND part = $3");
        for part in parts {
            // Their first three columns are their key.
            let keys: Vec<Vec<_>> = part.rows.iter().map(|row| row.iter().take(3).cloned().collect()).collect();
            self.rows_each(RECEIPT, &keys, |row| row.int(0)).await?;
            self.row(SOURCE, &values![&part.institution, part.file, part.number], |row| row.int(0)).await?;
        }
        Ok(())
    }

    /// Notes that a file will be stored in several transactions: it is not shown before [`Tx::finish_file`].
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn begin_file(&mut self, institution: &InstitutionCode, file: FileId, now: Timestamp) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO files_under_way (file_id, institution_code, begun_at, finished_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (file_id) DO UPDATE SET finished_at = excluded.finished_at",
        );
        self.execute(SQL, &values![file, institution, now, NOT_YET]).await.map(drop)
    }

    /// Stores parts of one file that was begun.
    ///
    /// # Errors
    /// As [`Tx::insert_parts`]; also [`Error::Conflict`] when another process took the file back meanwhile.
    pub async fn insert_parts_under_way(&mut self, parts: &[Part]) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO parts_under_way (institution_code, file_id, part, care_month, receipts)
             VALUES ($1, $2, $3, $4, $5)",
        );
        const UNDER_WAY: Sql =
            Sql::reference("SELECT begun_at FROM files_under_way WHERE file_id = $1 AND finished_at = $2");
        let Some(first) = parts.first() else { return Ok(()) };
        if self.row(UNDER_WAY, &values![first.file, NOT_YET], |row| row.int(0)).await?.is_none() {
            return Err(taken_back());
        }
        for part in parts {
            let ids = part.receipts.as_slice();
            self.execute(SQL, &values![&part.institution, part.file, part.number, part.care_month, ids]).await?;
        }
        self.insert_parts(parts).await
    }

    /// Notes that a file which was stored in several transactions, with so many parts before this one, is whole: from now
    /// on its receipts are shown.
    ///
    /// # Errors
    /// [`Error::Conflict`] when parts are missing, because another process took the file back meanwhile.
    pub async fn finish_file(
        &mut self,
        institution: &InstitutionCode,
        file: FileId,
        parts: u64,
        now: Timestamp,
    ) -> Result<()> {
        const FINISH: Sql =
            Sql::reference("UPDATE files_under_way SET finished_at = $1 WHERE file_id = $2 AND finished_at = $3");
        const FORGET: Sql = Sql::by_key("DELETE FROM parts_under_way WHERE institution_code = $1 AND file_id = $2");
        const TIDY: Sql = Sql::reference("DELETE FROM files_under_way WHERE finished_at < $1");
        // Later than every other file, whatever the clocks of the machines say.
        let finished_at = now.micros().max(self.last_whole().await? + 1);
        let finished = self.execute(FINISH, &values![finished_at, file, NOT_YET]).await?;
        let stored = self.execute(FORGET, &values![institution, file]).await?;
        if (finished, stored) != (1, parts) {
            return Err(taken_back());
        }
        self.execute(TIDY, &values![now.plus_seconds(-FINISHED_FOR)]).await.map(drop)
    }

    /// Files whose ingestion is under way, or was broken off.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn files_under_way(&mut self) -> Result<Vec<FileUnderWay>> {
        const SQL: Sql = Sql::reference(
            "SELECT file_id, institution_code, begun_at FROM files_under_way WHERE finished_at = $1
             ORDER BY begun_at, file_id",
        );
        let read = |row: &Row<'_>| {
            let file = row.id(0, FileId::from_bytes)?;
            Ok(FileUnderWay { file, institution: row.institution(1)?, begun_at: row.instant(2)? })
        };
        self.rows(SQL, &values![NOT_YET], read).await
    }

    /// Parts of a file under way that are stored.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn parts_under_way(&mut self, institution: &InstitutionCode, file: FileId) -> Result<Vec<i64>> {
        const SQL: Sql =
            Sql::by_key("SELECT part FROM parts_under_way WHERE institution_code = $1 AND file_id = $2 ORDER BY part");
        self.rows(SQL, &values![institution, file], |row| row.int(0)).await
    }

    /// Takes a part of a broken-off file back: its receipts, its raw bytes, and the note of it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the note can't be read.
    pub async fn take_back_part(&mut self, institution: &InstitutionCode, file: FileId, part: i64) -> Result<()> {
        const NOTE: Sql = Sql::by_key(
            "SELECT care_month, receipts FROM parts_under_way
             WHERE institution_code = $1 AND file_id = $2 AND part = $3",
        );
        const TAKE_BACK: Sql =
            Sql::by_person("DELETE FROM receipts WHERE person_id = $1 AND care_month = $2 AND receipt_id = $3");
        const SOURCE: Sql =
            Sql::by_key("DELETE FROM claim_sources WHERE institution_code = $1 AND file_id = $2 AND part = $3");
        const FORGET: Sql =
            Sql::by_key("DELETE FROM parts_under_way WHERE institution_code = $1 AND file_id = $2 AND part = $3");
        let key = values![institution, file, part];
        let note = self.row(NOTE, &key, |row| Ok((row.month(0)?, row.blob(1)?.to_vec()))).await?;
        let Some((care_month, ids)) = note else { return Ok(()) };
        let mut receipts: Vec<Vec<Value>> = Vec::with_capacity(ids.len() / IDS);
        for ids in ids.chunks_exact(IDS) {
            let (person, receipt) = (PersonId::from_bytes(&ids[..16]), ReceiptId::from_bytes(&ids[16..]));
            let both = person.zip(receipt);
            let (person, receipt) =
                both.ok_or_else(|| Error::corrupt("parts_under_way", "receipts", "of a part", "must be ids"))?;
            receipts.push(values![person, care_month, receipt].into());
        }
        self.execute_each(TAKE_BACK, &receipts).await?;
        self.execute(SOURCE, &key).await?;
        self.execute(FORGET, &key).await.map(drop)
    }

    /// Forgets a broken-off file whose parts were taken back, and its receipts that waited for their persons.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn take_back_file(&mut self, institution: &InstitutionCode, file: FileId) -> Result<()> {
        const WAITING: Sql =
            Sql::by_key("DELETE FROM unattached_receipts WHERE institution_code = $1 AND file_id = $2");
        // Whoever reads just now and has seen a receipt of it has to ask again, as if it had become whole.
        const FILE: Sql = Sql::reference("UPDATE files_under_way SET finished_at = $1 WHERE file_id = $2");
        self.execute(WAITING, &values![institution, file]).await?;
        let gone_at = self.last_whole().await? + 1;
        self.execute(FILE, &values![gone_at, file]).await.map(drop)
    }

    /// When a file in pieces became whole last. Asked before receipts are read, for [`Tx::files_not_whole_since`].
    pub(crate) async fn last_whole(&mut self) -> Result<i64> {
        const SQL: Sql = Sql::reference(
            "SELECT finished_at FROM files_under_way WHERE finished_at < $1 ORDER BY finished_at DESC LIMIT 1",
        );
        Ok(self.row(SQL, &values![NOT_YET], |row| row.int(0)).await?.unwrap_or(0))
    }

    /// Files that are not whole, or have become so since `last`. Asked after receipts are read: all other files had
    /// all their receipts there before.
    pub(crate) async fn files_not_whole_since(&mut self, last: i64) -> Result<BTreeMap<FileId, Whole>> {
        const SQL: Sql = Sql::reference("SELECT file_id, finished_at FROM files_under_way WHERE finished_at > $1");
        let read = |row: &Row<'_>| {
            let whole = if row.int(1)? == NOT_YET { Whole::NotYet } else { Whole::Meanwhile };
            Ok((row.id(0, FileId::from_bytes)?, whole))
        };
        let files = self.rows(SQL, &values![last], read).await?;
        Ok(files.into_iter().collect())
    }

    /// The raw bytes of a receipt in a part of its file.
    pub(crate) async fn source_in_part(
        &mut self,
        institution: &InstitutionCode,
        file: FileId,
        part: i64,
        place: i64,
    ) -> Result<Option<Vec<u8>>> {
        const SQL: Sql =
            Sql::by_key("SELECT source FROM claim_sources WHERE institution_code = $1 AND file_id = $2 AND part = $3");
        let read = |row: &Row<'_>| {
            let source = packing::unpack_bytes(row.blob(0)?).map_err(|error| row.broken(0, &error))?;
            row.known(0, nth(&source, place))
        };
        self.row(SQL, &values![institution, file, part], read).await
    }
}

fn taken_back() -> Error {
    Error::Conflict("the claims file was taken back meanwhile".into())
}

/// Pieces one after the other, each behind its length (four bytes).
fn joined<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in pieces {
        all.extend(u32::try_from(piece.len()).unwrap_or(u32::MAX).to_be_bytes());
        all.extend(piece);
    }
    all
}

/// The piece at this place of what [`joined`] made.
fn nth(mut all: &[u8], place: i64) -> Option<Vec<u8>> {
    let mut place = place;
    loop {
        let (length, rest) = all.split_first_chunk::<4>()?;
        let (piece, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if place == 0 {
            return Some(piece.to_vec());
        }
        (place, all) = (place - 1, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DatabaseUrl, ProcessName, Store};

    /// Whoever began to read before a file was whole may have read half of it.
    #[tokio::test]
    async fn a_file_that_becomes_whole_while_it_is_read_is_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        Store::migrate(&url, now).await.unwrap();
        let store = Store::open(&url, ProcessName::parse("ingest").unwrap()).await.unwrap();
        let (file, sender) = (FileId::of_content(&[7; 32]), InstitutionCode::parse("1310000001").unwrap());
        for file in [file, FileId::of_content(&[8; 32])] {
            let before = store.read().last_whole().await.unwrap();
            let begin = sender.clone();
            store.write("begin", async move |tx| tx.begin_file(&begin, file, now).await).await.unwrap();
            assert!(store.read().files_not_whole_since(before).await.unwrap().contains_key(&file), "not whole");
            let finish = sender.clone();
            // The same moment for both files: each is later than the one before all the same.
            store.write("finish", async move |tx| tx.finish_file(&finish, file, 0, now).await).await.unwrap();
            let since = store.read().files_not_whole_since(before).await.unwrap();
            assert_eq!(since.get(&file), Some(&Whole::Meanwhile), "begun to read before");
            let after = store.read().last_whole().await.unwrap();
            assert!(store.read().files_not_whole_since(after).await.unwrap().is_empty(), "begun to read after");
        }
    }

    #[test]
    fn pieces_are_found_again() {
        let pieces: [&[u8]; 3] = [b"RE,1", b"", b"RE,22\r\n"];
        let all = joined(pieces.into_iter());
        for (place, piece) in (0..).zip(pieces) {
            assert_eq!(nth(&all, place).as_deref(), Some(piece));
        }
        assert_eq!(nth(&all, 3), None);
        assert_eq!(nth(&all[..all.len() - 1], 2), None);
        assert_eq!(nth(&all, -1), None);
    }
}
