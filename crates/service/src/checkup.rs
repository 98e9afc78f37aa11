//! Viewing check-ups (特定健診情報閲覧): on the screens, in print, and for programs (TKK).
//!
//! The order is that of all past care: the decision of the model, then the reading through a consent that
//! only the store can make, then the durable audit entry, then the answer.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use crate::viewing::Purpose;
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::checkup::release::{Window, newest};
use madoguchi_model::checkup::sheet::{CheckupSheet, SheetInput};
use madoguchi_model::checkup::{Checkup, Query};
use madoguchi_model::consent::{InformationKind, Scope};
use madoguchi_model::coverage::coverage_on;
use madoguchi_model::id::PersonId;
use madoguchi_model::person::Person;
use madoguchi_model::records::Treatment;

/// What a program gets: the results as data, and composed for a report.
#[derive(Debug, Clone)]
pub struct FetchedCheckups {
    /// Whose they are.
    pub person: Person,
    /// The check-ups that can be seen, the newest first; at least one.
    pub checkups: Vec<Checkup>,
    /// The same as a sheet, for the PDF.
    pub sheet: CheckupSheet,
}

impl Service {
    /// 特定健診受診結果 for the screen or as the content of the PDF.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::Denied`].
    pub async fn checkups(
        &self,
        session: &Session,
        person: PersonId,
        purpose: Purpose,
    ) -> Result<CheckupSheet, Refusal> {
        let action = match purpose {
            Purpose::View => Action::ViewRecords,
            Purpose::Print => Action::PrintRecords,
        };
        let result = match self.require(session, Right::ViewRecords).await {
            Ok(()) => self.gather(session, person, action, Treatment::Outpatient).await,
            Err(refusal) => Err(refusal),
        };
        self.written_down(session, action, result).await.map(|fetched| fetched.sheet)
    }

    /// The check-ups of the person with these numbers, for a program.
    ///
    /// # Errors
    /// [`Reason::NoRight`], [`Reason::NoPerson`], [`Reason::SeveralPersons`], [`Reason::Denied`], and
    /// [`Reason::NoRecords`] when there is nothing to show.
    pub async fn fetch_checkups(&self, session: &Session, query: &Query) -> Result<FetchedCheckups, Refusal> {
        let action = Action::FetchRecords;
        let right = self.require(session, Right::FetchRecordFiles).await;
        self.written_down(session, action, right).await?;
        let person = self.person_with_numbers(session, &query.numbers, action).await?;
        let result = self.gather(session, person, action, query.treatment).await;
        self.written_down(session, action, result).await
    }

    async fn gather(
        &self,
        session: &Session,
        person: PersonId,
        action: Action,
        treatment: Treatment,
    ) -> Result<FetchedCheckups, Refusal> {
        let asked = Scope::of(&[InformationKind::Checkup]);
        let permission = self.permission(session, person, asked, action, treatment).await?;
        let mut tx = self.0.store.read();
        let stored = tx.person(person).await?.ok_or(Reason::NotFound("この患者"))?;
        let coverages = tx.coverages_of(person).await?;
        let today = session.now().day();
        let window = Window::on(today);
        let (checkups, more) = newest(tx.checkups(permission.consent(), window).await?, window);
        if checkups.is_empty() && action == Action::FetchRecords {
            return Err(Reason::NoRecords.into());
        }
        let sheet = CheckupSheet::compose(&SheetInput {
            person: &stored,
            coverage: coverage_on(&coverages, today),
            checkups: &checkups,
            more,
            now: session.now(),
        });
        let detail = format!("{} checkups={}", permission.words(), checkups.len());
        self.0.store.append(session.draft(action, Outcome::Done, &person.to_hex(), detail)).await?;
        Ok(FetchedCheckups { person: stored, checkups, sheet })
    }
}
