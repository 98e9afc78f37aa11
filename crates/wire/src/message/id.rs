//! Message ids (電文ID) and the names of the files that carry them.

/// Characters of the part of a file's name that the client chooses.
const CLIENT_PART_CHARACTERS_MAX: usize = 100;

/// How a message is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// At once.
    Single,
    /// With a reception number (受付); the result is fetched later.
    Acceptance,
    /// With the result of a reception number, or that it is not ready yet.
    Result,
}

macro_rules! messages {
    ($($name:ident = $id:literal $step:ident $label:literal;)+) => {
        /// A message: what it is about, whatever its direction (電文).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageId { $(
            #[doc = concat!($label, " (`", $id, "`).")]
            $name,
        )+ }

        impl MessageId {
            /// All messages in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The id without its direction, as `OQSsiquc01`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }

            /// What it is for, in Japanese.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }

            /// How it is answered.
            #[must_use]
            pub const fn step(self) -> Step {
                match self { $(Self::$name => Step::$step),+ }
            }
        }
    };
}

messages! {
    Eligibility = "OQSsiquc01" Single "資格確認";
    ReferenceNumber = "OQSsiimm01" Single "照会番号登録";
    BulkEligibility = "OQSmuquc01" Acceptance "資格確認の一括照会（受付）";
    BulkEligibilityResult = "OQSmuquc02" Result "資格確認の一括照会（結果取得）";
    BulkReferenceNumber = "OQSmuimm01" Acceptance "照会番号の一括登録（受付）";
    BulkReferenceNumberResult = "OQSmuimm02" Result "照会番号の一括登録（結果取得）";
    Assistance = "OQSmutic01" Acceptance "医療扶助の委託対象者一括取得（受付）";
    AssistanceResult = "OQSmutic02" Result "医療扶助の委託対象者一括取得（結果取得）";
    HomeVisits = "OQSmuhvq01" Acceptance "訪問診療等の同意者一括取得（受付）";
    HomeVisitsResult = "OQSmuhvq02" Result "訪問診療等の同意者一括取得（結果取得）";
    OnlineCare = "OQSmuonq01" Acceptance "オンライン診療等の同意者一括取得（受付）";
    OnlineCareResult = "OQSmuonq02" Result "オンライン診療等の同意者一括取得（結果取得）";
    HomeVisitEligibility = "OQSsihvq01" Single "資格確認（訪問診療等）";
    OnlineEligibility = "OQSsionq01" Single "資格確認（オンライン診療等）";
    ConsentRevocation = "OQSsihvd01" Single "閲覧同意の取消（訪問診療等）";
    AccessUrl = "OQSsiurl01" Single "アクセスURLの取得";
    SettingsInquiry = "OQSsiinq01" Single "環境設定情報の照会";
    SettingsUpdate = "OQSsiupd01" Single "環境設定情報の更新";
    Records = "YZKsiquc01" Single "薬剤・診療・手術情報の取得";
    Checkups = "TKKsiquc01" Single "特定健診情報の取得";
}

impl MessageId {
    /// Whether this version of the product answers the message with more than that it does not.
    #[must_use]
    pub const fn is_offered(self) -> bool {
        !matches!(self, Self::HomeVisitEligibility | Self::OnlineEligibility)
    }

    /// From [`MessageId::as_str`].
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|message| message.as_str() == id)
    }

    /// Message and client's part of a request file's name, `OQSsiquc01req_202611220001.xml`; `None` when it is not the
    /// name of a request that we know.
    #[must_use]
    pub fn of_request_file(name: &str) -> Option<(Self, &str)> {
        let (stem, extension) = name.rsplit_once('.')?;
        let (prefix, client) = stem.split_once('_')?;
        let id = Self::parse(prefix.strip_suffix("req")?)?;
        let plain = client.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let fits = plain && (1..=CLIENT_PART_CHARACTERS_MAX).contains(&client.len());
        (fits && extension.eq_ignore_ascii_case("xml")).then_some((id, client))
    }

    /// The name of a request file.
    #[must_use]
    pub fn request_file(self, client_part: &str) -> String {
        format!("{}req_{client_part}.xml", self.as_str())
    }

    /// The name of the answer: the request's with `res` for `req`.
    #[must_use]
    pub fn answer_file(self, client_part: &str, extension: &str) -> String {
        format!("{}res_{client_part}.{extension}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_request_files() {
        for id in MessageId::ALL {
            let name = id.request_file("20261122-0001_a");
            assert_eq!(MessageId::of_request_file(&name), Some((*id, "20261122-0001_a")));
        }
        assert_eq!(MessageId::of_request_file("OQSsiquc01req_1.XML"), Some((MessageId::Eligibility, "1")));
        assert_eq!(MessageId::Eligibility.answer_file("1_2", "xml"), "OQSsiquc01res_1_2.xml");
        assert_eq!(MessageId::Records.answer_file("1", "pdf"), "YZKsiquc01res_1.pdf");
        let long = format!("OQSsiquc01req_{}.xml", "1".repeat(CLIENT_PART_CHARACTERS_MAX + 1));
        for name in [
            "OQSsiquc01res_1.xml",
            "OQSsiquc01req.xml",
            "OQSsiquc01req_.xml",
            "OQSsiquc01req_1.txt",
            "OQSsiquc01req_1",
            "oqssiquc01req_1.xml",
            "EPSsiquc01req_1.xml",
            "OQSsiquc01req_患者.xml",
            "OQSsiquc01req_../1.xml",
            "OQSsiquc01req_1.xml.tmp.",
            "OQSsiquc01req_a b.xml",
            &long,
        ] {
            assert_eq!(MessageId::of_request_file(name), None, "{name}");
        }
    }
}
