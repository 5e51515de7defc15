//! What tests of workers ask of a network, and say on command lines.

use cairn_e2e::{Said, TestNet};

/// The processes of a network's workers.
pub fn pids(net: &TestNet) -> Vec<Option<u32>> {
    net.workers.iter().map(|worker| worker.pid()).collect()
}

/// Bytes as commands take them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails unless a command ended so, with words that mention what to do.
pub fn refused(said: Said, exit: i32, mentions: &str) {
    let said = said.ended(exit);
    let words = said.json["error"].as_str().unwrap_or_default();
    assert!(words.contains(mentions), "{words:?} should mention {mentions:?}");
}
