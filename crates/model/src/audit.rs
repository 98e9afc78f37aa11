//! The audit log (監査ログ): every look on record, chained by hashes.
//!
//! Each server process has one chain. An entry's hash covers all its fields and the hash before it,
//! so a changed, missing or inserted entry breaks the chain at a place that can be named. Signed
//! heads (made elsewhere) show a tail that was cut.

use crate::day::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes of a detail text at most.
pub const DETAIL_BYTES_MAX: usize = 2_000;

/// What was done (操作).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// ログイン.
    LogIn,
    /// ログアウト.
    LogOut,
    /// A request without a right (権限のない操作).
    Refuse,
    /// Password changed by its owner.
    ChangePassword,
    /// Account created.
    CreateAccount,
    /// Account stopped or started again.
    ChangeAccount,
    /// パスワード初期化.
    InitialisePassword,
    /// Master password reset with the secret number.
    ResetMaster,
    /// 環境設定情報更新.
    UpdateSettings,
    /// A card passed the reader (本人確認).
    PassCard,
    /// 資格確認 answered.
    CheckEligibility,
    /// 照会番号 registered.
    RegisterReferenceNumber,
    /// 資格確認結果一覧 or one of its lines shown.
    ListChecks,
    /// A result of the reader handed to the institution's program.
    FetchFace,
    /// A bulk upload accepted (一括照会の受付).
    AcceptBulk,
    /// A bulk upload given up.
    AnswerBulk,
    /// Results of a bulk upload fetched.
    FetchBulk,
    /// The address for patients, with its QR code, given to a program.
    FetchAccessUrl,
    /// 閲覧同意 stored.
    GrantConsent,
    /// 閲覧同意 withdrawn.
    WithdrawConsent,
    /// 同意取得済み患者一覧 shown.
    ListConsents,
    /// 患者情報詳細 shown.
    OpenPatient,
    /// A list of past care shown on the screen.
    ViewRecords,
    /// A list of past care made as PDF.
    PrintRecords,
    /// Past care given to a program (file or API).
    FetchRecords,
    /// A claims file taken.
    IngestClaims,
    /// A file of check-ups taken.
    IngestCheckups,
    /// A coverage file taken.
    IngestCoverage,
    /// A list of prescriptions and dispensings taken.
    IngestPrescriptions,
    /// A master file taken.
    IngestMaster,
    /// An institution registered or changed by the operator.
    ChangeInstitution,
    /// A notice published or withdrawn.
    ChangeNotice,
    /// The process started.
    Start,
    /// The process stopped in order.
    Stop,
}

/// How it ended (結果).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Done,
    /// Refused.
    Refused,
}

/// What an entry will say, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// When, by the product's clock.
    pub at: Timestamp,
    /// 医療機関コード of the asking side; empty for the operator.
    pub institution: String,
    /// User ID or the operator's verb; empty when nobody was known.
    pub user: String,
    /// Serial of the client certificate (hex); empty for the operator.
    pub terminal: String,
    /// What was done.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Whose data: the person id as hex, a hash of what was asked for on a miss, or empty.
    pub subject: String,
    /// Kind, range, decision and their ids as `key=value` words; never names or numbers of patients.
    pub detail: String,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The chain: one per server process.
    pub process: String,
    /// Place in the chain, from 1, without gaps.
    pub sequence: i64,
    /// What it says.
    pub draft: Draft,
    /// Hash of the entry before; 32 zero bytes for the first.
    pub previous: Hash,
    /// Hash of this entry.
    pub hash: Hash,
}

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// The head of a chain: where the next entry goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last entry, 0 when there is none.
    pub sequence: i64,
    /// Hash of the last entry.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty chain.
    pub const EMPTY: Self = Self { sequence: 0, hash: [0; 32] };

    /// Gives a draft the next place, and moves the head there.
    #[must_use]
    pub fn seal(&mut self, process: &str, mut draft: Draft) -> Entry {
        truncate(&mut draft.detail, DETAIL_BYTES_MAX);
        let sequence = self.sequence + 1;
        let hash = entry_hash(process, sequence, &self.hash, &draft);
        let previous = std::mem::replace(&mut self.hash, hash);
        self.sequence = sequence;
        Entry { process: process.to_owned(), sequence, draft, previous, hash }
    }
}

/// What is wrong in a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A place in the chain is empty.
    #[error("{process}：{sequence}番の記録がありません")]
    Missing {
        /// The chain.
        process: String,
        /// The empty place.
        sequence: i64,
    },
    /// An entry's content does not fit its hash.
    #[error("{process}：{sequence}番の記録が書き換えられています")]
    Changed {
        /// The chain.
        process: String,
        /// The place.
        sequence: i64,
    },
    /// An entry does not follow the one before it.
    #[error("{process}：{sequence}番の記録が前の記録につながりません（挿入または差し替え）")]
    Unlinked {
        /// The chain.
        process: String,
        /// The place.
        sequence: i64,
    },
}

/// Walks a chain entry by entry.
#[derive(Debug)]
pub struct Verifier {
    process: String,
    head: Head,
}

impl Verifier {
    /// At the beginning of a chain.
    #[must_use]
    pub fn new(process: &str) -> Self {
        Self { process: process.to_owned(), head: Head::EMPTY }
    }

    /// Checks the next entry in order.
    ///
    /// # Errors
    /// The first thing that is wrong with it; the walk cannot go on after that.
    pub fn check(&mut self, entry: &Entry) -> Result<(), Finding> {
        let (process, expected) = (self.process.clone(), self.head.sequence + 1);
        if entry.sequence > expected {
            return Err(Finding::Missing { process, sequence: expected });
        }
        if entry.sequence < expected || entry.previous != self.head.hash {
            return Err(Finding::Unlinked { process, sequence: entry.sequence });
        }
        if entry_hash(&entry.process, entry.sequence, &entry.previous, &entry.draft) != entry.hash {
            return Err(Finding::Changed { process, sequence: entry.sequence });
        }
        self.head = Head { sequence: entry.sequence, hash: entry.hash };
        Ok(())
    }

    /// Where the walk stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }
}

fn entry_hash(process: &str, sequence: i64, previous: &Hash, draft: &Draft) -> Hash {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    field(b"madoguchi-audit-1");
    field(process.as_bytes());
    field(&sequence.to_be_bytes());
    field(previous);
    field(&draft.at.micros().to_be_bytes());
    for text in [&draft.institution, &draft.user, &draft.terminal] {
        field(text.as_bytes());
    }
    field(draft.action.word().as_bytes());
    field(draft.outcome.word().as_bytes());
    field(draft.subject.as_bytes());
    field(draft.detail.as_bytes());
    hasher.finalize().into()
}

fn truncate(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal, $label:literal;)+ }) => {
        impl $type {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word in the store and in exports.
            #[must_use]
            pub const fn word(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
            /// From [`Self::word`].
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)+ _ => None } }
            /// The Japanese text.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label),+ } }
        }
    };
}

words!(Action {
    LogIn = "log_in", "ログイン";
    LogOut = "log_out", "ログアウト";
    Refuse = "refuse", "拒否";
    ChangePassword = "change_password", "パスワード変更";
    CreateAccount = "create_account", "アカウント作成";
    ChangeAccount = "change_account", "アカウント変更";
    InitialisePassword = "initialise_password", "パスワード初期化";
    ResetMaster = "reset_master", "マスタアカウントのリセット";
    UpdateSettings = "update_settings", "環境設定情報更新";
    PassCard = "pass_card", "カードによる本人確認";
    CheckEligibility = "check_eligibility", "資格確認";
    RegisterReferenceNumber = "register_reference_number", "照会番号登録";
    ListChecks = "list_checks", "資格確認結果一覧の表示";
    FetchFace = "fetch_face", "顔認証の結果の取得";
    AcceptBulk = "accept_bulk", "一括照会の受付";
    AnswerBulk = "answer_bulk", "一括照会の処理";
    FetchBulk = "fetch_bulk", "一括照会の結果の取得";
    FetchAccessUrl = "fetch_access_url", "アクセスURLの取得";
    GrantConsent = "grant_consent", "閲覧同意の登録";
    WithdrawConsent = "withdraw_consent", "閲覧同意の取消";
    ListConsents = "list_consents", "同意取得済み患者一覧の表示";
    OpenPatient = "open_patient", "患者情報詳細の表示";
    ViewRecords = "view_records", "診療等情報の閲覧";
    PrintRecords = "print_records", "診療等情報の印刷";
    FetchRecords = "fetch_records", "診療等情報の取得（プログラム）";
    IngestClaims = "ingest_claims", "レセプトの取込";
    IngestCheckups = "ingest_checkups", "特定健診の取込";
    IngestCoverage = "ingest_coverage", "資格情報の取込";
    IngestPrescriptions = "ingest_prescriptions", "処方・調剤情報の取込";
    IngestMaster = "ingest_master", "マスターの取込";
    ChangeInstitution = "change_institution", "医療機関等の登録";
    ChangeNotice = "change_notice", "お知らせの変更";
    Start = "start", "起動";
    Stop = "stop", "停止";
});

words!(Outcome {
    Done = "done", "完了";
    Refused = "refused", "拒否";
});

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(number: i64) -> Draft {
        Draft {
            at: Timestamp::from_micros(number),
            institution: "1312345678".to_owned(),
            user: "viewer01".to_owned(),
            terminal: "0a".to_owned(),
            action: Action::ViewRecords,
            outcome: Outcome::Done,
            subject: "00".to_owned(),
            detail: format!("row={number}"),
        }
    }

    fn chain(length: i64) -> Vec<Entry> {
        let mut head = Head::EMPTY;
        (1..=length).map(|number| head.seal("server-1", draft(number))).collect()
    }

    fn walk(entries: &[Entry]) -> Result<Head, Finding> {
        let mut verifier = Verifier::new("server-1");
        for entry in entries {
            verifier.check(entry)?;
        }
        Ok(verifier.head().clone())
    }

    #[test]
    fn a_whole_chain_verifies_and_every_harm_is_named() {
        let good = chain(5);
        assert_eq!(walk(&good).unwrap().sequence, 5);

        let mut changed = good.clone();
        changed[2].draft.detail = "row=99".to_owned();
        assert_eq!(walk(&changed), Err(Finding::Changed { process: "server-1".to_owned(), sequence: 3 }));

        let mut missing = good.clone();
        missing.remove(1);
        assert_eq!(walk(&missing), Err(Finding::Missing { process: "server-1".to_owned(), sequence: 2 }));

        let mut inserted = good.clone();
        inserted.insert(2, good[1].clone());
        assert_eq!(walk(&inserted), Err(Finding::Unlinked { process: "server-1".to_owned(), sequence: 2 }));

        let mut resealed = good.clone();
        let mut head = Head { sequence: 2, hash: good[1].hash };
        resealed[2] = head.seal("server-1", draft(77));
        assert_eq!(walk(&resealed), Err(Finding::Unlinked { process: "server-1".to_owned(), sequence: 4 }));
    }

    #[test]
    fn a_field_cannot_flow_into_its_neighbour() {
        let mut left = draft(1);
        let mut right = draft(1);
        left.user = "ab".to_owned();
        left.terminal = "c".to_owned();
        right.user = "a".to_owned();
        right.terminal = "bc".to_owned();
        assert_ne!(entry_hash("p", 1, &[0; 32], &left), entry_hash("p", 1, &[0; 32], &right));
    }

    #[test]
    fn words_come_back() {
        for action in Action::ALL {
            assert_eq!(Action::from_word(action.word()), Some(*action));
        }
    }

    #[test]
    fn long_details_are_cut_at_a_character() {
        let mut head = Head::EMPTY;
        let mut long = draft(1);
        long.detail = "あ".repeat(1_000);
        let entry = head.seal("p", long);
        assert!(entry.draft.detail.len() <= DETAIL_BYTES_MAX && entry.draft.detail.ends_with('あ'));
    }
}
