//! Japanese fonts of the machine: which ones are taken, and what to say when there are none.
//!
//! Fonts are not part of the product. They are looked for once, at start; a font that is installed
//! later needs a restart. Only faces of the families named here are kept, so that a document looks
//! the same wherever the same family is installed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use thiserror::Error;
use typst::foundations::Bytes;
use typst::text::{Font, FontWeight};

/// Families in the order in which they are preferred.
const FAMILIES: [&str; 10] = [
    "BIZ UDPGothic",
    "BIZ UDGothic",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "Hiragino Sans",
    "Hiragino Kaku Gothic ProN",
    "Hiragino Kaku Gothic Pro",
    "Yu Gothic",
    "YuGothic",
];
/// Families with characters beyond JIS X 0213 (𠮷), put behind another one.
const WIDE_FAMILIES: [&str; 2] = ["Noto Sans CJK JP", "Noto Sans JP"];
/// How the files of these families are called, in lower case and without separators.
const FILE_NAME_PARTS: [&str; 8] =
    ["bizud", "notosanscjk", "notosansjp", "ipaexg", "hiragino", "ヒラギノ", "yugoth", "yugothic"];
/// Folders of fonts on Linux, macOS and Windows.
const SYSTEM_FOLDERS: [&str; 8] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/System/Library/AssetsV2",
    "/Library/Fonts",
    "/run/current-system/sw/share/X11/fonts",
    "C:\\Windows\\Fonts",
    "C:\\ProgramData\\Microsoft\\Windows\\Fonts",
];
/// Folders of fonts below the home folder.
const HOME_FOLDERS: [&str; 3] = [".local/share/fonts", ".fonts", "Library/Fonts"];
/// Folders below a font folder at most; distributions use three.
const DEPTH_MAX: usize = 6;
/// Files looked at in all folders; a workstation has some thousands.
const FILES_MAX: usize = 50_000;
/// Bytes of one font file; Noto Sans CJK has 20 MB.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where fonts are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontChoice {
    folders: Vec<PathBuf>,
    system: bool,
}

/// No Japanese font was found. `Display` tells people what to install.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "日本語の書体（フォント）が見つからないため、PDFを作れません。Debian・Ubuntuでは \
     「sudo apt install fonts-morisawa-bizud-gothic fonts-noto-cjk」で書体を入れ、再起動してください。\
     別の場所にある書体は、設定でフォルダを指定できます。画面での閲覧はそのまま使えます（探した場所：{searched}）"
)]
pub struct NoJapaneseFont {
    /// The folders that were searched.
    pub searched: String,
}

/// The faces that documents are set in.
#[derive(Debug)]
pub(crate) struct Fonts {
    /// Faces of one family, then of the one behind it.
    pub(crate) faces: Vec<Font>,
    /// Names of those families, for the template.
    pub(crate) families: Vec<String>,
    /// Characters that one of the faces has.
    characters: HashSet<u32>,
}

impl FontChoice {
    /// The usual folders of the operating system.
    #[must_use]
    pub const fn system() -> Self {
        Self { folders: Vec::new(), system: true }
    }

    /// This folder, whatever its files are called, and the usual ones for what it lacks.
    #[must_use]
    pub fn folder_first(folder: impl Into<PathBuf>) -> Self {
        Self { folders: vec![folder.into()], system: true }
    }

    /// This folder and no other.
    #[must_use]
    pub fn folder_only(folder: impl Into<PathBuf>) -> Self {
        Self { folders: vec![folder.into()], system: false }
    }

    fn system_folders(&self) -> Vec<PathBuf> {
        if !self.system {
            return Vec::new();
        }
        let home = std::env::home_dir().unwrap_or_default();
        let at_home = HOME_FOLDERS.map(|folder| home.join(folder));
        SYSTEM_FOLDERS.map(PathBuf::from).into_iter().chain(at_home).collect()
    }
}

impl Fonts {
    /// Looks for fonts in the folders of the choice. A family in a named folder wins over all others.
    pub(crate) fn find(choice: &FontChoice) -> Result<Self, NoJapaneseFont> {
        let system_folders = choice.system_folders();
        let named = faces_in(&choice.folders, |_| true);
        let system = faces_in(&system_folders, |file| file_rank(file) < FILE_NAME_PARTS.len());
        let first = best_family(&named).or_else(|| best_family(&system));
        let searched = || NoJapaneseFont { searched: listed(choice.folders.iter().chain(&system_folders)) };
        let first = first.ok_or_else(searched)?;
        Ok(Self::of_family(first, &[named, system].concat()))
    }

    /// The faces of this family and of one with rare characters behind it.
    fn of_family(first: &str, faces: &[Font]) -> Self {
        let present = |family: &str| faces.iter().any(|face| face.info().family == family);
        let behind = WIDE_FAMILIES.into_iter().find(|family| *family != first && present(family));
        let families: Vec<&str> = std::iter::once(first).chain(behind).collect();
        let kept: Vec<Font> = families.iter().flat_map(|family| regular_and_bold(family, faces)).collect();
        let characters = kept.iter().flat_map(|face| face.info().coverage.iter()).collect();
        Self { faces: kept, families: families.into_iter().map(str::to_owned).collect(), characters }
    }

    /// Whether one of the faces has the character.
    pub(crate) fn have(&self, character: char) -> bool {
        self.characters.contains(&u32::from(character))
    }
}

fn best_family(faces: &[Font]) -> Option<&'static str> {
    FAMILIES.into_iter().find(|family| faces.iter().any(|face| face.info().family == *family))
}

/// The two faces that documents use; a family that comes in other weights only is better than none.
fn regular_and_bold(family: &str, faces: &[Font]) -> Vec<Font> {
    let of_weight = |weight| faces.iter().find(|face| is_face(face, family, weight));
    let both: Vec<Font> = [FontWeight::REGULAR, FontWeight::BOLD].into_iter().filter_map(of_weight).cloned().collect();
    if both.is_empty() {
        faces.iter().filter(|face| face.info().family == family).take(1).cloned().collect()
    } else {
        both
    }
}

fn is_face(face: &Font, family: &str, weight: FontWeight) -> bool {
    face.info().family == family && face.info().variant.weight == weight
}

fn has_all(faces: &[Font]) -> bool {
    let has = |family: &str| {
        let weights = [FontWeight::REGULAR, FontWeight::BOLD];
        weights.into_iter().all(|weight| faces.iter().any(|face| is_face(face, family, weight)))
    };
    has(FAMILIES[0]) && WIDE_FAMILIES.into_iter().any(has)
}

/// The faces of known families in these folders. The preferred family is read first, and reading
/// stops when nothing better can come.
fn faces_in(folders: &[PathBuf], wanted: fn(&Path) -> bool) -> Vec<Font> {
    let mut files = Vec::new();
    for folder in folders {
        font_files(folder, DEPTH_MAX, wanted, &mut files);
    }
    files.sort_by_key(|path| (file_rank(path), is_other_weight(path), path.clone()));
    let mut faces = Vec::new();
    for file in &files {
        faces.extend(faces_of(file));
        if has_all(&faces) {
            break;
        }
    }
    faces
}

fn faces_of(file: &Path) -> Vec<Font> {
    let fits = std::fs::metadata(file).is_ok_and(|found| found.len() <= FILE_BYTES_MAX);
    let bytes = if fits { std::fs::read(file).unwrap_or_default() } else { Vec::new() };
    Font::iter(Bytes::new(bytes)).filter(|face| FAMILIES.contains(&face.info().family.as_str())).collect()
}

/// The wanted font files of a folder and of those below it.
fn font_files(folder: &Path, depth: usize, wanted: fn(&Path) -> bool, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if files.len() >= FILES_MAX {
            return;
        }
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                font_files(&path, depth - 1, wanted, files);
            }
        } else if is_font_file(&path) && wanted(&path) {
            files.push(path);
        }
    }
}

fn is_font_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// The place of the file's family among the preferred ones; the last place when it has none.
fn file_rank(path: &Path) -> usize {
    let name = path.file_stem().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().filter(|character| !matches!(character, '-' | '_' | ' ')).collect();
    FILE_NAME_PARTS.iter().position(|part| name.contains(part)).unwrap_or(FILE_NAME_PARTS.len())
}

/// Whether the name speaks of a weight that no document uses: such files are read last.
fn is_other_weight(path: &Path) -> bool {
    let name = path.file_stem().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["thin", "light", "medium", "black", "demi", "semi", "extra"].iter().any(|weight| name.contains(weight))
}

fn listed<'a>(folders: impl Iterator<Item = &'a PathBuf>) -> String {
    folders.map(|folder| folder.display().to_string()).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_known_families_rank_in_their_order() {
        for (name, rank) in [
            ("BIZUDPGothic-Regular.ttf", 0),
            ("NotoSansCJK-Regular.ttc", 1),
            ("NotoSansJP-Bold.otf", 2),
            ("ipaexg.ttf", 3),
            ("ヒラギノ角ゴシック W3.ttc", 5),
            ("YuGothM.ttc", 6),
            ("NotoSerifCJK-Regular.ttc", FILE_NAME_PARTS.len()),
            ("DejaVuSans.ttf", FILE_NAME_PARTS.len()),
        ] {
            assert_eq!(file_rank(Path::new(name)), rank, "{name}");
        }
    }

    #[test]
    fn an_empty_folder_names_the_package_to_install() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("BIZUDPGothic-Regular.ttf"), b"not a font").unwrap();
        let error = Fonts::find(&FontChoice::folder_only(folder.path())).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("fonts-morisawa-bizud-gothic"), "{message}");
        assert!(message.contains(folder.path().to_str().unwrap()), "{message}");
    }

    #[test]
    fn a_named_folder_is_taken_whatever_its_files_are_called() {
        let system = Fonts::find(&FontChoice::system()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.ttf"), system.faces[0].data()).unwrap();
        let only = Fonts::find(&FontChoice::folder_only(folder.path())).unwrap();
        assert_eq!(only.families[0], system.families[0]);
        let first = Fonts::find(&FontChoice::folder_first(folder.path())).unwrap();
        assert_eq!(first.families, system.families);
    }

    #[test]
    fn the_system_has_a_regular_face_of_a_preferred_family() {
        let fonts = Fonts::find(&FontChoice::system()).unwrap();
        assert!(FAMILIES.contains(&fonts.families[0].as_str()));
        assert!(fonts.faces.iter().any(|face| is_face(face, &fonts.families[0], FontWeight::REGULAR)));
        assert!(fonts.have('窓') && fonts.have('●') && fonts.have('ｱ') && fonts.have('髙'));
        assert!(!fonts.have('\u{E001}'));
    }
}
