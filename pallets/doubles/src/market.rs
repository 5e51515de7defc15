//! What draws stand on. The macros are for a module whose runtime names its pallets `System`,
//! `Balances`, `Clock`, `Entropy`, `Providers` and `Reputation`, and whose accounts are numbers.

/// Gives `Turns`: authors who take turns, and whose VRFs are hashes. `Luck` makes seeds other ones;
/// with fewer than three `Authors` no seed is made, and with none blocks have no output.
#[macro_export]
macro_rules! authors {
    () => {
        frame_support::parameter_types! {
            pub static Luck: u64 = 0;
            pub static Authors: u64 = 3;
        }

        pub struct Turns;
        impl pallet_cairn_entropy::BlockVrf<u64> for Turns {
            fn author_vrf() -> Option<(u64, cairn_protocol::id::Seed)> {
                let number = System::block_number();
                let turn = number.checked_rem(Authors::get())?;
                let lucky = [Luck::get().to_le_bytes(), number.to_le_bytes()].concat();
                Some((turn, sp_io::hashing::blake2_256(&lucky)))
            }

            fn active_authors() -> u32 {
                3
            }
        }
    };
}

/// Makes the beacon part of a chain, with `Turns` for its authors. The helper is that of the pallet
/// whose benchmarks run on this chain.
#[macro_export]
macro_rules! beacon {
    ($Chain:ident $(, $Helper:ty)?) => {
        impl pallet_cairn_entropy::Config for $Chain {
            $(
                #[cfg(feature = "runtime-benchmarks")]
                type BenchmarkHelper = $Helper;
            )?
            type BlockVrf = Turns;
            type Clock = Clock;
            type Currency = Balances;
            type MaxAuthors = frame_support::traits::ConstU32<3>;
            type MaxClosings = frame_support::traits::ConstU32<2>;
            type MaxContributors = frame_support::traits::ConstU32<4>;
            type MaxGaps = frame_support::traits::ConstU32<8>;
            type MinAuthors = frame_support::traits::ConstU32<3>;
            type OnForfeit = ();
            type Registry = Providers;
            type RoundBlocks = frame_support::traits::ConstU32<20>;
            type RuntimeHoldReason = RuntimeHoldReason;
            type Stake = frame_support::traits::ConstU128<100>;
            type WeightInfo = ();
            type Window = frame_support::traits::ConstU32<16>;
        }

        $(
            /// It is not measured here.
            #[cfg(feature = "runtime-benchmarks")]
            impl pallet_cairn_entropy::benchmarking::BenchmarkHelper<u64> for $Helper {
                fn enlist(_: &u64) {}

                fn set_height(_: cairn_protocol::id::Height) {}
            }
        )?
    };
}

/// Gives `RoleBonds`, `FaultShares` and `ThroughputFloors`: what the register asks of providers.
#[macro_export]
macro_rules! standards {
    () => {
        frame_support::parameter_types! {
            pub const RoleBonds: pallet_cairn_providers::RoleBonds =
                pallet_cairn_providers::RoleBonds {
                    compute: 10_000,
                    guard: 10_000,
                    router: 10_000,
                    storage: 10_000,
                    entropy: 10_000,
                };
            pub const FaultShares: pallet_cairn_providers::FaultShares =
                pallet_cairn_providers::FaultShares {
                    silent: 1_000,
                    unrevealed: 10_000,
                    withheld: 10_000,
                    outvoted: 40_000,
                    agreed_unread: 50_000,
                    wrong: 300_000,
                };
            pub const ThroughputFloors: pallet_cairn_providers::ThroughputFloors =
                pallet_cairn_providers::ThroughputFloors {
                    small_gpu: 100,
                    gpu: 1_000,
                    large_gpu: 10_000,
                    accelerator: 100_000,
                };
        }
    };
}

/// Makes the register part of a chain, with its `standards`. In braces stands what is not the same
/// on all of them.
#[macro_export]
macro_rules! providers {
    ($Chain:ident { $($own:tt)* }) => {
        impl pallet_cairn_providers::Config for $Chain {
            type AppealOrigin = frame_system::EnsureRoot<u64>;
            type AppealWindow = frame_support::traits::ConstU32<20>;
            type ByteDeposit = frame_support::traits::ConstU128<1>;
            type Clock = Clock;
            type Currency = Balances;
            type FaultMemory = frame_support::traits::ConstU32<1_000>;
            type FaultShares = FaultShares;
            type ItemDeposit = frame_support::traits::ConstU128<5>;
            type MaxEvictions = frame_support::traits::ConstU32<2>;
            type MaxLinks = frame_support::traits::ConstU32<4>;
            type MaxRegistrations = frame_support::traits::ConstU32<16>;
            type MaxSlashesPerBlock = frame_support::traits::ConstU32<4>;
            type Reputation = Reputation;
            type RoleBonds = RoleBonds;
            type RuntimeHoldReason = RuntimeHoldReason;
            // Shorter than anything that a provider may be called to account for.
            type UnbondingPeriod = frame_support::traits::ConstU32<21>;
            type WeightInfo = ();
            $($own)*
        }
    };
}

/// Gives `Register`: what challenges of capability look at, as the runtime has it.
#[macro_export]
macro_rules! measured {
    () => {
        pub struct Register;
        impl pallet_cairn_capability::Measured for Register {
            fn population(class: cairn_protocol::profile::DeviceClass) -> u32 {
                Providers::population(class)
            }

            fn sample(
                class: cairn_protocol::profile::DeviceClass,
                count: u32,
                seed: &cairn_protocol::id::Seed,
            ) -> Vec<cairn_protocol::id::ProviderId> {
                Providers::sample_class(class, count, seed)
            }

            fn rising(class: cairn_protocol::profile::DeviceClass) -> u32 {
                Providers::rising(class)
            }

            fn sample_rising(
                class: cairn_protocol::profile::DeviceClass,
                count: u32,
                seed: &cairn_protocol::id::Seed,
            ) -> Vec<cairn_protocol::id::ProviderId> {
                Providers::sample_rising(class, count, seed)
            }

            fn throughput(provider: cairn_protocol::id::ProviderId) -> Option<u64> {
                Providers::throughput(provider)
            }

            fn floor(class: cairn_protocol::profile::DeviceClass) -> u64 {
                Providers::floor(class)
            }

            fn note_throughput(provider: cairn_protocol::id::ProviderId, measured: u64) {
                Providers::note_throughput(provider, measured);
            }

            fn note_missed(provider: cairn_protocol::id::ProviderId) {
                Providers::note_missed(provider);
            }
        }
    };
}

/// Makes reputation part of a chain. It is forgotten slowly.
#[macro_export]
macro_rules! reputation {
    ($Chain:ident) => {
        frame_support::parameter_types! {
            pub ReputationRules: cairn_protocol::reputation::Rules =
                cairn_protocol::reputation::Rules {
                    prior: 500_000,
                    inertia: 8,
                    window: 32,
                    fault_weight: 4,
                    half_life: 100_000,
                    weights: cairn_protocol::reputation::Weights {
                        accuracy: 2,
                        timeliness: 1,
                        availability: 1,
                    },
                };
        }

        impl pallet_cairn_reputation::Config for $Chain {
            type Clock = Clock;
            type Registry = Providers;
            type Rules = ReputationRules;
        }
    };
}

/// Makes the market part of a chain: the clock, the beacon, the register and reputation as they
/// are. Providers stay available for long after one heartbeat, so that tests which are not about
/// heartbeats need not send them. The helper is that of `beacon`.
#[macro_export]
macro_rules! market {
    ($Chain:ident, $Helper:ident, OnSlash = $OnSlash:ty) => {
        impl pallet_cairn_clock::Config for $Chain {}

        $crate::authors!();
        $crate::beacon!($Chain, $Helper);
        $crate::standards!();
        $crate::reputation!($Chain);
        $crate::providers!($Chain {
            type HeartbeatPeriod = frame_support::traits::ConstU32<5_000>;
            type HeartbeatTimeout = frame_support::traits::ConstU32<10_000>;
            type MaxSample = frame_support::traits::ConstU32<64>;
            type OnSlash = $OnSlash;
            type ThroughputFloors = ThroughputFloors;
        });
    };
}

/// Gives `begin_block`, `full_block`, `run` and `now`: how blocks are made.
#[macro_export]
macro_rules! blocks {
    () => {
        pub(crate) fn begin_block(number: u64) {
            System::set_block_number(number);
            <AllPalletsWithSystem as frame_support::traits::OnInitialize<u64>>::on_initialize(
                number,
            );
        }

        /// Makes a block with nothing left of its weight.
        pub(crate) fn full_block() {
            let number = System::block_number();
            <AllPalletsWithSystem as frame_support::traits::OnFinalize<u64>>::on_finalize(number);
            begin_block(number + 1);
        }

        /// Makes so many blocks.
        pub(crate) fn run(blocks: u64) {
            for _ in 0..blocks {
                <AllPalletsWithSystem as frame_support::traits::OnIdle<u64>>::on_idle(
                    System::block_number(),
                    frame_support::weights::Weight::from_parts(u64::MAX / 2, u64::MAX / 2),
                );
                full_block();
            }
        }

        pub(crate) fn now() -> cairn_protocol::id::Height {
            <Clock as cairn_seams::Clock>::now()
        }
    };
}
