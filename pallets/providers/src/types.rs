//! What is stored, and what others are shown of it.

use crate::{lanes::LaneSet, penalties::Faults};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ContentId, Height, ProviderId, Region},
    profile::{Availability, DeviceClass, Hardware, Offers, PayloadKey, Profile, Role, RoleSet},
    share::Ppm,
};
use cairn_seams::Lane;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Debug,
            Decode,
            DecodeWithMemTracking,
            Encode,
            Eq,
            MaxEncodedLen,
            PartialEq,
            TypeInfo,
        )]
        $item
    )*};
}

/// A queued penalty.
pub type SlashId = u64;

stored! {
    /// A registration, with all that matching reads of it.
    pub struct Registration<AccountId> {
        pub owner: AccountId,
        pub operator: AccountId,
        pub roles: RoleSet,
        /// As declared.
        pub hardware: Hardware,
        /// The class it is drawn in: the declared one, or the highest that was measured.
        pub class: DeviceClass,
        /// Kernel multiply-accumulates a second; none before the first measurement.
        pub throughput: Option<u64>,
        pub region: Region,
        pub offers: Offers,
        /// Whether its details have a payload key.
        pub sealable: bool,
        /// Whether its details have a quote of a trusted execution environment.
        pub enclave: bool,
        /// As declared.
        pub availability: Availability,
        /// Its bond is unbonding as a whole, and it serves no more.
        pub leaving: bool,
        /// When the operator last said that it is there; none before its first time, which is
        /// also its consent to be the operator.
        pub heartbeat: Option<Height>,
        /// It was not there when called, and has not come back.
        pub missed: bool,
        /// Where it sits in the pools.
        pub seats: LaneSet,
        /// How often operator or hardware changed.
        pub generation: u32,
        /// Jobs it works on.
        pub load: u32,
        /// Work it may yet be called to account for.
        pub engagements: u32,
        /// What stands behind its roles.
        pub bond: Amount,
        /// What is on its way to the owner, and can still be slashed.
        pub unbonding: Amount,
        /// When that can be withdrawn.
        pub withdrawable_at: Height,
        /// Held for the state it occupies.
        pub deposit: Amount,
        /// Penalties in the queue.
        pub queued: u32,
        /// What these come to.
        pub pending: Amount,
        /// What those of them come to that are for more than lateness.
        pub grave: Amount,
        pub faults: Faults,
    }

    /// The part of a profile that is large and that matching does not read.
    pub struct Details {
        pub payload_key: Option<PayloadKey>,
        pub node: [u8; 32],
        pub enclave: Option<ContentId>,
    }

    /// A penalty that waits out the time in which it can be appealed.
    pub struct Slash {
        pub provider: ProviderId,
        pub fault: Fault,
        /// What the fault was made in, in the words of who found it.
        pub subject: u64,
        pub amount: Amount,
        pub queued_at: Height,
    }

    /// Slashes are executed in the order of their ids.
    #[derive(Copy, Default)]
    pub struct QueueEnds {
        /// The oldest that may still be queued.
        pub first: SlashId,
        /// The next to be queued.
        pub next: SlashId,
    }

    /// How many providers each class of a lane has.
    #[derive(Copy, Default)]
    pub struct Sizes(pub [u32; 5]);

    /// The least bond of each role. A registration needs the sum over its roles: one bond must
    /// not stand for two risks.
    #[derive(Copy)]
    pub struct RoleBonds {
        pub compute: Amount,
        pub guard: Amount,
        pub router: Amount,
        pub storage: Amount,
        pub entropy: Amount,
    }

    /// The share of its stake that a provider loses by a first fault.
    #[derive(Copy)]
    pub struct FaultShares {
        pub silent: Ppm,
        pub unrevealed: Ppm,
        pub withheld: Ppm,
        pub outvoted: Ppm,
        pub agreed_unread: Ppm,
        pub wrong: Ppm,
    }

    /// The least measured throughput of each class above `Cpu`, which has none.
    #[derive(Copy)]
    pub struct ThroughputFloors {
        pub small_gpu: u64,
        pub gpu: u64,
        pub large_gpu: u64,
        pub accelerator: u64,
    }

    /// Why a provider gets no work, the most lasting reason first.
    #[derive(Copy)]
    pub enum Obstacle {
        /// It unbonds all it has.
        #[codec(index = 0)]
        Leaving,
        /// What queued penalties leave of its bond is less than its roles need.
        #[codec(index = 1)]
        Underbonded,
        #[codec(index = 2)]
        Paused,
        #[codec(index = 3)]
        Draining,
        /// The operator has not sent its first heartbeat.
        #[codec(index = 4)]
        Unconfirmed,
        /// It was not there when called; a heartbeat brings it back.
        #[codec(index = 5)]
        Missed,
        /// Its last heartbeat is too old; another brings it back.
        #[codec(index = 6)]
        Stale,
    }

    /// What anyone may see of a provider.
    pub struct Card<AccountId> {
        pub owner: AccountId,
        pub operator: AccountId,
        pub roles: RoleSet,
        pub bond: Amount,
        pub unbonding: Amount,
        /// When that can be withdrawn, unless work or a penalty is open; none if nothing is
        /// unbonding.
        pub withdrawable_at: Option<Height>,
        /// What queued penalties come to.
        pub pending: Amount,
        /// As declared.
        pub availability: Availability,
        /// Why it gets no work; none if it may.
        pub obstacle: Option<Obstacle>,
        pub load: u32,
        pub engagements: u32,
        /// As declared.
        pub hardware: Hardware,
        /// The class it is drawn in.
        pub class: DeviceClass,
        /// None before the first measurement.
        pub throughput: Option<u64>,
        pub region: Region,
        pub offers: Offers,
        pub sealable: bool,
        pub node: [u8; 32],
        pub enclave: Option<ContentId>,
        pub generation: u32,
        /// None before the operator's first.
        pub heartbeat: Option<Height>,
    }
}

impl<AccountId> Registration<AccountId> {
    /// A registration that nobody has confirmed, measured or found at fault.
    pub fn new(
        owner: AccountId,
        operator: AccountId,
        roles: RoleSet,
        bond: Amount,
        profile: &Profile,
    ) -> Self {
        Self {
            owner,
            operator,
            roles,
            hardware: profile.hardware,
            class: profile.hardware.class,
            throughput: None,
            region: profile.region,
            offers: profile.offers.clone(),
            sealable: profile.payload_key.is_some(),
            enclave: profile.enclave.is_some(),
            availability: Availability::Available,
            leaving: false,
            heartbeat: None,
            missed: false,
            seats: LaneSet::default(),
            generation: 0,
            load: 0,
            engagements: 0,
            bond,
            unbonding: 0,
            withdrawable_at: 0,
            deposit: 0,
            queued: 0,
            pending: 0,
            grave: 0,
            faults: Faults::default(),
        }
    }

    /// Takes over what a profile says, but for the class, which measurement has a say in.
    pub fn describe(&mut self, profile: &Profile) {
        self.hardware = profile.hardware;
        self.region = profile.region;
        self.offers = profile.offers.clone();
        self.sealable = profile.payload_key.is_some();
        self.enclave = profile.enclave.is_some();
    }

    /// All it has at stake.
    pub fn stake(&self) -> Amount {
        self.bond.saturating_add(self.unbonding)
    }

    /// What of the bond no queued penalty is to take. Only that stands behind its work: whoever
    /// has nothing left to lose could lie for nothing until the first penalty is executed.
    pub fn free_bond(&self) -> Amount {
        self.bond.saturating_sub(self.pending)
    }

    /// Takes a penalty off what is queued.
    pub fn settle(&mut self, slash: &Slash) {
        self.queued = self.queued.saturating_sub(1);
        self.pending = self.pending.saturating_sub(slash.amount);
        if !slash.fault.is_lateness() {
            self.grave = self.grave.saturating_sub(slash.amount);
        }
    }

    /// What of the bond has to be enough for its roles. Lateness counts once its penalty is executed:
    /// others can bring it about, and it is little. Whoever lied shall do so no more until then.
    pub fn sound_bond(&self) -> Amount {
        self.bond.saturating_sub(self.grave)
    }

    /// The lanes it serves when it is there.
    pub fn lanes(&self) -> LaneSet {
        let computes = self.roles.contains(Role::Compute);
        let jobs = self.offers.kinds().iter().filter(|_| computes).map(Lane::Jobs);
        let rising = (computes && self.class < self.hardware.class).then_some(Lane::Rising);
        jobs.chain(self.roles.iter().map(Lane::Holders)).chain(rising).collect()
    }

    /// The lanes it may come to serve without saying anything else of itself: whoever computes
    /// may be measured to do less than it declares.
    pub fn possible_lanes(&self) -> LaneSet {
        let mut lanes = self.lanes();
        if self.roles.contains(Role::Compute) {
            lanes.insert(Lane::Rising);
        }
        lanes
    }
}

impl Details {
    /// What a registration does not keep of a profile.
    pub fn of(profile: &Profile) -> Self {
        Self { payload_key: profile.payload_key, node: profile.node, enclave: profile.enclave }
    }
}

impl Sizes {
    /// How many a class has.
    pub fn of(&self, class: DeviceClass) -> u32 {
        self.from(class).next().map_or(0, |(_, size)| size)
    }

    pub fn set(&mut self, class: DeviceClass, size: u32) {
        for (other, slot) in DeviceClass::ALL.into_iter().zip(self.0.iter_mut()) {
            if other == class {
                *slot = size;
            }
        }
    }

    /// How many that class and those above have.
    pub fn total(&self, class: DeviceClass) -> u64 {
        self.from(class).fold(0u64, |sum, (_, size)| sum.saturating_add(size.into()))
    }

    /// Where the one at a position stands, if the pools of that class and those above are laid
    /// end to end.
    pub fn locate(&self, class: DeviceClass, position: u64) -> Option<(DeviceClass, u32)> {
        let mut rest = position;
        for (class, size) in self.from(class) {
            match rest.checked_sub(size.into()) {
                None => return u32::try_from(rest).ok().map(|index| (class, index)),
                Some(beyond) => rest = beyond,
            }
        }
        None
    }

    fn from(&self, class: DeviceClass) -> impl Iterator<Item = (DeviceClass, u32)> + '_ {
        DeviceClass::ALL
            .into_iter()
            .zip(self.0.iter().copied())
            .filter(move |(other, _)| *other >= class)
    }
}

impl RoleBonds {
    /// The least bond of one role.
    pub fn of(&self, role: Role) -> Amount {
        match role {
            Role::Compute => self.compute,
            Role::Guard => self.guard,
            Role::Router => self.router,
            Role::Storage => self.storage,
            Role::Entropy => self.entropy,
        }
    }

    /// The least bond of several roles held together.
    pub fn sum(&self, roles: RoleSet) -> Amount {
        roles.iter().fold(0, |sum: Amount, role| sum.saturating_add(self.of(role)))
    }
}

impl FaultShares {
    pub fn of(&self, fault: Fault) -> Ppm {
        match fault {
            Fault::Silent => self.silent,
            Fault::Unrevealed => self.unrevealed,
            Fault::Withheld => self.withheld,
            Fault::Outvoted => self.outvoted,
            Fault::AgreedUnread => self.agreed_unread,
            Fault::Wrong => self.wrong,
        }
    }
}

impl ThroughputFloors {
    pub fn of(&self, class: DeviceClass) -> u64 {
        match class {
            DeviceClass::Cpu => 0,
            DeviceClass::SmallGpu => self.small_gpu,
            DeviceClass::Gpu => self.gpu,
            DeviceClass::LargeGpu => self.large_gpu,
            DeviceClass::Accelerator => self.accelerator,
        }
    }

    /// The highest class, not above the declared one, whose floor a measurement reaches.
    /// Unmeasured hardware is what it is declared to be.
    pub fn class(&self, declared: DeviceClass, measured: Option<u64>) -> DeviceClass {
        let Some(measured) = measured else { return declared };
        DeviceClass::ALL
            .into_iter()
            .rev()
            .find(|class| *class <= declared && self.of(*class) <= measured)
            .unwrap_or(DeviceClass::Cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locate_should_lay_pools_end_to_end_when_some_are_empty() {
        let mut sizes = Sizes::default();
        sizes.set(DeviceClass::Cpu, 7);
        sizes.set(DeviceClass::SmallGpu, 2);
        sizes.set(DeviceClass::LargeGpu, 1);
        assert_eq!(sizes.total(DeviceClass::SmallGpu), 3);
        let places: Vec<_> = (0..4).map(|at| sizes.locate(DeviceClass::SmallGpu, at)).collect();
        assert_eq!(
            places,
            [
                Some((DeviceClass::SmallGpu, 0)),
                Some((DeviceClass::SmallGpu, 1)),
                Some((DeviceClass::LargeGpu, 0)),
                None,
            ]
        );
        assert_eq!(sizes.of(DeviceClass::Cpu), 7);
        assert_eq!(sizes.of(DeviceClass::Accelerator), 0);
        assert_eq!(Sizes([u32::MAX; 5]).total(DeviceClass::Cpu), 5 * u64::from(u32::MAX));
    }

    #[test]
    fn sum_should_saturate_when_bonds_are_extreme() {
        let half = Amount::MAX / 2 + 1;
        let bonds = RoleBonds { compute: half, guard: half, router: 1, storage: 2, entropy: 3 };
        let of = |roles: &[Role]| bonds.sum(roles.iter().copied().collect());
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[Role::Router, Role::Storage, Role::Entropy]), 6);
        assert_eq!(of(&[Role::Compute, Role::Guard]), Amount::MAX);
    }

    #[test]
    fn class_should_fall_to_the_highest_floor_reached() {
        use DeviceClass::*;
        let floors =
            ThroughputFloors { small_gpu: 10, gpu: 100, large_gpu: 1_000, accelerator: 10_000 };
        assert_eq!(floors.class(Accelerator, None), Accelerator);
        assert_eq!(floors.class(Accelerator, Some(10_000)), Accelerator);
        assert_eq!(floors.class(Accelerator, Some(9_999)), LargeGpu);
        assert_eq!(floors.class(Accelerator, Some(99)), SmallGpu);
        assert_eq!(floors.class(Accelerator, Some(0)), Cpu);
        // Faster than declared is no reason to be drawn for what was not declared.
        assert_eq!(floors.class(Gpu, Some(u64::MAX)), Gpu);
    }
}
