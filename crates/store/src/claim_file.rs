//! Claims files (請求ファイル) that were taken: the same file again is recognised.

use madoguchi_model::{
    day::{Month, Timestamp},
    id::FileId,
    institution::InstitutionCode,
};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// A claims file that was taken as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimFile {
    /// Identity.
    pub id: FileId,
    /// Which institution sent it.
    pub institution: InstitutionCode,
    /// 請求年月.
    pub request_month: Month,
    /// 審査支払機関, one digit.
    pub reviewer: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// When it was taken.
    pub taken_at: Timestamp,
    /// What was taken, warned and refused, as JSON.
    pub report: String,
}

/// Which file was taken, without what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenFile {
    /// Identity.
    pub id: FileId,
    /// 請求年月.
    pub request_month: Month,
    /// 審査支払機関, one digit.
    pub reviewer: String,
}

impl Tx {
    /// The files of an institution without their reports, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn taken_files(&mut self, institution: &InstitutionCode, limit: u32) -> Result<Vec<TakenFile>> {
        const SQL: Sql = Sql::by_key(
            "SELECT file_id, request_month, reviewer FROM claim_files
             WHERE institution_code = $1 ORDER BY taken_at DESC, file_id DESC LIMIT $2",
        );
        let read = |row: &Row<'_>| {
            let id = row.id(0, FileId::from_bytes)?;
            Ok(TakenFile { id, request_month: row.month(1)?, reviewer: row.string(2)? })
        };
        self.rows(SQL, &values![institution, limit], read).await
    }

    /// The file with these bytes for this institution, month and reviewer, if it was taken before.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn claim_file(
        &mut self,
        institution: &InstitutionCode,
        request_month: Month,
        reviewer: &str,
        sha256: &[u8; 32],
    ) -> Result<Option<ClaimFile>> {
        const SQL: Sql = Sql::by_key(
            "SELECT file_id, institution_code, request_month, reviewer, sha256, taken_at, report FROM claim_files
             WHERE institution_code = $1 AND request_month = $2 AND reviewer = $3 AND sha256 = $4",
        );
        self.row(SQL, &values![institution, request_month, reviewer, *sha256], claim_file).await
    }

    /// Notes that a file was taken.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it was taken before.
    pub async fn insert_claim_file(&mut self, file: &ClaimFile) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO claim_files (institution_code, request_month, reviewer, sha256, file_id, taken_at, report)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (institution_code, request_month, reviewer, sha256) DO NOTHING",
        );
        let ClaimFile { id, institution, request_month, reviewer, sha256, taken_at, report } = file;
        let parameters = values![institution, *request_month, reviewer, *sha256, *id, *taken_at, report];
        match self.execute(SQL, &parameters).await? {
            0 => Err(Error::Conflict("the claims file was taken before".into())),
            _ => Ok(()),
        }
    }

    /// The files of an institution, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn claim_files(&mut self, institution: &InstitutionCode, limit: u32) -> Result<Vec<ClaimFile>> {
        const SQL: Sql = Sql::by_key(
            "SELECT file_id, institution_code, request_month, reviewer, sha256, taken_at, report FROM claim_files
             WHERE institution_code = $1 ORDER BY taken_at DESC, file_id DESC LIMIT $2",
        );
        self.rows(SQL, &values![institution, limit], claim_file).await
    }
}

fn claim_file(row: &Row<'_>) -> Result<ClaimFile> {
    Ok(ClaimFile {
        id: row.id(0, FileId::from_bytes)?,
        institution: row.institution(1)?,
        request_month: row.month(2)?,
        reviewer: row.string(3)?,
        sha256: row.hash(4)?,
        taken_at: row.instant(5)?,
        report: row.string(6)?,
    })
}
