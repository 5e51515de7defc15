//! Bytes that nobody else may read.

use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A key. It has one place in memory, however often it is moved, and is overwritten there when it
/// is dropped.
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut secret = Self(Box::new([0; 32]));
        getrandom::fill(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    /// A copy; to overwrite the original is the caller's business.
    pub fn copied(bytes: &[u8; 32]) -> Self {
        let mut secret = Self(Box::new([0; 32]));
        secret.0.copy_from_slice(bytes);
        secret
    }

    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
        #[cfg(test)]
        dropped::note(&self.0);
    }
}

impl ZeroizeOnDrop for Secret {}

/// Without the bytes, so that no log has them.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What the keys of a thread come to when they are dropped.
#[cfg(test)]
pub(crate) mod dropped {
    use std::cell::RefCell;

    thread_local! {
        static SEEN: RefCell<Vec<[u8; 32]>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn note(bytes: &[u8; 32]) {
        // A thread that ends may have none any more.
        let _ = SEEN.try_with(|seen| seen.borrow_mut().push(*bytes));
    }

    /// Since this was last asked.
    pub(crate) fn take() -> Vec<[u8; 32]> {
        SEEN.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_overwritten<T: ZeroizeOnDrop>() {}

    #[test]
    fn keys_should_be_overwritten_when_they_are_dropped() {
        is_overwritten::<Secret>();
        is_overwritten::<crate::Identity>();
        is_overwritten::<crate::Opening>();
        is_overwritten::<crate::Content>();
        is_overwritten::<crate::Kept>();
        // What the ciphers make of a key.
        is_overwritten::<aes_gcm::aes::Aes256>();
        is_overwritten::<x_wing::DecapsulationKey>();
    }

    #[test]
    fn secret_should_be_zeros_when_it_was_dropped() {
        dropped::take();
        drop(Secret::copied(&[7; 32]));
        assert_eq!(dropped::take(), [[0u8; 32]]);
    }

    #[test]
    fn debug_should_not_show_a_secret() {
        assert_eq!(format!("{:?}", Secret::copied(&[7; 32])), "Secret");
    }

    #[test]
    fn random_should_differ_each_time() {
        let (a, b) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(a.expose(), b.expose());
    }
}
