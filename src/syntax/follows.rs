//! What may follow a text that is being typed.

use super::{
    build::Rule,
    expected::{STATEMENTS, accepted_after},
    scan::{Piece, PieceKind, pieces},
};
use std::collections::BTreeSet;

/// A longer text is not looked at: who types it waits for no word.
const LONGEST: usize = 10_000;

/// What the grammar accepts after a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Follows {
    /// The words of the language.
    pub words: BTreeSet<String>,
    /// Whether a name may stand there.
    pub takes_name: bool,
    /// The word that it would stand after, with the colon of a named argument.
    pub after: Option<String>,
    /// The call of which an argument would begin there.
    pub call: Option<String>,
    /// Whether it is part of a condition on the book.
    pub sees_book: bool,
}

/// What may follow a text, whole statements or one expression; nothing after what cannot be gone on with.
pub fn follows(text: &str) -> Follows {
    if text.len() > LONGEST {
        return Follows::default();
    }
    let mut tokens = accepted_after(Rule::file, text);
    tokens.extend(accepted_after(Rule::single_expression, text));
    let takes_name = tokens.contains("`");
    let is_word =
        |t: &String| t.len() > 1 && t.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let pieces: Vec<Piece> = pieces(text).filter(|p| p.kind != PieceKind::Comment).collect();
    let of = |piece: &Piece| &text[piece.range.clone()];
    let after = match pieces.as_slice() {
        [.., name, colon] if of(colon) == ":" => Some(format!("{}:", of(name))),
        [.., last] if last.kind == PieceKind::Word => Some(of(last).to_owned()),
        _ => None,
    };
    let begins_argument = pieces.last().is_some_and(|last| matches!(of(last), "(" | ","));
    let call = begins_argument.then(|| open_call(text, &pieces)).flatten();
    let asks = |word: &str| ["when", "until", "expect", "if"].contains(&word);
    let clause = pieces.iter().rev().map(of).find(|word| asks(word) || STATEMENTS.contains(word));
    let sees_book = clause.is_some_and(asks);
    let words = tokens.into_iter().filter(is_word).collect();
    Follows { words, takes_name, after, call, sees_book }
}

/// The word before a text that has no second quote, empty without one; `None` where none is open.
pub fn open_text(text: &str) -> Option<&str> {
    let pieces: Vec<Piece> = pieces(text).collect();
    let (last, before) = pieces.split_last()?;
    let word = before.last().map_or("", |piece| &text[piece.range.clone()]);
    (last.kind == PieceKind::UnclosedText).then_some(word)
}

/// The name before the innermost bracket that is open.
fn open_call(text: &str, pieces: &[Piece]) -> Option<String> {
    let mut open = vec![];
    for (place, piece) in pieces.iter().enumerate() {
        match piece.kind {
            PieceKind::Open => open.push(place),
            PieceKind::Close => drop(open.pop()),
            _ => {}
        }
    }
    let place = open.pop().filter(|place| &text[pieces[*place].range.clone()] == "(")?;
    let name = pieces.get(place.checked_sub(1)?).filter(|p| p.kind == PieceKind::Word)?;
    Some(text[name.range.clone()].to_owned())
}
