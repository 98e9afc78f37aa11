//! Past care for programs (薬剤・診療・手術情報のファイル): find the person, decide, read, write down, answer.
//!
//! The decision, the reading and the list are those of the screens ([`crate::viewing`]); only the way to the person
//! differs: a program has the numbers on the certificate and no birthdate. Every refusal is written into the audit log
//! before it is answered. Deliberately not here: elements, result codes and PDF bytes.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use crate::viewing::{Care, Permission};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::eligibility::whose;
use madoguchi_model::field::FieldError;
use madoguchi_model::id::PersonId;
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::listing::CareList;
use madoguchi_model::records::{Answer, Prescriptions, Query, Records, RecordsInput};
use madoguchi_store::Tx;
use sha2::{Digest, Sha256};

impl Service {
    /// The records that a program asks for, as data or as the list to be set as PDF. They are refused when no kind of
    /// the category may be shown, and when there is nothing to show.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Invalid`] for a period that ends before it begins; [`Reason::NoPerson`] and
    /// [`Reason::SeveralPersons`]; [`Reason::Denied`]; [`Reason::NoRecords`].
    pub async fn fetch_records(&self, session: &Session, query: &Query) -> Result<Answer, Refusal> {
        let asked = self.may_fetch(session, query).await;
        self.written_down(session, Action::FetchRecords, asked).await?;
        let person = self.person_with_numbers(session, &query.numbers, Action::FetchRecords).await?;
        let treatment = query.treatment;
        let permission = self.permission(session, person, query.asks_for(), Action::FetchRecords, treatment).await?;
        let prescriptions = query.prescriptions == Prescriptions::Included;
        let care = self.read_care(session, &permission, query.period, prescriptions).await;
        let care = self.written_down(session, Action::FetchRecords, care).await?;
        let answer = self.answer_of(session, query, &permission, &care);
        let (rows, nothing) = match &answer {
            Answer::Data(records) => (records.row_count(), records.is_empty()),
            Answer::List(list) => (list.row_count(), list.is_empty()),
        };
        let detail = format!(
            "category={} prescriptions={} {} from={} to={} rows={rows}",
            query.category.number(),
            u8::from(prescriptions),
            permission.words(),
            query.period.from,
            query.period.to,
        );
        let subject = person.to_hex();
        if nothing {
            let detail = format!("code={} {detail}", Reason::NoRecords.code());
            let draft = session.draft(Action::FetchRecords, Outcome::Refused, &subject, detail);
            self.0.store.append(draft).await?;
            return Err(Reason::NoRecords.into());
        }
        self.0.store.append(session.draft(Action::FetchRecords, Outcome::Done, &subject, detail)).await?;
        Ok(answer)
    }

    async fn may_fetch(&self, session: &Session, query: &Query) -> Result<(), Refusal> {
        self.require(session, Right::FetchRecordFiles).await?;
        if query.period.from > query.period.to {
            return Err(FieldError::new("EndDate", "StartDateと同じか、それより後の年月").into());
        }
        Ok(())
    }

    /// The only person whom the numbers fit. Several are refused even if only one of them has agreed: a birthdate that
    /// would tell them apart is not in the request. The miss is written down with a hash of the numbers.
    ///
    /// # Errors
    /// [`Reason::NoPerson`], [`Reason::SeveralPersons`].
    pub(crate) async fn person_with_numbers(
        &self,
        session: &Session,
        numbers: &InsuranceNumbers,
        action: Action,
    ) -> Result<PersonId, Refusal> {
        let reason = match only_holder(&mut self.0.store.read(), numbers).await? {
            Ok(person) => return Ok(person),
            Err(reason) => reason,
        };
        let missed = missed(numbers);
        let draft = session.draft(action, Outcome::Refused, &missed, format!("code={}", reason.code()));
        self.0.store.append(draft).await?;
        Err(reason.into())
    }

    fn answer_of(&self, session: &Session, query: &Query, permission: &Permission, care: &Care) -> Answer {
        if query.category.is_pdf() {
            let list =
                CareList::compose(&self.list_input(session, query.category.list(), query.period, permission, care));
            return Answer::List(Box::new(list));
        }
        Answer::Data(Box::new(Records::compose(&RecordsInput {
            category: query.category,
            covered: permission.covered(),
            person: &care.person,
            receipts: &care.receipts,
            prescriptions: care.prescriptions.as_deref().unwrap_or_default(),
            period: query.period,
            own: &session.institution.code,
        })))
    }
}

/// The only person whom the numbers fit, or why there is none.
pub(crate) async fn only_holder(tx: &mut Tx, numbers: &InsuranceNumbers) -> Result<Result<PersonId, Reason>, Refusal> {
    let found = whose(numbers, &tx.holders_of_numbers(numbers).await?);
    let mut found = found.into_iter();
    Ok(match (found.next(), found.next()) {
        (Some(person), None) => Ok(person),
        (None, _) => Err(Reason::NoPerson),
        (Some(_), Some(_)) => Err(Reason::SeveralPersons),
    })
}

/// The subject of an audit entry about numbers that lead to nobody: a hash, so that misses are found again.
pub(crate) fn missed(numbers: &InsuranceNumbers) -> String {
    hex::encode(Sha256::digest(format!("{}|{}", numbers.key().as_str(), numbers.branch)))
}
