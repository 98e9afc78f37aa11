//! What an institution arranges by message: its settings, the address for its patients, and the end of a consent.

use super::{Call, Reply, Stop, record_level, wrong_elements};
use madoguchi_model::catalogue;
use madoguchi_model::code::{EndOfConsent, ProcessingStatus, UrlFormat};
use madoguchi_report::qr;
use madoguchi_service::{Reason, Refusal};
use madoguchi_wire::message::XmlMsg;
use madoguchi_wire::message::envelope::FileIdentifier;
use madoguchi_wire::message::institution::{DoneAnswerBody, RevocationInfo, UrlAnswerBody, UrlRequestBody};
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::settings::{InquiryAnswerBody, UpdateRequestBody};

impl Call<'_> {
    pub(super) async fn revoke_consent(
        &self,
        revocation: &RevocationInfo,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        let reason = revocation.reason.known().filter(|reason| *reason != EndOfConsent::Lapsed);
        let Some(reason) = reason else {
            return Err(self.refused("E0002", wrong_elements(&["ReasonOfExpiration"])).await);
        };
        match self.app.service.revoke_consent(self.session, &revocation.numbers(), reason).await {
            Ok(()) => Ok(self.done(identifier)),
            Err(Refusal { reason: Reason::NotFound(_), .. }) => {
                Ok(self.not_done(identifier, "P0020", catalogue::text("P0020")))
            }
            Err(refusal) => match record_level(&refusal) {
                Some(code) => Ok(self.not_done(identifier, code, catalogue::text(code))),
                None => Err(refusal.into()),
            },
        }
    }

    pub(super) async fn inquire_settings(&self, identifier: Option<FileIdentifier>) -> Result<Reply, Stop> {
        let sheet = self.app.service.inquire_settings(self.session).await?;
        let body = InquiryAnswerBody::of(&sheet.settings, |setting| setting.applies_to(&sheet.institution));
        Ok(self.spelled(&XmlMsg { header: self.header(identifier), body }))
    }

    pub(super) async fn update_settings(
        &self,
        body: &UpdateRequestBody,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        match body.changes() {
            Ok(changes) => {
                self.app.service.change_settings(self.session, &changes).await?;
                Ok(self.done(identifier))
            }
            Err(wrong) => Err(self.refused("E0002", wrong_elements(&wrong)).await),
        }
    }

    /// The address for patients, and its QR code as a file beside the answer.
    pub(super) async fn tell_access_url(
        &self,
        body: &UrlRequestBody,
        identifier: Option<FileIdentifier>,
    ) -> Result<Reply, Stop> {
        let (Some(kind), Some(format)) = (body.kind.known(), body.format.known()) else {
            let wrong = wrong_elements(&["UrlAcquisitionClassification", "OutputFormat"]);
            return Err(self.refused("E0002", wrong).await);
        };
        let url = match self.app.service.access_url(self.session, kind).await {
            Ok(url) => url,
            Err(refusal) => {
                let code = record_level(&refusal);
                let Some(code) = code else { return Err(refusal.into()) };
                let body = UrlAnswerBody {
                    status: Some(ProcessingStatus::Error.into()),
                    code: Text::new(code),
                    message: Text::new(&refusal.reason.explanation()),
                    ..UrlAnswerBody::default()
                };
                return Ok(self.spelled(&XmlMsg { header: self.header(identifier), body }));
            }
        };
        let (extension, file) = match format {
            UrlFormat::Png => ("png", qr::png(&url)),
            UrlFormat::Pdf => {
                let (name, title) = (self.session.institution.name.clone(), format!("{}の受付", kind.label()));
                let page = self.reports()?.access_url_async(name, title, url.clone(), self.session.now());
                ("pdf", page.await)
            }
        };
        let file = file.map_err(|error| Stop::Door(crate::screen::records::problem(error)))?;
        let body = UrlAnswerBody {
            status: Some(ProcessingStatus::Normal.into()),
            url: Text::new(&url),
            file: self.part.and_then(|part| Text::new(&self.id.answer_file(part, extension))),
            ..UrlAnswerBody::default()
        };
        let message = self.spelling(&XmlMsg { header: self.header(identifier), body });
        Ok(Reply::WithFile { message, extension, file })
    }

    fn done(&self, identifier: Option<FileIdentifier>) -> Reply {
        let status = Some(ProcessingStatus::Normal.into());
        let body = DoneAnswerBody { status, ..DoneAnswerBody::default() };
        self.spelled(&XmlMsg { header: self.header(identifier), body })
    }

    /// The message is in order, and the one thing that it asks for can't be done.
    fn not_done(&self, identifier: Option<FileIdentifier>, code: &'static str, text: &str) -> Reply {
        let status = Some(ProcessingStatus::Error.into());
        let body = DoneAnswerBody { status, code: Text::new(code), message: Text::new(text) };
        self.spelled(&XmlMsg { header: self.header(identifier), body })
    }
}
