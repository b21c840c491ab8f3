//! `decile repl`: a conversation at a terminal, or as a script.

mod editor;

use super::{Terminal, import::Bar, market::MarketOptions};
use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    report::Colors,
    session::{Reply, Session, is_unfinished},
};
use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Explore a market: expressions answer at once, statements add up to a strategy.
#[derive(Debug, clap::Args)]
pub(super) struct Repl {
    /// Statements to take instead of those that are typed.
    #[arg(short = 'e', long = "expression", value_name = "TEXT", allow_hyphen_values = true)]
    texts: Vec<String>,
    #[command(flatten)]
    market: MarketOptions,
}

pub(super) fn run(arguments: &Repl, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    let colors = if terminal.colors { Colors::Yes } else { Colors::No };
    let market = arguments.market.open(terminal)?;
    let session = Session::new(market, colors).with_root(arguments.market.root());
    let mut talk = Talk { session, terminal, failed: false };
    if !arguments.texts.is_empty() {
        talk.script(&arguments.texts.join("\n"));
    } else if io::stdin().is_terminal() && io::stdout().is_terminal() {
        editor::converse(&mut talk)?;
        return Ok(ExitCode::SUCCESS);
    } else {
        let mut bytes = vec![];
        io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes).map_err(|e| {
            let why = crate::diagnostic::io_reason(&e);
            Diagnostic::error(Code::UnreadableFile, format!("standard input: {why}"))
        })?;
        talk.script(&String::from_utf8_lossy(&bytes));
    }
    Ok(if talk.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Set when Ctrl-C was pressed while something ran.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A conversation and where it is shown.
struct Talk {
    session: Session,
    terminal: Terminal,
    failed: bool,
}

impl Talk {
    /// Takes the statements of a text one after the other; those that go wrong end nothing.
    fn script(&mut self, text: &str) {
        let mut waiting = String::new();
        for line in text.lines() {
            waiting += line;
            if is_unfinished(&waiting) {
                waiting.push('\n');
                continue;
            }
            let is_end = self.answer(&std::mem::take(&mut waiting));
            if is_end {
                return;
            }
        }
        if !waiting.trim().is_empty() {
            self.answer(&waiting);
        }
    }

    /// Answers an input; says whether the conversation ends.
    fn answer(&mut self, input: &str) -> bool {
        let start = Instant::now();
        let answered = self.computed(input);
        match answered {
            None => self.terminal.print("interrupted; nothing was changed\n"),
            Some(Ok(reply)) => {
                if let Some(warnings) = &reply.warnings {
                    self.terminal.complain(warnings);
                }
                self.terminal.print(&reply.text);
                if reply.is_end {
                    return true;
                }
            }
            Some(Err(faults)) => {
                self.failed = true;
                self.terminal.complain(&faults);
            }
        }
        if self.session.shows_time {
            self.terminal.print(&format!("{:.1} ms\n", start.elapsed().as_secs_f64() * 1e3));
        }
        false
    }

    /// Computes aside, so that Ctrl-C keeps the conversation; `None` if it was pressed. What was being computed is left
    /// to itself and changes nothing.
    fn computed(&mut self, input: &str) -> Option<Result<Reply, Diagnostics>> {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let mut session = self.session.clone();
        let input = input.to_owned();
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let answer = session.enter(&input);
            // Nobody may be waiting any more.
            let _ = sender.send((session, answer));
        });
        let bar = Bar::new();
        let mut waited = Duration::ZERO;
        const STEP: Duration = Duration::from_millis(20);
        let answer = loop {
            match receiver.recv_timeout(STEP) {
                Ok((session, answer)) => {
                    self.session = session;
                    break Some(answer);
                }
                Err(RecvTimeoutError::Timeout) => {
                    waited += STEP;
                    if waited == STEP * 25 {
                        crate::data::Progress::begin(&bar, "computing", 0);
                    }
                    if INTERRUPTED.swap(false, Ordering::Relaxed) {
                        break None;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "the computation broke off; nothing was changed";
                    break Some(Err(Diagnostic::error(Code::Internal, message).into()));
                }
            }
        };
        bar.finish();
        answer
    }
}
