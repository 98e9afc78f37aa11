//! Any request, read by the id that its file's name or its path gives.

use crate::message::envelope::{EligibilityRequestHeader, FileIdentifier, RequestHeader, ResultRequestHeader};
use crate::message::fetch::FetchRequestHeader;
use crate::message::field::Role;
use crate::message::id::MessageId;
use crate::message::problem::Problem;
use crate::message::{bulk, checkup, eligibility, institution, records, reference, settings};

/// What every header of a request tells.
trait Header {
    fn institution(&self) -> &str;
    fn identifier(&self) -> Option<&FileIdentifier>;
}

macro_rules! headers {
    ($($header:ty: $identifier:expr;)+) => {$(
        impl Header for $header {
            fn institution(&self) -> &str {
                self.institution.as_str()
            }

            fn identifier(&self) -> Option<&FileIdentifier> {
                let identifier: fn(&Self) -> Option<&FileIdentifier> = $identifier;
                identifier(self)
            }
        }
    )+};
}

headers! {
    RequestHeader: |header| header.identifier.as_ref();
    EligibilityRequestHeader: |header| header.identifier.as_ref();
    FetchRequestHeader: |header| header.identifier.as_ref();
    ResultRequestHeader: |_| None;
}

macro_rules! requests {
    ($($name:ident($message:ty);)+) => {
        /// A request of any kind, whose elements all fit.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(clippy::large_enum_variant, reason = "a request is moved once or twice, never kept in numbers")]
        pub enum Request { $(
            #[doc = concat!("[`MessageId::", stringify!($name), "`].")]
            $name($message),
        )+ }

        impl Request {
            /// Reads a request file.
            ///
            /// # Errors
            /// Its form, or all wrong elements at once.
            pub fn from_xml(id: MessageId, bytes: &[u8]) -> Result<Self, Problem> {
                match id { $(
                    MessageId::$name => <$message>::from_xml(bytes, Role::Request).map(Self::$name),
                )+ }
            }

            /// Reads a JSON request.
            ///
            /// # Errors
            /// Its form, or all wrong elements at once.
            pub fn from_json(id: MessageId, bytes: &[u8]) -> Result<Self, Problem> {
                match id { $(
                    MessageId::$name => <$message>::from_json(bytes, Role::Request).map(Self::$name),
                )+ }
            }

            /// Which request it is.
            #[must_use]
            pub fn id(&self) -> MessageId {
                match self { $(Self::$name(_) => MessageId::$name,)+ }
            }

            /// Who says to ask: 医療機関コード of the header.
            #[must_use]
            pub fn institution(&self) -> &str {
                match self { $(Self::$name(message) => message.header.institution(),)+ }
            }

            /// The client's own mark, to be given back.
            #[must_use]
            pub fn identifier(&self) -> Option<&FileIdentifier> {
                match self { $(Self::$name(message) => message.header.identifier(),)+ }
            }
        }
    };
}

requests! {
    Eligibility(eligibility::Request);
    ReferenceNumber(reference::Request);
    BulkEligibility(bulk::EligibilityRequest);
    BulkEligibilityResult(bulk::ResultRequest);
    BulkReferenceNumber(bulk::ReferenceRequest);
    BulkReferenceNumberResult(bulk::ResultRequest);
    Assistance(bulk::AssistanceRequest);
    AssistanceResult(bulk::ResultRequest);
    HomeVisits(bulk::HomeVisitsRequest);
    HomeVisitsResult(bulk::ResultRequest);
    OnlineCare(bulk::OnlineCareRequest);
    OnlineCareResult(bulk::ResultRequest);
    HomeVisitEligibility(eligibility::Request);
    OnlineEligibility(eligibility::Request);
    ConsentRevocation(institution::RevocationRequest);
    AccessUrl(institution::UrlRequest);
    SettingsInquiry(settings::InquiryRequest);
    SettingsUpdate(settings::UpdateRequest);
    Records(records::Request);
    Checkups(checkup::Request);
}
