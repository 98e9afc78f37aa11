//! Consent to viewing (閲覧同意): the grants, and the only key to records of care.
//!
//! A person has one grant at an institution: the newest pass at the reader replaces the former. The list of an
//! institution repeats what its screen shows, so that one statement under the institution's code answers it.

use madoguchi_model::{
    consent::{Grant, GrantState, InformationKind, Scope},
    day::{Day, Timestamp},
    id::{ConsentId, PersonId},
    institution::InstitutionCode,
    person::{Person, Sex, comparable_name},
};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// The permission to read what a person agreed to show to an institution. Only [`Tx::consent`] makes one, from a stored
/// grant that is neither withdrawn nor over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    id: ConsentId,
    person: PersonId,
    institution: InstitutionCode,
    scope: Scope,
    until: Timestamp,
}

impl Consent {
    /// The pass at which it was given.
    #[must_use]
    pub fn id(&self) -> ConsentId {
        self.id
    }

    /// Whose records may be read.
    #[must_use]
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// Which institution may read them.
    #[must_use]
    pub fn institution(&self) -> &InstitutionCode {
        &self.institution
    }

    /// Which kinds of information.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// 閲覧可能期限.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether this kind may be read.
    #[must_use]
    pub fn covers(&self, kind: InformationKind) -> bool {
        self.scope.contains(kind)
    }

    /// The same permission for fewer kinds: what the person agreed to *and* `scope` holds.
    #[must_use]
    pub fn limited_to(self, scope: Scope) -> Self {
        Self { scope: self.scope.and(scope), ..self }
    }
}

/// A row of 同意取得済み患者一覧.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentedPatient {
    /// Who.
    pub person: PersonId,
    /// 照会番号.
    pub reference_number: Option<String>,
    /// 氏名 as registered.
    pub name: String,
    /// 氏名カナ.
    pub kana: String,
    /// 生年月日.
    pub birthdate: Day,
    /// 性別.
    pub sex: Sex,
    /// The kinds agreed to: 手 診 薬 健.
    pub scope: Scope,
    /// 同意日時.
    pub granted_at: Timestamp,
    /// 閲覧可能期限.
    pub valid_until: Timestamp,
}

/// The search area of 同意取得済み患者一覧; what is empty is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientSearch {
    /// 照会番号, exactly.
    pub reference_number: Option<String>,
    /// A part of 氏名 or 氏名カナ; width, blanks and small kana don't matter.
    pub name: Option<String>,
    /// 生年月日.
    pub birthdate: Option<Day>,
    /// 性別.
    pub sex: Option<Sex>,
}

/// Rows of 同意取得済み患者一覧 that are read at most: a large hospital's patients of a day, several times over.
pub const CONSENTED_PATIENTS_MAX: u32 = 20_000;

impl Tx {
    /// What the person answered at this institution's reader at last, valid or not.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn grant(&mut self, person: PersonId, institution: &InstitutionCode) -> Result<Option<Grant>> {
        const SQL: Sql = Sql::by_person(
            "SELECT consent_id, person_id, institution_code, scope, asked, granted_at, valid_until, withdrawn_at
             FROM consents WHERE person_id = $1 AND institution_code = $2",
        );
        self.row(SQL, &values![person, institution], grant).await
    }

    /// The permission that the person's grant gives this institution at `now`; none when there is no grant, when it is
    /// over or withdrawn, or when nothing was agreed to.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn consent(
        &mut self,
        person: PersonId,
        institution: &InstitutionCode,
        now: Timestamp,
    ) -> Result<Option<Consent>> {
        let grant = self.grant(person, institution).await?;
        let valid = grant.filter(|grant| grant.state(now) == GrantState::Valid && !grant.scope.is_empty());
        Ok(valid.map(|Grant { id, person, institution, scope, valid_until: until, .. }| Consent {
            id,
            person,
            institution,
            scope,
            until,
        }))
    }

    /// Stores what the person answered; it replaces the former answers, also when everything was refused. `person` is
    /// the grant's person. Three statements.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_grant(&mut self, grant: &Grant, person: &Person) -> Result<()> {
        const SQL: Sql = Sql::by_person(
            "INSERT INTO consents (person_id, institution_code, consent_id, scope, asked, granted_at, valid_until,
                 withdrawn_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (person_id, institution_code) DO UPDATE SET consent_id = excluded.consent_id,
                 scope = excluded.scope, asked = excluded.asked, granted_at = excluded.granted_at,
                 valid_until = excluded.valid_until, withdrawn_at = excluded.withdrawn_at",
        );
        let parameters = values![
            grant.person,
            &grant.institution,
            grant.id,
            grant.scope.bits(),
            grant.asked.bits(),
            grant.granted_at,
            grant.valid_until,
            grant.withdrawn_at,
        ];
        self.execute(SQL, &parameters).await?;
        if grant.scope.is_empty() || grant.withdrawn_at.is_some() {
            self.unlist(grant.person, &grant.institution).await
        } else {
            self.list(grant, person).await
        }
    }

    /// Takes a grant back; `false` when there is none that is not withdrawn yet.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn withdraw_consent(
        &mut self,
        person: PersonId,
        institution: &InstitutionCode,
        now: Timestamp,
    ) -> Result<bool> {
        const SQL: Sql = Sql::by_person(
            "UPDATE consents SET withdrawn_at = $1
             WHERE person_id = $2 AND institution_code = $3 AND withdrawn_at IS NULL",
        );
        let withdrawn = self.execute(SQL, &values![now, person, institution]).await? > 0;
        self.unlist(person, institution).await?;
        Ok(withdrawn)
    }

    /// 同意取得済み患者一覧: everyone with a consent at this institution that is valid at `now`, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn consented_patients(
        &mut self,
        institution: &InstitutionCode,
        now: Timestamp,
        search: &PatientSearch,
    ) -> Result<Vec<ConsentedPatient>> {
        const SQL: Sql = Sql::by_key(
            "SELECT person_id, reference_number, name, kana, birthdate, sex, scope, granted_at, valid_until
             FROM consent_list WHERE institution_code = $1 AND valid_until > $2 AND granted_at <= $2
             ORDER BY granted_at DESC, person_id LIMIT $3",
        );
        let patients = self.rows(SQL, &values![institution, now, CONSENTED_PATIENTS_MAX], patient).await?;
        Ok(patients.into_iter().filter(|patient| search.matches(patient)).collect())
    }

    async fn list(&mut self, grant: &Grant, person: &Person) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO consent_list (institution_code, person_id, scope, granted_at, valid_until, name, kana, sex,
                 birthdate, reference_number)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (institution_code, person_id) DO UPDATE SET scope = excluded.scope,
                 granted_at = excluded.granted_at, valid_until = excluded.valid_until, name = excluded.name,
                 kana = excluded.kana, sex = excluded.sex, birthdate = excluded.birthdate,
                 reference_number = excluded.reference_number",
        );
        let reference_number = self.reference_number(grant.person, &grant.institution).await?;
        let parameters = values![
            &grant.institution,
            grant.person,
            grant.scope.bits(),
            grant.granted_at,
            grant.valid_until,
            &person.name,
            &person.kana,
            person.sex,
            person.birthdate,
            reference_number,
        ];
        self.execute(SQL, &parameters).await?;
        Ok(())
    }

    async fn unlist(&mut self, person: PersonId, institution: &InstitutionCode) -> Result<()> {
        const SQL: Sql = Sql::by_key("DELETE FROM consent_list WHERE institution_code = $1 AND person_id = $2");
        self.execute(SQL, &values![institution, person]).await?;
        Ok(())
    }
}

impl PatientSearch {
    /// The names are compared here and not in SQL, because no two databases fold kana alike; a list holds one day.
    fn matches(&self, patient: &ConsentedPatient) -> bool {
        let name = self.name.as_deref().map(comparable_name).filter(|name| !name.is_empty());
        self.reference_number.as_ref().is_none_or(|number| patient.reference_number.as_ref() == Some(number))
            && self.birthdate.is_none_or(|birthdate| patient.birthdate == birthdate)
            && self.sex.is_none_or(|sex| patient.sex == sex)
            && name.is_none_or(|name| {
                comparable_name(&patient.name).contains(&name) || comparable_name(&patient.kana).contains(&name)
            })
    }
}

fn grant(row: &Row<'_>) -> Result<Grant> {
    Ok(Grant {
        id: row.id(0, ConsentId::from_bytes)?,
        person: row.id(1, PersonId::from_bytes)?,
        institution: row.institution(2)?,
        scope: Scope::from_bits(row.int(3)?),
        asked: Scope::from_bits(row.int(4)?),
        granted_at: row.instant(5)?,
        valid_until: row.instant(6)?,
        withdrawn_at: row.opt_instant(7)?,
    })
}

fn patient(row: &Row<'_>) -> Result<ConsentedPatient> {
    Ok(ConsentedPatient {
        person: row.id(0, PersonId::from_bytes)?,
        reference_number: row.opt_string(1)?,
        name: row.string(2)?,
        kana: row.string(3)?,
        birthdate: row.day(4)?,
        sex: row.sex(5)?,
        scope: Scope::from_bits(row.int(6)?),
        granted_at: row.instant(7)?,
        valid_until: row.instant(8)?,
    })
}
