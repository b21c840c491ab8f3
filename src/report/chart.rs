//! Lines drawn with characters.

/// The values as one line of blocks, `width` wide, the lowest for `low` and the highest for `high`; blank where a value
/// is missing.
pub(super) fn sparkline(values: &[f64], width: usize, low: f64, high: f64) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let range = high - low;
    let block = |value: f64| match value {
        v if v.is_nan() => ' ',
        v if range > 0.0 => {
            let level = ((v - low) / range * 8.0).floor().clamp(0.0, 7.0);
            BLOCKS[level as usize]
        }
        _ => BLOCKS[0],
    };
    resampled(values, width).into_iter().map(block).collect()
}

/// The values as a line of Braille dots, `width` characters wide and `height` high, top line first.
pub(super) fn braille(values: &[f64], width: usize, height: usize) -> Vec<String> {
    let (low, high) = extremes(values);
    let range = if high > low { high - low } else { 1.0 };
    let points = resampled(values, width * 2);
    let levels = height * 4 - 1;
    let level = |v: f64| ((v - low) / range * levels as f64).round().max(0.0) as usize;
    let mut cells = vec![vec![0u8; width]; height];
    let mut before: Option<usize> = None;
    for (x, &value) in points.iter().enumerate() {
        if value.is_nan() {
            before = None;
            continue;
        }
        let here = level(value).min(levels);
        // Joined to the point before by half of the way on each side.
        let from = before.map_or(here, |b| if b < here { (b + 1).min(here) } else { b.max(1) - 1 });
        for y in from.min(here)..=from.max(here).min(levels) {
            let down = levels - y;
            cells[down / 4][x / 2] |= dot(x % 2, down % 4);
        }
        before = Some(here);
    }
    let character = |bits: &u8| char::from_u32(0x2800 + u32::from(*bits)).unwrap_or(' ');
    cells.iter().map(|line| line.iter().map(character).collect()).collect()
}

/// The bit of a Braille dot in column 0 or 1, row 0 (top) to 3.
fn dot(column: usize, row: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[column][row]
}

/// The least and greatest value; missing ones left out.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    let known = values.iter().copied().filter(|v| !v.is_nan());
    known.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
}

/// So many values, evenly spaced, the first and the last among them.
fn resampled(values: &[f64], count: usize) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else { return vec![] };
    let count = count.min(values.len().max(2));
    let place = |i: usize| (i * last + (count - 1) / 2) / (count - 1).max(1);
    (0..count).map(|i| values[place(i).min(last)]).collect()
}
