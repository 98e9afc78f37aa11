//! From a claims file to receipts that only need their persons: reading, deriving, counting.
//!
//! Runs on a blocking thread, before anything is asked of the store.

use super::claims::Rows;
use super::{Findings, Step};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::care::CareReceipt;
use madoguchi_model::claim::{Claim, Masters, derive};
use madoguchi_model::day::Timestamp;
use madoguchi_model::id::ReceiptId;
use madoguchi_wire::Issue;
use madoguchi_wire::claims::{ClaimsReader, Header, Summary};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

/// Bytes of a claims file at most; the largest hospitals send about 100 MB a month.
pub(super) const FILE_BYTES_MAX: u64 = 536_870_912;
/// Unknown codes that a report lists.
const UNKNOWN_CODES_MAX: usize = 1_000;
/// Bytes that are read at once.
const BUFFER_BYTES: usize = 65_536;

/// A claims file, read whole.
pub(super) struct Prepared {
    pub(super) header: Header,
    pub(super) sha256: [u8; 32],
    pub(super) receipts: Vec<PreparedReceipt>,
    pub(super) summary: Summary,
    pub(super) refused: u64,
    pub(super) findings: Findings,
    pub(super) unknown_codes: BTreeMap<String, u64>,
    pub(super) rows: Rows,
}

/// A receipt that was not refused.
pub(super) struct PreparedReceipt {
    pub(super) claim: Claim,
    pub(super) care: CareReceipt,
    pub(super) source: Vec<u8>,
}

/// Reads a file; `Ok(Err(issue))` when nothing of it can be taken.
pub(super) fn prepare(
    source: impl Read,
    masters: &Masters,
    now: Timestamp,
    random: &SystemRandom,
    progress: impl Fn(Step),
) -> Result<Result<Prepared, Issue>, Refusal> {
    let mut watched = BufReader::with_capacity(BUFFER_BYTES, Watched::new(source, progress));
    let mut reader = match ClaimsReader::open(&mut watched) {
        Ok(reader) => reader,
        Err(issue) => return Ok(Err(issue)),
    };
    let header = reader.header().clone();
    let mut findings = Findings::default();
    let mut receipts = Vec::new();
    let mut refused = 0;
    let mut unknown_codes = BTreeMap::new();
    let mut rows = Rows::default();
    loop {
        let receipt = match reader.next_receipt() {
            Ok(Some(receipt)) => receipt,
            Ok(None) => break,
            Err(issue) => return Ok(Err(issue)),
        };
        findings.extend(receipt.issues);
        let Some(claim) = receipt.claim else {
            refused += 1;
            continue;
        };
        let (care, unknown) = care(&claim, &header, masters, ReceiptId::new(now, in_order(receipts.len(), random)?));
        for code in unknown {
            if unknown_codes.len() < UNKNOWN_CODES_MAX || unknown_codes.contains_key(&code) {
                *unknown_codes.entry(code).or_default() += 1;
            }
        }
        rows.add(&care);
        receipts.push(PreparedReceipt { claim, care, source: receipt.source });
    }
    let summary = reader.summary().clone();
    drop(reader);
    findings.extend(summary.issues.iter().cloned());
    let sha256 = match finish(watched) {
        Ok(sha256) => sha256,
        Err(issue) => return Ok(Err(issue)),
    };
    Ok(Ok(Prepared { header, sha256, receipts, summary, refused, findings, unknown_codes, rows }))
}

/// What a claim shows. The institution's name is filled in from the registry where the file leaves it out.
pub(super) fn care(
    claim: &Claim,
    header: &Header,
    masters: &Masters,
    id: ReceiptId,
) -> (CareReceipt, std::collections::BTreeSet<String>) {
    let derived = derive(claim, masters);
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
    (care, derived.unknown_codes)
}

/// Random bytes of an id whose first bits count, so that receipts of one file keep its order.
/// UUIDv7 leaves 18 of the first 24 bits; a file with more receipts only loses the order.
fn in_order(place: usize, random: &SystemRandom) -> Result<[u8; 10], Refusal> {
    let mut bytes = [0_u8; 10];
    let filled = random.fill(&mut bytes);
    filled.map_err(|_| Refusal::new(Reason::Unavailable, "the operating system gives no random bytes"))?;
    let [.., third, second, first] = place.to_be_bytes();
    bytes[0] = (third << 2) | (second >> 6);
    bytes[1] = (second << 2) | (first >> 6);
    bytes[2] = first & 0x3f;
    Ok(bytes)
}

/// Reads what is left, so that the hash is that of the whole file.
fn finish<R: Read, P: Fn(Step)>(mut watched: BufReader<Watched<R, P>>) -> Result<[u8; 32], Issue> {
    loop {
        let left = match watched.fill_buf() {
            Ok(left) => left.len(),
            Err(error) => return Err(Issue::unreadable(0, &error)),
        };
        if left == 0 {
            return Ok(watched.into_inner().hash.finalize().into());
        }
        watched.consume(left);
    }
}

/// Counts and hashes what passes through, and stops a file without end.
struct Watched<R, P> {
    source: R,
    progress: P,
    hash: Sha256,
    read: u64,
}

impl<R, P> Watched<R, P> {
    fn new(source: R, progress: P) -> Self {
        Self { source, progress, hash: Sha256::new(), read: 0 }
    }
}

impl<R: Read, P: Fn(Step)> Read for Watched<R, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.read += read as u64;
        if self.read > FILE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        (self.progress)(Step::Read(self.read));
        Ok(read)
    }
}

/// The masters of the store, for as many files as one likes.
pub(super) async fn load_masters(tx: &mut madoguchi_store::Tx) -> Result<Arc<Masters>, Refusal> {
    let (drugs, procedures) = (tx.drugs().await?, tx.procedures().await?);
    Ok(Arc::new(Masters::new(drugs, procedures)))
}
