//! Past care between its messages and the model.

use super::{
    Act, Answer, AnswerBody, AnswerHeader, DispensedDrug, DispensingDay, DispensingMonth, Drug, Person, PrescribedDrug,
    PrescriptionDay, PrescriptionMonth, ReceiptDay, ReceiptMonth, Request,
};
use crate::message::envelope::{FileIdentifier, InstitutionDigits, XmlMsg};
use crate::message::fetch::{InOut, ResultCode};
use crate::message::field::WrongElement;
use crate::message::kana::half_width;
use crate::message::leaf::{Digits, Text};
use crate::message::problem::Problem;
use madoguchi_model::care::{self, Amount, CareSetting, Medication};
use madoguchi_model::code::Coded;
use madoguchi_model::day::Timestamp;
use madoguchi_model::prescription::{DrugForm, Place};
use madoguchi_model::records as model;
use madoguchi_model::release::Period;

impl Request {
    /// What is asked for.
    ///
    /// # Errors
    /// Months in the wrong order.
    pub fn query(&self) -> Result<model::Query, Problem> {
        let wrong = |element| Problem::Elements(vec![WrongElement { element, record: None }]);
        let body = &self.body;
        if body.from > body.to {
            return Err(wrong("EndDate"));
        }
        Ok(model::Query {
            numbers: self.header.numbers(),
            period: Period { from: body.from, to: body.to },
            category: body.category.known().ok_or_else(|| wrong("FileCategory"))?,
            prescriptions: body.prescriptions.as_ref().and_then(Coded::known).unwrap_or_default(),
            treatment: body.treatment.as_ref().and_then(Coded::known).unwrap_or_default(),
        })
    }
}

impl Answer {
    /// The records as an answer to this institution.
    #[must_use]
    pub fn telling(
        records: &model::Records,
        institution: &str,
        identifier: Option<FileIdentifier>,
        now: Timestamp,
    ) -> Self {
        let header = AnswerHeader {
            result: ResultCode::Success.into(),
            message: None,
            institution: InstitutionDigits::new(institution),
            identifier,
            executed_at: Some(now),
            person: Some(Person::from(&records.person)),
        };
        let body = AnswerBody {
            months: records.receipts.iter().map(ReceiptMonth::from).collect(),
            dispensings: records.dispensings.iter().map(DispensingMonth::from).collect::<Vec<_>>().into(),
            prescriptions: records.prescriptions.iter().map(PrescriptionMonth::from).collect::<Vec<_>>().into(),
        };
        XmlMsg { header, body }
    }
}

impl From<&model::PersonHead> for Person {
    fn from(person: &model::PersonHead) -> Self {
        Self {
            name: Text::or_unknown(&person.name),
            kana: Text::new(&half_width(&person.kana)),
            birthdate: person.birthdate,
            sex: person.sex.into(),
        }
    }
}

impl From<&model::ReceiptMonth> for ReceiptMonth {
    fn from(month: &model::ReceiptMonth) -> Self {
        let prescriber = month.prescriber.as_ref();
        let setting = match month.setting {
            CareSetting::Inpatient => InOut::Inpatient,
            CareSetting::Outpatient | CareSetting::Pharmacy => InOut::Outpatient,
        };
        Self {
            origin: month.origins.map(|origins| origins.institution.into()),
            institution: Digits::new(month.institution.code.as_str()),
            institution_name: Text::new(&month.institution.name),
            prescriber: prescriber.and_then(|prescriber| Text::new(&prescriber.code)),
            prescriber_name: prescriber.and_then(|prescriber| Text::new(&prescriber.name)),
            month: month.month,
            prescriber_origin: month.origins.and_then(|origins| origins.prescriber).map(Coded::Known),
            setting: Some(setting.into()),
            days: month.days.iter().map(ReceiptDay::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&model::ReceiptDay> for ReceiptDay {
    fn from(day: &model::ReceiptDay) -> Self {
        Self {
            day: day.day,
            prescribed_on: day.prescribed_on,
            drugs: day.drugs.iter().map(Drug::from).collect::<Vec<_>>().into(),
            acts: day.acts.iter().map(Act::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&Medication> for Drug {
    fn from(drug: &Medication) -> Self {
        Self {
            code: Text::new(&drug.code),
            name: Text::new(&drug.name),
            ingredient: drug.ingredient.as_deref().and_then(Text::new),
            class: class(drug.class),
            usage: drug.usage.as_deref().and_then(Text::new),
            instruction: drug.instruction.as_deref().and_then(Text::new),
            amount: amount(drug.amount),
            unit: Text::new(&drug.unit),
            times: Text::new(&drug.count.to_string()),
        }
    }
}

impl From<&care::Act> for Act {
    fn from(act: &care::Act) -> Self {
        let (quantity, unit) = match &act.quantity {
            Some((quantity, unit)) => (Some(*quantity), unit.as_str()),
            None => (None, ""),
        };
        Self {
            name: Text::new(&act.name),
            code: Text::new(&act.code),
            class: class(act.class),
            amount: amount(quantity),
            times: Text::new(&act.count.to_string()),
            unit: Text::new(unit),
        }
    }
}

impl From<&model::PrescriptionMonth> for DispensingMonth {
    fn from(month: &model::PrescriptionMonth) -> Self {
        let pharmacy = month.pharmacy.as_ref();
        Self {
            origin: month.pharmacy_origin.map(Coded::Known),
            pharmacy: pharmacy.and_then(code),
            prescriber: code(&month.prescriber),
            pharmacy_name: pharmacy.and_then(|pharmacy| Text::new(&pharmacy.name)),
            month: month.month,
            prescriber_name: Text::new(&month.prescriber.name),
            prescriber_origin: Some(month.prescriber_origin.into()),
            class: None,
            days: month.days.iter().map(DispensingDay::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&model::PrescriptionDay> for DispensingDay {
    fn from(day: &model::PrescriptionDay) -> Self {
        Self {
            day: day.dispensed_on,
            prescribed_on: Some(day.prescribed_on),
            drugs: day.drugs.iter().map(DispensedDrug::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&Medication> for DispensedDrug {
    fn from(drug: &Medication) -> Self {
        let plain = Drug::from(drug);
        Self {
            code: plain.code,
            amount: plain.amount,
            usage: plain.usage,
            instruction: plain.instruction,
            times: plain.times,
            ingredient: plain.ingredient,
            form: form(drug.class),
            unit: plain.unit,
            name: plain.name,
        }
    }
}

impl From<&model::PrescriptionMonth> for PrescriptionMonth {
    fn from(month: &model::PrescriptionMonth) -> Self {
        Self {
            origin: Some(month.prescriber_origin.into()),
            pharmacy: None,
            prescriber: code(&month.prescriber),
            pharmacy_name: None,
            month: month.month,
            prescriber_name: Text::new(&month.prescriber.name),
            prescriber_origin: Some(month.prescriber_origin.into()),
            class: None,
            days: month.days.iter().map(PrescriptionDay::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&model::PrescriptionDay> for PrescriptionDay {
    fn from(day: &model::PrescriptionDay) -> Self {
        Self {
            day: Some(day.prescribed_on),
            drugs: day.drugs.iter().map(PrescribedDrug::from).collect::<Vec<_>>().into(),
        }
    }
}

impl From<&Medication> for PrescribedDrug {
    fn from(drug: &Medication) -> Self {
        let plain = Drug::from(drug);
        Self {
            code: plain.code,
            amount: plain.amount,
            usage: plain.usage,
            instruction: plain.instruction,
            times: plain.times,
            ingredient: plain.ingredient,
            form: form(drug.class),
            unit: plain.unit,
            name: plain.name,
        }
    }
}

/// 診療識別, two digits.
fn class(class: u8) -> Option<Text<2>> {
    Text::new(&format!("{class:02}"))
}

fn form(class: u8) -> Option<Text<2>> {
    Text::new(&DrugForm::of_class(class).number().to_string())
}

fn amount(amount: Option<Amount>) -> Option<Text<20>> {
    amount.and_then(|amount| Text::new(&amount.to_string()))
}

fn code(place: &Place) -> Option<Digits<10>> {
    Digits::new(place.code.as_str())
}
