//! Signed notes and checkpoints (C2SP signed-note and tlog-checkpoint) for the heads of the audit chain.
//!
//! A note is text with Ed25519 signatures under it, readable by people and by the transparency-log tools that exist
//! already. The format's Go implementation, `golang.org/x/mod/sumdb/note`, reads what is written here and the reverse.
//! What a head means, and whether heads follow each other, is the audit's business.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::TrustError;
use crate::file::{self, Access};

/// The algorithm byte for Ed25519 in a key.
const ALGORITHM_ED25519: u8 = 1;
const KEY_FILE_BYTES_MAX: u64 = 4096;
const KEY_NAME_CHARACTERS_MAX: usize = 200;
/// A checkpoint is a few hundred bytes; a million is the limit of the Go implementation too.
const NOTE_BYTES_MAX: usize = 1_000_000;
/// The Go implementation's limit.
const SIGNATURES_MAX: usize = 100;
const SIGNATURE_PREFIX: &str = "— ";

/// A private key with a name, that signs notes.
pub struct NoteSigner {
    name: String,
    key: Ed25519KeyPair,
}

/// A public key with a name, that verifies notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    public_key: [u8; 32],
}

/// The head of a log: what a checkpoint's text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, one line.
    pub origin: String,
    /// Number of entries up to the head.
    pub size: u64,
    /// Hash of the head (for the audit chain, the hash of its last entry).
    pub root: Vec<u8>,
    /// Further lines, none empty.
    pub extensions: Vec<String>,
}

/// Why a note, a key or a checkpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// The key's text is not `<name>+<hash>+<key>`, or its hash does not fit.
    #[error("検証鍵の形式が正しくありません（「名前+8桁の16進数+base64」の1行）")]
    MalformedKey,
    /// The text has not the form of a signed note.
    #[error("署名付き記録の形式ではありません。ファイルが途中で切れていないか確認してください")]
    MalformedNote,
    /// The text of a checkpoint cannot be written or read: origin, size, hash, extensions.
    #[error("チェックポイントの形式ではありません（起点名、件数、base64のハッシュ、追加行）")]
    MalformedCheckpoint,
    /// None of the signatures is by the given key.
    #[error("指定した鍵による署名がありません。検証鍵が正しいか確認してください")]
    NotSigned,
    /// A signature by the given key does not fit the text: the text was changed.
    #[error("署名が本文と合いません。本文が書き換えられています")]
    BadSignature,
}

impl NoteSigner {
    /// Makes a new key under `name` and writes it to a file (mode 0600). An existing file is refused.
    pub fn generate(path: &Path, name: &str) -> Result<Self, TrustError> {
        if !is_key_name(name) {
            return Err(TrustError::field("署名鍵の名前", "空白と「+」を含まない1〜200文字で指定してください"));
        }
        let _lock = file::lock(&path.with_extension("lock"))?;
        if path.exists() {
            return Err(TrustError::content(path, "署名鍵が既にあります。上書きしません。別の名前を指定してください"));
        }
        let seed = file::random_bytes::<32>()?;
        let signer = Self::from_seed(name, &seed).ok_or_else(|| TrustError::crypto("署名鍵の生成", "Ed25519"))?;
        let encoded = STANDARD.encode([&[ALGORITHM_ED25519][..], &seed].concat());
        let text = format!("PRIVATE+KEY+{name}+{}+{encoded}\n", hex::encode(signer.verifier().key_hash()));
        file::write(path, text.as_bytes(), Access::Private)?;
        Ok(signer)
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        let text = file::read_text(path, KEY_FILE_BYTES_MAX)?;
        Self::parse(text.trim_end_matches(['\r', '\n'])).ok_or_else(|| {
            TrustError::content(path, "署名鍵として読めません（PRIVATE+KEY+で始まる1行）。控えから戻してください")
        })
    }

    /// The key that verifies this signer's notes.
    pub fn verifier(&self) -> NoteVerifier {
        let mut public_key = [0; 32];
        public_key.copy_from_slice(self.key.public_key().as_ref());
        NoteVerifier { name: self.name.clone(), public_key }
    }

    /// Signs a text of lines: `origin` first, then `body_lines`. The note ends with the signature line.
    pub fn sign(&self, origin: &str, body_lines: &[String]) -> Result<String, NoteFault> {
        let mut text = format!("{origin}\n");
        for line in body_lines {
            text.push_str(line);
            text.push('\n');
        }
        let lines_are_whole = text.lines().count() == body_lines.len() + 1;
        if origin.is_empty() || !lines_are_whole || !is_note_text(&text) || text.len() > NOTE_BYTES_MAX / 2 {
            return Err(NoteFault::MalformedNote);
        }
        let signature = [&self.verifier().key_hash()[..], self.key.sign(text.as_bytes()).as_ref()].concat();
        Ok(format!("{text}\n{SIGNATURE_PREFIX}{} {}\n", self.name, STANDARD.encode(signature)))
    }

    /// Signs the head of a log.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, NoteFault> {
        self.sign(&checkpoint.origin, &checkpoint.body_lines()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, hash, encoded) = split_key(text.strip_prefix("PRIVATE+KEY+")?)?;
        let seed: [u8; 32] = decoded_key(encoded)?;
        let signer = Self::from_seed(name, &seed)?;
        (signer.verifier().key_hash() == hash).then_some(signer)
    }

    fn from_seed(name: &str, seed: &[u8; 32]) -> Option<Self> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self { name: name.to_owned(), key })
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NoteSigner").field("name", &self.name).finish_non_exhaustive()
    }
}

impl NoteVerifier {
    /// Reads a public key in its text form, `<name>+<hash>+<key>`.
    pub fn parse(text: &str) -> Result<Self, NoteFault> {
        let key = || {
            let (name, hash, encoded) = split_key(text)?;
            let verifier = Self { name: name.to_owned(), public_key: decoded_key(encoded)? };
            (verifier.key_hash() == hash).then_some(verifier)
        };
        key().ok_or(NoteFault::MalformedKey)
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Verifies a note and returns its text, with the newline at its end and without the signatures.
    ///
    /// Signatures by other keys are passed over, as the format wants; one by this key must be there and must hold.
    pub fn verify<'a>(&self, note: &'a str) -> Result<&'a str, NoteFault> {
        let (text, signatures) = split_note(note).ok_or(NoteFault::MalformedNote)?;
        let mut signed = false;
        for (name, signature) in signatures {
            if name != self.name || signature[..4] != self.key_hash() {
                continue;
            }
            let key = UnparsedPublicKey::new(&ED25519, &self.public_key);
            key.verify(text.as_bytes(), &signature[4..]).map_err(|_| NoteFault::BadSignature)?;
            signed = true;
        }
        if signed { Ok(text) } else { Err(NoteFault::NotSigned) }
    }

    /// Verifies the head of a log.
    pub fn verify_checkpoint(&self, note: &str) -> Result<Checkpoint, NoteFault> {
        Checkpoint::parse(self.verify(note)?)
    }

    fn key_hash(&self) -> [u8; 4] {
        let hashed = [self.name.as_bytes(), b"\n", &[ALGORITHM_ED25519], &self.public_key].concat();
        let mut hash = [0; 4];
        hash.copy_from_slice(&digest(&SHA256, &hashed).as_ref()[..4]);
        hash
    }
}

impl fmt::Display for NoteVerifier {
    /// The key's text form, which [`NoteVerifier::parse`] reads.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&[ALGORITHM_ED25519][..], &self.public_key].concat());
        write!(formatter, "{}+{}+{encoded}", self.name, hex::encode(self.key_hash()))
    }
}

impl Checkpoint {
    /// Reads the text of a checkpoint (without signatures).
    pub fn parse(text: &str) -> Result<Self, NoteFault> {
        let read = || {
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
            // One way to write a number: `parse` alone would take `+7` and `007`.
            let number: u64 = size.parse().ok()?;
            let extensions: Vec<String> = lines.map(str::to_owned).collect();
            let checkpoint =
                Self { origin: origin.to_owned(), size: number, root: STANDARD.decode(root).ok()?, extensions };
            (number.to_string() == size && checkpoint.is_whole()).then_some(checkpoint)
        };
        read().ok_or(NoteFault::MalformedCheckpoint)
    }

    fn body_lines(&self) -> Result<Vec<String>, NoteFault> {
        if !self.is_whole() {
            return Err(NoteFault::MalformedCheckpoint);
        }
        let mut lines = vec![self.size.to_string(), STANDARD.encode(&self.root)];
        lines.extend_from_slice(&self.extensions);
        Ok(lines)
    }

    fn is_whole(&self) -> bool {
        let is_line = |line: &String| !line.is_empty() && !line.chars().any(char::is_control);
        is_line(&self.origin) && !self.root.is_empty() && self.extensions.iter().all(is_line)
    }
}

/// A key's name, and its key hash (4 bytes) with the signature.
type NamedSignature<'a> = (&'a str, Vec<u8>);

/// The three parts of a key's text. The key may hold a plus sign, the name must not.
fn split_key(text: &str) -> Option<(&str, [u8; 4], &str)> {
    let mut parts = text.splitn(3, '+');
    let (name, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
    let mut bytes = [0; 4];
    hex::decode_to_slice(hash, &mut bytes).ok()?;
    is_key_name(name).then_some((name, bytes, key))
}

fn decoded_key(encoded: &str) -> Option<[u8; 32]> {
    // A longer text cannot be 33 bytes.
    let bytes = (encoded.len() <= 64).then(|| STANDARD.decode(encoded).ok())??;
    let (algorithm, key) = bytes.split_first()?;
    (*algorithm == ALGORITHM_ED25519).then(|| key.try_into().ok())?
}

/// The text (with its last newline) and the signatures under it, each with name and at least 5 bytes.
fn split_note(note: &str) -> Option<(&str, Vec<NamedSignature<'_>>)> {
    if note.len() > NOTE_BYTES_MAX || !is_note_text(note) {
        return None;
    }
    let end = note.rfind("\n\n")?;
    let (text, block) = (&note[..=end], &note[end + 2..]);
    let lines = block.strip_suffix('\n')?.split('\n');
    let signatures: Vec<_> = lines.take(SIGNATURES_MAX + 1).map(split_signature).collect::<Option<_>>()?;
    (signatures.len() <= SIGNATURES_MAX).then_some((text, signatures))
}

fn split_signature(line: &str) -> Option<NamedSignature<'_>> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    let signature = STANDARD.decode(encoded).ok()?;
    (is_key_name(name) && signature.len() >= 5).then_some((name, signature))
}

fn is_key_name(name: &str) -> bool {
    (1..=KEY_NAME_CHARACTERS_MAX).contains(&name.len())
        && !name.contains(|character: char| character.is_whitespace() || character.is_control() || character == '+')
}

/// A note holds no ASCII control character but the newline.
fn is_note_text(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\n')
}
