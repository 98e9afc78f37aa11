//! 資格確認 and 照会番号登録 by message.

use super::{Call, Reply, Stop, record_level};
use madoguchi_model::catalogue;
use madoguchi_model::code::ProcessingStatus;
use madoguchi_model::eligibility::Registration;
use madoguchi_wire::message::XmlMsg;
use madoguchi_wire::message::eligibility::{Addressee, Answer, Request};
use madoguchi_wire::message::leaf::Text;
use madoguchi_wire::message::reference;

impl Call<'_> {
    pub(super) async fn check_eligibility(&self, message: Request) -> Result<Reply, Stop> {
        let answer = self.app.service.check_eligibility(self.session, &message.query()).await?;
        let to = Addressee {
            institution: &self.session.institution.code,
            identifier: message.header.identifier,
            character_code: self.character_code(),
        };
        Ok(self.spelled(&Answer::telling(&answer, &to, Some(message.body.search))))
    }

    pub(super) async fn register_reference_number(&self, message: reference::Request) -> Result<Reply, Stop> {
        let asked = message.body.registration;
        let registration =
            Registration { numbers: asked.numbers(), reference_number: asked.reference_number.as_str().to_owned() };
        let code = match self.app.service.register_reference_number(self.session, &registration).await {
            Ok(()) => None,
            Err(refusal) => Some(record_level(&refusal).ok_or(refusal)?),
        };
        let body = reference::AnswerBody {
            status: Some(if code.is_none() { ProcessingStatus::Normal } else { ProcessingStatus::Error }.into()),
            code: code.and_then(Text::new),
            message: code.and_then(|code| Text::new(catalogue::text(code))),
            registration: Some(asked),
        };
        Ok(self.spelled(&XmlMsg { header: self.header(message.header.identifier), body }))
    }
}
