//! The name of a process and the end of its audit chain.
//!
//! Only the writer of a process seals entries, so sequence and previous hash are known without asking the database.

use madoguchi_model::audit::{Draft, Entry, Head};

use crate::{Error, Result};

/// The name of a server process: its audit entries form one chain of this name. Two processes must not share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessName(String);

impl ProcessName {
    /// Reads 1 to 40 lower-case letters, digits and hyphens.
    ///
    /// # Errors
    /// [`Error::ProcessName`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 40 || !text.bytes().all(allowed) {
            return Err(Error::ProcessName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The chain as the writer holds it, possibly ahead of the last commit.
#[derive(Clone)]
pub(crate) struct Chain {
    process: ProcessName,
    head: Head,
}

impl Chain {
    pub(crate) fn new(process: ProcessName) -> Self {
        Self { process, head: Head::EMPTY }
    }

    pub(crate) fn head(&self) -> Head {
        self.head.clone()
    }

    pub(crate) fn go_to(&mut self, head: Head) {
        self.head = head;
    }

    pub(crate) fn seal(&mut self, draft: Draft) -> Entry {
        self.head.seal(self.process.as_str(), draft)
    }
}
