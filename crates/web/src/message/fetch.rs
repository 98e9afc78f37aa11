//! 薬剤・診療・手術情報 and 特定健診情報 by message: data as a message, or a report as PDF.

use super::{Call, Reply, Stop, text};
use crate::problem::Problem;
use madoguchi_model::records;
use madoguchi_report::{ReportError, Reports};
use madoguchi_service::{Refusal, Status};
use madoguchi_wire::message::XmlMsg;
use madoguchi_wire::message::checkup;
use madoguchi_wire::message::envelope::FileIdentifier;
use madoguchi_wire::message::fetch::{CheckupCategory, ResultCode};
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::records as wire;

impl Call<'_> {
    pub(super) async fn fetch_records(
        &self,
        message: &wire::Request,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        let query = match message.query() {
            Ok(query) => query,
            Err(problem) => return Err(self.refused(problem.code(), problem.to_string()).await),
        };
        let answer = match self.app.service.fetch_records(self.session, &query).await {
            Ok(answer) => answer,
            Err(refusal) => {
                let (result, message) = outcome(refusal)?;
                let header = wire::AnswerHeader {
                    result: result.into(),
                    message,
                    institution: Some(self.institution()),
                    identifier,
                    executed_at: Some(self.session.now()),
                    person: None,
                };
                return Ok(self.spelled(&XmlMsg { header, body: wire::AnswerBody::default() }));
            }
        };
        match answer {
            records::Answer::Data(records) => {
                let institution = self.session.institution.code.as_str();
                Ok(self.spelled(&wire::Answer::telling(&records, institution, identifier, self.session.now())))
            }
            records::Answer::List(list) => printed(self.reports()?.pdf_async(*list).await),
        }
    }

    pub(super) async fn fetch_checkups(
        &self,
        message: &checkup::Request,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        let fetched = match self.app.service.fetch_checkups(self.session, &message.query()).await {
            Ok(fetched) => fetched,
            Err(refusal) => {
                let (result, message) = outcome(refusal)?;
                let header = checkup::AnswerHeader {
                    result: result.into(),
                    message,
                    institution: Some(self.institution()),
                    identifier,
                    executed_at: Some(self.session.now()),
                    person: None,
                };
                return Ok(self.spelled(&XmlMsg { header, body: checkup::AnswerBody::default() }));
            }
        };
        if message.body.category.known() == Some(CheckupCategory::Pdf) {
            return printed(self.reports()?.checkups_async(fetched.sheet).await);
        }
        let institution = self.session.institution.code.as_str();
        let (person, checkups) = (&fetched.person, &fetched.checkups);
        Ok(self.spelled(&checkup::Answer::telling(person, checkups, institution, identifier, self.session.now())))
    }

    pub(super) fn reports(&self) -> Result<&Reports, Stop> {
        self.app.reports.as_ref().map_err(|missing| {
            let problem = Problem::NoFont(missing.to_string());
            problem.log(self.id.as_str());
            said(&problem)
        })
    }
}

/// 結果コード and the text beside it, for a refusal that these messages have a result of their own for.
fn outcome(refusal: Refusal) -> Result<(ResultCode, Option<Text<500>>), Stop> {
    let reason = &refusal.reason;
    if matches!(reason.status(), Status::Unavailable | Status::NotLoggedIn) {
        return Err(refusal.into());
    }
    let result = match reason.code() {
        "P0020" => ResultCode::NoConsent,
        "P0021" => ResultCode::NoData,
        _ => ResultCode::Error,
    };
    Ok((result, Text::new(&format!("{} {}", reason.code(), text(reason)))))
}

fn printed(made: Result<Vec<u8>, ReportError>) -> Result<Reply, Stop> {
    match made {
        Ok(bytes) => Ok(Reply::Pdf(bytes)),
        Err(error @ (ReportError::TooManyRows { .. } | ReportError::TooMuchText)) => {
            Err(said(&Problem::TooLong(error.to_string())))
        }
        Err(error) => Err(Stop::Door(crate::screen::records::problem(error))),
    }
}

/// A problem of the screens in a message.
fn said(problem: &Problem) -> Stop {
    let words = problem.explained();
    Stop::Message(words.code, words.explanation)
}
