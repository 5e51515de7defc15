use super::*;
use cairn_protocol::{
    audit::Finding,
    id::{ContentId, EngineId},
    job::Requirements,
    profile::DeviceClass,
    result::Answer,
    settlement::Escrow,
    task::{Place, Seat as Taken},
    view::{ComplaintView, WaitsFor},
};

const ME: ProviderId = ProviderId(4);

fn task(stage: Stage, progress: SeatProgress) -> Task<u8> {
    let seat = Taken { provider: ME, round: 2, generation: 3, progress };
    Task {
        requester: 1,
        kind: cairn_protocol::job::JobKind::Wasm,
        escrow: Escrow::default(),
        deposit: 0,
        submitted: 1,
        stage,
        due: 40,
        next: 40,
        sought: 1,
        redundancy: 1,
        round: 5,
        reassigned: 0,
        accusers: 0,
        declined: 0,
        place: Place::Nowhere,
        seats: vec![seat].try_into().unwrap(),
        excluded: Default::default(),
        outvoted: Default::default(),
        acknowledged: false,
    }
}

fn audit(stage: AuditStage) -> Audit<u8> {
    let member = |provider| Member::working(ProviderId(provider));
    Audit {
        requester: 1,
        policy: Policy::Replicated,
        requirements: Requirements::any(DeviceClass::Cpu),
        sealed: false,
        work_blocks: 5,
        offered: 900,
        redundancy: 1,
        contested: false,
        claim: Finding::Answer([1; 32]),
        answer: [1; 32],
        begun: 1,
        round: 6,
        stage,
        ticket: None,
        fell: true,
        due: 50,
        next: 50,
        workers: vec![member(4)].try_into().unwrap(),
        others: Default::default(),
        guards: vec![member(9)].try_into().unwrap(),
        drawn: 1,
        rejected: 0,
        excluded: Default::default(),
    }
}

#[test]
fn at_task_should_name_the_seats_round_and_not_the_tasks() {
    let terms = Arc::new(testing::terms());
    let record = task(Stage::Assigned, SeatProgress::Working);
    let work = Work::at_task(TaskId(8), &record, ME, &terms, 7).unwrap();
    let seat = Seat { number: 8, part: Part::Worker, round: 2, generation: 3 };
    assert_eq!((work.seat, work.due, work.is_awaited()), (seat, 40, true));
    assert_eq!(work.seat.purpose("commit"), "commit:8:2:3");
    assert_eq!(work.reward(), 10);
}

#[test]
fn at_task_should_be_nothing_when_it_is_over_or_another_has_the_seat() {
    let terms = Arc::new(testing::terms());
    let of =
        |stage, who| Work::at_task(TaskId(8), &task(stage, SeatProgress::Revealed), who, &terms, 7);
    assert!(of(Stage::Audited, ME).is_some());
    assert!(of(Stage::Settled, ME).is_none());
    assert!(of(Stage::Refunded, ME).is_none());
    assert!(of(Stage::Assigned, ProviderId(5)).is_none());
}

#[test]
fn kept_should_be_a_result_until_it_is_fetched_or_comes_to_nothing() {
    let seat = |stage, acknowledged| {
        let record = Task { acknowledged, ..task(stage, SeatProgress::Revealed) };
        Kept::seat(TaskId(8), &record, ME)
    };
    for stage in [Stage::Assigned, Stage::Window, Stage::Contested, Stage::Settled] {
        let kept = seat(stage, false).unwrap();
        assert_eq!((kept.task(), kept.round, kept.part), (TaskId(8), 2, Part::Worker));
    }
    // It may be complained about although it is said to have come.
    assert!(seat(Stage::Window, true).is_some());
    assert!(seat(Stage::Settled, true).is_none());
    assert!(seat(Stage::Refunded, false).is_none());
    let record = task(Stage::Window, SeatProgress::Revealed);
    assert!(Kept::seat(TaskId(8), &record, ProviderId(5)).is_none());
}

/// A task of which this provider has revealed something, with chunks that somebody has to show.
fn complained(output: Output, against: ProviderId, chunks: &[u64]) -> TaskView<u8> {
    let answer = Answer { engine: EngineId([1; 32]), output, fingerprint: None, units: 1 };
    let chunks = chunks.to_vec();
    TaskView {
        requester: 1,
        terms: testing::terms(),
        escrow: Escrow::default(),
        submitted: 1,
        stage: Stage::Contested,
        due: 40,
        now: 30,
        waits_for: WaitsFor::Chain,
        redundancy: 1,
        reassigned: 0,
        seats: Vec::new(),
        answers: vec![(ME, answer)],
        acknowledged: false,
        complaint: Some(ComplaintView { against, deposit: 1, chunks }),
    }
}

#[test]
fn asked_should_be_chunks_of_what_was_revealed_once_they_are_drawn() {
    let file = File { id: ContentId([2; 32]), bytes: 5_000 };
    let output = || Output::Artifact { id: file.id, bytes: file.bytes };
    let asked = Asked::of(&complained(output(), ME, &[1, 4]), ME);
    assert_eq!(asked, Some(Asked { file, chunks: vec![1, 4] }));
    assert_eq!(Asked::of(&complained(output(), ME, &[]), ME), None);
    assert_eq!(Asked::of(&complained(output(), ProviderId(5), &[1]), ME), None);
    let inline = Output::Inline(Default::default());
    assert_eq!(Asked::of(&complained(inline, ME, &[1]), ME), None);
    let quiet = TaskView { complaint: None, ..complained(output(), ME, &[1]) };
    assert_eq!(Asked::of(&quiet, ME), None);
}

#[test]
fn at_task_should_await_nothing_when_commitments_are_closed_or_made() {
    let terms = Arc::new(testing::terms());
    let awaited = |stage, progress| {
        Work::at_task(TaskId(8), &task(stage, progress), ME, &terms, 7).unwrap().is_awaited()
    };
    assert!(!awaited(Stage::Committed, SeatProgress::Working));
    assert!(!awaited(Stage::Assigned, SeatProgress::Committed([1; 32])));
    assert!(!awaited(Stage::Assigned, SeatProgress::Locked));
}

#[test]
fn in_audit_should_tell_guards_from_those_who_did_the_work() {
    let terms = Arc::new(testing::terms());
    let of = |who| {
        let record = audit(AuditStage::Commits);
        Work::in_audit(TaskId(8), &record, ProviderId(who), &terms, 7)
    };
    let part = |who| of(who).map(|work| (work.seat.part, work.seat.round, work.offered));
    assert_eq!(part(4), Some((Part::Witness, 6, 900)));
    assert_eq!(part(9), Some((Part::Guard, 6, 900)));
    assert_eq!(part(5), None);
}

#[test]
fn guards_alone_should_measure_and_only_what_is_paid_by_it() {
    let outcome = Policy::Outcome { target: 1, guards: 3 };
    let measures = |part, policy| {
        let terms = Arc::new(Terms { policy, ..testing::terms() });
        let seat = Seat { part, ..testing::seat(8) };
        Work { seat, terms, ..testing::work(8, 40, 1) }.measures()
    };
    assert!(measures(Part::Guard, outcome));
    assert!(!measures(Part::Worker, outcome));
    assert!(!measures(Part::Guard, Policy::Proven));
}
