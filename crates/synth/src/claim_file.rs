//! Claims files: one for each institution, request month and reviewing body (審査支払機関).
//!
//! Care of month M is requested in M+1; a few receipts come a month late (月遅れ).

use crate::chart::Chart;
use crate::dice::{Dice, Stream};
use crate::health::health;
use crate::life::live;
use crate::medical_claim::{self, Added};
use crate::person::Inhabitant;
use crate::pharmacy_claim;
use crate::places::Places;
use crate::story::Story;
use crate::story_care::play;
use crate::uke::Records;
use crate::world::World;
use madoguchi_model::day::Month;
use madoguchi_model::institution::{Institution, InstitutionCode, InstitutionKind};
use madoguchi_wire::claims::shift_jis;
use std::collections::BTreeMap;

/// Share of people and months whose receipts come a month late.
const LATE_SHARE: f64 = 0.01;
/// The single byte after the last record.
const END_OF_FILE: char = '\u{1A}';

/// 審査支払機関.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reviewer {
    /// 支払基金 (1): employees' insurance.
    SocialInsurance,
    /// 国保連 (2): 国保 and 後期高齢者医療.
    NationalHealth,
}

/// A claims file (請求ファイル) as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFile {
    /// Who requests.
    pub institution: InstitutionCode,
    /// 請求年月.
    pub request_month: Month,
    /// Which body reviews it.
    pub reviewer: Reviewer,
    /// A name that no other file of the world has, ending as the format wants.
    pub file_name: String,
    /// The whole file in Shift_JIS.
    pub bytes: Vec<u8>,
}

/// A claims file before its characters are encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFileText {
    /// Who requests.
    pub institution: InstitutionCode,
    /// 請求年月.
    pub request_month: Month,
    /// Which body reviews it.
    pub reviewer: Reviewer,
    /// A name that no other file of the world has, ending as the format wants.
    pub file_name: String,
    /// The records with CR LF and the end-of-file character.
    pub text: String,
}

/// A file in the making.
#[derive(Debug, Default)]
struct Draft {
    records: Records,
    receipts: u32,
    payers: u32,
    points: u64,
}

type Drafts = BTreeMap<(usize, Reviewer), Draft>;

impl Reviewer {
    /// The digit of the files.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::SocialInsurance => 1,
            Self::NationalHealth => 2,
        }
    }

    /// Who reviews a receipt of this coverage.
    fn of(person: &Inhabitant, coverage: usize) -> Self {
        match person.coverages[coverage].numbers.insurer.scheme().as_deref() {
            None | Some("39") => Self::NationalHealth,
            Some(_) => Self::SocialInsurance,
        }
    }
}

impl ClaimFileText {
    /// The file with its characters as Shift_JIS.
    #[must_use]
    pub fn encoded(self) -> ClaimFile {
        let Self { institution, request_month, reviewer, file_name, text } = self;
        ClaimFile { institution, request_month, reviewer, file_name, bytes: shift_jis(&text) }
    }
}

impl World {
    /// All claims files in the order of their request months; a month is made when it is asked for.
    pub fn claim_files(&self) -> impl Iterator<Item = ClaimFile> + '_ {
        self.request_months().flat_map(|month| self.claim_texts_of(month)).map(ClaimFileText::encoded)
    }

    /// The months in which files are sent (請求年月).
    pub fn request_months(&self) -> impl Iterator<Item = Month> + use<> {
        self.care_months().map(|month| month.plus_months(1))
    }

    /// The files of one request month. The months may be made in any order and at the same time.
    #[must_use]
    pub fn claim_texts_of(&self, request_month: Month) -> Vec<ClaimFileText> {
        let places = Places::of(self.institutions().len());
        let mut drafts = Drafts::new();
        for person in self.people() {
            for (care_month, late) in [(request_month.plus_months(-2), true), (request_month.plus_months(-1), false)] {
                if self.tells_of(care_month) && self.is_late(person, care_month) == late {
                    self.add_receipts(&mut drafts, &places, person, care_month, request_month);
                }
            }
        }
        drafts.into_iter().map(|((index, reviewer), draft)| self.file(index, reviewer, request_month, draft)).collect()
    }

    fn tells_of(&self, month: Month) -> bool {
        let period = self.care_period();
        period.from <= month && month <= period.to
    }

    /// Receipts of named patients are never late.
    fn is_late(&self, person: &Inhabitant, month: Month) -> bool {
        let mut dice = Dice::new(self.seed(), Stream::Late, person.serial, month.number() as u64);
        person.story.is_none() && dice.chance(LATE_SHARE)
    }

    fn add_receipts(
        &self,
        drafts: &mut Drafts,
        places: &Places,
        person: &Inhabitant,
        month: Month,
        request_month: Month,
    ) {
        let chart = self.chart(places, person, month);
        for receipt in &chart.medical {
            let reviewer = Reviewer::of(person, receipt.coverage);
            let draft = drafts.entry((receipt.institution, reviewer)).or_default();
            let search = self.search_number(receipt.institution, request_month, reviewer, draft);
            let number = draft.receipts;
            let added = medical_claim::write(&mut draft.records, number, &search, person, month, receipt);
            draft.add(added);
        }
        for receipt in &chart.pharmacy {
            let reviewer = Reviewer::of(person, receipt.coverage);
            let draft = drafts.entry((receipt.pharmacy, reviewer)).or_default();
            let search = self.search_number(receipt.pharmacy, request_month, reviewer, draft);
            let (number, prescriber) = (draft.receipts, &self.institutions()[receipt.prescriber]);
            let added = pharmacy_claim::write(&mut draft.records, number, &search, person, month, receipt, prescriber);
            draft.add(added);
        }
    }

    /// All care of a person in a month, whether a claim tells of it yet or not.
    pub(crate) fn chart<'world>(
        &'world self,
        places: &'world Places,
        person: &'world Inhabitant,
        month: Month,
    ) -> Chart<'world> {
        let mut chart = Chart::new(person, places, month);
        match person.story {
            None | Some(Story::Family) => {
                let since = self.care_period().from.first_day();
                let health = health(self.seed(), person, places, self.today(), since);
                live(self.seed(), &mut chart, &health);
            }
            Some(story) => play(&mut chart, story, self.visible()),
        }
        chart
    }

    /// Counts the receipt and gives its 検索番号: request month, institution, reviewer, number.
    fn search_number(&self, index: usize, month: Month, reviewer: Reviewer, draft: &mut Draft) -> String {
        draft.receipts += 1;
        format!("{month}{}{}{:06}", self.institutions()[index].code, reviewer.number(), draft.receipts)
    }

    fn file(&self, index: usize, reviewer: Reviewer, month: Month, mut draft: Draft) -> ClaimFileText {
        let institution = &self.institutions()[index];
        draft.records.add(&["GO", &draft.payers.to_string(), &draft.points.to_string(), "99"]);
        let mut text = header(institution, reviewer, month);
        text.push_str(&draft.records.text);
        text.push(END_OF_FILE);
        let ending = if institution.kind() == InstitutionKind::Pharmacy { "RECEIPTY.CYO" } else { "RECEIPTC.UKE" };
        ClaimFileText {
            institution: institution.code.clone(),
            request_month: month,
            reviewer,
            file_name: format!("{month}_{}_{}_{ending}", institution.code, reviewer.number()),
            text,
        }
    }
}

impl Draft {
    fn add(&mut self, added: Added) {
        self.payers += added.payers;
        self.points += u64::from(added.points);
    }
}

/// IR of 医科, YK of 調剤.
fn header(institution: &Institution, reviewer: Reviewer, month: Month) -> String {
    let (prefecture, rest) = institution.code.as_str().split_at(2);
    let (point_table, code) = rest.split_at(1);
    let (reviewer, month, name) = (reviewer.number().to_string(), month.to_string(), &institution.name);
    let mut header = Records::default();
    if institution.kind() == InstitutionKind::Pharmacy {
        header.add(&["YK", &reviewer, prefecture, point_table, code, name, &month, "00", "03-0000-0000"]);
    } else {
        header.add(&["IR", &reviewer, prefecture, point_table, code, "", name, &month, "00", "03-0000-0000"]);
    }
    header.text
}
