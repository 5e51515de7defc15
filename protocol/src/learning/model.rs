//! What a model says of itself, and how its components stand.

use crate::{
    chunk,
    dag::SemVer,
    id::{Amount, BlockId, ContentId, File},
    share::{Ppm, WHOLE},
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};
use codec::Encode;
use core::fmt;

pub use crate::dag::{Component, COMPONENT_BYTES};

/// Components of a model.
pub const MAX_COMPONENTS: u32 = 64;
/// Bytes of a licence's name.
pub const LICENCE_BYTES: u32 = 64;

/// Components by their files, in the order of their names.
pub type Parts = BoundedVec<Part, ConstU32<MAX_COMPONENTS>>;

wire! {
    /// Who may use a model.
    #[derive(Copy)]
    pub enum Access {
        #[codec(index = 0)]
        Open,
        /// Whoever pays so much beside what workers get, each time.
        #[codec(index = 1)]
        PerUse { price: Amount },
        /// Whom its author has given a licence.
        #[codec(index = 2)]
        Licensed,
    }

    /// What a META block says beside its header.
    pub struct ModelCard {
        /// BLAKE3 of the card of its [bundle](crate::bundle::Bundle): its architecture and how it
        /// is laid out.
        pub configuration: ContentId,
        /// What makes tokens of text.
        pub tokenizer: Option<ContentId>,
        /// The program that comes to losses, by its file.
        pub judge: ContentId,
        /// What it is made of, in the order of names.
        pub components: BoundedVec<Component, ConstU32<MAX_COMPONENTS>>,
        /// Of what workers are paid its author gets so much, and no more than creators get at most.
        pub royalty: Ppm,
        /// What a unit of work on it should be worth. Nobody is bound by it.
        pub price_hint: Amount,
        /// Under which licence it is published, by SPDX.
        pub licence: BoundedVec<u8, ConstU32<LICENCE_BYTES>>,
        pub access: Access,
    }

    /// A component as it stands.
    pub struct Part {
        pub component: Component,
        pub file: File,
    }

    /// The last block that was laid on a component.
    #[derive(Copy)]
    pub struct Head {
        pub block: BlockId,
        /// The component's masters after it.
        pub file: File,
        pub release: SemVer,
        /// How many candidates have been judged against it.
        pub judged: u32,
    }
}

/// Why a card describes no model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CardFlaw {
    NoComponents,
    /// A component has no name.
    Nameless,
    /// Its components do not stand in the order of their names, or one stands there twice.
    Unsorted,
    Royalty {
        most: Ppm,
        have: Ppm,
    },
    /// The licence is not written as SPDX writes them.
    NoLicence,
}

impl ModelCard {
    pub fn check(&self) -> Result<(), CardFlaw> {
        if self.components.is_empty() {
            return Err(CardFlaw::NoComponents);
        }
        if self.components.iter().any(|component| component.is_empty()) {
            return Err(CardFlaw::Nameless);
        }
        if !self.components.iter().is_sorted_by(|one, next| one < next) {
            return Err(CardFlaw::Unsorted);
        }
        if self.royalty > WHOLE {
            return Err(CardFlaw::Royalty { most: WHOLE, have: self.royalty });
        }
        let is_spdx = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.+:() ".contains(byte);
        if self.licence.is_empty() || !self.licence.iter().all(is_spdx) {
            return Err(CardFlaw::NoLicence);
        }
        Ok(())
    }

    pub fn has(&self, component: &Component) -> bool {
        self.components.binary_search(component).is_ok()
    }
}

/// What a model in this state is called.
pub fn content_of(parts: &Parts) -> ContentId {
    chunk::content(&parts.encode())
}

impl fmt::Display for CardFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoComponents => f.write_str("a model has at least one component; name it"),
            Self::Nameless => f.write_str("a component has no name; give it one"),
            Self::Unsorted => f.write_str(
                "its components are not in the order of their names, or one is named twice",
            ),
            Self::Royalty { most, have } => {
                write!(f, "a royalty of {have} millionths, and {most} are the whole")
            }
            Self::NoLicence => f.write_str("its licence is no SPDX identifier; name one"),
        }
    }
}

impl core::error::Error for CardFlaw {}

#[cfg(test)]
mod tests;
