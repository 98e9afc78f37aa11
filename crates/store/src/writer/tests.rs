//! What the writer answers when the disk fails.

use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::day::Timestamp;

use super::*;
use crate::{DatabaseUrl, Store};

fn append() -> (Message, oneshot::Receiver<Result<Entry>>) {
    let draft = Draft {
        at: Timestamp::from_micros(0),
        institution: String::new(),
        user: "start".into(),
        terminal: String::new(),
        action: Action::Start,
        outcome: Outcome::Done,
        subject: String::new(),
        detail: String::new(),
    };
    let (answer, answered) = oneshot::channel();
    (Message::Append { draft, answer }, answered)
}

#[tokio::test]
async fn what_the_disk_did_not_keep_is_not_answered_as_done_and_nothing_follows_it() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(directory.path().join("store.db"));
    Store::migrate(&url, Timestamp::from_micros(0)).await.unwrap();
    let process = ProcessName::parse("server-1").unwrap();
    let start =
        async || Writer::start(&url.0, process.clone(), Limits::default(), Arc::new(Pulse::new()), None).await.unwrap();
    let mut writer = start().await;
    if let Engine::Sqlite { log, .. } = &mut writer.engine {
        *log = sqlite::Log::failing();
    }
    let (queue, waiting) = mpsc::channel(9);
    let [(one, first), (other, second)] = [append(), append()];
    queue.send(one).await.unwrap();
    queue.send(other).await.unwrap();
    drop(queue);
    writer.limits.batch_writes_max = 1;
    writer.run(waiting).await;
    let [first, second] = [first.await.unwrap(), second.await.unwrap()];
    assert!(matches!(first, Err(Error::OutcomeUnknown(_))), "{first:?}");
    assert!(matches!(second, Err(Error::NotWritable(_))), "{second:?}");
    // The next start finds the chain where the file has it.
    let mut writer = start().await;
    writer.begin().await.unwrap();
    assert_eq!(writer.head().sequence, 1);
}
