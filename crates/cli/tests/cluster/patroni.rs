//! Two PostgreSQL nodes under Patroni with a synchronous standby, and the one etcd that both ask; Debian's packages, all on
//! loopback, gone with the test.

use crate::deployment::free_port;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAMS: [&str; 3] = ["patroni", "etcd", "setpriv"];
/// Longest wait for a state of the cluster.
const PATIENCE: Duration = Duration::from_secs(120);

/// The cluster.
pub(crate) struct Patroni {
    directory: PathBuf,
    etcd: Child,
    nodes: Vec<Node>,
    /// The leader before the last disturbance.
    former: Option<usize>,
}

struct Node {
    name: String,
    directory: PathBuf,
    postgres: u16,
    rest: u16,
    patroni: Option<Child>,
}

impl Patroni {
    /// Starts everything and waits for a leader and its synchronous standby; the error says what is not installed.
    pub(crate) fn start(folder: &Path) -> Result<Self, String> {
        let missing: Vec<&str> = PROGRAMS.into_iter().filter(|name| !is_on_path(name)).collect();
        let binaries = newest_postgresql().ok_or("PostgreSQL's server programs are not in /usr/lib/postgresql")?;
        if !missing.is_empty() {
            return Err(format!("{} not found: apt-get install patroni etcd-server", missing.join(", ")));
        }
        let directory = folder.join("patroni");
        fs::create_dir(&directory).unwrap();
        let (client, peer) = (free_port(), free_port());
        let etcd = etcd(&directory, client, peer);
        let mut nodes = Vec::new();
        for number in 1..=2 {
            let name = format!("node{number}");
            let home = directory.join(&name);
            fs::create_dir(&home).unwrap();
            let node = Node { name, directory: home, postgres: free_port(), rest: free_port(), patroni: None };
            fs::write(node.directory.join("patroni.yml"), node.configuration(client, &binaries)).unwrap();
            nodes.push(node);
        }
        if is_root() {
            // PostgreSQL refuses to run as root.
            let path = directory.to_str().unwrap();
            run("chown", &["-R", "nobody", path]);
            run("chmod", &["755", folder.to_str().unwrap(), path]);
        }
        let mut cluster = Self { directory, etcd, nodes, former: None };
        cluster.start_what_is_down();
        cluster.wait_for_standby();
        Ok(cluster)
    }

    pub(crate) fn database_url(&self) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.postgres)).collect();
        format!("postgres://madoguchi:madoguchi@{}/postgres?target_session_attrs=read-write", hosts.join(","))
    }

    /// Waits until there is a leader whose every commit the other confirms.
    pub(crate) fn wait_for_standby(&mut self) {
        self.wait("a synchronous standby", |roles| {
            roles.iter().any(|role| role == "leader") && roles.iter().any(|role| role == "sync_standby")
        });
        self.former = self.leader();
    }

    /// Waits until the former leader is not it any more and another one is.
    pub(crate) fn wait_for_other_leader(&self) {
        let begun = Instant::now();
        while self.leader().is_none_or(|leader| Some(leader) == self.former) {
            assert!(begun.elapsed() < PATIENCE, "no other leader\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// kill -9 of the leader's PostgreSQL and Patroni.
    pub(crate) fn kill_leader(&mut self) {
        let leader = self.former.expect("somebody waited for a leader");
        self.nodes[leader].kill();
    }

    /// Asks Patroni to make the other node the leader.
    pub(crate) fn switch_over(&self) {
        let leader = self.former.expect("somebody waited for a leader");
        let candidate = &self.nodes[1 - leader].name;
        let body = json!({"leader": self.nodes[leader].name, "candidate": candidate}).to_string();
        let (status, answer) = rest(self.nodes[leader].rest, "POST", "/switchover", &body).expect("Patroni answers");
        assert_eq!(status, 200, "{answer}");
    }

    /// A machine that comes back starts its Patroni.
    pub(crate) fn start_what_is_down(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| node.patroni.is_none()) {
            let log =
                fs::OpenOptions::new().create(true).append(true).open(node.directory.join("patroni.log")).unwrap();
            let configuration = node.directory.join("patroni.yml");
            let mut command = as_nobody("patroni", &[configuration.to_str().unwrap()]);
            let child = command.current_dir(&node.directory).stdout(log.try_clone().unwrap()).stderr(log).spawn();
            node.patroni = Some(child.unwrap());
        }
    }

    fn leader(&self) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| rest(node.rest, "GET", "/leader", "").is_some_and(|(status, _)| status == 200))
    }

    fn wait(&self, what: &str, ready: impl Fn(&[String]) -> bool) {
        let begun = Instant::now();
        loop {
            let answer = self.nodes.iter().find_map(|node| rest(node.rest, "GET", "/cluster", ""));
            let cluster: Value = answer.and_then(|(_, body)| serde_json::from_str(&body).ok()).unwrap_or_default();
            let members = cluster["members"].as_array().cloned().unwrap_or_default();
            let runs = members.iter().filter(|it| ["running", "streaming"].iter().any(|state| it["state"] == *state));
            let roles: Vec<String> = runs.filter_map(|it| Some(it["role"].as_str()?.to_owned())).collect();
            if ready(&roles) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no {what}: {cluster}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn logs(&self) -> String {
        let tail = |node: &Node| {
            let text = fs::read_to_string(node.directory.join("patroni.log")).unwrap_or_default();
            let lines: Vec<&str> = text.lines().rev().take(15).collect();
            format!("{}:\n{}", node.name, lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        self.nodes.iter().map(tail).collect::<Vec<_>>().join("\n")
    }
}

impl Node {
    fn configuration(&self, etcd: u16, binaries: &Path) -> String {
        let Self { name, directory, postgres, rest, .. } = self;
        let (directory, binaries) = (directory.display(), binaries.display());
        format!(
            "scope: madoguchi
name: {name}
restapi: {{listen: '127.0.0.1:{rest}', connect_address: '127.0.0.1:{rest}'}}
etcd3: {{hosts: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    synchronous_mode: true
    postgresql: {{use_pg_rewind: true, parameters: {{max_connections: 100}}}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
postgresql:
  listen: '127.0.0.1:{postgres}'
  connect_address: '127.0.0.1:{postgres}'
  data_dir: '{directory}/data'
  bin_dir: '{binaries}'
  pgpass: '{directory}/pgpass'
  authentication:
    superuser: {{username: madoguchi, password: madoguchi}}
    replication: {{username: replicator, password: replicator}}
  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 md5', 'host replication all 127.0.0.1/32 md5']
  parameters: {{unix_socket_directories: '{directory}'}}
"
        )
    }

    fn kill(&mut self) {
        // First Patroni, so that it does not start its PostgreSQL again.
        if let Some(mut patroni) = self.patroni.take() {
            let _ended_already = patroni.kill();
            let _ended_already = patroni.wait();
        }
        let pid = fs::read_to_string(self.directory.join("data/postmaster.pid")).unwrap_or_default();
        if let Some(server) = pid.lines().next() {
            let _ended_already = Command::new("kill").args(["-KILL", server]).status();
        }
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        self.nodes.iter_mut().for_each(Node::kill);
        let _ended_already = self.etcd.kill();
        let _ended_already = self.etcd.wait();
        let _temporary = fs::remove_dir_all(&self.directory);
    }
}

fn etcd(directory: &Path, client: u16, peer: u16) -> Child {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let log = fs::File::create(directory.join("etcd.log")).unwrap();
    Command::new("etcd")
        .arg("--data-dir")
        .arg(directory.join("etcd"))
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Asks Patroni's own port.
fn rest(port: u16, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    // A switchover is answered when it is done.
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

fn as_nobody(program: &str, arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn run(program: &str, arguments: &[&str]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
}

fn is_on_path(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

fn newest_postgresql() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).max_by_key(|path| version(path))?;
    Some(newest.join("bin")).filter(|path| path.join("initdb").is_file())
}
