//! Arrays as `.npy` files: written as they lie in memory, read by mapping them.

use super::buffer::{self, Buffer, Number};
use crate::diagnostic::io_reason;
use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};
use zerocopy::IntoBytes;

// The header is padded to this length, so that the numbers begin at a multiple of 64 bytes.
const HEADER: usize = 128;
const LITTLE_ENDIAN: &str = "stored markets are little-endian, and this machine is not";

/// A number that an `.npy` file can hold.
pub(super) trait Element: Number {
    /// numpy's name of the type, little-endian.
    const DESCRIPTION: &'static str;
}

macro_rules! elements {
    ($($kind:ty = $description:literal),*) => { $(
        impl Element for $kind {
            const DESCRIPTION: &'static str = $description;
        }
    )* };
}

elements!(f64 = "<f8", u32 = "<u4", i32 = "<i4");

fn header(description: &str, shape: &[usize]) -> Vec<u8> {
    let shape = match shape {
        [one] => format!("({one},)"),
        several => {
            let parts: Vec<String> = several.iter().map(usize::to_string).collect();
            format!("({})", parts.join(", "))
        }
    };
    let text = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&((HEADER - 10) as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(HEADER - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// Writes numbers in C order and gives the length of the file.
pub(super) fn write<T: Element>(path: &Path, shape: &[usize], values: &[T]) -> io::Result<()> {
    debug_assert_eq!(shape.iter().product::<usize>(), values.len());
    let mut file = File::create(path)?;
    file.write_all(&header(T::DESCRIPTION, shape))?;
    write_numbers(&mut file, values)
}

/// Makes a file for a panel whose numbers are to be written with [`write_at`].
pub(super) fn create(path: &Path, shape: [usize; 2]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&header(f64::DESCRIPTION, &shape))?;
    file.set_len((HEADER + shape[0] * shape[1] * size_of::<f64>()) as u64)
}

/// Writes numbers of a panel from the number `first` on.
pub(super) fn write_at(path: &Path, first: usize, values: &[f64]) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start((HEADER + first * size_of::<f64>()) as u64))?;
    write_numbers(&mut file, values)
}

fn write_numbers<T: Element>(file: &mut File, values: &[T]) -> io::Result<()> {
    if cfg!(target_endian = "big") {
        return Err(io::Error::other(LITTLE_ENDIAN));
    }
    file.write_all(values.as_bytes())
}

/// Maps a file that [`write`] made with this shape; says in words what is wrong with it if it is not one.
pub(super) fn map<T: Element>(path: &Path, shape: &[usize]) -> Result<Buffer<T>, String> {
    let bytes = File::open(path).and_then(|f| buffer::map(&f)).map_err(|e| io_reason(&e))?;
    let length: usize = shape.iter().product();
    let expected = HEADER + length * size_of::<T>();
    if bytes.len() != expected {
        return Err(format!("expected {expected} bytes, found {}", bytes.len()));
    }
    if !bytes.starts_with(&header(T::DESCRIPTION, shape)) {
        return Err("its header is not the one that was written".to_owned());
    }
    if cfg!(target_endian = "big") {
        return Err(LITTLE_ENDIAN.to_owned());
    }
    Buffer::mapped(Arc::new(bytes), HEADER, length).ok_or_else(|| "it cannot be mapped".to_owned())
}
