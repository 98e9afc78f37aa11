//! What the operator does at the shell: institutions, the first accounts, cards.
//!
//! An institution begins with two accounts, as the real system's notice does: マスタアカウント and
//! マスタアカウントリセット用アカウント with its secret number. Everything else is made by people at the screens.

use crate::account::Issued;
use crate::operation::Service;
use crate::refusal::{Reason, Refusal};
use madoguchi_model::account::{AccountKind, UserId};
use madoguchi_model::audit::Action;
use madoguchi_model::id::PersonId;
use madoguchi_model::institution::{Institution, InstitutionCode};
use madoguchi_store::account::Account as StoredAccount;

/// Digits of a secret number (秘密番号).
const SECRET_DIGITS: usize = 12;

/// An account that is to exist with a given password (demonstrations).
#[derive(Clone)]
pub struct GivenAccount {
    /// Kind.
    pub kind: AccountKind,
    /// ユーザID.
    pub user: UserId,
    /// Its password, taken as it is and not to be changed at the first log-in.
    pub password: String,
    /// 秘密番号, for the reset account.
    pub secret_number: Option<String>,
}

/// The first accounts of an institution; the passwords are shown once.
#[derive(Clone)]
pub struct FirstAccounts {
    /// マスタアカウント.
    pub master: Issued,
    /// マスタアカウントリセット用アカウント.
    pub reset: Issued,
    /// 秘密番号.
    pub secret_number: String,
}

impl Service {
    /// Registers an institution, or what has changed about it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_institution(&self, institution: &Institution) -> Result<(), Refusal> {
        let institution = institution.clone();
        let draft = self.operator_draft(Action::ChangeInstitution, format!("institution={}", institution.code));
        let written = self.0.store.write("institution.put", async move |tx| -> Result<(), Refusal> {
            tx.put_institution(&institution).await?;
            tx.audit(draft).await?;
            Ok(())
        });
        written.await
    }

    /// All institutions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn institutions(&self) -> Result<Vec<Institution>, Refusal> {
        Ok(self.0.store.read().institutions().await?)
    }

    /// Makes the master and the reset account of an institution.
    ///
    /// # Errors
    /// [`Reason::NotFound`] for an unknown institution, [`Reason::Conflict`] when it has a master.
    pub async fn issue_first_accounts(&self, code: &InstitutionCode) -> Result<FirstAccounts, Refusal> {
        self.0.store.read().institution(code).await?.ok_or(Reason::NotFound("この医療機関等"))?;
        let now = self.now();
        let (master, master_issued) = self.new_account(code, AccountKind::Master, user_id("master01")?, now).await?;
        let (mut reset, reset_issued) =
            self.new_account(code, AccountKind::MasterReset, user_id("reset01")?, now).await?;
        let secret_number = self.secret_number()?;
        reset.secret_hash = Some(self.0.passwords.hash(secret_number.clone()).await?);
        self.insert_accounts(vec![master, reset]).await?;
        Ok(FirstAccounts { master: master_issued, reset: reset_issued, secret_number })
    }

    /// Makes accounts with given passwords, as demonstrations need them.
    ///
    /// # Errors
    /// [`Reason::Conflict`] when one of the user IDs exists.
    pub async fn put_given_accounts(&self, code: &InstitutionCode, given: Vec<GivenAccount>) -> Result<(), Refusal> {
        let mut accounts = Vec::with_capacity(given.len());
        for given in given {
            let mut account = self.account_with(code, given.kind, given.user, given.password, self.now()).await?;
            account.must_change_password = false;
            if let Some(number) = given.secret_number {
                account.secret_hash = Some(self.0.passwords.hash(number).await?);
            }
            accounts.push(account);
        }
        self.insert_accounts(accounts).await
    }

    /// Registers the certificate of a person's card (初回登録).
    ///
    /// # Errors
    /// [`Reason::Conflict`] when it belongs to another person.
    pub async fn register_card(&self, serial: &str, person: PersonId) -> Result<(), Refusal> {
        let (serial, now) = (serial.to_owned(), self.now());
        Ok(self.0.store.write("card.put", async move |tx| tx.put_card(&serial, person, now).await).await?)
    }

    async fn insert_accounts(&self, accounts: Vec<StoredAccount>) -> Result<(), Refusal> {
        let word = |account: &StoredAccount| format!("{}:{}", account.institution, account.user);
        let detail = format!("accounts={}", accounts.iter().map(word).collect::<Vec<_>>().join(","));
        let draft = self.operator_draft(Action::CreateAccount, detail);
        let written = self.0.store.write("account.put", async move |tx| -> Result<(), Refusal> {
            for account in &accounts {
                tx.insert_account(account).await?;
            }
            tx.audit(draft).await?;
            Ok(())
        });
        written.await
    }

    fn secret_number(&self) -> Result<String, Refusal> {
        let random: [u8; SECRET_DIGITS] = self.random()?;
        Ok(random.iter().map(|byte| char::from(b'0' + byte % 10)).collect())
    }
}

fn user_id(text: &str) -> Result<UserId, Refusal> {
    Ok(UserId::parse(text)?)
}
