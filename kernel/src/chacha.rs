//! The ChaCha stream cipher as a source of numbers that a seed and a position fix.

/// The rounds of ChaCha8.
const ROUNDS: u32 = 8;

/// One block of the key stream of ChaCha8, for a nonce of zeros.
pub fn block(key: &[u8; 32], number: u64) -> [u32; 16] {
    rounds(key, number, ROUNDS)
}

fn rounds(key: &[u8; 32], number: u64, rounds: u32) -> [u32; 16] {
    let mut state = [0; 16];
    let (constant, rest) = state.split_at_mut(4);
    constant.copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    for (word, bytes) in rest.iter_mut().zip(key.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte));
    }
    state[12] = number as u32;
    state[13] = (number >> 32) as u32;
    let start = state;
    for _ in 0..rounds / 2 {
        for column in 0..4 {
            quarter(&mut state, [column, column + 4, column + 8, column + 12]);
        }
        for diagonal in 0..4 {
            let next = |by: usize| (diagonal + by) % 4;
            quarter(&mut state, [diagonal, 4 + next(1), 8 + next(2), 12 + next(3)]);
        }
    }
    for (word, start) in state.iter_mut().zip(start) {
        *word = word.wrapping_add(start);
    }
    state
}

/// The first eight bytes of a block of ChaCha8, little endian.
pub(crate) fn first(key: &[u8; 32], number: u64) -> u64 {
    let block = block(key, number);
    u64::from(block[1]) << 32 | u64::from(block[0])
}

fn quarter(state: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (to, from, mixed, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        state[to] = state[to].wrapping_add(state[from]);
        state[mixed] = (state[mixed] ^ state[to]).rotate_left(turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: [u32; 16]) -> Vec<u8> {
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    fn hex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digit).collect()
    }

    /// Test case 1 of the ECRYPT-style vectors of draft-strombergson-chacha-test-vectors.
    #[test]
    fn block_should_be_the_published_one_when_eight_rounds() {
        let blocks = [0, 1].map(|number| bytes(rounds(&[0; 32], number, 8)));
        assert_eq!(
            blocks[0],
            hex("3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e\
                 984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42")
        );
        assert_eq!(
            blocks[1],
            hex("d2aefa0deaa5c151bf0adb6c01f2a5adc0fd581259f9a2aadcf20f8fd566a26b\
                 5032ec38bbc5da98ee0c6f568b872a65a08abf251deb21bb4b56e5d8821e68aa")
        );
        assert_eq!(first(&[0; 32], 0), 0xd640_5f89_2fef_003e);
    }

    /// RFC 8439, appendix A.1, test vectors 1 and 2.
    #[test]
    fn block_should_be_the_published_one_when_twenty_rounds() {
        let blocks = [0, 1].map(|number| bytes(rounds(&[0; 32], number, 20)));
        assert_eq!(
            blocks[0],
            hex("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7\
                 da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586")
        );
        assert_eq!(
            blocks[1],
            hex("9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed\
                 29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f")
        );
    }
}
