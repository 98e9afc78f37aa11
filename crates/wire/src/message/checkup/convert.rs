//! Check-ups between their messages and the model.

use super::{Answer, AnswerBody, AnswerHeader, Checkup, Item, Person, Request};
use crate::message::envelope::{FileIdentifier, InstitutionDigits, XmlMsg};
use crate::message::fetch::ResultCode;
use crate::message::kana::half_width;
use crate::message::leaf::Text;
use madoguchi_model::checkup::{self as model, CheckupResult};
use madoguchi_model::code::Coded;
use madoguchi_model::day::Timestamp;
use madoguchi_model::person;

impl Request {
    /// What is asked for.
    #[must_use]
    pub fn query(&self) -> model::Query {
        model::Query {
            numbers: self.header.numbers(),
            treatment: self.body.treatment.as_ref().and_then(Coded::known).unwrap_or_default(),
        }
    }
}

impl Answer {
    /// The check-ups as an answer to this institution.
    #[must_use]
    pub fn telling(
        person: &person::Person,
        checkups: &[model::Checkup],
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
            person: Some(Person::from(person)),
        };
        XmlMsg { header, body: AnswerBody { checkups: checkups.iter().map(Checkup::from).collect() } }
    }
}

impl From<&person::Person> for Person {
    fn from(person: &person::Person) -> Self {
        Self {
            name: Text::or_unknown(&person.name),
            kana: Text::new(&half_width(&person.kana)),
            birthdate: person.birthdate,
            sex: person.sex.into(),
        }
    }
}

impl From<&model::Checkup> for Checkup {
    fn from(checkup: &model::Checkup) -> Self {
        Self { day: checkup.day, items: checkup.results.iter().map(Item::from).collect::<Vec<_>>().into() }
    }
}

impl From<&CheckupResult> for Item {
    fn from(result: &CheckupResult) -> Self {
        Self {
            code: Text::or_unknown(&result.code),
            name: Text::new(result.item_name()),
            kind: Text::new(result.data_type().code()),
            value: Text::new(result.data_value()),
            unit: Text::new(result.unit()),
            oid: Text::new(result.oid()),
            value_name: Text::new(&result.value_name()),
        }
    }
}
