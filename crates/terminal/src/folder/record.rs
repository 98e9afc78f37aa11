//! Answers on their way from memory to `res`, so that each arrives once whatever happens in between.
//!
//! 1. The files of an answer are written beside their place in `.work/ready`, made durable, and renamed there, number 0
//!    last: with it the answer is recorded, and will be delivered even if the power fails now.
//! 2. The taken request is removed: it will never be asked again.
//! 3. The files are renamed into `res`: what is delivered is no longer in `.work`, so it is never delivered again.
//!
//! Answers of one name arrive in the order in which their requests were taken. One thread does all this for many answers
//! at a time, as they wait for the same disk. Medical data is in memory only until step 1.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::complaint::Complaint;
use super::door::File;
use super::layout::{Layout, UNFINISHED, names, remove, sync_folder};
use super::name::{Ready, Taken};
use super::request::Waiting;

/// Answers made durable together.
const TOGETHER_MAX: usize = 64;
/// Between two tries of what could not be written or delivered.
const AGAIN: Duration = Duration::from_millis(500);

/// An answer that is to be recorded.
pub(super) struct Answered {
    pub(super) taken: Taken,
    pub(super) files: Vec<File>,
    /// Told when the answer is recorded.
    pub(super) recorded: oneshot::Sender<()>,
}

/// The thread that records and delivers.
pub(super) struct Recorder {
    layout: Arc<Layout>,
    /// Recorded, not delivered: by request, in the order of taking.
    undelivered: BTreeMap<Uuid, Vec<Ready>>,
    /// Whether something could not be delivered at the last try, or was left by the process before.
    is_stuck: bool,
    unwritable: Complaint,
    undeliverable: Complaint,
}

impl Recorder {
    /// Puts `.work` in order after whatever happened before; gives what has to be asked again.
    pub(super) fn recover(layout: Arc<Layout>) -> io::Result<(Self, Vec<Waiting>)> {
        let mut answers: BTreeMap<Uuid, Vec<Ready>> = BTreeMap::new();
        for name in names(&layout.ready)? {
            match Ready::parse(&name) {
                Some(ready) => answers.entry(ready.id).or_default().push(ready),
                None => remove(&layout.ready.join(name))?,
            }
        }
        // Without number 0 the answer was not recorded: its other files are made again.
        for ready in answers.values().filter(|files| !is_recorded(files)).flatten() {
            remove(&layout.ready.join(ready.file()))?;
        }
        answers.retain(|_, files| is_recorded(files));
        let mut again = Vec::new();
        for name in names(&layout.taken)? {
            match Taken::parse(&name) {
                Some(taken) if answers.contains_key(&taken.id) => remove(&layout.taken.join(name))?,
                Some(taken) => again.push(taken),
                None => tracing::warn!("a file in .work/taken is not one of the agent's and is left alone"),
            }
        }
        sync_folder(&layout.taken)?;
        again.sort_by_key(|taken| taken.id);
        let recorder = Self {
            layout,
            undelivered: answers,
            is_stuck: true,
            unwritable: Complaint::default(),
            undeliverable: Complaint::default(),
        };
        Ok((recorder, again.into_iter().map(Waiting::again).collect()))
    }

    /// Works until nobody can send answers any more.
    pub(super) fn start(mut self) -> io::Result<(Sender<Answered>, JoinHandle<()>)> {
        let (sender, receiver) = channel();
        let work = move || self.work(&receiver);
        let thread = std::thread::Builder::new().name("folder-recorder".into()).spawn(work)?;
        Ok((sender, thread))
    }

    fn work(&mut self, receiver: &Receiver<Answered>) {
        let mut waiting = Vec::new();
        self.deliver();
        loop {
            let is_idle = waiting.is_empty() && self.undelivered.is_empty();
            let next = if is_idle {
                receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                receiver.recv_timeout(AGAIN)
            };
            match next {
                Ok(answered) => waiting.push(answered),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            waiting.extend(receiver.try_iter().take(TOGETHER_MAX));
            waiting = self.record(waiting);
            self.deliver();
        }
    }

    /// Steps 1 and 2; gives back what could not be written.
    fn record(&mut self, answers: Vec<Answered>) -> Vec<Answered> {
        let (mut written, mut unwritten) = (Vec::new(), Vec::new());
        for answered in answers {
            match self.write(&answered) {
                Ok(open) => written.push((answered, open)),
                Err(error) => {
                    self.cannot_write(&error);
                    unwritten.push(answered);
                }
            }
        }
        let durable = written.iter().flat_map(|(_, open)| open).try_for_each(fs::File::sync_data);
        let written: Vec<Answered> = written.into_iter().map(|(answered, _)| answered).collect();
        if let Err(error) = durable.and_then(|()| self.commit(&written)) {
            self.cannot_write(&error);
            unwritten.extend(written);
            return unwritten;
        }
        for answered in written {
            self.undelivered.insert(answered.taken.id, ready_files(&answered));
            // Nobody waits for it when the agent is stopping.
            let _ = answered.recorded.send(());
        }
        if unwritten.is_empty() {
            self.unwritable.over(|| tracing::info!("answers can be written again"));
        }
        unwritten
    }

    fn cannot_write(&self, error: &io::Error) {
        self.unwritable.say(|| {
            tracing::error!(%error, "answers cannot be written: is the disk full? They are kept and tried again");
        });
    }

    /// The files of one answer, whole but not durable and not in their place.
    fn write(&self, answered: &Answered) -> io::Result<Vec<fs::File>> {
        let write = |(ready, file): (Ready, &File)| {
            let path = self.layout.ready.join(ready.file() + UNFINISHED);
            let mut open = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
            open.write_all(&file.content)?;
            Ok(open)
        };
        ready_files(answered).into_iter().zip(&answered.files).map(write).collect()
    }

    fn commit(&self, answers: &[Answered]) -> io::Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let folder = &self.layout.ready;
        for answered in answers {
            for ready in ready_files(answered).iter().rev() {
                fs::rename(folder.join(ready.file() + UNFINISHED), folder.join(ready.file()))?;
            }
        }
        sync_folder(folder)?;
        for answered in answers {
            remove(&self.layout.taken.join(answered.taken.file()))?;
        }
        sync_folder(&self.layout.taken)
    }

    /// Step 3, in the order of taking. What cannot be delivered now holds up later answers of its own name only.
    fn deliver(&mut self) {
        let mut held = HashSet::new();
        let mut failed = None;
        for (id, mut files) in std::mem::take(&mut self.undelivered) {
            // Number 0 goes last: who sees the answer finds beside it what belongs to it.
            files.sort_by_key(|ready| ready.number);
            while let Some(ready) = files.pop() {
                let outcome = if held.contains(&ready.name) { Ok(false) } else { self.deliver_one(&ready) };
                match outcome {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => failed = Some(error),
                }
                files.push(ready);
                break;
            }
            if !files.is_empty() {
                held.extend(files.iter().map(|ready| ready.name.clone()));
                self.undelivered.insert(id, files);
            }
        }
        self.is_stuck = failed.is_some();
        match failed {
            Some(error) => self.undeliverable.say(|| {
                let answers = self.undelivered.len();
                tracing::error!(%error, answers, "answers cannot be put into the folder res: is it there and may the agent write? They are kept and tried again");
            }),
            None => self.undeliverable.over(|| tracing::info!("answers can be put into the folder res again")),
        }
    }

    /// Removes what an earlier answer of this name left under another extension, so that nobody takes an old report for a
    /// part of a new refusal. What belongs to the new answer was written together with it.
    fn remove_former(&self, name: &str, written: SystemTime) -> io::Result<()> {
        let Some((stem, _)) = name.rsplit_once('.') else { return Ok(()) };
        for other in EXTENSIONS.map(|extension| format!("{stem}.{extension}")) {
            let path = self.layout.res.join(&other);
            let is_former = |metadata: fs::Metadata| metadata.modified().is_ok_and(|modified| modified < written);
            if other != name && fs::symlink_metadata(&path).is_ok_and(is_former) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn deliver_one(&self, ready: &Ready) -> io::Result<bool> {
        let from = self.layout.ready.join(ready.file());
        // Removed from outside, or as a leftover: there is nothing to deliver any more.
        let open = match fs::File::open(&from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            opened => opened?,
        };
        if ready.number == 0 {
            self.remove_former(&ready.name, open.metadata()?.modified()?)?;
        }
        fs::rename(&from, self.layout.res.join(&ready.name))?;
        if self.is_stuck {
            // How long it may stay counts from now on, not from when it was written.
            open.set_modified(SystemTime::now())?;
        }
        Ok(true)
    }
}

/// What an answer may end in: data, a report, a zip, a picture.
const EXTENSIONS: [&str; 4] = ["xml", "pdf", "zip", "png"];

fn is_recorded(files: &[Ready]) -> bool {
    files.iter().any(|ready| ready.number == 0)
}

fn ready_files(answered: &Answered) -> Vec<Ready> {
    let ready = |(number, file): (usize, &File)| Ready { id: answered.taken.id, number, name: file.name.clone() };
    answered.files.iter().enumerate().map(ready).collect()
}
