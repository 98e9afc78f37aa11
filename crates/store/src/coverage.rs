//! Coverages (資格) of a person, and the look-up of persons by the numbers on a certificate.

use std::collections::HashMap;

use futures_util::future::try_join;
use madoguchi_model::{
    code::{CertificateKind, Code},
    coverage::{Coverage, ReasonOfLoss, Relation},
    day::Day,
    eligibility::{Holder, Query},
    id::{CoverageId, PersonId},
    insurance::{InsuranceNumbers, InsurerNumber, NumberKey, normal},
    person::{Person, Sex},
};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, Value, packed, values},
};

/// Holders of one number that are looked at: a household is smaller, and several people of one birthdate are several
/// however many they are.
const HOLDERS_MAX: u32 = 200;

const BY_SYMBOL: Sql = Sql::by_key(
    "SELECT person_id, coverage_id, number, branch, birthdate FROM number_keys
     WHERE number_key = $1 ORDER BY person_id, coverage_id LIMIT $2",
);

const ONE: Sql = Sql::by_person(
    "SELECT person_id, coverage_id, insurer_number, symbol, number, branch, insurer_name, relation, classification,
         valid_from, valid_to, loss, patient_share_percent, certificate
     FROM coverages WHERE person_id = $1 AND coverage_id = $2",
);

/// Somebody with this insurer, symbol and number (a household shares them): what is compared to tell which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberHolder {
    /// Who.
    pub person: PersonId,
    /// By which coverage.
    pub coverage: CoverageId,
    /// 番号 as issued.
    pub number: String,
    /// 枝番, two digits or empty.
    pub branch: String,
    /// 氏名.
    pub name: String,
    /// 氏名カナ.
    pub kana: String,
    /// 性別.
    pub sex: Sex,
    /// 生年月日.
    pub birthdate: Day,
    /// First day of the coverage.
    pub valid_from: Day,
    /// Last day of the coverage; none while it lasts.
    pub valid_to: Option<Day>,
}

const HOLDERS: Sql = Sql::by_key(
    "SELECT person_id, coverage_id, number, branch, name, kana, sex, birthdate, valid_from, valid_to
     FROM number_keys WHERE number_key = $1 ORDER BY person_id, coverage_id",
);

impl Tx {
    /// All coverages of a person, the newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn coverages_of(&mut self, person: PersonId) -> Result<Vec<Coverage>> {
        const SQL: Sql = Sql::by_person(
            "SELECT person_id, coverage_id, insurer_number, symbol, number, branch, insurer_name, relation,
                 classification, valid_from, valid_to, loss, patient_share_percent, certificate
             FROM coverages WHERE person_id = $1 ORDER BY valid_from DESC, coverage_id DESC",
        );
        self.rows(SQL, &values![person], coverage).await
    }

    /// One coverage of a person.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn coverage(&mut self, person: PersonId, id: CoverageId) -> Result<Option<Coverage>> {
        self.row(ONE, &values![person, id], coverage).await
    }

    /// Everyone who has, or had, this insurer, symbol and number.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn holders_of_number(&mut self, key: &NumberKey) -> Result<Vec<NumberHolder>> {
        self.rows(HOLDERS, &values![key.as_str()], number_holder).await
    }

    /// The same for many insurers, symbols and numbers, in their order.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn holders_of_each(&mut self, keys: &[NumberKey]) -> Result<Vec<Vec<NumberHolder>>> {
        let sets: Vec<Vec<Value>> = keys.iter().map(|key| values![key.as_str()].into()).collect();
        self.rows_each(HOLDERS, &sets, number_holder).await
    }

    /// Those whom a check of eligibility by these numbers may mean: under insurer, number and symbol, or without the
    /// symbol also those who have one. Other birthdates are among them only while nobody has the one that is asked. One
    /// statement with a symbol, at most three without, the first two at the same time. For short reads only.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn holders_of(&mut self, query: &Query) -> Result<Vec<Holder>> {
        const BARE: Sql = Sql::by_key(
            "SELECT person_id, coverage_id, number, branch, birthdate FROM bare_number_keys
             WHERE bare_number_key = $1 AND birthdate = $2 ORDER BY person_id, coverage_id LIMIT $3",
        );
        const ANY_BARE: Sql = Sql::by_key(
            "SELECT person_id, coverage_id, number, branch, birthdate FROM bare_number_keys
             WHERE bare_number_key = $1 LIMIT $2",
        );
        let key = query.numbers.key();
        let by_symbol = values![key.as_str(), HOLDERS_MAX];
        let mut holders;
        if normal(&query.numbers.symbol).is_empty() {
            let bare = query.numbers.bare_key();
            let parameters = values![bare.as_str(), query.birthdate, HOLDERS_MAX];
            let mut beside = self.beside()?;
            let both =
                try_join(self.rows(BY_SYMBOL, &by_symbol, holder), beside.rows(BARE, &parameters, holder)).await?;
            holders = both.0;
            holders.extend(both.1);
            if holders.iter().all(|holder| holder.birthdate != query.birthdate) {
                holders.extend(self.rows(ANY_BARE, &values![bare.as_str(), 1], holder).await?);
            }
        } else {
            holders = self.rows(BY_SYMBOL, &by_symbol, holder).await?;
        }
        Ok(holders)
    }

    /// Those whom these numbers may mean without a birthdate: under insurer, number and symbol, or without the symbol also
    /// those who have one. One statement with a symbol, two without.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn holders_of_numbers(&mut self, numbers: &InsuranceNumbers) -> Result<Vec<Holder>> {
        const BARE: Sql = Sql::by_key(
            "SELECT person_id, coverage_id, number, branch, birthdate FROM bare_number_keys
             WHERE bare_number_key = $1 ORDER BY birthdate, person_id, coverage_id LIMIT $2",
        );
        let key = numbers.key();
        let mut holders = self.rows(BY_SYMBOL, &values![key.as_str(), HOLDERS_MAX], holder).await?;
        if normal(&numbers.symbol).is_empty() {
            let bare = numbers.bare_key();
            holders.extend(self.rows(BARE, &values![bare.as_str(), HOLDERS_MAX], holder).await?);
        }
        Ok(holders)
    }

    /// The coverages of these ids, as far as there are any, in the order of the ids.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn coverages_with_ids(&mut self, ids: &[(PersonId, CoverageId)]) -> Result<Vec<Coverage>> {
        let sets: Vec<Vec<Value>> = ids.iter().map(|(person, id)| values![*person, *id].into()).collect();
        Ok(self.rows_each(ONE, &sets, coverage).await?.into_iter().flatten().collect())
    }

    /// For each of these persons the first day of the newest coverage, if there is one.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn newest_coverages(&mut self, persons: &[PersonId]) -> Result<Vec<Option<Day>>> {
        const SQL: Sql =
            Sql::by_person("SELECT valid_from FROM coverages WHERE person_id = $1 ORDER BY valid_from DESC LIMIT 1");
        let sets: Vec<Vec<Value>> = persons.iter().map(|person| values![*person].into()).collect();
        let found = self.rows_each(SQL, &sets, |row| row.day(0)).await?;
        Ok(found.into_iter().map(|days| days.into_iter().next()).collect())
    }

    /// Registers a coverage, or what has changed about it, and its look-ups. `person` is its person. Seven statements at most.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_coverage(&mut self, coverage: &Coverage, person: &Person) -> Result<()> {
        let former = self.coverages_with_ids(&[(coverage.person, coverage.id)]).await?;
        self.put_coverages(&[(coverage, person)], &former).await
    }

    /// As [`Tx::put_coverage`] for many coverages with their persons; each sort of statement is under way for all of them
    /// at once. `former` are those of their ids that are stored, from [`Tx::coverages_with_ids`].
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_coverages(&mut self, coverages: &[(&Coverage, &Person)], former: &[Coverage]) -> Result<()> {
        const PUT: Sql = Sql::by_person(
            "INSERT INTO coverages (person_id, coverage_id, insurer_number, symbol, number, branch, insurer_name,
                 relation, classification, valid_from, valid_to, loss, patient_share_percent, certificate)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (person_id, coverage_id) DO UPDATE SET insurer_number = excluded.insurer_number,
                 symbol = excluded.symbol, number = excluded.number, branch = excluded.branch,
                 insurer_name = excluded.insurer_name, relation = excluded.relation,
                 classification = excluded.classification, valid_from = excluded.valid_from,
                 valid_to = excluded.valid_to, loss = excluded.loss,
                 patient_share_percent = excluded.patient_share_percent, certificate = excluded.certificate",
        );
        let former: HashMap<_, _> = former.iter().map(|former| ((former.person, former.id), former)).collect();
        for (coverage, person) in coverages {
            if let Some(former) = former.get(&(coverage.person, coverage.id)) {
                self.forget_numbers(former, coverage, person).await?;
            }
        }
        let sets = coverages.iter().map(|(coverage, _)| coverage_row(coverage)).collect::<Result<Vec<_>>>()?;
        self.execute_each(PUT, &sets).await?;
        self.put_number_keys(coverages).await?;
        self.put_bare_number_keys(coverages).await
    }

    /// Removes the look-ups of numbers and birthdates that were corrected.
    async fn forget_numbers(&mut self, former: &Coverage, coverage: &Coverage, person: &Person) -> Result<()> {
        const BIRTHDATE: Sql = Sql::by_key(
            "SELECT birthdate FROM number_keys WHERE number_key = $1 AND person_id = $2 AND coverage_id = $3",
        );
        const FORGET: Sql =
            Sql::by_key("DELETE FROM number_keys WHERE number_key = $1 AND person_id = $2 AND coverage_id = $3");
        const FORGET_BARE: Sql = Sql::by_key(
            "DELETE FROM bare_number_keys
             WHERE bare_number_key = $1 AND birthdate = $2 AND person_id = $3 AND coverage_id = $4",
        );
        let (key, bare) = (former.numbers.key(), former.numbers.bare_key());
        let parameters = values![key.as_str(), former.person, former.id];
        let birthdate = self.row(BIRTHDATE, &parameters, |row| row.day(0)).await?;
        let moved = key != coverage.numbers.key();
        if moved {
            self.execute(FORGET, &parameters).await?;
        }
        match birthdate {
            Some(day) if moved || day != person.birthdate => {
                self.execute(FORGET_BARE, &values![bare.as_str(), day, former.person, former.id]).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn put_number_keys(&mut self, coverages: &[(&Coverage, &Person)]) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO number_keys (number_key, person_id, coverage_id, number, branch, name, kana, sex, birthdate,
                 valid_from, valid_to)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (number_key, person_id, coverage_id) DO UPDATE SET number = excluded.number,
                 branch = excluded.branch, name = excluded.name, kana = excluded.kana, sex = excluded.sex,
                 birthdate = excluded.birthdate, valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        );
        let set = |(coverage, person): &(&Coverage, &Person)| -> Vec<Value> {
            values![
                coverage.numbers.key().as_str(),
                coverage.person,
                coverage.id,
                &coverage.numbers.number,
                &coverage.numbers.branch,
                &person.name,
                &person.kana,
                person.sex,
                person.birthdate,
                coverage.valid_from,
                coverage.valid_to,
            ]
            .into()
        };
        self.execute_each(SQL, &coverages.iter().map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Without a symbol, the key with an empty symbol already leads there.
    async fn put_bare_number_keys(&mut self, coverages: &[(&Coverage, &Person)]) -> Result<()> {
        const SQL: Sql = Sql::by_key(
            "INSERT INTO bare_number_keys (bare_number_key, birthdate, person_id, coverage_id, number, branch)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (bare_number_key, birthdate, person_id, coverage_id) DO UPDATE SET
                 number = excluded.number, branch = excluded.branch",
        );
        let set = |(coverage, person): &(&Coverage, &Person)| -> Vec<Value> {
            let InsuranceNumbers { number, branch, .. } = &coverage.numbers;
            let bare = coverage.numbers.bare_key();
            values![bare.as_str(), person.birthdate, coverage.person, coverage.id, number, branch].into()
        };
        let with_symbol = coverages.iter().filter(|(coverage, _)| !normal(&coverage.numbers.symbol).is_empty());
        self.execute_each(SQL, &with_symbol.map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }
}

fn coverage_row(coverage: &Coverage) -> Result<Vec<Value>> {
    let InsuranceNumbers { insurer, symbol, number, branch } = &coverage.numbers;
    let row = values![
        coverage.person,
        coverage.id,
        insurer.padded(),
        symbol,
        number,
        branch,
        &coverage.insurer_name,
        coverage.relation.number(),
        coverage.kind.code(),
        coverage.valid_from,
        coverage.valid_to,
        coverage.loss.map(ReasonOfLoss::code),
        coverage.patient_share_percent,
        packed("coverages", "certificate", &coverage.certificate)?,
    ];
    Ok(row.into())
}

fn coverage(row: &Row<'_>) -> Result<Coverage> {
    let insurer = row.parsed(2, InsurerNumber::parse(row.text(2)?))?;
    let loss = row.opt_text(11)?.map(|code| row.known(11, ReasonOfLoss::from_code(code))).transpose()?;
    Ok(Coverage {
        person: row.id(0, PersonId::from_bytes)?,
        id: row.id(1, CoverageId::from_bytes)?,
        numbers: InsuranceNumbers { insurer, symbol: row.string(3)?, number: row.string(4)?, branch: row.string(5)? },
        insurer_name: row.string(6)?,
        relation: row.known(7, Relation::from_number(row.int(7)?))?,
        kind: row.known(8, CertificateKind::from_code(row.text(8)?))?,
        valid_from: row.day(9)?,
        valid_to: row.opt_day(10)?,
        loss,
        patient_share_percent: row.opt_int(12)?,
        certificate: row.json_or_default(13)?,
    })
}

fn holder(row: &Row<'_>) -> Result<Holder> {
    Ok(Holder {
        person: row.id(0, PersonId::from_bytes)?,
        coverage: row.id(1, CoverageId::from_bytes)?,
        number: row.string(2)?,
        branch: row.string(3)?,
        birthdate: row.day(4)?,
    })
}

fn number_holder(row: &Row<'_>) -> Result<NumberHolder> {
    Ok(NumberHolder {
        person: row.id(0, PersonId::from_bytes)?,
        coverage: row.id(1, CoverageId::from_bytes)?,
        number: row.string(2)?,
        branch: row.string(3)?,
        name: row.string(4)?,
        kana: row.string(5)?,
        sex: row.sex(6)?,
        birthdate: row.day(7)?,
        valid_from: row.day(8)?,
        valid_to: row.opt_day(9)?,
    })
}
