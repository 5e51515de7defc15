//! Text as records that a WebAssembly module makes of a seed and an index: nobody has seen those of a
//! seed that is not drawn yet.

/// Tokens of a record. Each is a byte of text.
pub const TOKENS: u32 = 256;

/// What making a record may burn: several times what it does.
pub const FUEL: u64 = 1 << 20;

/// The module, which is what the folder `generator` is compiled to.
#[cfg(any(feature = "std", test))]
pub const MODULE: &[u8] = include_bytes!("../generator/record.wasm");
