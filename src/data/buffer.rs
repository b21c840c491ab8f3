//! Runs of numbers: to be filled, in memory with large pages; or to be read, in memory or in a mapped file. The one place
//! with `unsafe`.

use memmap2::{Mmap, MmapMut};
use std::{
    fs::File,
    io,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::Arc,
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What a stored array may hold: plain numbers, of which every bit pattern is valid.
pub(super) trait Number: FromBytes + IntoBytes + Immutable + Copy + Send + Sync {}
impl Number for f64 {}
impl Number for u32 {}
impl Number for i32 {}

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

/// Numbers that are filled in place by place. Many of them lie in large pages, where the system has such: taking memory
/// a small page at a time costs more than filling it.
#[derive(Debug)]
pub(super) enum Numbers<T> {
    Vector(Vec<T>),
    Pages { map: MmapMut, length: usize, kind: PhantomData<T> },
}

/// Numbers of fewer bytes lie in a vector.
const LARGE: usize = 4 << 20;

impl<T: Number> Numbers<T> {
    /// So many zeros. Those that nobody touches take no memory.
    pub(super) fn zeroed(length: usize) -> Self {
        let size = length.saturating_mul(size_of::<T>());
        if size >= LARGE
            && let Ok(map) = MmapMut::map_anon(size)
        {
            // Where there are no large pages, small ones do.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            return Self::Pages { map, length, kind: PhantomData };
        }
        Self::Vector(vec![T::new_zeroed(); length])
    }

    /// Drops all numbers from a place on.
    pub(super) fn truncate(&mut self, to: usize) {
        match self {
            Self::Vector(values) => values.truncate(to),
            Self::Pages { length, .. } => *length = to.min(*length),
        }
    }
}

impl<T: Number> Deref for Numbers<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Vector(values) => values,
            Self::Pages { map, length, .. } => {
                let bytes = &map[..*length * size_of::<T>()];
                <[T]>::ref_from_bytes(bytes).expect("pages are aligned and were cut to size")
            }
        }
    }
}

impl<T: Number> DerefMut for Numbers<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Vector(values) => values,
            Self::Pages { map, length, .. } => {
                let bytes = &mut map[..*length * size_of::<T>()];
                <[T]>::mut_from_bytes(bytes).expect("pages are aligned and were cut to size")
            }
        }
    }
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self::Vector(vec![])
    }
}

impl<T> From<Vec<T>> for Numbers<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Vector(values)
    }
}

impl<T> FromIterator<T> for Numbers<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::Vector(values.into_iter().collect())
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
