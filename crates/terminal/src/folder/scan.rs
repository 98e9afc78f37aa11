//! Looking into `req` and taking what is whole: one look every poll interval, one rename per file.
//!
//! A file is taken when size and time are the same in two looks and its content is whole; one that never gets whole is taken
//! five seconds after its last change, so that it is answered all the same. A file of an unknown name goes to `err`, also
//! after five seconds: its writer may be about to rename it. It deliberately reads no clock but the one it is given, and
//! never opens what is not an ordinary file.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::complaint::Complaint;
use super::layout::{Layout, sync_folder};
use super::name::{RequestName, Taken, is_left_alone};
use super::seal::Seal;
use super::{FILE_BYTES_MAX, PATIENCE};
use madoguchi_wire::message::is_complete;

/// Files looked at in one go; the rest are seen as soon as these are taken.
const FILES_MAX: usize = 50_000;
/// Files taken between two makings durable: the first of many need not wait for the last.
const TAKEN_AT_ONCE: usize = 128;

/// What a scanner remembers between two looks.
pub(super) struct Scanner {
    layout: Arc<Layout>,
    seal: Arc<Seal>,
    seen: HashMap<OsString, Seen>,
    complaint: Complaint,
}

struct Seen {
    size: u64,
    modified: SystemTime,
    /// When this size and time were first seen.
    since: Instant,
    /// Whether the content is whole; unknown until it is looked at.
    whole: Option<bool>,
}

/// What is to be done with a file that has settled.
enum Settled {
    Take(RequestName),
    Refuse(&'static str),
}

const NAME_UNKNOWN: &str = "ファイル名から電文種別が判別できません。「<電文種別>req_<任意の文字列>.xml」（任意の文字列は半角英数字、「_」、「-」で100文字まで）としてください。";
const NOT_A_FILE: &str =
    "通常のファイルではありません。シンボリックリンクなどは受け付けません。ファイルそのものを置いてください。";

impl Scanner {
    pub(super) fn new(layout: Arc<Layout>, seal: Arc<Seal>) -> Self {
        Self { layout, seal, seen: HashMap::new(), complaint: Complaint::default() }
    }

    /// One look; hands over what was taken, durably, in the order in which the files were written.
    pub(super) fn scan(&mut self, now: Instant, room: usize, mut taken: impl FnMut(Vec<Taken>)) {
        let settled = match self.look(now) {
            Ok(settled) => settled,
            Err(error) => return self.complaint.say(|| tracing::error!(%error, "the folder req cannot be read")),
        };
        let mut requests = Vec::new();
        for (name, settled) in settled {
            match settled {
                Settled::Take(request) => requests.push(request),
                Settled::Refuse(reason) => self.refuse(&name, reason),
            }
        }
        requests.truncate(room);
        for some in requests.chunks(TAKEN_AT_ONCE) {
            let some: Vec<Taken> = some.iter().filter_map(|request| self.take(request)).collect();
            if !some.is_empty() {
                let durable = sync_folder(&self.layout.taken).and_then(|()| sync_folder(&self.layout.req));
                if let Err(error) = durable {
                    self.complaint.say(|| tracing::error!(%error, "taken requests may not outlive a power failure"));
                }
                taken(some);
            }
        }
    }

    /// What has settled since the look before.
    fn look(&mut self, now: Instant) -> io::Result<Vec<(OsString, Settled)>> {
        let mut before = std::mem::take(&mut self.seen);
        let mut settled = Vec::new();
        for entry in fs::read_dir(&self.layout.req)?.take(FILES_MAX) {
            let entry = entry?;
            // Gone since the folder was read: its client renamed or removed it.
            let Ok(metadata) = entry.metadata() else { continue };
            let name = entry.file_name();
            if metadata.is_dir() || is_left_alone(&name.to_string_lossy()) {
                continue;
            }
            let mut seen = Seen::now(&metadata, now);
            if let Some(before) = before.remove(&name)
                && (before.size, before.modified) == (seen.size, seen.modified)
            {
                seen = before;
                if let Some(verdict) = self.verdict(&name, &metadata, &mut seen, now) {
                    settled.push((seen.modified, name.clone(), verdict));
                }
            }
            self.seen.insert(name, seen);
        }
        settled.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        Ok(settled.into_iter().map(|(_, name, verdict)| (name, verdict)).collect())
    }

    /// For a file that has not changed since the look before.
    fn verdict(&self, name: &OsStr, metadata: &Metadata, seen: &mut Seen, now: Instant) -> Option<Settled> {
        if !metadata.is_file() {
            return Some(Settled::Refuse(NOT_A_FILE));
        }
        let is_old = now.saturating_duration_since(seen.since) >= PATIENCE;
        let Some(request) = name.to_str().and_then(RequestName::parse) else {
            return is_old.then_some(Settled::Refuse(NAME_UNKNOWN));
        };
        let is_whole = *seen.whole.get_or_insert_with(|| {
            let fits = metadata.len() <= FILE_BYTES_MAX;
            fits && read(&self.layout.req.join(name)).is_ok_and(|bytes| is_whole(&self.seal, &request.file, &bytes))
        });
        (is_whole || is_old).then_some(Settled::Take(request))
    }

    fn take(&self, request: &RequestName) -> Option<Taken> {
        let taken = Taken::now(request.clone());
        let (from, to) = (self.layout.req.join(&request.file), self.layout.taken.join(taken.file()));
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.complaint.say(|| tracing::error!(%error, "requests cannot be taken from the folder req"));
                return None;
            }
        }
        // Something else may have come under the name since the look; here only the agent writes.
        if fs::symlink_metadata(&to).is_ok_and(|metadata| metadata.is_file()) {
            return Some(taken);
        }
        self.move_to_err(&to, &request.file, NOT_A_FILE);
        None
    }

    fn refuse(&self, name: &OsStr, reason: &str) {
        // What no file name of ours may hold is replaced; the refused file itself is looked up as it is.
        let shown: String = name.to_string_lossy().chars().map(|c| if c.is_control() { '_' } else { c }).collect();
        self.move_to_err(&self.layout.req.join(name), &shown, reason);
    }

    fn move_to_err(&self, file: &Path, name: &str, reason: &str) {
        match self.layout.refuse(file, name, reason) {
            // A client's names can hold a patient's number: the log has none of them.
            Ok(()) => tracing::warn!("a file that cannot be answered was moved to the folder err, beside its reason"),
            Err(error) => self.complaint.say(|| tracing::error!(%error, "a file cannot be moved to the folder err")),
        }
    }
}

impl Seen {
    fn now(metadata: &Metadata, now: Instant) -> Self {
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Self { size: metadata.len(), modified, since: now, whole: None }
    }
}

/// The content, but no more than a byte beyond the limit.
pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A link or a pipe that came under the name in the meantime must neither be followed nor waited for.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let mut bytes = Vec::new();
    options.open(file)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a request's file is there to its end.
pub(super) fn is_whole(seal: &Seal, name: &str, bytes: &[u8]) -> bool {
    if seal.holds(name) { Seal::is_whole(bytes) } else { is_complete(bytes) }
}

/// Whether a file's last change is long enough ago that nobody goes on writing it.
pub(super) fn has_settled(metadata: &Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_none_or(|age: Duration| age >= PATIENCE)
}
