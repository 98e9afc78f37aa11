//! A world as a directory of files that anyone can take in: `coverage.csv`, `tickets.csv`, `institutions.csv`,
//! `prescriptions.csv`, `claims/` and `checkups/`.

use crate::world::World;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Columns of the list of institutions.
const INSTITUTION_COLUMNS: &str = "code,name,kind,hospital,opened_on\r\n";

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}：書き込めません（{source}）。空き容量と書き込み権限を確認してください", path.display())]
pub struct ExportError {
    path: PathBuf,
    source: io::Error,
}

impl World {
    /// Writes all files into a directory, which is made if it is missing. Files of the same names
    /// are replaced.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub fn write_files(&self, directory: &Path) -> Result<(), ExportError> {
        let claims = directory.join("claims");
        fs::create_dir_all(&claims).map_err(|source| ExportError { path: claims.clone(), source })?;
        write(directory.join("coverage.csv"), self.coverage_csv(|_| String::new()).as_bytes())?;
        write(directory.join("tickets.csv"), self.ticket_csv().as_bytes())?;
        write(directory.join("institutions.csv"), self.institutions_csv().as_bytes())?;
        self.write_prescriptions(directory.join("prescriptions.csv"))?;
        let checkups = directory.join("checkups");
        fs::create_dir_all(&checkups).map_err(|source| ExportError { path: checkups.clone(), source })?;
        self.checkup_packages().try_for_each(|package| write(checkups.join(&package.file_name), &package.bytes))?;
        self.claim_files().try_for_each(|file| write(claims.join(&file.file_name), &file.bytes))
    }

    /// Person by person: the file of a large world is larger than its memory.
    fn write_prescriptions(&self, path: PathBuf) -> Result<(), ExportError> {
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&path)?);
            self.prescription_lines().try_for_each(|lines| file.write_all(lines.as_bytes()))?;
            file.flush()
        };
        write().map_err(|source| ExportError { path: path.clone(), source })
    }

    fn institutions_csv(&self) -> String {
        let mut text = INSTITUTION_COLUMNS.to_owned();
        for institution in self.institutions() {
            let (code, kind) = (&institution.code, institution.kind().code());
            let hospital = u8::from(institution.hospital);
            text.push_str(&format!("{code},{},{kind},{hospital},{}\r\n", institution.name, institution.opened_on));
        }
        text
    }
}

fn write(path: PathBuf, bytes: &[u8]) -> Result<(), ExportError> {
    fs::write(&path, bytes).map_err(|source| ExportError { path, source })
}
