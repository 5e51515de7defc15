//! The next version of the runtime, without compiling a second one.
//!
//! An upgrade needs WASM with a higher `spec_version`. A second compilation would be the obvious
//! way and costs minutes at every change of the runtime. What a release differs in at the least
//! is that one number, so it is changed in the blob that is there. It stands in two places:
//!
//! - in the custom section `runtime_version`, which the node and `set_code` read. Changing that
//!   alone would pass `set_code` and leave a runtime that contradicts itself;
//! - in the code, as a constant: whole, as one half of two numbers stored together, in a data
//!   segment, or as what the compiler made of it (a comparison with the number before or after
//!   it, its compact encoding).
//!
//! All of these are replaced, parsed as instructions and not searched as bytes. That is sound
//! only if nothing else in the blob equals the number, so the version must be a large and
//! uncommon one; a small one is refused here. Nor is it taken on trust that all places were
//! found: the upgrade test asks the running code for its version, looks at the version it wrote
//! into the state, and signs with the old and the new one.
//!
//! The variable `CAIRN_NEXT_RUNTIME` names a blob to use instead: a release candidate, say.

use std::path::PathBuf;

use codec::Decode;
use parity_wasm::elements::{deserialize_buffer, serialize, Instruction, Module};
use sp_maybe_compressed_blob::{compress_weakly, decompress, CODE_BLOB_BOMB_LIMIT};
use sp_version::embed::embed_runtime_version;

use crate::Failure;

/// Smaller numbers occur in any program.
const LEAST_UNCOMMON: u32 = 1 << 20;

/// A runtime to upgrade to.
pub struct NextRuntime {
    /// Compressed, as `set_code` takes it.
    pub code: Vec<u8>,
    pub spec_version: u32,
}

/// The runtime after the one this program is built with.
pub fn next_runtime() -> Result<NextRuntime, Failure> {
    if let Some(path) = std::env::var_os("CAIRN_NEXT_RUNTIME") {
        let code = std::fs::read(PathBuf::from(path))?;
        let wasm = decompress(&code, CODE_BLOB_BOMB_LIMIT)?;
        let spec_version = embedded_version(&parse(&wasm)?)?;
        return Ok(NextRuntime { code, spec_version });
    }
    let code = cairn_runtime::WASM_BINARY
        .ok_or_else(|| Failure::new("this program was built without the WASM runtime"))?;
    let wasm = decompress(code, CODE_BLOB_BOMB_LIMIT)?;
    let mut version = cairn_runtime::VERSION;
    let current = version.spec_version;
    version.spec_version = current + 1;
    let patched = replace_version(&wasm, current, version.spec_version)?;
    let spec_version = version.spec_version;
    let embedded = embed_runtime_version(&patched, version)?;
    let code = compress_weakly(&embedded, CODE_BLOB_BOMB_LIMIT)
        .ok_or_else(|| Failure::new("the patched runtime cannot be compressed"))?;
    Ok(NextRuntime { code, spec_version })
}

fn parse(wasm: &[u8]) -> Result<Module, Failure> {
    deserialize_buffer(wasm).map_err(|error| Failure::new(format!("not WASM: {error}")))
}

/// The version in the custom section, whose first fields are two names and two numbers.
fn embedded_version(module: &Module) -> Result<u32, Failure> {
    let section = module
        .custom_sections()
        .find(|section| section.name() == "runtime_version")
        .ok_or_else(|| Failure::new("the runtime names no version"))?;
    let (_spec, _implementation, _authoring, version) =
        <(String, String, u32, u32)>::decode(&mut section.payload())?;
    Ok(version)
}

/// Changes the version in code and data.
fn replace_version(wasm: &[u8], from: u32, to: u32) -> Result<Vec<u8>, Failure> {
    if from < LEAST_UNCOMMON {
        return Err(Failure::new(format!(
            "spec_version {from} is too common a number to be told from others in the runtime's \
             code; use one of at least {LEAST_UNCOMMON}, such as year, month and a running \
             number, or name another runtime with CAIRN_NEXT_RUNTIME"
        )));
    }
    let mut module = parse(wasm)?;
    let compact = |version: u32| (version << 2) | 2;
    let pairs = [(from, to), (from - 1, to - 1), (from + 1, to + 1), (compact(from), compact(to))];
    let replaced = |number: u32| pairs.iter().find(|pair| pair.0 == number).map(|pair| pair.1);
    let mut whole = 0;

    for body in module.code_section_mut().into_iter().flat_map(|code| code.bodies_mut()) {
        for instruction in body.code_mut().elements_mut() {
            match instruction {
                Instruction::I32Const(number) => {
                    let old = *number as u32;
                    whole += u32::from(old == from);
                    *number = replaced(old).unwrap_or(old) as i32;
                }
                Instruction::I64Const(number) => {
                    let [low, high] = halves(*number as u64);
                    whole += u32::from(low == from) + u32::from(high == from);
                    let (low, high) =
                        (replaced(low).unwrap_or(low), replaced(high).unwrap_or(high));
                    *number = ((u64::from(high) << 32) | u64::from(low)) as i64;
                }
                _ => {}
            }
        }
    }
    for segment in module.data_section_mut().into_iter().flat_map(|data| data.entries_mut()) {
        whole += replace_bytes(segment.value_mut(), from.to_le_bytes(), to.to_le_bytes());
    }
    if whole == 0 {
        return Err(Failure::new(format!("spec_version {from} does not occur in the runtime")));
    }
    serialize(module).map_err(|error| Failure::new(format!("cannot write WASM: {error}")))
}

fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

fn replace_bytes(bytes: &mut [u8], from: [u8; 4], to: [u8; 4]) -> u32 {
    let mut found = 0;
    let mut at = 0;
    while let Some(window) = bytes.get_mut(at..at + 4) {
        if window == from {
            window.copy_from_slice(&to);
            found += 1;
            at += 4;
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replace_bytes_should_change_every_occurrence_when_unaligned() {
        let mut bytes = *b"x1234 1234y";
        assert_eq!(replace_bytes(&mut bytes, *b"1234", *b"1235"), 2);
        assert_eq!(&bytes, b"x1235 1235y");
    }

    #[test]
    fn replace_version_should_refuse_when_the_version_is_a_common_number() {
        let error = replace_version(&[], 1, 2).unwrap_err();
        assert!(format!("{error:?}").contains("too common"));
    }

    #[test]
    fn next_runtime_should_carry_the_next_version_when_the_runtime_is_patched() {
        let next = next_runtime().unwrap();
        let wasm = decompress(&next.code, CODE_BLOB_BOMB_LIMIT).unwrap();
        let module = parse(&wasm).unwrap();
        assert_eq!(embedded_version(&module).unwrap(), next.spec_version);
        assert!(next.spec_version > cairn_runtime::VERSION.spec_version);
    }
}
