//! Persons (個人) and their reference numbers (照会番号) at institutions.

use madoguchi_model::{id::PersonId, institution::InstitutionCode, person::Person};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, Value, packed, values},
};

const ONE: Sql = Sql::by_person(
    "SELECT person_id, name, kana, sex, birthdate, died_on, particulars FROM persons WHERE person_id = $1",
);

impl Tx {
    /// The person of this id.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn person(&mut self, id: PersonId) -> Result<Option<Person>> {
        self.row(ONE, &values![id], person).await
    }

    /// The persons of these ids, as far as they are registered, in the order of the ids.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn persons_with_ids(&mut self, ids: &[PersonId]) -> Result<Vec<Person>> {
        let sets: Vec<Vec<Value>> = ids.iter().map(|id| values![*id].into()).collect();
        Ok(self.rows_each(ONE, &sets, person).await?.into_iter().flatten().collect())
    }

    /// Registers persons or what has changed about them.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_persons(&mut self, persons: &[Person]) -> Result<()> {
        const SQL: Sql = Sql::by_person(
            "INSERT INTO persons (person_id, name, kana, sex, birthdate, died_on, particulars)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (person_id) DO UPDATE SET name = excluded.name, kana = excluded.kana, sex = excluded.sex,
                 birthdate = excluded.birthdate, died_on = excluded.died_on, particulars = excluded.particulars",
        );
        let set = |person: &Person| -> Result<Vec<Value>> {
            let Person { id, name, kana, sex, birthdate, died_on, particulars } = person;
            let particulars = packed("persons", "particulars", particulars)?;
            Ok(values![*id, name, kana, *sex, *birthdate, *died_on, particulars].into())
        };
        self.execute_each(SQL, &persons.iter().map(set).collect::<Result<Vec<_>>>()?).await?;
        Ok(())
    }

    /// How many persons there are. Reads everything: for operators.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn count_persons(&mut self) -> Result<i64> {
        const SQL: Sql = Sql::report("SELECT count(*) FROM persons");
        Ok(self.row(SQL, &[], |row| row.int(0)).await?.unwrap_or(0))
    }

    /// Persons in the order of their ids after `after`, at most `limit`: for lists of operators.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn persons_after(&mut self, after: Option<PersonId>, limit: u32) -> Result<Vec<Person>> {
        const SQL: Sql = Sql::report(
            "SELECT person_id, name, kana, sex, birthdate, died_on, particulars FROM persons
             WHERE person_id > $1 ORDER BY person_id LIMIT $2",
        );
        let after = after.map_or([0; 16], |id| *id.as_bytes());
        self.rows(SQL, &values![after, limit], person).await
    }

    /// The number under which this institution knows the person.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn reference_number(
        &mut self,
        person: PersonId,
        institution: &InstitutionCode,
    ) -> Result<Option<String>> {
        const SQL: Sql = Sql::by_person(
            "SELECT reference_number FROM reference_numbers WHERE person_id = $1 AND institution_code = $2",
        );
        self.row(SQL, &values![person, institution], |row| row.string(0)).await
    }

    /// The person whom this institution knows under this number.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn person_by_reference_number(
        &mut self,
        institution: &InstitutionCode,
        number: &str,
    ) -> Result<Option<PersonId>> {
        const SQL: Sql = Sql::by_key(
            "SELECT person_id FROM reference_number_keys WHERE institution_code = $1 AND reference_number = $2",
        );
        self.row(SQL, &values![institution, number], |row| row.id(0, PersonId::from_bytes)).await
    }

    /// Registers the institution's number for a person; a second registration overwrites the first. Five statements.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the number belongs to another person at this institution.
    pub async fn put_reference_number(
        &mut self,
        person: PersonId,
        institution: &InstitutionCode,
        number: &str,
    ) -> Result<()> {
        const FREE: Sql =
            Sql::by_key("DELETE FROM reference_number_keys WHERE institution_code = $1 AND reference_number = $2");
        const TAKE: Sql = Sql::by_key(
            "INSERT INTO reference_number_keys (institution_code, reference_number, person_id) VALUES ($1, $2, $3)
             ON CONFLICT (institution_code, reference_number) DO UPDATE SET person_id = excluded.person_id
             WHERE reference_number_keys.person_id = excluded.person_id",
        );
        const PUT: Sql = Sql::by_person(
            "INSERT INTO reference_numbers (person_id, institution_code, reference_number) VALUES ($1, $2, $3)
             ON CONFLICT (person_id, institution_code) DO UPDATE SET reference_number = excluded.reference_number",
        );
        const SHOW: Sql =
            Sql::by_key("UPDATE consent_list SET reference_number = $1 WHERE institution_code = $2 AND person_id = $3");
        let former = self.reference_number(person, institution).await?;
        if self.execute(TAKE, &values![institution, number, person]).await? == 0 {
            return Err(Error::Conflict("the reference number belongs to another person".into()));
        }
        if let Some(former) = former.filter(|former| former != number) {
            self.execute(FREE, &values![institution, former]).await?;
        }
        self.execute(PUT, &values![person, institution, number]).await?;
        self.execute(SHOW, &values![number, institution, person]).await?;
        Ok(())
    }
}

fn person(row: &Row<'_>) -> Result<Person> {
    Ok(Person {
        id: row.id(0, PersonId::from_bytes)?,
        name: row.string(1)?,
        kana: row.string(2)?,
        sex: row.sex(3)?,
        birthdate: row.day(4)?,
        died_on: row.opt_day(5)?,
        particulars: row.json_or_default(6)?,
    })
}
