//! Items of care of 医科, DPC and 歯科 receipts: what was done, given and remarked, with its days.

use crate::care::Amount;

/// One SI, SS, IY, TO or CO record, or one CD or SK record of DPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Which record.
    pub kind: ItemKind,
    /// 診療識別, inherited where the record leaves it blank; 0 when none came before. 歯科 has a table of its own.
    pub class: u8,
    /// Running number of its calculation unit (算定単位) within its list.
    pub unit: u32,
    /// 診療行為, 医薬品, 特定器材 or コメント code.
    pub code: String,
    /// 数量データ (the first of 歯科) or 使用量.
    pub quantity: Option<Amount>,
    /// 文字データ of a comment.
    pub text: String,
    /// Embedded comments: code and text.
    pub comments: Vec<(String, String)>,
    /// 加算 of 歯科 (SS and TO).
    pub additions: Vec<Addition>,
    /// 回数.
    pub times: Option<u32>,
    /// Day of the month and how often on it, ascending.
    pub days: Vec<(u8, u32)>,
}

/// Which record an [`Item`] was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// 診療行為 (SI), 歯科診療行為 (SS).
    Act,
    /// 医薬品 (IY).
    Drug,
    /// 特定器材 (TO).
    Material,
    /// コメント (CO).
    Comment,
}

/// What is added to an act of 歯科 (加算), on the record of the act itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// 加算コード.
    pub code: String,
    /// 加算数量データ.
    pub quantity: Option<Amount>,
}

/// What a DPC receipt tells of care (claims.md 5). The patient's care is the union of the three.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dpc {
    /// Paid on top of the bundle (出来高: SI, IY, TO, CO).
    pub charged: Vec<Item>,
    /// Within the bundle (コーディングデータ, CD).
    pub bundled: Vec<Item>,
    /// Acts named beside the diagnosis group (診療関連, SK), planned or done in the month of care.
    pub related: Vec<Item>,
}
