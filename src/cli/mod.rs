//! The program's commands, a file each: read arguments, call the library, print what it gives.

mod completions;
mod data;
mod eval;
mod explain;
mod format;
mod funnel;
mod help;
mod import;
mod market;
mod repl;
mod run;
mod sample;
mod why;

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics, Severity, Style, render},
    engine,
};
use clap::{Parser, Subcommand, ValueEnum};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

/// A language for factor portfolios.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    repl: repl::Repl,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// How errors are written.
    #[arg(long, global = true, value_enum, default_value_t = ErrorFormat::Full)]
    error_format: ErrorFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ErrorFormat {
    Full,
    Short,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Repl(repl::Repl),
    Eval(eval::Eval),
    Explain(explain::Explain),
    Why(why::Why),
    Funnel(funnel::Funnel),
    #[command(name = "fmt")]
    Format(format::Format),
    Import(import::Import),
    Data(data::Data),
    Sample(sample::Sample),
    Help(help::Help),
    Completions(completions::Completions),
    #[command(name = "man")]
    Manual(completions::Manual),
}

/// What a command may use of its surroundings.
#[derive(Debug, Clone, Copy)]
struct Terminal {
    /// Whether standard output takes colours.
    colors: bool,
    /// How diagnostics are written.
    style: Style,
}

impl Terminal {
    fn new(color: Color, format: ErrorFormat) -> Self {
        let wanted = |stream: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream && std::env::var_os("NO_COLOR").is_none(),
        };
        let style = match format {
            ErrorFormat::Short => Style::Short,
            ErrorFormat::Json => Style::Json,
            ErrorFormat::Full if wanted(io::stderr().is_terminal()) => Style::Terminal,
            ErrorFormat::Full => Style::Plain,
        };
        Self { colors: wanted(io::stdout().is_terminal()), style }
    }

    /// Writes to standard output; a reader that has gone away is no error.
    fn print(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes lines on how something was read to standard error; nothing where programs read it.
    fn note(self, lines: &[String]) {
        if matches!(self.style, Style::Short | Style::Json) {
            return;
        }
        let mut out = io::stderr().lock();
        for line in lines {
            let _ = writeln!(out, "read: {line}");
        }
    }

    /// Writes diagnostics to standard error.
    fn complain(self, diagnostics: &Diagnostics) {
        if !diagnostics.list.is_empty() {
            let _ = writeln!(io::stderr().lock(), "{}", render(diagnostics, self.style));
        }
    }
}

/// Runs the program: exit code 0 when all went well, 1 for a fault in a strategy, 2 in the command line, 3 in data.
pub fn main() -> ExitCode {
    crate::diagnostic::quiet_guarded_panics();
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.color, arguments.error_format);
    let done: Result<ExitCode, Diagnostics> = match &arguments.command {
        None => repl::run(&arguments.repl, terminal),
        Some(command) => carry_out(command, terminal),
    };
    match done {
        Ok(code) => code,
        Err(diagnostics) => {
            terminal.complain(&diagnostics);
            ExitCode::from(exit_code(&diagnostics))
        }
    }
}

fn carry_out(command: &Command, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    match command {
        Command::Repl(command) => repl::run(command, terminal),
        Command::Run(command) => run::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Eval(command) => eval::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Explain(command) => explain::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Why(command) => why::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Funnel(command) => funnel::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Format(command) => format::run(command, terminal),
        Command::Import(command) => import::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Data(command) => data::run(command, terminal),
        Command::Sample(command) => sample::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Help(command) => help::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Completions(command) => {
            completions::completions(command, terminal);
            Ok(ExitCode::SUCCESS)
        }
        Command::Manual(command) => {
            completions::manual(command, terminal).map(|()| ExitCode::SUCCESS)
        }
    }
}

/// What is to blame: 3 for data, 2 for the command line, 1 for a strategy.
fn exit_code(diagnostics: &Diagnostics) -> u8 {
    let of_command_line = |d: &Diagnostic| match &d.primary {
        None => matches!(
            d.code,
            Code::UnknownParameter | Code::UnknownName | Code::OutputFolder | Code::OutOfRange
        ),
        Some(label) => diagnostics.sources.get(label.span.source).name.starts_with(engine::SETTING),
    };
    let mut errors = diagnostics.list.iter().filter(|d| d.severity == Severity::Error);
    match () {
        () if diagnostics.about_data() => 3,
        () if errors.all(of_command_line) => 2,
        () => 1,
    }
}
