use super::{testing::*, *};
use cairn_protocol::{
    id::DeltaId,
    learning::{committee::Seat as Taken, evaluation::Opinion, panel::Case},
};

const ME: ProviderId = ProviderId(4);

fn panel(stage: Stage, progress: SeatProgress) -> Panel<u8> {
    Panel {
        case: Case::Delta(DeltaId(1)),
        barred: Default::default(),
        opened: 1,
        stage,
        ticket: None,
        due: 50,
        next: 50,
        round: 2,
        size: 3,
        draws: 1,
        spare: 2,
        guards: vec![Taken { guard: ME, progress }].try_into().unwrap(),
        excluded: Default::default(),
        decided: None,
    }
}

fn work(stage: Stage, progress: SeatProgress) -> Work {
    Work::on_panel(PanelId(6), &panel(stage, progress), ME, errand(), 3, 8).unwrap()
}

#[test]
fn work_should_be_awaited_while_a_guard_is_to_commit() {
    let opinion = Opinion::Unavailable(ContentId([1; 32]));
    let all =
        [SeatProgress::Working, SeatProgress::Committed([1; 32]), SeatProgress::Revealed(opinion)];
    for stage in Stage::ALL {
        for progress in all {
            let awaited = work(stage, progress).is_awaited();
            let expected = stage == Stage::Commits && progress == SeatProgress::Working;
            assert_eq!(awaited, expected, "{stage:?} {progress:?}");
        }
    }
    let other = Work::on_panel(
        PanelId(6),
        &panel(Stage::Commits, SeatProgress::Working),
        ProviderId(5),
        errand(),
        3,
        8,
    );
    assert!(other.is_none());
}

#[test]
fn work_should_have_another_name_in_another_round() {
    let seat = work(Stage::Commits, SeatProgress::Working).seat;
    assert_eq!(seat.purpose("commit"), "judge-commit:6:2:0");
    assert_eq!(seat.to_string(), "panel 6, judge, round 2");
    assert_ne!(seat, Seat::on_panel(PanelId(6), 3));
}

#[test]
fn digest_should_be_of_what_is_judged_and_not_of_when_it_was_seen() {
    let later = Errand { blocks: 3, ..errand() };
    assert_eq!(later.digest(), errand().digest());
    let brief = Arc::new(Brief { seed: [8; 32], ..brief() });
    assert_ne!(Errand { brief, ..errand() }.digest(), errand().digest());
    assert_eq!(judging(6, 2, 50).digest(), errand().digest());
}

#[test]
fn files_should_be_all_that_judging_takes() {
    let bundle = [file(20, 10), file(21, 90)];
    let names = |errand: &Errand| -> Vec<u8> {
        errand.files(&bundle).iter().map(|file| file.id.0[0]).collect()
    };
    assert_eq!(names(&errand()), [4, 5, 3, 1, 20, 21]);
    // Whoever only lays the delta on reads no records.
    let laid = Errand { aim: Aim::Candidate(file(8, 10)), ..errand() };
    assert_eq!(names(&laid), [4, 3, 1, 20, 21]);
}

#[test]
fn files_should_leave_out_a_delta_that_is_too_large_to_be_one() {
    let large = |bytes, parts| {
        let subject = Subject::Delta {
            component: component(),
            artifact: file(4, bytes),
            base: ContentId([3; 32]),
        };
        let brief = Arc::new(Brief { subject, parts, ..brief() });
        let files = Errand { brief, ..errand() }.files(&[file(20, 10), file(21, 90)]);
        !files.contains(&file(4, bytes))
    };
    assert!(!large(40, brief().parts));
    assert!(large(41, brief().parts));
    // Nobody knows which of the bundle's files the component is: the largest is.
    assert!(!large(360, Default::default()));
    assert!(large(361, Default::default()));
}

#[test]
fn kept_should_be_asked_for_the_chunks_that_the_chain_names() {
    let keeping = Keeping { delta: DeltaId(5), file: file(3, 9), asked: Some((vec![2, 4], 90)) };
    let kept = Kept::of_model(&keeping);
    assert_eq!(kept.seat, Seat::keeper(DeltaId(5)));
    assert_eq!(kept.asked, Some(Asked { file: file(3, 9), chunks: vec![2, 4] }));
    assert_eq!(Kept::of_model(&Keeping { asked: None, ..keeping }).asked, None);
}

#[test]
fn keeper_should_be_awaited_by_another_name_when_all_others_are_gone() {
    let wanted = Wanted { delta: DeltaId(5), file: file(3, 9), due: Some(70) };
    let errand = Errand { aim: Aim::Candidate(file(3, 9)), ..errand() };
    let first = Work::of_keeper(&wanted, errand.clone(), 0, 40, 8);
    let lost = Work::of_keeper(&Wanted { due: None, ..wanted }, errand, 0, 40, 8);
    assert!(first.is_awaited() && lost.is_awaited());
    assert_eq!((first.due, lost.due), (70, 640));
    assert_ne!(first.seat, lost.seat);
}
