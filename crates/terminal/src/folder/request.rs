//! One taken request from its file to the files of its answer. There is always an answer: what the server does not answer
//! within the time, the agent answers by itself.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::charset::Charset;
use super::door::{Door, DoorFault, File};
use super::layout::Layout;
use super::name::Taken;
use super::scan::{has_settled, is_whole, read};
use super::seal::Seal;
use super::{FILE_BYTES_MAX, PATIENCE};
use madoguchi_wire::message::failure;

/// From taking to the answer (E0099).
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(60);
/// A request that waited long for its turn is still tried for so long.
const LAST_TRY: Duration = Duration::from_secs(10);
/// One try; a connection that died unnoticed must not use up the whole time.
const TRY_MAX: Duration = Duration::from_secs(30);
/// Between two tries, at first and at most.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// Looks at a file that is still being written.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of requests in memory at the same time.
const MEMORY_BYTES: u64 = 128 * 1024 * 1024;
/// The semaphore counts in these.
const MEMORY_UNIT: u64 = 1024;

/// What answering a request takes.
pub(super) struct Desk {
    pub(super) institution: String,
    pub(super) layout: Arc<Layout>,
    pub(super) seal: Arc<Seal>,
    pub(super) door: Arc<Door>,
    pub(super) charset: Arc<Charset>,
    pub(super) memory: Semaphore,
}

/// A request that has waited since then.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) taken: Taken,
    /// What its answer is called: of one name one request is asked at a time.
    pub(super) stem: String,
    deadline: Instant,
}

/// Why the agent answers by itself.
struct Own {
    code: String,
    text: String,
}

impl Waiting {
    /// Taken just now.
    pub(super) fn now(taken: Taken) -> Self {
        Self::for_at_most(taken, ANSWER_WAIT_MAX)
    }

    /// Taken before the agent was restarted: its time goes on, but it gets a try.
    pub(super) fn again(taken: Taken) -> Self {
        let left = ANSWER_WAIT_MAX.saturating_sub(taken.age()).max(LAST_TRY);
        Self::for_at_most(taken, left)
    }

    fn for_at_most(taken: Taken, wait: Duration) -> Self {
        Self { stem: taken.name.answer_stem(), taken, deadline: Instant::now() + wait }
    }
}

/// Room for requests in memory.
pub(super) fn memory() -> Semaphore {
    Semaphore::new(usize::try_from(MEMORY_BYTES / MEMORY_UNIT).unwrap_or(usize::MAX))
}

impl Desk {
    /// The answer, ready to be written. `None`: the file of the request is gone, so there is nothing to answer.
    pub(super) async fn answer(self: &Arc<Self>, waiting: &Waiting) -> Option<Vec<File>> {
        let file = self.layout.taken.join(waiting.taken.file());
        let size = fs::symlink_metadata(&file).ok()?.len();
        let units = u32::try_from(size.min(FILE_BYTES_MAX) / MEMORY_UNIT + 1).unwrap_or(u32::MAX);
        let _room = self.memory.acquire_many(units).await.ok()?;
        let answered = match self.request(waiting, &file).await {
            Ok(Some(body)) => self.asked(waiting, body.clone()).await.map_err(|own| (own, body)),
            Ok(None) => return None,
            Err(own) => Err((own, Bytes::new())),
        };
        let files = answered.unwrap_or_else(|(own, body)| vec![self.own_answer(&waiting.taken, &own, &body)]);
        let seal = Arc::clone(&self.seal);
        off(move || Ok(files.into_iter().filter_map(|file| closed(&seal, file)).collect())).await.ok()
    }

    /// The request as the server reads it.
    async fn request(&self, waiting: &Waiting, file: &Path) -> Result<Option<Bytes>, Own> {
        let name = &waiting.taken.name.file;
        let bytes = match self.settled(name, file).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                tracing::error!(%error, "a taken request cannot be read");
                return Err(Own::new("E0001", "要求ファイルを読み取れません。"));
            }
        };
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(Own::new("E0005", "要求ファイルが大きすぎます（上限は30メガバイトです）。"));
        }
        let (seal, name) = (Arc::clone(&self.seal), name.clone());
        let opened = off(move || seal.open(&name, bytes).map_err(|_| io::ErrorKind::InvalidData.into())).await;
        let no_key = |_| Own::new("E0007", "復号に失敗しました。暗号化の設定と合言葉を確認してください。");
        Ok(Some(Bytes::from(opened.map_err(no_key)?)))
    }

    /// The content, once nobody goes on writing it: a client may have begun anew in the moment of taking.
    async fn settled(&self, name: &str, file: &Path) -> io::Result<Vec<u8>> {
        let mut last = (0, Instant::now());
        loop {
            let (seal, name, file) = (Arc::clone(&self.seal), name.to_owned(), file.to_owned());
            let look = move || {
                let bytes = read(&file)?;
                let is_settled = is_whole(&seal, &name, &bytes) || has_settled(&fs::symlink_metadata(&file)?);
                Ok((bytes, is_settled))
            };
            let (bytes, is_settled) = off(look).await?;
            if last.0 != bytes.len() {
                last = (bytes.len(), Instant::now());
            }
            if is_settled || last.1.elapsed() >= PATIENCE {
                return Ok(bytes);
            }
            drop(bytes);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks until there is an answer, or the time is over. A request that waited long for its turn behind many others is
    /// still tried, unless the server has been away for long.
    async fn asked(&self, waiting: &Waiting, body: Bytes) -> Result<Vec<File>, Own> {
        let mut pause = PAUSE_FIRST;
        let begun = Instant::now();
        loop {
            let is_tried = !self.door.is_away(LAST_TRY);
            let until = if is_tried { waiting.deadline.max(begun + LAST_TRY) } else { waiting.deadline };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let trying = self.door.exchange(&waiting.taken, body.clone());
            let wait = match timeout(left.min(TRY_MAX), trying).await {
                Ok(Ok(files)) => return Ok(files),
                Ok(Err(DoorFault::Account(refusal))) => {
                    return Err(Own::new("E0010", &format!("認証に失敗しました。{}", refusal.message)));
                }
                Ok(Err(DoorFault::Refused(refusal))) => return Err(Own::new(&refusal.code, &refusal.message)),
                Ok(Err(DoorFault::Malformed(field))) => {
                    tracing::error!(field, "the server's answer to a request is malformed");
                    break;
                }
                Ok(Err(DoorFault::TooMany(wait))) => wait,
                Ok(Err(DoorFault::Trouble(reason))) => {
                    tracing::debug!(reason, "a request is tried again");
                    let wait = pause;
                    pause = (pause * 2).min(PAUSE_MAX);
                    wait
                }
                Err(_) => {
                    self.door.note_silence();
                    PAUSE_FIRST
                }
            };
            tokio::time::sleep(jittered(wait).min(left)).await;
        }
        tracing::warn!(request = %waiting.taken.id.simple(), "no answer within the time: the agent answers with E0099");
        Err(Own::new("E0099", "通信に失敗しました。しばらくしてから再度実行してください。"))
    }

    fn own_answer(&self, taken: &Taken, own: &Own, body: &[u8]) -> File {
        let (message, charset) = (taken.name.message, self.charset.code());
        let content = failure(message, &self.institution, &own.code, &own.text, &now14(), charset, body);
        File { name: taken.name.answer_file("xml"), content }
    }
}

/// Encrypts a file of the answer where that is wished. One that cannot be must not leave in the clear.
fn closed(seal: &Seal, file: File) -> Option<File> {
    match seal.close(&file.name, file.content) {
        Ok(content) => Some(File { name: file.name, content }),
        Err(error) => {
            tracing::error!(%error, "a file of an answer cannot be encrypted and is left out");
            None
        }
    }
}

/// Disk and cipher work, off the async threads.
pub(super) async fn off<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Own {
    fn new(code: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned() }
    }
}

/// Three quarters to five quarters of a pause, so that many do not come back at the same moment.
pub(super) fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.75..1.25))
}

/// The time in Japan as messages have it, YYYYMMDDhhmmss.
fn now14() -> String {
    let japan = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(9));
    jiff::Timestamp::now().to_zoned(japan).strftime("%Y%m%d%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_messages_has_fourteen_digits() {
        let now = now14();
        assert!(now.len() == 14 && now.bytes().all(|byte| byte.is_ascii_digit()) && now.starts_with("20"), "{now}");
    }
}
