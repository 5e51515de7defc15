//! What a device runs: rounds of the challenge's hash, written out. An input of 32 bytes is four of
//! the sixteen words of a block, so what is added of the others is left out.

/// Lanes that a device runs side by side at least.
pub(super) const GROUP: u32 = 64;
/// What the program is called.
pub(super) const ENTRY: &str = "hash";

const FUNCTIONS: &str = include_str!("hash.wgsl");
/// Words of the input.
const WORDS: usize = 4;
/// Bytes of the input, as they are counted into the state.
const BYTES: u64 = 32;
/// Of BLAKE2b with a result of 32 bytes and no key.
const PARAMETERS: u64 = 0x0101_0020;
/// Of one hash.
const STEPS: usize = 12;

const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The order of words in each step; after the last comes the first.
const ORDERS: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// What a step mixes: the columns of the state, and then its diagonals.
const MIXED: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// Four words of the state that are mixed with two of the input, of which either may be none.
struct Mix {
    at: [usize; 4],
    words: [Option<usize>; 2],
}

/// What the state begins with, and what its first half is laid on in the end.
fn begun() -> ([u64; 16], [u64; 8]) {
    let mut chained = START;
    chained[0] ^= PARAMETERS;
    let mut state = [0; 16];
    state[..8].copy_from_slice(&chained);
    state[8..].copy_from_slice(&START);
    state[12] ^= BYTES;
    // It is the last block.
    state[14] = !state[14];
    (state, chained)
}

fn mixes() -> impl Iterator<Item = Mix> {
    let orders = ORDERS.into_iter().cycle().take(STEPS);
    orders.flat_map(|order| {
        let pairs = (0_usize..).step_by(2).map(move |at| [order[at], order[at + 1]]);
        MIXED.into_iter().zip(pairs).map(|(at, pair)| {
            let words = pair.map(|word| Some(word).filter(|word| *word < WORDS));
            Mix { at, words }
        })
    })
}

/// The whole program.
pub(super) fn source() -> String {
    let (state, chained) = begun();
    let state = state.iter().enumerate();
    let state = state.map(|(at, word)| format!("        var v{at} = {};\n", pair(*word)));
    let mixed = mixes().map(|mix| written(&mix));
    let ends: [String; WORDS] =
        std::array::from_fn(|at| format!("{} ^ v{at} ^ v{}", pair(chained[at]), at + 8));
    let [first, second, third, fourth] = ends;
    let body: String = state.chain(mixed).collect();
    format!(
        "{FUNCTIONS}
@compute @workgroup_size({GROUP})
fn {ENTRY}(@builtin(global_invocation_id) id: vec3<u32>) {{
    let at = 2u * (part.first + id.x);
    var low = ends[at];
    var high = ends[at + 1u];
    for (var n = 0u; n < part.rounds; n += 1u) {{
        let m0 = low.xy;
        let m1 = low.zw;
        let m2 = high.xy;
        let m3 = high.zw;
{body}        low = vec4<u32>({first}, {second});
        high = vec4<u32>({third}, {fourth});
    }}
    ends[at] = low;
    ends[at + 1u] = high;
}}
"
    )
}

fn written(mix: &Mix) -> String {
    let [a, b, c, d] = mix.at.map(|at| format!("v{at}"));
    let [first, second] = mix.words.map(|word| match word {
        Some(word) => format!("plus(plus({a}, {b}), m{word})"),
        None => format!("plus({a}, {b})"),
    });
    let swapped = format!("{d} = ({d} ^ {a}).yx;");
    [
        format!("{a} = {first}; {swapped} {c} = plus({c}, {d}); {b} = turn24({b} ^ {c});"),
        format!("{a} = {second}; {d} = turn16({d} ^ {a}); {c} = plus({c}, {d});"),
        format!("{b} = turn63({b} ^ {c});"),
    ]
    .map(|line| format!("        {line}\n"))
    .concat()
}

/// A word as the program has it.
fn pair(word: u64) -> String {
    format!("vec2<u32>({:#x}u, {:#x}u)", word & 0xffff_ffff, word >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{challenge::work, id::Digest};

    /// What the mixes make of an input, in words of 64 bits.
    fn hashed(input: &Digest) -> Digest {
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        let words: Vec<u64> = input.chunks(8).map(word).collect();
        let (mut state, chained) = begun();
        for Mix { at: [a, b, c, d], words: [first, second] } in mixes() {
            let of = |word: Option<usize>| word.map_or(0, |word| words[word]);
            state[a] = state[a].wrapping_add(state[b]).wrapping_add(of(first));
            state[d] = (state[d] ^ state[a]).rotate_right(32);
            state[c] = state[c].wrapping_add(state[d]);
            state[b] = (state[b] ^ state[c]).rotate_right(24);
            state[a] = state[a].wrapping_add(state[b]).wrapping_add(of(second));
            state[d] = (state[d] ^ state[a]).rotate_right(16);
            state[c] = state[c].wrapping_add(state[d]);
            state[b] = (state[b] ^ state[c]).rotate_right(63);
        }
        let mut end = [0; 32];
        for (at, bytes) in end.chunks_mut(8).enumerate() {
            let word = chained[at] ^ state[at] ^ state[at + 8];
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        end
    }

    #[test]
    fn mixes_should_make_the_challenges_hash() {
        for lane in [0, 5, work::LANES - 1] {
            let start = work::lane(&[7; 32], lane, 0);
            assert_eq!(hashed(&start), work::lane(&[7; 32], lane, 1));
            assert_eq!(hashed(&hashed(&start)), work::lane(&[7; 32], lane, 2));
        }
    }

    #[test]
    fn source_should_have_every_mix_and_close_what_it_opens() {
        let source = source();
        assert_eq!(source.matches("= turn63(").count(), STEPS * MIXED.len());
        // Each word of the input is added once in each step.
        for word in 0..WORDS {
            assert_eq!(source.matches(&format!(", m{word});")).count(), STEPS, "{word}");
        }
        for (opens, closes) in [('{', '}'), ('(', ')')] {
            assert_eq!(source.matches(opens).count(), source.matches(closes).count());
        }
    }
}
