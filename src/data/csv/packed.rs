//! Packed CSV files, unpacked block by block: neither a large table nor a file that unpacks to far more than it should
//! fills the memory with text.

use super::fields::Fields;
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

/// The endings of names of packed files.
pub(in crate::data) const ENDINGS: [&str; 2] = [".gz", ".zst"];

/// Text that is unpacked at once.
pub(super) const BLOCK: usize = 32 << 20;
/// Text by which the columns are judged.
pub(super) const HEAD: usize = 1 << 20;
/// No table has longer rows.
const LONGEST_ROW: usize = 16 << 20;
/// Text packs to a tenth or so, and to a thousandth if it says the same again and again.
const MOST_TIMES: u64 = 200;
/// Up to here a file may unpack to any size.
const SMALL: u64 = 256 << 20;

/// Whether a file is packed, by its name.
pub(super) fn is_packed(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    ENDINGS.iter().any(|e| name.ends_with(e))
}

/// The text of a packed file, in blocks of whole rows.
pub(super) struct Blocks {
    reader: Box<dyn Read + Send>,
    /// A handle that shares its place with the one that is read from.
    file: File,
    size: u64,
    unpacked: u64,
    /// What follows the last whole row of the block before.
    rest: Vec<u8>,
}

impl Blocks {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let packed = File::open(path)?;
        let (size, file) = (packed.metadata()?.len(), packed.try_clone()?);
        let zstd = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zst"));
        let reader: Box<dyn Read + Send> = match zstd {
            true => Box::new(zstd::Decoder::new(packed)?),
            false => Box::new(MultiGzDecoder::new(BufReader::new(packed))),
        };
        Ok(Self { reader, file, size, unpacked: 0, rest: vec![] })
    }

    /// How many bytes the packed file has.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many of them were read.
    pub(super) fn place(&mut self) -> u64 {
        self.file.stream_position().unwrap_or(0)
    }

    /// The next rows, of about this size; `None` at the end.
    pub(super) fn next(&mut self, size: usize) -> io::Result<Option<Vec<u8>>> {
        let mut block = std::mem::take(&mut self.rest);
        let mut size = size;
        loop {
            let wanted = size.saturating_sub(block.len());
            block.reserve_exact(wanted);
            let found = self.reader.by_ref().take(wanted as u64).read_to_end(&mut block)?;
            self.unpacked += found as u64;
            if self.unpacked > SMALL.saturating_add(self.size.saturating_mul(MOST_TIMES)) {
                let message = format!(
                    "it unpacks to more than {MOST_TIMES} times its size, as hardly any table does; unpack it first if it is sound"
                );
                return Err(io::Error::other(message));
            }
            if found < wanted {
                return Ok((!block.is_empty()).then_some(block));
            }
            if let Some(end) = last_row_end(&block) {
                self.rest = block.split_off(end);
                return Ok(Some(block));
            }
            if block.len() >= LONGEST_ROW {
                let most = LONGEST_ROW >> 20;
                return Err(io::Error::other(format!("it has a row of more than {most} MiB")));
            }
            size = block.len() * 2;
        }
    }
}

/// Where the last whole row of a text ends that begins with a row.
fn last_row_end(text: &[u8]) -> Option<usize> {
    let quotes: usize =
        text.chunks(128).map(|c| c.iter().map(|b| u8::from(*b == b'"')).sum::<u8>() as usize).sum();
    // A line end lies within quotes if their number before it is odd.
    let mut after = 0;
    for (at, byte) in text.iter().enumerate().skip(text.len() / 2).rev() {
        after += usize::from(*byte == b'"');
        let ends = match byte {
            b'\n' => true,
            b'\r' => text.get(at + 1).is_some_and(|b| *b != b'\n'),
            _ => false,
        };
        if ends && (quotes - after).is_multiple_of(2) {
            return Some(at + 1);
        }
    }
    // A row is long, or a quote that stands within a plain field has spoilt the count: row by row then. Which character is between fields
    // makes no difference to the rows, but that a quote may follow it.
    let delimiter = super::fields::delimiter(text);
    let mut fields = Fields { bytes: text, at: 0, line: 0, delimiter };
    let mut end = None;
    while let Some((_, last)) = fields.next_field() {
        if fields.at >= text.len() {
            break;
        }
        if last {
            end = Some(fields.at);
        }
    }
    end
}

/// The whole text of a file, packed or not, which has no more than so many bytes.
pub(in crate::data) fn text(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("it has more than {} MiB", most >> 20));
    let mut text = vec![];
    if is_packed(path) {
        let mut blocks = Blocks::open(path)?;
        while let Some(block) = blocks.next(BLOCK)? {
            text.extend_from_slice(&block);
            if text.len() > most {
                return Err(too_large());
            }
        }
    } else {
        File::open(path)?.take(most as u64 + 1).read_to_end(&mut text)?;
        if text.len() > most {
            return Err(too_large());
        }
    }
    Ok(text)
}
