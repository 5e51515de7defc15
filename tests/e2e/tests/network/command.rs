//! What tests of workers ask of a network, and say on command lines.

use cairn_e2e::TestNet;

/// The processes of a network's workers.
pub fn pids(net: &TestNet) -> Vec<Option<u32>> {
    net.workers.iter().map(|worker| worker.pid()).collect()
}

/// Bytes as commands take them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
