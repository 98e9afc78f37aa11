//! Bulk messages (一括): acceptance of an upload, and its results under the reception number.

use super::{Call, Coding, Reply, Stop, wrong_elements};
use crate::problem::Problem;
use madoguchi_model::bulk::{BulkKind, BulkStatus, ReceptionNumber, Upload};
use madoguchi_model::catalogue;
use madoguchi_service::Reason;
use madoguchi_service::bulk::{BulkResults, Fetched};
use madoguchi_wire::message::bulk::{BulkResult, Receipt, ResultRequest};
use madoguchi_wire::message::catalogue::Document;
use madoguchi_wire::message::eligibility::Addressee;
use madoguchi_wire::message::envelope::FileIdentifier;
use madoguchi_wire::message::{CharacterCode, zipped};

/// Bytes of a result file that are not zipped yet.
const PLAIN_BYTES_MAX: usize = 10 * 1024 * 1024;

impl Call<'_> {
    /// Takes an upload, or says which of its elements do not fit together.
    pub(super) async fn accept(
        &self,
        upload: Result<Upload, Vec<&'static str>>,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        let upload = match upload {
            Ok(upload) => upload,
            Err(wrong) => return Err(self.refused("E0002", wrong_elements(&wrong)).await),
        };
        let service = &self.app.service;
        let request = match self.request {
            Some(request) => request,
            None => service.new_request_id()?,
        };
        let reception = service.accept_bulk(self.session, request, upload).await?;
        let to = self.addressee(identifier);
        let receipt = Receipt::accepted(&to, self.session.now(), &reception.number, reception.received_at);
        Ok(self.spelled(&receipt))
    }

    /// The results of an upload of this kind, or that they are not ready.
    pub(super) async fn fetch(&self, kind: BulkKind, message: &ResultRequest) -> Result<Reply, Stop> {
        let number = ReceptionNumber::parse(message.body.reception.as_str());
        let number = match number {
            Ok(number) => number,
            Err(_) => return Err(self.refused("E0006", Reason::UnknownReception.explanation()).await),
        };
        let fetched = self.app.service.fetch_bulk(self.session, Some(kind), &number).await?;
        let (to, now) = (self.addressee(None), self.session.now());
        match fetched {
            Fetched::Working(status) => Ok(self.spelled(&BulkResult::working(&to, now, &status))),
            Fetched::Failed(status) => Ok(self.spelled(&self.given_up(&to, &status))),
            Fetched::Done(results) => {
                let result = composed(results, &to, now).await?;
                self.spelled_aside(result).await
            }
        }
    }

    fn given_up(&self, to: &Addressee<'_>, status: &BulkStatus) -> BulkResult {
        BulkResult::failed(to, self.session.now(), status, "E0099", catalogue::text("E0099"))
    }

    fn addressee(&self, identifier: Option<FileIdentifier>) -> Addressee<'_> {
        let character_code = self.character_code();
        Addressee { institution: &self.session.institution.code, identifier, character_code }
    }

    /// Spells a large message where no request waits for it; the file's own name is inside of a zip.
    async fn spelled_aside(&self, result: BulkResult) -> Result<Reply, Stop> {
        let (coding, name) = (self.coding, format!("{}res.xml", self.id.as_str()));
        let spelling = tokio::task::spawn_blocking(move || match coding {
            Coding::Json => Ok(Reply::Message(result.to_json())),
            Coding::Xml(code) => file(&result, code, &name),
        });
        let spelled = spelling.await.map_err(|error| Stop::Door(Problem::Failed(error.to_string())))?;
        spelled.map_err(|error| Stop::Door(Problem::Failed(error.to_string())))
    }
}

/// All results as one message.
pub(crate) async fn composed(
    mut results: BulkResults,
    to: &Addressee<'_>,
    now: madoguchi_model::day::Timestamp,
) -> Result<BulkResult, madoguchi_service::Refusal> {
    let mut result = BulkResult::done(to, now, &results.status);
    while let Some(units) = results.next().await? {
        units.iter().for_each(|(record, unit)| result.push(record, unit));
    }
    Ok(result)
}

fn file(result: &BulkResult, code: CharacterCode, name: &str) -> std::io::Result<Reply> {
    let bytes = result.to_xml(code);
    if bytes.len() <= PLAIN_BYTES_MAX {
        return Ok(Reply::Message(bytes));
    }
    Ok(Reply::Zip(zipped(name, &bytes)?))
}
