//! Arrays as `.npy` files: written in large pieces, read by mapping them.

use super::buffer::{self, Buffer, Number};
use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

// The header is padded to this length, so that the numbers begin at a multiple of 64 bytes.
const HEADER: usize = 128;
// At most so many bytes are converted and written at once.
const PIECE: usize = 1 << 20;

/// A number that an `.npy` file can hold.
pub(super) trait Element: Number {
    /// numpy's name of the type, little-endian.
    const DESCRIPTION: &'static str;
    /// Writes numbers into bytes, of which there are just enough.
    fn fill(numbers: &[Self], bytes: &mut [u8]);
}

macro_rules! elements {
    ($($kind:ty = $description:literal),*) => { $(
        impl Element for $kind {
            const DESCRIPTION: &'static str = $description;
            fn fill(numbers: &[Self], bytes: &mut [u8]) {
                let places = bytes.chunks_exact_mut(size_of::<Self>());
                for (place, number) in places.zip(numbers) {
                    place.copy_from_slice(&number.to_le_bytes());
                }
            }
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
pub(super) fn write<T: Element>(path: &Path, shape: &[usize], values: &[T]) -> io::Result<u64> {
    debug_assert_eq!(shape.iter().product::<usize>(), values.len());
    let mut file = File::create(path)?;
    file.write_all(&header(T::DESCRIPTION, shape))?;
    let mut bytes = vec![0; PIECE.min(size_of_val(values))];
    for piece in values.chunks(PIECE / size_of::<T>()) {
        let bytes = &mut bytes[..size_of_val(piece)];
        T::fill(piece, bytes);
        file.write_all(bytes)?;
    }
    Ok((HEADER + size_of_val(values)) as u64)
}

/// Writes a panel whose blocks of `block` rows are made by `fill`, on all threads; gives it back mapped. No more of it
/// than a block for each thread is held in memory of the process.
pub(super) fn write_blocks(
    path: &Path,
    shape: [usize; 2],
    block: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
) -> io::Result<Buffer<f64>> {
    let [rows, columns] = shape;
    let mut file = File::create(path)?;
    file.write_all(&header(f64::DESCRIPTION, &shape))?;
    file.set_len((HEADER + rows * columns * size_of::<f64>()) as u64)?;
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        let mut file = File::options().write(true).open(path)?;
        let mut values = vec![0.0; block * columns];
        let mut bytes = vec![0; PIECE / 4];
        loop {
            let first = next.fetch_add(block, Ordering::Relaxed);
            if first >= rows {
                return Ok(());
            }
            let values = &mut values[..block.min(rows - first) * columns];
            fill(first, values);
            file.seek(SeekFrom::Start((HEADER + first * columns * size_of::<f64>()) as u64))?;
            for piece in values.chunks(bytes.len() / size_of::<f64>()) {
                let bytes = &mut bytes[..size_of_val(piece)];
                f64::fill(piece, bytes);
                file.write_all(bytes)?;
            }
        }
    };
    let done: Vec<io::Result<()>> = rayon::broadcast(|_| work());
    done.into_iter().collect::<io::Result<()>>()?;
    map(path, &shape).map_err(io::Error::other)
}

/// Maps a file that [`write`] made with this shape; says in words what is wrong with it if it is not one.
pub(super) fn map<T: Element>(path: &Path, shape: &[usize]) -> Result<Buffer<T>, String> {
    let bytes = File::open(path).and_then(|f| buffer::map(&f)).map_err(|e| e.to_string())?;
    let length: usize = shape.iter().product();
    let expected = HEADER + length * size_of::<T>();
    if bytes.len() != expected {
        return Err(format!("expected {expected} bytes, found {}", bytes.len()));
    }
    if !bytes.starts_with(&header(T::DESCRIPTION, shape)) {
        return Err("its header is not the one that was written".to_owned());
    }
    if cfg!(target_endian = "big") {
        return Err("stored markets are little-endian".to_owned());
    }
    Buffer::mapped(Arc::new(bytes), HEADER, length).ok_or_else(|| "it cannot be mapped".to_owned())
}
