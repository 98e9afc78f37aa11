//! One row of an answer (資格確認結果): the coverage with its certificate, what the person consented to, and the number
//! under which the institution knows the person.

use crate::certificate::{DiseaseCertificate, ElderlyCertificate, LimitCertificate};
use crate::code::{CertificateKind, RecordConsent};
use crate::consent::{Grant, GrantState, InformationKind, Scope};
use crate::coverage::{Coverage, ReasonOfLoss, Relation};
use crate::day::{Day, Timestamp};
use crate::id::{CoverageId, PersonId};
use crate::institution::InstitutionCode;
use crate::insurance::InsuranceNumbers;
use crate::person::{Person, PostalCode, Sex};
use crate::shown::shown;
use crate::ticket::MedicalTicket;
use serde::{Deserialize, Serialize};

/// One coverage as the answer tells of it. Names hold ● where no font has the character (外字).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose; not told.
    pub person: PersonId,
    /// Which coverage; not told.
    pub coverage: CoverageId,
    /// 被保険者証区分.
    pub kind: CertificateKind,
    /// 保険者番号, 記号, 番号, 枝番; for 医療扶助 公費負担者番号 and 受給者番号.
    pub numbers: InsuranceNumbers,
    /// 本人・家族の別; none for 医療扶助.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// 被保険者氏名（世帯主氏名）.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_name: Option<String>,
    /// 氏名.
    pub name: String,
    /// 氏名（その他）.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_name: Option<String>,
    /// 氏名カナ, full-width.
    pub kana: String,
    /// 氏名（その他）カナ, full-width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_kana: Option<String>,
    /// 性別1: as registered.
    pub sex: Sex,
    /// 性別2: as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_sex: Option<Sex>,
    /// 生年月日.
    pub birthdate: Day,
    /// 住所.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// 郵便番号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<PostalCode>,
    /// 資格取得日.
    pub qualified_on: Day,
    /// 資格喪失日: the first day without the coverage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_on: Option<Day>,
    /// 被保険者証交付年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// 被保険者証有効開始年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_from: Option<Day>,
    /// 被保険者証有効終了年月日.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_to: Option<Day>,
    /// 被保険者証一部負担金割合 in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_percent: Option<i64>,
    /// 未就学区分.
    pub preschool: bool,
    /// 資格喪失事由.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<ReasonOfLoss>,
    /// 保険者名称; for 医療扶助 the 福祉事務所.
    pub insurer_name: String,
    /// 高齢受給者証情報.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elderly: Option<ElderlyCertificate>,
    /// 限度額適用認定証提供同意.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_consent: Option<AnswerConsent>,
    /// 限度額適用認定証関連情報.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitCertificate>,
    /// 特定疾病療養受療証提供同意; only where the reader asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disease_consent: Option<AnswerConsent>,
    /// 特定疾病療養受療証情報.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diseases: Vec<DiseaseCertificate>,
    /// 公費: 医療券情報 of the month, those of the asking institution first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<TicketLine>,
    /// 閲覧同意; only by card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consents: Option<Consents>,
    /// 照会番号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_number: Option<String>,
}

/// A consent to a part of the answer itself (限度額, 特定疾病; OQSCD001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerConsent {
    /// 同意しない.
    Refused,
    /// 同意する, at this instant.
    Given(Timestamp),
}

/// A ticket, and whether the asking institution is the entrusted one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketLine {
    /// The ticket; of another institution without what is treated.
    pub ticket: MedicalTicket,
    /// 指定医療機関フラグ (OQSCD032): 0 一致 when true, 1 不一致 when false.
    pub entrusted_here: bool,
}

/// What the person consented to, by kind of information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    /// 特定健診情報.
    pub checkup: KindConsent,
    /// 薬剤情報.
    pub medication: KindConsent,
    /// 診療情報.
    pub medical_care: KindConsent,
    /// 手術情報.
    pub surgery: KindConsent,
}

/// The consent to one kind of information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindConsent {
    /// 同意フラグ.
    pub mark: RecordConsent,
    /// 同意日時 and 閲覧可能期限; none while the mark is なし.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<(Timestamp, Timestamp)>,
}

impl Consents {
    /// The kinds that may be looked at.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let kinds = [
            (InformationKind::Checkup, self.checkup),
            (InformationKind::Medication, self.medication),
            (InformationKind::MedicalCare, self.medical_care),
            (InformationKind::Surgery, self.surgery),
        ];
        let agreed = kinds.into_iter().filter(|(_, consent)| consent.mark == RecordConsent::Yes);
        agreed.fold(Scope::EMPTY, |scope, (kind, _)| scope.with(kind))
    }

    /// The consents of a person's pass at the institution, at an instant. A pass that is over gives none.
    #[must_use]
    pub fn of(grant: Option<&Grant>, now: Timestamp) -> Self {
        let grant = grant.filter(|grant| grant.state(now) == GrantState::Valid);
        let of = |kind| match grant.filter(|grant| grant.scope.contains(kind)) {
            Some(grant) => KindConsent { mark: RecordConsent::Yes, times: Some((grant.granted_at, grant.valid_until)) },
            None => KindConsent { mark: RecordConsent::No, times: None },
        };
        Self {
            checkup: of(InformationKind::Checkup),
            medication: of(InformationKind::Medication),
            medical_care: of(InformationKind::MedicalCare),
            surgery: of(InformationKind::Surgery),
        }
    }
}

/// What is known about the person whom an answer tells of, and who asks on which ground.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The person.
    pub person: &'a Person,
    /// The person's tickets of the month.
    pub tickets: &'a [MedicalTicket],
    /// Which of them are told.
    pub told: Told,
    /// The number under which the asking institution knows the person.
    pub reference_number: Option<&'a str>,
    /// Who asks.
    pub institution: &'a InstitutionCode,
    /// 資格確認日.
    pub day: Day,
    /// 限度額: told only where it is given.
    pub limit_consent: Option<AnswerConsent>,
    /// 特定疾病: told only where it is given, which only a card can.
    pub disease_consent: Option<AnswerConsent>,
    /// 閲覧同意, by card.
    pub consents: Option<Consents>,
}

/// Which medical tickets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Those that hold on the day.
    OfDay,
    /// All of the day's month: 医療扶助の一括照会 asks for a month.
    OfMonth,
}

impl Told {
    /// Whether this ticket counts.
    #[must_use]
    pub fn tells(self, ticket: &MedicalTicket, day: Day) -> bool {
        match self {
            Self::OfDay => ticket.holds(day),
            Self::OfMonth => ticket.month == day.month(),
        }
    }
}

/// The row of one coverage.
#[must_use]
pub fn row(known: &Known<'_>, coverage: &Coverage) -> Row {
    let Known { person, day, .. } = *known;
    let (particulars, certificate) = (&person.particulars, &coverage.certificate);
    let limit = certificate.limit_on(day).filter(|_| is_given(known.limit_consent));
    let diseases = certificate.diseases_on(day).filter(|_| is_given(known.disease_consent));
    let insured = !coverage.is_assistance();
    Row {
        person: person.id,
        coverage: coverage.id,
        kind: coverage.kind,
        numbers: coverage.numbers.clone(),
        relation: insured.then_some(coverage.relation),
        insured_name: certificate.insured_name.as_deref().map(shown),
        name: person.shown_name(),
        other_name: particulars.other_name.as_deref().map(shown),
        kana: shown(&person.kana),
        other_kana: particulars.other_kana.as_deref().map(shown),
        sex: person.sex,
        printed_sex: certificate.sex,
        birthdate: person.birthdate,
        address: particulars.address.as_deref().map(shown),
        postal_code: particulars.postal_code.clone(),
        qualified_on: coverage.valid_from,
        lost_on: coverage.lost_on(),
        issued_on: certificate.issued_on,
        certificate_from: certificate.valid_from,
        certificate_to: certificate.valid_to,
        share_percent: coverage.patient_share_percent,
        preschool: person.is_preschool(day),
        loss: coverage.loss,
        insurer_name: coverage.insurer_name.clone(),
        elderly: certificate.elderly_on(day).cloned(),
        limit_consent: known.limit_consent.filter(|_| insured),
        limit: limit.cloned(),
        disease_consent: known.disease_consent.filter(|_| insured),
        diseases: diseases.cloned().collect(),
        tickets: if insured { Vec::new() } else { tickets(known) },
        consents: known.consents,
        reference_number: known.reference_number.map(str::to_owned),
    }
}

const fn is_given(consent: Option<AnswerConsent>) -> bool {
    matches!(consent, Some(AnswerConsent::Given(_)))
}

fn tickets(known: &Known<'_>) -> Vec<TicketLine> {
    let holding = known.tickets.iter().filter(|ticket| known.told.tells(ticket, known.day));
    let (ours, others): (Vec<_>, Vec<_>) = holding.partition(|ticket| ticket.institution == *known.institution);
    let ours = ours.into_iter().map(|ticket| TicketLine { ticket: ticket.clone(), entrusted_here: true });
    ours.chain(others.into_iter().map(|ticket| TicketLine { ticket: ticket.for_others(), entrusted_here: false }))
        .collect()
}
