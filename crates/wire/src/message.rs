//! The messages of OQS, YZK and TKK (電文), as XML files and as JSON.
//!
//! Each message is described once ([`field`]): from that come the struct, both readers, both writers, the checks, and
//! the documents under `docs/messages`. Readers take order and unknown elements as they come, are bounded, and name all
//! wrong elements at once. They conclude nothing: what a request means is up to `madoguchi-service`.

pub mod bulk;
pub mod catalogue;
mod charset;
pub mod checkup;
pub mod eligibility;
pub mod envelope;
pub mod explain;
pub mod failure;
pub mod fetch;
pub mod field;
mod id;
pub mod institution;
mod json;
mod kana;
pub mod leaf;
mod limits;
pub mod node;
mod numbers;
mod problem;
pub mod records;
pub mod reference;
mod request;
pub mod settings;
mod xml;
mod zipped;

pub use crate::message::envelope::XmlMsg;
pub use crate::message::failure::{Echo, Failure, failure};
pub use crate::message::field::{Role, WrongElement};
pub use crate::message::id::{MessageId, Step};
pub use crate::message::problem::Problem;
pub use crate::message::request::Request;
pub use crate::message::zipped::zipped;
pub use madoguchi_model::code::CharacterCode;

/// Whether the bytes are a whole XML file: well-formed in the character set that it declares, and within the bounds of
/// a request.
#[must_use]
pub fn is_complete(bytes: &[u8]) -> bool {
    xml::parse(bytes, &limits::Limits::of(Role::Request)).is_ok()
}
