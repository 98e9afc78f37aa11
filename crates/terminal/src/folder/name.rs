//! Names of files: which request a name in `req` is, what its answer is called, and what `.work` calls both.
//!
//! Everything here is text to value and back; no file is touched.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use madoguchi_wire::message::MessageId;

/// Digits of an id in a name.
const ID_DIGITS: usize = 32;
/// Between the id and the name that it was given.
const BETWEEN: &str = "__";
/// Names that the server gives to answers are no longer.
const ANSWER_NAME_BYTES_MAX: usize = 200;
/// Files of one answer; the product knows three.
pub(super) const ANSWER_FILES_MAX: usize = 8;

/// A file name in `req` that is one of the known requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestName {
    /// Which message it is (電文種別).
    pub(super) message: MessageId,
    /// The client's part of the name.
    part: String,
    /// The whole name.
    pub(super) file: String,
}

/// A request that the agent has taken. Ids are in the order of taking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) id: Uuid,
    pub(super) name: RequestName,
}

/// A file of an answer that stands in `.work/ready`. The file with number 0 is the answer itself; it is recorded last, so
/// that with it the whole answer is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ready {
    pub(super) id: Uuid,
    pub(super) number: usize,
    pub(super) name: String,
}

impl RequestName {
    /// `None` when no known id begins the name, or the client's part is not 1 to 100 of `[0-9A-Za-z_-]`.
    pub(super) fn parse(file: &str) -> Option<Self> {
        let (message, part) = MessageId::of_request_file(file)?;
        Some(Self { message, part: part.to_owned(), file: file.to_owned() })
    }

    /// The name of the answer.
    pub(super) fn answer_file(&self, extension: &str) -> String {
        self.message.answer_file(&self.part, extension)
    }

    /// What all files of its answer begin with.
    pub(super) fn answer_stem(&self) -> String {
        let name = self.answer_file("xml");
        name.strip_suffix(".xml").unwrap_or(&name).to_owned()
    }

    /// Whether the server may call a file of the answer so: it becomes a name in `res`, so nothing else must be in it.
    pub(super) fn owns_answer(&self, name: &str) -> bool {
        let of_stem = |rest: &str| rest.starts_with(['.', '_', '-']);
        name.len() <= ANSWER_NAME_BYTES_MAX
            && name.strip_prefix(&self.answer_stem()).is_some_and(of_stem)
            && name.rsplit_once('.').is_some_and(|(stem, extension)| is_plain(stem) && is_plain(extension))
    }
}

impl Taken {
    /// A request taken now.
    pub(super) fn now(name: RequestName) -> Self {
        Self { id: Uuid::now_v7(), name }
    }

    /// What `.work/taken` calls it.
    pub(super) fn file(&self) -> String {
        format!("{}{BETWEEN}{}", self.id.simple(), self.name.file)
    }

    /// Reads a name of `.work/taken`.
    pub(super) fn parse(file: &str) -> Option<Self> {
        let (id, rest) = id_of(file)?;
        Some(Self { id, name: RequestName::parse(rest.strip_prefix(BETWEEN)?)? })
    }

    /// How long ago it was taken, by the clocks of then and now.
    pub(super) fn age(&self) -> Duration {
        let Some((seconds, nanos)) = self.id.get_timestamp().map(|time| time.to_unix()) else { return Duration::ZERO };
        let taken = UNIX_EPOCH + Duration::new(seconds, nanos);
        SystemTime::now().duration_since(taken).unwrap_or_default()
    }
}

impl Ready {
    /// What `.work/ready` calls it.
    pub(super) fn file(&self) -> String {
        format!("{}_{}{BETWEEN}{}", self.id.simple(), self.number, self.name)
    }

    /// Reads a name of `.work/ready`.
    pub(super) fn parse(file: &str) -> Option<Self> {
        let (id, rest) = id_of(file)?;
        let (number, name) = rest.strip_prefix('_')?.split_once(BETWEEN)?;
        let number = number.parse().ok().filter(|number| *number < ANSWER_FILES_MAX)?;
        let (stem, extension) = name.rsplit_once('.')?;
        (is_plain(stem) && is_plain(extension)).then(|| Self { id, number, name: name.to_owned() })
    }
}

/// Names that a client writes before it renames, and those that the system hides: they are not requests yet.
pub(super) fn is_left_alone(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    name.starts_with(['.', '~'])
        || name.ends_with('~')
        || [".tmp", ".temp", ".part"].iter().any(|end| small.ends_with(end))
}

/// Letters, digits, `_` and `-`.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn id_of(file: &str) -> Option<(Uuid, &str)> {
    let (id, rest) = file.split_at_checked(ID_DIGITS)?;
    Some((Uuid::try_parse(id).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(file: &str) -> RequestName {
        RequestName::parse(file).unwrap()
    }

    #[test]
    fn only_known_ids_with_a_plain_part_are_requests() {
        let long = "a".repeat(100);
        for (file, known) in [
            ("OQSsiquc01req_202604010001.xml".to_owned(), true),
            ("YZKsiquc01req_01_a-b.xml".to_owned(), true),
            (format!("OQSsiquc01req_{long}.xml"), true),
            (format!("OQSsiquc01req_{long}a.xml"), false),
            ("OQSsiquc01req_.xml".to_owned(), false),
            ("OQSsiquc01req.xml".to_owned(), false),
            ("OQSsiquc01res_1.xml".to_owned(), false),
            ("OQSnothing01req_1.xml".to_owned(), false),
            ("OQSsiquc01req_..xml".to_owned(), false),
            ("OQSsiquc01req_a/../b.xml".to_owned(), false),
            ("OQSsiquc01req_患者.xml".to_owned(), false),
            ("OQSsiquc01req_1.pdf".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(RequestName::parse(&file).is_some(), known, "{file}");
        }
    }

    #[test]
    fn answers_are_called_after_their_request_and_nothing_else() {
        let request = name("OQSsiquc01req_1.xml");
        assert_eq!(request.answer_file("xml"), "OQSsiquc01res_1.xml");
        for (answer, owned) in [
            ("OQSsiquc01res_1.xml", true),
            ("OQSsiquc01res_1.pdf", true),
            ("OQSsiquc01res_1_qr.png", true),
            ("OQSsiquc01res_12.xml", false),
            ("OQSsiquc01res_2.xml", false),
            ("OQSsiquc01res_1.x/../y", false),
            ("OQSsiquc01res_1..xml", false),
            ("OQSsiquc01res_1", false),
            ("../OQSsiquc01res_1.xml", false),
        ] {
            assert_eq!(request.owns_answer(answer), owned, "{answer}");
        }
    }

    #[test]
    fn names_in_the_working_folder_read_back() {
        let taken = Taken::now(name("OQSsiquc01req_a__b.xml"));
        assert_eq!(Taken::parse(&taken.file()), Some(taken.clone()));
        assert!(taken.age() < Duration::from_secs(5));
        let ready = Ready { id: taken.id, number: 2, name: "OQSsiurl01res_1.pdf".into() };
        assert_eq!(Ready::parse(&ready.file()), Some(ready.clone()));
        let id = taken.id.simple();
        for file in [
            format!("{id}_2__../x.xml"),
            format!("{id}_9__a.xml"),
            format!("{id}__a.xml"),
            format!("{id}_0__a.xml.part"),
            "x".into(),
            "患者の名前がここにある長い名前のファイル.xml".into(),
        ] {
            assert_eq!(Ready::parse(&file), None, "{file}");
        }
    }

    #[test]
    fn ids_are_in_the_order_of_taking() {
        let taken: Vec<Uuid> = (0..1_000).map(|_| Taken::now(name("OQSsiquc01req_1.xml")).id).collect();
        assert!(taken.is_sorted());
    }

    #[test]
    fn hidden_and_temporary_names_are_left_alone() {
        for (file, left) in [
            (".OQSsiquc01req_1.xml", true),
            ("~$OQSsiquc01req_1.xml", true),
            ("OQSsiquc01req_1.xml~", true),
            ("OQSsiquc01req_1.xml.tmp", true),
            ("OQSsiquc01req_1.TMP", true),
            ("OQSsiquc01req_1.xml", false),
            ("memo.txt", false),
        ] {
            assert_eq!(is_left_alone(file), left, "{file}");
        }
    }
}
