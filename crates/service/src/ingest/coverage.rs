//! `ingest coverage`: insured persons and their coverages from the operator's list.
//!
//! Nothing is taken of a list with a fault. Ids follow from the list's own keys, so the same list again changes nothing, and
//! one that was broken off is taken again: a large one goes into the store some persons at a time, each with all that the
//! list says of them, so that nobody waits long for the store. Receipts and check-ups that waited for one of the numbers are
//! attached afterwards.

use super::{FileOutcome, Findings};
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::certificate::Certificate;
use madoguchi_model::coverage::{Coverage, ReasonOfLoss};
use madoguchi_model::day::Day;
use madoguchi_model::id::{CoverageId, PersonId};
use madoguchi_model::insurance::NumberKey;
use madoguchi_model::person::Person;
use madoguchi_store::Tx;
use madoguchi_wire::Issue;
use madoguchi_wire::coverage::{self, CoverageFile, CoverageRow};
use madoguchi_wire::ticket::{self, TicketFile};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};

/// Persons of a list that are stored in one write.
const PIECE_PERSONS: usize = 2_048;
/// The same while a server writes to the same file.
const SMALL_PIECE_PERSONS: usize = 64;

/// What became of a list of insured persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoverageReport {
    /// Whether it was taken.
    pub outcome: FileOutcome,
    /// Persons in the list.
    pub persons: u64,
    /// Coverages in the list.
    pub coverages: u64,
    /// Cards in the list.
    pub cards: u64,
    /// Medical tickets in the list.
    pub tickets: u64,
    /// Receipts that had waited and were attached.
    pub attached: u64,
    /// Check-ups that had waited and were attached.
    pub attached_checkups: u64,
    /// Lines with a fault; with any, nothing was taken.
    pub refused: u64,
    /// Findings with their lines.
    pub findings: Findings,
}

impl Service {
    /// Takes a list of insured persons that is in memory. See [`Service::ingest_coverage_from`].
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn ingest_coverage(&self, bytes: Vec<u8>) -> Result<CoverageReport, Refusal> {
        self.ingest_coverage_from(std::io::Cursor::new(bytes)).await
    }

    /// Takes a list of insured persons or of medical tickets, all of it, or, when it has a fault, nothing.
    ///
    /// # Errors
    /// When the store cannot be read or written; some of the persons may be stored then, and taking the list again is safe.
    pub async fn ingest_coverage_from(
        &self,
        source: impl std::io::Read + Send + 'static,
    ) -> Result<CoverageReport, Refusal> {
        let read = tokio::task::spawn_blocking(move || read(source)).await;
        let read = read.map_err(|_| Refusal::new(Reason::Unavailable, "reading was broken off"))?;
        let mut report = CoverageReport::empty();
        let file = match read {
            Ok(Read::Persons(file)) => file,
            Ok(Read::Tickets(file)) => return self.take_tickets(file, report).await,
            Err(issue) => {
                report.findings.push(issue);
                return self.refuse_coverage(report).await;
            }
        };
        let CoverageFile { rows, issues, refused } = file;
        report.findings.extend(issues);
        report.refused = refused;
        self.check_numbering(&rows, &mut report).await?;
        self.check_cards(&rows, &mut report).await?;
        if report.refused > 0 {
            return self.refuse_coverage(report).await;
        }
        let list = List::of(rows);
        report.persons = list.persons.len() as u64;
        report.coverages = list.coverages.len() as u64;
        report.cards = list.cards.len() as u64;
        let keys = list.keys();
        let persons_at_once = if self.0.store.gives_way() { SMALL_PIECE_PERSONS } else { PIECE_PERSONS };
        for piece in list.pieces(persons_at_once) {
            let service = self.clone();
            let write = async move |tx: &mut Tx| piece.store(tx, &service).await;
            self.0.store.write("coverage.ingest", write).await?;
        }
        report.attached = self.attach_waiting(&keys).await?;
        report.attached_checkups = self.attach_waiting_checkups(&keys).await?;
        report.outcome = FileOutcome::Taken;
        Ok(report)
    }

    /// A store whose persons were numbered by an earlier rule would have everybody twice.
    async fn check_numbering(&self, rows: &[CoverageRow], report: &mut CoverageReport) -> Result<(), Refusal> {
        let looked_at = rows.iter().step_by(rows.len() / NUMBERING_ROWS + 1);
        let former = looked_at.map(|row| derived_id("person", &[&row.person_key], PersonId::from_bytes));
        let former: Vec<PersonId> = former.collect();
        if let Some(row) = rows.first()
            && !self.0.store.read().persons_with_ids(&former).await?.is_empty()
        {
            report.refused += 1;
            let message =
                "この保管庫の個人は、以前の版の番号で登録されています。新しい保管庫を作り、取り込み直してください";
            report.findings.push(Issue::row(row.line, "person_key", message));
        }
        Ok(())
    }

    /// A card belongs to one person, in the list and in the store.
    async fn check_cards(&self, rows: &[CoverageRow], report: &mut CoverageReport) -> Result<(), Refusal> {
        let mut owners: HashMap<&str, &str> = HashMap::new();
        let mut read = self.0.store.read();
        for row in rows {
            let Some(serial) = &row.card_serial else { continue };
            let listed = owners.insert(serial, &row.person_key);
            let registered = if listed.is_none() { read.person_by_card(serial).await? } else { None };
            let elsewhere = listed.is_some_and(|owner| owner != row.person_key)
                || registered.is_some_and(|owner| owner != person_id(&row.person_key));
            if elsewhere {
                report.refused += 1;
                let message = "このカードは別の個人に登録されています。シリアル番号を確認してください";
                report.findings.push(Issue::row(row.line, "card_serial", message));
            }
        }
        Ok(())
    }

    pub(super) async fn refuse_coverage(&self, report: CoverageReport) -> Result<CoverageReport, Refusal> {
        let detail = format!("refused={}", report.refused);
        let draft = Draft { outcome: Outcome::Refused, ..self.operator_draft(Action::IngestCoverage, detail) };
        self.0.store.append(draft).await?;
        Ok(report)
    }
}

/// Which of the two lists it is.
enum Read {
    Persons(CoverageFile),
    Tickets(TicketFile),
}

fn read(source: impl std::io::Read) -> Result<Read, Issue> {
    let mut source = BufReader::new(source);
    let head = source.fill_buf().map_err(|error| Issue::unreadable(1, &error))?;
    if ticket::is_list(head) {
        ticket::read(source).map(Read::Tickets)
    } else {
        coverage::read(source).map(Read::Persons)
    }
}

/// A list as it is stored.
struct List {
    /// Each person as the newest coverage of the list has it, with the first day of that one.
    persons: BTreeMap<PersonId, (Person, Day)>,
    coverages: Vec<Coverage>,
    cards: Vec<(String, PersonId, Option<Day>)>,
}

impl List {
    const fn empty() -> Self {
        Self { persons: BTreeMap::new(), coverages: Vec::new(), cards: Vec::new() }
    }

    fn of(rows: Vec<CoverageRow>) -> Self {
        let mut list = Self { coverages: Vec::with_capacity(rows.len()), ..Self::empty() };
        for row in rows {
            let id = person_id(&row.person_key);
            let died_on = if row.loss == Some(ReasonOfLoss::Death) { row.valid_to } else { None };
            let person = Person {
                id,
                name: row.name,
                kana: row.kana,
                sex: row.sex,
                birthdate: row.birthdate,
                died_on,
                particulars: row.particulars,
            };
            // The newest coverage has the name that counts.
            match list.persons.get(&id) {
                Some((_, newest)) if *newest > row.valid_from => {}
                _ => drop(list.persons.insert(id, (person, row.valid_from))),
            }
            if let Some(serial) = row.card_serial {
                list.cards.push((serial, id, row.card_ends_on));
            }
            list.coverages.push(Coverage {
                person: id,
                id: coverage_id(id, &row.numbers.key(), row.valid_from),
                numbers: row.numbers,
                insurer_name: row.insurer_name,
                relation: row.relation,
                kind: row.kind,
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                loss: row.loss,
                patient_share_percent: row.patient_share_percent,
                certificate: row.certificate,
            });
        }
        list.cards.sort_unstable();
        list.cards.dedup();
        list
    }

    /// The numbers in it, each once.
    fn keys(&self) -> Vec<NumberKey> {
        let mut keys: Vec<NumberKey> = self.coverages.iter().map(|coverage| coverage.numbers.key()).collect();
        keys.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
        keys.dedup();
        keys
    }

    /// So many persons at a time, each with all that the list says of them.
    fn pieces(self, persons_at_once: usize) -> Vec<Self> {
        // Also an empty list has a piece: its entry in the audit log.
        let mut pieces = vec![Self::empty()];
        let mut places: HashMap<PersonId, usize> = HashMap::with_capacity(self.persons.len());
        for (number, (id, person)) in self.persons.into_iter().enumerate() {
            let place = number / persons_at_once;
            if pieces.len() == place {
                pieces.push(Self::empty());
            }
            pieces[place].persons.insert(id, person);
            places.insert(id, place);
        }
        for coverage in self.coverages {
            pieces[places[&coverage.person]].coverages.push(coverage);
        }
        for card in self.cards {
            pieces[places[&card.1]].cards.push(card);
        }
        pieces
    }

    async fn store(self, tx: &mut Tx, service: &Service) -> Result<(), Refusal> {
        let now = service.now();
        let persons = settled(tx, self.persons).await?;
        tx.put_persons(&persons.values().cloned().collect::<Vec<_>>()).await?;
        let ids: Vec<_> = self.coverages.iter().map(|coverage| (coverage.person, coverage.id)).collect();
        let former = tx.coverages_with_ids(&ids).await?;
        let coverages = renewed(self.coverages, &former);
        let with_persons = coverages.iter().filter_map(|it| Some((it, persons.get(&it.person)?)));
        tx.put_coverages(&with_persons.collect::<Vec<_>>(), &former).await?;
        for (serial, person, ends_on) in &self.cards {
            tx.put_card(serial, *person, now).await?;
            if let Some(last) = ends_on {
                tx.put_card_end(serial, *last).await?;
            }
        }
        let detail = format!("persons={} coverages={} cards={}", persons.len(), coverages.len(), self.cards.len());
        tx.audit(service.operator_draft(Action::IngestCoverage, detail)).await?;
        Ok(())
    }
}

/// The persons as they are from now on: a list of a former insurer that comes late, or again, does not bring the former
/// name and address back. That somebody died counts whoever tells it.
async fn settled(
    tx: &mut Tx,
    listed: BTreeMap<PersonId, (Person, Day)>,
) -> Result<BTreeMap<PersonId, Person>, Refusal> {
    let ids: Vec<PersonId> = listed.keys().copied().collect();
    let newest = tx.newest_coverages(&ids).await?;
    let stored = tx.persons_with_ids(&ids).await?;
    let mut stored: HashMap<PersonId, Person> = stored.into_iter().map(|person| (person.id, person)).collect();
    let settle = |((id, (person, from)), newest): ((PersonId, (Person, Day)), Option<Day>)| {
        let is_late = newest.is_some_and(|newest| newest > from);
        let person = match stored.remove(&id).filter(|_| is_late) {
            Some(kept) => Person { died_on: kept.died_on.or(person.died_on), ..kept },
            None => person,
        };
        (id, person)
    };
    Ok(listed.into_iter().zip(newest).map(settle).collect())
}

/// The coverages with the former certificates that their lines do not name: each year's list names that year's, and a
/// list may have a line for each year.
fn renewed(mut coverages: Vec<Coverage>, former: &[Coverage]) -> Vec<Coverage> {
    let mut known: HashMap<_, Certificate> =
        former.iter().map(|coverage| ((coverage.person, coverage.id), coverage.certificate.clone())).collect();
    for coverage in &mut coverages {
        let id = (coverage.person, coverage.id);
        if let Some(former) = known.remove(&id) {
            coverage.certificate = coverage.certificate.clone().renewed(former);
        }
        known.insert(id, coverage.certificate.clone());
    }
    coverages
}

impl CoverageReport {
    /// Whether nothing was taken.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.outcome == FileOutcome::Refused
    }

    fn empty() -> Self {
        Self {
            outcome: FileOutcome::Refused,
            persons: 0,
            coverages: 0,
            cards: 0,
            tickets: 0,
            attached: 0,
            attached_checkups: 0,
            refused: 0,
            findings: Findings::default(),
        }
    }
}

/// Rows all over a list that are looked at for persons of a former numbering.
const NUMBERING_ROWS: usize = 64;
/// Last characters of a key in which neighbours of an operator's list differ.
const NEIGHBOURS_DIFFER_IN: usize = 4;
/// First bytes of an id that neighbours share.
const SHARED_BY_NEIGHBOURS: usize = 4;

/// The same key is always the same person. Persons whose keys differ in their last four characters only have ids that
/// begin alike: who is registered together lives together, goes to the same institutions, and comes in the same claims
/// files, and the store finds and changes neighbours in the same pages. Keys drawn at random lose nothing by it.
#[must_use]
pub fn person_id(key: &str) -> PersonId {
    let shared = key.char_indices().rev().nth(NEIGHBOURS_DIFFER_IN - 1).map_or("", |(end, _)| &key[..end]);
    let neighbourhood = derived("neighbourhood", &[shared]);
    let mut bytes = derived("person", &[key]);
    bytes[..SHARED_BY_NEIGHBOURS].copy_from_slice(&neighbourhood[..SHARED_BY_NEIGHBOURS]);
    PersonId::from_bytes(&bytes).expect("sixteen bytes are an id")
}

/// The same insurer, symbol, number and first day of a person are always the same coverage.
fn coverage_id(person: PersonId, numbers: &NumberKey, valid_from: Day) -> CoverageId {
    let parts = [&person.to_hex(), numbers.as_str(), &valid_from.to_string()];
    derived_id("coverage", &parts, CoverageId::from_bytes)
}

/// An id that follows from its parts.
pub(super) fn derived_id<I>(kind: &str, parts: &[&str], from_bytes: impl Fn(&[u8]) -> Option<I>) -> I {
    from_bytes(&derived(kind, parts)).expect("sixteen bytes are an id")
}

/// UUID version 8, the hash of the parts.
fn derived(kind: &str, parts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in [&[kind], parts].concat() {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_the_list_are_neighbours_in_the_store() {
        let of = |key: &str| person_id(key).as_bytes().to_vec();
        let here = of("p0010000");
        for near in ["p0010001", "p0019999"] {
            assert_eq!((&here[..4], here == of(near)), (&of(near)[..4], false), "{near}");
        }
        for far in ["p0020000", "q0010000", "p00100000"] {
            assert_ne!(here[..4], of(far)[..4], "{far}");
        }
        assert_eq!(of("1")[..4], of("999")[..4], "short keys");
        assert_eq!(of("国保0001")[..4], of("国保９９９９")[..4], "keys of any letters");
        assert_ne!(of(""), of("1"));
    }
}
