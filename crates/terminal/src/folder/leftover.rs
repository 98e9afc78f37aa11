//! What clients left behind: medical data does not stay on a terminal. Answers and results of the reader go after their
//! time, refused requests and what `.work` has kept for too long as well.
//!
//! It removes files of our own names only: what else lies in these folders is somebody else's.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::door::is_face_name;
use super::layout::{Layout, reason_of, remove};
use super::name::Ready;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);
/// Files of a folder that are looked at in one look.
const FILES_MAX: usize = 50_000;
/// After so many the thread rests, so that a folder that nobody empties costs the others no processor.
const FILES_AT_A_TIME: usize = 100;
const PAUSE: Duration = Duration::from_millis(2);

/// How long files may stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    /// Answers in `res`, refused requests in `err` (ResponseFileStayTime).
    pub(super) answers: Duration,
    /// Results of the reader in `face`.
    pub(super) faces: Duration,
}

/// Whether a name in a folder is one of ours.
type IsOurs = fn(&str) -> bool;

/// Looks at the start and every minute, until told to stop.
pub(super) async fn run(layout: Arc<Layout>, stay: Stay, mut stop: watch::Receiver<()>) {
    loop {
        let here = Arc::clone(&layout);
        let swept = tokio::task::spawn_blocking(move || sweep(&here, stay, SystemTime::now())).await;
        if let Ok(removed @ 1..) = swept {
            tracing::info!(removed, "files whose time is over were removed");
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Removes what is too old; how many files.
fn sweep(layout: &Layout, stay: Stay, now: SystemTime) -> usize {
    let folders: [(&Path, Duration, IsOurs); 5] = [
        (&layout.res, stay.answers, is_answer_name),
        (&layout.err, stay.answers, |_| true),
        (&layout.ready, stay.answers, |name| Ready::parse(name).is_some()),
        (&layout.face, stay.faces, is_face_name),
        (&layout.swept, stay.answers, |_| true),
    ];
    let is_over = |path: &Path, stay: Duration| {
        let since = came(path).and_then(|came| now.duration_since(came).ok());
        since.is_some_and(|age| age >= stay)
    };
    folders.into_iter().map(|(folder, stay, ours)| sweep_folder(folder, &layout.swept, stay, ours, is_over)).sum()
}

/// When a file came to where it lies. A refused request keeps the time that its writer gave it; its reason was written
/// when it came.
fn came(path: &Path) -> Option<SystemTime> {
    let modified = |path: &Path| {
        let metadata = fs::symlink_metadata(path).ok().filter(|metadata| !metadata.is_dir())?;
        metadata.modified().ok()
    };
    let own = modified(path)?;
    Some(own).max(modified(&reason_of(path)))
}

fn sweep_folder(
    folder: &Path,
    aside: &Path,
    stay: Duration,
    is_ours: IsOurs,
    is_over: impl Fn(&Path, Duration) -> bool,
) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut removed = 0;
    for (place, entry) in entries.flatten().take(FILES_MAX).enumerate() {
        if place % FILES_AT_A_TIME == FILES_AT_A_TIME - 1 {
            std::thread::sleep(PAUSE);
        }
        let (path, name) = (entry.path(), entry.file_name());
        if is_over(&path, stay) && is_ours(&name.to_string_lossy()) {
            match remove_if(&path, &aside.join(&name), |path| is_over(path, stay)) {
                Ok(is_removed) => removed += usize::from(is_removed),
                Err(error) => tracing::warn!(%error, "a file whose time is over cannot be removed"),
            }
        }
    }
    removed
}

/// Removes a file, unless a new one took its name since it was looked at: it is moved aside first, and a file that turns
/// out to be new goes back.
fn remove_if(path: &Path, aside: &Path, is_over: impl Fn(&Path) -> bool) -> std::io::Result<bool> {
    match fs::rename(path, aside) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => return remove(path).map(|()| true),
        renamed => renamed?,
    }
    if is_over(aside) {
        return remove(aside).map(|()| true);
    }
    // A still newer one may have come meanwhile; then this one is over.
    match fs::hard_link(aside, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => fs::rename(aside, path).map(|()| false),
        _ => remove(aside).map(|()| false),
    }
}

/// `<id>res_<part>.<extension>`.
fn is_answer_name(name: &str) -> bool {
    let Some((id, rest)) = name.split_once("res_") else { return false };
    let is_id = (8..=12).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id && rest.rsplit_once('.').is_some_and(|(part, _)| super::name::is_plain(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn only_our_own_files_go_and_only_after_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::open(folder.path(), None).unwrap();
        let stay = Stay { answers: HOUR, faces: 24 * HOUR };
        let face = "OQSsiquc01res_face_1312345678aa_20260401000000.xml";
        let now = SystemTime::now();
        let put = |path: std::path::PathBuf, age: Duration| {
            let file = fs::File::create(&path).unwrap();
            file.set_modified(now - age).unwrap();
            path
        };
        let ready = "00000000000000000000000000000000_0__OQSsiquc01res_1.xml";
        for (path, age, stays) in [
            (layout.res.join("OQSsiquc01res_1.xml"), HOUR + Duration::from_secs(1), false),
            (layout.res.join("OQSsiquc01res_2.xml"), HOUR - Duration::from_secs(1), true),
            (layout.res.join("OQSsiurl01res_2.pdf"), 2 * HOUR, false),
            (layout.res.join("memo.txt"), 9 * HOUR, true),
            (layout.err.join("x.xml"), 2 * HOUR, false),
            (layout.ready.join(ready), 2 * HOUR, false),
            (layout.face.join(face), 23 * HOUR, true),
            (layout.face.join(face.replace("aa", "bb")), 25 * HOUR, false),
            (layout.req.join("OQSsiquc01req_1.xml"), 99 * HOUR, true),
            (layout.taken.join("x"), 99 * HOUR, true),
        ] {
            let path = put(path, age);
            sweep(&layout, stay, now);
            assert_eq!(path.exists(), stays, "{}", path.display());
        }
    }

    #[test]
    fn a_refused_file_stays_as_long_as_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::open(folder.path(), None).unwrap();
        let stay = Stay { answers: HOUR, faces: 24 * HOUR };
        let now = SystemTime::now();
        let file = layout.req.join("old.xml");
        fs::File::create(&file).unwrap().set_modified(now - 48 * HOUR).unwrap();
        layout.refuse(&file, "old.xml", "理由").unwrap();
        let refused = layout.err.join("old.xml");
        assert_eq!(sweep(&layout, stay, now), 0);
        assert!(refused.exists() && reason_of(&refused).exists());
        assert_eq!(sweep(&layout, stay, now + 2 * HOUR), 2);
        assert!(!refused.exists() && !reason_of(&refused).exists());
    }

    #[test]
    fn a_file_that_took_the_name_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("answer"), folder.path().join("aside"));
        fs::write(&path, "new").unwrap();
        assert!(!remove_if(&path, &aside, |_| false).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(!aside.exists());
        assert!(remove_if(&path, &aside, |_| true).unwrap());
        assert!(!path.exists() && !aside.exists());
    }
}
