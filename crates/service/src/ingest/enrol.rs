//! `ingest claims --enrol`: registering whom and what a claims file names, so that a vendor sees its
//! own test file on the screen at once. For demonstrations only: a claim is no proof of insurance.
//!
//! Persons are told apart by the payer's numbers, birthdate, sex and name. Cards, terminals and
//! accounts are made by the caller from [`Enrolled`].

use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::certificate::Certificate;
use madoguchi_model::claim::Claim;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::{Coverage, Relation};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::id::{CoverageId, PersonId};
use madoguchi_model::institution::Institution;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{Particulars, Person, Sex, comparable_name};
use madoguchi_model::resolution::Unattached;
use madoguchi_store::Tx;
use madoguchi_wire::claims::Header;
use std::collections::HashMap;

/// 開設年月日 of an institution that is only known from its file.
const OPENED_ON: i64 = 20_000_101;
/// Shown for a person whose claim has no name.
const NO_NAME: &str = "氏名なし";

/// A person who was registered because a claims file named them.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The person.
    pub person: Person,
    /// The numbers of the coverage.
    pub numbers: InsuranceNumbers,
}

impl std::fmt::Debug for Enrolled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Enrolled").field("person", &self.person.id).finish_non_exhaustive()
    }
}

/// The registrations of one file.
pub(super) struct Enrolment<'a> {
    service: &'a Service,
    now: Timestamp,
    known: HashMap<(String, Day, Sex, String), PersonId>,
    enrolled: Vec<Enrolled>,
}

impl<'a> Enrolment<'a> {
    pub(super) fn new(service: &'a Service, now: Timestamp) -> Self {
        Self { service, now, known: HashMap::new(), enrolled: Vec::new() }
    }

    pub(super) fn enrolled(self) -> Vec<Enrolled> {
        self.enrolled
    }

    /// The person whom this claim names, registered now or by an earlier receipt of the file. Who is
    /// ambiguous in the registry stays so.
    pub(super) async fn person(
        &mut self,
        claim: &Claim,
        reason: Unattached,
    ) -> Result<Result<PersonId, Unattached>, Refusal> {
        let numbers = claim.numbers().into_iter().next();
        let (Some(numbers), false) = (numbers, reason == Unattached::Ambiguous) else { return Ok(Err(reason)) };
        let patient = &claim.patient;
        let name = comparable_name(&patient.name);
        let key = (numbers.key().as_str().to_owned(), patient.birthdate, patient.sex, name);
        if let Some(person) = self.known.get(&key) {
            return Ok(Ok(*person));
        }
        let id = PersonId::new(self.now, self.service.random()?);
        let name = if patient.name.is_empty() { NO_NAME } else { &patient.name };
        let kana = if patient.kana.is_empty() { name } else { &patient.kana };
        let person = Person {
            id,
            name: name.to_owned(),
            kana: kana.to_owned(),
            sex: patient.sex,
            birthdate: patient.birthdate,
            died_on: None,
            particulars: Particulars::default(),
        };
        let coverage = Coverage {
            person: id,
            id: CoverageId::new(self.now, self.service.random()?),
            insurer_name: format!("保険者番号{}", numbers.insurer.printed()),
            numbers: numbers.clone(),
            relation: relation(claim),
            kind: CertificateKind::General,
            valid_from: claim.month.first_day(),
            valid_to: None,
            loss: None,
            patient_share_percent: None,
            certificate: Certificate::default(),
        };
        let registered = person.clone();
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.put_persons(std::slice::from_ref(&registered)).await?;
            Ok(tx.put_coverage(&coverage, &registered).await?)
        };
        self.service.0.store.write("claims.enrol", write).await?;
        self.known.insert(key, id);
        self.enrolled.push(Enrolled { person, numbers });
        Ok(Ok(id))
    }
}

/// Registers the sender of the file.
pub(super) async fn institution(service: &Service, header: &Header) -> Result<Institution, Refusal> {
    let name = if header.name.is_empty() { format!("医療機関{}", header.institution) } else { header.name.clone() };
    let opened_on = Day::from_number(OPENED_ON).unwrap_or_else(|| header.request_month.first_day());
    let institution =
        Institution { code: header.institution.clone(), name, hospital: false, opened_on, abolished_on: None };
    let registered = institution.clone();
    let write = async move |tx: &mut Tx| -> Result<(), Refusal> { Ok(tx.put_institution(&registered).await?) };
    service.0.store.write("claims.enrol_institution", write).await?;
    Ok(institution)
}

/// 家族 by the last digit of レセプト種別 (5, 6), else 本人.
fn relation(claim: &Claim) -> Relation {
    match claim.category.to_string().chars().last() {
        Some('3'..='6') => Relation::Dependant,
        _ => Relation::Insured,
    }
}
