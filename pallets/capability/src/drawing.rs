//! Seeds are waited for, and providers drawn.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Height, ProviderId, Seed},
    job::JobKind,
    profile::DeviceClass,
};
use cairn_seams::{Beacon, Clock, Lane, Registry, Subject};
use codec::Encode;
use frame_support::{
    traits::{Defensive, Get},
    weights::Weight,
};
use sp_crypto_hashing::blake2_256;
use sp_runtime::SaturatedConversion;

/// What a seed of this pallet is drawn for.
const PURPOSE: [u8; 8] = *b"capable?";

/// A part of a seed that nothing else depends on.
pub(crate) fn part(seed: &Seed, of: &'static str) -> Seed {
    blake2_256(&(of, seed).encode())
}

/// The first bytes, as a number.
pub(crate) fn number(seed: &Seed) -> u64 {
    seed.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

impl<T: Config> Pallet<T> {
    /// Asks for the next seed, or draws with the one that was asked for when it is there. A draw
    /// that challenges nobody is known to be one no earlier than one that does.
    pub(crate) fn pass_draw() -> Weight {
        if T::Clock::is_stopped() {
            return T::WeightInfo::wait();
        }
        let Some(ticket) = Awaited::<T>::get() else {
            Self::ask();
            return T::WeightInfo::ask();
        };
        let Some(seed) = T::Beacon::seed(&ticket) else { return T::WeightInfo::wait() };
        T::Beacon::release(ticket);
        let blocks = T::Clock::now().saturating_sub(ticket.requested_at);
        Self::draw(ticket.subject.id, blocks, &seed);
        Self::ask();
        T::WeightInfo::draw(T::Sample::get())
    }

    pub(crate) fn ask() {
        let id = Draws::<T>::get();
        Draws::<T>::put(id.saturating_add(1));
        Awaited::<T>::put(T::Beacon::request(Subject { purpose: PURPOSE, id, nth: 0 }));
    }

    /// Challenges three providers, or nobody. `blocks` have gone by since the draw before.
    pub(crate) fn draw(id: ChallengeId, blocks: Height, seed: &Seed) {
        let crowds = DeviceClass::ALL.map(|class| Crowd {
            class,
            own: T::Measured::population(class),
            rising: T::Measured::rising(class),
        });
        let random = number(&part(seed, "class"));
        let Some(crowd) = drawn_class(crowds, blocks, T::Interval::get(), random) else { return };
        let members = Self::choose(&crowd, seed);
        if members.len() == MEMBERS as usize {
            Self::hand_out(id, crowd.class, part(seed, "job"), members);
        }
    }

    /// Three of the class, or two and one who is rising to it; fewer where no more are idle and of
    /// different parties.
    fn choose(crowd: &Crowd, seed: &Seed) -> Vec<Member> {
        let kinds = part(seed, "kinds");
        let count = T::Sample::get();
        let mut own = T::Measured::sample(crowd.class, count, &part(seed, "members")).into_iter();
        let rising = if crowd.has_rising(number(&part(seed, "rising"))) {
            T::Measured::sample_rising(crowd.class, count, &part(seed, "risers"))
        } else {
            Vec::new()
        };
        let mut chosen = Vec::new();
        Self::seat(&mut chosen, Crowd::BESIDE, &mut own, &kinds);
        Self::seat(&mut chosen, MEMBERS, &mut rising.into_iter(), &kinds);
        Self::seat(&mut chosen, MEMBERS, &mut own, &kinds);
        chosen.into_iter().map(|(_, member)| member).collect()
    }

    /// Adds idle providers until there are so many, each of another party than the others.
    fn seat(
        chosen: &mut Vec<(T::AccountId, Member)>,
        most: u32,
        providers: &mut impl Iterator<Item = ProviderId>,
        seed: &Seed,
    ) {
        while chosen.len() < most as usize {
            let Some(provider) = providers.next() else { return };
            let Some(owner) = T::Registry::owner(provider) else { continue };
            let stranger = chosen.iter().all(|(other_owner, other)| {
                !T::Registry::belongs_to(provider, other_owner)
                    && !T::Registry::belongs_to(other.provider, &owner)
            });
            if !stranger {
                continue;
            }
            if let Some(kind) = Self::idle_at(provider, seed) {
                let progress = Progress::Working;
                chosen.push((owner, Member { provider, kind, progress }));
            }
        }
    }

    /// One of the kinds of work that a provider offers; none if it works on something. Who is busy
    /// is not measured: it would seem slower than it is.
    fn idle_at(provider: ProviderId, seed: &Seed) -> Option<JobKind> {
        let kinds = JobKind::ALL.len();
        let first = usize::try_from(number(seed)).unwrap_or(0).checked_rem(kinds)?;
        JobKind::ALL.into_iter().cycle().skip(first).take(kinds).find(|kind| {
            T::Registry::candidate(provider, Lane::Jobs(*kind))
                .is_some_and(|candidate| candidate.load == 0)
        })
    }

    fn hand_out(id: ChallengeId, class: DeviceClass, seed: Seed, members: Vec<Member>) {
        let handed_out = Self::moment();
        let due = handed_out.height.saturating_add(T::CommitBlocks::get());
        // With too many open nobody is challenged this time.
        if !Self::schedule(id, due) {
            return;
        }
        let units = T::Job::cost(class);
        let providers: Vec<_> = members.iter().map(|member| member.provider).collect();
        for provider in &providers {
            T::Registry::begin_work(*provider);
            T::Registry::engage(*provider);
        }
        if let Ok(members) = members.try_into().defensive() {
            Challenges::<T>::insert(
                id,
                Challenge {
                    class,
                    units,
                    seed,
                    handed_out,
                    commit_by: due,
                    stage: Stage::Commits,
                    due,
                    members,
                },
            );
        }
        Self::deposit_event(Event::HandedOut {
            challenge: id,
            class,
            seed,
            units,
            members: providers,
            due,
        });
    }

    /// This block.
    pub(crate) fn moment() -> Moment {
        let block = frame_system::Pallet::<T>::block_number().saturated_into();
        Moment { height: T::Clock::now(), block }
    }
}
