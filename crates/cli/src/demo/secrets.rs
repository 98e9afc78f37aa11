//! Passwords and numbers of a demo: random per directory, or repeatable from a given seed.

use crate::demo::state::DemoAccount;
use crate::failure::{Failure, Outcome};
use madoguchi_model::account::{AccountKind, UserId};
use madoguchi_service::operator::GivenAccount;
use madoguchi_service::password;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// The user IDs of a demo's institution, one account of each kind.
const ACCOUNTS: [(AccountKind, &str); 8] = [
    (AccountKind::MasterReset, "reset01"),
    (AccountKind::Master, "master01"),
    (AccountKind::Administrator, "kanri01"),
    (AccountKind::Viewer, "iryo01"),
    (AccountKind::General, "ippan01"),
    (AccountKind::Agent, AGENT_USER),
    (AccountKind::Api, "webapi01"),
    (AccountKind::Reader, READER_USER),
];

/// The reader's user ID: the terminal logs in with it.
pub(crate) const READER_USER: &str = "kao01";

/// The folder agent's user ID: the terminal logs in with it.
pub(crate) const AGENT_USER: &str = "renkei01";

/// A source of the demo's secrets.
pub(crate) struct Secrets(ChaCha20Rng);

impl Secrets {
    /// Repeatable with a seed, else from the operating system.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(seed.map_or_else(ChaCha20Rng::from_os_rng, ChaCha20Rng::seed_from_u64))
    }

    /// A number, for instance the world's seed.
    pub(crate) fn number(&mut self) -> u64 {
        self.0.random()
    }

    /// A password with letters, digits and symbols.
    pub(crate) fn password(&mut self) -> String {
        password::issued(self.0.random())
    }

    /// So many digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.0.random_range(0..10_u8))).collect()
    }

    /// One account of each kind.
    pub(crate) fn accounts(&mut self) -> Vec<DemoAccount> {
        let account = |(kind, user_id): (AccountKind, &str)| DemoAccount {
            kind: kind.code().to_owned(),
            user_id: user_id.to_owned(),
            password: self.password(),
            secret_number: (kind == AccountKind::MasterReset).then(|| self.digits(12)),
        };
        ACCOUNTS.into_iter().map(account).collect()
    }
}

/// The accounts as the service takes them.
pub(crate) fn given(accounts: &[DemoAccount]) -> Outcome<Vec<GivenAccount>> {
    let given = |account: &DemoAccount| {
        let kind = AccountKind::from_code(&account.kind);
        Ok(GivenAccount {
            kind: kind.ok_or_else(|| Failure::new(format!("state.json：不明なアカウント種別 {}", account.kind)))?,
            user: UserId::parse(&account.user_id).map_err(Failure::new)?,
            password: account.password.clone(),
            secret_number: account.secret_number.clone(),
        })
    };
    accounts.iter().map(given).collect()
}
