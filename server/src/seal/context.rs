//! What sealed bytes belong to, as one unambiguous byte string.

/// The thing that sealed bytes belong to; they open for no other.
///
/// Every part carries its length, so `("ab", "c")` and `("a", "bc")` differ.
#[derive(Clone, PartialEq, Eq)]
pub struct SealContext(Vec<u8>);

impl SealContext {
    /// A context for one kind of thing (`"artifact"`, `"run"`, …) that names nothing yet.
    pub fn new(kind: &'static str) -> Self {
        Self(Vec::with_capacity(160)).with(kind.as_bytes())
    }

    /// The same context, narrowed by one more part.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part);
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_regrouped() {
        let one = SealContext::new("row").with(b"ab").with(b"c");
        assert!(one != SealContext::new("row").with(b"a").with(b"bc"));
        assert!(one != SealContext::new("row").with(b"abc"));
        assert!(one != SealContext::new("row").with(b"ab").with(b"c").with(b""));
        assert!(one == SealContext::new("row").with(b"ab").with(b"c"));
    }
}
