//! The persons of the world: each plays one case, with a card, coverages and receipts.

use super::{CLINIC, HOSPITAL, NOW, PHARMACY, cards_directory, code, day};
use crate::Service;
use madoguchi_model::care::{Act, Amount, CareReceipt, CareSetting, CountUnit, Medication, Prescriber};
use madoguchi_model::certificate::Certificate;
use madoguchi_model::code::CertificateKind;
use madoguchi_model::coverage::{Coverage, ReasonOfLoss, Relation};
use madoguchi_model::day::{Month, Timestamp};
use madoguchi_model::id::{CoverageId, FileId, PersonId, ReceiptId};
use madoguchi_model::insurance::InsuranceNumbers;
use madoguchi_model::person::{Particulars, Person, Sex};
use madoguchi_store::receipt::NewReceipt;
use madoguchi_trust::{CardAuthority, CardRequest, VirtualCard};
use std::path::Path;

/// Last second of an ordinary card: 2031-03-31T23:59:59+09:00.
pub const CARD_LAST_SECOND: i64 = 1_932_735_599;
/// 2020-01-01T00:00:00+09:00.
const CARD_FIRST_SECOND: i64 = 1_577_804_400;
const DAY_SECONDS: i64 = 24 * 3_600;

/// Somebody of the world, named after the case that the person plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patient {
    /// 窓口　花子: changed the insurer on 2026-06-16; receipts of 2021-08, 2021-09, 2021-10, 2026-05, 2026-06 (of both
    /// insurers), 2026-09, 2026-10 and 2026-11.
    Ordinary,
    /// 双葉　一郎: a twin, branch 01; one receipt of 2026-09.
    FirstTwin,
    /// 双葉　二郎: the other twin, same birthdate and number, branch 02; no receipt.
    SecondTwin,
    /// A name with 外字 (U+E001); one receipt of 2026-09.
    RareName,
    /// The only coverage ended on 2026-10-31.
    Uncovered,
    /// 自衛官 (法別 07): covered, but never any records.
    Soldier,
    /// A card that nobody registered for health insurance.
    Unregistered,
    /// A card whose certificate ends 30 days after [`NOW`].
    CardNearEnd,
    /// A card whose certificate ended 30 days before [`NOW`].
    CardInGrace,
    /// A card whose certificate ended 200 days before [`NOW`].
    CardLongOver,
}

impl Patient {
    /// Everybody.
    pub const ALL: [Self; 10] = [
        Self::Ordinary,
        Self::FirstTwin,
        Self::SecondTwin,
        Self::RareName,
        Self::Uncovered,
        Self::Soldier,
        Self::Unregistered,
        Self::CardNearEnd,
        Self::CardInGrace,
        Self::CardLongOver,
    ];

    /// The person's id, the same in every world.
    #[must_use]
    pub fn id(self) -> PersonId {
        PersonId::new(NOW, [self as u8 + 1; 10])
    }

    /// 氏名 as registered.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "窓口　花子",
            Self::FirstTwin => "双葉　一郎",
            Self::SecondTwin => "双葉　二郎",
            Self::RareName => "山\u{E001}　太郎",
            Self::Uncovered => "空木　三郎",
            Self::Soldier => "防人　四郎",
            Self::Unregistered => "未登　五郎",
            Self::CardNearEnd => "近末　六郎",
            Self::CardInGrace => "猶予　七郎",
            Self::CardLongOver => "過去　八郎",
        }
    }

    const fn kana(self) -> &'static str {
        match self {
            Self::Ordinary => "マドグチ　ハナコ",
            Self::FirstTwin => "フタバ　イチロウ",
            Self::SecondTwin => "フタバ　ジロウ",
            Self::RareName => "ヤマサキ　タロウ",
            Self::Uncovered => "ウツギ　サブロウ",
            Self::Soldier => "サキモリ　シロウ",
            Self::Unregistered => "ミトウ　ゴロウ",
            Self::CardNearEnd => "チカスエ　ロクロウ",
            Self::CardInGrace => "ユウヨ　シチロウ",
            Self::CardLongOver => "カコ　ハチロウ",
        }
    }

    fn person(self) -> Person {
        let (birthdate, sex) = match self {
            Self::Ordinary => (19_620_521, Sex::Female),
            Self::FirstTwin | Self::SecondTwin => (20_100_303, Sex::Male),
            _ => (19_750_707, Sex::Male),
        };
        Person {
            id: self.id(),
            name: self.name().to_owned(),
            kana: self.kana().to_owned(),
            sex,
            birthdate: day(birthdate),
            died_on: None,
            particulars: Particulars::default(),
        }
    }

    fn coverages(self) -> Vec<Coverage> {
        let twin = if self == Self::FirstTwin { "01" } else { "02" };
        match self {
            Self::Ordinary => vec![
                self.coverage(1, ["01130012", "21700023", "45", "01"], 20_150_401, Some(20_260_615)),
                self.coverage(2, ["138057", "", "7001234", ""], 20_260_616, None),
            ],
            Self::FirstTwin | Self::SecondTwin => {
                vec![self.coverage(1, ["01130012", "33100045", "12", twin], 20_200_401, None)]
            }
            Self::Uncovered => vec![self.coverage(1, ["138057", "", "8009999", ""], 20_180_401, Some(20_261_031))],
            Self::Soldier => vec![self.coverage(1, ["07130012", "防", "4001", ""], 20_200_401, None)],
            _ => vec![self.coverage(1, ["138057", "", &format!("90{:05}", self as u8), ""], 20_200_401, None)],
        }
    }

    fn coverage(self, number: u8, numbers: [&str; 4], valid_from: i64, valid_to: Option<i64>) -> Coverage {
        let [insurer, symbol, own_number, branch] = numbers;
        Coverage {
            person: self.id(),
            id: CoverageId::new(NOW, [number; 10]),
            numbers: InsuranceNumbers::parse(insurer, symbol, own_number, branch).unwrap(),
            insurer_name: format!("見本保険者{number}"),
            relation: Relation::Insured,
            kind: CertificateKind::General,
            valid_from: day(valid_from),
            valid_to: valid_to.map(day),
            loss: valid_to.map(|_| ReasonOfLoss::OtherCoverage),
            patient_share_percent: Some(30),
            certificate: Certificate::default(),
        }
    }

    fn receipts(self) -> Vec<NewReceipt> {
        match self {
            Self::Ordinary => vec![
                self.receipt(1, 202_108, CLINIC),
                self.receipt(2, 202_109, CLINIC),
                self.receipt(3, 202_110, CLINIC),
                self.receipt(4, 202_605, CLINIC),
                self.receipt(5, 202_606, CLINIC),
                self.receipt(6, 202_606, HOSPITAL),
                self.receipt(7, 202_609, PHARMACY),
                self.receipt(8, 202_610, HOSPITAL),
                self.receipt(9, 202_611, HOSPITAL),
            ],
            Self::FirstTwin => vec![self.receipt(10, 202_609, CLINIC)],
            Self::RareName => vec![self.receipt(11, 202_609, CLINIC)],
            _ => Vec::new(),
        }
    }

    /// A receipt whose rows carry its month and number, so that a test can tell where a row came from: `診202609-10`,
    /// `薬202609-10`, `手202609-10`.
    fn receipt(self, number: u8, month: i64, institution: &str) -> NewReceipt {
        let pharmacy = institution == PHARMACY;
        let care_month = Month::from_number(month).unwrap();
        let row = |mark: &str| format!("{mark}{month}-{number}");
        let act = |mark: &str, class, section: &str| Act {
            day: care_month.day(7),
            class,
            code: "111000110".to_owned(),
            name: row(mark),
            section: section.to_owned(),
            quantity: None,
            count: 1,
        };
        NewReceipt {
            person: self.id(),
            file: FileId::new(NOW, [number; 10]),
            request_month: care_month.plus_months(1),
            category: if pharmacy { "4112" } else { "1112" }.to_owned(),
            receipt_number: number.to_string(),
            search_number: None,
            care: CareReceipt {
                receipt: ReceiptId::new(NOW, [number; 10]),
                month: care_month,
                setting: if pharmacy { CareSetting::Pharmacy } else { CareSetting::Outpatient },
                institution: code(institution),
                institution_name: format!("見本{institution}"),
                prescriber: pharmacy
                    .then(|| Prescriber { code: CLINIC.to_owned(), name: "さくら診療所".to_owned() }),
                visit_days: care_month.day(7).into_iter().collect(),
                acts: if pharmacy { Vec::new() } else { vec![act("診", 12, "A001")] },
                medications: vec![medication(&row("薬"), care_month, pharmacy)],
                operations: if institution == HOSPITAL { vec![act("手", 50, "K719-3")] } else { Vec::new() },
            },
            source: Vec::new(),
        }
    }

    fn card_request(self) -> CardRequest {
        let now = NOW.micros() / 1_000_000;
        CardRequest {
            card_id: format!("card-{:02}", self as u8),
            name: self.name().to_owned(),
            pin: "4821".to_owned(),
            not_before: CARD_FIRST_SECOND,
            not_after: match self {
                Self::CardNearEnd => now + 30 * DAY_SECONDS,
                Self::CardInGrace => now - 30 * DAY_SECONDS,
                Self::CardLongOver => now - 200 * DAY_SECONDS,
                _ => CARD_LAST_SECOND,
            },
            story: String::new(),
        }
    }
}

fn medication(name: &str, month: Month, pharmacy: bool) -> Medication {
    Medication {
        day: month.day(7),
        prescribed_on: None,
        class: 21,
        code: "610422192".to_owned(),
        name: name.to_owned(),
        ingredient: None,
        amount: Amount::parse("3"),
        unit: "錠".to_owned(),
        count: 14,
        count_unit: CountUnit::Days,
        usage: None,
        dose: None,
        instruction: None,
        in_house: !pharmacy,
    }
}

/// The cards that were issued, with the serials of their certificates.
pub(super) struct People {
    cards: Vec<VirtualCard>,
    serials: Vec<String>,
}

impl People {
    pub(super) fn issue(directory: &Path) -> (CardAuthority, Self) {
        let authority = CardAuthority::init(&cards_directory(directory), CARD_FIRST_SECOND).unwrap();
        let cards = authority.issue_cards(&Patient::ALL.map(Patient::card_request)).unwrap();
        let serials = authority.list().unwrap().into_iter().map(|issued| issued.serial).collect();
        (authority, Self { cards, serials })
    }

    pub(super) fn card(&self, patient: Patient) -> &VirtualCard {
        &self.cards[patient as usize]
    }

    pub(super) async fn store(&self, service: &Service) {
        let cards: Vec<(String, PersonId)> = Patient::ALL
            .into_iter()
            .filter(|patient| *patient != Patient::Unregistered)
            .map(|patient| (self.serials[patient as usize].clone(), patient.id()))
            .collect();
        let put = service.store().write("test.people", async move |tx| -> madoguchi_store::Result<()> {
            tx.put_persons(&Patient::ALL.map(Patient::person)).await?;
            for patient in Patient::ALL {
                for coverage in patient.coverages() {
                    tx.put_coverage(&coverage, &patient.person()).await?;
                }
                tx.insert_receipts(&patient.receipts()).await?;
            }
            for (serial, person) in &cards {
                tx.put_card(serial, *person, Timestamp::from_micros(0)).await?;
            }
            Ok(())
        });
        put.await.unwrap();
    }
}
