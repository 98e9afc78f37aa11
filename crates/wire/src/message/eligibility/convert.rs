//! Eligibility between its messages and the model.

use super::{
    Answer, AnswerBody, DiseaseCertificate, ElderlyCertificate, LimitCertificate, MedicalTicket, Request, Row,
    SearchInfo,
};
use crate::message::envelope::{EligibilityAnswerHeader, FileIdentifier, InstitutionDigits, XmlMsg};
use crate::message::kana::half_width;
use crate::message::leaf::{Branch, Count, Digits, Percent, Text};
use madoguchi_model::certificate;
use madoguchi_model::code::{
    CertificateConsent, CharacterCode, Coded, Consistency, ElderlyCareStatus, EntrustedHere, InfectionStatus,
    PrefecturalExpenseStatus, Preschool, ProcessingStatus, RecordConsent, SegmentOfResult, SocialInsuranceStatus,
};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::eligibility::{self as model, AnswerConsent, KindConsent, TicketLine};
use madoguchi_model::institution::InstitutionCode;

/// Whom an answer goes to.
#[derive(Debug, Clone)]
pub struct Addressee<'a> {
    /// The institution.
    pub institution: &'a InstitutionCode,
    /// What the client wants back, or the mark of a face file.
    pub identifier: Option<FileIdentifier>,
    /// The character set of the answer.
    pub character_code: CharacterCode,
}

impl Request {
    /// The check that is asked for.
    #[must_use]
    pub fn query(&self) -> model::Query {
        self.body.search.query(self.header.day)
    }
}

impl SearchInfo {
    /// The check of this day.
    #[must_use]
    pub fn query(&self, day: Day) -> model::Query {
        model::Query {
            numbers: self.numbers(),
            birthdate: self.birthdate,
            limit_consent: self.limit_consent == CertificateConsent::Yes,
            day,
        }
    }
}

impl Answer {
    /// The answer; `search` is what was asked, absent after the reader.
    #[must_use]
    pub fn telling(answer: &model::Answer, to: &Addressee<'_>, search: Option<SearchInfo>) -> Self {
        let header = EligibilityAnswerHeader {
            executed_at: answer.at,
            day: answer.day,
            institution: InstitutionDigits::new(to.institution.as_str()).unwrap_or_else(InstitutionDigits::zeros),
            identifier: to.identifier.clone(),
            classification: answer.means.into(),
            segment: SegmentOfResult::Done.into(),
            error_code: None,
            error_message: None,
            character_code: to.character_code.into(),
        };
        let notice = answer.notices.first();
        let body = AnswerBody {
            prescription: answer.prescription.map(Coded::Known),
            status: Some(ProcessingStatus::Normal.into()),
            code: notice.and_then(|notice| Text::new(notice.code())),
            message: notice.and_then(|notice| Text::new(notice.text())),
            validity: Some(answer.validity.into()),
            search,
            results: answer.rows.iter().map(Row::from).collect::<Vec<_>>().into(),
        };
        XmlMsg { header, body }
    }
}

impl From<&model::Row> for Row {
    fn from(row: &model::Row) -> Self {
        let consents = row.consents.as_ref();
        let checkup = Consent::of(consents.map(|consents| consents.checkup));
        let medication = Consent::of(consents.map(|consents| consents.medication));
        let care = Consent::of(consents.map(|consents| consents.medical_care));
        let surgery = Consent::of(consents.map(|consents| consents.surgery));
        Self {
            kind: row.kind.into(),
            insurer: Some(row.numbers.insurer.clone()),
            symbol: Text::new(&row.numbers.symbol),
            number: Text::new(&row.numbers.number),
            branch: Branch::new(&row.numbers.branch),
            relation: row.relation.map(Coded::Known),
            insured_name: optional(row.insured_name.as_deref()),
            name: Text::or_unknown(&row.name),
            other_name: optional(row.other_name.as_deref()),
            kana: Text::new(&half_width(&row.kana)),
            other_kana: row.other_kana.as_deref().and_then(|kana| Text::new(&half_width(kana))),
            sex: row.sex.into(),
            printed_sex: row.printed_sex.map(Coded::Known),
            birthdate: row.birthdate,
            address: optional(row.address.as_deref()),
            postal_code: row.postal_code.as_ref().and_then(|code| Text::new(code.as_str())),
            acquired_on: Some(row.qualified_on),
            lost_on: row.lost_on,
            issued_on: row.issued_on,
            valid_from: row.certificate_from,
            valid_to: row.certificate_to,
            share: row.share_percent.and_then(Percent::new),
            preschool: row.preschool.then_some(Preschool::Preschool.into()),
            loss: row.loss.map(Coded::Known),
            insurer_name: Text::or_unknown(&row.insurer_name),
            elderly: row.elderly.as_ref().map(ElderlyCertificate::from),
            limit_consent: row.limit_consent.map(certificate_consent),
            limit_consent_at: row.limit_consent.and_then(given_at),
            limit: row.limit.as_ref().map(LimitCertificate::from),
            disease_consent: row.disease_consent.map(certificate_consent),
            disease_consent_at: row.disease_consent.and_then(given_at),
            diseases: row.diseases.iter().map(DiseaseCertificate::from).collect::<Vec<_>>().into(),
            tickets: row.tickets.iter().map(MedicalTicket::from).collect::<Vec<_>>().into(),
            checkup_consent: checkup.flag,
            checkup_consent_at: checkup.from,
            checkup_until: checkup.until,
            medication_consent: medication.flag,
            medication_consent_at: medication.from,
            medication_until: medication.until,
            care_consent: care.flag,
            care_consent_at: care.from,
            care_until: care.until,
            surgery_consent: surgery.flag,
            surgery_consent_at: surgery.from,
            surgery_until: surgery.until,
            reference_number: optional(row.reference_number.as_deref()),
            key: None,
            prescription: None,
        }
    }
}

/// The three elements of a consent.
#[derive(Default)]
struct Consent {
    flag: Option<Coded<RecordConsent>>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Consent {
    /// Times stand only beside a consent that holds.
    fn of(consent: Option<KindConsent>) -> Self {
        let Some(consent) = consent else {
            return Self::default();
        };
        let times = consent.times.filter(|_| consent.mark == RecordConsent::Yes);
        Self {
            flag: Some(consent.mark.into()),
            from: times.map(|(from, _)| from),
            until: times.map(|(_, until)| until),
        }
    }
}

fn certificate_consent(consent: AnswerConsent) -> Coded<CertificateConsent> {
    match consent {
        AnswerConsent::Refused => CertificateConsent::No.into(),
        AnswerConsent::Given(_) => CertificateConsent::Yes.into(),
    }
}

fn given_at(consent: AnswerConsent) -> Option<Timestamp> {
    match consent {
        AnswerConsent::Refused => None,
        AnswerConsent::Given(at) => Some(at),
    }
}

impl From<&certificate::ElderlyCertificate> for ElderlyCertificate {
    fn from(one: &certificate::ElderlyCertificate) -> Self {
        Self {
            issued_on: one.issued_on,
            valid_from: Some(one.valid_from),
            valid_to: one.valid_to,
            share: Percent::new(one.share_percent),
        }
    }
}

impl From<&certificate::LimitCertificate> for LimitCertificate {
    fn from(one: &certificate::LimitCertificate) -> Self {
        Self {
            kind: Some(one.kind.into()),
            class: Some(one.class.into()),
            issued_on: one.issued_on,
            valid_from: Some(one.valid_from),
            valid_to: one.valid_to,
            long_term_on: one.long_term_on,
        }
    }
}

impl From<&certificate::DiseaseCertificate> for DiseaseCertificate {
    fn from(one: &certificate::DiseaseCertificate) -> Self {
        Self {
            category: Some(one.category.into()),
            issued_on: one.issued_on,
            valid_from: Some(one.valid_from),
            valid_to: one.valid_to,
            self_pay: Some(Count::new(one.self_pay_yen)),
        }
    }
}

impl From<&TicketLine> for MedicalTicket {
    fn from(line: &TicketLine) -> Self {
        let ticket = &line.ticket;
        let place = |texts: &[String], place: usize| texts.get(place).cloned().unwrap_or_default();
        let injury = |at: usize| Text::new(&place(&ticket.injuries, at));
        let remarks = |at: usize| Text::new(&place(&ticket.remarks, at));
        let prescriber = ticket.prescriber.as_ref();
        Self {
            kind: Some(ticket.kind.into()),
            valid_from: Some(ticket.valid_from),
            valid_to: Some(ticket.valid_to),
            issue_number: Text::new(&ticket.issue_number),
            month: Some(ticket.month),
            institution: Digits::new(ticket.institution.as_str()),
            entrusted: Some(if line.entrusted_here { EntrustedHere::Same } else { EntrustedHere::Different }.into()),
            institution_name: Text::new(&ticket.institution_name),
            prescriber: prescriber.and_then(|prescriber| Digits::new(prescriber.code.as_str())),
            prescriber_name: prescriber.and_then(|prescriber| Text::new(&prescriber.name)),
            injury_1: injury(0),
            injury_2: injury(1),
            injury_3: injury(2),
            treatment: Some(ticket.treatment.into()),
            self_pay: ticket.self_pay_yen.map(Count::new),
            district_contact: Text::new(&ticket.district_contact),
            handling_contact: Text::new(&ticket.handling_contact),
            combination: Some(ticket.combination.into()),
            social_insurance: ticket
                .social_insurance
                .map(|yes| if yes { SocialInsuranceStatus::Yes } else { SocialInsuranceStatus::No }.into()),
            consistency: ticket.inconsistent.then_some(Consistency::Inconsistent.into()),
            infection: ticket.infection.map(|yes| if yes { InfectionStatus::Yes } else { InfectionStatus::No }.into()),
            elderly_care: ticket
                .elderly_care
                .map(|yes| if yes { ElderlyCareStatus::Yes } else { ElderlyCareStatus::No }.into()),
            prefectural: ticket
                .prefectural_expenses
                .map(|yes| if yes { PrefecturalExpenseStatus::Yes } else { PrefecturalExpenseStatus::No }.into()),
            remarks_1: remarks(0),
            remarks_2: remarks(1),
            remarks_3: remarks(2),
        }
    }
}

fn optional<const MAX: usize>(text: Option<&str>) -> Option<Text<MAX>> {
    text.and_then(Text::new)
}
