//! `madoguchi cert`: the certificate authority of a deployment.

use super::{Place, machine_seconds};
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use madoguchi_model::institution::InstitutionCode;
use madoguchi_trust::authority::{CertificateDirectory, IssueRequest, RevokeTarget};
use madoguchi_trust::card_authority::CardAuthority;
use madoguchi_trust::ledger::RevocationReason;
use std::path::Path;

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make the authorities and the server's certificate
    Init(Init),
    /// Issue a client certificate to an institution (PEM and PKCS#12)
    Issue(Issue),
    /// Revoke a client certificate; the running server notices by itself
    Revoke(Revoke),
    /// List what was issued
    List(List),
    /// Make the server's certificate anew; the running server takes it by itself
    RenewServer(Init),
}

/// Arguments of `cert init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    place: Place,
    /// Host names and addresses of the server
    #[arg(long = "name", default_values_t = [String::from("localhost"), String::from("127.0.0.1")])]
    names: Vec<String>,
}

/// Arguments of `cert issue`.
#[derive(Debug, Args)]
pub(crate) struct Issue {
    #[command(flatten)]
    place: Place,
    /// 医療機関コード
    #[arg(long)]
    institution: String,
    /// 医療機関名
    #[arg(long)]
    name: String,
    /// Terminal within the institution, such as `01` or `viewer-01`
    #[arg(long, default_value = "01")]
    label: String,
    /// Days of validity
    #[arg(long, default_value_t = 1_095)]
    days: u32,
}

/// Arguments of `cert revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    place: Place,
    /// Serial number (hexadecimal, as `cert list` prints it) or the certificate's file
    certificate: String,
    /// Why, for the revocation list
    #[arg(long, default_value = "unspecified")]
    reason: String,
}

/// Arguments of `cert list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub(crate) fn run(verb: Verb) -> Outcome<()> {
    match verb {
        Verb::Init(arguments) => init(&arguments),
        Verb::Issue(arguments) => issue(arguments),
        Verb::Revoke(arguments) => revoke(&arguments),
        Verb::List(arguments) => list(&arguments),
        Verb::RenewServer(arguments) => {
            directory(&arguments.place)?.renew_server(&arguments.names, machine_seconds()).map_err(Failure::new)
        }
    }
}

fn init(arguments: &Init) -> Outcome<()> {
    let (certificates, cards) = (arguments.place.certificates(), arguments.place.cards());
    CertificateDirectory::init(&certificates, &arguments.names, machine_seconds()).map_err(Failure::new)?;
    CardAuthority::init(&cards, machine_seconds()).map_err(Failure::new)?;
    output::line(certificates.join("ca.pem").display());
    Ok(())
}

fn issue(arguments: Issue) -> Outcome<()> {
    let code = InstitutionCode::parse(&arguments.institution).map_err(Failure::usage)?;
    let request = IssueRequest {
        institution_code: code.as_str().to_owned(),
        institution_name: arguments.name,
        label: arguments.label,
        days: arguments.days,
        p12_password: None,
        now: machine_seconds(),
    };
    let issued = directory(&arguments.place)?.issue(&request).map_err(Failure::new)?;
    output::line(format!("シリアル番号　　　{}", issued.serial));
    output::line(format!("証明書　　　　　　{}", issued.certificate.display()));
    output::line(format!("秘密鍵　　　　　　{}", issued.key.display()));
    output::line(format!("PKCS#12　　　　　　{}", issued.p12.display()));
    output::line(format!("PKCS#12パスワード　{}（この一度だけ表示します）", issued.p12_password));
    Ok(())
}

fn revoke(arguments: &Revoke) -> Outcome<()> {
    let reason: RevocationReason = arguments.reason.parse().map_err(|_| {
        let words: Vec<_> = RevocationReason::ALL.iter().map(|reason| reason.word()).collect();
        Failure::usage(format!("--reason: {}", words.join(", ")))
    })?;
    let path = Path::new(&arguments.certificate);
    let target = if path.is_file() { RevokeTarget::File(path) } else { RevokeTarget::Serial(&arguments.certificate) };
    directory(&arguments.place)?.revoke(target, reason, machine_seconds()).map_err(Failure::new)?;
    output::line("失効しました。");
    Ok(())
}

fn list(arguments: &List) -> Outcome<()> {
    let issued = directory(&arguments.place)?.list().map_err(Failure::new)?;
    if arguments.json {
        return output::json(&issued);
    }
    for certificate in issued {
        let state = if certificate.revoked.is_some() { "失効" } else { "有効" };
        let holder = &certificate.holder;
        output::line(format!(
            "{} {} {} {} {state}",
            certificate.serial, holder.institution_code, holder.label, holder.institution_name
        ));
    }
    Ok(())
}

fn directory(place: &Place) -> Outcome<CertificateDirectory> {
    CertificateDirectory::open(&place.certificates()).map_err(Failure::new)
}
