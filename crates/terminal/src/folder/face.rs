//! Results of the reader (顔認証) into `face`, each once.
//!
//! A result is fetched, written beside its place and made durable; then a mark with its name is made in `.work/face`, the
//! file is renamed into its place, and the server is told. The mark goes last. After a restart a mark whose file is still
//! beside its place means: rename it; a mark alone: it was delivered, only the server has to be told. A file without a
//! mark may be half written and is fetched again.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::complaint::Complaint;
use super::door::{Door, DoorFault, Face, is_face_name};
use super::layout::{Layout, UNFINISHED, names, remove, sync_folder};
use super::request::{jittered, off};
use super::seal::Seal;

/// How often the server is asked without being rung.
const POLL: Duration = Duration::from_secs(30);
/// Answers of 50 results in one visit: more than a day's.
const ROUNDS_MAX: usize = 40;
/// Between id and name in a mark.
const BETWEEN: &str = "__";

/// What fetching results of the reader takes.
pub(super) struct Faces {
    place: Place,
    door: Arc<Door>,
    /// Rung when somebody has passed the reader.
    bell: Arc<Notify>,
    complaint: Complaint,
}

/// Where the results go. Its functions wait for the disk, so they run off the async threads.
#[derive(Clone)]
struct Place {
    layout: Arc<Layout>,
    seal: Arc<Seal>,
}

/// A result that is being delivered.
#[derive(Clone)]
struct Mark {
    id: String,
    name: String,
}

/// Why a visit ended early.
enum Trouble {
    Door(DoorFault),
    Disk(io::Error),
}

impl Faces {
    pub(super) fn new(layout: Arc<Layout>, seal: Arc<Seal>, door: Arc<Door>, bell: Arc<Notify>) -> Self {
        Self { place: Place { layout, seal }, door, bell, complaint: Complaint::default() }
    }

    /// Fetches when rung and now and then, until told to stop.
    pub(super) async fn run(self, mut stop: watch::Receiver<()>) {
        let mut has_work = self.at_place(|place| Ok(place.tidy())).await.unwrap_or(true);
        loop {
            if has_work {
                let visited = tokio::select! {
                    // A visit that is cut off goes on from its marks.
                    _ = stop.changed() => return,
                    visited = self.visit() => visited,
                };
                match visited {
                    Ok(()) => self.complaint.over(|| tracing::info!("results of the reader arrive again")),
                    Err(trouble) => self.complain(&trouble),
                }
            }
            tokio::select! {
                _ = stop.changed() => return,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(jittered(POLL)) => {}
            }
            has_work = true;
        }
    }

    /// Everything that the server has.
    async fn visit(&self) -> Result<(), Trouble> {
        for mark in self.at_place(Place::marks).await? {
            self.finish(mark).await?;
        }
        let mut done = HashSet::new();
        for _ in 0..ROUNDS_MAX {
            let faces = self.door.faces().await.map_err(Trouble::Door)?;
            let new: Vec<Face> = faces.into_iter().filter(|face| done.insert(face.id.clone())).collect();
            if new.is_empty() {
                break;
            }
            for face in new {
                let mark = self.at_place(|place| place.write(face)).await?;
                self.finish(mark).await?;
            }
        }
        Ok(())
    }

    /// From the mark on: into its place, tell the server, forget the mark.
    async fn finish(&self, mark: Mark) -> Result<(), Trouble> {
        let put = mark.clone();
        self.at_place(move |place| place.put(&put)).await?;
        self.door.face_taken(&mark.id).await.map_err(Trouble::Door)?;
        self.at_place(move |place| remove(&place.layout.marks.join(mark.file()))).await
    }

    async fn at_place<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        let place = self.place.clone();
        off(move || work(&place)).await.map_err(Trouble::Disk)
    }

    fn complain(&self, trouble: &Trouble) {
        self.complaint.say(|| match trouble {
            Trouble::Disk(error) => {
                tracing::error!(%error, "results of the reader cannot be put into the folder face; they are tried again");
            }
            Trouble::Door(DoorFault::Account(_)) => {
                tracing::error!("results of the reader do not arrive: the server refuses the folder agent's account");
            }
            Trouble::Door(fault) => tracing::warn!(?fault, "results of the reader do not arrive at the moment"),
        });
    }
}

impl Place {
    /// Removes what was half written; whether something is half delivered.
    fn tidy(&self) -> bool {
        let marks = self.marks().unwrap_or_default();
        for name in names(&self.layout.face).unwrap_or_default() {
            let id = name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED));
            if id.is_some_and(|id| is_id(id) && marks.iter().all(|mark| mark.id != id)) {
                // What cannot be removed now is written over or removed later.
                let _ = remove(&self.layout.face.join(&name));
            }
        }
        !marks.is_empty()
    }

    /// The result durable beside its place, and its mark.
    fn write(&self, face: Face) -> io::Result<Mark> {
        let mark = Mark { id: face.id, name: face.file.name };
        let content = self.seal.close_face(&mark.name, face.file.content)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(self.beside(&mark))?;
        file.write_all(&content)?;
        file.sync_data()?;
        sync_folder(&self.layout.face)?;
        fs::File::create(self.layout.marks.join(mark.file()))?;
        sync_folder(&self.layout.marks)?;
        Ok(mark)
    }

    /// The result into its place. One that was delivered before may have been taken away since.
    fn put(&self, mark: &Mark) -> io::Result<()> {
        match fs::rename(self.beside(mark), self.layout.face.join(&mark.name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.layout.face.is_dir() => Ok(()),
            renamed => renamed,
        }
    }

    fn marks(&self) -> io::Result<Vec<Mark>> {
        Ok(names(&self.layout.marks)?.iter().filter_map(|name| Mark::parse(name)).collect())
    }

    /// In the same folder, as that may be on another file system than `.work`; under a name that no client looks for.
    fn beside(&self, mark: &Mark) -> PathBuf {
        self.layout.face.join(format!(".{}{UNFINISHED}", mark.id))
    }
}

impl Mark {
    fn file(&self) -> String {
        format!("{}{BETWEEN}{}", self.id, self.name)
    }

    fn parse(file: &str) -> Option<Self> {
        let (id, name) = file.split_once(BETWEEN)?;
        (is_id(id) && is_face_name(name)).then(|| Self { id: id.to_owned(), name: name.to_owned() })
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
