//! Numbers in the order of bytes that files have: the lowest first.

use bytemuck::Pod;
use std::borrow::Cow;

pub(crate) trait Number: Pod {
    /// Turns round what is not in this order, from or to it.
    fn turned(self) -> Self;
}

impl Number for i16 {
    fn turned(self) -> Self {
        self.to_le()
    }
}

impl Number for i32 {
    fn turned(self) -> Self {
        self.to_le()
    }
}

/// The numbers of these bytes: where they are, if they lie as this machine has them.
pub(crate) fn numbers<T: Number>(bytes: &[u8]) -> Cow<'_, [T]> {
    if cfg!(target_endian = "little") {
        if let Ok(numbers) = bytemuck::try_cast_slice(bytes) {
            return Cow::Borrowed(numbers);
        }
    }
    let each = bytes.chunks_exact(size_of::<T>());
    each.map(|bytes| bytemuck::pod_read_unaligned::<T>(bytes).turned()).collect()
}

/// The bytes of these numbers.
pub(crate) fn bytes<T: Number>(numbers: &[T]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(numbers));
    }
    let turned: Vec<T> = numbers.iter().map(|number| number.turned()).collect();
    Cow::Owned(bytemuck::cast_slice(&turned).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_should_be_read_when_they_lie_anywhere() {
        let written: Vec<u8> = [7].into_iter().chain((0..40).collect::<Vec<u8>>()).collect();
        for start in 0..4 {
            let lie = &written[1 + start..][..8];
            let start = start as u8;
            let low = i16::from_le_bytes([start, start + 1]);
            assert_eq!(numbers::<i16>(lie)[0], low);
            assert_eq!(*bytes(&numbers::<i16>(lie)), *lie);
            assert_eq!(*bytes(&numbers::<i32>(lie)), *lie);
        }
    }
}
