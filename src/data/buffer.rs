//! A run of numbers that is either in memory or in a mapped file. The one place with `unsafe`.

use memmap2::Mmap;
use std::{fs::File, io, marker::PhantomData, ops::Deref, sync::Arc};

/// What a stored array may hold: plain numbers, of which every bit pattern is valid.
pub(super) trait Number: sealed::Sealed + Copy + 'static {}
impl Number for f64 {}
impl Number for u32 {}
impl Number for i32 {}

mod sealed {
    pub(in crate::data) trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for u32 {}
    impl Sealed for i32 {}
}

/// Maps a whole file for reading. An empty file gives no bytes.
pub(super) fn map(file: &File) -> io::Result<Bytes> {
    if file.metadata()?.len() == 0 {
        return Ok(Bytes(None));
    }
    #[expect(unsafe_code, reason = "mapping a file is how a market opens in milliseconds")]
    // SAFETY: the map is read-only. Should another process change or cut the file meanwhile, the numbers are wrong or
    // the process ends, as with every mapped database; the import writes a store aside and renames it, so that Decile
    // itself never changes a file in place.
    let map = unsafe { Mmap::map(file)? };
    Ok(Bytes(Some(map)))
}

/// The bytes of a mapped file.
pub(super) struct Bytes(Option<Mmap>);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Numbers in memory or in a mapped file.
#[derive(Clone)]
pub(super) enum Buffer<T> {
    Owned(Arc<Vec<T>>),
    Mapped(Mapped<T>),
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(Arc::new(values))
    }
}

/// Part of a mapped file, as numbers.
#[derive(Clone)]
pub(super) struct Mapped<T> {
    bytes: Arc<Bytes>,
    start: usize,
    length: usize,
    kind: PhantomData<T>,
}

impl<T: Number> Buffer<T> {
    /// The `length` numbers that begin at byte `start`; `None` if the file is too short or they are not aligned.
    pub(super) fn mapped(bytes: Arc<Bytes>, start: usize, length: usize) -> Option<Self> {
        let end = length.checked_mul(size_of::<T>())?.checked_add(start)?;
        let stretch = bytes.get(start..end)?;
        (stretch.as_ptr().align_offset(align_of::<T>()) == 0).then_some(Self::Mapped(Mapped {
            bytes,
            start,
            length,
            kind: PhantomData,
        }))
    }
}

impl<T: Number> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Mapped(mapped) => {
                let bytes = &mapped.bytes[mapped.start..];
                debug_assert!(bytes.len() >= mapped.length * size_of::<T>());
                #[expect(unsafe_code, reason = "reads mapped numbers in place")]
                // SAFETY: `Buffer::mapped` is the only constructor and checked that the bytes are there and aligned;
                // `T` is one of three number types, of which every bit pattern is valid; the bytes live as long as
                // `self` and are never written.
                unsafe {
                    std::slice::from_raw_parts(bytes.as_ptr().cast(), mapped.length)
                }
            }
        }
    }
}
