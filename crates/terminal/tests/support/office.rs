//! An institution with a folder agent: its folders, a program that uses them, and what the server saw of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use madoguchi_terminal::{ConfigFault, FolderConfig, MachineAccount, RunningTerminal, Terminal, TerminalConfig};
use serde_json::{Value, json};

use super::{Answer, CODE, Seen, World, json as answer};

/// Longer than any wait of the agent but that of a whole minute.
const WAIT_MAX: Duration = Duration::from_secs(40);

/// How the stand-in server behaves, and what it saw.
#[derive(Default)]
pub struct Desk {
    /// Status of the log-in, 0 for the usual.
    pub log_in: u16,
    /// So many messages are refused with 401 before the server is content.
    pub expired: usize,
    /// Status of every request, 0 for the usual.
    pub exchange: u16,
    /// How long a request of this name takes.
    pub slow: HashMap<String, Duration>,
    /// Files that go beside an answer, or names that the server must not use.
    pub files: HashMap<String, Vec<(String, Vec<u8>)>>,
    /// 利用文字コード.
    pub character_code: Option<&'static str>,
    /// Results of the reader that wait: id, name, content.
    pub faces: Vec<(String, String, Vec<u8>)>,
    /// Status of what is said about a taken result, 0 for the usual.
    pub face_taken: u16,
    /// Requests: id, name, body.
    pub asked: Vec<Asked>,
    pub log_ins: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub id: String,
    pub name: String,
    pub body: Vec<u8>,
}

pub struct Office {
    pub world: World,
    pub root: PathBuf,
    pub desk: Arc<Mutex<Desk>>,
    server: SocketAddr,
    terminal: Option<RunningTerminal>,
}

impl Office {
    /// The folders and the server; the agent is not started yet.
    pub async fn closed() -> Self {
        let world = World::new();
        let desk: Arc<Mutex<Desk>> = Arc::default();
        let behind = Arc::clone(&desk);
        let server = world.serve(move |seen| Desk::answer(&behind, &seen)).await;
        let root = world.folder.path().join("oqs");
        for folder in ["req", "res", "face", "err", ".work/taken", ".work/ready", ".work/face", "conf"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        Self { world, root, desk, server, terminal: None }
    }

    /// The same with the agent at work.
    pub async fn open() -> Self {
        let mut office = Self::closed().await;
        office.start().await;
        office
    }

    pub fn config(&self) -> FolderConfig {
        let account = MachineAccount { user_id: "renkei01".into(), password: "secret".into() };
        FolderConfig { poll: Duration::from_millis(50), ..FolderConfig::new(self.root.clone(), account) }
    }

    pub async fn start(&mut self) {
        self.try_start(self.config()).await.unwrap();
    }

    pub async fn try_start(&mut self, folders: FolderConfig) -> Result<(), ConfigFault> {
        let config = TerminalConfig { folders: Some(folders), ..self.world.config(self.server) };
        self.terminal = Some(Terminal::start(config).await?);
        Ok(())
    }

    pub async fn stop(&mut self) {
        self.terminal.take().unwrap().shutdown().await;
    }

    pub fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Drops a request as a careful client does.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.root.join("client-side.tmp"), content).unwrap();
        std::fs::rename(self.root.join("client-side.tmp"), self.path("req").join(name)).unwrap();
    }

    /// Waits for a file and reads it.
    pub async fn read(&self, path: &str) -> Vec<u8> {
        let path = self.path(path);
        until(|| path.is_file()).await;
        std::fs::read(path).unwrap()
    }

    /// Waits for an answer and takes it away, as clients do.
    pub async fn fetch(&self, name: &str) -> String {
        let path = format!("res/{name}");
        let bytes = self.read(&path).await;
        std::fs::remove_file(self.path(&path)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    pub fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }

    /// How often the server was asked for this name.
    pub fn asked(&self, name: &str) -> Vec<Asked> {
        self.desk().asked.iter().filter(|asked| asked.name == name).cloned().collect()
    }

    /// Waits until the agent has nothing in hand, and a little longer for what it must not do.
    pub async fn settled(&self) {
        until(|| {
            ["req", ".work/taken", ".work/ready"]
                .iter()
                .all(|folder| self.names(folder).iter().all(|name| name.starts_with('.')))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

impl Desk {
    fn answer(desk: &Arc<Mutex<Self>>, seen: &Seen) -> Answer {
        let mut this = desk.lock().unwrap();
        let refused = |status: u16, code: &str| {
            answer(status, &json!({"code": code, "message": format!("理由{code}"), "next_step": "対応"}))
        };
        if seen.path == "/agent/session" {
            this.log_ins += 1;
            return match this.log_in {
                0 => answer(
                    200,
                    &json!({"token": format!("t{}", this.log_ins), "institution": {"code": CODE, "name": "見本病院", "kind": "medical"}, "character_code": this.character_code.unwrap_or("0")}),
                ),
                status => refused(status, "E0401"),
            };
        }
        assert!(seen.headers["authorization"].to_str().unwrap().starts_with("Bearer t"));
        if this.expired > 0 {
            this.expired -= 1;
            return refused(401, "E0010");
        }
        if seen.path == "/agent/faces" {
            let face = |(id, name, content): &(String, String, Vec<u8>)| json!({"id": id, "name": name, "content": BASE64_STANDARD.encode(content)});
            return answer(200, &json!({"faces": this.faces.iter().map(face).collect::<Vec<Value>>()}));
        }
        if let Some(id) = seen.path.strip_prefix("/agent/faces/").and_then(|rest| rest.strip_suffix("/taken")) {
            if this.face_taken != 0 {
                return refused(this.face_taken, "E0099");
            }
            this.faces.retain(|face| face.0 != id);
            return answer(204, &json!({}));
        }
        let name = seen.path.strip_prefix("/agent/exchange/").unwrap_or_else(|| panic!("{}", seen.path)).to_owned();
        if seen.path.contains("_gone_") {
            return refused(404, "E0004");
        }
        let id = seen.headers["madoguchi-request"].to_str().unwrap().to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let body = seen.bytes.to_vec();
        let content = [b"answer to ".as_slice(), &body].concat();
        this.asked.push(Asked { id, name: name.clone(), body });
        if this.exchange != 0 {
            return refused(this.exchange, "E0099");
        }
        let file = |name: &str, content: &[u8]| json!({"name": name, "content": BASE64_STANDARD.encode(content)});
        let files: Vec<Value> = match this.files.get(&name) {
            Some(files) => files.iter().map(|(name, content)| file(name, content)).collect(),
            None => vec![file(&answer_name(&name), &content)],
        };
        let reply = json!({"files": files, "character_code": this.character_code.unwrap_or("0")});
        let pause = this.slow.get(&name).copied().unwrap_or_default();
        Box::pin(async move {
            tokio::time::sleep(pause).await;
            answer(200, &reply).await
        })
    }
}

pub fn answer_name(request: &str) -> String {
    request.replacen("req_", "res_", 1)
}

/// A request that the agent believes to be whole; the stand-in server answers with its content.
pub fn message(text: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XmlMsg><MessageHeader/><MessageBody>{text}</MessageBody></XmlMsg>\n"
    )
}

/// A file of `.work/taken` or `.work/ready`: id by age and number, as the agent would have made it.
pub fn id(age: Duration, number: u32) -> String {
    let taken = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - age;
    format!("{:012x}70008000{number:012x}", taken.as_millis())
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

pub async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < WAIT_MAX, "what was waited for does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
