//! Providers come, change and go; and what others report of them.

use crate::{
    course::{any_provider, operator_of, owner_of, Course},
    dice::Dice,
    market::{operator, owner, profile, PEOPLE, POOR, RICH},
    AccountId, Mock, Providers,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, ProviderId},
    job::JobKind,
    profile::{Availability, DeviceClass, Profile, Role, RoleSet},
};
use cairn_seams::{Lane, Prospect, Registry};
use pallet_cairn_providers::{lanes, Call, Providers as Records, SlashQueue};

/// What is done with a provider.
#[derive(Clone, Copy)]
enum What {
    Register,
    Change,
    Bond,
    Availability,
    Heartbeat,
    Rotate,
    Link,
    Leave,
    Withdraw,
    Report,
    Appeal,
    Sample,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (4, What::Register),
        (3, What::Change),
        (3, What::Bond),
        (2, What::Availability),
        (5, What::Heartbeat),
        (2, What::Rotate),
        (2, What::Link),
        (3, What::Leave),
        (4, What::Withdraw),
        (4, What::Report),
        (1, What::Appeal),
        (1, What::Sample),
    ]);
    let provider = any_provider(dice);
    match what {
        What::Register => register(course, dice),
        What::Change => change(course, dice, provider),
        What::Bond => bond(course, dice, provider),
        What::Availability => {
            use Availability::*;
            let availability = dice.one(&[Available, Draining, Paused]);
            let who = if dice.once_in(2) {
                owner_of(dice, provider)
            } else {
                operator_of(dice, provider)
            };
            course.call(who, Call::<Mock>::set_availability { provider, availability });
        }
        What::Heartbeat => {
            course.call(operator_of(dice, provider), Call::<Mock>::heartbeat { provider });
        }
        What::Rotate => rotate(course, dice, provider),
        What::Link => {
            let (who, other) = (person(dice), person(dice));
            let same_party = !dice.once_in(3);
            course.call(who, Call::<Mock>::link_account { other, same_party });
        }
        What::Leave => {
            course.call(owner_of(dice, provider), Call::<Mock>::leave { provider });
        }
        What::Withdraw => {
            let provider = leaving(dice).unwrap_or(provider);
            course.call(owner_of(dice, provider), Call::<Mock>::withdraw { provider });
        }
        What::Report => report(course, dice, provider),
        What::Appeal => {
            let queue = SlashQueue::<Mock>::get();
            let offset = dice.between(0, 3);
            let slash = dice.usually(queue.first.wrapping_add(offset), &[0, queue.next, u64::MAX]);
            if dice.once_in(4) {
                course.call(person(dice), Call::<Mock>::cancel_slash { slash });
            } else {
                course.govern(Call::<Mock>::cancel_slash { slash });
            }
        }
        What::Sample => sample(course, dice),
    }
}

/// One of those who leave, and most often can.
fn leaving(dice: &mut Dice) -> Option<ProviderId> {
    let records = pallet_cairn_providers::Providers::<Mock>::iter();
    let mut all: Vec<_> =
        records.filter(|(_, record)| record.leaving).map(|(provider, _)| provider).collect();
    all.sort_unstable();
    all.get(dice.below(all.len().max(1))).copied()
}

fn person(dice: &mut Dice) -> AccountId {
    let n = dice.between(0, PEOPLE - 1);
    let who = dice.one(&[owner(n), operator(n), 1, 2]);
    dice.usually(who, &[POOR, u64::MAX])
}

fn amount(dice: &mut Dice) -> Amount {
    let some = Amount::from(dice.between(0, 30_000));
    dice.usually(some, &[0, 1, RICH, Amount::MAX])
}

fn roles(dice: &mut Dice) -> RoleSet {
    let bits = dice.between(0, 31);
    let chosen = Role::ALL.into_iter().enumerate().filter(|(nth, _)| bits >> nth & 1 == 1);
    chosen.map(|(_, role)| role).collect()
}

fn any_profile(dice: &mut Dice) -> Profile {
    let class = dice.one(&DeviceClass::ALL);
    let bits = dice.between(0, 63);
    let offered = JobKind::ALL.into_iter().enumerate().filter(|(nth, _)| bits >> nth & 1 == 1);
    let mut kinds: Vec<_> = offered.map(|(_, kind)| kind).collect();
    if dice.once_in(16) && kinds.len() < JobKind::ALL.len() {
        kinds.extend(kinds.first().copied());
    }
    let mut profile = profile(dice.between(0, PEOPLE + 3), class, &kinds);
    profile.hardware.slots = dice.mostly(&[4, 1, 2], &[0, u8::MAX]);
    profile.payload_key = profile.payload_key.filter(|_| !dice.once_in(3));
    let price = dice.mostly(&[1, 0, 10], &[Amount::MAX]);
    profile.offers.0.iter_mut().for_each(|offer| offer.price = price);
    profile
}

fn register(course: &mut Course, dice: &mut Dice) {
    let n = dice.between(0, PEOPLE - 1);
    let who = dice.usually(owner(n), &[POOR, operator(n)]);
    let to = dice.usually(operator(n), &[operator(0), owner(n), u64::MAX]);
    let (profile, roles) = (Box::new(any_profile(dice)), roles(dice));
    let least = Providers::required_bond(roles);
    let wild = amount(dice);
    let bond = dice.usually(least, &[wild, least.saturating_sub(1)]);
    let before = pallet_cairn_providers::NextProvider::<Mock>::get();
    if course.call(who, Call::<Mock>::register { operator: to, profile, roles, bond })
        && !dice.once_in(3)
    {
        course.call(to, Call::<Mock>::heartbeat { provider: ProviderId(before) });
    }
}

fn change(course: &mut Course, dice: &mut Dice, provider: ProviderId) {
    let who = owner_of(dice, provider);
    if dice.once_in(2) {
        let profile = Box::new(any_profile(dice));
        course.call(who, Call::<Mock>::update_profile { provider, profile });
    } else {
        let roles = roles(dice);
        course.call(who, Call::<Mock>::set_roles { provider, roles });
    }
}

fn bond(course: &mut Course, dice: &mut Dice, provider: ProviderId) {
    let (who, amount) = (owner_of(dice, provider), amount(dice));
    if dice.once_in(2) {
        course.call(who, Call::<Mock>::unbond { provider, amount });
    } else {
        course.call(who, Call::<Mock>::add_bond { provider, amount });
    }
}

fn rotate(course: &mut Course, dice: &mut Dice, provider: ProviderId) {
    let to = person(dice);
    let call = Call::<Mock>::rotate_operator { provider, operator: to };
    if course.call(owner_of(dice, provider), call) && !dice.once_in(3) {
        course.call(to, Call::<Mock>::heartbeat { provider });
    }
}

/// What the pallets that give out work say of a provider.
fn report(course: &mut Course, dice: &mut Dice, provider: ProviderId) {
    match dice.below(4) {
        0 => course.report((provider, "missed"), || Providers::note_missed(provider)),
        1 => {
            let measured = dice.mostly(&[0, 500, 5_000, 500_000], &[u64::MAX]);
            course.report((provider, measured), || {
                Providers::note_throughput(provider, measured);
            });
        }
        _ => {
            let fault = dice.one(&Fault::ALL);
            course.report((provider, fault), || Providers::penalise(provider, fault, 0));
        }
    }
}

/// Whoever is drawn is there and serves the lane, in that class or above, with a bond that is
/// enough for its roles when all that is queued for more than lateness is taken.
fn sample(course: &mut Course, dice: &mut Dice) {
    let all: Vec<Lane> = lanes::all().collect();
    let (lane, class) = (dice.one(&all), dice.one(&DeviceClass::ALL));
    let seed = [dice.between(0, 255) as u8; 32];
    course.report((lane, class), || {
        for Prospect { candidate, names } in Providers::sample(lane, class, 4, &seed) {
            let provider = candidate.provider;
            assert_eq!(Providers::candidate(provider, lane).as_ref(), Some(&candidate));
            assert_eq!(Providers::names_of(provider), names);
            assert!(candidate.hardware.class >= class, "{provider:?} is of a lower class");
            let card = Providers::card(provider).expect("it is registered");
            assert_eq!(candidate.bond, card.bond.saturating_sub(card.pending));
            let least = Providers::required_bond(card.roles);
            let record = Records::<Mock>::get(provider).expect("it is registered");
            assert!(record.sound_bond() >= least, "{provider:?} has too little to lose");
        }
    });
}
