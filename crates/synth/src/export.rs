//! A small world as a directory of files that anyone can take in: `coverage.csv`, `tickets.csv`, `institutions.csv`,
//! `prescriptions.csv`, `claims/` and `checkups/`.

use crate::file::{directory, write_lines, write_whole};
use crate::world::World;
use madoguchi_model::institution::Institution;
use std::io;
use std::path::{Path, PathBuf};

/// Columns of the list of institutions.
pub(crate) const INSTITUTION_COLUMNS: &str = "code,name,kind,hospital,opened_on\r\n";

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file system refused.
    #[error("{}：書き込めません（{source}）。空き容量と書き込み権限を確認してください", path.display())]
    Write {
        /// Which file or directory.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The directory holds what was made by another plan.
    #[error(
        "{}：別の条件で作成したファイルがあります（{found}）。同じ条件を指定するか、別のディレクトリを指定してください",
        path.display()
    )]
    OtherPlan {
        /// The note of what was made.
        path: PathBuf,
        /// The plan that the note tells.
        found: String,
    },
}

impl World {
    /// Writes all files into a directory, which is made if it is missing. Files of the same names
    /// are replaced.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub fn write_files(&self, target: &Path) -> Result<(), ExportError> {
        let (claims, checkups) = (target.join("claims"), target.join("checkups"));
        directory(&claims)?;
        write_whole(&target.join("coverage.csv"), self.coverage_csv(|_| String::new()).as_bytes())?;
        write_whole(&target.join("tickets.csv"), self.ticket_csv().as_bytes())?;
        let institutions: String = self.institutions().iter().map(institution_line).collect();
        let institutions = format!("{INSTITUTION_COLUMNS}{institutions}");
        write_whole(&target.join("institutions.csv"), institutions.as_bytes())?;
        // Person by person: the file of a large world is larger than its memory.
        write_lines(&target.join("prescriptions.csv"), self.prescription_lines())?;
        directory(&checkups)?;
        self.checkup_packages()
            .try_for_each(|package| write_whole(&checkups.join(&package.file_name), &package.bytes))?;
        self.claim_files().try_for_each(|file| write_whole(&claims.join(&file.file_name), &file.bytes))
    }
}

/// A line of the list of institutions.
pub(crate) fn institution_line(institution: &Institution) -> String {
    let (code, kind) = (&institution.code, institution.kind().code());
    let hospital = u8::from(institution.hospital);
    format!("{code},{},{kind},{hospital},{}\r\n", institution.name, institution.opened_on)
}
