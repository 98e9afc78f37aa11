//! The care of a receipt while it is read: which records tell it, by kind of claim.

use super::PointTable;
use super::dpc::{self, Records};
use super::items::Items;
use super::pharmacy::Prescriptions;
use super::record::{Fields, Findings};
use madoguchi_model::claim::{Body, Dpc};
use madoguchi_model::day::Month;

/// By the table of the file; whether a receipt of 点数表 1 is one of DPC shows on the way.
pub(super) enum Care {
    Medical(Items, Records),
    Dental(Items),
    Pharmacy(Prescriptions),
}

impl Care {
    pub(super) fn new(table: PointTable) -> Self {
        match table {
            PointTable::Medical => Self::Medical(Items::new(table), Records::default()),
            PointTable::Dental => Self::Dental(Items::new(table)),
            PointTable::Pharmacy => Self::Pharmacy(Prescriptions::default()),
        }
    }

    /// Reads 処方医療機関 from RE of 調剤.
    pub(super) fn prescriber(&mut self, record: &Fields<'_>) {
        if let Self::Pharmacy(prescriptions) = self {
            prescriptions.prescriber(record);
        }
    }

    /// What follows belongs to another detail of the receipt.
    pub(super) fn another_part(&mut self) {
        if let Self::Medical(items, _) = self {
            items.another_part();
        }
    }

    /// Takes one record.
    pub(super) fn read(&mut self, record: &Fields<'_>, month: Month, findings: &mut Findings) {
        match self {
            Self::Medical(items, records) => match record.kind() {
                "GR" | "SY" | "SJ" => {}
                "CD" => records.coding_data(record, month, findings),
                "SK" => records.related_act(record, month, findings),
                kind if dpc::PASSED_OVER.contains(&kind) => {}
                kind => {
                    if !items.read(record, month, findings) {
                        findings.unknown(kind);
                    }
                }
            },
            Self::Dental(items) => match record.kind() {
                "HS" | "SY" | "SJ" => {}
                kind => {
                    if !items.read(record, month, findings) {
                        findings.unknown(kind);
                    }
                }
            },
            Self::Pharmacy(prescriptions) => prescriptions.read(record, findings),
        }
    }

    /// Whether records were read that only DPC receipts have.
    pub(super) fn is_of_dpc(&self) -> bool {
        matches!(self, Self::Medical(_, records) if !records.bundled.is_empty() || !records.related.is_empty())
    }

    pub(super) fn body(self, dpc: bool, findings: &mut Findings) -> Body {
        match self {
            Self::Medical(items, records) if dpc => {
                Body::Dpc(Dpc { charged: items.finish(), bundled: records.bundled, related: records.related })
            }
            Self::Medical(items, _) => Body::Medical(items.finish()),
            Self::Dental(items) => Body::Dental(items.finish()),
            Self::Pharmacy(prescriptions) => prescriptions.finish(findings),
        }
    }
}
