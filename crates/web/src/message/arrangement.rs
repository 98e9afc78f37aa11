//! What an institution arranges by message: its settings, and the end of a consent.

use super::{Call, Reply, Stop, record_level, wrong_elements};
use madoguchi_model::catalogue;
use madoguchi_model::code::{EndOfConsent, ProcessingStatus};
use madoguchi_service::{Reason, Refusal};
use madoguchi_wire::message::XmlMsg;
use madoguchi_wire::message::envelope::FileIdentifier;
use madoguchi_wire::message::institution::{DoneAnswerBody, RevocationInfo};
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
