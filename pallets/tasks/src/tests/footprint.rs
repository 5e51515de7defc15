//! What a task occupies at its largest, which its deposit has to cover.

use super::mock::*;
use crate::{footprint::Footprint, types::*};
use cairn_protocol::{
    audit::{
        record::{self, Audit, Member},
        Finding, Report,
    },
    beacon::{Subject, Ticket},
    id::{Amount, ContentId, ProviderId},
    job::{JobKind, Payload, Policy, Seal, Terms, MAX_REDUNDANCY},
    lifecycle::{audit::Stage as AuditStage, Stage},
    result::{Answer, Fingerprint, Output},
    tally::widened,
};
use codec::Encode;
use frame_support::assert_ok;

const TICKET: Ticket =
    Ticket { subject: Subject { purpose: [0; 8], id: 0, nth: 0 }, requested_at: 0 };
const NAME: ProviderId = ProviderId(0);

/// Terms of every policy, number of workers and seal that there is.
fn every_terms() -> Vec<Terms> {
    let compared = [Policy::Proven, Policy::Replicated, Policy::Tolerance { within: 1 }];
    let measured = [3, 5, 7, 9].map(|guards| Policy::Outcome { target: 1, guards });
    let policies = compared.into_iter().chain(measured);
    let asked = policies.flat_map(|policy| (1..=MAX_REDUNDANCY).map(move |count| (policy, count)));
    let flags = [(false, false), (false, true), (true, false), (true, true)];
    let shape = |flags: (bool, bool)| [0, 39, 64, 2_048].map(|bytes| (flags, bytes));
    let mut all = Vec::new();
    for (policy, redundancy) in asked {
        for ((sealed, auditable), output_bytes) in flags.into_iter().flat_map(shape) {
            let seal = sealed.then_some(Seal { commitment: [1; 32], key_blocks: 20 });
            let mut some = Terms { policy, seal, auditable, output_bytes, ..terms(redundancy) };
            some.job.kind = match policy {
                Policy::Replicated => JobKind::Simulate,
                Policy::Outcome { .. } => JobKind::Train,
                Policy::Proven | Policy::Tolerance { .. } => JobKind::Infer,
            };
            if policy.judges(&some.job, redundancy).is_ok() {
                all.push(some);
            }
        }
    }
    all
}

/// Whether results of several have to be the same, or others are asked.
fn is_unanimous(terms: &Terms) -> bool {
    let exact = matches!(terms.policy, Policy::Proven | Policy::Tolerance { .. });
    exact && terms.redundancy > 1
}

/// How many are asked in the end, where results that differ have more asked.
fn asked_last(terms: &Terms) -> usize {
    let mut asked = terms.redundancy;
    while let Some(wider) = widened(asked).filter(|_| is_unanimous(terms)) {
        asked = wider;
    }
    asked.into()
}

fn print(value: i32) -> Fingerprint {
    let mut values = vec![0; 64];
    (values[0], values[1]) = (1_000_000, value);
    Fingerprint(values.try_into().expect("there are as many as may be"))
}

fn inline(bytes: u32) -> Output {
    Output::Inline(vec![1; bytes as usize].try_into().expect("it is as long as may be"))
}

fn key() -> WrappedKey {
    WrappedKey::Inline(vec![4; 1_280].try_into().expect("it is as long as may be"))
}

fn largest_answer(output_bytes: u32) -> usize {
    let size = |output| Answer { output, fingerprint: Some(print(0)), ..answer(0) }.encoded_size();
    size(inline(output_bytes)).max(size(Output::Artifact { id: ContentId([0; 32]), bytes: 0 }))
}

fn largest_audit(terms: &Terms, workers: usize, guards: usize) -> Audit<AccountId> {
    let finding = match terms.policy {
        Policy::Tolerance { .. } => Finding::Fingerprint(print(0)),
        Policy::Outcome { .. } => Finding::Loss(0),
        Policy::Proven | Policy::Replicated => Finding::Answer([0; 32]),
    };
    let report = Report { finding: finding.clone(), trace: [0; 32] };
    assert!(report.fits(terms.policy));
    let claims = matches!(terms.policy, Policy::Tolerance { .. });
    let member = Member { provider: NAME, progress: record::Progress::Revealed(report) };
    Audit {
        requester: ALICE,
        policy: terms.policy,
        requirements: terms.requirements,
        sealed: true,
        work_blocks: 0,
        offered: 0,
        redundancy: 1,
        contested: true,
        claim: if claims { finding } else { Finding::Answer([0; 32]) },
        answer: [0; 32],
        begun: 0,
        round: 1,
        stage: AuditStage::Drawing,
        ticket: Some(TICKET),
        fell: true,
        due: 0,
        next: 0,
        workers: vec![member.clone(); workers].try_into().expect("they are nine at most"),
        others: vec![NAME; 32].try_into().expect("they are as many as may be"),
        guards: vec![member; guards].try_into().expect("they are nine at most"),
        drawn: 0,
        rejected: 0,
        excluded: vec![NAME; 27].try_into().expect("they are as many as may be"),
    }
}

/// What all of a task takes where each part is as large as it gets.
fn largest(terms: &Terms, plain: &Task<AccountId>) -> Footprint {
    let workers = asked_last(terms);
    let guards = match terms.policy {
        Policy::Outcome { guards, .. } => guards.into(),
        _ if terms.auditable && !is_unanimous(terms) => 9,
        _ => 0,
    };
    let progress = Progress::Committed([0; 32]);
    let seat = Seat { provider: NAME, round: 1, generation: 0, progress };
    let task = Task {
        place: Place::Ready { ticket: TICKET, key: [0; 24] },
        seats: vec![seat; workers].try_into().expect("they are nine at most"),
        excluded: vec![NAME; 32].try_into().expect("they are as many as may be"),
        ..plain.clone()
    };
    let keys = if terms.seal.is_some() { workers + guards } else { 0 };
    // Agenda and list are keys alone.
    let all = Footprint::default()
        .with(1, task.encoded_size())
        .with(1, terms.encoded_size())
        .with(2, 0)
        .with(workers as u32, largest_answer(terms.output_bytes))
        .with(keys as u32, key().encoded_size());
    if guards > 0 {
        return all.with(1, largest_audit(terms, workers, guards).encoded_size()).with(1, 0);
    }
    let open =
        Complaint { against: NAME, deposit: 0, ticket: TICKET, chunks: 0, asked: true, rest: 0 };
    let made = vec![(NAME, 1); workers].try_into().expect("they are nine at most");
    all.with(1, Grievances { open: Some(open), made }.encoded_size())
}

#[test]
fn footprint_should_cover_the_largest_that_a_task_can_come_to() {
    market(0, || {
        let plain = task(submit(terms(1)));
        let all = every_terms();
        assert!(all.len() > 200, "{} terms", all.len());
        for terms in all {
            let (counted, largest) = (Tasks::footprint(&terms), largest(&terms, &plain));
            let say = || format!("{counted:?} for {largest:?}: {terms:?}");
            assert_eq!(counted.items, largest.items, "{}", say());
            // Lengths take a byte less where they are short, and losses less than digests.
            let most = largest.bytes + 256;
            assert!((largest.bytes..=most).contains(&counted.bytes), "{}", say());
        }
    });
}

/// Tasks as there may be many, with an input of 500 bytes and answers of up to 1,000 but for
/// training, whose answer is an artifact.
fn typical() -> [(&'static str, Terms); 5] {
    let seal = Some(Seal { commitment: [1; 32], key_blocks: 20 });
    let mut training = proven(1);
    training.job.kind = JobKind::Train;
    training.policy = Policy::Outcome { target: 1, guards: 3 };
    let all = [
        ("`Proven`, one worker", proven(1)),
        ("the same, sealed", Terms { seal, ..proven(1) }),
        ("`Replicated`, three workers", terms(3)),
        ("`Proven`, three workers", proven(3)),
        ("`Outcome`, three guards", training),
    ];
    all.map(|(name, mut terms)| {
        terms.job.input = Payload::Inline(vec![1; 500].try_into().expect("it is short"));
        terms.output_bytes = if terms.job.kind == JobKind::Train { 0 } else { 1_000 };
        (name, Terms { auditable: true, ..terms })
    })
}

#[test]
fn the_readme_should_say_what_typical_tasks_are_held_for() {
    market(0, || {
        let mut table = String::from("| task | items | bytes | CRN |\n|---|---|---|---|\n");
        // In thousandths.
        let prices = Prices { deposit_item: 100, deposit_byte: 1, ..RULES.prices };
        for (name, terms) in typical() {
            // On the chain an account has 32 bytes.
            let counted = Footprint::of::<[u8; 32]>(&terms);
            let (Footprint { items, bytes }, held) = (counted, counted.deposit(&prices));
            let bytes = format!("{},{:03}", bytes / 1_000, bytes % 1_000);
            let held = format!("{}.{:03}", held / 1_000, held % 1_000);
            table += &format!("| {name} | {items} | {bytes} | {held} |\n");
        }
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&table), "the README should say:\n{table}");
    });
}

/// Entries that tasks have, and bytes in them.
fn stored() -> (Amount, Amount) {
    let prefix = sp_io::hashing::twox_128(b"Tasks");
    let next = |key: &Vec<u8>| sp_io::storage::next_key(key);
    let all = std::iter::successors(Some(prefix.to_vec()), next);
    let keys = all.take_while(|key| key.starts_with(&prefix));
    // What is there but once has no more than its name for a key.
    let of_tasks = keys.filter(|key| key.len() > 32);
    let sizes: Vec<_> =
        of_tasks.filter_map(|key| sp_io::storage::get(&key)).map(|value| value.len()).collect();
    (sizes.len() as Amount, sizes.iter().sum::<usize>() as Amount)
}

#[test]
fn the_deposit_should_cover_a_task_that_nine_are_asked_for_in_the_end() {
    market(PROVIDERS, || {
        let policy = Policy::Tolerance { within: 10 };
        let seal = Some(Seal { commitment: [1; 32], key_blocks: 20 });
        let id = submit(Terms { policy, seal, output_bytes: 2_048, ..proven(3) });
        for asked in [3, 5, 9] {
            run(18);
            let workers = workers(id);
            assert_eq!(workers.len(), asked);
            for one in &workers {
                assert_ok!(Tasks::post_key(RuntimeOrigin::signed(ALICE), id, *one, key()));
            }
            // The first contradicts the others, but in the end.
            let values = std::iter::once(if asked < 9 { 900 } else { 0 }).chain(vec![0; 8]);
            let said = values.map(|value| Answer {
                output: inline(2_048),
                fingerprint: Some(print(value)),
                ..answer(0)
            });
            let round: Vec<_> = workers.into_iter().zip(said).collect();
            round.iter().for_each(|(one, answer)| commit(id, *one, answer));
            round.iter().for_each(|(one, answer)| reveal(id, *one, answer));
            let (items, bytes) = stored();
            assert!(items * 5 + bytes <= task(id).deposit, "{items} and {bytes} bytes");
        }
        assert_eq!(task(id).stage, Stage::Window);
        let (_, bytes) = stored();
        assert!(bytes > 9 * (2_048 + 256 + 1_280), "{bytes} bytes");
    });
}
