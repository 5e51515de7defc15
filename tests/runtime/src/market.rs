//! A market to test with: accounts that provide, and the whole course of a task.

use crate::{account, Chain};
use cairn_protocol::{
    id::{Digest, EngineId, ProviderId, Region, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    lifecycle::Stage,
    preimage::{ResultCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    result::{Answer, Output},
    task::Task,
};
use cairn_runtime::{
    configs::parameters::market,
    units::{MILLIUNITS, UNITS},
    Balance, BlockNumber, MarketClock, Parameters, RuntimeOrigin, RuntimeParameters, Tasks,
};

/// Who provides; each operates its own provider, the nth of them the nth.
pub const WORKERS: [&str; 5] = ["Alice", "Bob", "Charlie", "Eve", "Ferdie"];
pub const REQUESTER: &str = "Dave";
pub const ENGINE: EngineId = EngineId([1; 32]);
pub const SALT: Digest = [9; 32];

/// What the nth account says of itself.
pub fn profile(n: u8, class: DeviceClass) -> Profile {
    Profile {
        hardware: Hardware { class, memory_mib: 8_192, compute: 0, slots: 2, binding: [n; 32] },
        region: Region(0x0101),
        offers: Offers(
            vec![Offer { kind: JobKind::Simulate, price: MILLIUNITS }].try_into().expect("one"),
        ),
        payload_key: None,
        node: [n; 32],
        enclave: None,
    }
}

/// Registers that account's provider, which is there.
pub fn enlist(chain: &mut Chain, n: u8, class: DeviceClass) -> ProviderId {
    enlist_for(chain, n, class, &[Role::Compute], 200 * UNITS)
}

fn enlist_for(
    chain: &mut Chain,
    n: u8,
    class: DeviceClass,
    roles: &[Role],
    bond: Balance,
) -> ProviderId {
    let (seed, provider) = (WORKERS[usize::from(n)], ProviderId(n.into()));
    let register = pallet_cairn_providers::Call::register {
        operator: account(seed),
        profile: Box::new(profile(n, class)),
        roles: roles.iter().copied().collect(),
        bond,
    };
    chain.submit(seed, register).expect("it can bond");
    chain
        .submit(seed, pallet_cairn_providers::Call::heartbeat { provider })
        .expect("it operates itself");
    provider
}

/// Blocks between two challenges of one provider, from now on.
pub fn set_challenge_interval(chain: &mut Chain, blocks: BlockNumber) {
    let parameter = market::Parameters::ChallengeInterval(market::ChallengeInterval, Some(blocks));
    let parameter = RuntimeParameters::Market(parameter);
    chain.state(|| Parameters::set_parameter(RuntimeOrigin::root(), parameter)).expect("root may");
}

/// Five accounts that offer simulations, and are not challenged: that keeps them from work.
pub fn market() -> Chain {
    let mut chain = Chain::local();
    set_challenge_interval(&mut chain, BlockNumber::MAX);
    for n in 0..WORKERS.len() {
        enlist(&mut chain, n as u8, DeviceClass::Cpu);
    }
    chain
}

/// The same, who guard as well.
pub fn guarded_market() -> Chain {
    let mut chain = Chain::local();
    set_challenge_interval(&mut chain, BlockNumber::MAX);
    for n in 0..WORKERS.len() {
        let roles = [Role::Compute, Role::Guard];
        enlist_for(&mut chain, n as u8, DeviceClass::Cpu, &roles, 1_000 * UNITS);
    }
    chain
}

/// The account that operates a provider.
pub fn operator(provider: ProviderId) -> &'static str {
    WORKERS[provider.0 as usize]
}

pub fn terms(chain: &mut Chain, redundancy: u8) -> Terms {
    let now = chain.state(<MarketClock as cairn_seams::Clock>::now);
    Terms {
        job: Job {
            kind: JobKind::Simulate,
            model: None,
            engine: ENGINE,
            input: Payload::Inline(vec![1, 2, 3].try_into().expect("short")),
            parameters: Default::default(),
            seed: [3; 32],
            units: 100,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy,
        requirements: Requirements {
            memory_mib: 4_096,
            reputation: 400_000,
            ..Requirements::any(DeviceClass::Cpu)
        },
        reward: 3 * UNITS,
        tip: 0,
        match_by: now + 100,
        work_blocks: 30,
        seal: None,
        output_bytes: 64,
        auditable: false,
    }
}

/// Asks for a task with these terms.
pub fn submit(chain: &mut Chain, terms: Terms) -> TaskId {
    let terms = Box::new(terms);
    chain.submit(REQUESTER, pallet_cairn_tasks::Call::submit { terms }).expect("it can pay");
    chain.state(|| TaskId(pallet_cairn_tasks::Submitted::<cairn_runtime::Runtime>::get() - 1))
}

pub fn task(chain: &mut Chain, id: TaskId) -> Task<cairn_runtime::AccountId> {
    chain
        .state(|| pallet_cairn_tasks::Tasks::<cairn_runtime::Runtime>::get(id))
        .expect("the task is kept")
}

pub fn answer() -> Answer {
    Answer {
        engine: ENGINE,
        output: Output::Inline(vec![42].try_into().expect("short")),
        fingerprint: None,
        units: 100,
    }
}

/// Has every worker of a task commit, then reveal, one transaction a block.
pub fn deliver(chain: &mut Chain, id: TaskId) -> Vec<ProviderId> {
    deliver_as(chain, id, |_| answer())
}

/// The same where not all need say the same.
pub fn deliver_as(
    chain: &mut Chain,
    id: TaskId,
    said: impl Fn(ProviderId) -> Answer,
) -> Vec<ProviderId> {
    let genesis = chain.state(Tasks::genesis);
    let seats = task(chain, id).seats;
    for seat in &seats {
        let opened = ResultCommitment {
            task: id,
            round: seat.round,
            provider: seat.provider,
            generation: seat.generation,
            answer: said(seat.provider).digest(&genesis),
            salt: SALT,
        };
        let commitment = opened.digest(&genesis);
        let call = pallet_cairn_tasks::Call::commit { task: id, commitment };
        let before = chain.free(operator(seat.provider));
        chain.submit(operator(seat.provider), call).expect("it is in time");
        // A valid commitment gets its fee back.
        assert_eq!(chain.free(operator(seat.provider)), before);
    }
    for seat in &seats {
        let answer = Box::new(said(seat.provider));
        let call = pallet_cairn_tasks::Call::reveal { task: id, answer, salt: SALT };
        chain.submit(operator(seat.provider), call).expect("it is what was committed to");
    }
    seats.iter().map(|seat| seat.provider).collect()
}

pub fn wait_for(chain: &mut Chain, id: TaskId, stage: Stage) {
    for _ in 0..60 {
        if task(chain, id).stage == stage {
            return;
        }
        chain.block(vec![]);
    }
    panic!("{:?} instead of {stage:?}", task(chain, id).stage);
}
