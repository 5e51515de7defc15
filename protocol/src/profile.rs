//! What a provider says of itself, and what others make of it.

use crate::{
    id::{Amount, ContentId, Digest, ProviderId, Region},
    job::{JobKind, KindSet},
    share::Ppm,
    wire::wire,
};
use bounded_collections::{BoundedVec, ConstU32};

/// An X-Wing encapsulation key: ML-KEM-768's 1,184 bytes and X25519's 32.
pub const PAYLOAD_KEY_BYTES: u32 = 1_216;

pub type PayloadKey = [u8; PAYLOAD_KEY_BYTES as usize];

wire! {
    /// Devices that do about the same work in the same time, weakest first.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum DeviceClass {
        #[codec(index = 0)]
        Cpu,
        /// Up to 8 GB.
        #[codec(index = 1)]
        SmallGpu,
        /// Up to 24 GB.
        #[codec(index = 2)]
        Gpu,
        /// Up to 48 GB.
        #[codec(index = 3)]
        LargeGpu,
        /// 80 GB and more, in a data centre.
        #[codec(index = 4)]
        Accelerator,
    }

    /// What a registration may be asked to do.
    #[derive(Copy, Hash, Ord, PartialOrd)]
    pub enum Role {
        /// Runs jobs.
        #[codec(index = 0)]
        Compute,
        /// Evaluates and audits.
        #[codec(index = 1)]
        Guard,
        /// Operates a gateway.
        #[codec(index = 2)]
        Router,
        /// Keeps artifacts and answers for their chunks.
        #[codec(index = 3)]
        Storage,
        /// Contributes randomness.
        #[codec(index = 4)]
        Entropy,
    }

    /// Which roles; bit i is the role with index i.
    #[derive(Copy, Default)]
    pub struct RoleSet(u8);

    #[derive(Copy)]
    pub struct Hardware {
        pub class: DeviceClass,
        pub memory_mib: u32,
        /// Compute capability, major times ten plus minor; zero without a GPU.
        pub compute: u16,
        /// Jobs it works on at once.
        pub slots: u8,
        /// Commitment over the device ids, see [`crate::preimage::BindingCommitment`].
        pub binding: Digest,
    }

    /// Which kinds of jobs at which price a unit.
    #[derive(Default)]
    pub struct Offers(pub BoundedVec<Offer, ConstU32<6>>);

    #[derive(Copy)]
    pub struct Offer {
        pub kind: JobKind,
        pub price: Amount,
    }

    /// What a provider declares.
    pub struct Profile {
        pub hardware: Hardware,
        pub region: Region,
        pub offers: Offers,
        /// For payloads; none serves open tasks alone.
        pub payload_key: Option<PayloadKey>,
        /// Where its artifacts are fetched from.
        pub node: [u8; 32],
        /// A quote of the trusted execution environment it runs in, as an artifact. The chain does
        /// not verify it.
        pub enclave: Option<ContentId>,
    }

    #[derive(Copy)]
    pub enum Availability {
        #[codec(index = 0)]
        Available,
        /// Finishes what it has, takes nothing new.
        #[codec(index = 1)]
        Draining,
        #[codec(index = 2)]
        Paused,
    }

    /// Everything that matching looks at.
    #[derive(Copy)]
    pub struct Candidate {
        pub provider: ProviderId,
        pub hardware: Hardware,
        pub region: Region,
        /// A unit of the kind in question; none does not serve it.
        pub price: Option<Amount>,
        /// Kernel multiply-accumulates a second, as challenges measured them.
        pub throughput: u64,
        pub enclave: bool,
        pub sealable: bool,
        /// Jobs it works on now.
        pub load: u8,
        /// What stands behind its work.
        pub bond: Amount,
        pub reputation: Ppm,
    }
}

impl DeviceClass {
    pub const ALL: [Self; 5] =
        [Self::Cpu, Self::SmallGpu, Self::Gpu, Self::LargeGpu, Self::Accelerator];

    /// The next weaker one; none below the weakest.
    pub fn below(self) -> Option<Self> {
        match self {
            Self::Cpu => None,
            Self::SmallGpu => Some(Self::Cpu),
            Self::Gpu => Some(Self::SmallGpu),
            Self::LargeGpu => Some(Self::Gpu),
            Self::Accelerator => Some(Self::LargeGpu),
        }
    }
}

impl Role {
    pub const ALL: [Self; 5] =
        [Self::Compute, Self::Guard, Self::Router, Self::Storage, Self::Entropy];

    fn bit(self) -> u8 {
        match self {
            Self::Compute => 1,
            Self::Guard => 2,
            Self::Router => 4,
            Self::Storage => 8,
            Self::Entropy => 16,
        }
    }
}

impl RoleSet {
    pub fn contains(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    pub fn with(self, role: Role) -> Self {
        Self(self.0 | role.bit())
    }

    /// Whether it names no role that does not exist.
    pub fn is_known(self) -> bool {
        self == self.iter().collect()
    }

    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::default(), Self::with)
    }
}

impl Offers {
    /// What it asks for a unit of that kind; none where it does not serve it.
    pub fn price(&self, kind: JobKind) -> Option<Amount> {
        self.0.iter().find(|offer| offer.kind == kind).map(|offer| offer.price)
    }

    pub fn kinds(&self) -> KindSet {
        self.0.iter().map(|offer| offer.kind).collect()
    }

    /// Whether no kind is offered twice.
    pub fn are_distinct(&self) -> bool {
        self.kinds().iter().count() == self.0.len()
    }
}
