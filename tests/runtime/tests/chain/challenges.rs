//! Capability challenges on the whole runtime: opened by chance, answered by three, and measured.

use cairn_protocol::{
    id::{Digest, ProviderId},
    preimage::{ChallengeCommitment, Statement},
    profile::DeviceClass,
};
use cairn_runtime::{configs::market::ChallengeWork, Capability, Providers, Runtime, RuntimeEvent};
use cairn_runtime_tests::{market::*, Chain};
use pallet_cairn_capability::{
    types::{Challenge, ChallengeId, Outcome, Stage},
    Call, Event, IteratedHash, Job,
};
use pallet_cairn_providers::{types::Obstacle, Card};
use sp_runtime::transaction_validity::InvalidTransaction;

type Hashes = IteratedHash<ChallengeWork>;

/// Providers of a class, challenged with every draw.
fn crowd(count: u8, class: DeviceClass) -> Chain {
    let mut chain = Chain::local();
    set_challenge_interval(&mut chain, 1);
    for n in 0..count {
        enlist(&mut chain, n, class);
    }
    chain
}

/// Makes blocks until a challenge is opened, which cannot take long.
fn wait_for_challenge(chain: &mut Chain) -> (ChallengeId, Challenge) {
    for _ in 0..60 {
        chain.block(vec![]);
        let opened = chain.events().into_iter().find_map(|event| match event {
            RuntimeEvent::Capability(Event::HandedOut { challenge, .. }) => Some(challenge),
            _ => None,
        });
        if let Some(id) = opened {
            return (id, challenge(chain, id));
        }
    }
    panic!("nobody was challenged");
}

fn challenge(chain: &mut Chain, id: ChallengeId) -> Challenge {
    chain
        .state(|| pallet_cairn_capability::Challenges::<Runtime>::get(id))
        .expect("the challenge is open")
}

fn members(challenge: &Challenge) -> Vec<ProviderId> {
    challenge.members.iter().map(|member| member.provider).collect()
}

/// A call of a provider that costs it nothing, in a block of its own. There is no room for it in a
/// block that begins a session.
fn send(chain: &mut Chain, provider: ProviderId, call: Call<Runtime>) {
    let before = chain.free(operator(provider));
    loop {
        let signed = chain.signed(operator(provider), call.clone());
        match chain.block(vec![signed]).remove(0) {
            Ok(outcome) => break outcome.expect("it is in time, and what was committed to"),
            Err(refusal) => assert_eq!(refusal, InvalidTransaction::ExhaustsResources.into()),
        }
    }
    assert_eq!(chain.free(operator(provider)), before);
}

/// Has a member commit; how many blocks that took.
fn commit(chain: &mut Chain, id: ChallengeId, provider: ProviderId, answer: Digest) -> u64 {
    let statement = ChallengeCommitment { challenge: id, provider, answer, salt: SALT };
    let commitment = chain.state(|| statement.digest(&Capability::genesis()));
    send(chain, provider, Call::commit { challenge: id, commitment });
    let handed_out = challenge(chain, id).handed_out;
    u64::from(chain.number() - handed_out.block)
}

fn reveal(chain: &mut Chain, id: ChallengeId, provider: ProviderId, answer: Digest) {
    send(chain, provider, Call::reveal { challenge: id, answer, salt: SALT });
}

/// What the last block said of a challenge.
fn judged(chain: &mut Chain) -> Option<Vec<(ProviderId, Outcome)>> {
    chain.events().into_iter().find_map(|event| match event {
        RuntimeEvent::Capability(Event::Judged { outcomes, .. }) => Some(outcomes),
        _ => None,
    })
}

fn card(chain: &mut Chain, provider: ProviderId) -> Card<cairn_runtime::AccountId> {
    chain.state(|| Providers::card(provider)).expect("it is registered")
}

#[test]
fn a_challenge_should_measure_three_who_agree() {
    let mut chain = crowd(5, DeviceClass::Cpu);
    let (id, opened) = wait_for_challenge(&mut chain);
    let members = members(&opened);
    assert_eq!((members.len(), opened.class), (3, DeviceClass::Cpu));
    assert_eq!(opened.due, opened.handed_out.height + 60);
    let answer = Hashes::solve(&opened.seed, opened.units);
    let mut latencies = vec![];
    for member in &members {
        assert_eq!(card(&mut chain, *member).throughput, None);
        latencies.push(commit(&mut chain, id, *member, answer));
    }
    assert!(latencies[0] >= 1 && latencies[2] <= 4, "{latencies:?}");
    // Nobody else can commit, so the reveals need not wait for the end of the time.
    assert_eq!(challenge(&mut chain, id).stage, Stage::Reveals);
    for member in &members {
        assert_eq!(judged(&mut chain), None);
        reveal(&mut chain, id, *member, answer);
    }
    let measured: Vec<u64> = latencies.iter().map(|blocks| opened.units / blocks).collect();
    let agreed = |(member, throughput): (&ProviderId, &u64)| {
        (*member, Outcome::Agreed { throughput: Some(*throughput) })
    };
    let expected: Vec<_> = members.iter().zip(&measured).map(agreed).collect();
    assert_eq!(judged(&mut chain), Some(expected));
    for (member, throughput) in members.iter().zip(measured) {
        let card = card(&mut chain, *member);
        assert_eq!(card.throughput, Some(throughput));
        assert_eq!((card.obstacle, card.load, card.engagements), (None, 0, 0));
    }
    let left = chain.state(|| pallet_cairn_capability::Challenges::<Runtime>::contains_key(id));
    assert!(!left, "nothing is kept");
}

/// By the defaults the job of the lowest class proves nothing: what fell there is measured by the
/// job of the class above it.
#[test]
fn who_fell_to_the_lowest_class_should_rise_again() {
    let mut chain = crowd(3, DeviceClass::SmallGpu);
    let (declared, fallen) = (DeviceClass::SmallGpu, ProviderId(1));
    chain.state(|| Providers::note_throughput(fallen, Hashes::cost(DeviceClass::Cpu)));
    assert_eq!(card(&mut chain, fallen).class, DeviceClass::Cpu);
    let (id, opened) = wait_for_challenge(&mut chain);
    let members = members(&opened);
    assert!(opened.class == declared && members.contains(&fallen), "{opened:?}");
    assert_eq!(opened.units, chain.state(|| Hashes::cost(declared)));
    // Whatever two agree on stands; to find the answer would take this machine minutes.
    let answer = [1; 32];
    members.iter().for_each(|member| {
        commit(&mut chain, id, *member, answer);
    });
    members.iter().for_each(|member| reveal(&mut chain, id, *member, answer));
    let risen = card(&mut chain, fallen);
    assert_eq!((risen.class, risen.obstacle), (declared, None));
    assert!(risen.throughput > Some(chain.state(|| Providers::floor(declared))));
}

#[test]
fn who_is_missing_should_become_unavailable_and_lose_nothing() {
    let mut chain = crowd(3, DeviceClass::Cpu);
    let (id, opened) = wait_for_challenge(&mut chain);
    let members = members(&opened);
    let answer = Hashes::solve(&opened.seed, opened.units);
    for member in &members[..2] {
        commit(&mut chain, id, *member, answer);
    }
    let silent = members[2];
    let before = card(&mut chain, silent);
    assert_eq!((before.obstacle, before.load), (None, 1));
    while challenge(&mut chain, id).stage == Stage::Commits {
        chain.block(vec![]);
        assert!(chain.number() < opened.handed_out.block + 63, "reveals were not opened");
    }
    for member in &members[..2] {
        reveal(&mut chain, id, *member, answer);
    }
    let outcomes = judged(&mut chain).expect("all who could have revealed");
    assert_eq!(outcomes[2], (silent, Outcome::Silent));

    let after = card(&mut chain, silent);
    assert_eq!(after.obstacle, Some(Obstacle::Missed));
    assert_eq!((after.pending, after.bond), (0, before.bond));
    assert_eq!((after.load, after.engagements), (0, 0));
    let heartbeat = pallet_cairn_providers::Call::heartbeat { provider: silent };
    chain.submit(operator(silent), heartbeat).expect("it may be early");
    assert_eq!(card(&mut chain, silent).obstacle, None);
}

#[test]
fn who_is_too_slow_twice_should_lose_its_class() {
    let mut chain = crowd(3, DeviceClass::SmallGpu);
    let floor = chain.state(|| Providers::floor(DeviceClass::SmallGpu));
    // A device at the floor takes 20 blocks; these take more than 40. What they say does not
    // matter as long as they say the same: the chain does not compute it.
    let answer = [5; 32];
    for time in 1..=2 {
        let (id, opened) = wait_for_challenge(&mut chain);
        assert_eq!(opened.class, DeviceClass::SmallGpu);
        assert_eq!(opened.units / floor, 20, "and a little, to whole rounds");
        let members = members(&opened);
        chain.blocks(40);
        let commit = |member: &ProviderId| commit(&mut chain, id, *member, answer);
        let latencies: Vec<u64> = members.iter().map(commit).collect();
        for member in &members {
            reveal(&mut chain, id, *member, answer);
        }
        for (blocks, member) in latencies.into_iter().zip(&members) {
            let card = card(&mut chain, *member);
            let (class, throughput) = match time {
                1 => (DeviceClass::SmallGpu, floor),
                _ => (DeviceClass::Cpu, opened.units / blocks),
            };
            assert_eq!((card.class, card.throughput), (class, Some(throughput)));
        }
    }
}
