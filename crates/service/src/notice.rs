//! Notices (お知らせ): listed at the screens, published by the operator.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Draft, Outcome};
use madoguchi_model::id::NoticeId;
use madoguchi_model::notice::{Audience, Notice};

/// Notices that a list shows at most.
const LISTED_MAX: u32 = 100;

/// A notice in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNotice {
    /// The notice.
    pub notice: Notice,
    /// Whether this account has closed it already.
    pub read: bool,
}

impl Service {
    /// The notices for this account, newest first.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn notices(&self, session: &Session) -> Result<Vec<ListedNotice>, Refusal> {
        self.require(session, Right::UseOwnAccount).await?;
        let mut tx = self.0.store.read();
        let notices = tx.notices_for(&session.institution, LISTED_MAX).await?;
        let read = tx.notices_read_by(&session.institution.code, &session.user).await?;
        let listed = |notice: Notice| ListedNotice { read: read.contains(&notice.id), notice };
        Ok(notices.into_iter().map(listed).collect())
    }

    /// Whether the list opens by itself after the log-in.
    ///
    /// # Errors
    /// Only when the store cannot be read.
    pub async fn has_unread_notices(&self, session: &Session) -> Result<bool, Refusal> {
        if !session.kind.may(Right::UseOwnAccount) {
            return Ok(false);
        }
        Ok(self.notices(session).await?.iter().any(|listed| !listed.read))
    }

    /// Notes that this account has closed these notices.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn mark_notices_read(&self, session: &Session, ids: &[NoticeId]) -> Result<(), Refusal> {
        self.require(session, Right::UseOwnAccount).await?;
        let listed = self.notices(session).await?;
        let unread: Vec<NoticeId> = listed
            .iter()
            .filter(|listed| !listed.read && ids.contains(&listed.notice.id))
            .map(|listed| listed.notice.id)
            .collect();
        let (code, user, now) = (session.institution.code.clone(), session.user.clone(), session.now());
        let marked = self.0.store.write_or_repeat("notice.read", async move |tx| -> Result<(), Refusal> {
            for id in unread {
                tx.mark_notice_read(&code, &user, id, now).await?;
            }
            Ok(())
        });
        marked.await
    }

    /// Publishes a notice (the operator's verb).
    ///
    /// # Errors
    /// [`Reason::Invalid`] for a title or text that is empty or too long.
    pub async fn publish_notice(&self, audience: Audience, title: &str, text: &str) -> Result<Notice, Refusal> {
        let now = self.now();
        let notice = Notice::new(NoticeId::new(now, self.random()?), now, audience, title, text)?;
        let draft = self.operator_draft(Action::ChangeNotice, format!("published={}", notice.id.to_hex()));
        let stored = notice.clone();
        let published = self.0.store.write("notice.publish", async move |tx| -> Result<(), Refusal> {
            tx.insert_notice(&stored).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        published.await?;
        Ok(notice)
    }

    /// Withdraws a notice (the operator's verb).
    ///
    /// # Errors
    /// [`Reason::NotFound`] when there is none that is still published.
    pub async fn withdraw_notice(&self, id: NoticeId) -> Result<(), Refusal> {
        let now = self.now();
        let draft = self.operator_draft(Action::ChangeNotice, format!("withdrawn={}", id.to_hex()));
        let withdrawn = self.0.store.write("notice.withdraw", async move |tx| -> Result<(), Refusal> {
            if !tx.withdraw_notice(id, now).await? {
                return Err(Reason::NotFound("このお知らせ").into());
            }
            tx.audit(draft).await?;
            Ok(())
        });
        withdrawn.await
    }

    /// All notices, also withdrawn ones (the operator's verb).
    ///
    /// # Errors
    /// Only when the store cannot be read.
    pub async fn all_notices(&self) -> Result<Vec<Notice>, Refusal> {
        Ok(self.0.store.read().notices(LISTED_MAX).await?)
    }

    /// An audit draft of the operator at the shell, who has no terminal and no user ID.
    #[must_use]
    pub fn operator_draft(&self, action: Action, detail: String) -> Draft {
        Draft {
            at: self.now(),
            institution: String::new(),
            user: String::new(),
            terminal: String::new(),
            action,
            outcome: Outcome::Done,
            subject: String::new(),
            detail,
        }
    }
}
