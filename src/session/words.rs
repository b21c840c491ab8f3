//! The words of a conversation: whether a statement goes on, and what may follow.

use super::COMMANDS;
use crate::{
    check::{STATES, weight_methods},
    data::Market,
    operator,
    panel::MarketData,
    reference::library_names,
    syntax::{self, follows, open_text},
    types::Kind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Words and signs after which a statement goes on.
const OPEN_ENDS: &[&str] = &[
    "and",
    "or",
    "not",
    "by",
    "between",
    "if",
    "then",
    "else",
    "of",
    "in",
    "when",
    "let",
    "param",
    "use",
    "select",
    "long",
    "short",
    "where",
    "weight",
    "cap",
    "floor",
    "limit",
    "rebalance",
    "universe",
    "benchmark",
    "cost",
    "trade",
    "hold",
    "from",
    "to",
    "capital",
    "per",
    "at",
];

/// Whether a statement goes on in the next line: brackets are open, or it ends with a word or sign that wants more.
pub fn is_unfinished(text: &str) -> bool {
    let (mut depth, mut in_text, mut last) = (0i32, false, ' ');
    let mut word = String::new();
    for line in text.lines() {
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '"' => in_text = !in_text,
                '\\' if in_text => {
                    characters.next();
                }
                _ if in_text => {}
                '#' => break,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if !c.is_whitespace() {
                let continues = c.is_ascii_alphanumeric() || c == '_';
                if !continues || !(last.is_ascii_alphanumeric() || last == '_') {
                    word.clear();
                }
                word.push(c);
            }
            last = c;
        }
        // A text ends with its line.
        in_text = false;
        last = ' ';
    }
    let first = text.trim_start();
    let is_command =
        first.starts_with(':') || first.starts_with("load ") || first.starts_with("save ");
    let wants_more = matches!(word.as_str(), "+" | "-" | "*" | "/" | "=" | "," | "<" | ">")
        || OPEN_ENDS.contains(&word.as_str()) && first.trim_end() != word;
    !is_command && (depth > 0 || wants_more)
}

/// What a word that is being typed may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// A path.
    Path,
    /// One of these.
    Words(Vec<String>),
}

/// What may stand at the end of a text.
enum Expected<'t> {
    Path,
    Symbol,
    Words(Vec<&'t str>),
    /// What the grammar says of this.
    Statement(&'t str),
}

/// The words that a conversation knows, sorted.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// What is called, with how.
    names: BTreeMap<String, Option<String>>,
    methods: BTreeMap<String, Option<String>>,
    labels: Vec<String>,
    fields: Vec<String>,
    symbols: Vec<String>,
}

/// The words that begin a statement beside those of a strategy file.
const STATEMENTS: &[&str] = &["run", "show", "save", "load"];

/// What takes a label.
const BEFORE_LABELS: &[&str] = &["within:", "per", "cap", "floor"];

impl Vocabulary {
    pub(super) fn new<'a>(market: &Market, defined: impl Iterator<Item = &'a str>) -> Self {
        let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
        for operator in operator::all() {
            names.insert(operator.name.to_owned(), Some(operator.signature()));
        }
        names.extend(library_names());
        let schema = market.schema();
        let mut labels = vec!["position".to_owned()];
        let mut fields = vec![];
        for field in &schema.fields {
            names.entry(field.name.clone()).or_default();
            fields.push(field.name.clone());
            if field.ty.kind == Kind::Label {
                labels.push(field.name.clone());
            }
        }
        names.extend(defined.map(|name| (name.to_owned(), None)));
        let methods = weight_methods().filter(|(name, _)| !name.contains(' '));
        let methods = methods.map(|(name, signature)| (name.to_owned(), signature)).collect();
        Self { names, methods, labels, fields, symbols: schema.symbols.to_vec() }
    }

    /// What the word may become that a text ends with, and where it begins.
    pub fn complete(&self, text: &str) -> (usize, Completion) {
        let (start, words) = match self.expected(text) {
            Expected::Path => return (text.len(), Completion::Path),
            Expected::Symbol => (start_of(text, is_of_symbol), words(&self.symbols)),
            Expected::Words(words) => (start_of_word(text), words),
            Expected::Statement(statement) => {
                let start = start_of_word(text);
                let before = statement.len().saturating_sub(text.len() - start);
                let words = self.of_statement(&statement[..before], &text[start..]);
                return (start, Completion::Words(words));
            }
        };
        (start, Completion::Words(beginning(&text[start..], words)))
    }

    fn expected<'t>(&'t self, text: &'t str) -> Expected<'t> {
        let text = text.trim_start();
        match text.strip_prefix(':') {
            Some(command) => match command.split_once(' ') {
                None => Expected::Words(COMMANDS.iter().map(|c| c.0).collect()),
                Some(("data" | "compare", _)) => Expected::Path,
                Some(("why", _)) => Expected::Symbol,
                Some(("fields", _)) => Expected::Words(words(&self.fields)),
                Some(("help", _)) => {
                    let called = self.names.keys().chain(self.methods.keys());
                    let called = called.map(String::as_str);
                    Expected::Words(called.chain(syntax::STATEMENTS.iter().copied()).collect())
                }
                Some(("plot", rest)) if rest.contains(" of ") => Expected::Symbol,
                Some((_, rest)) => Expected::Statement(rest),
            },
            None if text.starts_with("load ") || text.starts_with("save ") => Expected::Path,
            None => match open_text(text) {
                Some("use") => Expected::Path,
                Some(_) => Expected::Symbol,
                None => Expected::Statement(text),
            },
        }
    }

    fn of_statement(&self, before: &str, start: &str) -> Vec<String> {
        let follows = follows(before);
        let mut found: Vec<&str> = follows.words.iter().map(String::as_str).collect();
        if before.trim().is_empty() {
            found.extend(STATEMENTS);
        }
        let arguments: Vec<String> =
            follows.call.iter().flat_map(|call| self.arguments(call)).collect();
        if follows.takes_name {
            match follows.after.as_deref() {
                Some("weight") => found.extend(self.methods.keys().map(String::as_str)),
                Some(word) if BEFORE_LABELS.contains(&word) => found.extend(words(&self.labels)),
                _ => {
                    // Every name there is would be no help.
                    if start.is_empty() {
                        found.clear();
                    } else {
                        found.extend(self.names.keys().map(String::as_str));
                        let states = STATES.iter().map(|state| state.name);
                        found.extend(states.filter(|_| follows.sees_book));
                    }
                    found.extend(words(&arguments));
                }
            }
        }
        beginning(start, found)
    }

    /// The arguments of a call that may be given by name, with their colons.
    fn arguments(&self, name: &str) -> Vec<String> {
        let signature = self.signature(name).unwrap_or_default();
        let inside = signature.split_once('(').map_or("", |(_, inside)| inside);
        let parts = inside.trim_end_matches(')').split(", ");
        let named = parts.filter_map(|part| part.split_once([':', '=']));
        named.map(|(name, _)| format!("{}: ", name.trim())).collect()
    }

    /// How an operator, function or weight method is called.
    pub fn signature(&self, name: &str) -> Option<&str> {
        self.names.get(name).or_else(|| self.methods.get(name))?.as_deref()
    }

    /// Whether a name is known.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.methods.contains_key(name)
    }
}

fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn beginning(start: &str, words: Vec<&str>) -> Vec<String> {
    let words: BTreeSet<&str> = words.into_iter().filter(|w| w.starts_with(start)).collect();
    words.into_iter().map(str::to_owned).collect()
}

/// Where the word begins that a text ends with.
pub fn start_of_word(text: &str) -> usize {
    start_of(text, |c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_of_symbol(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

fn start_of(text: &str, is_word: impl Fn(char) -> bool) -> usize {
    text.trim_end_matches(is_word).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_go_on() {
        for text in ["rank(value", "select top 5 by", "value +", "strategy a {", "let x =", "f(1,"]
        {
            assert!(is_unfinished(text), "{text}");
        }
        for text in [
            "rank(value)",
            "select top 5 by value",
            "show",
            "value # + (",
            ":why AAA",
            "\"(\"",
            "weight",
        ] {
            assert!(!is_unfinished(text), "{text}");
        }
        assert!(!is_unfinished("select top 5\nby value"));
    }

    #[test]
    fn what_may_follow() {
        let vocabulary = Vocabulary::new(&Market::sample(), ["cheap"].into_iter());
        let complete = |text: &str| match vocabulary.complete(text).1 {
            Completion::Path => "a path".to_owned(),
            Completion::Words(words) => words.join(" "),
        };
        let cases = [
            (":fu", "funnel"),
            (":data ", "a path"),
            (":fields se", "sector"),
            (":plot rank(mom", "momentum"),
            (":help reb", "rebalance"),
            ("load ", "a path"),
            ("use \"", "a path"),
            ("benchmark \"MARK", "MARKET"),
            ("use_it == \"MARK", "MARKET"),
            ("where close > 5 # 3\" rule\nweight eq", "equal"),
            ("neutralize market_b", "market_beta"),
            ("exit when max_d", "max_drawdown max_drift"),
            ("rebalance when max_drift > 5% where max_d", "max_drawdown"),
            ("sho", "short show"),
            ("rank(mom", "momentum"),
            ("1 + che", "cheap"),
            ("weight min", "min_cvar min_variance"),
            ("weight inverse v", "volatility"),
            ("weight min_cvar(", "window: "),
            ("demean(value, within: se", "sector"),
            ("select top 5 per se", "sector"),
            ("cap ", "industry position sector turnover volume"),
            ("ts_mean(close, 20, mi", "min min:  minmax missing"),
            ("ts_mean(close, 20, ", "min: "),
            ("volatility(", "d: "),
            ("rebalance m", "monthly"),
            (
                "rebalance monthly on ",
                "fifth first fourth friday infeasible last monday saturday second sunday third thursday tuesday wednesday",
            ),
            ("rebalance when max_d", "max_drawdown max_drift"),
            ("trade ", "at if over"),
            ("trade at ", "next this"),
            ("select top 5 by value reb", "rebalance"),
            ("select top 5 by value\nweight eq", "equal"),
            ("strategy a { select top 5 by value wei", "weight"),
            ("benchmark \"BAB", "BAB3"),
            (":plot close of MARK", "MARKET"),
            ("1-su", "surprise"),
            ("é", "and between in of or"),
            ("?", ""),
            ("select select", ""),
            ("", ""),
        ];
        let wrong: Vec<(&str, String)> = cases
            .iter()
            .map(|(text, expected)| (*text, complete(text), *expected))
            .filter(|(_, found, expected)| found != expected)
            .map(|(text, found, _)| (text, found))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
