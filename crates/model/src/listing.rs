//! The list of past care (診療／薬剤情報一覧, 薬剤情報一覧, 手術情報) as a person reads it.
//!
//! Composed once, so that the screen and the PDF cannot differ: order, numbering, amounts, marks,
//! notice and footnotes are decided here and are Japanese text ready to be shown. What may be seen
//! at all is decided before (`decision`, `release`); this module gets only what passed, and it looks
//! at the covered kinds once more only to leave out a block that nobody agreed to.
//! Nothing is merged away: the same drug twice on the claims is the same drug twice on the list.

mod block;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
#[cfg(test)]
mod tests;

use crate::care::CareReceipt;
use crate::consent::{InformationKind, Scope};
use crate::coverage::Coverage;
use crate::day::{Day, Month, Timestamp};
use crate::institution::{InstitutionCode, InstitutionKind};
use crate::person::Person;
use crate::prescription::{Prescription, VISIBLE_DAYS};
use crate::release::{Period, ReleaseRule};
use crate::shown::{replaced_code_points, shown};
use serde::Serialize;

/// What stands in a block without rows.
pub const NOTHING_FOUND: &str = "該当する情報はありません";
/// The mark of a prescription that was not dispensed yet.
pub const PRESCRIBED_ONLY: &str = "処方";
/// What stands in a field without a value.
pub const NO_VALUE: &str = "－";

/// Which list was asked for, and by that its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// 「手術・診療・薬剤閲覧」.
    Care,
    /// 「薬剤閲覧」.
    Medication,
    /// 「手術閲覧」.
    Surgery,
}

/// What a list is composed of. The receipts are already limited by consent, settings, period and release.
#[derive(Debug, Clone, Copy)]
pub struct ListInput<'a> {
    /// The list that was asked for.
    pub kind: ListKind,
    /// The kinds of information that consent and settings cover.
    pub covered: Scope,
    /// Whose care.
    pub person: &'a Person,
    /// The coverage of today, if there is one.
    pub coverage: Option<&'a Coverage>,
    /// What was found, in any order.
    pub receipts: &'a [CareReceipt],
    /// All that the e-prescription service has and that may be seen, in any order; `None` when it is left out.
    pub prescriptions: Option<&'a [Prescription]>,
    /// 診療年月（自）・（至） as asked.
    pub asked: Period,
    /// The release rule of the system.
    pub rule: ReleaseRule,
    /// 作成日時.
    pub now: Timestamp,
    /// The institution that looks.
    pub own: &'a InstitutionCode,
}

/// A list ready to be shown. Every text is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CareList {
    /// The layout: what was asked for, as far as it is covered.
    pub kind: ListKind,
    /// 診療／薬剤情報一覧, 薬剤情報一覧 or 手術情報.
    pub title: &'static str,
    /// 作成日時, for the properties of a file.
    pub created: Timestamp,
    /// 作成日: `2023年3月27日（令和5年3月27日）`.
    pub created_on: String,
    /// Head of the list.
    pub person: PersonBox,
    /// The months asked for and the part of them that can be seen.
    pub period: String,
    /// Up to which month information is released, and that some may be missing.
    pub notice: String,
    /// What is not included because it is not covered.
    pub notes: Vec<String>,
    /// 受診歴; `None` when the list does not have it.
    pub visits: Option<Vec<Visit>>,
    /// 手術情報; `None` when the list does not have it.
    pub operations: Option<Vec<Operation>>,
    /// 診療／薬剤実績; `None` when the list does not have it.
    pub entries: Option<Vec<EntryGroup>>,
    /// *1 and *2.
    pub footnotes: Vec<&'static str>,
}

/// The person box (患者情報).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonBox {
    /// 氏名カナ.
    pub kana: String,
    /// 氏名, with ● for what no font has.
    pub name: String,
    /// The code points behind the ●.
    pub name_note: Option<String>,
    /// 生年月日: `1962年5月21日（昭和37年5月21日）`.
    pub birthdate: String,
    /// 性別.
    pub sex: &'static str,
    /// 年齢 on the day: `60歳`.
    pub age: String,
    /// 保険者番号.
    pub insurer_number: String,
    /// 保険者名.
    pub insurer_name: String,
    /// 被保険者証等記号.
    pub symbol: String,
    /// 被保険者証等番号.
    pub number: String,
    /// 枝番.
    pub branch: String,
}

/// One line of 受診歴.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// 医療機関名.
    pub institution: String,
    /// 自院, 自局 …, when it is the one that looks.
    pub own_mark: Option<&'static str>,
    /// `22年7月`, newest first.
    pub months: Vec<String>,
}

/// One line of 手術情報.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// 手術年月日, or the month alone.
    pub performed_on: String,
    /// 医療機関名.
    pub institution: String,
    /// 自院 …, when it is the one that looks.
    pub own_mark: Option<&'static str>,
    /// 入外: 入院 or 外来.
    pub setting: &'static str,
    /// 手術名.
    pub name: String,
    /// 区分番号, without brackets.
    pub section: Option<String>,
    /// 回数: `1回`.
    pub count: String,
}

/// The rows of one day at one institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryGroup {
    /// 年月: `22年7月`.
    pub month: String,
    /// 日: `19日`, or [`NO_VALUE`] when the claim gives only the month.
    pub day: String,
    /// 調剤年月日 of a 薬剤情報一覧: `22年7月19日`, or the month alone.
    pub supplied_on: String,
    /// 入外等: 入院, 外来 or 調剤.
    pub setting: &'static str,
    /// [`PRESCRIBED_ONLY`], when nothing was dispensed yet on this prescription.
    pub source_mark: Option<&'static str>,
    /// 薬局・医療機関名.
    pub institution: String,
    /// 自院 …, when it is the one that looks.
    pub own_mark: Option<&'static str>,
    /// 処方元, when another institution prescribed.
    pub prescriber: Option<String>,
    /// 自院 …, when the one that looks prescribed.
    pub prescriber_own_mark: Option<&'static str>,
    /// 処方日: `7月18日`, when the claim gives it.
    pub prescribed_on: Option<String>,
    /// The rows in the order of the claim, acts before drugs.
    pub rows: Vec<Row>,
}

/// One act or drug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// 区分: 診療, 内服, 頓服, 外用, 注射 ….
    pub label: &'static str,
    /// Number within the group, from 1.
    pub number: usize,
    /// 診療行為名 or 医薬品名.
    pub name: String,
    /// 成分名.
    pub ingredient: Option<String>,
    /// 区分番号 of an act.
    pub section: Option<String>,
    /// 数量 with its unit (`10g`), or empty.
    pub quantity: String,
    /// 日数 or 回数: `14日分`, `1調剤`, `1回`.
    pub count: String,
    /// How to take it, when the claim says so.
    pub usage: Option<Usage>,
}

/// 用法 of one drug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// 【用法】.
    pub usage: Option<String>,
    /// ＜1回用量＞ with its unit.
    pub dose: Option<String>,
    /// 【用法等の特別指示】.
    pub instruction: Option<String>,
    /// All of it in one line.
    pub line: String,
}

impl ListKind {
    /// All lists.
    pub const ALL: [Self; 3] = [Self::Care, Self::Medication, Self::Surgery];

    /// The kinds of information that the list asks for.
    #[must_use]
    pub fn asks_for(self) -> Scope {
        match self {
            Self::Care => {
                Scope::of(&[InformationKind::Surgery, InformationKind::MedicalCare, InformationKind::Medication])
            }
            Self::Medication => Scope::of(&[InformationKind::Medication]),
            Self::Surgery => Scope::of(&[InformationKind::Surgery]),
        }
    }

    /// 診療／薬剤情報一覧, 薬剤情報一覧 or 手術情報.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Care => "診療／薬剤情報一覧",
            Self::Medication => "薬剤情報一覧",
            Self::Surgery => "手術情報",
        }
    }

    /// The list whose name still fits when only these kinds are covered.
    fn limited_to(self, covered: Scope) -> Self {
        if self != Self::Care || covered.contains(InformationKind::MedicalCare) {
            self
        } else if covered.contains(InformationKind::Medication) || !covered.contains(InformationKind::Surgery) {
            Self::Medication
        } else {
            Self::Surgery
        }
    }

    const fn content(self) -> &'static str {
        match self {
            Self::Care => "診療行為と医薬品の情報",
            Self::Medication => "医薬品の情報",
            Self::Surgery => "手術の情報",
        }
    }
}

impl CareList {
    /// Composes the list.
    #[must_use]
    pub fn compose(input: &ListInput<'_>) -> Self {
        let shown = input.kind.asks_for().and(input.covered);
        let kind = input.kind.limited_to(input.covered);
        let today = input.now.day();
        Self {
            kind,
            title: kind.title(),
            created: input.now,
            created_on: both_calendars(today),
            person: PersonBox::of(input.person, input.coverage, today),
            period: period_text(input, today, with_prescriptions(input, shown)),
            notice: notice(kind, input.rule.latest_month(today), with_prescriptions(input, shown)),
            notes: notes(input.kind, shown),
            visits: shown.contains(InformationKind::MedicalCare).then(|| block::visits(input)),
            operations: shown.contains(InformationKind::Surgery).then(|| block::operations(input)),
            entries: has_entries(kind).then(|| block::entries(input, shown)),
            footnotes: footnotes(kind, with_prescriptions(input, shown)),
        }
    }

    /// How many rows the list has, in all its blocks.
    #[must_use]
    pub fn row_count(&self) -> usize {
        let entries: usize = self.entries.iter().flatten().map(|group| group.rows.len()).sum();
        self.visits.as_ref().map_or(0, Vec::len) + self.operations.as_ref().map_or(0, Vec::len) + entries
    }

    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.row_count() == 0
    }
}

impl PersonBox {
    pub(crate) fn of(person: &Person, coverage: Option<&Coverage>, today: Day) -> Self {
        let issued =
            |text: fn(&Coverage) -> String| coverage.map_or_else(|| NO_VALUE.to_owned(), |it| filled(text(it)));
        Self {
            kana: filled(clean(&person.kana)),
            name: filled(clean(&person.name)),
            name_note: name_note(&person.name),
            birthdate: both_calendars(person.birthdate),
            sex: person.sex.label(),
            age: format!("{}歳", person.birthdate.age_on(today)),
            insurer_number: issued(|it| it.numbers.insurer.printed()),
            insurer_name: issued(|it| clean(&it.insurer_name)),
            symbol: issued(|it| clean(&it.numbers.symbol)),
            number: issued(|it| clean(&it.numbers.number)),
            branch: issued(|it| clean(&it.numbers.branch)),
        }
    }
}

/// What can be shown of a text: 外字 as ●, and no control characters, which no printer can print.
pub(crate) fn clean(registered: &str) -> String {
    shown(registered).chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The cleaned text, if there is any.
fn some_text(registered: Option<&str>) -> Option<String> {
    registered.map(|text| clean(text).trim().to_owned()).filter(|text| !text.is_empty())
}

fn filled(text: String) -> String {
    if text.trim().is_empty() { NO_VALUE.to_owned() } else { text }
}

pub(crate) fn both_calendars(day: Day) -> String {
    format!("{}（{}）", day.japanese(), day.era())
}

fn name_note(name: &str) -> Option<String> {
    let replaced = replaced_code_points(name);
    (!replaced.is_empty()).then(|| format!("●は表示できない文字（外字 {}）", replaced.join("、")))
}

/// What the institution that looks calls itself, when the row is its own.
fn own_mark(code: &str, own: &InstitutionCode) -> Option<&'static str> {
    (code == own.as_str()).then(|| match own.kind() {
        InstitutionKind::Medical | InstitutionKind::Dental => "自院",
        InstitutionKind::Pharmacy => "自局",
        InstitutionKind::HomeNursing => "自事業所",
    })
}

/// Whether 処方・調剤情報 are part of the list.
fn with_prescriptions(input: &ListInput<'_>, shown: Scope) -> bool {
    input.prescriptions.is_some() && shown.contains(InformationKind::Medication)
}

fn period_text(input: &ListInput<'_>, today: Day, prescriptions: bool) -> String {
    // 処方・調剤情報 can be seen at once: the release is about receipts only.
    let what = if prescriptions { "レセプトの情報を表示できる期間" } else { "表示できる期間" };
    let run = |period: Period| {
        if period.from == period.to {
            period.from.japanese()
        } else {
            format!("{}～{}", period.from.japanese(), period.to.japanese())
        }
    };
    let asked = run(input.asked);
    match input.rule.visible_part(input.asked, today) {
        Some(visible) if visible == input.asked => format!("診療年月 {asked}"),
        Some(visible) => format!("診療年月 {asked}（うち{what} {}）", run(visible)),
        None => format!("診療年月 {asked}（{what}にかかっていません）"),
    }
}

fn notice(kind: ListKind, latest: Month, prescriptions: bool) -> String {
    let (title, latest, content) = (kind.title(), latest.japanese(), kind.content());
    let at_once = match prescriptions {
        true => {
            format!("電子処方箋の処方・調剤情報は、本日とその前の{VISIBLE_DAYS}日間に登録されたものを載せています。")
        }
        false => String::new(),
    };
    format!(
        "この{title}には、{latest}診療分までの{content}を載せています。{at_once}公開前のもの、紙のレセプトによるものなど、載らない情報があります。"
    )
}

fn notes(asked: ListKind, shown: Scope) -> Vec<String> {
    asked
        .asks_for()
        .kinds()
        .filter(|kind| !shown.contains(*kind))
        .map(|kind| {
            format!("{}は、患者の閲覧同意がないか、この施設で利用しない設定のため、含まれていません。", kind.label())
        })
        .collect()
}

const fn has_entries(kind: ListKind) -> bool {
    matches!(kind, ListKind::Care | ListKind::Medication)
}

fn footnotes(kind: ListKind, prescriptions: bool) -> Vec<&'static str> {
    if !has_entries(kind) {
        return Vec::new();
    }
    let mut footnotes = vec![
        "*1 内服は1日量と日数、頓服は1回量と回数、外用は全量と調剤数、注射は1回量と回数、その他の医薬品は使用量と回数、診療行為は数量（あるもの）と回数です。",
        "*2 電子処方箋、またはレセプトに記載がある場合だけ表示します。",
    ];
    if prescriptions {
        footnotes.push("「処方」は、電子処方箋で処方され、調剤の登録がまだないもの（未調剤）です。");
    }
    footnotes
}
