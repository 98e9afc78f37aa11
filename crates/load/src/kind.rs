//! What a client may ask for.

use serde::{Deserialize, Serialize};

/// One kind of request, as the plan names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 資格確認 by numbers (OQSsiquc01) over the Web API, JSON.
    Check,
    /// The same as a request file of the folder agent, XML.
    CheckXml,
    /// A whole pass at the card reader: begin, card with signature, answers with consent.
    Card,
    /// 診療・薬剤情報 (YZKsiquc01, category 4) over the Web API, JSON.
    RecordsJson,
    /// The same as a request file of the folder agent, XML.
    RecordsXml,
    /// 特定健診情報 (TKKsiquc01, category 2) as a request file of the folder agent, XML.
    CheckupsXml,
    /// The list of six months of care at the viewer's screen.
    RecordsHtml,
    /// The same list printed.
    RecordsPdf,
    /// An upload of 一括照会 (OQSmuquc01) over the Web API, answered with its reception number.
    Bulk,
    /// A log-in at the Web API.
    LogIn,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Check,
        Self::CheckXml,
        Self::Card,
        Self::RecordsJson,
        Self::RecordsXml,
        Self::CheckupsXml,
        Self::RecordsHtml,
        Self::RecordsPdf,
        Self::Bulk,
        Self::LogIn,
    ];

    /// The word of the plan and of the tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::CheckXml => "check-xml",
            Self::Card => "card",
            Self::RecordsJson => "records-json",
            Self::RecordsXml => "records-xml",
            Self::CheckupsXml => "checkups-xml",
            Self::RecordsHtml => "records-html",
            Self::RecordsPdf => "records-pdf",
            Self::Bulk => "bulk",
            Self::LogIn => "log-in",
        }
    }

    /// Whether it asks for a person's records, which takes the person's consent.
    #[must_use]
    pub const fn is_view(self) -> bool {
        matches!(self, Self::RecordsJson | Self::RecordsXml | Self::CheckupsXml | Self::RecordsHtml | Self::RecordsPdf)
    }

    /// Whether it is a screen of people, not a message of a program.
    pub(crate) const fn is_screen(self) -> bool {
        matches!(self, Self::RecordsHtml | Self::RecordsPdf)
    }

    /// Whether it takes the Web API's token.
    pub(crate) const fn is_api(self) -> bool {
        matches!(self, Self::Check | Self::RecordsJson | Self::Bulk)
    }

    /// Whether it takes the folder agent's token.
    pub(crate) const fn is_agent(self) -> bool {
        matches!(self, Self::CheckXml | Self::RecordsXml | Self::CheckupsXml)
    }

    /// Whether it asks for somebody of the whole population.
    pub(crate) const fn asks_for_anyone(self) -> bool {
        matches!(self, Self::Check | Self::CheckXml | Self::Bulk)
    }
}
