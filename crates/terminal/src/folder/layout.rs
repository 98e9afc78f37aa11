//! Where everything of one agent lies, and the small acts on files that its promises rest on.
//!
//! `<root>/{req,res,face,err}` belong to the clients as much as to the agent; `<root>/.work` is the agent's alone. All of
//! them are on one file system, so that a rename either happened or did not. It deliberately knows nothing of messages.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::FolderFault;

/// Names of one refused file that are tried before it is left where it is.
const REFUSED_NAMES_MAX: u32 = 10_000;
/// A reason is a file beside the refused one.
const REASON_EXTENSION: &str = "txt";
/// What ends the name of a file that is not whole yet.
pub(super) const UNFINISHED: &str = ".part";

/// The folders of one agent, held by this process alone.
pub(super) struct Layout {
    /// Requests (要求) of the clients.
    pub(super) req: PathBuf,
    /// Answers (結果) for the clients.
    pub(super) res: PathBuf,
    /// Results of the card reader (顔認証), one file per person.
    pub(super) face: PathBuf,
    /// Files that nobody can answer, each beside its reason.
    pub(super) err: PathBuf,
    /// Requests that have been taken and are not answered yet.
    pub(super) taken: PathBuf,
    /// Answers that are whole and not delivered yet.
    pub(super) ready: PathBuf,
    /// A mark for each result of the reader that is being delivered.
    pub(super) marks: PathBuf,
    /// Files that are being removed because their time is over.
    pub(super) swept: PathBuf,
    /// The character code that the server told last.
    pub(super) character_code: PathBuf,
    /// Locked as long as the agent runs.
    _lock: File,
}

impl Layout {
    /// Makes what is missing and takes the root for this process.
    pub(super) fn open(root: &Path, face: Option<&Path>) -> Result<Self, FolderFault> {
        let made = |path: PathBuf| -> Result<PathBuf, FolderFault> {
            fs::create_dir_all(&path).map_err(|source| FolderFault::unusable(&path, source))?;
            Ok(path)
        };
        let root = made(root.to_owned())?;
        let work = root.join(".work");
        private_folder(&work).map_err(|source| FolderFault::unusable(&work, source))?;
        Ok(Self {
            req: made(root.join("req"))?,
            res: made(root.join("res"))?,
            face: made(face.map_or_else(|| root.join("face"), |face| root.join(face)))?,
            err: made(root.join("err"))?,
            taken: made(work.join("taken"))?,
            ready: made(work.join("ready"))?,
            marks: made(work.join("face"))?,
            swept: made(work.join("swept"))?,
            character_code: work.join("character_code"),
            _lock: locked(&work.join("lock"), &root)?,
        })
    }

    /// Moves a file that cannot be answered out of `req` and puts the reason beside it. Nothing is ever overwritten: the
    /// reason is made first, and only a name that was free for it is used.
    pub(super) fn refuse(&self, file: &Path, name: &str, reason: &str) -> io::Result<()> {
        for number in 1..=REFUSED_NAMES_MAX {
            let name = if number == 1 { name.to_owned() } else { format!("{number}_{name}") };
            let target = self.err.join(&name);
            let beside = reason_of(&target);
            if fs::symlink_metadata(&target).is_ok() {
                continue;
            }
            let mut written = match OpenOptions::new().write(true).create_new(true).open(&beside) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                opened => opened?,
            };
            writeln!(written, "{reason}")?;
            return fs::rename(file, &target);
        }
        Err(io::Error::other("no free name in err"))
    }
}

/// Where the reason stands why a request was refused.
pub(super) fn reason_of(refused: &Path) -> PathBuf {
    let mut name = refused.as_os_str().to_owned();
    name.push(".");
    name.push(REASON_EXTENSION);
    PathBuf::from(name)
}

/// Only the agent's own user sees what it works on.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn locked(path: &Path, root: &Path) -> Result<File, FolderFault> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(|source| FolderFault::unusable(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderFault::Busy(root.to_owned())),
        Err(TryLockError::Error(source)) => Err(FolderFault::unusable(path, source)),
    }
}

/// Makes renames, new names and removals in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _names_are_durable_without = path;
    Ok(())
}

/// Removes a file; one that is gone already is as good.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The names in a folder that are text; others are nobody's whom we know.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_file_never_overwrites_another() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::open(folder.path(), None).unwrap();
        for text in ["a", "b", "c"] {
            let file = layout.req.join("x.xml");
            fs::write(&file, text).unwrap();
            layout.refuse(&file, "x.xml", &format!("reason {text}")).unwrap();
            assert!(!file.exists());
        }
        let kept = |name: &str| fs::read_to_string(layout.err.join(name)).unwrap();
        assert_eq!([kept("x.xml"), kept("2_x.xml"), kept("3_x.xml")], ["a", "b", "c"]);
        assert_eq!([kept("x.xml.txt"), kept("3_x.xml.txt")], ["reason a\n", "reason c\n"]);
    }

    #[test]
    fn a_root_belongs_to_one_agent() {
        let folder = tempfile::tempdir().unwrap();
        let first = Layout::open(folder.path(), None).unwrap();
        assert!(matches!(Layout::open(folder.path(), None), Err(FolderFault::Busy(_))));
        drop(first);
        assert!(Layout::open(folder.path(), None).is_ok());
    }
}
