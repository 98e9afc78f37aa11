//! Log-in rules (ログイン): passwords, lock-out, idle log-out.

use crate::account::{AccountKind, UserId};
use crate::day::Timestamp;
use crate::field::FieldError;
use crate::institution::Institution;

/// Shortest password.
pub const PASSWORD_CHARACTERS_MIN: usize = 13;
/// Longest password; argon2 work is bounded with it.
pub const PASSWORD_CHARACTERS_MAX: usize = 64;
/// Former passwords that may not come back.
pub const FORMER_PASSWORDS_KEPT: usize = 3;
/// Wrong tries until the account locks.
pub const WRONG_TRIES_MAX: i64 = 5;
/// Seconds until a locked account opens by itself.
pub const LOCK_SECONDS: i64 = 30 * 60;
/// Seconds without a request until the session ends.
pub const IDLE_SECONDS_MAX: i64 = 30 * 60;
/// Seconds that a session lasts at most, whatever is done in it.
pub const SESSION_SECONDS_MAX: i64 = 12 * 3_600;
/// Seconds that a token of a Web API account lives, whether it is used or not.
pub const TOKEN_SECONDS: i64 = 60 * 60;
/// Log-ins at once of an account of a folder agent or a Web API account: an institution's machines and processes, and
/// room for those that went away without a word. The oldest ends when another one begins.
pub const PROGRAM_LOG_INS_MAX: u32 = 64;

/// Passwords that everyone tries first, lower case; longer than the shortest password only.
const COMMON_PASSWORDS: [&str; 16] = [
    "password12345",
    "passw0rd12345",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "qwertyuiop123",
    "qwertyuiopasd",
    "administrator",
    "administrator1",
    "letmein123456",
    "welcome1234567",
    "madoguchi1234",
    "abcdefghijklm",
    "aaaaaaaaaaaaa",
    "password123456",
    "p@ssw0rd12345",
];

/// Checks a new password against the rules that need no store.
///
/// # Errors
/// What to change; never the password itself.
pub fn check_password(password: &str, user: &UserId, institution: &Institution) -> Result<(), FieldError> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let letters = password.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits = password.bytes().any(|byte| byte.is_ascii_digit());
    let symbols = password.bytes().any(|byte| byte.is_ascii_punctuation());
    let wrong = |expected| Err(FieldError::new("新しいパスワード", expected));
    if !(PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&length) {
        return wrong("13文字以上64文字以内");
    }
    let printable = password.bytes().all(|byte| byte.is_ascii_graphic());
    if !(printable && letters && digits && symbols) {
        return wrong("半角の英字・数字・記号をそれぞれ1文字以上含む文字");
    }
    if COMMON_PASSWORDS.contains(&lower.as_str()) || has_few_characters(&lower) {
        return wrong("推測されにくい文字");
    }
    let name = institution.name.to_lowercase();
    if lower.contains(user.as_str())
        || lower.contains(institution.code.as_str())
        || (!name.is_empty() && lower.contains(&name))
    {
        return wrong("ユーザID、医療機関コード、医療機関名を含まない文字");
    }
    Ok(())
}

fn has_few_characters(password: &str) -> bool {
    let mut characters: Vec<char> = password.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len() < 5
}

/// What the store knows of an account's wrong tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// Wrong tries since the last right one.
    pub failed: i64,
    /// Locked until this instant.
    pub locked_until: Option<Timestamp>,
}

impl Tries {
    /// Whether a try is let through to the password check at all.
    #[must_use]
    pub fn is_locked(self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// After one more wrong password.
    #[must_use]
    pub fn after_wrong(self, now: Timestamp) -> Self {
        let failed = if self.locked_until.is_some_and(|until| until <= now) { 1 } else { self.failed + 1 };
        let locked_until = (failed >= WRONG_TRIES_MAX).then(|| now.plus_seconds(LOCK_SECONDS));
        Self { failed, locked_until }
    }
}

/// Whether a session has ended by itself: idle too long, or too old. A token of a Web API account has its hour and
/// knows no idleness.
#[must_use]
pub fn session_has_ended(kind: AccountKind, created: Timestamp, last_seen: Timestamp, now: Timestamp) -> bool {
    if kind == AccountKind::Api {
        return created.plus_seconds(TOKEN_SECONDS) <= now;
    }
    last_seen.plus_seconds(IDLE_SECONDS_MAX) <= now || created.plus_seconds(SESSION_SECONDS_MAX) <= now
}

/// Whether a log-in of a Web API account is too old to be renewed without its password.
#[must_use]
pub fn log_in_has_ended(logged_in: Timestamp, now: Timestamp) -> bool {
    logged_in.plus_seconds(SESSION_SECONDS_MAX) <= now
}

/// How many sessions of such an account there may be at once.
#[must_use]
pub const fn sessions_max(kind: AccountKind) -> u32 {
    match kind {
        AccountKind::Agent | AccountKind::Api => PROGRAM_LOG_INS_MAX,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use crate::institution::InstitutionCode;

    #[test]
    fn passwords() {
        let institution = Institution {
            code: InstitutionCode::parse("1312345678").unwrap(),
            name: "Kaede".to_owned(),
            hospital: false,
            opened_on: Day::from_number(20_200_401).unwrap(),
            abolished_on: None,
        };
        let user = UserId::parse("admin01").unwrap();
        for (password, right) in [
            ("Tsuki-no-hikari7", true),
            ("Tsuki-hikari7", true),
            ("Tsuki-hikari", false),
            ("tsukinohikari77", false),
            ("Tsuki-no-hikari", false),
            ("Admin01-is-mine!", false),
            ("no-1312345678-no", false),
            ("the-kaede-clinic-1", false),
            ("P@ssw0rd12345", false),
            ("aaaa1111----a", false),
            ("つきのひかり-abc-123-xyz", false),
        ] {
            assert_eq!(check_password(password, &user, &institution).is_ok(), right, "{password}");
        }
        let longest = format!("Ab1-{}", "xyzw".repeat(15));
        assert!(check_password(&longest, &user, &institution).is_ok());
        assert!(check_password(&format!("{longest}x"), &user, &institution).is_err());
    }

    #[test]
    fn the_fifth_wrong_try_locks_for_thirty_minutes() {
        let now = Timestamp::from_micros(1_000_000_000);
        let mut tries = Tries::default();
        for _ in 0..4 {
            tries = tries.after_wrong(now);
            assert!(!tries.is_locked(now));
        }
        tries = tries.after_wrong(now);
        assert!(tries.is_locked(now));
        assert!(tries.is_locked(now.plus_seconds(LOCK_SECONDS - 1)));
        assert!(!tries.is_locked(now.plus_seconds(LOCK_SECONDS)));
        assert_eq!(tries.after_wrong(now.plus_seconds(LOCK_SECONDS)).failed, 1);
    }

    #[test]
    fn sessions_end_when_idle_and_when_old() {
        let start = Timestamp::from_micros(0);
        let (screen, api) = (AccountKind::Viewer, AccountKind::Api);
        assert!(!session_has_ended(screen, start, start, start.plus_seconds(IDLE_SECONDS_MAX - 1)));
        assert!(session_has_ended(screen, start, start, start.plus_seconds(IDLE_SECONDS_MAX)));
        let late = start.plus_seconds(SESSION_SECONDS_MAX);
        assert!(session_has_ended(screen, start, late, late));
        let end = start.plus_seconds(TOKEN_SECONDS);
        assert!(!session_has_ended(api, start, start, end.plus_seconds(-1)), "an unused token keeps its hour");
        assert!(session_has_ended(api, start, end, end), "a token in use has no more than its hour");
    }
}
