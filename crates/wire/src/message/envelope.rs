//! What all messages share: the envelope `XmlMsg`, headers, and how they become bytes.

use crate::message::field::{Description, Element, Field, Mark, Occurrence, Reading, Role, Shape, Sink, Value, group};
use crate::message::json::{self, JsonSink};
use crate::message::leaf::{Count, Digits, Text};
use crate::message::limits::Limits;
use crate::message::node::Node;
use crate::message::problem::Problem;
use crate::message::xml::{self, XmlSink};
use madoguchi_model::code::{CharacterCode, Coded, ReferenceClassification, SegmentOfResult};
use madoguchi_model::day::{Day, Timestamp};

/// The envelope of every message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlMsg<H, B> {
    /// `MessageHeader`.
    pub header: H,
    /// `MessageBody`.
    pub body: B,
}

/// 医療機関コード.
pub type InstitutionDigits = Digits<10>;
/// 任意のファイル識別子: the client's own mark, given back as it came.
pub type FileIdentifier = Text<100>;
/// 受付番号.
pub type ReceptionNumber = Text<20>;

group! {
    /// The header of most requests.
    RequestHeader {
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "回答にそのまま返す";
    }

    /// The header of a request that asks for eligibility on a day.
    EligibilityRequestHeader {
        day: Day = "QualificationConfirmationDate", "資格確認日";
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "回答にそのまま返す";
    }

    /// The header of a request for the result of a reception number.
    ResultRequestHeader {
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
    }

    /// The header of most answers.
    AnswerHeader {
        executed_at: Timestamp = "ProcessExecutionTime", "処理実行日時";
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "要求の値をそのまま返す";
        segment: Coded<SegmentOfResult> = "SegmentOfResult", "処理結果区分";
        error_code: Option<Text<10>> = "ErrorCode", "エラーコード", "処理結果区分が9の場合のみ";
        error_message: Option<Text<500>> = "ErrorMessage", "エラーメッセージ", "処理結果区分が9の場合のみ";
        character_code: Coded<CharacterCode> = "CharacterCodeIdentifier", "文字コード識別";
    }

    /// The header of an answer about eligibility.
    EligibilityAnswerHeader {
        executed_at: Timestamp = "ProcessExecutionTime", "処理実行日時";
        day: Day = "QualificationConfirmationDate", "資格確認日";
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "要求の値をそのまま返す。顔認証の結果では本システムが付ける";
        classification: Coded<ReferenceClassification> = "ReferenceClassification", "照会区分";
        segment: Coded<SegmentOfResult> = "SegmentOfResult", "処理結果区分";
        error_code: Option<Text<10>> = "ErrorCode", "エラーコード", "処理結果区分が9の場合のみ";
        error_message: Option<Text<500>> = "ErrorMessage", "エラーメッセージ", "処理結果区分が9の場合のみ";
        character_code: Coded<CharacterCode> = "CharacterCodeIdentifier", "文字コード識別";
    }

    /// The header of the result of a reception number.
    ResultHeader {
        executed_at: Timestamp = "ProcessExecutionTime", "処理実行日時";
        day: Option<Day> = "QualificationConfirmationDate", "資格確認日", "資格確認の一括照会のみ";
        institution: InstitutionDigits = "MedicalInstitutionCode", "医療機関コード";
        identifier: Option<FileIdentifier> = "ArbitraryFileIdentifier", "任意のファイル識別子", "受付時の値";
        reception: Option<ReceptionNumber> = "ReceptionNumber", "受付番号";
        segment: Coded<SegmentOfResult> = "SegmentOfResult", "処理結果区分", "2の間は時間をおいて再度取得する";
        error_code: Option<Text<10>> = "ErrorCode", "エラーコード", "処理結果区分が9の場合のみ";
        error_message: Option<Text<500>> = "ErrorMessage", "エラーメッセージ", "処理結果区分が9の場合のみ";
        processed: Option<Count> = "NumberOfProcessingResult", "処理結果件数", "処理結果区分が1の場合のみ";
        normal: Option<Count> = "NumberOfNormalProcessing", "正常件数", "処理結果区分が1の場合のみ";
        errors: Option<Count> = "NumberOfError", "エラー件数", "処理結果区分が1の場合のみ";
        character_code: Coded<CharacterCode> = "CharacterCodeIdentifier", "文字コード識別";
    }
}

const ROOT: &str = "XmlMsg";
const HEADER: &str = "MessageHeader";
const BODY: &str = "MessageBody";

impl<H: Value, B: Value> XmlMsg<H, B> {
    /// The message as a file in this character set.
    #[must_use]
    pub fn to_xml(&self, code: CharacterCode) -> Vec<u8> {
        let mut sink = XmlSink::new(code);
        Value::write(self, ROOT, &mut sink);
        sink.finish(code)
    }

    /// The message as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut sink = JsonSink::new();
        Value::write(self, ROOT, &mut sink);
        sink.finish()
    }

    /// Reads a file in the character set that it declares.
    ///
    /// # Errors
    /// Its form, or all wrong elements at once.
    pub fn from_xml(bytes: &[u8], role: Role) -> Result<Self, Problem> {
        let root = xml::parse(bytes, &Limits::of(role))?;
        if root.name == ROOT { Self::from_node(&root, role) } else { Err(Problem::Kind) }
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// Its form, or all wrong elements at once.
    pub fn from_json(bytes: &[u8], role: Role) -> Result<Self, Problem> {
        let outer = json::parse(bytes, &Limits::of(role))?;
        let root = outer.only(&[ROOT]).ok().flatten().ok_or(Problem::Kind)?;
        Self::from_node(root, role)
    }

    fn from_node(root: &Node, role: Role) -> Result<Self, Problem> {
        let mut reading = Reading::new(role);
        match Self::read(root, ROOT, &mut reading) {
            Some(message) => Ok(message),
            None if is_foreign::<B>(root) => Err(Problem::Kind),
            None => Err(Problem::Elements(reading.into_wrong())),
        }
    }

    /// The descriptions of header and body.
    #[must_use]
    pub fn description() -> Description {
        match Self::shape() {
            Shape::Group(description) => description,
            Shape::Leaf(_) | Shape::List { .. } => Description { elements: Vec::new() },
        }
    }
}

/// Whether the body holds something, but nothing that this message has: it is another message.
fn is_foreign<B: Value>(root: &Node) -> bool {
    let Ok(Some(body)) = root.only(&[BODY]) else {
        return false;
    };
    let Shape::Group(description) = B::shape() else {
        return false;
    };
    !body.children.iter().any(|child| description.elements.iter().any(|element| element.name == child.name))
}

impl<H: Value, B: Value> Value for XmlMsg<H, B> {
    fn shape() -> Shape {
        let element = |name, label, shape| Element {
            name,
            also: &[],
            label,
            occurrence: Occurrence::Once,
            shape,
            mark: Mark::Sure,
            note: "",
        };
        Shape::Group(Description {
            elements: vec![element(HEADER, "ヘッダー", H::shape()), element(BODY, "本文", B::shape())],
        })
    }

    fn read(node: &Node, _name: &'static str, reading: &mut Reading) -> Option<Self> {
        let header = <H as Field>::take(node, &[HEADER], reading);
        let body = <B as Field>::take(node, &[BODY], reading);
        Some(Self { header: header?, body: body? })
    }

    fn write(&self, name: &'static str, sink: &mut impl Sink) {
        sink.open(name);
        Value::write(&self.header, HEADER, sink);
        Value::write(&self.body, BODY, sink);
        sink.close(name);
    }
}
