//! What tests of workers ask of a network, and say on command lines.

use cairn_e2e::TestNet;

/// The processes of a network's workers.
pub fn pids(net: &TestNet) -> Vec<Option<u32>> {
    net.workers.iter().map(|worker| worker.pid()).collect()
}

/// A model's id as commands take it.
pub fn hex(id: &[u8; 32]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
