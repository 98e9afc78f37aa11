//! A deployment of several `serve` processes over one database. Each has a directory of its own, as on a machine of its
//! own: what they share is in the database.

use crate::door::Ports;
use crate::support::{Answer, Demo, command, verb, walk};
use madoguchi_model::settings::{Setting, USED};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a server to take connections.
const READY: Duration = Duration::from_secs(60);

/// What the operator has set up, and what the demo that did it has told of it.
pub(crate) struct Deployment {
    pub(crate) folder: PathBuf,
    pub(crate) database: String,
    pub(crate) document: Value,
    /// Where the records of the person who has agreed are, at the first institution.
    pub(crate) records: String,
}

/// One server process.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) ports: Ports,
    directory: PathBuf,
    database: String,
    child: Child,
}

impl Deployment {
    /// Has the demo fill the database and issue certificates; at the first institution a person has agreed.
    pub(crate) fn set_up(folder: &Path, database: &str) -> Self {
        let mut demo = Demo::start(&folder.join("demo"), &["--persons", "60", "--seed", "7", "--database", database]);
        let document = demo.document();
        let institution = &document["institutions"][0];
        walk::switch(institution, &[Setting::MedicalCare, Setting::Surgery].map(|setting| (setting.code(), USED)));
        let card = walk::card(&document, "手術");
        walk::passed(institution, card, Answer::Agree);
        let mut viewer = walk::logged_in(institution, "viewer");
        let patient = walk::patient(&mut viewer, card["name"].as_str().unwrap()).unwrap();
        let month: u32 = document["today"].as_str().unwrap()[..6].parse().unwrap();
        let records = walk::records(&patient, "care", month - 100, month);
        assert_eq!(viewer.get(&records).unwrap().status, 200);
        // Notices are read once, so that every log-in leads to the menu.
        for (place, kind) in [(0, "viewer"), (1, "viewer"), (2, "administrator")] {
            walk::logged_in(&document["institutions"][place], kind);
        }
        assert_eq!(demo.stop(), Some(0));
        for told in ["migrate", "doctor"] {
            // The fonts of reports are another test's business, so only the words count.
            let text = verb::run(&folder.join("demo"), &[told], &["--database", database]).text();
            assert!(text.contains("PostgreSQL 1") && text.contains("スキーマ"), "{told}: {text}");
        }
        Self { folder: folder.to_owned(), database: database.to_owned(), document, records }
    }

    /// A server process of this name, with copies of what the operator hands to each machine.
    pub(crate) fn server(&self, name: &str) -> Server {
        let directory = self.folder.join(name);
        for part in ["certificates", "cards-ca", "audit"] {
            copy(&self.folder.join("demo").join(part), &directory.join(part));
        }
        let ports = Ports { people: free_port(), machines: free_port() };
        let child = serve(&directory, &self.database, name, ports);
        let mut server = Server { name: name.to_owned(), ports, directory, database: self.database.clone(), child };
        server.wait();
        server
    }
}

impl Server {
    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same process again, on the same ports.
    pub(crate) fn start(&mut self) {
        self.child = serve(&self.directory, &self.database, &self.name, self.ports);
        self.wait();
    }

    /// Tells it to stop in order, and holds the whole audit log against its signed heads.
    pub(crate) fn stop_and_verify(mut self) -> String {
        let told = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.log());
        let verified = verb::run(&self.directory, &["audit", "verify"], &["--database", &self.database]);
        assert_eq!(verified.code, Some(0), "{}: {}", self.name, verified.text());
        verified.out.trim().to_owned()
    }

    /// Its machine is handed the list of revoked certificates.
    pub(crate) fn take_revocation_list(&self, deployment: &Deployment) {
        let list = |directory: &Path| directory.join("certificates").join("crl.pem");
        fs::copy(list(&deployment.folder.join("demo")), list(&self.directory)).unwrap();
    }

    /// What it says when it is started without the key that signs the audit log.
    pub(crate) fn refusal_without_key(&self) -> String {
        let directory = self.directory.with_extension("without-key");
        for part in ["certificates", "cards-ca"] {
            copy(&self.directory.join(part), &directory.join(part));
        }
        let mut child = serve(&directory, &self.database, "stranger", self.ports);
        assert_eq!(child.wait().unwrap().code(), Some(2));
        fs::read_to_string(directory.join("log")).unwrap()
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.ports.machines)).is_err() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended at its start: {status}\n{}", self.name, self.log());
            }
            assert!(begun.elapsed() < READY, "{} does not get ready\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn serve(directory: &Path, database: &str, name: &str, ports: Ports) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(directory.join("log")).unwrap();
    command()
        .arg("serve")
        .args(["--dir".as_ref(), directory.as_os_str()])
        .args(["--database", database, "--process", name, "--requests-per-second", "100000"])
        .args(["--people", &format!("127.0.0.1:{}", ports.people)])
        .args(["--machines", &format!("127.0.0.1:{}", ports.machines)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
