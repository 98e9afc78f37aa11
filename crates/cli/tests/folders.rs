//! The folder agent and the server as two processes that are killed under load: each request that was dropped has exactly
//! one answer, and none is lost.
//!
//! `MADOGUCHI_REQUESTS` and `MADOGUCHI_ROUNDS` say how many and how often (the tests do few, `cargo xtask long folders`
//! does 10,000 requests and 20 kills, and measures the time from file to file).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::verb::verify;
use support::{Demo, account, command, text};

/// Programs that drop requests at the same time.
const WRITERS: usize = 8;
/// Longest wait for the answers after the last kill.
const ANSWERS: Duration = Duration::from_secs(900);

/// How a program writes its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    /// Under another name, then renamed.
    Careful,
    /// In its place, piece by piece.
    Slow,
    /// Half of it, a long pause, the rest.
    Hesitant,
    /// Half of it, and never the rest.
    Garbage,
    /// Careful, but the same name a second time as soon as the first is taken.
    Twice,
}

/// What was dropped under a name: the tag of the last request, and how.
type Dropped = Mutex<BTreeMap<String, (String, Hand)>>;
/// The answers that arrived under a name, in order.
type Arrived = Mutex<BTreeMap<String, Vec<String>>>;

#[test]
fn each_request_has_one_answer_across_kills() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (requests, rounds) = (number("MADOGUCHI_REQUESTS", 400), number("MADOGUCHI_ROUNDS", 2));
    let (seed, measured) = (number("MADOGUCHI_SEED", 9), number("MADOGUCHI_CHECKS", 10));
    println!("{requests} requests, {rounds} kills, seed {seed} (MADOGUCHI_REQUESTS, _ROUNDS, _SEED)");
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::new(folder.path());
    site.start_server();
    site.start_terminal();
    let (root, requests_of) = (site.root.clone(), site.requests.clone());
    let (dropped, arrived) = (Dropped::default(), Arrived::default());
    let done = AtomicBool::new(false);
    let client = Client { root: root.clone(), away: folder.path().join("away"), arrived: &arrived };
    fs::create_dir_all(&client.away).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| client.fetch_until(&done));
        let writer = |index: usize| {
            let writer = Writer { root: &root, request: &requests_of[index % 2], dropped: &dropped, index };
            let chance = ChaCha20Rng::seed_from_u64(seed + index as u64);
            scope.spawn(move || writer.drop_all(requests as usize / WRITERS, chance))
        };
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        site.kill_now_and_then(rounds, &mut ChaCha20Rng::seed_from_u64(seed));
        for writer in writers {
            writer.join().unwrap();
        }
        let expected = dropped.lock().unwrap().len();
        wait_for(
            ANSWERS,
            || arrived.lock().unwrap().len() >= expected && site.is_idle(),
            || format!("{} of {expected} names answered", arrived.lock().unwrap().len()),
        );
        // What must not come would come now: after a restart, and when nothing is left to do.
        site.terminal.stop();
        site.start_terminal();
        std::thread::sleep(Duration::from_secs(3));
        done.store(true, Ordering::Relaxed);
    });
    check(&dropped.into_inner().unwrap(), &arrived.into_inner().unwrap());
    site.measure(measured);
    assert_eq!(site.names("err"), Vec::<String>::new());
    a_full_disk_at_the_terminal(&site);
    site.server.stop();
    let verified = verify(&site.directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

/// The server answers, but the terminal cannot write: the answer is there as soon as there is space again.
fn a_full_disk_at_the_terminal(site: &Site) {
    site.limit_terminal("1");
    let request = &site.requests[1];
    let beside = site.root.join("req/full.tmp");
    fs::write(&beside, request.tagged("TAGfull")).unwrap();
    fs::rename(&beside, site.root.join(request.file("full"))).unwrap();
    wait_for(ANSWERS, || !site.names(".work/taken").is_empty(), || "the request is not taken".to_owned());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((site.names("res").len(), site.names(".work/taken").len()), (0, 1));
    site.limit_terminal("unlimited");
    let answer = site.root.join(format!("res/{}res_full.xml", request.id));
    wait_for(ANSWERS, || answer.exists(), || "no answer after there is space again".to_owned());
    assert!(fs::read_to_string(&answer).unwrap().contains("TAGfull"));
    fs::remove_file(answer).unwrap();
    assert!(site.is_idle());
}

/// Every name has its answers: one, or for a name that was used twice one or two, of which the last is the right one.
fn check(dropped: &BTreeMap<String, (String, Hand)>, arrived: &BTreeMap<String, Vec<String>>) {
    let mut hands: BTreeMap<String, usize> = BTreeMap::new();
    for (name, (tag, hand)) in dropped {
        let answers = arrived.get(name).unwrap_or_else(|| panic!("{name} has no answer ({hand:?})"));
        let most = if *hand == Hand::Twice { 2 } else { 1 };
        assert!((1..=most).contains(&answers.len()), "{name} ({hand:?}) has {} answers", answers.len());
        let last = answers.last().unwrap();
        match hand {
            Hand::Garbage => assert!(last.contains("E0001"), "{name}: {last}"),
            _ => assert!(last.contains(tag.as_str()), "{name} ({hand:?}) wants {tag}: {last}"),
        }
        if *hand != Hand::Garbage {
            assert!(last.contains("<SegmentOfResult>1</SegmentOfResult>"), "{name}: {last}");
        }
        assert!(!last.contains("E0099"), "{name}: the server was there: {last}");
        *hands.entry(format!("{hand:?}")).or_default() += 1;
    }
    assert_eq!(arrived.len(), dropped.len(), "answers that nobody asked for");
    println!("each answered: {hands:?}");
}

fn wait_for(at_most: Duration, holds: impl Fn() -> bool, state: impl Fn() -> String) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < at_most, "{}", state());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program that drops requests.
struct Writer<'a> {
    root: &'a Path,
    request: &'a Request,
    dropped: &'a Dropped,
    index: usize,
}

impl Writer<'_> {
    fn drop_all(&self, count: usize, mut chance: ChaCha20Rng) {
        for number in 0..count {
            let name = format!("w{}n{number:05}", self.index);
            let hand = match chance.random_range(0..20) {
                0 => Hand::Slow,
                1 => Hand::Hesitant,
                2 => Hand::Garbage,
                3 => Hand::Twice,
                _ => Hand::Careful,
            };
            let tag = format!("TAG{name}A");
            self.drop_one(&name, &tag, hand);
            if hand == Hand::Twice {
                let file = self.root.join(self.request.file(&name));
                wait_for(ANSWERS, || !file.exists(), || format!("{name} is not taken"));
                self.drop_one(&name, &format!("TAG{name}B"), hand);
            }
        }
    }

    fn drop_one(&self, name: &str, tag: &str, hand: Hand) {
        // Noted before it is dropped, so that no answer comes unexpected.
        self.dropped.lock().unwrap().insert(name.to_owned(), (tag.to_owned(), hand));
        let (file, body) = (self.root.join(self.request.file(name)), self.request.tagged(tag));
        let (first, rest) = body.split_at(body.len() / 2);
        let pause = |millis: u64| std::thread::sleep(Duration::from_millis(millis));
        match hand {
            Hand::Careful | Hand::Twice => {
                let beside = self.root.join(format!("req/{name}.tmp"));
                fs::write(&beside, &body).unwrap();
                fs::rename(&beside, &file).unwrap();
            }
            Hand::Slow => {
                let mut open = File::create(&file).unwrap();
                for part in body.as_bytes().chunks(body.len() / 5 + 1) {
                    open.write_all(part).unwrap();
                    pause(60);
                }
            }
            Hand::Hesitant => {
                let mut open = File::create(&file).unwrap();
                open.write_all(first.as_bytes()).unwrap();
                pause(900);
                open.write_all(rest.as_bytes()).unwrap();
            }
            Hand::Garbage => fs::write(&file, first).unwrap(),
        }
    }
}

/// The program that reads answers: it moves each away before it reads it, so that an answer that comes meanwhile stays.
struct Client<'a> {
    root: PathBuf,
    away: PathBuf,
    arrived: &'a Arrived,
}

impl Client<'_> {
    fn fetch_until(&self, done: &AtomicBool) {
        loop {
            let is_last = done.load(Ordering::Relaxed);
            for entry in fs::read_dir(self.root.join("res")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let away = self.away.join(&name);
                fs::rename(self.root.join("res").join(&name), &away).unwrap();
                let answer = fs::read_to_string(&away).unwrap();
                assert!(answer.trim_end().ends_with("</XmlMsg>"), "{name} is half written: {answer}");
                let name = name.split_once("res_").unwrap().1.strip_suffix(".xml").unwrap().to_owned();
                self.arrived.lock().unwrap().entry(name).or_default().push(answer);
            }
            if is_last {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A process that can be killed.
struct Process(Option<Child>);

impl Process {
    fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn stop(&mut self) {
        let mut child = self.0.take().unwrap();
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ended_already = child.kill();
            let _ended_already = child.wait();
        }
    }
}

/// A server over what a demo left, and the terminal of its first institution.
struct Site {
    directory: PathBuf,
    root: PathBuf,
    /// A request for a card's coverage, and one for the settings.
    requests: [Request; 2],
    institution: Value,
    ports: (u16, u16),
    server: Process,
    terminal: Process,
}

impl Site {
    fn new(folder: &Path) -> Self {
        let directory = folder.join("demo");
        let mut demo = Demo::start(&directory, &["--persons", "60", "--seed", "7"]);
        let document = demo.document();
        assert_eq!(demo.stop(), Some(0));
        // `serve` refuses a demo; without its state this is a deployment like any other.
        fs::remove_file(directory.join("state.json")).unwrap();
        let institution = document["institutions"][0].clone();
        for kind in ["agent", "reader"] {
            fs::write(directory.join(format!("{kind}-password")), account(&institution, kind).1).unwrap();
        }
        let requests = [eligibility(&document, &institution), settings(&institution)];
        let root = PathBuf::from(text(&institution["folders"]));
        let (server, terminal) = (Process(None), Process(None));
        Self { directory, root, requests, institution, ports: (free_port(), free_port()), server, terminal }
    }

    fn start_server(&mut self) {
        let child = command()
            .args(["serve", "--dir"])
            .arg(&self.directory)
            .args(["--people", &format!("127.0.0.1:{}", self.ports.0)])
            .args(["--machines", &format!("127.0.0.1:{}", self.ports.1)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Process(Some(child));
    }

    fn start_terminal(&mut self) {
        let (agent, reader) = (account(&self.institution, "agent").0, account(&self.institution, "reader").0);
        // A write beyond a limit of the file size fails instead of ending the process, as on a full disk.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_madoguchi")]);
        let child = command
            .args(["terminal", "--listen", "127.0.0.1:0", "--institution", &text(&self.institution["code"])])
            .args(["--server", &format!("localhost:{}", self.ports.0)])
            .args(["--api", &format!("localhost:{}", self.ports.1)])
            .arg("--ca")
            .arg(self.directory.join("certificates/ca.pem"))
            .args(["--cert", &text(&self.institution["client_cert"])])
            .args(["--key", &text(&self.institution["client_key"])])
            .arg("--cards")
            .arg(self.directory.join("cards"))
            .args(["--reader-user", &reader, "--reader-password-file"])
            .arg(self.directory.join("reader-password"))
            .args(["--agent-user", &agent, "--agent-password-file"])
            .arg(self.directory.join("agent-password"))
            .arg("--folders")
            .arg(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.terminal = Process(Some(child));
    }

    /// Limits the bytes of a file that the terminal writes.
    fn limit_terminal(&self, bytes: &str) {
        let process = self.terminal.0.as_ref().unwrap().id().to_string();
        let set = Command::new("prlimit").args([&format!("--fsize={bytes}:unlimited"), "--pid", &process]).status();
        assert!(set.expect("prlimit of util-linux is needed").success());
    }

    /// kill -9 in turn: the terminal, the server, both.
    fn kill_now_and_then(&mut self, rounds: u64, chance: &mut ChaCha20Rng) {
        for round in 0..rounds {
            std::thread::sleep(Duration::from_millis(chance.random_range(500..4_000)));
            let (terminal, server) = (round % 3 != 1, round % 3 != 0);
            if terminal {
                self.terminal.kill();
            }
            if server {
                self.server.kill();
            }
            let left = ["req", "res", ".work/taken", ".work/ready"].map(|folder| self.names(folder).len());
            println!("kill {}: terminal {terminal}, server {server}; req, res, taken, ready: {left:?}", round + 1);
            std::thread::sleep(Duration::from_millis(chance.random_range(0..500)));
            if server {
                self.start_server();
            }
            if terminal {
                self.start_terminal();
            }
        }
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(folder)).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        entries.into_iter().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn is_idle(&self) -> bool {
        ["req", "res", ".work/taken", ".work/ready"].iter().all(|folder| self.names(folder).is_empty())
    }

    /// The time from file to file of single checks, one after the other.
    fn measure(&self, checks: u64) {
        let mut times = Vec::new();
        let request = &self.requests[0];
        for number in 0..checks {
            let name = format!("m{number}");
            let beside = self.root.join(format!("req/{name}.tmp"));
            fs::write(&beside, request.tagged("TAG")).unwrap();
            let begun = Instant::now();
            fs::rename(&beside, self.root.join(request.file(&name))).unwrap();
            let answer = self.root.join(format!("res/{}res_{name}.xml", request.id));
            wait_for(ANSWERS, || answer.exists(), || "a single check is not answered".to_owned());
            times.push(begun.elapsed());
            fs::remove_file(answer).unwrap();
        }
        times.sort();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        println!("file to file, {checks} single checks: p50 {:?}, p95 {:?}, most {:?}", at(50), at(95), at(100));
        // Few checks beside other tests say nothing about time.
        assert!(checks < 100 || at(95) < Duration::from_secs(1), "p95 {:?}", at(95));
    }
}

/// A message with `TAG` as its identifier.
#[derive(Clone)]
struct Request {
    id: &'static str,
    text: String,
}

impl Request {
    /// Where it is dropped under this name.
    fn file(&self, name: &str) -> String {
        format!("req/{}req_{name}.xml", self.id)
    }

    fn tagged(&self, tag: &str) -> String {
        self.text.replace("TAG", tag)
    }
}

fn eligibility(document: &Value, institution: &Value) -> Request {
    let card = &document["cards"][0];
    let field = |name: &str| text(&card[name]);
    let header = format!("<QualificationConfirmationDate>{}</QualificationConfirmationDate>", text(&document["today"]));
    let body = format!(
        "<QualificationConfirmSearchInfo><InsurerNumber>{}</InsurerNumber><InsuredCardSymbol>{}</InsuredCardSymbol>\
         <InsuredIdentificationNumber>{}</InsuredIdentificationNumber><Birthdate>{}</Birthdate>\
         <LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg>\
         </QualificationConfirmSearchInfo>",
        field("insurer_number"),
        field("symbol"),
        field("number"),
        field("birthdate"),
    );
    Request { id: "OQSsiquc01", text: message(institution, &header, &body) }
}

fn settings(institution: &Value) -> Request {
    Request { id: "OQSsiinq01", text: message(institution, "", "") }
}

fn message(institution: &Value, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<XmlMsg><MessageHeader>{header}\
         <MedicalInstitutionCode>{}</MedicalInstitutionCode>\
         <ArbitraryFileIdentifier>TAG</ArbitraryFileIdentifier></MessageHeader>\
         <MessageBody>{body}</MessageBody></XmlMsg>\n",
        text(&institution["code"]),
    )
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
