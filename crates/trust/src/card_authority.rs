//! The demo's CA for virtual cards (the stand-in for J-LIS's 公的個人認証サービス).
//!
//! It issues cards to synthetic people. The validity of a card is given by the caller and follows the demo's clock, and
//! so the CA itself spans the whole century.

use std::path::{Path, PathBuf};

use rcgen::DnType;

use crate::TrustError;
use crate::card::{CardText, VirtualCard, is_card_id};
use crate::certificate::{Authority, Purpose, Validity, subject};
use crate::directory::AuthorityFiles;
use crate::file;
use crate::ledger::{CardHolder, Issued, Ledger, RevocationReason};

const LEDGER_NAME: &str = "issued.json";
/// 2000-01-01T00:00:00Z to 2099-12-31T23:59:59Z.
const AUTHORITY_VALIDITY: (i64, i64) = (946_684_800, 4_102_444_799);

/// A directory with the demo's card CA: `ca.pem`, `ca.key`, `crl.pem`, `issued.json`.
#[derive(Debug, Clone)]
pub struct CardAuthority {
    files: AuthorityFiles,
}

/// What a card is made from.
#[derive(Clone, PartialEq, Eq)]
pub struct CardRequest {
    /// The card's identifier: letters, digits and hyphens, up to 64, and nothing about the person.
    pub card_id: String,
    /// The name that the drawer shows.
    pub name: String,
    /// 4 digits.
    pub pin: String,
    /// First second of the certificate's validity (Unix seconds, the demo's clock).
    pub not_before: i64,
    /// Last second of the certificate's validity (Unix seconds, the demo's clock).
    pub not_after: i64,
    /// The case that this card plays; may be empty.
    pub story: String,
}

impl std::fmt::Debug for CardRequest {
    /// Neither name nor PIN belongs in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CardRequest").field("card_id", &self.card_id).finish_non_exhaustive()
    }
}

impl CardAuthority {
    /// Makes a new card CA. `now` dates its revocation list (Unix seconds). An existing CA is refused.
    pub fn init(directory: &Path, now: i64) -> Result<Self, TrustError> {
        let this = Self { files: AuthorityFiles::new(directory, LEDGER_NAME) };
        let _lock = this.files.begin()?;
        let name = format!("Madoguchi Demo Card CA {}", hex::encode(file::random_bytes::<4>()?));
        let validity = Validity::new(AUTHORITY_VALIDITY.0, AUTHORITY_VALIDITY.1)?;
        let (authority, key_pem) = Authority::create(&name, validity)?;
        this.files.store::<CardHolder>(&authority, &key_pem, now)?;
        Ok(this)
    }

    /// Opens an existing card CA; its key and certificate are checked.
    pub fn open(directory: &Path) -> Result<Self, TrustError> {
        let this = Self { files: AuthorityFiles::new(directory, LEDGER_NAME) };
        this.files.authority()?;
        Ok(this)
    }

    /// Whether the directory holds a CA.
    pub fn exists(directory: &Path) -> bool {
        AuthorityFiles::new(directory, LEDGER_NAME).certificate().exists()
    }

    /// Certificate of the card CA (PEM).
    pub fn ca_pem(&self) -> PathBuf {
        self.files.certificate()
    }

    /// Issues one card. The caller stores it with [`VirtualCard::save`].
    pub fn issue_card(&self, request: &CardRequest) -> Result<VirtualCard, TrustError> {
        self.issue_cards(std::slice::from_ref(request)).map(|mut cards| cards.swap_remove(0))
    }

    /// Issues many cards with one write of the ledger, in the order of the requests.
    pub fn issue_cards(&self, requests: &[CardRequest]) -> Result<Vec<VirtualCard>, TrustError> {
        let _lock = self.files.lock()?;
        let authority = self.files.authority()?;
        let mut ledger: Ledger<CardHolder> = self.files.ledger()?;
        let mut cards = Vec::with_capacity(requests.len());
        for request in requests {
            let (card, issued) = make_card(&authority, request)?;
            ledger.certificates.push(issued);
            cards.push(card);
        }
        self.files.write_ledger(&ledger)?;
        Ok(cards)
    }

    /// Revokes every certificate of a card (lost: 紛失) and publishes the list. A second time changes nothing.
    ///
    /// The server sees it when it loads [`CardTrust`](crate::CardTrust) again.
    pub fn revoke_card(&self, card_id: &str, reason: RevocationReason, now: i64) -> Result<(), TrustError> {
        let _lock = self.files.lock()?;
        let mut ledger: Ledger<CardHolder> = self.files.ledger()?;
        if !ledger.revoke(|issued| issued.holder.card_id == card_id, reason, now) {
            return Err(TrustError::field("カード番号", "このカードは発行台帳にありません。一覧で確認してください"));
        }
        self.files.write_revocations(&self.files.authority()?, &mut ledger, now)
    }

    /// Every card certificate that was issued, oldest first.
    pub fn list(&self) -> Result<Vec<Issued<CardHolder>>, TrustError> {
        Ok(self.files.ledger()?.certificates)
    }
}

fn make_card(authority: &Authority, request: &CardRequest) -> Result<(VirtualCard, Issued<CardHolder>), TrustError> {
    if !is_card_id(&request.card_id) {
        return Err(TrustError::field("カード番号", "英数字とハイフンの1〜64文字で指定してください"));
    }
    let validity = Validity::new(request.not_before, request.not_after)?;
    let subject = subject(&[(DnType::CommonName, &request.card_id)]);
    let leaf = authority.issue(subject, &Purpose::Client, validity)?;
    let text = CardText { card_id: &request.card_id, name: &request.name, pin: &request.pin, story: &request.story };
    let card = VirtualCard::create(text, leaf.certificate_pem, leaf.key_pem)?;
    let issued = Issued {
        serial: leaf.serial,
        holder: CardHolder { card_id: request.card_id.clone() },
        issued_at: validity.not_before,
        expires_at: validity.not_after,
        revoked: None,
    };
    Ok((card, issued))
}
