//! `decile fmt` as a user runs it: what it prints, what it exits with, and what becomes of the files.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

const MESSY: &str = "weight   equal # as ever\nselect top 50 by value";
const TIDY: &str = "select top 50 by value\nweight equal # as ever\n";

fn decile(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_decile"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(input).expect("the program reads");
    child.wait_with_output().expect("the program ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes text")
}

#[test]
fn files_are_rewritten_only_if_they_change() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (messy, tidy) = (folder.path().join("messy.decile"), folder.path().join("tidy.decile"));
    fs::write(&messy, MESSY).expect("writable");
    fs::write(&tidy, TIDY).expect("writable");
    let before = fs::metadata(&tidy).and_then(|m| m.modified()).expect("it is there");

    let check = decile(folder.path(), &["fmt", "--check", "messy.decile", "tidy.decile"], b"");
    assert_eq!((check.status.code(), text(&check.stdout)), (Some(1), "messy.decile\n"));
    assert_eq!(fs::read_to_string(&messy).expect("readable"), MESSY);

    let done = decile(folder.path(), &["fmt", "messy.decile", "tidy.decile"], b"");
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), ""));
    assert_eq!(fs::read_to_string(&messy).expect("readable"), TIDY);
    assert_eq!(fs::metadata(&tidy).and_then(|m| m.modified()).expect("it is there"), before);

    let check = decile(folder.path(), &["fmt", "--check", "messy.decile", "tidy.decile"], b"");
    assert_eq!((check.status.code(), text(&check.stdout)), (Some(0), ""));
    let left = fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(left, 2, "no temporary file stays behind");
}

#[test]
fn standard_input_is_printed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let done = decile(folder.path(), &["fmt", "-"], MESSY.as_bytes());
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(0), TIDY));
    let check = decile(folder.path(), &["fmt", "--check", "-"], MESSY.as_bytes());
    assert_eq!(check.status.code(), Some(1));
}

#[test]
fn faulty_files_are_left_alone_and_the_others_formatted() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file =
        |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("writable");
    file("faulty.decile", b"select top 50 by\n");
    file("latin.decile", b"benchmark \"caf\xe9\"\n");
    file("messy.decile", MESSY.as_bytes());
    file("long.decile", &vec![b' '; (1 << 20) + 1]);
    let names = ["faulty.decile", "latin.decile", "messy.decile", "none.decile", "long.decile"];
    let done = decile(folder.path(), &[&["fmt"], names.as_slice()].concat(), b"");
    assert_eq!(done.status.code(), Some(1));
    let complaint = text(&done.stderr);
    let complaint = complaint.lines().map(str::trim_end);
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("fmt_faulty_files", complaint.collect::<Vec<_>>().join("\n"));
    });
    let read = |name: &str| fs::read(folder.path().join(name)).expect("readable");
    assert_eq!(read("faulty.decile"), b"select top 50 by\n");
    assert_eq!(read("latin.decile"), b"benchmark \"caf\xe9\"\n");
    assert_eq!(read("messy.decile"), TIDY.as_bytes());
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (file, link) = (folder.path().join("a.decile"), folder.path().join("link.decile"));
    fs::write(&file, MESSY).expect("writable");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("settable");
    symlink(&file, &link).expect("linkable");
    assert!(decile(folder.path(), &["fmt", "link.decile"], b"").status.success());
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(fs::read_to_string(&file).expect("readable"), TIDY);
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o640);
}
