//! Attaching receipts to persons: whose they are, what they replace, and those that wait.

use super::prepare::{self, PreparedReceipt};
use super::slices;
use crate::operation::Service;
use crate::refusal::Refusal;
use madoguchi_model::audit::Action;
use madoguchi_model::claim::replacement::{Replacement, Version, Withdrawal, replacement};
use madoguchi_model::claim::{Claim, Masters};
use madoguchi_model::day::{Month, Timestamp};
use madoguchi_model::id::{FileId, PersonId, ReceiptId};
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::insurance::NumberKey;
use madoguchi_model::resolution::{Candidate, Resolution, Unattached, resolve};
use madoguchi_store::Tx;
use madoguchi_store::claim_file::TakenFile;
use madoguchi_store::coverage::NumberHolder;
use madoguchi_store::receipt::{Ended, NewReceipt, ReceiptIdentity, UnattachedReceipt};
use madoguchi_wire::claims::{Header, PointTable, read_receipt};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files of an institution that are looked through for others of the same month: two reviewing
/// bodies, a few volumes and corrections, for years.
const FILES_MAX: u32 = 2_000;
/// Waiting receipts of one number that are tried at once.
pub(super) const WAITING_MAX: u32 = 1_000;

/// Numbers that are looked at together.
const KEYS_AT_ONCE: usize = 64;
/// Waiting receipts that are tried in one write.
const RECEIPTS_AT_ONCE: usize = 32;

/// Receipts of one file on their way to their persons.
pub(super) struct Arrival<'a> {
    /// Short reads, or the transaction that the receipts are stored in.
    pub(super) tx: &'a mut Tx,
    pub(super) institution: &'a Institution,
    pub(super) file: FileId,
    /// Files of this institution that were taken before.
    pub(super) taken: &'a Taken,
    pub(super) now: Timestamp,
    /// Who has which numbers, as far as it was asked.
    pub(super) holders: BTreeMap<String, Vec<Candidate>>,
}

/// What an institution has sent before, beside a new file.
#[derive(Default)]
pub(super) struct Taken {
    /// Files of the same 請求年月 and reviewing body that were taken before.
    series: Vec<FileId>,
    /// Those that were taken after it, when it is a file whose receipts have waited.
    later: Vec<FileId>,
    /// The latest 請求年月 of them all.
    latest: Option<Month>,
}

/// What becomes of a receipt whose person is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is in force and takes these out of it.
    InForce(Vec<ReceiptId>),
    /// A later version of it is stored.
    Outdated,
}

impl Taken {
    /// What was taken of this institution before.
    pub(super) async fn before(
        tx: &mut Tx,
        institution: &InstitutionCode,
        month: Month,
        reviewer: &str,
    ) -> Result<Self, Refusal> {
        Ok(Self::of(tx.taken_files(institution, FILES_MAX).await?, month, reviewer, None))
    }

    /// The same for a file that is one of these, the newest first.
    fn of(files: Vec<TakenFile>, month: Month, reviewer: &str, own: Option<FileId>) -> Self {
        let latest = files.iter().map(|file| file.request_month).max();
        let after = own.and_then(|own| files.iter().position(|file| file.id == own)).unwrap_or(0);
        let same = |file: &&TakenFile| file.request_month == month && file.reviewer == reviewer && Some(file.id) != own;
        let (later, series) = files.split_at(after);
        let ids = |files: &[TakenFile]| files.iter().filter(same).map(|file| file.id).collect();
        Self { series: ids(series), later: ids(later), latest }
    }

    /// Whether a version of the receipt may be stored: a file tells only of months up to its own.
    fn may_have(&self, receipt: &NewReceipt) -> bool {
        let identified = receipt.search_number.is_some() || !self.series.is_empty() || !self.later.is_empty();
        identified && self.latest.is_some_and(|latest| latest >= receipt.care.month)
    }
}

impl Arrival<'_> {
    /// Asks who has the numbers of these claims, as far as it was not asked before: one question for many.
    pub(super) async fn ask_holders(&mut self, claims: impl Iterator<Item = &Claim>) -> Result<(), Refusal> {
        let keys = claims.flat_map(Claim::numbers).map(|numbers| numbers.key());
        let unasked: BTreeMap<String, NumberKey> = keys
            .filter(|key| !self.holders.contains_key(key.as_str()))
            .map(|key| (key.as_str().to_owned(), key))
            .collect();
        let (texts, keys): (Vec<_>, Vec<_>) = unasked.into_iter().unzip();
        let found = self.tx.holders_of_each(&keys).await?;
        let candidates = found.into_iter().map(|holders| holders.into_iter().map(candidate).collect());
        self.holders.extend(texts.into_iter().zip(candidates));
        Ok(())
    }

    /// Whose receipt it is, once [`Arrival::ask_holders`] has asked.
    pub(super) fn person_of(&self, claim: &Claim) -> Result<PersonId, Unattached> {
        let mut answer = Unattached::NoNumber;
        for numbers in claim.numbers() {
            let candidates = self.holders.get(numbers.key().as_str()).map_or(&[][..], Vec::as_slice);
            match resolve(&numbers, &claim.patient, candidates) {
                Resolution::Person(person) => return Ok(person),
                Resolution::Unattached(reason) => answer = answer.max(reason),
            }
        }
        Err(answer)
    }

    /// The receipt as it is stored.
    pub(super) fn receipt(&self, person: PersonId, receipt: PreparedReceipt, request_month: Month) -> NewReceipt {
        let PreparedReceipt { claim, mut care, source } = receipt;
        if care.institution_name.is_empty() {
            care.institution_name.clone_from(&self.institution.name);
        }
        NewReceipt {
            person,
            file: self.file,
            request_month,
            category: claim.category.to_string(),
            receipt_number: claim.number,
            search_number: claim.search_number,
            care,
            source,
        }
    }

    /// The receipt as it waits for its person.
    pub(super) fn unattached(
        &self,
        receipt: PreparedReceipt,
        request_month: Month,
        reason: Unattached,
    ) -> UnattachedReceipt {
        let key = receipt.claim.numbers().first().map(|numbers| numbers.key().as_str().to_owned());
        UnattachedReceipt {
            id: receipt.care.receipt,
            institution: self.institution.code.clone(),
            file: self.file,
            request_month,
            care_month: receipt.claim.month,
            reason: reason.code().to_owned(),
            number_key: key.unwrap_or_default(),
            taken_at: self.now,
            source: receipt.source,
        }
    }

    /// What becomes of new receipts, in their order. Nothing is asked of those that cannot have another version.
    pub(super) async fn placed(&mut self, new: &[NewReceipt]) -> Result<Vec<Placed>, Refusal> {
        let asked: Vec<_> = new.iter().filter(|receipt| self.taken.may_have(receipt)).collect();
        let months: Vec<_> = asked.iter().map(|receipt| (receipt.person, receipt.care.month)).collect();
        let mut stored = self.tx.receipts_of_each(&months, &self.institution.code).await?.into_iter();
        let place = |receipt| match self.taken.may_have(receipt) {
            true => self.place(receipt, &stored.next().unwrap_or_default()),
            false => Placed::InForce(Vec::new()),
        };
        Ok(new.iter().map(place).collect())
    }

    fn place(&self, new: &NewReceipt, stored: &[ReceiptIdentity]) -> Placed {
        let decide = |old: &ReceiptIdentity| {
            let (new, series, later) = (version_of_new(new), &self.taken.series, &self.taken.later);
            match replacement(new, version(old), series.contains(&old.file)) {
                // Of two versions of one series, the one that was taken last counts, not the one that was attached last.
                Replacement::Independent if later.contains(&old.file) => match replacement(version(old), new, true) {
                    Replacement::Replaces => Replacement::Outdated,
                    other => other,
                },
                decided => decided,
            }
        };
        if stored.iter().any(|old| decide(old) == Replacement::Outdated) {
            return Placed::Outdated;
        }
        // What was taken back is out of force already; a later version of it stands.
        let replaced = stored.iter().filter(|old| !old.is_withdrawn && decide(old) == Replacement::Replaces);
        Placed::InForce(replaced.map(|old| old.id).collect())
    }
}

impl Service {
    /// Tries the receipts that wait for these numbers again, a few in a write, so that nobody waits long for the store;
    /// says how many found their persons. What is left when it is broken off waits for the next list that names the number.
    pub(super) async fn attach_waiting(&self, keys: &[NumberKey]) -> Result<u64, Refusal> {
        let (mut attached, mut masters) = (0, None);
        for keys in keys.chunks(KEYS_AT_ONCE) {
            let mut waiting = self.0.store.read().unattached_with_numbers(keys, WAITING_MAX).await?;
            // In the order in which they came: a later version replaces an earlier one.
            waiting.sort_by_key(|receipt| (receipt.taken_at, receipt.id));
            for slice in slices(waiting, RECEIPTS_AT_ONCE) {
                let masters = match &masters {
                    Some(masters) => Arc::clone(masters),
                    None => Arc::clone(masters.insert(self.load_masters().await?)),
                };
                let service = self.clone();
                let write = async move |tx: &mut Tx| service.attach_slice(tx, slice, &masters).await;
                attached += self.0.store.write("claims.attach", write).await?;
            }
        }
        Ok(attached)
    }

    async fn attach_slice(
        &self,
        tx: &mut Tx,
        waiting: Vec<UnattachedReceipt>,
        masters: &Masters,
    ) -> Result<u64, Refusal> {
        let (now, mut attached) = (self.now(), 0);
        for receipt in waiting {
            attached += u64::from(attach(tx, receipt, masters, now).await?);
        }
        if attached > 0 {
            tx.audit(self.operator_draft(Action::IngestCoverage, format!("attached={attached}"))).await?;
        }
        Ok(attached)
    }
}

async fn attach(tx: &mut Tx, waiting: UnattachedReceipt, masters: &Masters, now: Timestamp) -> Result<bool, Refusal> {
    let Some(institution) = tx.institution(&waiting.institution).await? else { return Ok(false) };
    let table = PointTable::of_institution(institution.code.kind());
    // What was stored could be read once; if it can't be any more, it waits for an operator.
    let Some(claim) = read_receipt(table, &waiting.source).ok().and_then(|receipt| receipt.claim) else {
        return Ok(false);
    };
    let files = tx.taken_files(&waiting.institution, FILES_MAX).await?;
    let own = files.iter().find(|file| file.id == waiting.file);
    let reviewer = own.map(|file| file.reviewer.clone()).unwrap_or_default();
    let taken = Taken::of(files, waiting.request_month, &reviewer, Some(waiting.file));
    let header = Header {
        table,
        reviewer,
        institution: institution.code.clone(),
        name: String::new(),
        request_month: waiting.request_month,
        volume: String::new(),
    };
    let (file, id) = (waiting.file, waiting.id);
    let mut arrival = Arrival { tx, institution: &institution, file, taken: &taken, now, holders: BTreeMap::new() };
    arrival.ask_holders(std::iter::once(&claim)).await?;
    let Ok(person) = arrival.person_of(&claim) else { return Ok(false) };
    let Ok(shown) = prepare::shown(&claim, &header, masters, id) else { return Ok(false) };
    let prepared = PreparedReceipt { claim, care: shown.care, source: waiting.source };
    let new = [arrival.receipt(person, prepared, waiting.request_month)];
    let placed = arrival.placed(&new).await?.pop();
    if !tx.remove_unattached(&waiting.institution, id).await? {
        // Somebody else was faster, or it was taken back meanwhile.
        return Ok(false);
    }
    let Some(Placed::InForce(replaced)) = placed else { return Ok(false) };
    let care_month = new[0].care.month;
    let ended: Vec<_> =
        replaced.into_iter().map(|receipt| Ended { person, care_month, receipt, by: Some(id) }).collect();
    tx.end_receipts(&ended, now).await?;
    tx.insert_receipts(&new).await?;
    Ok(true)
}

/// Whether a withdrawal means a receipt that waits for its person.
pub(super) fn is_meant(waiting: &UnattachedReceipt, withdrawal: &Withdrawal) -> bool {
    let table = PointTable::of_institution(waiting.institution.kind());
    let Some(claim) = read_receipt(table, &waiting.source).ok().and_then(|receipt| receipt.claim) else { return false };
    withdrawal.means(Version {
        care_month: waiting.care_month,
        setting: claim.setting(),
        request_month: waiting.request_month,
        number: &claim.number,
        search_number: claim.search_number.as_deref(),
    })
}

/// A stored receipt as the rule sees it.
pub(super) fn version(stored: &ReceiptIdentity) -> Version<'_> {
    Version {
        care_month: stored.care_month,
        setting: stored.setting,
        request_month: stored.request_month,
        number: &stored.receipt_number,
        search_number: stored.search_number.as_deref(),
    }
}

fn version_of_new(new: &NewReceipt) -> Version<'_> {
    Version {
        care_month: new.care.month,
        setting: new.care.setting,
        request_month: new.request_month,
        number: &new.receipt_number,
        search_number: new.search_number.as_deref(),
    }
}

/// Somebody with the numbers as the rules of the model see them.
pub(crate) fn candidate(holder: NumberHolder) -> Candidate {
    let NumberHolder { person, number, branch, name, kana, sex, birthdate, .. } = holder;
    Candidate { person, number, branch, name, kana, sex, birthdate }
}
