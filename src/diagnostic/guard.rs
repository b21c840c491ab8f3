//! Panics over damaged files, which the libraries that read them do not rule out.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What a reader of files gives; `None` if it panicked, which is an error of the file like any other.
pub fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    let before = IS_GUARDED.replace(true);
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(before);
    read.ok()
}

/// Has the panics that are caught while a file is read say nothing, for they are told as errors. For a program to call as it
/// starts; it is not for a library to decide.
pub fn quiet_guarded_panics() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IS_GUARDED.get() {
            tell(panic);
        }
    }));
}
