//! The virtual card: a JSON file that stands in for a マイナンバーカード on the demo's reader.
//!
//! Its key pair, certificate and signature are real; its protection is not: the private key lies open in the file. It
//! exists for synthetic people only. A PIN (暗証番号, 4 digits) guards signing, and three wrong ones in a row lock it.

use std::fmt;
use std::path::Path;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use crate::card_trust::card_id_of;
use crate::certificate::parse;
use crate::file::{self, Access};
use crate::{TrustError, pem};

/// A card file is about 2 KiB; its story may be long.
pub(crate) const CARD_BYTES_MAX: u64 = 64 * 1024;
/// Wrong PINs in a row until the card locks, as for the real card's 4-digit PIN.
pub const PIN_TRIES: u8 = 3;
/// Separates a card's signatures from every other use of the key.
const SIGNATURE_DOMAIN: &[u8] = b"madoguchi-card-v1";
const CARD_VERSION: u32 = 1;
const CARD_ID_CHARACTERS_MAX: usize = 64;
const NAME_CHARACTERS_MAX: usize = 100;
const STORY_CHARACTERS_MAX: usize = 4000;

/// A card as it stands in its file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualCard {
    version: u32,
    card_id: String,
    name: String,
    certificate: String,
    private_key: String,
    pin: StoredPin,
    story: String,
}

/// The PIN of a card: not the digits but what they are compared with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPin {
    salt: String,
    hash: String,
    tries_left: u8,
}

/// Why a PIN did not open the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinFault {
    /// What was entered is not four digits; it does not count as a try.
    #[error("暗証番号は4桁の数字で入力してください")]
    NotFourDigits,
    /// A wrong PIN.
    #[error("暗証番号が違います（残り{tries_left}回）")]
    Wrong {
        /// How many tries are left, 1 or 2.
        tries_left: u8,
    },
    /// Three wrong PINs in a row, this one perhaps the third. The right PIN does not help any more.
    #[error("暗証番号を3回続けて間違えたため、ロックされています。住民票のある市区町村の窓口で再設定が必要です")]
    Locked,
}

/// A card that may sign until it is dropped.
pub struct UnlockedCard {
    card_id: String,
    certificate_der: Vec<u8>,
    key: EcdsaKeyPair,
}

impl VirtualCard {
    /// Reads a card file and checks it: bounds, and that key, certificate and card id belong together.
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        let text = file::read(path, CARD_BYTES_MAX)?;
        let card: Self = serde_json::from_slice(&text).map_err(|error| {
            let problem = format!(
                "仮想カードのJSONとして読めません（{}行{}列）。カードを作り直してください",
                error.line(),
                error.column()
            );
            TrustError::content(path, problem)
        })?;
        card.check().map_err(|field| {
            TrustError::content(path, format!("仮想カードの{field}が正しくありません。カードを作り直してください"))
        })?;
        Ok(card)
    }

    /// Writes the card file (mode 0600) in one step.
    pub fn save(&self, path: &Path) -> Result<(), TrustError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| TrustError::crypto("カードの作成", error))?;
        text.push(b'\n');
        file::write(path, &text, Access::Private)
    }

    /// The card's own identifier.
    pub fn card_id(&self) -> &str {
        &self.card_id
    }

    /// The name that the drawer of cards shows. The certificate does not hold it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The case that this card plays.
    pub fn story(&self) -> &str {
        &self.story
    }

    /// The card's certificate (利用者証明用電子証明書), DER. Reading it needs no PIN.
    pub fn certificate_der(&self) -> Result<Vec<u8>, TrustError> {
        let unreadable = || TrustError::field("カードの証明書", "読めません。カードを作り直してください");
        Ok(pem::certificates_in(self.certificate.as_bytes()).ok_or_else(unreadable)?.swap_remove(0))
    }

    /// Wrong PINs that the card still takes, 0 when it is locked.
    pub fn tries_left(&self) -> u8 {
        self.pin.tries_left
    }

    /// Compares a PIN and counts. The caller must store the card before acting on the answer;
    /// [`enter_pin_at`](Self::enter_pin_at) does both.
    pub fn enter_pin(&mut self, pin: &str) -> Result<UnlockedCard, PinFault> {
        if !is_pin(pin) {
            return Err(PinFault::NotFourDigits);
        }
        if self.pin.tries_left == 0 {
            return Err(PinFault::Locked);
        }
        if !self.pin.matches(pin) {
            self.pin.tries_left -= 1;
            return Err(match self.pin.tries_left {
                0 => PinFault::Locked,
                tries_left => PinFault::Wrong { tries_left },
            });
        }
        self.pin.tries_left = PIN_TRIES;
        // `check` and `create` let no card exist whose key cannot be opened; a locked card is the safe answer.
        self.open().ok_or(PinFault::Locked)
    }

    /// Reads the card, tries a PIN, and stores the counter before it answers, alone among all processes.
    ///
    /// The outer error says that the card could not be read or the counter not be stored; then nothing was opened.
    pub fn enter_pin_at(path: &Path, pin: &str) -> Result<Result<UnlockedCard, PinFault>, TrustError> {
        let _lock = file::lock(&lock_beside(path))?;
        let mut card = Self::load(path)?;
        let tries_before = card.pin.tries_left;
        let answer = card.enter_pin(pin);
        if card.pin.tries_left != tries_before {
            card.save(path)?;
        }
        Ok(answer)
    }

    /// Opens the card without a PIN, after the reader has compared the face (顔認証) or staff have (目視確認). This works
    /// on a card whose PIN is locked, as it does at the window.
    pub fn open_by_reader(&self) -> Result<UnlockedCard, TrustError> {
        self.open().ok_or_else(|| TrustError::field("カードの秘密鍵", "読めません。カードを作り直してください"))
    }

    /// A new card; the caller has issued certificate and key.
    pub(crate) fn create(text: CardText<'_>, certificate_pem: String, key_pem: String) -> Result<Self, TrustError> {
        if !is_pin(text.pin) {
            return Err(TrustError::field("暗証番号", "4桁の数字で指定してください"));
        }
        let salt = hex::encode(file::random_bytes::<16>()?);
        let pin = StoredPin { hash: pin_hash(&salt, text.pin), salt, tries_left: PIN_TRIES };
        let card = Self {
            version: CARD_VERSION,
            card_id: text.card_id.to_owned(),
            name: text.name.to_owned(),
            certificate: certificate_pem,
            private_key: key_pem,
            pin,
            story: text.story.to_owned(),
        };
        card.check().map_err(|field| TrustError::field("仮想カード", format!("{field}が正しくありません")))?;
        Ok(card)
    }

    /// The first field that breaks a rule, by its name in the file.
    fn check(&self) -> Result<(), &'static str> {
        let rules = [
            ("version", self.version == CARD_VERSION),
            ("card_id", is_card_id(&self.card_id)),
            ("name", is_name(&self.name)),
            ("story", self.story.chars().count() <= STORY_CHARACTERS_MAX),
            ("pin", self.pin.is_whole()),
            ("private_key", self.key().is_some()),
            ("certificate", self.open().is_some()),
        ];
        rules.into_iter().find(|(_, holds)| !holds).map_or(Ok(()), |(field, _)| Err(field))
    }

    /// Key and certificate, if they belong together and name this card.
    fn open(&self) -> Option<UnlockedCard> {
        let certificate_der = pem::certificates_in(self.certificate.as_bytes())?.swap_remove(0);
        let key = self.key()?;
        let certificate = parse(&certificate_der)?;
        let belongs = certificate.public_key().subject_public_key.data.as_ref() == key.public_key().as_ref()
            && card_id_of(&certificate) == Some(self.card_id.as_str());
        belongs.then_some(UnlockedCard { card_id: self.card_id.clone(), certificate_der, key })
    }

    fn key(&self) -> Option<EcdsaKeyPair> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(self.private_key.as_bytes()).ok()?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der(), &SystemRandom::new()).ok()
    }
}

impl fmt::Debug for VirtualCard {
    /// Only the id: neither the name nor the key belongs in a log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VirtualCard").field("card_id", &self.card_id).finish_non_exhaustive()
    }
}

impl UnlockedCard {
    /// The card's own identifier.
    pub fn card_id(&self) -> &str {
        &self.card_id
    }

    /// The card's certificate, DER, to be sent with the signature.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// Signs the server's challenge: ECDSA P-256 with SHA-256, ASN.1 DER, over `madoguchi-card-v1` and the challenge.
    pub fn sign(&self, challenge: &[u8]) -> Result<Vec<u8>, TrustError> {
        let signature = self
            .key
            .sign(&SystemRandom::new(), &signed_message(challenge))
            .map_err(|error| TrustError::crypto("カードの署名", error))?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for UnlockedCard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UnlockedCard").field("card_id", &self.card_id).finish_non_exhaustive()
    }
}

impl StoredPin {
    fn matches(&self, pin: &str) -> bool {
        self.hash == pin_hash(&self.salt, pin)
    }

    fn is_whole(&self) -> bool {
        let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex(&self.salt, 32) && is_hex(&self.hash, 64) && self.tries_left <= PIN_TRIES
    }
}

/// What the issuer writes on a new card.
pub(crate) struct CardText<'a> {
    pub(crate) card_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) pin: &'a str,
    pub(crate) story: &'a str,
}

/// The bytes that a card signs for a challenge.
pub(crate) fn signed_message(challenge: &[u8]) -> Vec<u8> {
    [SIGNATURE_DOMAIN, challenge].concat()
}

pub(crate) fn is_card_id(card_id: &str) -> bool {
    (1..=CARD_ID_CHARACTERS_MAX).contains(&card_id.len())
        && card_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

fn is_pin(pin: &str) -> bool {
    pin.len() == 4 && pin.bytes().all(|byte| byte.is_ascii_digit())
}

/// Ten thousand PINs resist no search; the salt only keeps equal PINs from looking equal.
fn pin_hash(salt: &str, pin: &str) -> String {
    hex::encode(digest(&SHA256, format!("{salt}:{pin}").as_bytes()))
}

/// The lock stands beside the card, because the card file itself is replaced at every save.
fn lock_beside(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.lock"))
}
