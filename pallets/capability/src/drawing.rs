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
fn part(seed: &Seed, of: &'static str) -> Seed {
    blake2_256(&(of, seed).encode())
}

/// The first bytes, as a number.
fn number(seed: &Seed) -> u64 {
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
        let crowds = DeviceClass::ALL.map(|class| (class, T::Measured::population(class)));
        let random = number(&part(seed, "class"));
        let Some(class) = drawn_class(crowds, blocks, T::Interval::get(), random) else { return };
        let members = Self::choose(class, &part(seed, "members"));
        if members.len() == MEMBERS as usize {
            Self::hand_out(id, class, part(seed, "job"), members);
        }
    }

    /// Idle providers of that class and of different parties, at most as many as a challenge has.
    fn choose(class: DeviceClass, seed: &Seed) -> Vec<Member> {
        let mut chosen: Vec<(T::AccountId, Member)> = Vec::new();
        for provider in T::Measured::sample(class, T::Sample::get(), seed) {
            if chosen.len() == MEMBERS as usize {
                break;
            }
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
        chosen.into_iter().map(|(_, member)| member).collect()
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
