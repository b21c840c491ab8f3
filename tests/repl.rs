//! `decile repl` as a script, and at a terminal.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

fn decile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_decile"));
    command.env("NO_COLOR", "1").env_remove("HOME").env_remove("XDG_STATE_HOME");
    command
}

fn said(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = decile()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_script_is_answered_line_by_line() {
    let script = b"let cheap = rank(\n  value)\nselect top 3 by cheap\nshow\nquit\nshow\n";
    for arguments in [&["repl"][..], &[][..]] {
        let output = said(arguments, script);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let out = text(&output.stdout);
        assert!(out.contains("3 picked") && out.ends_with("select top 3 by cheap\n"), "{out}");
        assert!(!out.contains('\x1b'));
    }
}

#[test]
fn errors_end_no_script_and_are_told_by_the_exit_code() {
    let output = said(&["repl"], b"valu\n1 + 1\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("unknown-name"));
    assert!(text(&output.stdout).contains('2'));
}

#[test]
fn statements_of_the_command_line() {
    let output = said(&["-e", "1 + 1"], b"");
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("\n2\n"), "{}", text(&output.stdout));
}

#[test]
fn what_nobody_would_type() {
    let long = [b"(".repeat(1000), b"1 +".repeat(3_000_000)].concat();
    for input in [&b"\x00\xff\xfe\x80"[..], b"\"unfinished", &long, b"\n\n\n", b"strategy x {"] {
        let output = said(&["repl"], input);
        let error = text(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && !error.contains("panicked"),
            "{error}"
        );
    }
}

#[test]
#[cfg(unix)]
fn a_terminal() -> Result<(), rexpect::error::Error> {
    let home = tempfile::tempdir().expect("a folder");
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_decile"));
        command.env("HOME", home.path()).env("NO_COLOR", "1").env("TERM", "xterm");
        command.env_remove("XDG_STATE_HOME");
        rexpect::session::spawn_command(command, Some(60_000))
    };
    let mut terminal = start()?;
    terminal.exp_string("501 assets")?;
    terminal.exp_string("> ")?;
    // A word is completed, a bracket goes on.
    terminal.send("1 + su\t")?;
    terminal.send_control('c')?;
    terminal.exp_string("> ")?;
    terminal.send_line("1 + (2")?;
    terminal.send_line("+ 4)")?;
    terminal.exp_string("7")?;
    terminal.exp_string("> ")?;
    terminal.send_line("valu")?;
    terminal.exp_string("unknown-name")?;
    terminal.exp_string("> ")?;
    // Words are completed by where they stand, and a line that was typed before comes back.
    terminal.send("select top 3 by earnings_y\t weight min_v\t rebalance qua\t")?;
    terminal.send_line("")?;
    terminal.exp_string("3 picked")?;
    terminal.exp_string("> ")?;
    terminal.send("ts_mean(close, 20, min:\t5)")?;
    terminal.send_control('c')?;
    terminal.exp_string("> ")?;
    terminal.send("demean(value, within: sec\t)")?;
    terminal.send_line("")?;
    terminal.exp_string("highest")?;
    terminal.exp_string("> ")?;
    terminal.send_line("show")?;
    terminal.exp_string("weight min_variance")?;
    terminal.exp_string("rebalance quarterly")?;
    terminal.exp_string("> ")?;
    terminal.send("\u{1b}[A\u{1b}[A")?;
    terminal.send_line("")?;
    terminal.exp_string("highest")?;
    terminal.exp_string("> ")?;
    terminal.send_line(":quit")?;
    terminal.exp_eof()?;
    // The history of the conversation is kept for the next.
    let history = std::fs::read_to_string(home.path().join(".local/state/decile/history"));
    let history = history.expect("it was written");
    assert!(history.contains("valu") && history.contains(":quit"), "{history}");
    let mut terminal = start()?;
    terminal.exp_string("> ")?;
    terminal.send_control('d')?;
    terminal.exp_eof()?;
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_narrow_terminal_and_one_that_is_interrupted() -> Result<(), rexpect::error::Error> {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("sh");
    command.args(["-c", "stty cols 20 && exec \"$0\" repl", env!("CARGO_BIN_EXE_decile")]);
    command.env("HOME", home.path()).env("NO_COLOR", "1").env("TERM", "xterm");
    command.env_remove("XDG_STATE_HOME");
    let mut terminal = rexpect::session::spawn_command(command, Some(60_000))?;
    terminal.exp_string("> ")?;
    terminal.send_line("rank(close) @ 2016-03-31")?;
    terminal.exp_string("> ")?;
    // It takes much longer than the time until it is stopped.
    terminal.send_line(":plot ts_spearman(close, volume, 250) of BAB3")?;
    std::thread::sleep(std::time::Duration::from_millis(700));
    terminal.send_control('c')?;
    terminal.exp_string("interrupted")?;
    terminal.send_line("1 + 4 * 10")?;
    terminal.exp_string("41")?;
    terminal.send_line(":quit")?;
    terminal.exp_eof()?;
    Ok(())
}
