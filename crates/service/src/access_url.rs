//! The addresses at which patients open an institution's reception of 訪問診療等 and オンライン診療等 (アクセスURL).
//!
//! The operator registers them, because the reception itself is not a part of the product; programs of the institution
//! fetch them to show or print them.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::code::{Code, UrlKind};
use madoguchi_model::field::FieldError;
use madoguchi_model::institution::InstitutionCode;
use madoguchi_model::settings::{Setting, USED};
use madoguchi_store::Tx;

/// Characters of an address: it must fit into a QR code that a phone reads from paper.
pub const URL_CHARACTERS_MAX: usize = 500;

impl Service {
    /// The address for patients of this kind of care, as long as the institution uses it.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::NotUsed`]; [`Reason::NoAccessUrl`].
    pub async fn access_url(&self, session: &Session, kind: UrlKind) -> Result<String, Refusal> {
        let found = self.find_access_url(session, kind).await;
        let url = self.written_down(session, Action::FetchAccessUrl, found).await?;
        let detail = format!("kind={}", kind.code());
        self.0.store.append(session.draft(Action::FetchAccessUrl, Outcome::Done, "", detail)).await?;
        Ok(url)
    }

    async fn find_access_url(&self, session: &Session, kind: UrlKind) -> Result<String, Refusal> {
        self.require(session, Right::InquireSettings).await?;
        let setting = match kind {
            UrlKind::HomeVisit => Setting::HomeVisits,
            UrlKind::Online => Setting::OnlineCare,
        };
        let institution = &session.institution.code;
        let mut tx = self.0.store.read();
        if tx.settings(institution).await?.value(setting) != USED {
            return Err(Reason::NotUsed(setting).into());
        }
        Ok(tx.access_url(institution, kind).await?.ok_or(Reason::NoAccessUrl)?)
    }

    /// Registers the address of an institution, or with `None` forgets it.
    ///
    /// # Errors
    /// [`Reason::Invalid`]; [`Reason::NotFound`] for an unknown institution.
    pub async fn put_access_url(
        &self,
        institution: &InstitutionCode,
        kind: UrlKind,
        url: Option<String>,
    ) -> Result<(), Refusal> {
        if url.as_deref().is_some_and(|url| !is_address(url)) {
            return Err(FieldError::new("アクセスURL", "「https://」で始まる半角500文字以内").into());
        }
        self.0.store.read().institution(institution).await?.ok_or(Reason::NotFound("この医療機関等"))?;
        let detail = format!("institution={institution} access_url={} set={}", kind.code(), u8::from(url.is_some()));
        let draft = self.operator_draft(Action::ChangeInstitution, detail);
        let code = institution.clone();
        let write = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.put_access_url(&code, kind, url.as_deref()).await?;
            tx.audit(draft).await?;
            Ok(())
        };
        self.0.store.write("institution.access_url", write).await
    }
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    !rest.is_empty() && url.len() <= URL_CHARACTERS_MAX && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_short() {
        for (url, expected) in [
            ("https://visit.example.jp/1312345678", true),
            ("http://visit.example.jp/", false),
            ("https://", false),
            ("https://a b", false),
            ("https://例え.jp", false),
        ] {
            assert_eq!(is_address(url), expected, "{url}");
        }
        let long = |length: usize| format!("https://{}", "a".repeat(length - 8));
        assert!(is_address(&long(URL_CHARACTERS_MAX)) && !is_address(&long(URL_CHARACTERS_MAX + 1)));
    }
}
