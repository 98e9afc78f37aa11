//! A demo as a child process, and a browser that is just enough: plain HTTP/1.1 over loopback.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

pub mod verb;
pub mod walk;

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a demo to answer.
const READY: Duration = Duration::from_secs(120);
/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// A running `madoguchi demo`.
pub struct Demo {
    pub directory: PathBuf,
    child: Child,
}

impl Demo {
    /// Starts the demo in this directory and waits until it answers.
    pub fn start(directory: &Path, options: &[&str]) -> Self {
        Self::start_with(command(), directory, options)
    }

    /// The same with a command that ends in the binary, such as one that limits it.
    pub fn start_with(mut command: Command, directory: &Path, options: &[&str]) -> Self {
        let _may_be_missing = std::fs::remove_file(directory.join("demo.json"));
        let child = command
            .arg("demo")
            .args(["--dir".as_ref(), directory.as_os_str()])
            .args(["--port", "0", "--headless"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut demo = Self { directory: directory.to_owned(), child };
        let begun = Instant::now();
        while !directory.join("demo.json").exists() {
            if let Some(status) = demo.child.try_wait().unwrap() {
                panic!("the demo ended at its start: {status}");
            }
            assert!(begun.elapsed() < READY, "the demo does not get ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        demo
    }

    /// What `demo.json` says.
    pub fn document(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.directory.join("demo.json")).unwrap()).unwrap()
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop in order; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }

    /// kill -9, and the file that says that it runs goes too.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let _may_be_missing = std::fs::remove_file(self.directory.join("demo.json"));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

/// The binary under test.
pub fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_madoguchi"))
}

/// The password of an institution's account of a kind.
pub fn account(institution: &Value, kind: &str) -> (String, String) {
    let accounts = institution["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["kind"] == kind).unwrap();
    (text(&account["user_id"]), text(&account["password"]))
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An answer: status, `Location` and body.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

impl Page {
    /// The value of the hidden field of this name.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let field = self.body.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")))?;
        let value = field.split("value=\"").nth(1)?;
        Some(value.split('"').next()?.to_owned())
    }

    /// The first heading.
    pub fn heading(&self) -> &str {
        self.body
            .split("<h1")
            .nth(1)
            .and_then(|rest| rest.split('>').nth(1))
            .and_then(|rest| rest.split('<').next())
            .unwrap_or("")
    }
}

/// A browser with one cookie at one terminal or kiosk.
pub struct Browser {
    host: String,
    cookie: Option<String>,
}

impl Browser {
    /// At this URL's host.
    pub fn new(url: &str) -> Self {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { host, cookie: None }
    }

    /// Opens a path and follows redirections; `None` when nobody answers.
    pub fn get(&mut self, path: &str) -> Option<Page> {
        self.follow("GET", path, "")
    }

    /// Sends a form and follows redirections; `None` when nobody answers.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Page> {
        let encoded: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.follow("POST", path, &encoded.join("&"))
    }

    /// Logs in at a terminal.
    pub fn log_in(&mut self, user: &str, password: &str) -> Option<Page> {
        self.post("/login", &[("user_id", user), ("password", password)])
    }

    fn follow(&mut self, method: &str, path: &str, body: &str) -> Option<Page> {
        let mut page = self.request(method, path, body)?;
        for _ in 0..5 {
            let Some(location) = page.location.clone() else { break };
            page = self.request("GET", &location, "")?;
        }
        Some(page)
    }

    /// The cookie that it holds.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Holds this cookie from now on.
    pub fn take_cookie(&mut self, cookie: &str) {
        self.cookie = Some(cookie.to_owned());
    }

    /// Sends these bytes as they are, to where the requests go, and reads one answer.
    pub fn raw(&mut self, request: &str) -> Option<Page> {
        let port = self.host.rsplit(':').next()?;
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).ok()?;
        stream.set_read_timeout(Some(ANSWER)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        self.page(&answer)
    }

    /// One request without following where it leads.
    pub fn request(&mut self, method: &str, path: &str, body: &str) -> Option<Page> {
        let port = self.host.rsplit(':').next()?;
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).ok()?;
        stream.set_read_timeout(Some(ANSWER)).ok()?;
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{cookie}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        self.page(&answer)
    }

    /// Only a whole answer counts: one that breaks off was not received.
    fn page(&mut self, answer: &[u8]) -> Option<Page> {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let body = &answer[end + 4..];
        let header = |name: &str| {
            let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let body = match header("transfer-encoding") {
            Some(_) => dechunked(body)?,
            None => body.to_vec(),
        };
        if header("content-length").is_some_and(|length| length.parse() != Ok(body.len())) {
            return None;
        }
        if let Some(set) = header("set-cookie") {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        Some(Page {
            status: head.split(' ').nth(1)?.parse().ok()?,
            location: header("location"),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn dechunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

fn encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// What the person at the card reader answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Agree,
    Refuse,
}

/// A whole pass at the card reader; `Some` only when the last page was received.
pub fn pass(kiosk: &mut Browser, card: &str, pin: &str, answer: Answer) -> Option<Page> {
    let mut page = kiosk.post("/card", &[("card", card)])?;
    for _ in 0..200 {
        let heading = page.heading().to_owned();
        if heading.contains("取り出して") {
            return Some(page);
        }
        let press = match answer {
            _ if heading.contains("本人確認の方法") => "pin",
            _ if heading.contains("暗証番号を入力") => "confirm",
            Answer::Agree if heading.contains("同意しますか") => "agree-all",
            Answer::Refuse if heading.contains("同意しますか") => "refuse-all",
            Answer::Agree if heading.contains('【') => "agree",
            Answer::Refuse if heading.contains('【') => "refuse",
            _ => "",
        };
        let id =
            page.body.split("/pass/").nth(1).and_then(|rest| rest.split('"').next()).map(|id| format!("/pass/{id}"));
        page = match (press, id) {
            ("", Some(path)) => {
                std::thread::sleep(Duration::from_millis(10));
                kiosk.get(&path)?
            }
            (_, Some(path)) => {
                let number = page.hidden("page").unwrap_or_default();
                let pin = if press == "confirm" { pin } else { "" };
                kiosk.post(&path, &[("page", &number), ("press", press), ("pin", pin)])?
            }
            (_, None) => return None,
        };
    }
    None
}
