//! The certificate directory: the CA for institutions' terminals (医療機関等の電子証明書の認証局).
//!
//! One directory holds everything: `ca.pem`, `ca.key`, `server.pem` (chain), `server.key`, `crl.pem`, `issued.json` and
//! `clients/`. It is made for one operator on one machine; a national deployment brings its own PKI and gives the server
//! only `ca.pem`, `crl.pem` and a server certificate.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use rcgen::DnType;

use crate::certificate::{Authority, DAY_SECONDS, Purpose, Validity, parse, serial_text, subject};
use crate::directory::AuthorityFiles;
use crate::file::{self, Access};
use crate::keystore::{check_password, pkcs12, random_password};
use crate::ledger::{Issued, IssuedCertificate, Ledger, RevocationReason, Terminal};
use crate::peer::{
    INSTITUTION_NAME_CHARACTERS_MAX, LABEL_CHARACTERS_MAX, is_institution_code, is_institution_name, is_label,
};
use crate::{PeerIdentity, TrustError, pem};

const AUTHORITY_DAYS: i64 = 20 * 365;
/// Browsers refuse server certificates of more than 398 days.
const SERVER_DAYS: i64 = 397;
/// Clocks of terminals are a little off; certificates begin a little earlier than now.
const BACKDATE_SECONDS: i64 = 5 * 60;
/// From this long before its end, a certificate can be followed by the next one for the same terminal.
const RENEWAL_DAYS: i64 = 90;
/// Ten years: longer than any terminal stands on a desk.
const CLIENT_DAYS_MAX: u32 = 3650;
/// Names in one server certificate; a demo has one for each of its terminals at most.
const SERVER_NAMES_MAX: usize = 200;

/// A directory with the CA of the institutions.
#[derive(Debug, Clone)]
pub struct CertificateDirectory {
    files: AuthorityFiles,
}

/// What a client certificate is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct IssueRequest {
    /// Institution code (医療機関等コード), 10 digits.
    pub institution_code: String,
    /// Institution name (医療機関等名称), up to 64 characters.
    pub institution_name: String,
    /// The terminal within the institution: lower-case letters, digits and hyphens, such as `01` or `viewer-01`.
    pub label: String,
    /// Validity in days, 1 to 3650.
    pub days: u32,
    /// Password of the PKCS#12 file; a random one when `None`.
    pub p12_password: Option<String>,
    /// Present instant (Unix seconds).
    pub now: i64,
}

impl fmt::Debug for IssueRequest {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("IssueRequest");
        shown.field("institution_code", &self.institution_code).field("label", &self.label).finish_non_exhaustive()
    }
}

/// The files of a newly issued client certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedFiles {
    /// Serial number, lower-case hexadecimal.
    pub serial: String,
    /// Certificate with the CA behind it, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM (PKCS#8), mode 0600.
    pub key: PathBuf,
    /// Both for a browser, PKCS#12, mode 0600.
    pub p12: PathBuf,
    /// Password of the PKCS#12 file. It is stored nowhere.
    pub p12_password: String,
}

impl fmt::Debug for IssuedFiles {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IssuedFiles")
            .field("serial", &self.serial)
            .field("p12", &self.p12)
            .finish_non_exhaustive()
    }
}

/// Which certificate to revoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeTarget<'a> {
    /// By serial number, hexadecimal; colons and capitals are taken too.
    Serial(&'a str),
    /// By certificate file (PEM), also one that the ledger has lost.
    File(&'a Path),
}

impl CertificateDirectory {
    /// Makes a new CA with a server certificate for the given host names and IP addresses. An existing CA is refused.
    pub fn init(directory: &Path, server_names: &[String], now: i64) -> Result<Self, TrustError> {
        check_server_names(server_names)?;
        let this = Self { files: AuthorityFiles::new(directory, "issued.json") };
        let _lock = this.files.begin()?;
        // The suffix tells the CAs of two directories apart in a browser's list.
        let name = format!("Madoguchi CA {}", hex::encode(file::random_bytes::<4>()?));
        let validity = validity_from(now, AUTHORITY_DAYS)?;
        let (authority, key_pem) = Authority::create(&name, validity)?;
        file::create_directory(&this.files.path("clients"))?;
        this.write_server(&authority, server_names, now)?;
        this.files.store::<Terminal>(&authority, &key_pem, now)?;
        Ok(this)
    }

    /// Opens an existing CA; its key and certificate are checked.
    pub fn open(directory: &Path) -> Result<Self, TrustError> {
        let this = Self { files: AuthorityFiles::new(directory, "issued.json") };
        this.files.authority()?;
        Ok(this)
    }

    /// Whether the directory holds a CA.
    pub fn exists(directory: &Path) -> bool {
        AuthorityFiles::new(directory, "issued.json").certificate().exists()
    }

    /// Certificate of the CA (PEM).
    pub fn ca_pem(&self) -> PathBuf {
        self.files.certificate()
    }

    /// The server's certificate chain (PEM).
    pub fn server_pem(&self) -> PathBuf {
        self.files.path("server.pem")
    }

    /// The server's private key (PEM).
    pub fn server_key(&self) -> PathBuf {
        self.files.path("server.key")
    }

    /// The revocation list (PEM).
    pub fn crl_pem(&self) -> PathBuf {
        self.files.revocation_list()
    }

    /// Issues a client certificate for a terminal and writes `clients/<code>-<label>.pem`, `.key` and `.p12`.
    ///
    /// While a certificate for the same terminal holds for more than 90 days, [`TrustError::StillValid`].
    pub fn issue(&self, request: &IssueRequest) -> Result<IssuedFiles, TrustError> {
        self.issue_all(std::slice::from_ref(request)).map(|mut issued| issued.swap_remove(0))
    }

    /// Issues many certificates with one write of the ledger. Every request is checked before the first is issued.
    pub fn issue_all(&self, requests: &[IssueRequest]) -> Result<Vec<IssuedFiles>, TrustError> {
        let _lock = self.files.lock()?;
        let authority = self.files.authority()?;
        let mut ledger: Ledger<Terminal> = self.files.ledger()?;
        let mut names = HashSet::new();
        for request in requests {
            check_request(request)?;
            check_free(&ledger, request)?;
            if !names.insert(common_name(request)) {
                return Err(TrustError::field("端末名", format!("{}が二度指定されています", common_name(request))));
            }
        }
        let mut leaves = Vec::with_capacity(requests.len());
        for request in requests {
            let validity = validity_from(request.now, i64::from(request.days))?;
            let leaf = authority.issue(terminal_subject(request), &Purpose::Client, validity)?;
            ledger.certificates.push(Issued {
                serial: leaf.serial.clone(),
                holder: Terminal {
                    institution_code: request.institution_code.clone(),
                    institution_name: request.institution_name.clone(),
                    label: request.label.clone(),
                },
                issued_at: validity.not_before,
                expires_at: validity.not_after,
                revoked: None,
            });
            leaves.push(leaf);
        }
        // The ledger first: a certificate that nobody can find again must not exist.
        self.files.write_ledger(&ledger)?;
        requests.iter().zip(&leaves).map(|(request, leaf)| self.write_client(&authority, request, leaf)).collect()
    }

    /// Revokes a certificate and publishes the list under the next number. A second time changes neither date nor reason.
    pub fn revoke(
        &self,
        target: RevokeTarget<'_>,
        reason: RevocationReason,
        now: i64,
    ) -> Result<IssuedCertificate, TrustError> {
        let _lock = self.files.lock()?;
        let mut ledger: Ledger<Terminal> = self.files.ledger()?;
        let position = match target {
            RevokeTarget::Serial(given) => {
                let serial = given.replace(':', "").to_ascii_lowercase();
                let unknown = || TrustError::UnknownSerial { serial: given.chars().take(64).collect() };
                ledger.position(serial.trim_start_matches('0')).ok_or_else(unknown)?
            }
            RevokeTarget::File(path) => self.position_of_file(&mut ledger, path)?,
        };
        let serial = ledger.certificates[position].serial.clone();
        ledger.revoke(|issued| issued.serial == serial, reason, now);
        self.files.write_revocations(&self.files.authority()?, &mut ledger, now)?;
        Ok(ledger.certificates.swap_remove(position))
    }

    /// Every certificate that was issued to a terminal, oldest first.
    pub fn list(&self) -> Result<Vec<IssuedCertificate>, TrustError> {
        Ok(self.files.ledger()?.certificates)
    }

    /// Publishes the revocation list again under a new date (its validity is 366 days).
    pub fn refresh_crl(&self, now: i64) -> Result<(), TrustError> {
        let _lock = self.files.lock()?;
        self.files.write_revocations(&self.files.authority()?, &mut self.files.ledger::<Terminal>()?, now)
    }

    /// Replaces the server's certificate and key, for its next 397 days or for other names.
    pub fn renew_server(&self, server_names: &[String], now: i64) -> Result<(), TrustError> {
        check_server_names(server_names)?;
        let _lock = self.files.lock()?;
        self.write_server(&self.files.authority()?, server_names, now)
    }

    fn write_server(&self, authority: &Authority, names: &[String], now: i64) -> Result<(), TrustError> {
        let subject = subject(&[(DnType::CommonName, &names[0])]);
        let leaf = authority.issue(subject, &Purpose::Server(names), validity_from(now, SERVER_DAYS)?)?;
        let chain = format!("{}{}", leaf.certificate_pem, authority.certificate_pem);
        file::write(&self.server_key(), leaf.key_pem.as_bytes(), Access::Private)?;
        file::write(&self.server_pem(), chain.as_bytes(), Access::Public)
    }

    fn write_client(
        &self,
        authority: &Authority,
        request: &IssueRequest,
        leaf: &crate::certificate::Leaf,
    ) -> Result<IssuedFiles, TrustError> {
        let name = common_name(request);
        let password = match &request.p12_password {
            Some(given) => given.clone(),
            None => random_password()?,
        };
        let alias = format!("{} {name}", request.institution_name);
        let store = pkcs12(leaf, authority, &alias, &password)?;
        let path = |extension: &str| self.files.path("clients").join(format!("{name}.{extension}"));
        let files = IssuedFiles {
            serial: leaf.serial.clone(),
            certificate: path("pem"),
            key: path("key"),
            p12: path("p12"),
            p12_password: password,
        };
        let chain = format!("{}{}", leaf.certificate_pem, authority.certificate_pem);
        file::create_directory(&self.files.path("clients"))?;
        file::write(&files.key, leaf.key_pem.as_bytes(), Access::Private)?;
        file::write(&files.p12, &store, Access::Private)?;
        file::write(&files.certificate, chain.as_bytes(), Access::Public)?;
        Ok(files)
    }

    /// Finds the certificate of a file in the ledger; one of ours that the ledger has lost is entered again.
    fn position_of_file(&self, ledger: &mut Ledger<Terminal>, path: &Path) -> Result<usize, TrustError> {
        let der = pem::certificates(path)?.swap_remove(0);
        let authority_der = pem::certificates(&self.ca_pem())?.swap_remove(0);
        let foreign = || {
            TrustError::content(path, "この認証局が発行した端末用の証明書ではありません。ファイルを確認してください")
        };
        let (certificate, authority) = (parse(&der).ok_or_else(foreign)?, parse(&authority_der).ok_or_else(foreign)?);
        certificate.verify_signature(Some(authority.public_key())).map_err(|_| foreign())?;
        let identity = PeerIdentity::from_der(&der).map_err(|_| foreign())?;
        if let Some(position) = ledger.position(&serial_text(certificate.raw_serial())) {
            return Ok(position);
        }
        ledger.certificates.push(Issued {
            serial: identity.serial,
            holder: Terminal {
                institution_code: identity.institution_code,
                institution_name: identity.institution_name,
                label: identity.label,
            },
            issued_at: certificate.validity().not_before.timestamp(),
            expires_at: certificate.validity().not_after.timestamp(),
            revoked: None,
        });
        Ok(ledger.certificates.len() - 1)
    }
}

fn check_server_names(names: &[String]) -> Result<(), TrustError> {
    // 64 is X.520's bound for the first one, which is the common name too; a DNS name may have 253.
    let fits =
        |name: &String| (1..=253).contains(&name.len()) && name.is_ascii() && !name.contains(char::is_whitespace);
    let first_fits = names.first().is_some_and(|name| name.len() <= 64);
    if first_fits && names.len() <= SERVER_NAMES_MAX && names.iter().all(fits) {
        return Ok(());
    }
    let problem =
        format!("1〜{SERVER_NAMES_MAX}個のホスト名またはIPアドレスを指定してください（最初の名前は64文字まで）");
    Err(TrustError::field("サーバ名", problem))
}

fn check_request(request: &IssueRequest) -> Result<(), TrustError> {
    if !is_institution_code(&request.institution_code) {
        return Err(TrustError::field("医療機関等コード", "半角数字10桁で指定してください"));
    }
    if !is_institution_name(&request.institution_name) {
        let problem =
            format!("1〜{INSTITUTION_NAME_CHARACTERS_MAX}文字で指定してください（改行などの制御文字は使えません）");
        return Err(TrustError::field("医療機関等名称", problem));
    }
    if !is_label(&request.label) {
        let problem =
            format!("英小文字、数字、ハイフンの1〜{LABEL_CHARACTERS_MAX}文字で指定してください（例 01、viewer-01）");
        return Err(TrustError::field("端末名", problem));
    }
    if !(1..=CLIENT_DAYS_MAX).contains(&request.days) {
        return Err(TrustError::field("有効日数", format!("1〜{CLIENT_DAYS_MAX}日で指定してください")));
    }
    request.p12_password.as_deref().map_or(Ok(()), check_password)
}

fn check_free(ledger: &Ledger<Terminal>, request: &IssueRequest) -> Result<(), TrustError> {
    let renewable_until = request.now.saturating_add(RENEWAL_DAYS * DAY_SECONDS);
    let holds = |issued: &&IssuedCertificate| {
        issued.holder.institution_code == request.institution_code
            && issued.holder.label == request.label
            && issued.revoked.is_none()
            && issued.expires_at > renewable_until
    };
    match ledger.certificates.iter().find(holds) {
        Some(issued) => Err(TrustError::StillValid { holder: common_name(request), serial: issued.serial.clone() }),
        None => Ok(()),
    }
}

fn validity_from(now: i64, days: i64) -> Result<Validity, TrustError> {
    Validity::new(now.saturating_sub(BACKDATE_SECONDS), now.saturating_add(days * DAY_SECONDS))
}

fn terminal_subject(request: &IssueRequest) -> rcgen::DistinguishedName {
    subject(&[
        (DnType::OrganizationName, &request.institution_name),
        (DnType::OrganizationalUnitName, &request.institution_code),
        (DnType::CommonName, &common_name(request)),
    ])
}

fn common_name(request: &IssueRequest) -> String {
    format!("{}-{}", request.institution_code, request.label)
}
