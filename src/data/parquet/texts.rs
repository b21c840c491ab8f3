//! Texts of a Parquet column as codes, read off the dictionary indices of its pages: a symbol that stands in five
//! thousand rows is looked at once.

use parquet::{
    basic::{Encoding, PageType},
    column::page::{Page, PageReader},
    errors::ParquetError,
};
use rustc_hash::FxHashMap;

type Result<T> = std::result::Result<T, ParquetError>;

/// Reads a column of texts as codes, and gives the texts that they stand for; a missing one is empty. `levels` is the
/// definition level of a value that is there.
pub(super) fn read(
    pages: &mut dyn PageReader,
    codes: &mut [u32],
    levels: i16,
) -> Result<Vec<String>> {
    let mut reader =
        Reader { texts: vec![], known: FxHashMap::default(), dictionary: vec![], codes, filled: 0 };
    while let Some(page) = pages.get_next_page()? {
        let values =
            if page.page_type() == PageType::DICTIONARY_PAGE { 0 } else { page.num_values() };
        if values as usize > reader.codes.len() - reader.filled {
            return Err(damaged("the column has more values than the file has rows"));
        }
        reader.page(&page, levels)?;
    }
    if reader.filled != reader.codes.len() {
        return Err(damaged("the column has not as many values as the file has rows"));
    }
    Ok(reader.texts)
}

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(format!("page: {what}"))
}

struct Reader<'a> {
    texts: Vec<String>,
    known: FxHashMap<Vec<u8>, u32>,
    // The code of each entry of the dictionary page.
    dictionary: Vec<u32>,
    codes: &'a mut [u32],
    filled: usize,
}

impl Reader<'_> {
    fn code(&mut self, bytes: &[u8]) -> u32 {
        if let Some(code) = self.known.get(bytes) {
            return *code;
        }
        let code = self.texts.len() as u32;
        self.texts.push(String::from_utf8_lossy(bytes).trim().to_owned());
        self.known.insert(bytes.to_vec(), code);
        code
    }

    fn page(&mut self, page: &Page, levels: i16) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                let mut rest: &[u8] = buf;
                for _ in 0..*num_values {
                    let code = self.code(plain(&mut rest)?);
                    self.dictionary.push(code);
                }
                Ok(())
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let mut rest: &[u8] = buf;
                let mut present = vec![];
                if levels > 0 {
                    let length = take(&mut rest, 4)?;
                    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
                    let bytes = take(&mut rest, length as usize)?;
                    present = unpack(bytes, bits(levels), *num_values as usize)?;
                }
                self.values(rest, *encoding, *num_values as usize, &present, levels)
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let mut rest: &[u8] = buf;
                take(&mut rest, *rep_levels_byte_len as usize)?;
                let bytes = take(&mut rest, *def_levels_byte_len as usize)?;
                let count = *num_values as usize;
                let present = if levels > 0 { unpack(bytes, bits(levels), count)? } else { vec![] };
                self.values(rest, *encoding, count, &present, levels)
            }
        }
    }

    fn values(
        &mut self,
        mut rest: &[u8],
        encoding: Encoding,
        count: usize,
        present: &[u32],
        levels: i16,
    ) -> Result<()> {
        let full = levels as u32;
        let found = if levels > 0 { present.iter().filter(|l| **l == full).count() } else { count };
        let codes = match encoding {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = if found == 0 { 0 } else { u32::from(take(&mut rest, 1)?[0]) };
                let mut codes = unpack(rest, width, found)?;
                for code in &mut codes {
                    let known = self.dictionary.get(*code as usize);
                    *code = *known.ok_or_else(|| damaged("an index is not in the dictionary"))?;
                }
                codes
            }
            Encoding::PLAIN => {
                let mut codes = Vec::with_capacity(found.min(rest.len()));
                for _ in 0..found {
                    codes.push(self.code(plain(&mut rest)?));
                }
                codes
            }
            other => return Err(damaged(&format!("texts in encoding {other} are not read"))),
        };
        let missing = if found == count { 0 } else { self.code(b"") };
        let end = self.filled + count;
        let place = self.codes.get_mut(self.filled..end);
        let place = place.ok_or_else(|| damaged("it has more values than it says"))?;
        self.filled = end;
        if found == count {
            place.copy_from_slice(&codes);
            return Ok(());
        }
        let mut next = codes.into_iter();
        for (to, level) in place.iter_mut().zip(present) {
            *to = if *level == full { next.next().unwrap_or(missing) } else { missing };
        }
        Ok(())
    }
}

/// How many bits a number up to `most` takes.
fn bits(most: i16) -> u32 {
    16 - most.leading_zeros()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length).ok_or_else(|| damaged("it is cut off"))?;
    *rest = left;
    Ok(taken)
}

/// A text with its length before it.
fn plain<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = take(rest, 4)?;
    take(rest, u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize)
}

/// Numbers in Parquet's mix of runs and packed groups of eight.
fn unpack(mut rest: &[u8], width: u32, count: usize) -> Result<Vec<u32>> {
    if width > 32 {
        return Err(damaged("numbers of more than 32 bits"));
    }
    let bytes = width.div_ceil(8) as usize;
    let mut out = Vec::with_capacity(count.min(rest.len().saturating_mul(1 << 14)));
    while out.len() < count {
        let header = variable(&mut rest)?;
        let left = count - out.len();
        if header & 1 == 0 {
            let mut value = [0; 4];
            value[..bytes].copy_from_slice(take(&mut rest, bytes)?);
            let run = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            if run == 0 {
                return Err(damaged("an empty run"));
            }
            out.resize(out.len() + run.min(left), u32::from_le_bytes(value));
        } else {
            let groups = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            let wanted = groups.saturating_mul(8).min(left);
            let length = groups.saturating_mul(width as usize).min(rest.len());
            let packed = take(&mut rest, length)?;
            if packed.len() * 8 < wanted * width as usize || wanted == 0 {
                return Err(damaged("a packed group is cut off"));
            }
            packed_numbers(packed, width, wanted, &mut out);
        }
    }
    Ok(out)
}

fn packed_numbers(packed: &[u8], width: u32, count: usize, out: &mut Vec<u32>) {
    let mask = (1u64 << width) - 1;
    let (mut held, mut have) = (0u64, 0);
    let mut bytes = packed.iter();
    for _ in 0..count {
        while have < width {
            held |= u64::from(*bytes.next().unwrap_or(&0)) << have;
            have += 8;
        }
        out.push((held & mask) as u32);
        held >>= width;
        have -= width;
    }
}

/// A number in groups of seven bits.
fn variable(rest: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged("a number without end"))
}
