//! Files that cannot be taken: each is refused with a clear Japanese message and the documented exit code, leaves
//! its entry in the audit log and nothing else, and the right file is taken afterwards.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::io::Write;
use std::path::{Path, PathBuf};
use support::Demo;
use support::verb::{audit_entries, rows, run, run_measured, verify};

/// A file that cannot be taken.
struct Case {
    name: &'static str,
    verb: &'static str,
    bytes: Vec<u8>,
    /// 1 it could not be read, 3 it was read and refused.
    code: i32,
    /// What the message says.
    says: &'static [&'static str],
}

/// Anything else than the file's bytes.
const NOT_WRITTEN: Vec<u8> = Vec::new();

#[test]
fn what_cannot_be_taken_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("demo");
    Demo::start(&directory, &["--today", "20240501", "--persons", "60", "--seed", "7"]).stop();
    // The institution is known from an earlier file.
    let right = put(folder.path(), "right.UKE", &sample());
    let known = put(folder.path(), "known.UKE", &changed(&sample(), &[("202403", "202402"), ("202404", "202403")]));
    let enrolled = run(&directory, &["ingest", "claims"], &["--enrol", known.to_str().unwrap()]);
    assert_eq!(enrolled.code, Some(0), "{}", enrolled.text());

    let before = rows(&directory);
    let mut refused = refusals(&directory);
    let mut wrong = Vec::new();
    for case in cases() {
        let path = match case.name {
            "a directory" => folder.path().to_owned(),
            "no such file" => folder.path().join("missing.UKE"),
            name => put(folder.path(), &format!("{}.UKE", name.replace(' ', "-")), &case.bytes),
        };
        let ran = run(&directory, &["ingest", case.verb], &[path.to_str().unwrap()]);
        println!("--- {} ({})\n{}", case.name, case.verb, ran.text());
        let says = case.says.iter().all(|words| ran.text().contains(words));
        let noted = refusals(&directory);
        let expected = refused + usize::from(case.code == 3);
        if ran.code != Some(case.code) || !says || noted != expected || rows(&directory) != before {
            wrong.push(format!("{} ({}): {noted} refusals, {expected} expected, {ran:?}", case.name, case.verb));
        }
        refused = noted;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    cut_files_are_refused(&directory, folder.path());

    let taken = run(&directory, &["ingest", "claims"], &[right.to_str().unwrap()]);
    assert_eq!(taken.code, Some(0), "{}", taken.text());
    assert!(rows(&directory)["receipts"] > before["receipts"]);
    unknown_records_are_skipped_and_told(&directory, folder.path());
    endless_lines_take_no_memory(&directory, folder.path());
    unreadable_file_is_told(&directory, folder.path());
    let verified = verify(&directory);
    assert_eq!(verified.code, Some(0), "{}", verified.text());
}

fn cases() -> Vec<Case> {
    let mut random = vec![0; 4_000];
    ChaCha20Rng::seed_from_u64(7).fill_bytes(&mut random);
    let claims = |name, bytes, says| Case { name, verb: "claims", bytes, code: 3, says };
    let master = |name, bytes, says| Case { name, verb: "masters", bytes, code: 3, says };
    let coverage = |name, bytes, says| Case { name, verb: "coverage", bytes, code: 3, says };
    let unread = |name, verb, says| Case { name, verb, bytes: NOT_WRITTEN, code: 1, says };
    let utf8 = "IR,1,13,1,0000001,,窓口中央病院,202404,00,\r\nGO,0,0,99\r\n";
    let line_in_utf8 = changed(&sample(), &[("CO,21,1,", "CO,21,1,810000001,１日３回食後\r\nCO,21,1,")]);
    vec![
        claims("empty", Vec::new(), &["ファイルが空です"]),
        claims("random bytes", random.clone(), &["1行目", "Shift_JIS"]),
        claims("utf-8", utf8.into(), &["1行目", "UTF-8", "Shift_JISで出力"]),
        claims("one line in utf-8", line_in_utf8, &["8行目", "UTF-8", "Shift_JISで出力"]),
        claims("a packed file", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), &["ZIPファイル", "壊れている"]),
        claims("text", b"Hello, world\r\n".to_vec(), &["1行目", "先頭に医療機関情報レコード（IR）"]),
        claims(
            "unknown institution",
            changed(&sample(), &[("0000001", "0000002")]),
            &["1310000002", "登録されていません", "madoguchi institution put", "--enrol"],
        ),
        claims(
            "future month",
            changed(&sample(), &[("202404", "202406")]),
            &["1行目", "請求年月", "2024年6月", "2024年5月"],
        ),
        claims(
            "month thirteen",
            changed(&sample(), &[("202404", "202413")]),
            &["1行目 ファイル取込不可：請求年月：年月"],
        ),
        claims("another kind", changed(&sample(), &[("IR,1,13,1", "IR,1,13,6")]), &["点数表", "訪問看護"]),
        unread("a directory", "masters", &["ディレクトリです"]),
        unread("a directory", "coverage", &["ディレクトリです"]),
        unread("no such file", "claims", &["見つかりません"]),
        unread("no such file", "masters", &["見つかりません"]),
        master("empty", Vec::new(), &["行がありません"]),
        master("random bytes", random.clone(), &["1行目", "公開されている"]),
        master("claims", sample(), &["マスターではありません"]),
        master("a broken zip", b"PK\x03\x04broken".to_vec(), &["ZIPファイル", "ダウンロード"]),
        coverage("empty", Vec::new(), &["見出し行", "person_key"]),
        coverage("random bytes", random, &["UTF-8"]),
        coverage("claims", sample(), &["UTF-8"]),
        coverage("every field wrong", EVERY_FIELD_WRONG.into(), EVERY_FIELD_NAMED),
    ]
}

const EVERY_FIELD_WRONG: &str = "person_key,name,kana,sex,birthdate,insurer_number,symbol,number,branch,relation,\
    classification,valid_from,valid_to,loss_reason,patient_share,card_serial\n\
    ,,,9,19600132,1,,,1234,3,9,20201301,19000101,04,101,zz\n\
    p1,山田　太郎,ヤマダ　タロウ,1,19600102,01130012,国12,00123,01,1,01,20240401,20240331,,,\n";
const EVERY_FIELD_NAMED: &[&str] = &[
    "2行目 取込不可：person_key",
    "2行目 取込不可：name",
    "2行目 取込不可：kana",
    "2行目 取込不可：sex",
    "2行目 取込不可：birthdate：年月日",
    "2行目 取込不可：insurer_number",
    "2行目 取込不可：number",
    "2行目 取込不可：branch",
    "2行目 取込不可：relation",
    "2行目 取込不可：classification",
    "2行目 取込不可：valid_from",
    "2行目 取込不可：loss_reason",
    "2行目 取込不可：patient_share",
    "2行目 取込不可：card_serial",
    "3行目 取込不可：valid_to",
];

/// A file that was cut off anywhere is not taken, not even in part.
fn cut_files_are_refused(directory: &Path, folder: &Path) {
    let (whole, before) = (sample(), rows(directory));
    for part in 0..20 {
        let path = put(folder, "cut.UKE", &whole[..whole.len() * part / 20]);
        let ran = run(directory, &["ingest", "claims"], &[path.to_str().unwrap()]);
        assert_eq!(ran.code, Some(3), "{part}/20: {}", ran.text());
        assert_eq!(rows(directory), before, "{part}/20");
    }
}

fn unknown_records_are_skipped_and_told(directory: &Path, folder: &Path) {
    let path = put(folder, "unknown-record.UKE", &changed(&sample(), &[("JD,1", "ZZ,1")]));
    let ran = run(directory, &["ingest", "claims"], &[path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.out.contains("ZZ 1件"), "{}", ran.out);
    assert!(ran.out.contains("199999999"), "codes without a master are told: {}", ran.out);
}

/// 300 MB without a line feed: given up at once, and never held in memory.
fn endless_lines_take_no_memory(directory: &Path, folder: &Path) {
    let path = folder.join("endless.UKE");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&vec![b'1'; 1_000_000]).unwrap();
    file.set_len(300_000_000).unwrap();
    for (verb, says) in [("claims", "64KiB"), ("coverage", "1行またはファイル全体が長すぎます")] {
        let (ran, peak) = run_measured(directory, &["ingest", verb], &path);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.text().contains(says), "{}", ran.text());
        assert!(peak < 100_000, "ingest {verb} of an endless line took {peak} kB");
    }
}

/// Root reads everything, so this says something only to ordinary users.
fn unreadable_file_is_told(directory: &Path, folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let path = put(folder, "unreadable.UKE", &sample());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        println!("SKIPPED: a file without read permission, because this user reads everything");
        return;
    }
    let ran = run(directory, &["ingest", "claims"], &[path.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("読み取る権限がありません"), "{}", ran.err);
}

/// Refusals of files in the audit log.
fn refusals(directory: &Path) -> usize {
    let entries = audit_entries(directory);
    entries.iter().filter(|entry| entry["outcome"] == "refused").count()
}

fn sample() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/data/RECEIPTC.UKE")).unwrap()
}

/// The file with the first of each of these (ASCII) texts replaced.
fn changed(bytes: &[u8], changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (from, to) in changes {
        let place = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        bytes.splice(place..place + from.len(), to.bytes());
    }
    bytes
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
