//! What clients are told.

use super::mock::*;
use crate::views::STEPS;
use cairn_protocol::{
    dag::BlockKind,
    id::BlockId,
    learning::{model::Access, source::Purpose},
    view::{HeadView, LossesView, Step},
};
use cairn_seams::{Lineage, Models};
use frame_support::assert_ok;

#[test]
fn model_view_should_say_how_the_model_stands() {
    execute(|| {
        let model = create(ALICE, 0);
        publish(model, ROUTER, 0);
        let set = register(model, records(), Purpose::Validation);
        let alice = || RuntimeOrigin::signed(ALICE);
        assert_ok!(Experts::choose_validation(alice(), model, set));
        Experts::note_use(&model);
        let priced = Access::PerUse { price: 7 };
        assert_ok!(Experts::set_access(alice(), model, priced));

        let view = Experts::model_view(&model, None).unwrap();
        assert_eq!((view.author, view.bundle), (ALICE, header(ALICE, 0).artifact));
        assert_eq!(view.card, card());
        let from = Now::get() + PriceNotice::get();
        assert_eq!(view.announced, Some((priced, from)));
        let head = Experts::head(&model, &name(ROUTER)).unwrap();
        assert_eq!(view.heads, [HeadView { component: name(ROUTER), head }]);
        assert_eq!((view.validation, view.uses, view.losses), (Some(set), 1, None));
        assert_eq!(view.quality, None);

        Now::set(from);
        Experts::note_loss(&model, &set, 2_718_282, 2_000_000);
        Experts::note_loss(&model, &set, 2_000_000, 1_000_000);
        let view = Experts::model_view(&model, None).unwrap();
        assert_eq!((view.card.access, view.announced), (priced, None));
        let (first, last, gain) = (2_718_282, 1_000_000, 1_000_000);
        let losses = LossesView { first, last, gain, floor: None };
        assert_eq!((view.losses, view.quality), (Some(losses), Some(632_120)));
        assert_eq!(Experts::model_view(&set, None), None);
        // Of what can be learnt more is behind than of what is lost.
        let floor = Some(500_000);
        let view = Experts::model_view(&model, floor).unwrap();
        assert_eq!(view.losses, Some(LossesView { floor, ..losses }));
        assert_eq!(view.quality, Some(774_600));
    });
}

#[test]
fn lineage_should_lead_from_a_head_to_its_model() {
    execute(|| {
        let model = create(ALICE, 0);
        let first = publish(model, HEAD, 0);
        let laid = lay(model, HEAD, 1);
        let lineage = Experts::lineage(&laid);
        let blocks: Vec<_> = lineage.iter().map(|step| (step.block, step.onto)).collect();
        assert_eq!(blocks, [(laid, Some(first)), (first, Some(model)), (model, None)]);
        let release = Experts::head(&model, &name(HEAD)).unwrap().release;
        let top = Step {
            block: laid,
            kind: BlockKind::Delta,
            release,
            author: BOB,
            file: weights(101),
            gain: 500,
            judged: 0,
            onto: Some(first),
        };
        assert_eq!(lineage[0], top);
        // A set of examples stands on its model, too.
        let set = register(model, records(), Purpose::Training);
        assert_eq!(Experts::lineage(&set).len(), 2);
        assert!(Experts::lineage(&BlockId([1; 32])).is_empty());
    });
}

#[test]
fn lineage_should_be_told_page_by_page() {
    execute(|| {
        let model = create(ALICE, 0);
        publish(model, HEAD, 0);
        let laid: Vec<_> = (0..STEPS as u8).map(|nth| lay(model, HEAD, nth)).collect();
        let first = Experts::lineage(laid.last().unwrap());
        assert_eq!(first.len(), STEPS);
        assert_eq!(first.last().unwrap().block, laid[0]);
        let rest = Experts::lineage(&first.last().unwrap().onto.unwrap());
        assert_eq!(
            rest.iter().map(|step| step.kind).collect::<Vec<_>>(),
            [BlockKind::Expert, BlockKind::Meta,]
        );
    });
}
