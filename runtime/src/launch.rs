//! What a chain is born with: its pace, and the first values of its tunable parameters.
//!
//! One WASM binary serves a laptop and a public network; they differ in how long an epoch, an
//! era and a referendum take, how long the result of a task stands and how often providers are
//! challenged. Epoch and era lengths are written once, at genesis, and there is no call that
//! changes them: BABE derives epoch numbers from them, so a change would split the chain. The rest
//! goes to `pallet-parameters`, where governance can change it.
//!
//! Invariants: every pace value is at least one, and slashes are applied before a stash can
//! leave (`slash_defer_eras < bonding_eras`).

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use crate::configs::{
        learning_defaults::{
            CURATION_RULES, QUICK_CUSTODY_RULES, QUICK_DELTA_RULES, QUICK_PANEL_RULES, REWARD_RULES,
        },
        market_defaults::{quick_challenges, AUDIT_RULES, QUICK_AUDIT_RULES, QUICK_TASK_RULES},
        parameters::{
            governance, learning, market, RuntimeParametersKey, RuntimeParametersValue,
            TrackPeriods, Voting,
        },
    };
    use cairn_protocol::share::WHOLE;
    use codec::{Decode, Encode, MaxEncodedLen};
    use frame_support::{pallet_prelude::*, traits::Get};

    /// How fast a chain's consensus clocks turn.
    #[derive(
        Clone,
        Copy,
        Debug,
        Decode,
        Encode,
        Eq,
        MaxEncodedLen,
        PartialEq,
        TypeInfo,
        serde::Serialize,
        serde::Deserialize,
    )]
    #[serde(rename_all = "camelCase")]
    pub struct Pace {
        /// Slots of a second in an epoch; a session is an epoch.
        pub epoch_slots: u64,
        /// Sessions in an era; rewards and elections happen once an era.
        pub sessions_per_era: u32,
        /// Eras between unbonding and withdrawing.
        pub bonding_eras: u32,
        /// Eras between an offence and its slash, in which governance can cancel it.
        pub slash_defer_eras: u32,
    }

    impl Default for Pace {
        /// Production: hourly epochs, daily eras, four weeks of unbonding, a week to appeal.
        fn default() -> Self {
            Self { epoch_slots: 3_600, sessions_per_era: 24, bonding_eras: 28, slash_defer_eras: 7 }
        }
    }

    impl Pace {
        fn check(&self) -> Result<(), &'static str> {
            ensure!(self.epoch_slots >= 4, "launch.pace.epochSlots must be at least 4");
            ensure!(self.sessions_per_era >= 1, "launch.pace.sessionsPerEra must be at least 1");
            ensure!(
                self.slash_defer_eras < self.bonding_eras,
                "launch.pace.slashDeferEras must be less than launch.pace.bondingEras"
            );
            Ok(())
        }
    }

    /// The periods referenda start with.
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Referenda {
        pub root: Option<TrackPeriods>,
        pub treasurer: Option<TrackPeriods>,
        pub emergency: Option<TrackPeriods>,
        pub voting: Option<Voting>,
    }

    #[pallet::config]
    pub trait Config:
        frame_system::Config
        + pallet_parameters::Config<RuntimeParameters = crate::RuntimeParameters>
    {
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// Set at genesis and never again.
    #[pallet::storage]
    pub type ChainPace<T: Config> = StorageValue<_, Pace, ValueQuery>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        pub pace: Pace,
        pub referenda: Referenda,
        /// Results of tasks stand for seconds before they are paid, not for minutes, guards and
        /// workers have seconds to reveal, providers are challenged every minute, not every few
        /// hours, and deltas are judged within a minute or two.
        pub quick_market: bool,
        /// For how many blocks workers and guards may reveal on a quick market, where it is not
        /// ten: whoever ends workers and starts them again, to see that they come back, has to give
        /// them time.
        pub reveal_blocks: Option<cairn_protocol::id::Height>,
        /// How many guards judge a delta on a quick market, where it is not three: whoever looks at
        /// certain guards has to have all of them drawn.
        pub panel_guards: Option<u8>,
        /// For how many blocks they may judge there, where it is not thirty: many on one machine
        /// take longer.
        pub judging_blocks: Option<cairn_protocol::id::Height>,
        /// For how many blocks a period of rewards lasts there, where it is not a day: whoever looks
        /// at what its end brings cannot wait for it. A sponsor's notice is as long then, and
        /// curators have half of it to open their sets.
        pub period_blocks: Option<cairn_protocol::id::Height>,
        /// What share of the results of single workers is audited, in parts per million. None is
        /// the usual share, by which nobody sees many audits on a small network.
        pub audit_share: Option<u32>,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            // A genesis that breaks its own rules must not start: this runs off chain, once.
            assert_eq!(self.pace.check(), Ok(()));
            ChainPace::<T>::put(self.pace);

            let set = |key: governance::ParametersKey, value: governance::ParametersValue| {
                pallet_parameters::Parameters::<T>::insert(
                    RuntimeParametersKey::Governance(key),
                    RuntimeParametersValue::Governance(value),
                );
            };
            use governance::{ParametersKey as Key, ParametersValue as Value};
            let Referenda { root, treasurer, emergency, voting } = &self.referenda;
            if let Some(v) = *root {
                set(Key::RootTrack(governance::RootTrack), Value::RootTrack(v));
            }
            if let Some(v) = *treasurer {
                set(Key::TreasurerTrack(governance::TreasurerTrack), Value::TreasurerTrack(v));
            }
            if let Some(v) = *emergency {
                set(Key::EmergencyTrack(governance::EmergencyTrack), Value::EmergencyTrack(v));
            }
            if let Some(v) = *voting {
                set(Key::VotingClock(governance::VotingClock), Value::VotingClock(v));
            }
            if self.quick_market {
                quicken_market::<T>(self.reveal_blocks);
                quicken_learning(self);
            }
            if self.quick_market || self.audit_share.is_some() {
                set_audits(self);
            }
        }
    }

    fn set_market<T: Config>(key: market::ParametersKey, value: market::ParametersValue) {
        pallet_parameters::Parameters::<T>::insert(
            RuntimeParametersKey::Market(key),
            RuntimeParametersValue::Market(value),
        );
    }

    /// Of what guards look at, and how long they have for it.
    fn set_audits<T: Config>(genesis: &GenesisConfig<T>) {
        use market::{ParametersKey as Key, ParametersValue as Value};
        let quick = genesis.quick_market;
        let mut rules = if quick { QUICK_AUDIT_RULES } else { AUDIT_RULES };
        if let Some(share) = genesis.audit_share {
            assert!(share <= WHOLE, "launch.auditShare is in parts per million");
            rules.shares.alone = share;
        }
        if let Some(blocks) = genesis.reveal_blocks.filter(|_| quick) {
            rules.clocks.reveal = blocks;
        }
        set_market::<T>(Key::AuditRules(market::AuditRules), Value::AuditRules(rules));
    }

    fn quicken_market<T: Config>(reveal_blocks: Option<cairn_protocol::id::Height>) {
        use market::{ParametersKey as Key, ParametersValue as Value};
        let mut tasks = QUICK_TASK_RULES;
        tasks.clocks.reveal = reveal_blocks.unwrap_or(tasks.clocks.reveal);
        let set = set_market::<T>;
        set(Key::TaskRules(market::TaskRules), Value::TaskRules(tasks));
        set(
            Key::ChallengeInterval(market::ChallengeInterval),
            Value::ChallengeInterval(quick_challenges::INTERVAL),
        );
        set(
            Key::ChallengeBlocks(market::ChallengeBlocks),
            Value::ChallengeBlocks(quick_challenges::BLOCKS),
        );
        set(
            Key::ChallengeCommit(market::ChallengeCommit),
            Value::ChallengeCommit(quick_challenges::COMMIT),
        );
        set(
            Key::ChallengeReveal(market::ChallengeReveal),
            Value::ChallengeReveal(quick_challenges::REVEAL),
        );
    }

    fn quicken_learning<T: Config>(genesis: &GenesisConfig<T>) {
        use learning::{ParametersKey as Key, ParametersValue as Value};
        let set = |key: learning::ParametersKey, value: learning::ParametersValue| {
            pallet_parameters::Parameters::<T>::insert(
                RuntimeParametersKey::Learning(key),
                RuntimeParametersValue::Learning(value),
            );
        };
        let mut panels = QUICK_PANEL_RULES;
        panels.draws.guards = genesis.panel_guards.unwrap_or(panels.draws.guards);
        panels.clocks.commit = genesis.judging_blocks.unwrap_or(panels.clocks.commit);
        panels.clocks.reveal = genesis.reveal_blocks.unwrap_or(panels.clocks.reveal);
        set(Key::PanelRules(learning::PanelRules), Value::PanelRules(panels));
        set(Key::DeltaRules(learning::DeltaRules), Value::DeltaRules(QUICK_DELTA_RULES));
        set(Key::CustodyRules(learning::CustodyRules), Value::CustodyRules(QUICK_CUSTODY_RULES));
        if let Some(blocks) = genesis.period_blocks {
            let (mut rewards, mut curation) = (REWARD_RULES, CURATION_RULES);
            rewards.emission.period = blocks;
            rewards.notice = blocks;
            curation.clocks.reveal = blocks / 2;
            set(Key::RewardRules(learning::RewardRules), Value::RewardRules(rewards));
            set(Key::CurationRules(learning::CurationRules), Value::CurationRules(curation));
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<frame_system::pallet_prelude::BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(
            _: frame_system::pallet_prelude::BlockNumberFor<T>,
        ) -> Result<(), sp_runtime::TryRuntimeError> {
            ChainPace::<T>::get().check().map_err(Into::into)
        }
    }

    /// Slots in an epoch.
    pub struct EpochSlots<T>(core::marker::PhantomData<T>);
    impl<T: Config> Get<u64> for EpochSlots<T> {
        fn get() -> u64 {
            ChainPace::<T>::get().epoch_slots
        }
    }

    /// Sessions in an era.
    pub struct SessionsPerEra<T>(core::marker::PhantomData<T>);
    impl<T: Config> Get<u32> for SessionsPerEra<T> {
        fn get() -> u32 {
            ChainPace::<T>::get().sessions_per_era
        }
    }

    /// Eras between unbonding and withdrawing.
    pub struct BondingEras<T>(core::marker::PhantomData<T>);
    impl<T: Config> Get<u32> for BondingEras<T> {
        fn get() -> u32 {
            ChainPace::<T>::get().bonding_eras
        }
    }

    /// Eras between an offence and its slash.
    pub struct SlashDeferEras<T>(core::marker::PhantomData<T>);
    impl<T: Config> Get<u32> for SlashDeferEras<T> {
        fn get() -> u32 {
            ChainPace::<T>::get().slash_defer_eras
        }
    }
}
