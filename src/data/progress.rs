//! How long work tells a face how far it is.

/// Somebody who would like to see how far long work is. All methods may be called from any thread.
pub trait Progress: Sync {
    /// A stage begins that is `total` steps long.
    fn begin(&self, stage: &str, total: u64);
    /// So many more steps are done.
    fn advance(&self, steps: u64);
}

/// Nobody looks.
impl Progress for () {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, _steps: u64) {}
}
