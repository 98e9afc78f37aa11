//! nginx as the limit: the same bytes as a file, over the same mutual TLS, with two workers.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running nginx.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Nginx {
    /// `None` where nginx is not installed.
    pub(crate) fn start(directory: &Path, certificates: &Path, body: &[u8]) -> Option<Self> {
        let root = directory.join("html");
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("answer.json"), body).unwrap();
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let configuration = directory.join("nginx.conf");
        fs::write(&configuration, text(directory, certificates, address)).unwrap();
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&configuration)
            .arg("-p")
            .arg(directory)
            .args(["-g", "daemon off;"])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { address, child })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let told = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ended = told.and_then(|_| self.child.wait());
    }
}

fn text(directory: &Path, certificates: &Path, address: SocketAddr) -> String {
    let (directory, certificates) = (directory.display(), certificates.display());
    format!(
        "worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/error.log crit;
events {{ worker_connections 1024; }}
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
