//! How the receipts of one file get into the store: a small file in one write, a large one piece by piece.
//!
//! Everything that takes time (asking whose a receipt is, comparing it with stored versions, packing it) is done before
//! the write, which then only stores rows. While a server writes to the same SQLite file, the pieces are small, so that
//! its answers never wait long. Of a file in several pieces nothing is shown until it is whole, and what a broken-off one
//! left is taken back.

use super::attach::{Arrival, Placed, Taken};
use super::claims::ClaimsReport;
use super::enrol::{self, Enrolment};
use super::prepare::{Piece, Reading};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::Action;
use madoguchi_model::claim::Masters;
use madoguchi_model::day::{Month, Timestamp};
use madoguchi_model::id::FileId;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_store::Tx;
use madoguchi_store::claim_file::ClaimFile;
use madoguchi_store::claim_part::Part;
use madoguchi_store::receipt::{Ended, NewReceipt, UnattachedReceipt};
use madoguchi_wire::Issue;
use madoguchi_wire::claims::Header;
use std::collections::BTreeMap;

/// Receipts of a piece.
const PIECE_RECEIPTS: usize = 4_096;
/// Receipts of a piece while a server writes to the same file: a millisecond in a store of a million persons.
const SMALL_PIECE_RECEIPTS: usize = 32;

/// A file on its way into the store.
pub(super) struct Delivery<'a> {
    service: &'a Service,
    header: Header,
    sha256: [u8; 32],
    file: FileId,
    now: Timestamp,
    report: ClaimsReport,
    enrolment: Option<Enrolment<'a>>,
    /// Receipts that the new ones take out of force.
    ended: Vec<Ended>,
    /// Parts so far.
    parts: u32,
    /// Parts that are stored already, once the file is under way.
    under_way: Option<u64>,
}

/// A piece as it is stored.
struct Packed {
    parts: Vec<Part>,
    waiting: Vec<UnattachedReceipt>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(service: &'a Service, reading: &Reading, now: Timestamp, enrol: bool) -> Self {
        Self {
            service,
            header: reading.header.clone(),
            sha256: reading.sha256,
            file: FileId::of_content(&reading.sha256),
            now,
            report: ClaimsReport::begun(&reading.header),
            enrolment: enrol.then(|| Enrolment::new(service, now)),
            ended: Vec::new(),
            parts: 0,
            under_way: None,
        }
    }

    /// Reads and stores the file. The inner error says why it can't be taken; then [`Delivery::take_back`] has to follow.
    pub(super) async fn take(
        &mut self,
        mut reading: Reading,
        masters: &Masters,
        known: Option<Institution>,
        progress: Option<&(dyn Fn(u64) + Send + Sync)>,
    ) -> Result<Result<ClaimsReport, Issue>, Refusal> {
        let (code, month, reviewer) = (&self.header.institution, self.header.request_month, &self.header.reviewer);
        let taken = Taken::before(&mut self.service.0.store.read(), code, month, reviewer).await?;
        let mut institution = known;
        loop {
            // Whom an enrolment registers must not depend on who else writes: it is found again from the next piece on.
            let small = self.service.0.store.gives_way() && self.enrolment.is_none();
            let receipts_max = if small { SMALL_PIECE_RECEIPTS } else { PIECE_RECEIPTS };
            let piece = match reading.piece(masters, receipts_max, &mut self.report) {
                Ok(piece) => piece,
                Err(issue) => return Ok(Err(issue)),
            };
            if let Some(progress) = progress {
                progress(piece.bytes);
            }
            let sender = match &institution {
                Some(institution) => institution.clone(),
                None => {
                    self.report.institution_enrolled = true;
                    institution.insert(enrol::institution(self.service, &self.header).await?).clone()
                }
            };
            let last = piece.last;
            let packed = self.pack(piece, &sender, &taken).await?;
            if small {
                self.service.0.store.read().read_ahead(&packed.parts).await?;
            }
            if !last {
                self.store_piece(packed).await?;
                continue;
            }
            match reading.finish() {
                Ok(summary) => self.report.complete(&self.header, &summary),
                Err(issue) => return Ok(Err(issue)),
            }
            return self.finish(packed).await.map(Ok);
        }
    }

    /// Finds the persons of a piece's receipts, decides what they replace, and packs them.
    async fn pack(&mut self, piece: Piece, sender: &Institution, taken: &Taken) -> Result<Packed, Refusal> {
        let mut tx = self.service.0.store.read();
        let holders = BTreeMap::new();
        let mut arrival = Arrival { tx: &mut tx, institution: sender, file: self.file, taken, now: self.now, holders };
        arrival.ask_holders(piece.receipts.iter().map(|receipt| &receipt.claim)).await?;
        let (mut new, mut waiting) = (Vec::with_capacity(piece.receipts.len()), Vec::new());
        for receipt in piece.receipts {
            let mut found = arrival.person_of(&receipt.claim);
            if let (Err(reason), Some(enrolment)) = (found, &mut self.enrolment) {
                found = enrolment.person(&receipt.claim, reason).await?;
            }
            match found {
                Ok(person) => new.push(arrival.receipt(person, receipt, self.header.request_month)),
                Err(reason) => {
                    self.report.note_unattached(receipt.claim.line, reason);
                    waiting.push(arrival.unattached(receipt, self.header.request_month, reason));
                }
            }
        }
        let placed = arrival.placed(&new).await?;
        let mut by_month: BTreeMap<Month, Vec<NewReceipt>> = BTreeMap::new();
        for (receipt, placed) in new.into_iter().zip(placed) {
            let Placed::InForce(replaced) = placed else {
                self.report.outdated += 1;
                continue;
            };
            self.report.taken += 1;
            self.report.replaced += replaced.len() as u64;
            let (person, care_month, by) = (receipt.person, receipt.care.month, Some(receipt.care.receipt));
            self.ended.extend(replaced.into_iter().map(|receipt| Ended { person, care_month, receipt, by }));
            by_month.entry(care_month).or_default().push(receipt);
        }
        let mut parts = Vec::with_capacity(by_month.len());
        for receipts in by_month.into_values() {
            parts.extend(Part::new(self.file, self.parts, receipts)?);
            self.parts += 1;
        }
        Ok(Packed { parts, waiting })
    }

    /// Stores a piece of a file that goes on.
    async fn store_piece(&mut self, packed: Packed) -> Result<(), Refusal> {
        let first = self.under_way.is_none();
        *self.under_way.get_or_insert_default() += packed.parts.len() as u64;
        let (now, file, institution) = (self.now, self.file, self.header.institution.clone());
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            if first {
                tx.begin_file(&institution, file, now).await?;
            }
            tx.insert_parts_under_way(&packed.parts).await?;
            Ok(tx.insert_unattached(&packed.waiting).await?)
        };
        self.service.0.store.write("claims.piece", write).await
    }

    /// Stores the last piece, with what makes the file whole.
    async fn finish(&mut self, packed: Packed) -> Result<ClaimsReport, Refusal> {
        let mut report = std::mem::replace(&mut self.report, ClaimsReport::begun(&self.header));
        if let Some(enrolment) = self.enrolment.take() {
            report.enrolled = enrolment.enrolled();
            report.persons_enrolled = report.enrolled.len() as u64;
        }
        let text = serde_json::to_string(&report);
        let text = text.map_err(|error| Refusal::new(Reason::Unavailable, error.to_string()))?;
        let taken = ClaimFile {
            id: self.file,
            institution: self.header.institution.clone(),
            request_month: self.header.request_month,
            reviewer: self.header.reviewer.clone(),
            sha256: self.sha256,
            taken_at: self.now,
            report: text,
        };
        let draft = self.service.operator_draft(Action::IngestClaims, report.words(&taken));
        let (now, ended) = (self.service.now(), std::mem::take(&mut self.ended));
        let under_way = self.under_way;
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.insert_parts(&packed.parts).await?;
            tx.insert_unattached(&packed.waiting).await?;
            tx.end_receipts(&ended, now).await?;
            tx.insert_claim_file(&taken).await?;
            if let Some(stored) = under_way {
                tx.finish_file(&taken.institution, taken.id, stored, now).await?;
            }
            tx.audit(draft).await?;
            Ok(())
        };
        self.service.0.store.write("claims.ingest", write).await?;
        Ok(report)
    }

    /// Takes back what is stored of a file that can't be taken.
    pub(super) async fn take_back(self) -> Result<(), Refusal> {
        match self.under_way {
            Some(_) => take_back(self.service, self.header.institution, self.file).await,
            None => Ok(()),
        }
    }
}

impl Service {
    /// Takes back what files have left whose ingestion was broken off, and says how many they were. No file may be under
    /// way meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn take_back_broken_off(&self) -> Result<usize, Refusal> {
        let files = self.0.store.read().files_under_way().await?;
        for file in &files {
            take_back(self, file.institution.clone(), file.file).await?;
        }
        Ok(files.len())
    }
}

/// Part by part, so that nobody waits long.
async fn take_back(service: &Service, institution: InstitutionCode, file: FileId) -> Result<(), Refusal> {
    let parts = service.0.store.read().parts_under_way(&institution, file).await?;
    for part in parts {
        let institution = institution.clone();
        let write =
            async move |tx: &mut Tx| -> Result<(), Refusal> { Ok(tx.take_back_part(&institution, file, part).await?) };
        service.0.store.write("claims.take_back_part", write).await?;
    }
    let detail = format!("took back file={} institution={institution}", file.to_hex());
    let draft = service.operator_draft(Action::IngestClaims, detail);
    let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
        tx.take_back_file(&institution, file).await?;
        tx.audit(draft).await?;
        Ok(())
    };
    service.0.store.write("claims.take_back", write).await
}
