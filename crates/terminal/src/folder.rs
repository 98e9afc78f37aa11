//! The folder agent (連携アプリケーション): requests dropped into `req` become answers in `res`, and what the reader found
//! appears in `face`.
//!
//! * `layout`, `name`: where files lie and what they are called.
//! * `scan`: looks into `req` and takes what is whole.
//! * `request`: one taken request and its answer; `door`: the wire to the server.
//! * `record`: answers become durable and arrive once, across any kill.
//! * `face`: results of the reader; `leftover`: what nobody fetched.
//! * `property`, `seal`: the setting files, and encrypted files.
//!
//! It deliberately understands no message: bytes pass as they are, and only failures of its own are written here.

mod charset;
mod complaint;
mod door;
mod face;
mod layout;
mod leftover;
mod name;
mod property;
mod record;
mod request;
mod scan;
mod seal;

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc as queue, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::config::FolderConfig;
use crate::upstream::Upstream;
use charset::Charset;
use door::Door;
use face::Faces;
use layout::Layout;
use leftover::Stay;
use property::Properties;
use record::{Answered, Recorder};
use request::{Desk, Waiting};
use scan::Scanner;
use seal::Seal;

pub use seal::PassPhrase;

/// One file in `req`, and one answer before encryption. The largest lists of a bulk request are far below.
pub(crate) const FILE_BYTES_MAX: u64 = 30 * 1024 * 1024;
/// A file that cannot be understood is believed to be whole when it has not changed for so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests at the server at the same time.
const IN_FLIGHT_MAX: usize = 16;
/// Requests taken and not yet asked; more stay in `req`.
const WAITING_MAX: usize = 20_000;
/// How long open requests may take to end at shutdown; the rest is asked again after the next start.
const SHUTDOWN_WAIT_MAX: Duration = Duration::from_secs(3);

/// Why the folder agent did not start. The message is Japanese and names the setting and the fix.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    /// A folder or file of the agent cannot be used.
    #[error("{path}：連携フォルダで使えません（{source}）。場所と権限を確認してください")]
    Unusable {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another agent works on the same root.
    #[error("{0}：この連携フォルダは別の端末が使用中です。動いている端末を停止するか、別のフォルダを指定してください")]
    Busy(PathBuf),
    /// A line of a setting file cannot be understood.
    #[error("{file}：{line}行目の{field}が正しくありません。{expected}で指定してください")]
    Setting {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The key.
        field: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Files are to be encrypted, but there is no pass phrase.
    #[error("encrypt.confで暗号化が指定されていますが、合言葉が設定されていません。合言葉のファイルを指定してください")]
    NoPassPhrase,
}

impl FolderFault {
    fn unusable(path: &Path, source: io::Error) -> Self {
        Self::Unusable { path: path.to_owned(), source }
    }
}

/// An agent at work; it stops when told to, or when this is dropped.
#[derive(Debug)]
pub(crate) struct FolderAgent {
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
    recorder: std::thread::JoinHandle<()>,
}

impl FolderAgent {
    /// Puts the folders in order and begins to work. The server is not needed yet.
    pub(crate) fn start(
        config: &FolderConfig,
        institution: &str,
        upstream: Upstream,
        bell: Arc<Notify>,
    ) -> Result<Self, FolderFault> {
        let settings = config.settings.clone().unwrap_or_else(|| config.root.join("conf"));
        let properties = Properties::read(&settings, config.encryption.as_deref())?;
        let seal = Arc::new(Seal::new(&properties, config.pass_phrase.clone()).ok_or(FolderFault::NoPassPhrase)?);
        let layout = Arc::new(Layout::open(&config.root, properties.face_folder.as_deref())?);
        let unusable = |source| FolderFault::unusable(&config.root, source);
        let (recorder, again) = Recorder::recover(Arc::clone(&layout)).map_err(unusable)?;
        let (answered, recorder) = recorder.start().map_err(unusable)?;

        let charset = Arc::new(Charset::remembered(layout.character_code.clone()));
        let door = Arc::new(Door::new(upstream, config.account.clone(), Arc::clone(&charset)));
        let (stop, stopped) = watch::channel(());
        let stay = Stay { answers: properties.answers_stay.unwrap_or(config.answers_stay), faces: config.faces_stay };
        let mut tasks = vec![tokio::spawn(leftover::run(Arc::clone(&layout), stay, stopped.clone()))];
        if properties.writes_faces {
            let faces = Faces::new(Arc::clone(&layout), Arc::clone(&seal), Arc::clone(&door), bell);
            tasks.push(tokio::spawn(faces.run(stopped.clone())));
        }
        let waiting = Arc::new(AtomicUsize::new(again.len()));
        let (found, finds) = queue::unbounded_channel();
        let scanner = Scanner::new(Arc::clone(&layout), Arc::clone(&seal));
        tasks.push(tokio::spawn(scan_on(scanner, config.poll, Arc::clone(&waiting), found, stopped.clone())));
        let memory = request::memory();
        let desk = Desk { institution: institution.to_owned(), layout, seal, door, charset, memory };
        let queue = Queue { desk: Arc::new(desk), answered, waiting, line: again.into(), busy: HashSet::new() };
        tasks.push(tokio::spawn(queue.run(finds, stopped)));
        Ok(Self { stop, tasks, recorder })
    }

    /// Takes nothing more and waits a moment for open requests.
    pub(crate) async fn shutdown(self) {
        drop(self.stop);
        for task in self.tasks {
            // A task that has ended already needs no waiting.
            let _ = task.await;
        }
        let recorder = self.recorder;
        let _ = tokio::task::spawn_blocking(move || recorder.join()).await;
    }
}

/// Looks into `req` until told to stop.
async fn scan_on(
    mut scanner: Scanner,
    poll: Duration,
    waiting: Arc<AtomicUsize>,
    found: queue::UnboundedSender<Waiting>,
    mut stop: watch::Receiver<()>,
) {
    let mut ticks = tokio::time::interval(poll);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = ticks.tick() => {}
        }
        let (waiting, found) = (Arc::clone(&waiting), found.clone());
        let look = tokio::task::spawn_blocking(move || {
            let room = WAITING_MAX.saturating_sub(waiting.load(Ordering::Relaxed));
            scanner.scan(Instant::now(), room, |taken| {
                waiting.fetch_add(taken.len(), Ordering::Relaxed);
                for taken in taken {
                    // Nobody listens any more when the agent is stopping; the next start finds it in `.work`.
                    let _ = found.send(Waiting::now(taken));
                }
            });
            scanner
        });
        match look.await {
            Ok(back) => scanner = back,
            Err(error) => return tracing::error!(%error, "the folder req is no longer looked into"),
        }
    }
}

/// Requests in the order of taking: so many at the server at once, and of one name only one.
struct Queue {
    desk: Arc<Desk>,
    answered: mpsc::Sender<Answered>,
    waiting: Arc<AtomicUsize>,
    line: VecDeque<Waiting>,
    /// Names of answers that are being made.
    busy: HashSet<String>,
}

impl Queue {
    async fn run(mut self, mut finds: queue::UnboundedReceiver<Waiting>, mut stop: watch::Receiver<()>) {
        let mut flying: JoinSet<String> = JoinSet::new();
        loop {
            while flying.len() < IN_FLIGHT_MAX {
                let Some(next) = self.next() else { break };
                let (desk, answered) = (Arc::clone(&self.desk), self.answered.clone());
                flying.spawn(carry(desk, answered, next));
            }
            tokio::select! {
                _ = stop.changed() => break,
                Some(waiting) = finds.recv() => {
                    self.line.push_back(waiting);
                }
                Some(ended) = flying.join_next() => {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    match ended {
                        Ok(name) => {
                            self.busy.remove(&name);
                        }
                        Err(error) => tracing::error!(%error, "a request ended without an answer"),
                    }
                }
                else => break,
            }
        }
        let all = async { while flying.join_next().await.is_some() {} };
        // Whatever is cut off here is in `.work` and asked again.
        let _ = tokio::time::timeout(SHUTDOWN_WAIT_MAX, all).await;
    }

    /// The first in the line whose name is not busy.
    fn next(&mut self) -> Option<Waiting> {
        let at = self.line.iter().position(|waiting| !self.busy.contains(&waiting.stem))?;
        let next = self.line.remove(at)?;
        self.busy.insert(next.stem.clone());
        Some(next)
    }
}

/// One request until its answer is recorded; gives the name that is free again.
async fn carry(desk: Arc<Desk>, answered: mpsc::Sender<Answered>, waiting: Waiting) -> String {
    if let Some(files) = desk.answer(&waiting).await {
        let (recorded, told) = oneshot::channel();
        let sent = answered.send(Answered { taken: waiting.taken, files, recorded });
        if sent.is_ok() {
            // The sender is dropped only when the agent stops.
            let _ = told.await;
        }
    }
    waiting.stem
}
