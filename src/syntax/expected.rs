//! Why a text does not follow the grammar, in the words of a person: what was expected, what stands there instead.

use super::{
    build::{Grammar, Rule},
    error,
    scan::{Piece, PieceKind, pieces},
};
use crate::{
    diagnostic::{Code, Diagnostic, nearest},
    source::{SourceId, Span},
};
use pest::{Parser as _, error::ErrorVariant};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// What the parser would have accepted at a place, as it stands in the grammar.
pub(super) type Tokens = BTreeSet<String>;

/// pest's switch for details is global, so only one text is explained at a time.
static DETAIL: Mutex<()> = Mutex::new(());

/// A character that no rule accepts; it cuts a text off at the place of interest.
const CUT: &str = "\u{1}";

/// The words that statements begin with.
pub const STATEMENTS: &[&str] = CLAUSES;

const CLAUSES: &[&str] = &[
    "benchmark",
    "borrow",
    "cap",
    "capital",
    "cash",
    "commission",
    "cost",
    "delisting",
    "exit",
    "expect",
    "exposure",
    "floor",
    "from",
    "hold",
    "impact",
    "let",
    "limit",
    "long",
    "lot",
    "names",
    "neutralize",
    "on",
    "param",
    "rebalance",
    "select",
    "short",
    "slippage",
    "strategy",
    "target",
    "to",
    "trade",
    "universe",
    "use",
    "weight",
    "where",
];
/// Words beside those of clauses that are no names where an operand is due.
const KEYWORDS: &[&str] = &[
    "and", "between", "by", "else", "false", "if", "in", "missing", "not", "of", "or", "then",
    "true", "when", "active", "per",
];
/// Whether a word is no name where an operand is due.
fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || CLAUSES.contains(&word)
}

/// The months, as they are written.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What may follow any number; worth a suggestion, but not a mention.
const MAGNITUDES: &[&str] = &["thousand", "million", "billion"];
/// What refines a pick.
const REFINEMENTS: &[&str] = &["at", "keep", "replace", "hold"];
const OPERATORS: &[&str] = &[
    "or", "and", "==", "!=", "<=", "<", ">=", ">", "in", "between", "??", "+", "-", "*", "/", "^",
    "of", "|>", ".",
];
/// What can start an expression, besides names, numbers and texts.
const OPERANDS: &[&str] = &["(", "[", "-", "not", "if", "true", "false", "missing"];
const SPACE: &[&str] = &[" ", "\t", "\r", "\n", "#", "\u{feff}"];

/// What people write for operators of other languages, and what it is called here.
const SLIPS: &[(&str, &str)] = &[
    ("=", "=="),
    ("===", "=="),
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("|", "or"),
    ("!", "not"),
    ("<>", "!="),
    ("**", "^"),
    (":=", "="),
];

/// Explains a text that the parser refused.
pub(super) fn explain(start: Rule, text: &str, source: SourceId) -> Diagnostic {
    let place = in_detail(|| furthest(start, text).map(|(at, _)| refused(start, text, at, source)));
    match place {
        Some((place, tokens)) => place.diagnostic(&tokens),
        None => error::too_many_brackets(Span::new(source, 0, 0)),
    }
}

/// All that the parser accepts at the end of a text; nothing after one that it refuses.
pub(super) fn accepted_after(start: Rule, text: &str) -> Tokens {
    in_detail(|| accepted(start, text, text.len()))
}

/// What the parser finds while it notes all that it tries.
fn in_detail<T>(find: impl FnOnce() -> T) -> T {
    let _guard = DETAIL.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let found = find();
    pest::set_error_detail(false);
    found
}

/// The place at or before `at` that was refused, with all that would have been accepted there.
fn refused(start: Rule, text: &str, at: usize, source: SourceId) -> (Place<'_>, Tokens) {
    let place = Place::new(text, at, source);
    let tokens = accepted(start, text, place.at);
    let goes_on = tokens.iter().all(|token| ["(", "."].contains(&token.as_str()));
    match &place.before {
        // A keyword where a name is due: the parser asks how it could go on, but it is the keyword that is wrong.
        Some(keyword) if goes_on && is_keyword(place.word(Some(keyword))) => {
            let at = keyword.range.start;
            (Place::new(text, at, source), accepted(start, text, at))
        }
        // `in juni`: the parser took it for a number of tranches, but a month was meant.
        Some(month)
            if only_tranches(&tokens) && !near_months(place.word(Some(month))).is_empty() =>
        {
            let at = month.range.start;
            (Place::new(text, at, source), MONTHS.iter().map(|m| (*m).to_owned()).collect())
        }
        _ => (place, tokens),
    }
}

/// Whether nothing but `tranches` may follow, or more of the name before it.
fn only_tranches(tokens: &Tokens) -> bool {
    let others = tokens.iter().filter(|token| !["(", "."].contains(&token.as_str()));
    others.eq(["tranches"])
}

fn near_months(word: &str) -> Vec<&'static str> {
    nearest(word, MONTHS.iter().copied())
}

/// All that the parser accepts at a place. Inside a word it knows only how the word goes on; cut off before the word,
/// the text shows all that might follow.
fn accepted(start: Rule, text: &str, at: usize) -> Tokens {
    let before = format!("{} ", &text[..at]);
    let found = furthest(start, &format!("{before}{CUT}"));
    found.filter(|(at, _)| *at == before.len()).map(|(_, tokens)| tokens).unwrap_or_default()
}

/// How far the parser came and what it would have accepted there; `None` if it gave up for want of stack.
fn furthest(start: Rule, text: &str) -> Option<(usize, Tokens)> {
    let error = Grammar::parse(start, text).err()?;
    if matches!(error.variant, ErrorVariant::CustomError { .. }) {
        return None;
    }
    let attempts = error.parse_attempts()?;
    let tokens = attempts.expected_tokens().into_iter().map(|token| token.to_string());
    let tokens = tokens.filter(|t| !SPACE.contains(&t.as_str())).collect();
    Some((attempts.max_position, tokens))
}

/// Where the parser stopped.
struct Place<'t> {
    text: &'t str,
    source: SourceId,
    at: usize,
    /// What stands there; `None` at the end.
    found: Option<Piece>,
    /// What stands before it.
    before: Option<Piece>,
    /// The innermost bracket that is open there.
    open: Option<Piece>,
}

impl<'t> Place<'t> {
    fn new(text: &'t str, position: usize, source: SourceId) -> Self {
        let mut open = vec![];
        let mut before = None;
        let mut found = None;
        for piece in pieces(text).filter(|p| p.kind != PieceKind::Comment) {
            if piece.range.end > position {
                found = Some(piece);
                break;
            }
            match piece.kind {
                PieceKind::Open => open.push(piece.clone()),
                PieceKind::Close => drop(open.pop()),
                _ => {}
            }
            before = Some(piece);
        }
        let at = found.as_ref().map_or(text.len(), |piece| piece.range.start);
        Self { text, source, at, found, before, open: open.pop() }
    }

    fn span(&self, piece: &Piece) -> Span {
        Span::new(self.source, piece.range.start, piece.range.end)
    }

    fn word(&self, piece: Option<&Piece>) -> &'t str {
        piece.map_or("", |piece| &self.text[piece.range.clone()])
    }

    fn diagnostic(&self, tokens: &Tokens) -> Diagnostic {
        if let Some(diagnostic) = self.half_a_date() {
            return diagnostic;
        }
        let expected = format!("expected {}", describe(tokens));
        let found = self.word(self.found.as_ref());
        let span = match &self.found {
            // A long word would drown the message.
            Some(piece) => {
                Span { end: self.span(piece).end.min(self.at as u32 + 80), ..self.span(piece) }
            }
            None => Span::new(self.source, self.text.trim_end().len(), self.text.trim_end().len()),
        };
        let what = match found.chars().count() {
            0 => "the end of the text".to_owned(),
            1..=40 => format!("`{found}`"),
            _ => format!("`{}…`", found.chars().take(40).collect::<String>()),
        };
        let span = self.on_character_borders(span);
        let mut diagnostic =
            Diagnostic::error(Code::Syntax, format!("{expected}, found {what}")).at(span, expected);
        if let Some(open) = &self.open {
            let bracket = self.word(Some(open));
            let closing = [("(", ")"), ("[", "]"), ("{", "}")].iter().find(|b| b.0 == bracket);
            if closing.is_some_and(|b| tokens.contains(b.1)) {
                diagnostic = diagnostic.also(self.span(open), format!("this `{bracket}` is open"));
            }
        }
        self.mend(diagnostic, tokens, found, span)
    }

    fn on_character_borders(&self, mut span: Span) -> Span {
        while !self.text.is_char_boundary(span.end as usize) {
            span.end += 1;
        }
        span
    }

    /// Adds what to do, where that can be guessed.
    fn mend(&self, diagnostic: Diagnostic, tokens: &Tokens, found: &str, span: Span) -> Diagnostic {
        if only_tranches(tokens) {
            return diagnostic
                .help("months or tranches follow `in`: `in june, december`, `in 4 tranches`");
        }
        let Some(piece) = &self.found else { return diagnostic };
        let wants = |token: &str| tokens.contains(token);
        let operators = wants("+");
        let slip = SLIPS.iter().find(|(wrong, right)| *wrong == found && wants(right));
        if let Some((_, right)) = slip {
            return diagnostic.change(format!("write `{right}`"), span, *right);
        }
        if operators && !wants("==") && ["==", "!=", "<", "<=", ">", ">="].contains(&found) {
            return diagnostic.help("comparisons do not chain: join two of them with `and`");
        }
        if wants("|>") && !operators && OPERATORS.contains(&found) {
            return diagnostic.help("put the pipe into brackets to go on with its result");
        }
        if piece.kind == PieceKind::Close && self.open.is_none() {
            return diagnostic.help("no bracket is open here");
        }
        match found {
            "'" => return diagnostic.help("texts stand in double quotes"),
            ";" if operators || is_clause(tokens) => {
                return diagnostic.change("nothing stands between two clauses", span, "");
            }
            "%" | "bps" => {
                return diagnostic.help("the suffix of a number follows without a space");
            }
            _ => {}
        }
        if piece.kind == PieceKind::Number && found.contains(|c: char| c.is_alphabetic()) {
            return diagnostic.help(
                "a number ends in a digit, `%` or `bps`, a duration in `d`, `w`, `m`, `q` or `y`",
            );
        }
        if piece.kind != PieceKind::Word {
            return diagnostic;
        }
        let words = tokens.iter().map(String::as_str).filter(|t| t.len() > 1);
        if let Some(word) =
            nearest(found, words.filter(|t| t.starts_with(char::is_alphabetic))).first()
        {
            return diagnostic.change(format!("did you mean `{word}`?"), span, *word);
        }
        if CLAUSES.contains(&found) && is_name(tokens) {
            return diagnostic
                .help(format!("`{found}` starts a clause; a name is written `` `{found}` ``"));
        }
        match &self.before {
            Some(before)
                if ["weight", "target"].contains(&self.word(Some(before))) && operators =>
            {
                diagnostic.also(
                    self.span(before),
                    "a state of the portfolio, for an expression goes on here",
                )
            }
            _ => diagnostic,
        }
    }

    /// A date that was begun but not written with two digits for month and day.
    fn half_a_date(&self) -> Option<Diagnostic> {
        let part = |c: char| c.is_ascii_digit() || c == '-' || c == '/';
        let start = self.text[..self.at].trim_end_matches(part).len();
        let end = self.text[start..].find(|c| !part(c)).map_or(self.text.len(), |i| start + i);
        let written = &self.text[start..end];
        let parts: Vec<&str> = written.split(['-', '/']).collect();
        let dates = parts.len() == 3 && parts.iter().all(|p| (1..=4).contains(&p.len()));
        let clause = pieces(&self.text[..start]).last().map(|p| p.range);
        let due = clause.is_some_and(|range| ["from", "to"].contains(&&self.text[range]));
        let span = Span::new(self.source, start, end);
        (dates && due).then(|| {
            Diagnostic::error(Code::Syntax, format!("expected a date, found `{written}`"))
                .at(span, "expected year-month-day with 4, 2 and 2 digits, such as 2005-01-31")
        })
    }
}

fn is_clause(tokens: &Tokens) -> bool {
    tokens.contains("select") && tokens.contains("rebalance")
}

fn is_name(tokens: &Tokens) -> bool {
    tokens.contains("`")
}

fn is_expression(tokens: &Tokens) -> bool {
    is_name(tokens) && tokens.contains("0..9") && tokens.contains("[")
}

/// The tokens in words: expressions, amounts, refinements, clauses and operators are named as a whole.
fn describe(tokens: &Tokens) -> String {
    let wants = |token: &str| tokens.contains(token);
    let (clauses, operators, expression) = (is_clause(tokens), wants("+"), is_expression(tokens));
    let literal = wants("0..9") && wants("true");
    let refinement = wants("keep") && wants("replace");
    let months = wants("january") && wants("december");
    let mut words: Vec<String> = if expression {
        vec!["an expression".to_owned()]
    } else {
        let number = if literal { "a value" } else { "a number" };
        let kinds = [("0..9", number), ("\"", "a text"), ("`", "a name")];
        let found = kinds.iter().filter(|(token, _)| wants(token) && !(literal && *token == "\""));
        found.map(|(_, word)| (*word).to_owned()).collect()
    };
    let plain = tokens.iter().map(String::as_str).filter(|token| {
        let name = ["0..9", "\"", "`", "_", "a..z", "A..Z", "BUILTIN_RULE"].contains(token);
        !(name
            || MAGNITUDES.contains(token)
            || expression && OPERANDS.contains(token)
            || literal && OPERANDS.contains(token) && *token != "("
            || refinement && REFINEMENTS.contains(token)
            || clauses && CLAUSES.contains(token)
            || months && MONTHS.contains(token)
            || operators && (OPERATORS.contains(token) || *token == "("))
    });
    words.extend(plain.map(|token| format!("`{token}`")));
    let groups = [
        (months, "a month"),
        (refinement, "a refinement"),
        (operators, "an operator"),
        (clauses, "a clause"),
    ];
    words.extend(groups.iter().filter(|(there, _)| *there).map(|(_, word)| (*word).to_owned()));
    match words.split_last() {
        None => "the end of the text".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
