//! Message-level failures (電文レベルのエラー): the answer to a request that could not be taken, in the tree of the
//! answer that the client waits for. Strict clients want a body with a status also then.

use crate::message::envelope::{
    AnswerHeader, EligibilityAnswerHeader, FileIdentifier, InstitutionDigits, ReceptionNumber, ResultHeader, XmlMsg,
};
use crate::message::fetch::ResultCode;
use crate::message::field::{Reading, Role, Value, group};
use crate::message::id::{MessageId, Step};
use crate::message::leaf::{Leaf, Text};
use crate::message::limits::Limits;
use crate::message::node::Node;
use crate::message::{json, xml};
use madoguchi_model::code::{CharacterCode, Coded, ProcessingStatus, ReferenceClassification, SegmentOfResult};
use madoguchi_model::day::{Day, Timestamp};

/// What a failure gives back of the request, as far as that could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// 資格確認日.
    pub day: Option<Day>,
    /// 任意のファイル識別子.
    pub identifier: Option<FileIdentifier>,
    /// 受付番号.
    pub reception: Option<ReceptionNumber>,
}

/// Why a request failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Who asked: the institution of the certificate.
    pub institution: &'a str,
    /// The error's code, as `E0002`.
    pub code: &'a str,
    /// Its text, for staff.
    pub text: &'a str,
    /// Now.
    pub now: Timestamp,
    /// What is given back.
    pub echo: Echo,
}

group! {
    /// The body of a failure.
    FailureBody {
        status: Coded<ProcessingStatus> = "ProcessingResultStatus", "処理結果状況";
        code: Option<Text<10>> = "ProcessingResultCode", "処理結果コード";
        message: Option<Text<500>> = "ProcessingResultMessage", "処理結果メッセージ";
    }

    /// The header of a failure of YZK and TKK.
    FetchFailureHeader {
        result: Coded<ResultCode> = "ResultCode", "結果コード";
        message: Option<Text<500>> = "MessageContents", "メッセージ";
        institution: Option<InstitutionDigits> = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子";
        executed_at: Timestamp = "ProcessExecutionTime", "処理実行日時";
    }

    /// A body with nothing in it.
    EmptyBody {}
}

/// The bytes of a failure to this request, of which what can be read is given back; `now` is `YYYYMMDDhhmmss` of Japan.
#[must_use]
pub fn failure(
    id: MessageId,
    institution: &str,
    code: &str,
    text: &str,
    now: &str,
    character_code: CharacterCode,
    request: &[u8],
) -> Vec<u8> {
    let now = Timestamp::parse(now, Role::Answer).unwrap_or(Timestamp::from_micros(0));
    Failure { institution, code, text, now, echo: Echo::of_xml(request) }.to_xml(id, character_code)
}

impl Echo {
    /// From a request file of which perhaps not everything fits.
    #[must_use]
    pub fn of_xml(bytes: &[u8]) -> Self {
        xml::parse(bytes, &Limits::of(Role::Request)).map(|root| Self::of(&root)).unwrap_or_default()
    }

    /// From a JSON request of which perhaps not everything fits.
    #[must_use]
    pub fn of_json(bytes: &[u8]) -> Self {
        let outer = json::parse(bytes, &Limits::of(Role::Request)).unwrap_or_default();
        outer.only(&["XmlMsg"]).ok().flatten().map(Self::of).unwrap_or_default()
    }

    fn of(root: &Node) -> Self {
        let part = |name: &'static str| root.only(&[name]).ok().flatten().cloned().unwrap_or_default();
        let (header, body) = (part("MessageHeader"), part("MessageBody"));
        Self {
            day: leaf(&header, "QualificationConfirmationDate"),
            identifier: leaf(&header, "ArbitraryFileIdentifier"),
            reception: leaf(&body, "ReceptionNumber"),
        }
    }
}

fn leaf<T: Value>(group: &Node, name: &'static str) -> Option<T> {
    let node = group.only(&[name]).ok().flatten()?;
    T::read(node, name, &mut Reading::new(Role::Request))
}

impl Failure<'_> {
    /// The answer file of this message.
    #[must_use]
    pub fn to_xml(&self, id: MessageId, code: CharacterCode) -> Vec<u8> {
        match Family::of(id) {
            Family::Eligibility => self.eligibility(code).to_xml(code),
            Family::Plain => self.plain(code).to_xml(code),
            Family::Result => self.result(code).to_xml(code),
            Family::Fetch => self.fetch().to_xml(code),
        }
    }

    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self, id: MessageId) -> Vec<u8> {
        let code = CharacterCode::Utf8;
        match Family::of(id) {
            Family::Eligibility => self.eligibility(code).to_json(),
            Family::Plain => self.plain(code).to_json(),
            Family::Result => self.result(code).to_json(),
            Family::Fetch => self.fetch().to_json(),
        }
    }

    fn eligibility(&self, code: CharacterCode) -> XmlMsg<EligibilityAnswerHeader, FailureBody> {
        let header = EligibilityAnswerHeader {
            executed_at: self.now,
            day: self.echo.day.unwrap_or(self.now.day()),
            institution: self.institution(),
            identifier: self.echo.identifier.clone(),
            classification: ReferenceClassification::Certificate.into(),
            segment: SegmentOfResult::Failed.into(),
            error_code: Text::new(self.code),
            error_message: Text::new(self.text),
            character_code: code.into(),
        };
        XmlMsg { header, body: self.body() }
    }

    fn plain(&self, code: CharacterCode) -> XmlMsg<AnswerHeader, FailureBody> {
        let header = AnswerHeader {
            executed_at: self.now,
            institution: self.institution(),
            identifier: self.echo.identifier.clone(),
            segment: SegmentOfResult::Failed.into(),
            error_code: Text::new(self.code),
            error_message: Text::new(self.text),
            character_code: code.into(),
        };
        XmlMsg { header, body: self.body() }
    }

    fn result(&self, code: CharacterCode) -> XmlMsg<ResultHeader, FailureBody> {
        let header = ResultHeader {
            executed_at: self.now,
            day: None,
            institution: self.institution(),
            identifier: None,
            reception: self.echo.reception.clone(),
            segment: SegmentOfResult::Failed.into(),
            error_code: Text::new(self.code),
            error_message: Text::new(self.text),
            processed: None,
            normal: None,
            errors: None,
            character_code: code.into(),
        };
        XmlMsg { header, body: self.body() }
    }

    /// YZK and TKK have no element for the code, so the text begins with it.
    fn fetch(&self) -> XmlMsg<FetchFailureHeader, EmptyBody> {
        let header = FetchFailureHeader {
            result: ResultCode::Error.into(),
            message: Text::new(&format!("{} {}", self.code, self.text)),
            institution: InstitutionDigits::new(self.institution),
            identifier: self.echo.identifier.clone(),
            executed_at: self.now,
        };
        XmlMsg { header, body: EmptyBody {} }
    }

    fn body(&self) -> FailureBody {
        FailureBody {
            status: ProcessingStatus::Error.into(),
            code: Text::new(self.code),
            message: Text::new(self.text),
        }
    }

    fn institution(&self) -> InstitutionDigits {
        InstitutionDigits::new(self.institution).unwrap_or_else(InstitutionDigits::zeros)
    }
}

/// The headers that answers have.
enum Family {
    Eligibility,
    Plain,
    Result,
    Fetch,
}

impl Family {
    fn of(id: MessageId) -> Self {
        match id {
            MessageId::Eligibility | MessageId::HomeVisitEligibility | MessageId::OnlineEligibility => {
                Self::Eligibility
            }
            MessageId::Records | MessageId::Checkups => Self::Fetch,
            other if other.step() == Step::Result => Self::Result,
            _ => Self::Plain,
        }
    }
}
