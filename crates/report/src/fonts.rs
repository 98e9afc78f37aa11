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

    /// This folder, and the usual ones for what it lacks.
    #[must_use]
    pub fn folder_first(folder: impl Into<PathBuf>) -> Self {
        Self { folders: vec![folder.into()], system: true }
    }

    /// This folder and no other.
    #[must_use]
    pub fn folder_only(folder: impl Into<PathBuf>) -> Self {
        Self { folders: vec![folder.into()], system: false }
    }

    fn all_folders(&self) -> Vec<PathBuf> {
        let mut folders = self.folders.clone();
        if self.system {
            folders.extend(SYSTEM_FOLDERS.map(PathBuf::from));
            if let Some(home) = std::env::home_dir() {
                folders.extend(HOME_FOLDERS.map(|folder| home.join(folder)));
            }
        }
        folders
    }
}

impl Fonts {
    /// Looks for fonts in the folders of the choice.
    pub(crate) fn find(choice: &FontChoice) -> Result<Self, NoJapaneseFont> {
        let folders = choice.all_folders();
        let mut files = Vec::new();
        for folder in &folders {
            font_files(folder, DEPTH_MAX, &mut files);
        }
        // The preferred family is read first, and reading stops as soon as nothing better can come.
        files.sort_by_key(|path| (file_rank(path), path.clone()));
        let mut faces = Vec::new();
        for file in &files {
            faces.extend(faces_of(file));
            if has_all(&faces) {
                break;
            }
        }
        Self::of_faces(faces).ok_or_else(|| NoJapaneseFont { searched: listed(&folders) })
    }

    /// The best family of these faces and one with rare characters behind it.
    fn of_faces(faces: Vec<Font>) -> Option<Self> {
        let present = |family: &str| faces.iter().any(|face| face.info().family == family);
        let first = FAMILIES.into_iter().find(|family| present(family))?;
        let behind = WIDE_FAMILIES.into_iter().find(|family| *family != first && present(family));
        let families: Vec<&str> = std::iter::once(first).chain(behind).collect();
        let mut kept: Vec<Font> = Vec::new();
        for family in &families {
            for wanted in [FontWeight::REGULAR, FontWeight::BOLD] {
                let face = faces.iter().find(|face| is_face(face, family, wanted));
                kept.extend(face.filter(|_| *family == first || wanted == FontWeight::REGULAR).cloned());
            }
            // A family that comes in other weights only is still better than none.
            if !kept.iter().any(|face| face.info().family == *family) {
                kept.extend(faces.iter().find(|face| face.info().family == *family).cloned());
            }
        }
        let characters = kept.iter().flat_map(|face| face.info().coverage.iter()).collect();
        Some(Self { faces: kept, families: families.into_iter().map(str::to_owned).collect(), characters })
    }

    /// Whether one of the faces has the character.
    pub(crate) fn have(&self, character: char) -> bool {
        self.characters.contains(&u32::from(character))
    }
}

fn is_face(face: &Font, family: &str, weight: FontWeight) -> bool {
    face.info().family == family && face.info().variant.weight == weight
}

fn has_all(faces: &[Font]) -> bool {
    let has = |family, weight| faces.iter().any(|face| is_face(face, family, weight));
    has(FAMILIES[0], FontWeight::REGULAR)
        && has(FAMILIES[0], FontWeight::BOLD)
        && WIDE_FAMILIES.iter().any(|family| has(*family, FontWeight::REGULAR))
}

fn faces_of(file: &Path) -> Vec<Font> {
    let fits = std::fs::metadata(file).is_ok_and(|found| found.len() <= FILE_BYTES_MAX);
    let bytes = if fits { std::fs::read(file).unwrap_or_default() } else { Vec::new() };
    Font::iter(Bytes::new(bytes)).filter(|face| FAMILIES.contains(&face.info().family.as_str())).collect()
}

/// Font files whose names promise one of the families.
fn font_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if files.len() >= FILES_MAX {
            return;
        }
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                font_files(&path, depth - 1, files);
            }
        } else if is_font_file(&path) && file_rank(&path) < FILE_NAME_PARTS.len() {
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

fn listed(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join("、")
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
    fn the_system_has_a_regular_face_of_a_preferred_family() {
        let fonts = Fonts::find(&FontChoice::system()).unwrap();
        assert!(FAMILIES.contains(&fonts.families[0].as_str()));
        assert!(fonts.faces.iter().any(|face| is_face(face, &fonts.families[0], FontWeight::REGULAR)));
        assert!(fonts.have('窓') && fonts.have('●') && fonts.have('ｱ') && fonts.have('髙'));
        assert!(!fonts.have('\u{E001}'));
    }
}
