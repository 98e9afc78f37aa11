//! Cards and passes at the reader (カードリーダー): whose card it is, and how far its pass has come.
//!
//! A pass goes open → identified → answered, each step once; a new pass of the same reader supersedes the open ones. The
//! steps are single UPDATEs with the former state in their condition, so a challenge can't be used twice.

use madoguchi_model::{
    day::{Day, Timestamp},
    eligibility::Notice,
    id::{PassId, PersonId},
    institution::InstitutionCode,
    kiosk::ConsentPage,
};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, packed, values},
};

/// How far a pass has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassState {
    /// Its challenge waits for a card.
    Open,
    /// The card was accepted; the answers are awaited.
    Identified,
    /// The answers are stored.
    Answered,
    /// A newer pass took its place.
    Superseded,
}

impl PassState {
    const ALL: [Self; 4] = [Self::Open, Self::Identified, Self::Answered, Self::Superseded];

    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Identified => "identified",
            Self::Answered => "answered",
            Self::Superseded => "superseded",
        }
    }
}

/// A pass as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Identity.
    pub id: PassId,
    /// At which institution.
    pub institution: InstitutionCode,
    /// Token hash of the reader's session.
    pub reader: [u8; 32],
    /// The bytes that the card signs.
    pub challenge: Vec<u8>,
    /// When it began.
    pub begun_at: Timestamp,
    /// How far it has come.
    pub state: PassState,
    /// Whose card it is, once identified.
    pub person: Option<PersonId>,
    /// The pages that are asked, once identified.
    pub pages: Vec<ConsentPage>,
    /// What the result will say about the card, once identified.
    pub notices: Vec<Notice>,
}

/// Whose card it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardHolder {
    /// The person.
    pub person: PersonId,
    /// The card's own last day, if it was registered.
    pub ends_on: Option<Day>,
}

impl Tx {
    /// The person to whom the certificate of this serial number was issued, and until when the card lasts.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn holder_of_card(&mut self, serial: &str) -> Result<Option<CardHolder>> {
        const SQL: Sql = Sql::by_key("SELECT person_id, card_ends_on FROM card_certificates WHERE serial = $1");
        let holder =
            |row: &Row<'_>| Ok(CardHolder { person: row.id(0, PersonId::from_bytes)?, ends_on: row.opt_day(1)? });
        self.row(SQL, &values![serial], holder).await
    }

    /// The person to whom the certificate of this serial number was issued.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn person_by_card(&mut self, serial: &str) -> Result<Option<PersonId>> {
        Ok(self.holder_of_card(serial).await?.map(|holder| holder.person))
    }

    /// Registers a card's certificate (初回登録). The same registration again changes nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the certificate belongs to another person.
    pub async fn put_card(&mut self, serial: &str, person: PersonId, now: Timestamp) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO card_certificates (serial, person_id, registered_at) VALUES ($1, $2, $3)
             ON CONFLICT (serial) DO UPDATE SET registered_at = card_certificates.registered_at
             WHERE card_certificates.person_id = excluded.person_id",
        );
        match self.execute(SQL, &values![serial, person, now]).await? {
            0 => Err(Error::Conflict("the certificate belongs to another person".into())),
            _ => Ok(()),
        }
    }

    /// Notes the last day of the card that carries this certificate.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_card_end(&mut self, serial: &str, ends_on: Day) -> Result<()> {
        const SQL: Sql = Sql::by_key("UPDATE card_certificates SET card_ends_on = $1 WHERE serial = $2");
        self.execute(SQL, &values![ends_on, serial]).await?;
        Ok(())
    }

    /// The pass of this id at this institution.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn pass(&mut self, institution: &InstitutionCode, id: PassId) -> Result<Option<Pass>> {
        const SQL: Sql = Sql::by_key(
            "SELECT pass_id, institution_code, reader_hash, challenge, begun_at, state, person_id, pages, notices
             FROM passes WHERE institution_code = $1 AND pass_id = $2",
        );
        self.row(SQL, &values![institution, id], pass).await
    }

    /// Begins a pass; every unfinished pass of the same reader is superseded. `state`, `person`, `pages` and
    /// `notices` of `pass` don't matter.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn begin_pass(&mut self, pass: &Pass) -> Result<()> {
        const SUPERSEDE: Sql = Sql::by_key(
            "UPDATE passes SET state = 'superseded'
             WHERE institution_code = $1 AND reader_hash = $2 AND state IN ('open', 'identified')",
        );
        const BEGIN: Sql = Sql::by_key(
            "INSERT INTO passes (institution_code, pass_id, reader_hash, challenge, begun_at, state, pages)
             VALUES ($1, $2, $3, $4, $5, 'open', '[]')",
        );
        let Pass { id, institution, reader, challenge, begun_at, .. } = pass;
        self.execute(SUPERSEDE, &values![institution, *reader]).await?;
        self.execute(BEGIN, &values![institution, *id, *reader, challenge.as_slice(), *begun_at]).await?;
        Ok(())
    }

    /// Notes whose card signed the challenge of an open pass; `false` when the pass is not open (any more).
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn identify_pass(
        &mut self,
        institution: &InstitutionCode,
        id: PassId,
        person: PersonId,
        pages: &[ConsentPage],
        notices: &[Notice],
    ) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "UPDATE passes SET state = 'identified', person_id = $1, pages = $2, notices = $3
             WHERE institution_code = $4 AND pass_id = $5 AND state = 'open'",
        );
        let (pages, notices) = (packed("passes", "pages", &pages)?, packed("passes", "notices", &notices)?);
        Ok(self.execute(SQL, &values![person, pages, notices, institution, id]).await? > 0)
    }

    /// Closes an identified pass when its answers are stored; `false` when it was answered or superseded before.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn answer_pass(&mut self, institution: &InstitutionCode, id: PassId) -> Result<bool> {
        const SQL: Sql = Sql::by_key(
            "UPDATE passes SET state = 'answered'
             WHERE institution_code = $1 AND pass_id = $2 AND state = 'identified'",
        );
        Ok(self.execute(SQL, &values![institution, id]).await? > 0)
    }
}

fn pass(row: &Row<'_>) -> Result<Pass> {
    let word = row.text(5)?;
    let person = row.opt_blob(6)?.map(|bytes| row.known(6, PersonId::from_bytes(bytes))).transpose()?;
    Ok(Pass {
        id: row.id(0, PassId::from_bytes)?,
        institution: row.institution(1)?,
        reader: row.hash(2)?,
        challenge: row.blob(3)?.to_vec(),
        begun_at: row.instant(4)?,
        state: row.known(5, PassState::ALL.into_iter().find(|state| state.word() == word))?,
        person,
        pages: row.json(7)?,
        notices: row.json(8)?,
    })
}
