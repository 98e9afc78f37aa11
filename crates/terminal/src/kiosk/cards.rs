//! The drawer of virtual cards: the files of one folder, by name and story.
//!
//! It reads names and stories only; opening a card is [`super::identify`]'s. A file that is no card is shown too, so that
//! it can play the card that the reader cannot read.

use std::collections::HashMap;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use madoguchi_trust::VirtualCard;

/// Files looked at in one folder.
const FILES_MAX: usize = 5000;
/// Cards shown at once; a drawer with more is searched by name.
pub(super) const SHOWN_MAX: usize = 60;

/// One card in the drawer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CardEntry {
    /// The file's name without `.json`; what the form sends.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) story: String,
}

/// What the drawer shows for one search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) cards: Vec<CardEntry>,
    /// Cards that match but are not shown.
    pub(super) more: usize,
    /// Cards in the drawer altogether.
    pub(super) total: usize,
}

/// A folder of card files. What was read is kept until the file changes.
#[derive(Debug, Default)]
pub(super) struct Drawer {
    folder: Option<PathBuf>,
    read: Mutex<HashMap<String, (Option<SystemTime>, CardEntry)>>,
}

impl Drawer {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, ..Self::default() }
    }

    /// The cards whose name or story contains `wanted`, by file name. It reads files: not for async threads.
    pub(super) fn show(&self, wanted: &str) -> io::Result<Shown> {
        let entries = self.entries()?;
        let total = entries.len();
        let matching = entries.into_iter().filter(|card| card.name.contains(wanted) || card.story.contains(wanted));
        let mut cards: Vec<CardEntry> = matching.collect();
        let more = cards.len().saturating_sub(SHOWN_MAX);
        cards.truncate(SHOWN_MAX);
        Ok(Shown { cards, more, total })
    }

    /// The file of a card that is in the drawer; whatever else a form names is not opened.
    pub(super) fn file_of(&self, id: &str) -> Option<PathBuf> {
        let folder = self.folder.as_deref()?;
        let names = files(folder).ok()?;
        names.into_iter().find(|file| file.id == id).map(|file| folder.join(format!("{}.json", file.id)))
    }

    fn entries(&self) -> io::Result<Vec<CardEntry>> {
        let Some(folder) = self.folder.as_deref() else { return Ok(Vec::new()) };
        let files = files(folder)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|id, _| files.iter().any(|file| file.id == *id));
        let entry = |file: CardFile| match read.get(&file.id) {
            Some((changed, entry)) if *changed == file.changed && changed.is_some() => entry.clone(),
            _ => {
                let entry = read_entry(folder, &file.id);
                read.insert(file.id, (file.changed, entry.clone()));
                entry
            }
        };
        Ok(files.into_iter().map(entry).collect())
    }
}

struct CardFile {
    id: String,
    changed: Option<SystemTime>,
}

/// The card files of a folder in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<CardFile>> {
    let mut files: Vec<CardFile> =
        std::fs::read_dir(folder)?.take(FILES_MAX).filter_map(|file| card_file(&file.ok()?)).collect();
    files.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(files)
}

fn card_file(file: &DirEntry) -> Option<CardFile> {
    let name = file.file_name().into_string().ok()?;
    let id = name.strip_suffix(".json").filter(|id| !id.is_empty() && !id.starts_with('.'))?;
    let changed = file.metadata().ok()?.modified().ok();
    Some(CardFile { id: id.to_owned(), changed })
}

fn read_entry(folder: &Path, id: &str) -> CardEntry {
    match VirtualCard::load(&folder.join(format!("{id}.json"))) {
        Ok(card) => CardEntry { id: id.to_owned(), name: card.name().to_owned(), story: card.story().to_owned() },
        Err(_) => CardEntry { id: id.to_owned(), name: id.to_owned(), story: "読み取れないカード".into() },
    }
}
