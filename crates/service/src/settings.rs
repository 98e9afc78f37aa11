//! 環境設定情報更新: the sheet, the confirmation, the update and its history.

use crate::operation::{Service, Session};
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::Right;
use madoguchi_model::audit::{Action, Outcome};
use madoguchi_model::day::Timestamp;
use madoguchi_model::field::FieldError;
use madoguchi_model::id::ChangeId;
use madoguchi_model::institution::Institution;
use madoguchi_model::settings::{Setting, SettingChange, Settings};
use madoguchi_store::settings::RecordedChange;
use sha2::{Digest, Sha256};

/// Changes that the history shows at most.
const HISTORY_ROWS_MAX: u32 = 500;

/// The settings of an institution as the screen shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsSheet {
    /// The institution.
    pub institution: Institution,
    /// Its settings now.
    pub settings: Settings,
    /// Tells whether somebody changed them between the screen and the update.
    pub version: i64,
}

/// One row of 環境設定情報変更履歴.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// When.
    pub at: Timestamp,
    /// By which user ID.
    pub user: String,
    /// What, from and to.
    pub change: SettingChange,
}

impl Service {
    /// The settings as they are now.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn settings(&self, session: &Session) -> Result<SettingsSheet, Refusal> {
        self.require(session, Right::UpdateSettings).await?;
        self.sheet(session).await
    }

    /// The settings as they are now, for a program of the institution (OQSsiinq01).
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn inquire_settings(&self, session: &Session) -> Result<SettingsSheet, Refusal> {
        self.require(session, Right::InquireSettings).await?;
        self.sheet(session).await
    }

    /// Changes single settings and leaves the rest (OQSsiupd01). Only an administrator may; a program's account is
    /// refused like everyone else without the right.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Invalid`] names every setting that this institution's kind does not have.
    pub async fn change_settings(
        &self,
        session: &Session,
        changes: &[(Setting, &str)],
    ) -> Result<Vec<SettingChange>, Refusal> {
        let sheet = self.settings(session).await?;
        let form: Vec<_> =
            changes.iter().map(|(setting, value)| (setting.code().to_owned(), (*value).to_owned())).collect();
        let foreign = changes.iter().filter(|(setting, _)| !setting.applies_to(&session.institution));
        let foreign: Vec<_> =
            foreign.map(|(setting, _)| FieldError::new(setting.label(), "この種類の医療機関等にある項目")).collect();
        let previewed = if foreign.is_empty() {
            self.preview_settings(&sheet, &form)
        } else {
            Err(Reason::Invalid(foreign).into())
        };
        let (new, _) = self.written_down(session, Action::UpdateSettings, previewed).await?;
        self.update_settings(session, &new, sheet.version).await
    }

    async fn sheet(&self, session: &Session) -> Result<SettingsSheet, Refusal> {
        let settings = self.0.store.read().settings(&session.institution.code).await?;
        let version = version(&settings);
        Ok(SettingsSheet { institution: session.institution.clone(), settings, version })
    }

    /// What a filled form would change. Only the settings of this institution's screen are read.
    ///
    /// # Errors
    /// [`Reason::Invalid`] names every wrong field.
    pub fn preview_settings(
        &self,
        sheet: &SettingsSheet,
        form: &[(String, String)],
    ) -> Result<(Settings, Vec<SettingChange>), Refusal> {
        let mut new = sheet.settings.clone();
        let mut wrong = Vec::new();
        for setting in Setting::ALL.into_iter().filter(|setting| setting.applies_to(&sheet.institution)) {
            if let Some((_, value)) = form.iter().find(|(name, _)| name == setting.code())
                && let Err(error) = new.set(setting, value)
            {
                wrong.push(error);
            }
        }
        if !wrong.is_empty() {
            return Err(Reason::Invalid(wrong).into());
        }
        let changes = sheet.settings.changes_to(&new);
        Ok((new, changes))
    }

    /// Stores new settings with who changed what; 利用しない counts from this moment on.
    ///
    /// # Errors
    /// [`Reason::NoRight`]; [`Reason::Conflict`] when somebody else changed them since `version_seen`.
    pub async fn update_settings(
        &self,
        session: &Session,
        new: &Settings,
        version_seen: i64,
    ) -> Result<Vec<SettingChange>, Refusal> {
        let result = self.store_settings(session, new, version_seen).await;
        self.written_down(session, Action::UpdateSettings, result).await
    }

    async fn store_settings(
        &self,
        session: &Session,
        new: &Settings,
        version_seen: i64,
    ) -> Result<Vec<SettingChange>, Refusal> {
        self.require(session, Right::UpdateSettings).await?;
        let ids: [[u8; 10]; Setting::ALL.len()] = self.random_each()?;
        let (session, new) = (session.clone(), new.clone());
        let updated = self.0.store.write_or_repeat("settings.update", async move |tx| -> Result<_, Refusal> {
            let code = &session.institution.code;
            let current = tx.settings(code).await?;
            if version(&current) != version_seen {
                return Err(Reason::Conflict("環境設定情報").into());
            }
            let changes = applicable(&session.institution, current.changes_to(&new));
            for (change, random) in changes.iter().zip(ids) {
                let recorded = RecordedChange {
                    id: ChangeId::new(session.now(), random),
                    at: session.now(),
                    user: session.user.clone(),
                    change: change.clone(),
                };
                tx.change_setting(code, &recorded).await?;
            }
            tx.audit(session.draft(Action::UpdateSettings, Outcome::Done, "", words(&changes))).await?;
            Ok(changes)
        });
        updated.await
    }

    /// Who changed what, newest first.
    ///
    /// # Errors
    /// [`Reason::NoRight`].
    pub async fn setting_history(&self, session: &Session) -> Result<Vec<HistoryRow>, Refusal> {
        self.require(session, Right::UpdateSettings).await?;
        let rows = self.0.store.read().setting_changes(&session.institution.code, HISTORY_ROWS_MAX).await?;
        let row = |recorded: RecordedChange| HistoryRow {
            at: recorded.at,
            user: recorded.user.as_str().to_owned(),
            change: recorded.change,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

fn applicable(institution: &Institution, changes: Vec<SettingChange>) -> Vec<SettingChange> {
    changes.into_iter().filter(|change| change.setting.applies_to(institution)).collect()
}

fn words(changes: &[SettingChange]) -> String {
    let word = |change: &SettingChange| format!("{}:{}>{}", change.setting.code(), change.from, change.to);
    changes.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The same number for the same settings.
fn version(settings: &Settings) -> i64 {
    let mut hasher = Sha256::new();
    for setting in Setting::ALL {
        hasher.update(setting.code());
        hasher.update([0]);
        hasher.update(settings.value(setting));
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(6).fold(0, |number, byte| number << 8 | i64::from(*byte))
}
