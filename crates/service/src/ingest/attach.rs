//! Attaching receipts to persons: whose they are, what they replace, and those that wait.

use super::prepare::{self, PreparedReceipt};
use crate::refusal::Refusal;
use madoguchi_model::claim::replacement::{Replacement, Version, replacement};
use madoguchi_model::claim::{Claim, Masters};
use madoguchi_model::day::{Month, Timestamp};
use madoguchi_model::id::{FileId, PersonId};
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_model::insurance::NumberKey;
use madoguchi_model::resolution::{Candidate, Resolution, Unattached, resolve};
use madoguchi_store::Tx;
use madoguchi_store::coverage::NumberHolder;
use madoguchi_store::receipt::{NewReceipt, ReceiptIdentity, UnattachedReceipt};
use madoguchi_wire::claims::{Header, PointTable, read_receipt};
use std::collections::BTreeMap;

/// Files of an institution that are looked through for others of the same month: two reviewing
/// bodies, a few volumes and corrections, for years.
const FILES_MAX: u32 = 2_000;
/// Waiting receipts of one number that are tried at once.
const WAITING_MAX: u32 = 1_000;

/// Receipts of one file on their way to their persons, inside a write.
pub(super) struct Arrival<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) institution: &'a Institution,
    pub(super) file: FileId,
    /// Files of the same 請求年月 and reviewing body that were taken before.
    pub(super) series: &'a [FileId],
    pub(super) now: Timestamp,
    /// Who has which numbers, as far as it was asked.
    pub(super) holders: BTreeMap<String, Vec<Candidate>>,
}

/// What became of a receipt whose person is known.
pub(super) enum Placed {
    /// It is in force and took so many others out of it.
    InForce {
        /// How many.
        replaced: u64,
    },
    /// A later version of it is stored.
    Outdated,
}

/// The files of this month and reviewing body that were taken.
pub(super) async fn series(
    tx: &mut Tx,
    institution: &InstitutionCode,
    month: Month,
    reviewer: &str,
) -> Result<Vec<FileId>, Refusal> {
    let files = tx.claim_files(institution, FILES_MAX).await?;
    let same = files.into_iter().filter(|file| file.request_month == month && file.reviewer == reviewer);
    Ok(same.map(|file| file.id).collect())
}

impl Arrival<'_> {
    /// Whose receipt it is. One statement for each number that was not asked before.
    pub(super) async fn person_of(&mut self, claim: &Claim) -> Result<Result<PersonId, Unattached>, Refusal> {
        let mut answer = Unattached::NoNumber;
        for numbers in claim.numbers() {
            let candidates = self.holders_of(&numbers.key()).await?;
            match resolve(&numbers, &claim.patient, candidates) {
                Resolution::Person(person) => return Ok(Ok(person)),
                Resolution::Unattached(reason) => answer = answer.max(reason),
            }
        }
        Ok(Err(answer))
    }

    async fn holders_of(&mut self, key: &NumberKey) -> Result<&[Candidate], Refusal> {
        if !self.holders.contains_key(key.as_str()) {
            let found = self.tx.holders_of_number(key).await?;
            self.holders.insert(key.as_str().to_owned(), found.into_iter().map(candidate).collect());
        }
        Ok(self.holders.get(key.as_str()).map_or(&[], Vec::as_slice))
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

    /// Takes the versions out of force that a new receipt replaces. Nothing is asked when none can exist.
    pub(super) async fn replace(&mut self, new: &NewReceipt) -> Result<Placed, Refusal> {
        if new.search_number.is_none() && self.series.is_empty() {
            return Ok(Placed::InForce { replaced: 0 });
        }
        let care = &new.care;
        let stored = self.tx.receipts_of_month(new.person, care.month, &care.institution).await?;
        let decide =
            |old: &ReceiptIdentity| replacement(version_of_new(new), version(old), self.series.contains(&old.file));
        if stored.iter().any(|old| decide(old) == Replacement::Outdated) {
            return Ok(Placed::Outdated);
        }
        let replaced: Vec<_> =
            stored.iter().filter(|old| decide(old) == Replacement::Replaces).map(|old| old.id).collect();
        for old in &replaced {
            self.tx.end_receipt(new.person, care.month, *old, Some(care.receipt), self.now).await?;
        }
        Ok(Placed::InForce { replaced: replaced.len() as u64 })
    }
}

/// Tries the receipts that wait for these numbers again; says how many found their persons.
pub(super) async fn attach_waiting(tx: &mut Tx, keys: &[NumberKey], now: Timestamp) -> Result<u64, Refusal> {
    let waiting = tx.unattached_with_numbers(keys, WAITING_MAX).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let masters = prepare::load_masters(tx).await?;
    let mut attached = 0;
    for receipt in waiting {
        attached += u64::from(attach(tx, receipt, &masters, now).await?);
    }
    Ok(attached)
}

async fn attach(tx: &mut Tx, waiting: UnattachedReceipt, masters: &Masters, now: Timestamp) -> Result<bool, Refusal> {
    let Some(institution) = tx.institution(&waiting.institution).await? else { return Ok(false) };
    let table = PointTable::of_institution(institution.code.kind());
    // What was stored could be read once; if it can't be any more, it waits for an operator.
    let Some(claim) = read_receipt(table, &waiting.source).ok().and_then(|receipt| receipt.claim) else {
        return Ok(false);
    };
    let files = tx.claim_files(&waiting.institution, FILES_MAX).await?;
    let own = files.iter().find(|file| file.id == waiting.file);
    let reviewer = own.map(|file| file.reviewer.clone()).unwrap_or_default();
    let same = |file: &&madoguchi_store::claim_file::ClaimFile| {
        file.request_month == waiting.request_month && file.reviewer == reviewer
    };
    let series: Vec<_> = files.iter().filter(same).map(|file| file.id).collect();
    let header = Header {
        table,
        reviewer,
        institution: institution.code.clone(),
        name: String::new(),
        request_month: waiting.request_month,
        volume: String::new(),
    };
    let (file, id) = (waiting.file, waiting.id);
    let mut arrival = Arrival { tx, institution: &institution, file, series: &series, now, holders: BTreeMap::new() };
    let Ok(person) = arrival.person_of(&claim).await? else { return Ok(false) };
    let (care, _) = prepare::care(&claim, &header, masters, id);
    let prepared = PreparedReceipt { claim, care, source: waiting.source };
    let new = arrival.receipt(person, prepared, waiting.request_month);
    let placed = arrival.replace(&new).await?;
    tx.remove_unattached(&waiting.institution, id).await?;
    if let Placed::Outdated = placed {
        return Ok(false);
    }
    tx.insert_receipts(&[new]).await?;
    Ok(true)
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
