//! Claims files (レセプト電算処理, UKE): 医科, DPC, 歯科 and 調剤, read as a stream and written.
//!
//! [`ClaimsReader`] gives one receipt after the other with its findings and its bytes as read;
//! [`ClaimsWriter`] writes the same records. 訪問看護 files are refused with a clear message. Nothing
//! is looked up here: no master, no person.

mod care;
mod collected;
mod dpc;
mod header;
mod items;
mod layout;
mod line;
mod packed;
mod pharmacy;
mod reader;
mod receipt;
mod record;
mod write;

pub use packed::{Packed, PackedFile, is_packed, packed_files};
pub use reader::{ClaimsReader, Summary, Totals, read_receipt};
pub use receipt::Receipt;
pub use write::{ClaimsWriter, Record, shift_jis};

use madoguchi_model::day::Month;
use madoguchi_model::institution::{InstitutionCode, InstitutionKind};

/// Bytes of one line at most. The longest record of the format, SJ, has 2,400; an endless line ends here.
pub const LINE_BYTES_MAX: usize = 65_536;
/// Bytes of one receipt at most: forty thousand lines of a hundred bytes. A month in intensive care has a few thousand.
pub const RECEIPT_BYTES_MAX: usize = 4_194_304;
/// Warnings that are kept of one receipt; more are only counted.
pub const WARNINGS_OF_RECEIPT_MAX: usize = 50;

/// 点数表 of a file that this version takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointTable {
    /// 医科 (1), also DPC: which of the two shows in its receipts.
    Medical,
    /// 歯科 (3).
    Dental,
    /// 調剤 (4).
    Pharmacy,
}

/// What stands at the head of a file (IR or YK, with what UK adds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// 点数表.
    pub table: PointTable,
    /// 審査支払機関: 1 支払基金, 2 国保連.
    pub reviewer: String,
    /// 医療機関コード, ten digits.
    pub institution: InstitutionCode,
    /// 医療機関名称 or 薬局名称, may be empty.
    pub name: String,
    /// 請求年月.
    pub request_month: Month,
    /// マルチボリューム: 00 single, else 01 on.
    pub volume: String,
}

impl PointTable {
    /// The digit of 点数表.
    #[must_use]
    pub const fn digit(self) -> &'static str {
        match self {
            Self::Medical => "1",
            Self::Dental => "3",
            Self::Pharmacy => "4",
        }
    }

    /// The table of an institution's own claims.
    #[must_use]
    pub const fn of_institution(kind: InstitutionKind) -> Self {
        match kind {
            InstitutionKind::Dental => Self::Dental,
            InstitutionKind::Pharmacy => Self::Pharmacy,
            InstitutionKind::Medical | InstitutionKind::HomeNursing => Self::Medical,
        }
    }

    /// 医科, 歯科 or 調剤.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Medical => "医科",
            Self::Dental => "歯科",
            Self::Pharmacy => "調剤",
        }
    }
}
