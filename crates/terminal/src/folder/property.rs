//! The setting files of the real agent: `UserDefinition.property`, `UserDefinitionForFace.property`, `encrypt.conf` and
//! `encrypt_face.conf`. They are read once, at the start; what cannot be understood stops it, with file and line.
//!
//! Keys that we have no use for are passed over: the real agent has more of them than are publicly known.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FolderFault;

/// Setting files are a few lines.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// A year: no answer is wanted for longer.
const STAY_MINUTES_MAX: u64 = 366 * 24 * 60;

/// What the setting files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Properties {
    /// `ResponseFileStayTime`: how long an answer nobody has read may stay.
    pub(super) answers_stay: Option<Duration>,
    /// `FaceDataDir`: where results of the reader go.
    pub(super) face_folder: Option<PathBuf>,
    /// `OutputFlg`: whether they are written at all.
    pub(super) writes_faces: bool,
    /// `encrypt.conf`: which requests and answers are encrypted.
    pub(super) encrypted: Prefixes,
    /// `encrypt_face.conf`: the same for results of the reader.
    pub(super) encrypted_faces: Prefixes,
}

/// Lines `<id prefix>=e|n`. The longest prefix of a name decides; without one it is plain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prefixes(Vec<(String, bool)>);

impl Properties {
    /// Reads the files that are there.
    pub(super) fn read(folder: &Path, encrypt: Option<&Path>) -> Result<Self, FolderFault> {
        let user = folder.join("UserDefinition.property");
        let user_lines = pairs(&user)?;
        let face = folder.join("UserDefinitionForFace.property");
        let face_lines = pairs(&face)?;
        let stay = value(&user_lines, "ResponseFileStayTime").map(|(line, text)| minutes(&user, line, text));
        let output = value(&face_lines, "OutputFlg").map(|(line, text)| flag(&face, line, text));
        let encrypt_file = encrypt.map_or_else(|| folder.join("encrypt.conf"), Path::to_owned);
        if encrypt.is_some() && !encrypt_file.is_file() {
            return Err(FolderFault::unusable(&encrypt_file, std::io::ErrorKind::NotFound.into()));
        }
        Ok(Self {
            answers_stay: stay.transpose()?,
            face_folder: value(&face_lines, "FaceDataDir").map(|(_, text)| PathBuf::from(text)),
            writes_faces: output.transpose()?.unwrap_or(true),
            encrypted: Prefixes::read(&encrypt_file)?,
            encrypted_faces: Prefixes::read(&folder.join("encrypt_face.conf"))?,
        })
    }
}

impl Prefixes {
    fn read(file: &Path) -> Result<Self, FolderFault> {
        let mut prefixes = Vec::new();
        for (line, prefix, value) in pairs(file)? {
            let encrypted = match value.as_str() {
                "e" => true,
                "n" => false,
                _ => return Err(fault(file, line, &prefix, "e（暗号化する）またはn（暗号化しない）")),
            };
            prefixes.push((prefix, encrypted));
        }
        Ok(Self(prefixes))
    }

    /// Whether the file of this name is encrypted.
    pub(super) fn contain(&self, name: &str) -> bool {
        let fitting = self.0.iter().filter(|(prefix, _)| name.starts_with(prefix.as_str()));
        fitting.max_by_key(|(prefix, _)| prefix.len()).is_some_and(|(_, encrypted)| *encrypted)
    }

    /// Whether any name is encrypted.
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|(_, encrypted)| *encrypted)
    }
}

type Pair = (usize, String, String);

/// The `key=value` lines of a file, with their numbers; a file that is not there has none.
fn pairs(file: &Path) -> Result<Vec<Pair>, FolderFault> {
    let mut bytes = Vec::new();
    match fs::File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.and_then(|open| open.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)),
    }
    .map_err(|source| FolderFault::unusable(file, source))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fault(file, 1, "ファイル", "64キロバイト以下の設定ファイル"));
    }
    // Values are ASCII, comments need not be: the real agent's files are Shift_JIS.
    let text = String::from_utf8_lossy(&bytes);
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with(['#', '!', ';']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(fault(file, index + 1, "行", "「名前=値」の形"));
        };
        pairs.push((index + 1, key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(pairs)
}

/// The last value of a key that is not empty.
fn value<'a>(pairs: &'a [Pair], key: &str) -> Option<(usize, &'a str)> {
    let found = pairs.iter().rev().find(|(_, each, value)| each == key && !value.is_empty());
    found.map(|(line, _, value)| (*line, value.as_str()))
}

fn minutes(file: &Path, line: usize, text: &str) -> Result<Duration, FolderFault> {
    let minutes = text.parse::<u64>().ok().filter(|minutes| (1..=STAY_MINUTES_MAX).contains(minutes));
    let minutes = minutes.ok_or_else(|| fault(file, line, "ResponseFileStayTime", "1から527040までの分数"))?;
    Ok(Duration::from_secs(minutes * 60))
}

fn flag(file: &Path, line: usize, text: &str) -> Result<bool, FolderFault> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(fault(file, line, "OutputFlg", "trueまたはfalse")),
    }
}

fn fault(file: &Path, line: usize, field: &str, expected: &'static str) -> FolderFault {
    let field = field.chars().filter(|character| !character.is_control()).take(60).collect();
    FolderFault::Setting { file: file.to_owned(), line, field, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<Properties, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Properties::read(folder.path(), None).map_err(|fault| fault.to_string())
    }

    #[test]
    fn files_that_are_not_there_change_nothing() {
        let properties = read(&[]).unwrap();
        assert_eq!((properties.answers_stay, properties.writes_faces), (None, true));
        assert!(!properties.encrypted.any() && !properties.encrypted_faces.any());
    }

    #[test]
    fn the_real_agents_files_are_understood() {
        let properties = read(&[
            ("UserDefinition.property", "# stay\r\nResponseFileStayTime=1440\r\nUnknown = x\r\n"),
            ("UserDefinitionForFace.property", "FaceDataDir=faces\nOutputFlg=false\n"),
            ("encrypt.conf", "OQS=e\nOQSmutic=n\n\nYZKsiquc01=n\n"),
            ("encrypt_face.conf", "OQSsiquc01=e\nprescription=n"),
        ])
        .unwrap();
        assert_eq!(properties.answers_stay, Some(Duration::from_secs(86_400)));
        assert_eq!(properties.face_folder, Some("faces".into()));
        assert!(!properties.writes_faces);
        for (name, encrypted) in [
            ("OQSsiquc01req_1.xml", true),
            ("OQSmutic01req_1.xml", false),
            ("YZKsiquc01req_1.xml", false),
            ("TKKsiquc01req_1.xml", false),
        ] {
            assert_eq!(properties.encrypted.contain(name), encrypted, "{name}");
        }
        assert!(properties.encrypted_faces.contain("OQSsiquc01res_face_1_20260401000000.xml"));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (file, text, words) in [
            ("UserDefinition.property", "ResponseFileStayTime=0", ["1行目", "ResponseFileStayTime"]),
            ("UserDefinition.property", "\nResponseFileStayTime=-1", ["2行目", "分数"]),
            ("UserDefinition.property", "ResponseFileStayTime", ["1行目", "「名前=値」"]),
            ("UserDefinitionForFace.property", "OutputFlg=maybe", ["OutputFlg", "true"]),
            ("encrypt.conf", "OQS=x", ["OQS", "e（暗号化する）"]),
        ] {
            let fault = read(&[(file, text)]).unwrap_err();
            assert!(fault.contains(file) && words.iter().all(|word| fault.contains(word)), "{fault}");
        }
    }
}
