//! Notices (お知らせ) and who has read them.

use madoguchi_model::{
    account::UserId,
    day::Timestamp,
    id::NoticeId,
    institution::{Institution, InstitutionCode},
    notice::{Audience, Notice},
};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, values},
};

impl Tx {
    /// The notices for this institution that are not withdrawn, newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn notices_for(&mut self, institution: &Institution, limit: u32) -> Result<Vec<Notice>> {
        const SQL: Sql = Sql::reference(
            "SELECT notice_id, published_at, audience, title, body, withdrawn_at FROM notices
             WHERE withdrawn_at IS NULL AND audience IN ($1, $2, $3)
             ORDER BY published_at DESC, notice_id DESC LIMIT $4",
        );
        let kind = Audience::Kind(institution.kind()).code();
        let own = Audience::Institution(institution.code.clone()).code();
        self.rows(SQL, &values![Audience::All.code(), kind, own, limit], notice).await
    }

    /// All notices, also the withdrawn ones, newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn notices(&mut self, limit: u32) -> Result<Vec<Notice>> {
        const SQL: Sql = Sql::report(
            "SELECT notice_id, published_at, audience, title, body, withdrawn_at FROM notices
             ORDER BY published_at DESC, notice_id DESC LIMIT $1",
        );
        self.rows(SQL, &values![limit], notice).await
    }

    /// Publishes a notice.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] when its id exists.
    pub async fn insert_notice(&mut self, notice: &Notice) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO notices (notice_id, published_at, audience, title, body, withdrawn_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let Notice { id, published_at, audience, title, text, withdrawn_at } = notice;
        self.execute(SQL, &values![*id, *published_at, audience.code(), title, text, *withdrawn_at]).await?;
        Ok(())
    }

    /// Withdraws a notice; whether there was one that was not withdrawn yet.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn withdraw_notice(&mut self, id: NoticeId, now: Timestamp) -> Result<bool> {
        const SQL: Sql =
            Sql::reference("UPDATE notices SET withdrawn_at = $1 WHERE notice_id = $2 AND withdrawn_at IS NULL");
        Ok(self.execute(SQL, &values![now, id]).await? > 0)
    }

    /// The notices that this account has read.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn notices_read_by(&mut self, institution: &InstitutionCode, user: &UserId) -> Result<Vec<NoticeId>> {
        const SQL: Sql = Sql::by_key("SELECT notice_id FROM notice_reads WHERE institution_code = $1 AND user_id = $2");
        self.rows(SQL, &values![institution, user], |row| row.id(0, NoticeId::from_bytes)).await
    }

    /// Notes that this account has read a notice.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn mark_notice_read(
        &mut self,
        institution: &InstitutionCode,
        user: &UserId,
        notice: NoticeId,
        now: Timestamp,
    ) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO notice_reads (institution_code, user_id, notice_id, read_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (institution_code, user_id, notice_id) DO NOTHING",
        );
        self.execute(SQL, &values![institution, user, notice, now]).await?;
        Ok(())
    }
}

fn notice(row: &Row<'_>) -> Result<Notice> {
    Ok(Notice {
        id: row.id(0, NoticeId::from_bytes)?,
        published_at: row.instant(1)?,
        audience: row.known(2, Audience::from_code(row.text(2)?))?,
        title: row.string(3)?,
        text: row.string(4)?,
        withdrawn_at: row.opt_instant(5)?,
    })
}
