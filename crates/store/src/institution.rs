//! Institutions (医療機関等) as registered.

use madoguchi_model::code::{Code, UrlKind};
use madoguchi_model::institution::{Institution, InstitutionCode};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, values},
};

impl Tx {
    /// The institution of this code.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn institution(&mut self, code: &InstitutionCode) -> Result<Option<Institution>> {
        const SQL: Sql =
            Sql::reference("SELECT code, name, hospital, opened_on, abolished_on FROM institutions WHERE code = $1");
        self.row(SQL, &values![code], institution).await
    }

    /// All institutions by their codes.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn institutions(&mut self) -> Result<Vec<Institution>> {
        const SQL: Sql =
            Sql::report("SELECT code, name, hospital, opened_on, abolished_on FROM institutions ORDER BY code");
        self.rows(SQL, &[], institution).await
    }

    /// Registers an institution or what has changed about it.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_institution(&mut self, institution: &Institution) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO institutions (code, name, hospital, opened_on, abolished_on) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (code) DO UPDATE SET name = excluded.name, hospital = excluded.hospital,
                 opened_on = excluded.opened_on, abolished_on = excluded.abolished_on",
        );
        let Institution { code, name, hospital, opened_on, abolished_on } = institution;
        self.execute(SQL, &values![code, name, *hospital, *opened_on, *abolished_on]).await?;
        Ok(())
    }
}

impl Tx {
    /// The address that is registered for patients of this kind of care.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn access_url(&mut self, institution: &InstitutionCode, kind: UrlKind) -> Result<Option<String>> {
        const SQL: Sql = Sql::by_key("SELECT url FROM access_urls WHERE institution_code = $1 AND kind = $2");
        self.row(SQL, &values![institution, kind.code()], |row| row.string(0)).await
    }

    /// Registers the address, or forgets it.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn put_access_url(
        &mut self,
        institution: &InstitutionCode,
        kind: UrlKind,
        url: Option<&str>,
    ) -> Result<()> {
        const PUT: Sql = Sql::by_key(
            "INSERT INTO access_urls (institution_code, kind, url) VALUES ($1, $2, $3)
             ON CONFLICT (institution_code, kind) DO UPDATE SET url = excluded.url",
        );
        const FORGET: Sql = Sql::by_key("DELETE FROM access_urls WHERE institution_code = $1 AND kind = $2");
        match url {
            Some(url) => self.execute(PUT, &values![institution, kind.code(), url]).await?,
            None => self.execute(FORGET, &values![institution, kind.code()]).await?,
        };
        Ok(())
    }
}

fn institution(row: &Row<'_>) -> Result<Institution> {
    Ok(Institution {
        code: row.institution(0)?,
        name: row.string(1)?,
        hospital: row.truth(2)?,
        opened_on: row.day(3)?,
        abolished_on: row.opt_day(4)?,
    })
}
