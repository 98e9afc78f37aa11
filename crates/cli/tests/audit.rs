//! `audit verify` through the binary: whoever has the database but not the key cannot change the log unseen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use madoguchi_store::test_support::tamper;
use std::path::{Path, PathBuf};
use support::verb::{audit_entries, database, verify};
use support::walk::{logged_in, passed};
use support::{Answer, Demo};

/// One way to change the log, and what is found.
struct Case {
    name: &'static str,
    /// SQL; `{n}` is the last sequence of the chain.
    sql: &'static str,
    /// What happens to the file with the newest signed head.
    head_file: HeadFile,
    /// Process and sequence as the message names them; `{n-2}` is that before the last two entries.
    says: &'static str,
}

#[derive(Clone, Copy)]
enum HeadFile {
    Kept,
    Removed,
    Changed,
}

const CASES: &[Case] = &[
    Case {
        name: "a changed detail",
        sql: "UPDATE audit_entries SET detail = detail || 'x' WHERE process = 'server-1' AND sequence = 3",
        head_file: HeadFile::Kept,
        says: "server-1：3番の記録が書き換えられています",
    },
    Case {
        name: "another institution",
        sql: "UPDATE audit_entries SET institution_code = '9999999999' WHERE process = 'server-1' AND sequence = 2",
        head_file: HeadFile::Kept,
        says: "server-1：2番の記録が書き換えられています",
    },
    Case {
        name: "an unknown action",
        sql: "UPDATE audit_entries SET action = 'nothing' WHERE process = 'server-1' AND sequence = 2",
        head_file: HeadFile::Kept,
        says: "server-1：2番の記録を読めません（書き換えられています）",
    },
    Case {
        name: "the first is missing",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence = 1",
        head_file: HeadFile::Kept,
        says: "server-1：1番の記録がありません",
    },
    Case {
        name: "one is missing",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence = 4",
        head_file: HeadFile::Kept,
        says: "server-1：4番の記録がありません",
    },
    Case {
        name: "one is inserted",
        sql: "UPDATE audit_entries SET sequence = sequence + 100000 WHERE process = 'server-1' AND sequence > 2;
              INSERT INTO audit_entries SELECT process, 3, at, institution_code, user_id, terminal, action, outcome,
                  subject, detail, previous_hash, hash
                  FROM audit_entries WHERE process = 'server-1' AND sequence = 2;
              UPDATE audit_entries SET sequence = sequence - 99999 WHERE process = 'server-1' AND sequence > 100000",
        head_file: HeadFile::Kept,
        says: "server-1：3番の記録が前の記録につながりません",
    },
    Case {
        name: "one is appended",
        sql: "INSERT INTO audit_entries SELECT process, sequence + 1, at, institution_code, user_id, terminal, action,
                  outcome, subject, detail, hash, previous_hash
                  FROM audit_entries WHERE process = 'server-1' AND sequence = {n}",
        head_file: HeadFile::Kept,
        says: "server-1：{n+1}番の記録が書き換えられています",
    },
    Case {
        name: "the tail is cut",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence > {n-2}",
        head_file: HeadFile::Kept,
        says: "server-1：{n}番までが署名されていますが、記録は{n-2}番で終わっています",
    },
    Case {
        name: "the tail is cut with its signed heads",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence > {n-2};
              DELETE FROM audit_heads WHERE process = 'server-1'",
        head_file: HeadFile::Kept,
        says: "server-1：{n}番までが署名されていますが、記録は{n-2}番で終わっています",
    },
    Case {
        name: "the tail is cut with the head file",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence > {n-2}",
        head_file: HeadFile::Removed,
        says: "server-1：{n}番までが署名されていますが、記録は{n-2}番で終わっています",
    },
    Case {
        name: "the whole chain is gone",
        sql: "DELETE FROM audit_entries WHERE process = 'server-1'; DELETE FROM audit_heads",
        head_file: HeadFile::Kept,
        says: "server-1：{n}番までが署名されていますが、記録は0番で終わっています",
    },
    Case {
        name: "the head file is changed",
        sql: "SELECT 1",
        head_file: HeadFile::Changed,
        says: "server-1：署名された先頭を確認できません",
    },
    Case {
        name: "a stored head is changed",
        sql: "UPDATE audit_heads SET note = replace(note, 'madoguchi/audit', 'madoguchi/other')",
        head_file: HeadFile::Kept,
        says: "server-1：署名された先頭を確認できません",
    },
];

#[test]
fn whatever_is_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    let mut demo = Demo::start(&directory, &["--today", "20240520", "--persons", "60", "--seed", "7"]);
    let document = demo.document();
    passed(&document["institutions"][0], &document["cards"][0], Answer::Agree);
    logged_in(&document["institutions"][0], "viewer");
    assert_eq!(demo.stop(), Some(0));
    let untouched = verify(&directory);
    assert_eq!(untouched.code, Some(0), "{}", untouched.text());

    let entries = audit_entries(&directory);
    let of_server = entries.iter().filter(|entry| entry["process"] == "server-1");
    let last = of_server.map(|entry| entry["sequence"].as_i64().unwrap()).max().unwrap();
    let kept = Kept::of(&directory);
    let mut wrong = Vec::new();
    for case in CASES {
        tamper(&database(&directory), &filled(case.sql, last));
        kept.change_head_file(case.head_file);
        let found = verify(&directory);
        if found.code != Some(3) || !found.err.contains(&filled(case.says, last)) {
            wrong.push(format!("{}: {found:?}", case.name));
        }
        kept.put_back();
    }
    assert!(wrong.is_empty(), "last entry {last}\n{}", wrong.join("\n"));
    assert_eq!(verify(&directory).code, Some(0), "putting back was incomplete, the findings above prove nothing");
    a_cut_log_is_not_signed_over(&directory, last);
}

/// The server starts over a cut log, but the witness in the file stays, so that the cut still shows.
fn a_cut_log_is_not_signed_over(directory: &Path, last: i64) {
    let cut = "DELETE FROM audit_entries WHERE process = 'server-1' AND sequence > {n-2};
               DELETE FROM audit_heads WHERE process = 'server-1'";
    tamper(&database(directory), &filled(cut, last));
    let mut demo = Demo::start(directory, &[]);
    logged_in(&demo.document()["institutions"][0], "viewer");
    demo.stop();
    let found = verify(directory);
    assert_eq!(found.code, Some(3), "{}", found.text());
    assert!(found.err.contains("server-1："), "{}", found.err);
}

fn filled(text: &str, last: i64) -> String {
    let numbers = [("{n-2}", last - 2), ("{n+1}", last + 1), ("{n}", last)];
    numbers.iter().fold(text.to_owned(), |text, (name, number)| text.replace(name, &number.to_string()))
}

/// Copies of what the cases change.
struct Kept {
    files: Vec<(PathBuf, Vec<u8>)>,
    head_file: PathBuf,
}

impl Kept {
    fn of(directory: &Path) -> Self {
        // No process has the store open, so one file is all of it.
        tamper(&database(directory), "PRAGMA wal_checkpoint(TRUNCATE)");
        let head_file = directory.join("audit/heads/server-1.note");
        let paths = [directory.join("madoguchi.db"), head_file.clone()];
        let files = paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        Self { files, head_file }
    }

    fn change_head_file(&self, change: HeadFile) {
        match change {
            HeadFile::Kept => {}
            HeadFile::Removed => std::fs::remove_file(&self.head_file).unwrap(),
            HeadFile::Changed => {
                let note = std::fs::read_to_string(&self.head_file).unwrap();
                std::fs::write(&self.head_file, note.replacen("server-1", "server-2", 1)).unwrap();
            }
        }
    }

    fn put_back(&self) {
        let database = &self.files[0].0;
        for left in ["-wal", "-shm"] {
            let _may_be_missing = std::fs::remove_file(format!("{}{left}", database.display()));
        }
        for (path, bytes) in &self.files {
            std::fs::write(path, bytes).unwrap();
        }
    }
}
