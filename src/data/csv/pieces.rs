//! Where a large file is cut, so that its pieces can be read in parallel.

use rayon::prelude::*;

const PIECE: usize = 4 << 20;

/// Some whole rows of the file.
pub(super) struct Cut {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many rows there are at most: as many as lines, but that some are blank and some end inside quotes.
    pub(super) rows: usize,
}

/// How often what stands in a stretch of the file.
struct Count {
    quotes: usize,
    lines: usize,
}

/// Cuts the rows into pieces that end where a row ends. A line end inside quotes ends no row: a place lies inside if
/// the number of quotes before it is odd.
pub(super) fn cut(bytes: &[u8], body: usize) -> Vec<Cut> {
    let places: Vec<usize> = (body..bytes.len()).step_by(PIECE).collect();
    let counts: Vec<Count> =
        places.par_iter().map(|&from| count(bytes, from, bytes.len().min(from + PIECE))).collect();
    // Of each start: the lines before it.
    let mut starts = vec![(body, 0)];
    let mut before = Count { quotes: 0, lines: 0 };
    for (&place, count) in places.iter().zip(counts) {
        if place > body {
            let start = next_row(bytes, place, before.quotes % 2 == 1);
            if starts.last().is_some_and(|(last, _)| *last < start) {
                starts.push((start, before.lines + lines(bytes, place, start)));
            }
        }
        before.quotes += count.quotes;
        before.lines += count.lines;
    }
    // A last line without an end.
    let open = !matches!(bytes.last(), None | Some(b'\n' | b'\r'));
    starts.push((bytes.len(), before.lines + usize::from(open)));
    starts
        .windows(2)
        .filter(|w| w[0].0 < w[1].0)
        .map(|w| Cut { start: w[0].0, end: w[1].0, rows: w[1].1 - w[0].1 })
        .collect()
}

/// The start of the first row after a place.
fn next_row(bytes: &[u8], place: usize, mut inside: bool) -> usize {
    let end = bytes[place..].iter().position(|b| {
        inside ^= *b == b'"';
        *b == b'\n' && !inside
    });
    end.map_or(bytes.len(), |e| place + e + 1)
}

fn count(bytes: &[u8], from: usize, until: usize) -> Count {
    // Short stretches are counted in bytes, of which the processor adds many at once.
    let quotes = bytes[from..until].chunks(128);
    let quotes = quotes.map(|c| c.iter().map(|b| u8::from(*b == b'"')).sum::<u8>() as usize).sum();
    Count { quotes, lines: lines(bytes, from, until) }
}

/// How many lines end in a stretch: at `\n`, or at a `\r` without one.
fn lines(bytes: &[u8], from: usize, until: usize) -> usize {
    let mut total = 0;
    let mut returns = 0;
    for chunk in bytes[from..until].chunks(128) {
        let (mut feed, mut back) = (0u8, 0u8);
        for byte in chunk {
            feed += u8::from(*byte == b'\n');
            back += u8::from(*byte == b'\r');
        }
        total += feed as usize;
        returns += back as usize;
    }
    if returns > 0 {
        let alone = |i: &usize| bytes[*i] == b'\r' && bytes.get(*i + 1) != Some(&b'\n');
        total += (from..until).filter(alone).count();
    }
    total
}
