//! What eligibility (資格確認) keeps beside coverages: medical tickets of 医療扶助, results of the reader that wait for an
//! institution, and the list of the day's checks.

use madoguchi_model::{
    day::{Day, Month, Timestamp},
    eligibility::{Check, Face},
    id::{CheckId, FaceId, PersonId},
    institution::InstitutionCode,
    ticket::{MedicalTicket, TICKETS_MAX},
};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{packed, values},
};

impl Tx {
    /// The tickets of a person in a month.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn tickets_of(&mut self, person: PersonId, month: Month) -> Result<Vec<MedicalTicket>> {
        const SQL: Sql = Sql::by_person(
            "SELECT ticket FROM medical_tickets WHERE person_id = $1 AND month = $2 ORDER BY ticket_id LIMIT $3",
        );
        let limit = i64::try_from(TICKETS_MAX).unwrap_or(i64::MAX);
        self.rows(SQL, &values![person, month, limit], |row| row.json(0)).await
    }

    /// The persons whom the institution is entrusted with in a month, in the order of their ids after `after`.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn entrusted_persons(
        &mut self,
        institution: &InstitutionCode,
        month: Month,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<Vec<PersonId>> {
        const SQL: Sql = Sql::by_key(
            "SELECT DISTINCT person_id FROM ticket_keys
             WHERE institution_code = $1 AND month = $2 AND person_id > $3 ORDER BY person_id LIMIT $4",
        );
        let after = after.map_or([0; 16], |id| *id.as_bytes());
        self.rows(SQL, &values![institution, month, after, limit], |row| row.id(0, PersonId::from_bytes)).await
    }

    /// Registers tickets, or what has changed about them. Two statements for all of them.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_tickets(&mut self, tickets: &[MedicalTicket]) -> Result<()> {
        const PUT: Sql = Sql::by_person(
            "INSERT INTO medical_tickets (person_id, month, ticket_id, ticket) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id, month, ticket_id) DO UPDATE SET ticket = excluded.ticket",
        );
        const LEAD: Sql = Sql::by_key(
            "INSERT INTO ticket_keys (institution_code, month, person_id, ticket_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (institution_code, month, person_id, ticket_id) DO NOTHING",
        );
        let mut rows = Vec::with_capacity(tickets.len());
        let mut keys = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            let text = packed("medical_tickets", "ticket", ticket)?;
            rows.push(values![ticket.person, ticket.month, ticket.id, text].into());
            keys.push(values![&ticket.institution, ticket.month, ticket.person, ticket.id].into());
        }
        self.execute_each(PUT, &rows).await?;
        self.execute_each(LEAD, &keys).await?;
        Ok(())
    }

    /// Keeps a result of the reader until the institution takes it; those of the institution that are older than
    /// `oldest` go.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_face(&mut self, institution: &InstitutionCode, face: &Face, oldest: Timestamp) -> Result<()> {
        const OLD: Sql = Sql::by_key("DELETE FROM face_results WHERE institution_code = $1 AND made_at < $2");
        const PUT: Sql = Sql::by_key(
            "INSERT INTO face_results (institution_code, face_id, made_at, answer) VALUES ($1, $2, $3, $4)
             ON CONFLICT (institution_code, face_id) DO UPDATE SET
                 made_at = excluded.made_at, answer = excluded.answer",
        );
        self.execute(OLD, &values![institution, oldest]).await?;
        let answer = packed("face_results", "answer", &face.answer)?;
        self.execute(PUT, &values![institution, face.id, face.answer.at, answer]).await?;
        Ok(())
    }

    /// Results of the reader since `oldest` that the institution has not taken, the oldest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn faces(&mut self, institution: &InstitutionCode, oldest: Timestamp, limit: u32) -> Result<Vec<Face>> {
        const SQL: Sql = Sql::by_key(
            "SELECT face_id, answer FROM face_results
             WHERE institution_code = $1 AND made_at >= $2 ORDER BY made_at, face_id LIMIT $3",
        );
        let face = |row: &crate::value::Row<'_>| Ok(Face { id: row.id(0, FaceId::from_bytes)?, answer: row.json(1)? });
        self.rows(SQL, &values![institution, oldest, limit], face).await
    }

    /// Removes a result that was taken; `false` when there is none (any more).
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn take_face(&mut self, institution: &InstitutionCode, id: FaceId) -> Result<bool> {
        const SQL: Sql = Sql::by_key("DELETE FROM face_results WHERE institution_code = $1 AND face_id = $2");
        Ok(self.execute(SQL, &values![institution, id]).await? > 0)
    }

    /// Adds a line to the institution's list of a day's checks, or says it anew.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_check(&mut self, institution: &InstitutionCode, id: CheckId, check: &Check) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO checks (institution_code, day, check_id, line) VALUES ($1, $2, $3, $4)
             ON CONFLICT (institution_code, day, check_id) DO UPDATE SET line = excluded.line",
        );
        let line = packed("checks", "line", check)?;
        self.execute(SQL, &values![institution, check.answer.at.day(), id, line]).await?;
        Ok(())
    }

    /// The checks of a day, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn checks(
        &mut self,
        institution: &InstitutionCode,
        day: Day,
        limit: u32,
    ) -> Result<Vec<(CheckId, Check)>> {
        const SQL: Sql = Sql::by_key(
            "SELECT check_id, line FROM checks
             WHERE institution_code = $1 AND day = $2 ORDER BY check_id DESC LIMIT $3",
        );
        let line = |row: &crate::value::Row<'_>| Ok((row.id(0, CheckId::from_bytes)?, row.json(1)?));
        self.rows(SQL, &values![institution, day, limit], line).await
    }

    /// One line of the list of a day's checks.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn check(&mut self, institution: &InstitutionCode, day: Day, id: CheckId) -> Result<Option<Check>> {
        const SQL: Sql =
            Sql::by_key("SELECT line FROM checks WHERE institution_code = $1 AND day = $2 AND check_id = $3");
        self.row(SQL, &values![institution, day, id], |row| row.json(0)).await
    }
}
