//! Bulk messages between the wire and the model.

use super::{
    AssistanceRequest, BulkRow, EligibilityRequest, EligibilityResult, EligibilityResultBody, EligibilityUnit,
    HomeVisitsRequest, OnlineCareRequest, PeopleResult, PeopleResultBody, PersonUnit, Receipt, ReceiptBody,
    ReferenceRequest, ReferenceResult, ReferenceResultBody, ReferenceUnit,
};
use crate::message::catalogue::Document;
use crate::message::eligibility::{Addressee, Row, SearchInfo};
use crate::message::envelope::{
    AnswerHeader, FileIdentifier, InstitutionDigits, ReceptionNumber, ResultHeader, XmlMsg,
};
use crate::message::field::Many;
use crate::message::leaf::{Branch, Count, Text};
use crate::message::reference::RegistrationInfo;
use madoguchi_model::bulk::{BulkStatus, OnlineDay, Question, Record, Search, Unit, Upload};
use madoguchi_model::code::{CertificateConsent, CharacterCode, Coded, LimitChange, ProcessingStatus, SegmentOfResult};
use madoguchi_model::day::{Day, Timestamp};
use madoguchi_model::eligibility::Registration;
use madoguchi_model::records::Treatment;

/// The names of elements that are wrong together.
type Wrong = Vec<&'static str>;

impl EligibilityRequest {
    /// The upload that is asked for.
    #[must_use]
    pub fn upload(&self) -> Upload {
        let day = self.header.day;
        let search = |search: &SearchInfo| {
            let identifier = search.identifier.as_ref().map(|identifier| identifier.as_str().to_owned());
            Record::Search(Search { query: search.query(day), identifier })
        };
        Upload {
            tag: tag(self.header.identifier.as_ref()),
            question: Question::Eligibility(day),
            records: self.body.searches.all().iter().map(search).collect(),
        }
    }
}

impl ReferenceRequest {
    /// The upload that is asked for.
    #[must_use]
    pub fn upload(&self) -> Upload {
        let registration = |info: &RegistrationInfo| {
            let reference_number = info.reference_number.as_str().trim().to_owned();
            Record::Registration(Registration { reference_number, numbers: info.numbers() })
        };
        Upload {
            tag: tag(self.header.identifier.as_ref()),
            question: Question::ReferenceNumbers,
            records: self.body.registrations.all().iter().map(registration).collect(),
        }
    }
}

impl AssistanceRequest {
    /// The upload that is asked for.
    #[must_use]
    pub fn upload(&self) -> Upload {
        asking(self.header.identifier.as_ref(), Question::Entrusted(self.body.search.month))
    }
}

impl HomeVisitsRequest {
    /// The upload that is asked for.
    ///
    /// # Errors
    /// The elements that do not fit together.
    pub fn upload(&self) -> Result<Upload, Wrong> {
        let search = &self.body.search;
        let mut wrong = treatment(&search.treatment, Treatment::HomeVisit);
        if search.consent_from > search.consent_to {
            wrong.push("ConsentDateTo");
        }
        let question = Question::HomeVisits(search.consent_from, search.consent_to);
        if wrong.is_empty() { Ok(asking(self.header.identifier.as_ref(), question)) } else { Err(wrong) }
    }
}

impl OnlineCareRequest {
    /// The upload that is asked for.
    ///
    /// # Errors
    /// The elements that do not fit together: one pair of days must be there, and only one.
    pub fn upload(&self) -> Result<Upload, Wrong> {
        let search = &self.body.search;
        let mut wrong = treatment(&search.treatment, Treatment::Online);
        let consent = pair("ConsentDateFrom", search.consent_from, "ConsentDateTo", search.consent_to);
        let examination =
            pair("ExaminationDateFrom", search.examination_from, "ExaminationDateTo", search.examination_to);
        let question = match (consent, examination) {
            (Ok(Some((from, to))), Ok(None)) => Some(Question::Online(OnlineDay::Consent, from, to)),
            (Ok(None), Ok(Some((from, to)))) => Some(Question::Online(OnlineDay::Examination, from, to)),
            (Ok(_), Ok(_)) => {
                wrong.extend(["ConsentDateFrom", "ExaminationDateFrom"]);
                None
            }
            (consent, examination) => {
                wrong.extend([consent.err(), examination.err()].into_iter().flatten());
                None
            }
        };
        match question {
            Some(question) if wrong.is_empty() => Ok(asking(self.header.identifier.as_ref(), question)),
            _ => Err(wrong),
        }
    }
}

fn treatment(given: &Coded<Treatment>, expected: Treatment) -> Wrong {
    if *given == expected { Vec::new() } else { vec!["MedicalTreatmentFlag"] }
}

/// Both days in their order, or neither; else the name of the wrong one.
fn pair(
    from_name: &'static str,
    from: Option<Day>,
    to_name: &'static str,
    to: Option<Day>,
) -> Result<Option<(Day, Day)>, &'static str> {
    match (from, to) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from <= to => Ok(Some((from, to))),
        (None, Some(_)) => Err(from_name),
        (Some(_), _) => Err(to_name),
    }
}

fn asking(identifier: Option<&FileIdentifier>, question: Question) -> Upload {
    Upload { tag: tag(identifier), question, records: Vec::new() }
}

fn tag(identifier: Option<&FileIdentifier>) -> Option<String> {
    identifier.map(|identifier| identifier.as_str().to_owned())
}

impl Receipt {
    /// That an upload was accepted.
    #[must_use]
    pub fn accepted(
        to: &Addressee<'_>,
        now: Timestamp,
        number: &madoguchi_model::bulk::ReceptionNumber,
        received_at: Timestamp,
    ) -> Self {
        let header = AnswerHeader {
            executed_at: now,
            institution: institution(to),
            identifier: to.identifier.clone(),
            segment: SegmentOfResult::Done.into(),
            error_code: None,
            error_message: None,
            character_code: to.character_code.into(),
        };
        let reception = ReceptionNumber::new(number.as_str());
        let body = ReceiptBody { reception, received_at: Some(received_at), ..ReceiptBody::default() };
        XmlMsg { header, body }
    }
}

/// The answer to a fetch, of whatever kind.
#[derive(Debug)]
pub enum BulkResult {
    /// `OQSmuquc02res`.
    Eligibility(EligibilityResult),
    /// `OQSmuimm02res`.
    Reference(ReferenceResult),
    /// `OQSmutic02res`, `OQSmuhvq02res`, `OQSmuonq02res`.
    People(PeopleResult),
}

impl BulkResult {
    /// 処理中: ask again.
    #[must_use]
    pub fn working(to: &Addressee<'_>, now: Timestamp, status: &BulkStatus) -> Self {
        Self::of(status, header(to, now, status, SegmentOfResult::InProgress))
    }

    /// 異常終了, with a code and its text.
    #[must_use]
    pub fn failed(to: &Addressee<'_>, now: Timestamp, status: &BulkStatus, code: &str, text: &str) -> Self {
        let mut header = header(to, now, status, SegmentOfResult::Failed);
        header.error_code = Text::new(code);
        header.error_message = Text::new(text);
        let mut result = Self::of(status, header);
        let (error, code, text) = (Some(ProcessingStatus::Error.into()), Text::new(code), Text::new(text));
        match &mut result {
            Self::Eligibility(message) => {
                (message.body.status, message.body.code, message.body.message) = (error, code, text);
            }
            Self::Reference(message) => {
                (message.body.status, message.body.code, message.body.message) = (error, code, text);
            }
            Self::People(message) => {
                (message.body.status, message.body.code, message.body.message) = (error, code, text);
            }
        }
        result
    }

    /// 正常終了, still without units: [`BulkResult::push`] adds them.
    #[must_use]
    pub fn done(to: &Addressee<'_>, now: Timestamp, status: &BulkStatus) -> Self {
        let mut header = header(to, now, status, SegmentOfResult::Done);
        header.processed = Some(Count::new(status.records.into()));
        header.normal = Some(Count::new(status.normal.into()));
        header.errors = Some(Count::new(status.wrong.into()));
        Self::of(status, header)
    }

    /// Adds one record with what became of it.
    pub fn push(&mut self, record: &Record, unit: &Unit) {
        match (self, record) {
            (Self::Eligibility(message), Record::Search(search)) => message.body.units.push(searched(search, unit)),
            (Self::Reference(message), Record::Registration(registration)) => {
                message.body.units.push(registered(registration, unit));
            }
            (Self::People(message), Record::Person(_)) => message.body.units.extend(person(unit)),
            // An upload has records of its own kind only.
            _ => {}
        }
    }

    fn of(status: &BulkStatus, header: ResultHeader) -> Self {
        match status.question {
            Question::Eligibility(_) => Self::Eligibility(XmlMsg { header, body: EligibilityResultBody::default() }),
            Question::ReferenceNumbers => Self::Reference(XmlMsg { header, body: ReferenceResultBody::default() }),
            Question::Entrusted(_) | Question::HomeVisits(..) | Question::Online(..) => {
                Self::People(XmlMsg { header, body: PeopleResultBody::default() })
            }
        }
    }
}

impl Document for BulkResult {
    fn to_xml(&self, code: CharacterCode) -> Vec<u8> {
        match self {
            Self::Eligibility(message) => message.to_xml(code),
            Self::Reference(message) => message.to_xml(code),
            Self::People(message) => message.to_xml(code),
        }
    }

    fn to_json(&self) -> Vec<u8> {
        match self {
            Self::Eligibility(message) => message.to_json(),
            Self::Reference(message) => message.to_json(),
            Self::People(message) => message.to_json(),
        }
    }
}

fn header(to: &Addressee<'_>, now: Timestamp, status: &BulkStatus, segment: SegmentOfResult) -> ResultHeader {
    let day = match status.question {
        Question::Eligibility(day) => Some(day),
        _ => None,
    };
    ResultHeader {
        executed_at: now,
        day,
        institution: institution(to),
        identifier: status.tag.as_deref().and_then(FileIdentifier::new),
        reception: ReceptionNumber::new(status.number.as_str()),
        segment: segment.into(),
        error_code: None,
        error_message: None,
        processed: None,
        normal: None,
        errors: None,
        character_code: to.character_code.into(),
    }
}

fn institution(to: &Addressee<'_>) -> InstitutionDigits {
    InstitutionDigits::new(to.institution.as_str()).unwrap_or_else(InstitutionDigits::zeros)
}

fn searched(search: &Search, unit: &Unit) -> EligibilityUnit {
    let Outcome { status, code, message } = Outcome::of(unit);
    let change = |changed| if changed { LimitChange::Changed } else { LimitChange::Unchanged };
    let row = |row: &madoguchi_model::bulk::UnitRow| BulkRow::of(Row::from(&row.row), row.limit_changed.map(change));
    EligibilityUnit {
        search: SearchInfo::from(search),
        status,
        code,
        message,
        validity: unit.validity.map(Coded::Known),
        results: unit.rows.iter().map(row).collect(),
        reference_numbers: reference_numbers(unit),
    }
}

fn registered(registration: &Registration, unit: &Unit) -> ReferenceUnit {
    let Outcome { status, code, message } = Outcome::of(unit);
    ReferenceUnit { registration: RegistrationInfo::from(registration), status, code, message }
}

/// Nobody is told of without a row.
fn person(unit: &Unit) -> Option<PersonUnit> {
    let Outcome { status, code, message } = Outcome::of(unit);
    let numbers = reference_numbers(unit);
    let mut rows: Vec<Row> = unit.rows.iter().map(|row| Row::from(&row.row)).collect();
    // It stands once, beside the rows.
    rows.iter_mut().for_each(|row| row.reference_number = None);
    Many::new(rows).map(|results| PersonUnit {
        status: Some(status),
        code,
        message,
        validity: unit.validity.map(Coded::Known),
        results,
        reference_numbers: numbers,
    })
}

/// How one record ended.
struct Outcome {
    status: Coded<ProcessingStatus>,
    code: Option<Text<10>>,
    message: Option<Text<500>>,
}

impl Outcome {
    fn of(unit: &Unit) -> Self {
        let status = if unit.normal { ProcessingStatus::Normal } else { ProcessingStatus::Error };
        let (code, message) = unit.result.as_ref().map(|(code, message)| (code.as_str(), message.as_str())).unzip();
        Self { status: status.into(), code: code.and_then(Text::new), message: message.and_then(Text::new) }
    }
}

fn reference_numbers(unit: &Unit) -> Vec<Text<50>> {
    let mut numbers: Vec<&str> = unit.rows.iter().filter_map(|row| row.row.reference_number.as_deref()).collect();
    numbers.dedup();
    numbers.into_iter().filter_map(Text::new).collect()
}

impl From<&Search> for SearchInfo {
    fn from(search: &Search) -> Self {
        let query = &search.query;
        let consent = if query.limit_consent { CertificateConsent::Yes } else { CertificateConsent::No };
        Self {
            insurer: query.numbers.insurer.clone(),
            symbol: Text::new(&query.numbers.symbol),
            number: Text::or_unknown(&query.numbers.number),
            branch: Branch::new(&query.numbers.branch),
            birthdate: query.birthdate,
            limit_consent: consent.into(),
            treatment: None,
            identifier: search.identifier.as_deref().and_then(Text::new),
        }
    }
}

impl From<&Registration> for RegistrationInfo {
    fn from(registration: &Registration) -> Self {
        let numbers = &registration.numbers;
        Self {
            reference_number: Text::or_unknown(&registration.reference_number),
            insurer: numbers.insurer.clone(),
            symbol: Text::new(&numbers.symbol),
            number: Text::or_unknown(&numbers.number),
            branch: Branch::new(&numbers.branch),
        }
    }
}
