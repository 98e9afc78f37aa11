//! The structure check: the crate borders that ARCHITECTURE.md promises, read from every `Cargo.toml` and source file. It
//! knows names and lines only; what a program does at run time is the tests' business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file may have this many lines, its unit tests aside.
const FILE_LINES_MAX: usize = 600;
/// From here on it is mentioned, so that its second subject is looked for in time.
const FILE_LINES_WARN: usize = 500;

/// Who may depend on what: an outside crate belongs to the crates on its right and to nobody else.
const OWNERS: &[(&[&str], &[&str])] = &[
    (&["rusqlite", "tokio-postgres", "deadpool-postgres", "libsqlite3-sys", "sqlx", "diesel"], &["store"]),
    (&["axum", "hyper", "hyper-util", "http", "http-body-util", "tower"], &["web", "terminal"]),
    (&["tokio-rustls"], &["web", "terminal", "store", "load"]),
    (&["rustls"], &["trust", "web", "terminal", "store", "load"]),
    (&["quick-xml", "encoding_rs", "csv"], &["wire"]),
    (&["typst", "typst-layout", "typst-pdf", "krilla"], &["report"]),
    (&["rcgen", "x509-parser", "p12-keystore"], &["trust"]),
    (&["ring"], &["trust", "service", "web"]),
    (&["askama"], &["web", "terminal"]),
];

/// The dependency direction: each crate and the crates of ours that it may name.
const BELOW: &[(&str, &[&str])] = &[
    ("measure", &[]),
    ("model", &[]),
    ("trust", &[]),
    ("wire", &["model"]),
    ("store", &["model"]),
    ("report", &["model"]),
    ("service", &["store", "wire", "trust", "model"]),
    ("synth", &["wire", "trust", "model"]),
    ("terminal", &["wire", "trust"]),
    ("load", &["synth", "wire", "trust", "model"]),
    ("web", &["service", "report", "wire", "trust", "model"]),
    ("cli", &["web", "terminal", "load", "synth", "service", "store", "report", "wire", "trust", "model"]),
];

/// What must not be written in a crate's sources, and why.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "model",
        &[
            "tokio",
            "async fn",
            "std::fs",
            "std::net",
            "std::env",
            "SystemTime",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "rand::",
        ],
        "model has no IO, no async, no clock and no randomness: take them as arguments",
    ),
    (
        "service",
        &["SystemTime::now", "Timestamp::now", "Zoned::now"],
        "in service only clock.rs reads the clock; use-cases take the time as an argument",
    ),
    ("service", &["SELECT ", "INSERT INTO", "quick_xml", "axum::", "hyper::"], "service sees no SQL, XML or HTTP"),
    ("web", &["SELECT ", "INSERT INTO"], "only store writes SQL"),
    ("terminal", &["SELECT ", "INSERT INTO"], "only store writes SQL"),
    ("load", &["SELECT ", "INSERT INTO"], "only store writes SQL"),
];

/// The one file that reads the system's clock for the use-cases.
const CLOCK: (&str, &str) = ("service", "crates/service/src/clock.rs");

/// Reminders belong to the issue list, not to the sources.
const REMINDERS: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];

/// What one reading found: what breaks a promise, and what is only worth a look.
#[derive(Default)]
struct Findings {
    broken: Vec<String>,
    notes: Vec<String>,
}

/// Reads the whole work tree below `root`; the error lists everything that breaks a promise.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let mut findings = Findings::default();
    for krate in folders(&root.join("crates")) {
        check_crate(root, &krate, &mut findings);
    }
    for file in rust_files(&root.join("xtask/src")) {
        check_text("xtask", &shown(root, &file), &read(&file), &mut findings);
    }
    if !folders(&root.join("crates/store")).iter().any(|folder| folder.ends_with("migrations")) {
        findings.broken.push("crates/store/migrations is missing: the schema lives there".to_owned());
    }
    for note in &findings.notes {
        println!("note: {note}");
    }
    match findings.broken.is_empty() {
        true => Ok(()),
        false => Err(findings.broken.join("\n")),
    }
}

fn check_crate(root: &Path, folder: &Path, findings: &mut Findings) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match dependencies(&read(&folder.join("Cargo.toml"))) {
        Ok(dependencies) => check_dependencies(&name, &dependencies, findings),
        Err(error) => findings.broken.push(format!("crates/{name}/Cargo.toml: {error}")),
    }
    for part in ["src", "tests", "benches"] {
        for file in rust_files(&folder.join(part)) {
            let (place, text) = (shown(root, &file), read(&file));
            check_text(&name, &place, &text, findings);
            if part == "src" && !is_for_tests(&place) {
                check_words(&name, &place, &text, findings);
            }
        }
    }
}

/// The names in all dependency tables that reach the product (tests may use what they like).
fn dependencies(manifest: &str) -> Result<BTreeSet<String>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut tables = vec![manifest.get("dependencies"), manifest.get("build-dependencies")];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        tables.extend(targets.values().map(|target| target.get("dependencies")));
    }
    let tables = tables.into_iter().flatten().filter_map(toml::Value::as_table);
    Ok(tables.flat_map(|table| table.keys().cloned()).collect())
}

fn check_dependencies(name: &str, dependencies: &BTreeSet<String>, findings: &mut Findings) {
    for (outside, owners) in OWNERS {
        for dependency in outside.iter().filter(|dependency| dependencies.contains(**dependency)) {
            if !owners.contains(&name) {
                findings.broken.push(format!(
                    "crates/{name}/Cargo.toml names {dependency}, which belongs to {} alone",
                    owners.join(" and ")
                ));
            }
        }
    }
    let Some((_, below)) = BELOW.iter().find(|(above, _)| *above == name) else {
        findings
            .broken
            .push(format!("crates/{name} has no place in the dependency direction (xtask/src/structure.rs)"));
        return;
    };
    for dependency in dependencies.iter().filter_map(|dependency| dependency.strip_prefix("madoguchi-")) {
        if !below.contains(&dependency) {
            findings.broken.push(format!("crates/{name} depends on {dependency}, which is not below it"));
        }
    }
}

/// Length and reminders.
fn check_text(name: &str, place: &str, text: &str, findings: &mut Findings) {
    let lines = if place.contains("/src/") && !is_for_tests(place) { product_lines(text).count() } else { 0 };
    if lines >= FILE_LINES_MAX {
        findings
            .broken
            .push(format!("{place} has {lines} lines, the limit is {FILE_LINES_MAX}: give its second subject a file"));
    } else if lines > FILE_LINES_WARN {
        findings.notes.push(format!("{place} has {lines} lines: look for the second subject"));
    }
    for (number, line) in text.lines().enumerate() {
        for word in REMINDERS.iter().filter(|word| line.contains(**word)) {
            findings.broken.push(format!("{place}:{} has a {word} ({name})", number + 1));
        }
    }
}

/// Words that break a border, outside comments and unit tests.
fn check_words(name: &str, place: &str, text: &str, findings: &mut Findings) {
    if (name, place) == CLOCK {
        return;
    }
    for (krate, words, why) in FORBIDDEN.iter().filter(|(krate, ..)| *krate == name) {
        for (number, line) in product_lines(text).enumerate() {
            let code = line.split("//").next().unwrap_or(line);
            for word in words.iter().filter(|word| code.contains(**word)) {
                findings.broken.push(format!("{place}:{} says {word} in {krate}: {why}", number + 1));
            }
        }
    }
}

/// Files in `src` that only tests use: `test_support` behind its feature, `…_test.rs` and `tests.rs` behind `cfg(test)`.
fn is_for_tests(place: &str) -> bool {
    place.contains("/test_support")
        || place.ends_with("_test.rs")
        || place.ends_with("/tests.rs")
        || place.contains("/tests/")
}

/// The lines before the file's unit tests.
fn product_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| *line != "#[cfg(test)]")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = entries(folder)
        .into_iter()
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = entries(folder).into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// An unreadable file counts as an empty one: then what it should have held is reported as missing or cargo complains.
fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

fn shown(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_manifest(name: &str, manifest: &str, broken: usize) {
        let mut findings = Findings::default();
        check_dependencies(name, &dependencies(manifest).unwrap(), &mut findings);
        assert_eq!(findings.broken.len(), broken, "{:?}", findings.broken);
    }

    #[track_caller]
    fn check_source(name: &str, text: &str, broken: usize) {
        let mut findings = Findings::default();
        check_text(name, "crates/x/src/x.rs", text, &mut findings);
        check_words(name, "crates/x/src/x.rs", text, &mut findings);
        assert_eq!(findings.broken.len(), broken, "{:?}", findings.broken);
    }

    #[test]
    fn a_driver_belongs_to_store() {
        check_manifest("store", "[dependencies]\nrusqlite = '1'", 0);
        check_manifest("service", "[dependencies]\nrusqlite = '1'", 1);
        check_manifest("web", "[target.'cfg(unix)'.dependencies]\ntokio-postgres.workspace = true", 1);
    }

    #[test]
    fn tests_may_use_what_they_like() {
        check_manifest("cli", "[dev-dependencies]\nhyper = '1'", 0);
        check_manifest("cli", "[build-dependencies]\nhyper = '1'", 1);
    }

    #[test]
    fn dependencies_point_downwards() {
        check_manifest("service", "[dependencies]\nmadoguchi-store.workspace = true", 0);
        check_manifest("store", "[dependencies]\nmadoguchi-service.workspace = true", 1);
        check_manifest("terminal", "[dependencies]\nmadoguchi-store.workspace = true", 1);
        check_manifest("newcomer", "[dependencies]", 1);
    }

    #[test]
    fn model_has_no_clock() {
        check_source("model", "let now = Timestamp::now();", 1);
        check_source("model", "// Timestamp::now() is not for us", 0);
        check_source("model", "#[cfg(test)]\nlet now = Timestamp::now();", 0);
        check_source("web", "let now = Timestamp::now();", 0);
    }

    #[test]
    fn a_file_has_one_subject() {
        check_source("web", &"x\n".repeat(FILE_LINES_MAX - 1), 0);
        check_source("web", &"x\n".repeat(FILE_LINES_MAX), 1);
        check_source("web", &format!("#[cfg(test)]\n{}", "x\n".repeat(FILE_LINES_MAX)), 0);
    }

    #[test]
    fn reminders_do_not_stay() {
        check_source("web", &format!("// {} later", REMINDERS[0]), 1);
        check_source("web", "// to do it later is no reminder", 0);
    }
}
