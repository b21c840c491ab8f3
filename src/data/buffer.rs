//! Runs of numbers that are in memory or in a mapped file. The one place with `unsafe`.

pub(super) use crate::panel::{Number, Numbers};
use memmap2::Mmap;
use std::{fs::File, io, marker::PhantomData, ops::Deref, sync::Arc};
use zerocopy::FromBytes;

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
    Owned(Arc<Numbers<T>>),
    Mapped(Mapped<T>),
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Numbers::from(values).into()
    }
}

impl<T> From<Numbers<T>> for Buffer<T> {
    fn from(values: Numbers<T>) -> Self {
        Self::Owned(Arc::new(values))
    }
}

/// Part of a mapped file, as numbers.
#[derive(Clone)]
pub(super) struct Mapped<T> {
    bytes: Arc<Bytes>,
    start: usize,
    end: usize,
    kind: PhantomData<T>,
}

impl<T: Number> Buffer<T> {
    /// The `length` numbers that begin at byte `start`; `None` if the file is too short or they are not aligned.
    pub(super) fn mapped(bytes: Arc<Bytes>, start: usize, length: usize) -> Option<Self> {
        let end = length.checked_mul(size_of::<T>())?.checked_add(start)?;
        <[T]>::ref_from_bytes(bytes.get(start..end)?).ok()?;
        Some(Self::Mapped(Mapped { bytes, start, end, kind: PhantomData }))
    }
}

impl<T: Number> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Mapped(mapped) => {
                let bytes = &mapped.bytes[mapped.start..mapped.end];
                <[T]>::ref_from_bytes(bytes).expect("`Buffer::mapped` made sure of it")
            }
        }
    }
}
