//! From a claims file to receipts that only need their persons: reading, deriving, counting.
//!
//! Runs on a blocking thread and gives the receipts in pieces, so that the largest file takes no more memory than a piece.

use super::claims::ClaimsReport;
use super::source::{ClaimsSource, Hashed};
use crate::refusal::Refusal;
use madoguchi_model::care::CareReceipt;
use madoguchi_model::claim::{Claim, Masters, derive};
use madoguchi_model::id::ReceiptId;
use madoguchi_wire::Issue;
use madoguchi_wire::claims::{ClaimsReader, Header, Summary};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Unknown codes that a report lists.
const UNKNOWN_CODES_MAX: usize = 1_000;
/// Raw bytes of a piece; it is a little larger, by its last receipt.
const PIECE_BYTES: u64 = 1 << 23;
/// Bytes of the rows of a piece, likewise: some receipts make a thousand times what they say.
const PIECE_ROWS_BYTES: usize = 1 << 26;

/// A claims file that is being read.
pub(super) struct Reading {
    pub(super) header: Header,
    pub(super) sha256: [u8; 32],
    reader: ClaimsReader<Hashed>,
    /// Receipts so far, refused ones too: the next one's place.
    place: u32,
}

/// A receipt that was not refused.
pub(super) struct PreparedReceipt {
    pub(super) claim: Claim,
    pub(super) care: CareReceipt,
    pub(super) source: Vec<u8>,
}

/// Receipts that follow each other in a file.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) receipts: Vec<PreparedReceipt>,
    /// Whether the file ended whole with it.
    pub(super) last: bool,
    /// Raw bytes of its receipts, refused ones too.
    pub(super) bytes: u64,
    /// About how many bytes their rows come to.
    rows_bytes: usize,
}

impl Piece {
    const fn is_full(&self, receipts_max: usize) -> bool {
        self.receipts.len() >= receipts_max || self.bytes >= PIECE_BYTES || self.rows_bytes >= PIECE_ROWS_BYTES
    }
}

impl Reading {
    /// Reads the head of a file; the error says why nothing of it can be taken.
    pub(super) fn open(source: ClaimsSource) -> Result<Self, Issue> {
        let hashed = source.hashed()?;
        let sha256 = hashed.sha256;
        let reader = ClaimsReader::open(hashed)?;
        Ok(Self { header: reader.header().clone(), sha256, reader, place: 0 })
    }

    /// The next receipts, at most so many; what was found goes into the report.
    pub(super) fn piece(
        &mut self,
        masters: &Masters,
        receipts_max: usize,
        report: &mut ClaimsReport,
    ) -> Result<Piece, Issue> {
        let mut piece = Piece::default();
        while !piece.is_full(receipts_max) {
            let Some(receipt) = self.reader.next_receipt()? else {
                piece.last = true;
                break;
            };
            let place = self.place;
            self.place = place.saturating_add(1);
            piece.bytes += receipt.source.len() as u64;
            report.findings.extend(receipt.issues);
            let Some(claim) = receipt.claim else {
                report.refused += 1;
                continue;
            };
            let id = ReceiptId::in_file(self.header.request_month, &self.sha256, place);
            let Shown { care, unknown_codes, weight } = match shown(&claim, &self.header, masters, id) {
                Ok(shown) => shown,
                Err(issue) => {
                    report.findings.push(issue);
                    report.refused += 1;
                    continue;
                }
            };
            piece.rows_bytes += weight;
            for code in unknown_codes {
                if report.unknown_codes.len() < UNKNOWN_CODES_MAX || report.unknown_codes.contains_key(&code) {
                    *report.unknown_codes.entry(code).or_default() += 1;
                }
            }
            report.rows.add(&care);
            piece.receipts.push(PreparedReceipt { claim, care, source: receipt.source });
        }
        Ok(piece)
    }

    /// What the whole file came to, once its last piece was read.
    pub(super) fn finish(self) -> Result<Summary, Issue> {
        let summary = self.reader.summary().clone();
        match self.reader.into_inner().came_unchanged()? {
            true => Ok(summary),
            false => {
                let message =
                    "取り込みの途中でファイルの内容が変わりました。出力が終わってから、もう一度取り込んでください";
                Err(Issue::file(0, "ファイル", message))
            }
        }
    }
}

/// What a claim shows.
pub(super) struct Shown {
    pub(super) care: CareReceipt,
    unknown_codes: BTreeSet<String>,
    weight: usize,
}

/// What a claim shows, or why it is refused. The institution's name is filled in from the registry where the file leaves
/// it out.
pub(super) fn shown(claim: &Claim, header: &Header, masters: &Masters, id: ReceiptId) -> Result<Shown, Issue> {
    if claim.month > header.request_month {
        let (care, request) = (claim.month.japanese(), header.request_month.japanese());
        let message = format!("診療年月（{care}）が請求年月（{request}）より後です。診療年月を確認してください");
        return Err(Issue::row(claim.line, "診療年月", message));
    }
    let derived = derive(claim, masters);
    if derived.cut_off {
        let message = "1件のレセプトとしては行数が多すぎます。回数・調剤日・医薬品の記録を確認してください";
        return Err(Issue::row(claim.line, "レセプト", message));
    }
    let weight = derived.weight();
    let care = CareReceipt {
        receipt: id,
        month: claim.month,
        setting: claim.setting(),
        institution: header.institution.clone(),
        institution_name: header.name.clone(),
        prescriber: claim.prescriber().cloned(),
        visit_days: derived.visit_days,
        acts: derived.acts,
        medications: derived.medications,
        operations: derived.operations,
    };
    Ok(Shown { care, unknown_codes: derived.unknown_codes, weight })
}

/// The masters of the store, for as many files as one likes.
pub(super) async fn load_masters(tx: &mut madoguchi_store::Tx) -> Result<Arc<Masters>, Refusal> {
    let (drugs, procedures) = (tx.drugs().await?, tx.procedures().await?);
    Ok(Arc::new(Masters::new(drugs, procedures)))
}
