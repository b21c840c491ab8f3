//! Loops over lanes, compiled for several instruction sets; the widest that the processor has is taken at run time. None
//! of them contracts or reorders additions, so the bits are the same on all.

/// Compiles functions once for each instruction set of the list.
macro_rules! vectorised {
    ($($(#[$attribute:meta])* $visibility:vis fn $name:ident($($parameter:ident: $ty:ty),* $(,)?) $(-> $result:ty)? $body:block)+) => {$(
        $(#[$attribute])*
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512vl+avx512dq",
            "x86_64+avx2",
            "aarch64+neon",
        ))]
        $visibility fn $name($($parameter: $ty),*) $(-> $result)? $body
    )+};
}
pub(super) use vectorised;
