//! Texts made to break a parser: nested, long, cut off, or plain noise. Each must answer, soon, and with a place.

use decile::{
    diagnostic::{Code, Diagnostics, Style, render},
    source::Sources,
    syntax,
};
use std::time::{Duration, Instant};

/// Parses and formats a text (on the stack of a test's thread), and gives the code of the complaint.
fn code(text: &str) -> Option<Code> {
    let start = Instant::now();
    let mut sources = Sources::default();
    let id = sources.add("hostile.decile", text);
    let parsed = syntax::parse(&sources, id);
    let formatted = syntax::format(&sources, id);
    assert_eq!(parsed.is_ok(), formatted.is_ok());
    let code = match parsed {
        Ok(file) => {
            // Cloning, comparing and dropping walk the tree as deep as it is.
            assert!(file.clone() == file);
            assert_eq!(syntax::tree_text(&file).is_empty(), file.items.is_empty());
            None
        }
        Err(diagnostic) => {
            assert!(diagnostic.primary.is_some(), "{}", diagnostic.message);
            let code = diagnostic.code;
            let short = render(&Diagnostics::new(vec![diagnostic], &sources), Style::Short);
            assert!(short.len() < 1_000, "{short}");
            Some(code)
        }
    };
    // Generous: only exponential or quadratic behaviour takes longer.
    let elapsed = start.elapsed();
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?} for {:.40}", text);
    code
}

fn repeated(before: &str, part: &str, count: usize, after: &str) -> String {
    format!("{before}{}{after}", part.repeat(count))
}

#[test]
fn brackets_nest_to_the_limit_and_no_further() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("f(x: ", ")"), ("a.b(1, [", "])")] {
        let levels = syntax::MAX_NESTING / open.matches(['(', '[']).count();
        let nest = |n: usize| format!("let a = {}1{}", open.repeat(n), close.repeat(n));
        assert_eq!(code(&nest(levels)), None, "{open}");
        assert_eq!(code(&nest(levels + 1)), Some(Code::TooDeep), "{open}");
        assert_eq!(code(&nest(10_000)), Some(Code::TooDeep), "{open}");
        let open_only = open.repeat(levels);
        assert_eq!(code(&format!("let a = {open_only}")), Some(Code::Syntax), "{open}");
        assert_eq!(code(&format!("let a = {open_only}1 1")), Some(Code::Syntax), "{open}");
    }
}

#[test]
fn operators_chain_to_the_limit_and_no_further() {
    let chains = [
        ("a + ", "a"),
        ("a ^ ", "a"),
        ("a or ", "a"),
        ("-", "a"),
        ("not ", "a"),
        ("a ?? -", "a"),
        ("if a then b else ", "c"),
    ];
    for (step, last) in chains {
        let operators = if step == "a ?? -" { 2 } else { 1 };
        let fits = syntax::MAX_OPERATORS / operators;
        assert_eq!(code(&repeated("let a = ", step, fits, last)), None, "{step}");
        assert_eq!(
            code(&repeated("let a = ", step, fits + 1, last)),
            Some(Code::TooDeep),
            "{step}"
        );
        assert_eq!(code(&repeated("let a = ", step, 50_000, last)), Some(Code::TooDeep), "{step}");
    }
    for step in [" |> f", " |> f(1)", " of \"A\"", ".b", ".b(1)"] {
        assert_eq!(code(&repeated("let a = (c)", step, 500, "")), None, "{step}");
        assert_eq!(code(&repeated("let a = (c)", step, 501, "")), Some(Code::TooDeep), "{step}");
    }
}

#[test]
fn nesting_and_chains_count_together() {
    let deep = repeated("let a = ", "(1 + 1 + ", 160, "1") + &")".repeat(160);
    assert_eq!(code(&deep), None);
    let deeper = repeated("let a = ", "(1 + 1 + 1 + 1 + ", 160, "1") + &")".repeat(160);
    assert_eq!(code(&deeper), Some(Code::TooDeep));
    assert_eq!(code(&repeated("let a = ", "if a then ", 150, "b")), Some(Code::Syntax));
    let nested = repeated("let a = ", "if a then ", 150, "b") + &" else c".repeat(150);
    assert_eq!(code(&nested), None);
    assert_eq!(code(&repeated("let a = ", "if ", 100_000, "b")), Some(Code::TooDeep));
    let both = repeated("let a = ", "if a then b else (if b then (", 60, "b");
    assert_eq!(code(&both), Some(Code::Syntax));
}

#[test]
fn clauses_repeat_without_limit() {
    assert_eq!(code(&"let a = b + c * rank(d)\n".repeat(20_000)), None);
    assert_eq!(code(&"strategy s { rebalance monthly if turnover > 10% }\n".repeat(10_000)), None);
}

#[test]
fn megabytes_of_noise_are_refused_soon() {
    let most = syntax::MAX_LENGTH;
    for part in [
        "x",
        "(",
        ")",
        "[",
        "{",
        "if ",
        "else ",
        "-",
        "not ",
        "\"",
        "`",
        "#",
        "0",
        "1.",
        "5m ",
        "\u{1}",
        "é",
        "\u{feff}",
        "a(",
        "a,",
        "a.",
        "let ",
        "let a",
        "cap ",
        "cap a(",
        "select top ",
        "5 million ",
        "\r",
        "\n",
        "|>",
        "where a or ",
        "2005-01-31 ",
        "\\",
        "strategy a {",
        "universe top ",
        "let a = a ^ ",
        "select all keep until ",
    ] {
        let text = part.repeat(most / part.len());
        let refused = code(&text);
        // Space and comments say nothing; `top` may name a universe.
        let harmless = part.trim().is_empty() || ["#", "\u{feff}", "universe top "].contains(&part);
        assert!(refused.is_some() || harmless, "{part:?}");
    }
    assert_eq!(code(&"x".repeat(most + 1)), Some(Code::TooLong));
    // Noise from a fixed seed: a linear congruence over the characters that mean something.
    let alphabet: Vec<char> = "ab1 ()[]{}\"`#.,:=<>+-*/^?|\n%".chars().collect();
    let mut state = 1_u64;
    let noise = (0..most).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        alphabet[(state >> 33) as usize % alphabet.len()]
    });
    assert!(code(&noise.collect::<String>()).is_some());
}

#[test]
fn every_text_that_is_cut_off_answers() {
    let text = include_str!("corpus/syntax/first_example.decile");
    for end in (0..text.len()).filter(|i| text.is_char_boundary(*i)) {
        code(&text[..end]);
    }
}
