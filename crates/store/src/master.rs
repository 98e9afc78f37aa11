//! Code masters (マスター) in all their generations.

use madoguchi_model::{
    day::Day,
    master::{Drug, DrugForm, Procedure},
};

use crate::{
    Result, Tx,
    sql::Sql,
    value::{Row, Value, values},
};

/// One generation of a name of a code that is neither a drug nor a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeName {
    /// Which master, by its letter: `T` 特定器材, `C` コメント, `M` 調剤行為, `B` 傷病名, `Z` 修飾語, `H` 歯科.
    pub kind: String,
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day of the generation.
    pub valid_from: Day,
    /// Last day; none while in force.
    pub valid_to: Option<Day>,
}

impl Tx {
    /// All generations of a drug, the oldest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn drug_generations(&mut self, code: &str) -> Result<Vec<Drug>> {
        const SQL: Sql = Sql::reference(
            "SELECT code, valid_from, valid_to, name, unit, form, price_code, ingredient, generic
             FROM drug_master WHERE code = $1 ORDER BY valid_from",
        );
        self.rows(SQL, &values![code], drug).await
    }

    /// The whole master of drugs, by code and generation.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn drugs(&mut self) -> Result<Vec<Drug>> {
        const SQL: Sql = Sql::report(
            "SELECT code, valid_from, valid_to, name, unit, form, price_code, ingredient, generic
             FROM drug_master ORDER BY code, valid_from",
        );
        self.rows(SQL, &[], drug).await
    }

    /// Takes generations of drugs; one with the same code and first day is replaced.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_drugs(&mut self, drugs: &[Drug]) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO drug_master (code, valid_from, valid_to, name, unit, form, price_code, ingredient, generic)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (code, valid_from) DO UPDATE SET valid_to = excluded.valid_to, name = excluded.name,
                 unit = excluded.unit, form = excluded.form, price_code = excluded.price_code,
                 ingredient = excluded.ingredient, generic = excluded.generic",
        );
        let set = |drug: &Drug| -> Vec<Value> {
            let Drug { code, name, unit, form, price_code, ingredient, generic, valid_from, valid_to } = drug;
            let ingredient = ingredient.as_ref();
            values![code, *valid_from, *valid_to, name, unit, form.digit(), price_code, ingredient, *generic].into()
        };
        self.execute_each(SQL, &drugs.iter().map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// All generations of a procedure, the oldest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn procedure_generations(&mut self, code: &str) -> Result<Vec<Procedure>> {
        const SQL: Sql = Sql::reference(
            "SELECT code, valid_from, valid_to, name, unit, letter, section, section_branch, notification,
                 outpatient_total, inpatient_total
             FROM procedure_master WHERE code = $1 ORDER BY valid_from",
        );
        self.rows(SQL, &values![code], procedure).await
    }

    /// The whole master of procedures, by code and generation.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn procedures(&mut self) -> Result<Vec<Procedure>> {
        const SQL: Sql = Sql::report(
            "SELECT code, valid_from, valid_to, name, unit, letter, section, section_branch, notification,
                 outpatient_total, inpatient_total
             FROM procedure_master ORDER BY code, valid_from",
        );
        self.rows(SQL, &[], procedure).await
    }

    /// Takes generations of procedures; one with the same code and first day is replaced.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_procedures(&mut self, procedures: &[Procedure]) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO procedure_master (code, valid_from, valid_to, name, unit, letter, section, section_branch,
                 notification, outpatient_total, inpatient_total)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (code, valid_from) DO UPDATE SET valid_to = excluded.valid_to, name = excluded.name,
                 unit = excluded.unit, letter = excluded.letter, section = excluded.section,
                 section_branch = excluded.section_branch, notification = excluded.notification,
                 outpatient_total = excluded.outpatient_total, inpatient_total = excluded.inpatient_total",
        );
        let set = |procedure: &Procedure| -> Vec<Value> {
            values![
                &procedure.code,
                procedure.valid_from,
                procedure.valid_to,
                &procedure.name,
                &procedure.unit,
                procedure.letter.to_string(),
                i32::from(procedure.section),
                i32::from(procedure.section_branch),
                i32::from(procedure.notification),
                i32::from(procedure.outpatient_total),
                i32::from(procedure.inpatient_total),
            ]
            .into()
        };
        self.execute_each(SQL, &procedures.iter().map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// All generations of a code's name, the oldest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn code_names(&mut self, kind: &str, code: &str) -> Result<Vec<CodeName>> {
        const SQL: Sql = Sql::reference(
            "SELECT kind, code, name, valid_from, valid_to FROM code_names
             WHERE kind = $1 AND code = $2 ORDER BY valid_from",
        );
        self.rows(SQL, &values![kind, code], code_name).await
    }

    /// Takes generations of names; one with the same code and first day is replaced.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_code_names(&mut self, names: &[CodeName]) -> Result<()> {
        const SQL: Sql = Sql::reference(
            "INSERT INTO code_names (kind, code, valid_from, valid_to, name) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, code, valid_from) DO UPDATE SET valid_to = excluded.valid_to, name = excluded.name",
        );
        let set = |name: &CodeName| -> Vec<Value> {
            values![&name.kind, &name.code, name.valid_from, name.valid_to, &name.name].into()
        };
        self.execute_each(SQL, &names.iter().map(set).collect::<Vec<_>>()).await?;
        Ok(())
    }
}

fn drug(row: &Row<'_>) -> Result<Drug> {
    Ok(Drug {
        code: row.string(0)?,
        valid_from: row.day(1)?,
        valid_to: row.opt_day(2)?,
        name: row.string(3)?,
        unit: row.string(4)?,
        form: row.known(5, DrugForm::from_digit(row.text(5)?))?,
        price_code: row.string(6)?,
        ingredient: row.opt_string(7)?,
        generic: row.truth(8)?,
    })
}

fn procedure(row: &Row<'_>) -> Result<Procedure> {
    let number = |index| row.parsed(index, u16::try_from(row.int(index)?));
    Ok(Procedure {
        code: row.string(0)?,
        valid_from: row.day(1)?,
        valid_to: row.opt_day(2)?,
        name: row.string(3)?,
        unit: row.string(4)?,
        letter: row.known(5, row.text(5)?.chars().next())?,
        section: number(6)?,
        section_branch: number(7)?,
        notification: row.parsed(8, u8::try_from(row.int(8)?))?,
        outpatient_total: number(9)?,
        inpatient_total: number(10)?,
    })
}

fn code_name(row: &Row<'_>) -> Result<CodeName> {
    Ok(CodeName {
        kind: row.string(0)?,
        code: row.string(1)?,
        name: row.string(2)?,
        valid_from: row.day(3)?,
        valid_to: row.opt_day(4)?,
    })
}
