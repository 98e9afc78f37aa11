//! `cargo xtask demo`: from a fresh clone to a running demo.

use crate::run::{Outcome, cargo, checked, root, target};
use crate::setup;
use std::process::Command;

/// Installs a Japanese font if there is none, builds the release binary and hands over to `madoguchi demo`.
pub(crate) fn run(options: &[String]) -> Outcome {
    setup::for_demo()?;
    checked(&mut cargo(&["build", "--release", "--package", "madoguchi"]))?;
    let mut demo = Command::new(target().join("release/madoguchi"));
    demo.current_dir(root()).arg("demo");
    if !options.iter().any(|word| word == "--dir" || word.starts_with("--dir=")) {
        demo.args(["--dir", "demo"]);
    }
    demo.args(options);
    replace_this_process(&mut demo)
}

/// Becomes the demo, so that Ctrl-C and the exit code are the demo's own.
fn replace_this_process(command: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    Err(format!("the demo could not be started: {}", command.exec()))
}
