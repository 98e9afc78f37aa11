//! Why a load could not be put on. Nothing here quotes an answer or a person's numbers.

use std::fmt;
use std::path::{Path, PathBuf};

/// What stopped the harness, for the person at the shell.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// A file that cannot be read or is not what it must be.
    #[error("{}：{problem}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A value of the plan.
    #[error("負荷計画の{field}：{problem}")]
    Plan {
        /// The value's name in the file.
        field: String,
        /// What is expected.
        problem: String,
    },
    /// The server could not be made ready for the load.
    #[error("{institution}：{step}（{problem}）")]
    Prepare {
        /// 医療機関コード.
        institution: String,
        /// What was tried.
        step: &'static str,
        /// Status and code of the answer, or what the network said.
        problem: String,
    },
    /// The machine lacks something.
    #[error("{0}")]
    Machine(String),
}

impl LoadFault {
    pub(crate) fn file(path: &Path, problem: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_string() }
    }

    pub(crate) fn plan(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Plan { field: field.into(), problem: problem.into() }
    }
}
