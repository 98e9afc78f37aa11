//! Prescriptions and dispensings of the e-prescription service (処方情報・調剤情報), the drugs packed as on receipts.
//!
//! Like receipts, they are read with a [`Consent`] only; they need the one to 薬剤情報.

use madoguchi_model::{
    consent::InformationKind,
    id::{PersonId, PrescriptionId},
    prescription::{Dispensing, Place, Prescription, VisibleDays},
};

use crate::{
    Consent, Error, Result, Tx,
    sql::Sql,
    value::{Row, Value, values},
};

/// A prescription or dispensing as it is registered.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPrescription {
    /// Whose it is.
    pub person: PersonId,
    /// 処方箋の番号 of the service: a prescription and its dispensings share it.
    pub slip: String,
    /// What it says.
    pub prescription: Prescription,
}

impl Tx {
    /// What the e-prescription service knows of these days, the newest first; nothing without the consent to 薬剤情報.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a stored slip can't be read.
    pub async fn prescriptions(&mut self, consent: &Consent, days: VisibleDays) -> Result<Vec<Prescription>> {
        const SQL: Sql = Sql::by_person(
            "SELECT prescription_id, prescriber_code, prescriber_name, prescribed_on, pharmacy_code, pharmacy_name,
                 dispensed_on, drugs
             FROM prescriptions WHERE person_id = $1 AND day BETWEEN $2 AND $3
             ORDER BY day DESC, prescription_id",
        );
        if !consent.covers(InformationKind::Medication) {
            return Ok(Vec::new());
        }
        self.rows(SQL, &values![consent.person(), days.from, days.to], prescription).await
    }

    /// Registers prescriptions and dispensings, or what has changed about them; the same again changes nothing.
    ///
    /// # Errors
    /// When they can't be written.
    pub async fn put_prescriptions(&mut self, prescriptions: &[NewPrescription]) -> Result<()> {
        // The day is part of the key and may be what was corrected.
        const FORGET: Sql = Sql::by_person("DELETE FROM prescriptions WHERE person_id = $1 AND prescription_id = $2");
        const PUT: Sql = Sql::by_person(
            "INSERT INTO prescriptions (person_id, day, prescription_id, slip, prescriber_code, prescriber_name,
                 prescribed_on, pharmacy_code, pharmacy_name, dispensed_on, drugs)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        );
        let former = |new: &NewPrescription| -> Vec<Value> { values![new.person, new.prescription.id].into() };
        let rows = prescriptions.iter().map(prescription_row).collect::<Result<Vec<_>>>()?;
        self.execute_each(FORGET, &prescriptions.iter().map(former).collect::<Vec<_>>()).await?;
        self.execute_each(PUT, &rows).await?;
        Ok(())
    }

    /// Takes a prescription back (取消), with its dispensings; how many records.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn cancel_prescription(&mut self, person: PersonId, slip: &str) -> Result<u64> {
        const SQL: Sql = Sql::by_person("DELETE FROM prescriptions WHERE person_id = $1 AND slip = $2");
        self.execute(SQL, &values![person, slip]).await
    }
}

fn prescription_row(new: &NewPrescription) -> Result<Vec<Value>> {
    let Prescription { id, prescriber, prescribed_on, dispensing, drugs } = &new.prescription;
    let pharmacy = dispensing.as_ref().map(|dispensing| &dispensing.pharmacy);
    let packed = serde_json::to_string(drugs)
        .map_err(|error| Error::corrupt("prescriptions", "drugs", "of a new row", error))?;
    Ok(values![
        new.person,
        new.prescription.day(),
        *id,
        &new.slip,
        &prescriber.code,
        &prescriber.name,
        *prescribed_on,
        pharmacy.map(|pharmacy| &pharmacy.code),
        pharmacy.map(|pharmacy| &pharmacy.name),
        dispensing.as_ref().map(|dispensing| dispensing.on),
        packed,
    ]
    .into())
}

fn prescription(row: &Row<'_>) -> Result<Prescription> {
    let dispensing = match row.opt_day(6)? {
        Some(on) => Some(Dispensing { pharmacy: Place { code: row.institution(4)?, name: row.string(5)? }, on }),
        None => None,
    };
    Ok(Prescription {
        id: row.id(0, PrescriptionId::from_bytes)?,
        prescriber: Place { code: row.institution(1)?, name: row.string(2)? },
        prescribed_on: row.day(3)?,
        dispensing,
        drugs: row.json(7)?,
    })
}
