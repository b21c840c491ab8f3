//! The words of a conversation: whether a statement goes on, and what may follow.

use super::COMMANDS;
use crate::{data::Market, engine::LIBRARY, operator, panel::MarketData, syntax, types::Kind};
use std::collections::BTreeMap;

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

/// Which words may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A command after its colon.
    Command,
    /// A weight method.
    Method,
    /// A label.
    Label,
    /// A symbol.
    Symbol,
    /// A field.
    Field,
    /// A path.
    Path,
    /// Anything else.
    Any,
}

/// What is expected after a text that a word is being added to.
pub fn expected(before: &str) -> Expected {
    let text = before.trim_start();
    if let Some(command) = text.strip_prefix(':') {
        return match command.split_once(' ') {
            None => Expected::Command,
            Some(("why", _)) => Expected::Symbol,
            Some(("data" | "compare", _)) => Expected::Path,
            Some(("fields", _)) => Expected::Field,
            Some(("plot", rest)) if rest.trim_end().ends_with(" of") => Expected::Symbol,
            Some(_) => Expected::Any,
        };
    }
    let trimmed = text.trim_end();
    let last = trimmed.rsplit(|c: char| c.is_whitespace() || c == '(' || c == ',').next();
    match last.unwrap_or_default() {
        "load" | "save" | "use" if !trimmed.contains(' ') => Expected::Path,
        "weight" => Expected::Method,
        "within:" | "per" | "cap" | "floor" | "neutralize" => Expected::Label,
        _ if trimmed.ends_with('"') && !trimmed.ends_with("\"\"") && quotes_are_open(trimmed) => {
            if trimmed.starts_with("use") {
                Expected::Path
            } else {
                Expected::Symbol
            }
        }
        _ => Expected::Any,
    }
}

fn quotes_are_open(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'"').count() % 2 == 1
}

/// The words that a conversation knows, sorted.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: BTreeMap<String, Option<String>>,
    labels: Vec<String>,
    fields: Vec<String>,
    symbols: Vec<String>,
}

/// The weight methods as they begin.
const METHODS: &[&str] = &[
    "by ",
    "equal",
    "hierarchical_risk_parity",
    "inverse volatility(window: 6m)",
    "market_cap",
    "max_diversification",
    "max_sharpe(expected: ",
    "mean_variance(",
    "min_cvar(",
    "min_variance",
    "rank",
    "risk_parity",
    "score",
];

impl Vocabulary {
    pub(super) fn new<'a>(market: &Market, defined: impl Iterator<Item = &'a str>) -> Self {
        let mut words: BTreeMap<String, Option<String>> = BTreeMap::new();
        for word in syntax::STATEMENTS.iter().chain(["run", "show", "save", "load"].iter()) {
            words.insert((*word).to_owned(), None);
        }
        for operator in operator::all() {
            words.insert(operator.name.to_owned(), Some(operator.signature()));
        }
        let library = LIBRARY.lines().filter_map(|line| line.strip_prefix("let "));
        for definition in library {
            let head = definition.split('=').next().unwrap_or_default().trim();
            let name = head.split('(').next().unwrap_or_default();
            let signature = head.contains('(').then(|| head.to_owned());
            words.insert(name.to_owned(), signature);
        }
        let schema = market.schema();
        let mut labels = vec!["position".to_owned()];
        let mut fields = vec![];
        for field in &schema.fields {
            words.entry(field.name.clone()).or_default();
            fields.push(field.name.clone());
            if field.ty.kind == Kind::Label {
                labels.push(field.name.clone());
            }
        }
        words.extend(defined.map(|name| (name.to_owned(), None)));
        Self { words, labels, fields, symbols: schema.symbols.to_vec() }
    }

    /// The words at a place that begin with a text.
    pub fn beginning(&self, start: &str, expected: Expected) -> Vec<String> {
        let of = |list: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            list.filter(|w| w.starts_with(start)).map(str::to_owned).collect()
        };
        match expected {
            Expected::Command => of(&mut COMMANDS.iter().map(|c| c.0)),
            Expected::Method => of(&mut METHODS.iter().copied()),
            Expected::Label => of(&mut self.labels.iter().map(String::as_str)),
            Expected::Symbol => of(&mut self.symbols.iter().map(String::as_str)),
            Expected::Field => of(&mut self.fields.iter().map(String::as_str)),
            Expected::Any if start.is_empty() => vec![],
            Expected::Any => of(&mut self.words.keys().map(String::as_str)),
            Expected::Path => vec![],
        }
    }

    /// How an operator or function is called.
    pub fn signature(&self, name: &str) -> Option<&str> {
        self.words.get(name)?.as_deref()
    }

    /// Whether a word is known.
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }
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
        for (text, what) in [
            (":", Expected::Command),
            (":why ", Expected::Symbol),
            (":plot close of ", Expected::Symbol),
            ("weight ", Expected::Method),
            ("demean(value, within: ", Expected::Label),
            ("cap ", Expected::Label),
            ("load ", Expected::Path),
            ("benchmark \"", Expected::Symbol),
            ("rank(", Expected::Any),
        ] {
            assert_eq!(expected(text), what, "{text}");
        }
    }
}
