//! Installs what the demo and the tests need, if it is missing. As root, or with a password-less sudo, by itself; else it
//! prints the commands and stops. Nothing is fetched when nothing is missing. It never creates or starts the
//! distribution's own PostgreSQL cluster: the tests start a throw-away one by themselves.

use crate::browser;
use crate::run::{Outcome, checked, command, on_path, output, root, succeeds};
use std::path::{Path, PathBuf};

/// Something that must be on the machine, and the Debian packages that bring it.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    present: fn() -> bool,
    /// Without it there is something in reserve: when the distribution has no such package, go on.
    optional: bool,
}

const REPORT_FONT: Need = Need {
    what: "BIZ UDGothic, the reports' and screens' Japanese font",
    packages: &["fonts-morisawa-bizud-gothic"],
    present: || has_font(&["bizud", "biz-ud"]),
    optional: true,
};

const RESERVE_FONT: Need = Need {
    what: "Noto Sans CJK, the font for characters that BIZ UDGothic lacks",
    packages: &["fonts-noto-cjk"],
    present: || has_font(&["notosanscjk", "notosansjp"]),
    optional: false,
};

const JAPANESE_FONTS: &[&str] = &["bizud", "biz-ud", "notosanscjk", "notosansjp", "ipaexg"];

const POSTGRESQL: Need = Need {
    what: "the PostgreSQL server programs",
    packages: &["postgresql"],
    present: has_postgresql,
    optional: false,
};

const PATRONI: Need = Need {
    what: "Patroni and etcd, which fail PostgreSQL over",
    packages: &["patroni", "etcd-server"],
    present: || ["patroni", "etcd"].iter().all(|name| on_path(name).is_some()),
    optional: false,
};

const CHROMIUM: Need = Need {
    what: "Chromium or Chrome (not the snap)",
    packages: &["chromium"],
    present: || browser::chromium().is_some(),
    optional: false,
};

const POPPLER: Need = Need {
    what: "pdftotext, pdftoppm, pdfinfo",
    packages: &["poppler-utils"],
    present: || ["pdftotext", "pdftoppm", "pdfinfo"].iter().all(|name| on_path(name).is_some()),
    optional: false,
};

const PYTHON: Need = Need {
    what: "Python 3 with venv",
    packages: &["python3", "python3-venv"],
    present: || succeeds("python3", &["-c", "import ensurepip, venv"]),
    optional: false,
};

/// What the demo needs: Japanese fonts for the PDF reports. One is enough to begin with, when the others can't be installed.
pub(crate) fn for_demo() -> Outcome {
    match install(&[REPORT_FONT, RESERVE_FONT]) {
        Err(reason) if has_font(JAPANESE_FONTS) => {
            println!("going on with the Japanese font that is there; for the others: {reason}");
            Ok(())
        }
        outcome => outcome,
    }
}

/// What the tests need on top: PostgreSQL, a browser and what drives it, PDF tools, and Rust's formatter and linter.
pub(crate) fn for_test() -> Outcome {
    let mut needs = vec![REPORT_FONT, RESERVE_FONT, POSTGRESQL, POPPLER, PYTHON];
    if !is_ubuntu() {
        needs.push(CHROMIUM);
    }
    install(&needs)?;
    rust_components()?;
    browser::api_environment()?;
    browser::environment()
}

/// What the long run with a failover needs on top. The packages' own services are not needed, and not started where the
/// machine's policy forbids it.
pub(crate) fn for_failover() -> Outcome {
    install(&[PATRONI])
}

fn rust_components() -> Outcome {
    if succeeds("cargo", &["fmt", "--version"]) && succeeds("cargo", &["clippy", "--version"]) {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        return Err("rustfmt and clippy are missing: install them with your Rust toolchain".to_owned());
    }
    checked(&mut command("rustup", &["component", "add", "rustfmt", "clippy"]))
}

/// Installs the packages of all missing needs in one go.
fn install(needs: &[Need]) -> Outcome {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        println!("missing: {} ({})", need.what, need.packages.join(", "));
    }
    if on_path("apt-get").is_none() {
        return Err(
            "this machine has no apt-get: install what is listed above by its own means, then try again".to_owned()
        );
    }
    as_root(&commands(&missing))?;
    let still: Vec<&str> =
        missing.iter().filter(|need| !need.optional && !(need.present)()).map(|need| need.what).collect();
    match still.is_empty() {
        true => Ok(()),
        false => Err(format!("still missing after the installation: {}", still.join("; "))),
    }
}

/// The shell commands that bring the missing packages, in order.
fn commands(missing: &[&Need]) -> Vec<String> {
    const INSTALL: &str = "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends";
    let mut commands = vec!["apt-get update".to_owned()];
    let (optional, required): (Vec<&Need>, Vec<&Need>) = missing.iter().partition(|need| need.optional);
    if required.iter().any(|need| need.packages.contains(&"postgresql")) && no_cluster_yet() {
        // Only postgresql-common reads the switch, so it comes first and the server packages after it.
        commands.push(format!("{INSTALL} postgresql-common"));
        commands.push(
            "sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf"
                .to_owned(),
        );
    }
    if !required.is_empty() {
        let packages: Vec<&str> = required.iter().flat_map(|need| need.packages).copied().collect();
        commands.push(format!("{INSTALL} {}", packages.join(" ")));
    }
    for need in optional {
        let packages = need.packages.join(" ");
        commands.push(format!("{INSTALL} {packages} || echo 'not available here: {packages}'"));
    }
    commands
}

/// Runs the commands as root, or by a sudo that asks for no password; else prints them and stops.
pub(crate) fn as_root(commands: &[String]) -> Outcome {
    let is_root = output("id", &["-u"]).is_some_and(|id| id == "0");
    let by_sudo = !is_root && succeeds("sudo", &["-n", "true"]);
    if !is_root && !by_sudo {
        let lines: Vec<String> = commands.iter().map(|line| format!("    {line}")).collect();
        return Err(format!(
            "run these commands as root, then try again (次のコマンドを root で実行し、もう一度お試しください):\n{}",
            lines.join("\n")
        ));
    }
    for line in commands {
        println!("{} {line}", if is_root { "#" } else { "sudo" });
        let mut shell = match is_root {
            true => command("sh", &["-c", line]),
            false => command("sudo", &["-n", "sh", "-c", line]),
        };
        checked(&mut shell)?;
    }
    Ok(())
}

/// Ubuntu's chromium packages only install the snap, which can't be driven with a profile elsewhere.
pub(crate) fn is_ubuntu() -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE=")))
        .any(|value| value.trim_matches('"').split(' ').any(|id| id == "ubuntu"))
}

fn no_cluster_yet() -> bool {
    let Ok(versions) = std::fs::read_dir("/etc/postgresql") else {
        return true;
    };
    !versions
        .flatten()
        .any(|version| std::fs::read_dir(version.path()).is_ok_and(|mut clusters| clusters.next().is_some()))
}

fn has_postgresql() -> bool {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .is_ok_and(|versions| versions.flatten().any(|version| version.path().join("bin/initdb").is_file()));
    debian || on_path("initdb").is_some()
}

/// Whether a font file lies in the usual folders whose name begins like one of these (lower case).
fn has_font(beginnings: &[&str]) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(root);
    let folders = [
        PathBuf::from("/usr/share/fonts"),
        PathBuf::from("/usr/local/share/fonts"),
        home.join(".local/share/fonts"),
        home.join(".fonts"),
        home.join("Library/Fonts"),
        PathBuf::from("/Library/Fonts"),
    ];
    folders.iter().any(|folder| font_below(folder, beginnings, 4))
}

fn font_below(folder: &Path, beginnings: &[&str], depth_left: u32) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return depth_left > 0 && font_below(&path, beginnings, depth_left - 1);
        }
        let name = entry.file_name().to_string_lossy().to_lowercase();
        beginnings.iter().any(|beginning| name.starts_with(beginning))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_postgresql_switch_is_set_between_the_common_package_and_the_server() {
        if !no_cluster_yet() {
            return;
        }
        let lines = commands(&[&POSTGRESQL]);
        assert!(lines[1].ends_with(" postgresql-common"), "{lines:?}");
        assert!(lines[2].starts_with("sed "), "{lines:?}");
        assert!(lines[3].ends_with(" postgresql"), "{lines:?}");
    }

    #[test]
    fn a_missing_optional_package_does_not_stop_the_required_ones() {
        let lines = commands(&[&REPORT_FONT, &RESERVE_FONT]);
        assert!(lines[1].ends_with(" fonts-noto-cjk"), "{lines:?}");
        assert!(lines[2].contains("|| echo"), "{lines:?}");
    }
}
