//! Password hashes (argon2id) and issued passwords.
//!
//! Hashing costs 19 MiB and about 20 ms of a core, so it runs on blocking threads, a few at a time:
//! a storm of log-ins waits instead of taking the machine.

use crate::refusal::{Reason, Refusal};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes at the same time; each holds 19 MiB.
const CONCURRENT_MAX: usize = 4;

/// Characters of issued passwords: none that look alike.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"23456789";
const SYMBOLS: &[u8] = b"-+=!?#%";

/// Bounded argon2id work.
#[derive(Debug, Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONCURRENT_MAX)))
    }
}

impl Passwords {
    /// Hashes a password for the store (PHC string).
    ///
    /// # Errors
    /// [`Reason::Busy`] when the process is shutting down.
    pub async fn hash(&self, password: String) -> Result<String, Refusal> {
        self.run(move || hash(&password)).await?.ok_or_else(|| Refusal::new(Reason::Unavailable, "argon2 failed"))
    }

    /// Whether the password fits the hash. With no hash (an unknown user) the same work is done.
    ///
    /// # Errors
    /// [`Reason::Busy`] when the process is shutting down.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Refusal> {
        self.run(move || verify(&password, hash.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let busy = |_| Refusal::from(Reason::Busy);
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| Refusal::from(Reason::Busy))
    }
}

/// Hashes on this thread.
#[must_use]
pub fn hash(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

fn verify(password: &str, hash: Option<&str>) -> bool {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    match parsed {
        Some(parsed) => Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok(),
        None => {
            let _same_work = self::hash(password);
            false
        }
    }
}

/// An issued password of 16 characters (letters, digits and symbols) from random bytes.
#[must_use]
pub fn issued(random: [u8; 16]) -> String {
    let pick = |set: &[u8], byte: u8| char::from(set[usize::from(byte) % set.len()]);
    let place = |(position, byte): (usize, &u8)| match position {
        4 | 9 | 14 => pick(DIGITS, *byte),
        5 | 10 => pick(SYMBOLS, *byte),
        _ => pick(LETTERS, *byte),
    };
    random.iter().enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Passwords::default();
        let hash = passwords.hash("Tsuki-no-hikari7".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("Tsuki-no-hikari7".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("Tsuki-no-hikari8".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("Tsuki-no-hikari7".to_owned(), None).await.unwrap());
        assert!(!passwords.verify("x".to_owned(), Some("not a hash".to_owned())).await.unwrap());
    }

    #[test]
    fn issued_passwords_have_letters_digits_and_symbols() {
        for seed in 0..=255_u8 {
            let password = issued([seed; 16]);
            assert!(password.bytes().any(|byte| byte.is_ascii_digit()));
            assert!(password.bytes().any(|byte| byte.is_ascii_alphabetic()));
            assert!(password.bytes().any(|byte| byte.is_ascii_punctuation()));
            assert_eq!(password.len(), 16);
        }
    }
}
