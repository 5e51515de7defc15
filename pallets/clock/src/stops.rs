//! How blocks are counted when some of them do not count.

use cairn_protocol::id::Height;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The stops so far.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Stops {
    /// Blocks that stops took which are over.
    pub lost: u32,
    /// The block in which the clock was stopped; none while it runs.
    pub stopped_in: Option<u32>,
}

impl Stops {
    /// The height of a block.
    pub fn height(&self, block: u32) -> Height {
        let last_counted = self.stopped_in.map_or(block, |stopped_in| stopped_in.min(block));
        last_counted.saturating_sub(self.lost)
    }

    /// Stops the clock, unless it stands already.
    pub fn enter(&mut self, block: u32) {
        self.stopped_in.get_or_insert(block);
    }

    /// Lets the clock run again, if it stands.
    pub fn exit(&mut self, block: u32) {
        if let Some(stopped_in) = self.stopped_in.take() {
            self.lost = self.lost.saturating_add(block.saturating_sub(stopped_in));
        }
    }
}
