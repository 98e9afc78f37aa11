//! The inspector (電文の検査) of a demo: the messages that institutions exchanged with the server, kept in memory so that
//! whoever develops against it sees what was sent, what was answered, and which rule was broken.
//!
//! Only a demo asks for it: `serve` gives the server no place to keep exchanges in, and has no route to them.

mod page;

pub(crate) use page::routes;

use crate::call::SessionCall;
use crate::message::Reply;
use crate::problem::Problem;
use bytes::Bytes;
use madoguchi_model::day::Timestamp;
use madoguchi_wire::message::MessageId;
use madoguchi_wire::message::explain::{Explained, explain, text};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Exchanges that are kept; the oldest give way.
const KEPT_MAX: usize = 2_000;
/// Bytes of all kept messages together.
const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A larger message is kept by its size only.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// The exchanges of a demo. A clone is another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct Exchanges(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    bytes: usize,
    exchanges: VecDeque<Arc<Exchange>>,
}

/// By which way an exchange came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A file in a folder, brought by the folder agent.
    Folder,
    /// A call of the JSON API.
    Api,
}

/// What one side sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The file's name, or the message's name where there is no file: `OQSsiquc01req_1.xml`, `OQSsiquc01res`.
    pub(crate) name: String,
    /// Its bytes, unless they are too many.
    pub(crate) bytes: Bytes,
    /// How many bytes it had.
    pub(crate) size: usize,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// Place in the order of the demo, from 1.
    pub(crate) number: u64,
    /// When it was answered, by the demo's clock.
    pub(crate) at: Timestamp,
    /// 医療機関コード of the certificate.
    pub(crate) institution: String,
    /// By which way.
    pub(crate) way: Way,
    /// HTTP status of the answer.
    pub(crate) status: u16,
    /// How long it took.
    pub(crate) took: Duration,
    /// What the institution sent.
    pub(crate) request: Sent,
    /// What it got.
    pub(crate) answer: Sent,
}

impl Way {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Folder => "フォルダ",
            Self::Api => "Web API",
        }
    }
}

impl Sent {
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let size = bytes.len();
        let bytes = if size > MESSAGE_BYTES_MAX { Bytes::new() } else { bytes };
        Self { name: name.into(), bytes, size }
    }

    /// The message's name: the beginning of the file's.
    pub(crate) fn message(&self) -> &str {
        self.name.split(['_', '.']).next().unwrap_or_default()
    }

    /// Whether the bytes were too many to be kept.
    pub(crate) fn is_left_out(&self) -> bool {
        self.size > self.bytes.len()
    }

    /// What stands in it, element by element; nothing for a PDF or another file that is no message.
    pub(crate) fn explained(&self) -> Option<Explained> {
        let is_message = !self.is_left_out()
            && !self.bytes.is_empty()
            && ![b"%PDF".as_slice(), b"PK\x03\x04"].iter().any(|start| self.bytes.starts_with(start));
        is_message.then(|| explain(self.message(), &self.bytes))
    }

    /// The text as it was sent, if it is text.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.is_left_out()).then(|| text(&self.bytes)).flatten()
    }
}

impl Exchanges {
    /// Keeps an exchange; its number is given here.
    pub(crate) fn keep(&self, exchange: Exchange) {
        let mut kept = self.lock();
        kept.next += 1;
        let exchange = Exchange { number: kept.next, ..exchange };
        kept.bytes += exchange.bytes();
        kept.exchanges.push_front(Arc::new(exchange));
        while kept.exchanges.len() > KEPT_MAX || kept.bytes > KEPT_BYTES_MAX {
            let Some(oldest) = kept.exchanges.pop_back() else { break };
            kept.bytes -= oldest.bytes();
        }
    }

    /// The newest exchanges that fit, at most so many.
    pub(crate) fn newest(&self, search: &Search, count: usize) -> Vec<Arc<Exchange>> {
        let all: Vec<Arc<Exchange>> = self.lock().exchanges.iter().cloned().collect();
        all.into_iter().filter(|exchange| search.fits(exchange)).take(count).collect()
    }

    /// The exchange of this number, while it is kept.
    pub(crate) fn exchange(&self, number: u64) -> Option<Arc<Exchange>> {
        self.lock().exchanges.iter().find(|exchange| exchange.number == number).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn bytes(&self) -> usize {
        self.request.bytes.len() + self.answer.bytes.len()
    }

    /// What is to be said of it; both sides are read once for it.
    pub(crate) fn verdict(&self) -> Verdict {
        let (request, answer) = (self.request.explained(), self.answer.explained());
        let code = answer.as_ref().and_then(Explained::code).unwrap_or_default().to_owned();
        Verdict {
            title: request.as_ref().map_or("", |request| request.title),
            broken: request.is_some_and(|request| request.is_broken()),
            failed: self.status != 200 || code.starts_with('E'),
            code,
        }
    }
}

/// What is said of an exchange.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What the request is, in Japanese.
    pub(crate) title: &'static str,
    /// The code of the answer, such as `P0020`; empty when it has none.
    pub(crate) code: String,
    /// Whether the request breaks a rule.
    pub(crate) broken: bool,
    /// Whether the answer is the failure of the whole message.
    pub(crate) failed: bool,
}

/// Keeps what a call asked and was answered, where a demo keeps it. `file` is the name of the request's file, if it came
/// as one.
pub(crate) fn note(
    call: &SessionCall,
    way: Way,
    id: MessageId,
    file: Option<(&str, &str)>,
    begun: Instant,
    reply: &Result<Reply, Problem>,
) {
    let Some(exchanges) = &call.app.exchanges else { return };
    let (extension, status, bytes) = match reply {
        Ok(Reply::Message(bytes) | Reply::WithFile { message: bytes, .. }) => ("xml", 200, bytes.clone()),
        Ok(Reply::Zip(bytes)) => ("zip", 200, bytes.clone()),
        Ok(Reply::Pdf(bytes)) => ("pdf", 200, bytes.clone()),
        Err(problem) => ("", problem.status().as_u16(), problem.explained().explanation.into_bytes()),
    };
    let (request, answer) = match file {
        Some((name, part)) => (name.to_owned(), id.answer_file(part, extension)),
        None => (format!("{}req", id.as_str()), format!("{}res", id.as_str())),
    };
    exchanges.keep(Exchange {
        number: 0,
        at: call.session.now(),
        institution: call.session.institution.code.as_str().to_owned(),
        way,
        status,
        took: begun.elapsed(),
        request: Sent::new(request, call.input.body.clone()),
        answer: Sent::new(answer, bytes),
    });
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// 医療機関コード; empty for all.
    pub(crate) institution: String,
    /// Words in a name or a message; empty for all.
    pub(crate) words: String,
    /// Only those that break a rule or failed.
    pub(crate) broken: bool,
}

impl Search {
    fn fits(&self, exchange: &Exchange) -> bool {
        let words = self.words.trim();
        let is_wrong = |verdict: &Verdict| verdict.broken || verdict.failed;
        let has = |sent: &Sent| sent.name.contains(words) || sent.text().is_some_and(|text| text.contains(words));
        (self.institution.is_empty() || exchange.institution == self.institution)
            && (words.is_empty() || has(&exchange.request) || has(&exchange.answer))
            && (!self.broken || is_wrong(&exchange.verdict()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(institution: &str, request: &str) -> Exchange {
        Exchange {
            number: 0,
            at: Timestamp::from_micros(0),
            institution: institution.to_owned(),
            way: Way::Folder,
            status: 200,
            took: Duration::ZERO,
            request: Sent::new("OQSsiimm01req_1.xml", request.as_bytes().to_vec()),
            answer: Sent::new("OQSsiimm01res_1.xml", b"<XmlMsg/>".to_vec()),
        }
    }

    fn numbers(exchanges: &Exchanges, search: &Search) -> Vec<u64> {
        exchanges.newest(search, 10).iter().map(|exchange| exchange.number).collect()
    }

    #[test]
    fn the_newest_come_first_and_are_found_by_words_and_institution() {
        let exchanges = Exchanges::default();
        exchanges.keep(exchange("1310000001", "<XmlMsg>山田</XmlMsg>"));
        exchanges.keep(exchange("1310000002", "<XmlMsg>佐藤</XmlMsg>"));
        assert_eq!(numbers(&exchanges, &Search::default()), [2, 1]);
        let search = |institution: &str, words: &str| Search {
            institution: institution.to_owned(),
            words: words.to_owned(),
            broken: false,
        };
        assert_eq!(numbers(&exchanges, &search("1310000001", "")), [1]);
        assert_eq!(numbers(&exchanges, &search("", "佐藤")), [2]);
        assert_eq!(numbers(&exchanges, &search("1310000001", "佐藤")), [] as [u64; 0]);
        assert_eq!(numbers(&exchanges, &Search { broken: true, ..Search::default() }), [2, 1]);
        assert_eq!(exchanges.exchange(1).unwrap().institution, "1310000001");
        assert_eq!(exchanges.exchange(3), None);
    }

    #[test]
    fn memory_is_bounded_by_number_and_by_bytes() {
        let exchanges = Exchanges::default();
        for _ in 0..=KEPT_MAX {
            exchanges.keep(exchange("1310000001", ""));
        }
        assert_eq!((exchanges.exchange(1), exchanges.lock().exchanges.len()), (None, KEPT_MAX));
        let large = "x".repeat(MESSAGE_BYTES_MAX);
        for _ in 0..KEPT_BYTES_MAX / MESSAGE_BYTES_MAX + 2 {
            exchanges.keep(exchange("1310000001", &large));
        }
        assert!(exchanges.lock().bytes <= KEPT_BYTES_MAX);
        exchanges.keep(exchange("1310000001", &format!("{large}x")));
        let newest = exchanges.newest(&Search::default(), 1);
        assert!(newest[0].request.is_left_out() && newest[0].request.explained().is_none());
    }
}
