//! Room for many numbers. The first touch of fresh memory costs more than most of what is computed into it: large room is
//! asked of the system in huge pages where it has them, and some of it is kept for the next panel.

use memmap2::MmapMut;
use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Plain numbers, of which every bit pattern is valid.
pub trait Number: FromBytes + IntoBytes + Immutable + Copy + Send + Sync {}
impl Number for f64 {}
impl Number for u32 {}
impl Number for i32 {}

/// Numbers of fewer bytes lie in a vector.
const LARGE: usize = 4 << 20;

/// How many bytes are kept at most.
const KEPT: usize = 1 << 30;

/// Maps that nobody uses any more.
static SPARE: Mutex<Vec<MmapMut>> = Mutex::new(vec![]);

/// Numbers in memory, to be filled in place.
pub struct Numbers<T>(Room<T>);

enum Room<T> {
    Vector(Vec<T>),
    /// No map: given back.
    Pages {
        map: Option<MmapMut>,
        length: usize,
        kind: PhantomData<T>,
    },
}

impl<T: Number> Numbers<T> {
    /// So many zeros. Those that nobody touches take no memory.
    pub fn zeroed(length: usize) -> Self {
        Self::mapped(length, || None)
    }

    /// Room for so many numbers, which are anything until they are written. It may be that of other numbers that were
    /// dropped.
    pub fn room(length: usize) -> Self {
        Self::mapped(length, || {
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            let size = length * size_of::<T>();
            // Panels of some rows fewer take the room of larger ones; of equal ones the last may still be in cache.
            let fits = |map: &MmapMut| (size..=size + size / 8).contains(&map.len());
            let places = spare.iter().enumerate().rev().filter(|(_, map)| fits(map));
            let (place, _) = places.min_by_key(|(_, map)| map.len())?;
            Some(spare.remove(place))
        })
    }

    fn mapped(length: usize, kept: impl FnOnce() -> Option<MmapMut>) -> Self {
        let size = length.saturating_mul(size_of::<T>());
        if size >= LARGE
            && let Some(map) = kept().or_else(|| fresh(size))
        {
            return Self(Room::Pages { map: Some(map), length, kind: PhantomData });
        }
        Self(Room::Vector(vec![T::new_zeroed(); length]))
    }

    /// Drops all numbers from a place on.
    pub fn truncate(&mut self, to: usize) {
        match &mut self.0 {
            Room::Vector(values) => values.truncate(to),
            Room::Pages { length, .. } => *length = to.min(*length),
        }
    }
}

fn fresh(size: usize) -> Option<MmapMut> {
    let map = MmapMut::map_anon(size).ok()?;
    // Where there are no large pages, small ones do.
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    Some(map)
}

impl<T> Drop for Numbers<T> {
    fn drop(&mut self) {
        let Room::Pages { map, .. } = &mut self.0 else { return };
        let Some(map) = map.take() else { return };
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(map);
        // The oldest go first: another market has other sizes.
        while spare.iter().map(|map| map.len()).sum::<usize>() > KEPT {
            spare.remove(0);
        }
    }
}

impl<T: Number> Deref for Numbers<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Room::Vector(values) => values,
            Room::Pages { map, length, .. } => {
                let bytes = map.as_deref().unwrap_or_default();
                let bytes = &bytes[..*length * size_of::<T>()];
                <[T]>::ref_from_bytes(bytes).expect("pages are aligned and were cut to size")
            }
        }
    }
}

impl<T: Number> DerefMut for Numbers<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Room::Vector(values) => values,
            Room::Pages { map, length, .. } => {
                let bytes = map.as_deref_mut().unwrap_or_default();
                let bytes = &mut bytes[..*length * size_of::<T>()];
                <[T]>::mut_from_bytes(bytes).expect("pages are aligned and were cut to size")
            }
        }
    }
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(Room::Vector(vec![]))
    }
}

impl<T> From<Vec<T>> for Numbers<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Room::Vector(values))
    }
}

impl<T> FromIterator<T> for Numbers<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(Room::Vector(values.into_iter().collect()))
    }
}

impl<T: Number + PartialEq> PartialEq for Numbers<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T: Number + fmt::Debug> fmt::Debug for Numbers<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_room_is_used_again() {
        // A length that no other test asks for.
        let length = LARGE / 8 + 3;
        let mut numbers = Numbers::<f64>::room(length);
        *numbers.last_mut().expect("it has room") = 2.5;
        assert_eq!((numbers.len(), numbers[length - 1]), (length, 2.5));
        drop(numbers);
        assert_eq!(Numbers::<f64>::room(length)[length - 1], 2.5);
        assert_eq!(Numbers::<f64>::zeroed(length)[length - 1], 0.0);
    }

    #[test]
    fn little_room_is_new() {
        assert_eq!(Numbers::<f64>::room(3)[..], [0.0; 3]);
    }
}
