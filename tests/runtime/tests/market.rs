//! The market on the whole runtime: work is asked for, done, paid, and punished.

use cairn_protocol::{
    id::{Digest, EngineId, ProviderId, Region, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    lifecycle::Stage,
    preimage::{ResultCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    result::{Answer, Output},
};
use cairn_runtime::{
    units::{MILLIUNITS, UNITS},
    Balance, Balances, MarketClock, Providers, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin,
    SafeMode, Tasks, Treasury,
};
use cairn_runtime_tests::{account, Chain};
use frame_support::traits::fungible::InspectHold;
use pallet_cairn_tasks::{types::Task, Event};

const WORKERS: [&str; 5] = ["Alice", "Bob", "Charlie", "Eve", "Ferdie"];
const REQUESTER: &str = "Dave";
const ENGINE: EngineId = EngineId([1; 32]);
const SALT: Digest = [9; 32];

fn profile(n: u8) -> Profile {
    Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: 8_192,
            compute: 0,
            slots: 2,
            binding: [n; 32],
        },
        region: Region(0x0101),
        offers: Offers(
            vec![Offer { kind: JobKind::Simulate, price: MILLIUNITS }].try_into().expect("one"),
        ),
        payload_key: None,
        node: [n; 32],
        enclave: None,
    }
}

/// Five accounts that offer simulations; each operates its own provider.
fn market() -> Chain {
    let mut chain = Chain::local();
    for (n, seed) in (0u8..).zip(WORKERS) {
        let register = pallet_cairn_providers::Call::register {
            operator: account(seed),
            profile: Box::new(profile(n)),
            roles: [Role::Compute].into_iter().collect(),
            bond: 200 * UNITS,
        };
        chain.submit(seed, register).expect("it can bond");
        let heartbeat = pallet_cairn_providers::Call::heartbeat { provider: ProviderId(n.into()) };
        chain.submit(seed, heartbeat).expect("it operates itself");
    }
    chain
}

fn operator(provider: ProviderId) -> &'static str {
    WORKERS[provider.0 as usize]
}

fn terms(chain: &mut Chain, redundancy: u8) -> Terms {
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
            class: DeviceClass::Cpu,
            memory_mib: 4_096,
            compute: 0,
            throughput: 0,
            within: None,
            near: None,
            reputation: 400_000,
            enclave: false,
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

fn submit(chain: &mut Chain, redundancy: u8) -> TaskId {
    let terms = Box::new(terms(chain, redundancy));
    chain.submit(REQUESTER, pallet_cairn_tasks::Call::submit { terms }).expect("it can pay");
    chain.state(|| TaskId(pallet_cairn_tasks::Submitted::<cairn_runtime::Runtime>::get() - 1))
}

fn task(chain: &mut Chain, id: TaskId) -> Task<cairn_runtime::AccountId> {
    chain
        .state(|| pallet_cairn_tasks::Tasks::<cairn_runtime::Runtime>::get(id))
        .expect("the task is kept")
}

fn answer() -> Answer {
    Answer {
        engine: ENGINE,
        output: Output::Inline(vec![42].try_into().expect("short")),
        fingerprint: None,
        units: 100,
    }
}

/// Has every worker of a task commit, then reveal, one transaction a block.
fn deliver(chain: &mut Chain, id: TaskId) -> Vec<ProviderId> {
    let genesis = chain.state(Tasks::genesis);
    let seats = task(chain, id).seats;
    for seat in &seats {
        let opened = ResultCommitment {
            task: id,
            round: seat.round,
            provider: seat.provider,
            generation: seat.generation,
            answer: answer().digest(&genesis),
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
        let call =
            pallet_cairn_tasks::Call::reveal { task: id, answer: Box::new(answer()), salt: SALT };
        chain.submit(operator(seat.provider), call).expect("it is what was committed to");
    }
    seats.iter().map(|seat| seat.provider).collect()
}

fn wait_for(chain: &mut Chain, id: TaskId, stage: Stage) {
    for _ in 0..60 {
        if task(chain, id).stage == stage {
            return;
        }
        chain.block(vec![]);
    }
    panic!("{:?} instead of {stage:?}", task(chain, id).stage);
}

#[test]
fn a_task_should_be_paid_when_its_workers_agree() {
    for redundancy in [1u8, 3] {
        let mut chain = market();
        let treasury = Treasury::account_id();
        let treasury_before = chain.state(|| Balances::free_balance(&treasury));
        let id = submit(&mut chain, redundancy);
        wait_for(&mut chain, id, Stage::Assigned);
        let workers = task(&mut chain, id).seats.len();
        assert_eq!(workers, usize::from(redundancy));

        let before: Vec<(&str, Balance)> =
            WORKERS.iter().map(|seed| (*seed, chain.free(seed))).collect();
        let paid = deliver(&mut chain, id);
        wait_for(&mut chain, id, Stage::Settled);

        let each = 24 * UNITS / 10 / Balance::from(redundancy);
        // A reveal pays its fee back, so only the reward moves a worker's balance.
        for (seed, before) in before {
            let earned = paid.iter().any(|provider| operator(*provider) == seed);
            let after = before + if earned { each } else { 0 };
            assert_eq!(chain.free(seed), after, "{seed}");
        }
        let treasury_after = chain.state(|| Balances::free_balance(&treasury));
        assert!(treasury_after >= treasury_before + 6 * UNITS / 10);
        let held = chain.state(|| {
            let reason = RuntimeHoldReason::Tasks(pallet_cairn_tasks::HoldReason::Escrow);
            Balances::balance_on_hold(&reason, &account(REQUESTER))
        });
        assert_eq!(held, 0);
    }
}

#[test]
fn silence_should_be_punished_and_somebody_else_asked() {
    let mut chain = market();
    let id = submit(&mut chain, 1);
    wait_for(&mut chain, id, Stage::Assigned);
    let silent = task(&mut chain, id).seats[0].provider;
    wait_for(&mut chain, id, Stage::Queued);
    let card = chain.state(|| Providers::card(silent)).expect("it is registered");
    assert_eq!(card.pending, UNITS, "half a percent of the bond");
    wait_for(&mut chain, id, Stage::Assigned);
    assert_ne!(task(&mut chain, id).seats[0].provider, silent);
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
}

#[test]
fn no_deadline_should_pass_while_safe_mode_lasts() {
    let mut chain = market();
    let id = submit(&mut chain, 1);
    wait_for(&mut chain, id, Stage::Assigned);
    chain.state(|| SafeMode::force_enter(RuntimeOrigin::root())).expect("root may");
    chain.blocks(100);
    assert_eq!(task(&mut chain, id).stage, Stage::Assigned);
    chain.state(|| SafeMode::force_exit(RuntimeOrigin::root())).expect("root may");
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
}

#[test]
fn the_market_should_say_what_happened() {
    let mut chain = market();
    let id = submit(&mut chain, 1);
    let submitted = Event::Submitted { task: id, requester: account(REQUESTER) };
    assert!(chain.events().contains(&RuntimeEvent::Tasks(submitted)));
}
