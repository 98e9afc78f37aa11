//! nginx as the limit: the same bytes as a file, over the same mutual TLS, with two workers.

use crate::fault::LoadFault;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_MAX: Duration = Duration::from_secs(10);

/// A running nginx.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Nginx {
    /// `None` where nginx is not installed.
    pub(crate) fn start(directory: &Path, certificates: &Path, body: &[u8]) -> Result<Option<Self>, LoadFault> {
        let wrong = |error: std::io::Error| LoadFault::file(directory, error);
        let root = directory.join("html");
        fs::create_dir_all(&root).map_err(wrong)?;
        fs::write(root.join("answer.json"), body).map_err(wrong)?;
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(wrong)?;
        let address = free.local_addr().map_err(wrong)?;
        drop(free);
        let configuration = directory.join("nginx.conf");
        let certificates = fs::canonicalize(certificates).map_err(|error| LoadFault::file(certificates, error))?;
        fs::write(&configuration, text(directory, &certificates, address, is_of_root(directory))).map_err(wrong)?;
        let started = Command::new("nginx")
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(directory)
            .args(["-g", "daemon off;"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = match started {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            started => started.map_err(wrong)?,
        };
        let nginx = Self { address, child };
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if begun.elapsed() > START_MAX {
                let log = directory.join("error.log");
                return Err(LoadFault::file(&log, "nginxが応答しません。このファイルを確認してください"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(nginx))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let told = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ended = told.and_then(|_| self.child.wait());
    }
}

/// Whoever makes a directory owns it. Root's nginx would give its workers to a user who may not read here.
#[cfg(unix)]
fn is_of_root(directory: &Path) -> bool {
    fs::metadata(directory).is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

#[cfg(not(unix))]
fn is_of_root(_directory: &Path) -> bool {
    false
}

fn text(directory: &Path, certificates: &Path, address: SocketAddr, of_root: bool) -> String {
    let (directory, certificates) = (directory.display(), certificates.display());
    let user = if of_root { "user root;" } else { "" };
    format!(
        "{user}
worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  sendfile on;
  open_file_cache max=16;
  types {{ application/json json; }}
  server {{
    listen {address} ssl;
    ssl_certificate {certificates}/server.pem;
    ssl_certificate_key {certificates}/server.key;
    ssl_client_certificate {certificates}/ca.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    root {directory}/html;
  }}
}}
"
    )
}
