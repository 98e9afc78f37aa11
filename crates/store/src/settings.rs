//! What an institution has switched on (環境設定情報), and who changed it when.

use madoguchi_model::{
    account::UserId,
    day::Timestamp,
    id::ChangeId,
    institution::InstitutionCode,
    settings::{Setting, SettingChange, Settings},
};

use crate::{
    Error, Result, Tx,
    sql::Sql,
    value::{Row, values},
};

/// A change of a setting, with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedChange {
    /// Identity.
    pub id: ChangeId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub user: UserId,
    /// What, from and to.
    pub change: SettingChange,
}

impl Tx {
    /// The institution's settings as they are now; a setting that nobody changed has its default.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when a stored value is none.
    pub async fn settings(&mut self, institution: &InstitutionCode) -> Result<Settings> {
        const SQL: Sql = Sql::by_key("SELECT name, value FROM settings WHERE institution_code = $1");
        let mut settings = Settings::default();
        for (setting, value) in self.rows(SQL, &values![institution], setting).await? {
            let set = settings.set(setting, &value);
            set.map_err(|error| Error::corrupt("settings", setting.code(), institution.as_str(), error))?;
        }
        Ok(settings)
    }

    /// Changes one setting and keeps who did it.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the setting no longer has the value that the change begins with.
    pub async fn change_setting(&mut self, institution: &InstitutionCode, change: &RecordedChange) -> Result<()> {
        const SET: Sql = Sql::by_key(
            "INSERT INTO settings (institution_code, name, value) VALUES ($1, $2, $3)
             ON CONFLICT (institution_code, name) DO UPDATE SET value = excluded.value WHERE settings.value = $4",
        );
        const RECORD: Sql = Sql::by_key(
            "INSERT INTO setting_changes (institution_code, change_id, at, user_id, name, old_value, new_value)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let RecordedChange { id, at, user, change: SettingChange { setting, from, to } } = change;
        if self.execute(SET, &values![institution, setting.code(), to, from]).await? == 0 {
            return Err(Error::Conflict("the setting was changed in the meantime".into()));
        }
        self.execute(RECORD, &values![institution, *id, *at, user, setting.code(), from, to]).await?;
        Ok(())
    }

    /// The latest changes of an institution's settings, newest first.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn setting_changes(&mut self, institution: &InstitutionCode, limit: u32) -> Result<Vec<RecordedChange>> {
        const SQL: Sql = Sql::by_key(
            "SELECT change_id, at, user_id, name, old_value, new_value FROM setting_changes
             WHERE institution_code = $1 ORDER BY at DESC, change_id DESC LIMIT $2",
        );
        self.rows(SQL, &values![institution, limit], recorded_change).await
    }
}

fn setting(row: &Row<'_>) -> Result<(Setting, String)> {
    Ok((row.known(0, Setting::from_code(row.text(0)?))?, row.string(1)?))
}

fn recorded_change(row: &Row<'_>) -> Result<RecordedChange> {
    let setting = row.known(3, Setting::from_code(row.text(3)?))?;
    Ok(RecordedChange {
        id: row.id(0, ChangeId::from_bytes)?,
        at: row.instant(1)?,
        user: row.user(2)?,
        change: SettingChange { setting, from: row.string(4)?, to: row.string(5)? },
    })
}
