//! Room for many numbers. The first touch of a fresh panel costs more than most of what is computed into it: large room
//! is asked of the system in huge pages where it has them, and some of it is kept for the next panel.

use memmap2::MmapMut;
use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
};

/// From how many bytes on room is mapped: a few huge pages.
const LARGE: usize = 8 << 20;

/// How many bytes are kept at most.
const KEPT: usize = 512 << 20;

/// Room that nobody uses any more.
static SPARE: Mutex<Vec<MmapMut>> = Mutex::new(vec![]);

/// A fixed number of numbers in memory.
pub struct Numbers(Room);

enum Room {
    Heap(Vec<f64>),
    /// Bytes that hold nothing but whole numbers; `None` once they are given back.
    Mapped(Option<MmapMut>),
}

impl Numbers {
    /// Room for so many numbers, which are anything until they are written.
    pub fn room(length: usize) -> Self {
        let bytes = length * size_of::<f64>();
        if bytes < LARGE {
            return Self(Room::Heap(vec![0.0; length]));
        }
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = spare.iter().position(|map| map.len() == bytes) {
            return Self(Room::Mapped(Some(spare.swap_remove(place))));
        }
        drop(spare);
        let Ok(map) = MmapMut::map_anon(bytes) else {
            return Self(Room::Heap(vec![0.0; length]));
        };
        // Without huge pages it is as good as any other memory.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self(Room::Mapped(Some(map)))
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        let Room::Mapped(map) = &mut self.0 else { return };
        let Some(map) = map.take() else { return };
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(map);
        // The oldest go first: another market has other sizes.
        while spare.iter().map(|map| map.len()).sum::<usize>() > KEPT {
            spare.remove(0);
        }
    }
}

impl From<Vec<f64>> for Numbers {
    fn from(values: Vec<f64>) -> Self {
        Self(Room::Heap(values))
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        match &self.0 {
            Room::Heap(values) => values,
            Room::Mapped(map) => map.as_deref().map_or(&[], bytemuck::cast_slice),
        }
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f64] {
        match &mut self.0 {
            Room::Heap(values) => values,
            Room::Mapped(map) => map.as_deref_mut().map_or(&mut [], bytemuck::cast_slice_mut),
        }
    }
}

impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_room_is_used_again() {
        let length = LARGE / 8 + 3;
        let mut numbers = Numbers::room(length);
        *numbers.last_mut().expect("it has room") = 2.5;
        assert_eq!((numbers.len(), numbers[length - 1]), (length, 2.5));
        drop(numbers);
        assert_eq!(Numbers::room(length)[length - 1], 2.5);
    }

    #[test]
    fn little_room_is_new() {
        assert_eq!(Numbers::room(3)[..], [0.0; 3]);
    }
}
