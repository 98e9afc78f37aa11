//! The named patients: each plays one case, whatever day it is.
//!
//! This module says who they are and how they are insured; what they go through is in
//! `story_care`, and their cards are in `card`.

use crate::dice::{Dice, Stream};
use crate::household::{Setting, key, late_elderly};
use crate::insurer::{Insurer, SELF_DEFENCE, Scheme, WELFARE_OFFICE, household_numbers};
use crate::person::{CoverageSpan, Inhabitant};
use crate::share::patient_share_percent;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::{ReasonOfLoss, Relation};
use madoguchi_model::day::{Day, Month};
use madoguchi_model::person::Sex;
use madoguchi_model::release::{FIRST_MONTH_NUMBER, ReleaseRule};

/// The case that a person plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Story {
    OperationLastYear,
    FiveDrugs,
    NeverVisited,
    LapsedCoverage,
    RareCharacter,
    Newborn,
    TurnedSeventyFive,
    Twin,
    Dialysis,
    ManyDrugs,
    CertificateNearEnd,
    ExpiredCard,
    InsurerChanged,
    Prescribed,
    AssistanceWithTicket,
    AssistanceWithoutTicket,
    AssistanceCombined,
    SeveralCoverages,
    LostToAssistance,
    Died,
    SelfDefence,
    Haemophilia,
    OtherName,
    CardNearEnd,
    /// Lives with a named patient and has an ordinary life.
    Family,
}

/// A named patient (見本患者) of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPatient {
    /// Key of the person.
    pub key: String,
    /// 氏名, as registered.
    pub name: String,
    /// The case that the patient plays, one line of Japanese for people.
    pub story: &'static str,
}

/// Age of a role on the day of the world.
#[derive(Debug, Clone, Copy)]
enum Age {
    Years(i32),
    /// Born so many days ago.
    Days(i64),
    /// Turned 75 in the month that the story is about.
    SeventyFive,
}

struct Role {
    story: Story,
    name: &'static str,
    kana: &'static str,
    sex: Sex,
    age: Age,
    /// Index into the insurers of the first district.
    insurer: usize,
    /// Who is insured; 1 and up are dependants of the household of the role before.
    place: u32,
}

const fn role(
    story: Story,
    name: &'static str,
    kana: &'static str,
    sex: Sex,
    age: Age,
    insurer: usize,
    place: u32,
) -> Role {
    Role { story, name, kana, sex, age, insurer, place }
}

/// The private-use character in the name of the patient with 外字.
const RARE_NAME: &str = "渡\u{E001}　和夫";

/// A resident from abroad, who is known by another name.
const OTHER_NAME: (&str, &str) = ("ＮＧＵＹＥＮ　ＬＩＮＨ", "グエン　リン");

const ROLES: [Role; 28] = [
    role(Story::OperationLastYear, "小林　節子", "コバヤシ　セツコ", Sex::Female, Age::Years(68), 8, 0),
    role(Story::FiveDrugs, "高橋　実", "タカハシ　ミノル", Sex::Male, Age::Years(72), 9, 0),
    role(Story::NeverVisited, "伊藤　翔太", "イトウ　ショウタ", Sex::Male, Age::Years(24), 0, 0),
    role(Story::LapsedCoverage, "渡辺　真由美", "ワタナベ　マユミ", Sex::Female, Age::Years(41), 0, 0),
    role(Story::RareCharacter, RARE_NAME, "ワタナベ　カズオ", Sex::Male, Age::Years(58), 1, 0),
    role(Story::TurnedSeventyFive, "斎藤　千代子", "サイトウ　チヨコ", Sex::Female, Age::SeventyFive, 8, 0),
    role(Story::Dialysis, "清水　勝", "シミズ　マサル", Sex::Male, Age::Years(63), 10, 0),
    role(Story::ManyDrugs, "山口　文子", "ヤマグチ　フミコ", Sex::Female, Age::Years(82), 13, 0),
    role(Story::CertificateNearEnd, "橋本　亮", "ハシモト　リョウ", Sex::Male, Age::Years(45), 2, 0),
    role(Story::ExpiredCard, "石井　美月", "イシイ　ミツキ", Sex::Female, Age::Years(29), 0, 0),
    role(Story::InsurerChanged, "岡田　健一", "オカダ　ケンイチ", Sex::Male, Age::Years(38), 4, 0),
    role(Story::Family, "中村　健太", "ナカムラ　ケンタ", Sex::Male, Age::Years(32), 3, 0),
    role(Story::Family, "中村　彩花", "ナカムラ　アヤカ", Sex::Female, Age::Years(30), 3, 1),
    role(Story::Newborn, "中村　凪", "ナカムラ　ナギ", Sex::Female, Age::Days(25), 3, 2),
    role(Story::Family, "松本　里美", "マツモト　サトミ", Sex::Female, Age::Years(37), 6, 0),
    role(Story::Twin, "松本　蓮", "マツモト　レン", Sex::Male, Age::Years(8), 6, 1),
    role(Story::Twin, "松本　湊", "マツモト　ミナト", Sex::Male, Age::Years(8), 6, 2),
    role(Story::Prescribed, "藤井　陽子", "フジイ　ヨウコ", Sex::Female, Age::Years(52), 0, 0),
    role(Story::AssistanceWithTicket, "大野　久美子", "オオノ　クミコ", Sex::Female, Age::Years(55), WELFARE_OFFICE, 0),
    role(Story::AssistanceWithoutTicket, "島田　浩", "シマダ　ヒロシ", Sex::Male, Age::Years(49), WELFARE_OFFICE, 0),
    role(Story::AssistanceCombined, "柴田　和子", "シバタ　カズコ", Sex::Female, Age::Years(60), 0, 0),
    role(Story::SeveralCoverages, "今井　直樹", "イマイ　ナオキ", Sex::Male, Age::Years(36), 1, 0),
    role(Story::LostToAssistance, "増田　茂", "マスダ　シゲル", Sex::Male, Age::Years(61), 8, 0),
    role(Story::Died, "久保　清", "クボ　キヨシ", Sex::Male, Age::Years(72), 9, 0),
    role(Story::SelfDefence, "水野　大和", "ミズノ　ヤマト", Sex::Male, Age::Years(27), SELF_DEFENCE, 0),
    role(Story::Haemophilia, "市川　陸", "イチカワ　リク", Sex::Male, Age::Years(22), 2, 0),
    role(Story::OtherName, OTHER_NAME.0, OTHER_NAME.1, Sex::Female, Age::Years(31), 5, 0),
    role(Story::CardNearEnd, "早川　恵", "ハヤカワ　メグミ", Sex::Female, Age::Years(47), 6, 0),
];

/// How many people the stories need.
pub(crate) const NAMED_PEOPLE: usize = ROLES.len();

impl Story {
    /// One line for people; empty for those who only live with a named patient.
    pub(crate) const fn line(self) -> &'static str {
        match self {
            Self::OperationLastYear => "昨年、病院で入院・手術（腹腔鏡下胆嚢摘出術）を受けた方",
            Self::FiveDrugs => "病院・診療所・薬局の3施設から合わせて5種類の薬が出ている方",
            Self::NeverVisited => "まだ一度も受診がなく、閲覧同意もしたことがない方",
            Self::LapsedCoverage => "資格を喪失し、次の保険の手続きがまだの方",
            Self::RareCharacter => "氏名に外字（画面では●）を含む方",
            Self::Newborn => "生後1か月に満たない新生児（家族の保険に加入）",
            Self::TurnedSeventyFive => {
                "最近75歳になり、国民健康保険から後期高齢者医療へ移った方（履歴は2つの保険者にまたがる）"
            }
            Self::Twin => "双子（同じ家族・同じ生年月日、枝番だけが違う）",
            Self::Dialysis => "週3回の人工透析を受けている方（明細が多い）",
            Self::ManyDrugs => "内服・外用・注射の多くの薬を長く続けている方",
            Self::CertificateNearEnd => "カードの電子証明書の有効期限が3か月以内に切れる方",
            Self::ExpiredCard => "カードの電子証明書の有効期限が切れている方",
            Self::InsurerChanged => "月の途中（16日）で保険者が変わった方",
            Self::Prescribed => "電子処方箋が出て、まだ薬局で薬を受け取っていない方",
            Self::AssistanceWithTicket => {
                "医療扶助だけの方（今月の医療券あり。環境設定情報の医療扶助情報を「利用する」にすると、カードでも確認できる）"
            }
            Self::AssistanceWithoutTicket => "医療扶助だけの方（医療券が未登録で、資格は「有効（未登録）」になる）",
            Self::AssistanceCombined => "健康保険と医療扶助を併用している方（医療券あり）",
            Self::SeveralCoverages => "2つの健康保険の資格が同時に有効になっている方（カードで確認すると「複数該当」）",
            Self::LostToAssistance => {
                "生活保護の受給で国民健康保険の資格を失い、医療扶助に移った方（元の番号では「無効（新しい資格あり）」）"
            }
            Self::Died => "死亡により資格を喪失した方",
            Self::SelfDefence => "自衛官診療証の方（過去の診療情報等はない）",
            Self::Haemophilia => "特定疾病療養受療証（先天性血液凝固因子障害）を持つ方",
            Self::OtherName => "外国籍で通称（氏名その他）を登録し、券面の性別を未設定にしている方",
            Self::CardNearEnd => "カード自体の有効期限が3か月以内に切れる方",
            Self::Family => "",
        }
    }
}

/// The month before which nothing of the world can be seen, and the last that can be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible {
    pub(crate) first: Month,
    pub(crate) last: Month,
}

impl Visible {
    /// Of a world that tells of so many months, on this day.
    pub(crate) fn of(today: Day, months: u32) -> Self {
        let rule = ReleaseRule::default();
        let last = rule.latest_month(today);
        let told = last.plus_months(1 - i32::try_from(months.max(1)).unwrap_or(1));
        let first = Month::from_number(FIRST_MONTH_NUMBER).map_or(told, |start| start.max(told));
        Self { first, last }
    }

    /// So many months before the last one, but not before the first.
    pub(crate) fn months_ago(&self, months: i32) -> Month {
        self.last.plus_months(-months).max(self.first)
    }

    /// The month in which the patient turned 75: at least one visible month lies before it.
    pub(crate) fn of_seventy_fifth_birthday(&self) -> Month {
        self.months_ago(3).max(self.first.plus_months(1))
    }

    /// The month in which the insurer of the patient changed on the 16th.
    pub(crate) fn of_changed_insurer(&self) -> Month {
        self.months_ago(1)
    }
}

/// The people of all stories, from number 0 on.
pub(crate) fn people(setting: &Setting<'_>, visible: &Visible) -> Vec<Inhabitant> {
    let mut people = Vec::with_capacity(NAMED_PEOPLE);
    let mut household = 0;
    for (serial, role) in ROLES.iter().enumerate() {
        if role.place == 0 {
            household = serial;
        }
        people.push(person(setting, visible, role, serial as u64, household as u64));
    }
    people
}

fn person(setting: &Setting<'_>, visible: &Visible, role: &Role, serial: u64, household: u64) -> Inhabitant {
    let mut person = Inhabitant {
        key: key(serial),
        name: role.name.to_owned(),
        kana: role.kana.to_owned(),
        sex: role.sex,
        birthdate: birthdate(setting, visible, role, household),
        coverages: Vec::new(),
        household,
        serial,
        prefecture: setting.district.prefecture,
        story: Some(role.story),
    };
    let start = setting.since.month().plus_months(-30).first_day().max(person.birthdate);
    let mut numbers = Dice::new(setting.seed, Stream::Households, household, 1);
    let mut first =
        span(setting, &person, role, &setting.district.insurers[role.insurer], &mut numbers, household * 2, start);
    match role.story {
        Story::LapsedCoverage => {
            first.valid_to = Some(setting.today.plus_days(-40));
            first.loss = Some(ReasonOfLoss::Other);
            person.coverages.push(first);
        }
        Story::TurnedSeventyFive => {
            first.end_before(person.seventy_fifth_birthday());
            let second = late_elderly(setting, &mut numbers, &person);
            person.coverages.extend([first, second]);
        }
        Story::InsurerChanged => {
            let day = visible.of_changed_insurer().day(16).unwrap_or(setting.today);
            let second =
                span(setting, &person, role, &setting.district.insurers[8], &mut numbers, household * 2 + 1, day);
            first.end_before(day);
            person.coverages.extend([first, second]);
        }
        Story::AssistanceCombined => {
            let second = assistance(setting, &person, &mut numbers, household, start);
            person.coverages.extend([first, second]);
        }
        Story::LostToAssistance => {
            let day = setting.today.plus_days(-29);
            first.valid_to = Some(day.plus_days(-1));
            first.loss = Some(ReasonOfLoss::PublicAssistance);
            let second = assistance(setting, &person, &mut numbers, household, day);
            person.coverages.extend([first, second]);
        }
        Story::SeveralCoverages => {
            let day = setting.today.plus_days(-20);
            let second =
                span(setting, &person, role, &setting.district.insurers[3], &mut numbers, household * 2 + 1, day);
            person.coverages.extend([first, second]);
        }
        Story::Died => {
            first.valid_to = Some(setting.today.plus_days(-15));
            first.loss = Some(ReasonOfLoss::Death);
            person.coverages.push(first);
        }
        Story::ManyDrugs => {
            let only = late_elderly(setting, &mut numbers, &person);
            person.coverages.push(only);
        }
        _ => person.coverages.push(first),
    }
    person
}

fn birthdate(setting: &Setting<'_>, visible: &Visible, role: &Role, household: u64) -> Day {
    let mut dice = Dice::new(setting.seed, Stream::Households, household, 2 + u64::from(role.sex == Sex::Female));
    match role.age {
        Age::Days(days) => setting.today.plus_days(-days),
        Age::SeventyFive => {
            let birthday = visible.of_seventy_fifth_birthday().day(10).unwrap_or(setting.today);
            birthday.plus_years(-75)
        }
        Age::Years(years) => setting.today.plus_years(-years).plus_days(-dice.between(30, 330)),
    }
}

fn span(
    setting: &Setting<'_>,
    person: &Inhabitant,
    role: &Role,
    insurer: &Insurer,
    numbers: &mut Dice,
    serial: u64,
    valid_from: Day,
) -> CoverageSpan {
    let kind = match insurer.scheme {
        Scheme::Assistance => return assistance(setting, person, numbers, serial / 2, valid_from),
        Scheme::SelfDefence => CertificateKind::SelfDefense,
        _ => CertificateKind::General,
    };
    let mut numbers = household_numbers(numbers, setting.district, insurer, serial);
    let first_branch = u32::from(insurer.is_national());
    numbers.branch = format!("{:02}", role.place + first_branch);
    CoverageSpan {
        numbers,
        insurer_name: insurer.name.clone().into_owned(),
        relation: if role.place == 0 { Relation::Insured } else { Relation::Dependant },
        valid_from,
        valid_to: None,
        loss: None,
        patient_share_percent: patient_share_percent(person.birthdate, setting.today, person.serial),
        kind,
    }
}

/// 医療扶助 of the one 福祉事務所: the person pays nothing.
fn assistance(
    setting: &Setting<'_>,
    person: &Inhabitant,
    numbers: &mut Dice,
    household: u64,
    valid_from: Day,
) -> CoverageSpan {
    let office = &setting.district.insurers[WELFARE_OFFICE];
    CoverageSpan {
        numbers: household_numbers(numbers, setting.district, office, household),
        insurer_name: office.name.clone().into_owned(),
        relation: Relation::Insured,
        valid_from: valid_from.max(person.birthdate),
        valid_to: None,
        loss: None,
        patient_share_percent: 0,
        kind: CertificateKind::MedicalAssistance,
    }
}
