//! Models, what is laid on them, who may use them and who serves them.

use crate::{
    calls::learning,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{any_model, card, component, file, header, made, stored, ALICE, BOB, CREATOR, POOR},
    AccountId, Experts, Mock,
};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::BlockId,
    learning::{model::Access, source::Purpose},
};
use cairn_seams::Lineage;
use frame_support::BoundedVec;
use pallet_cairn_experts::{Call, DataSets};
use pallet_cairn_rewards::Admissions;

/// What is done with a model.
#[derive(Clone, Copy)]
enum What {
    Create,
    Publish,
    Register,
    Choose,
    Access,
    License,
    Revoke,
    Serve,
    Stop,
    /// It is bettered, or what bettered it is taken back.
    Learn,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (1, What::Create),
        (2, What::Publish),
        (2, What::Register),
        (1, What::Choose),
        (2, What::Access),
        (1, What::License),
        (1, What::Revoke),
        (2, What::Serve),
        (1, What::Stop),
        (1, What::Learn),
    ]);
    let model = any_model(dice);
    let author = Experts::author(&model).unwrap_or(CREATOR);
    let who = dice.usually(author, &[ALICE, BOB, POOR]);
    match what {
        What::Create => {
            let author = dice.mostly(&[CREATOR, ALICE], &[POOR]);
            let header = Box::new(header(author, dice.between(0, 8) as u8));
            let access = access(dice);
            course.call(who, Call::<Mock>::create_model { header, card: Box::new(card(access)) });
        }
        What::Publish => publish(course, dice, model, who),
        What::Register => register(course, dice, model),
        What::Choose => {
            let mut sets: Vec<BlockId> = DataSets::<Mock>::iter_keys().collect();
            sets.sort_unstable();
            let some = sets.get(dice.below(sets.len().max(1))).copied().unwrap_or(model);
            course.call(who, Call::<Mock>::choose_validation { model, data: some });
        }
        What::Access => {
            let access = access(dice);
            course.call(who, Call::<Mock>::set_access { model, access });
        }
        What::License => {
            let whom = dice.one(&[ALICE, BOB, POOR]);
            course.call(who, Call::<Mock>::license { model, who: whom });
        }
        What::Revoke => {
            let whom = dice.one(&[ALICE, BOB, POOR]);
            course.call(who, Call::<Mock>::revoke_licence { model, who: whom });
        }
        What::Serve => {
            let provider = any_provider(dice);
            let components = dice.one(&[vec![0], vec![1, 0], vec![], vec![2]]);
            let components = components.into_iter().map(component).collect();
            let components = BoundedVec::truncate_from(components);
            let operator = operator_of(dice, provider);
            course.call(operator, Call::<Mock>::serve { provider, model, components });
        }
        What::Stop => {
            let provider = any_provider(dice);
            let operator = operator_of(dice, provider);
            course.call(operator, Call::<Mock>::stop_serving { provider, model });
        }
        What::Learn if dice.once_in(4) => learning::take_back(course, dice),
        What::Learn => learning::bring(course, dice),
    }
}

fn access(dice: &mut Dice) -> Access {
    let price = dice.mostly(&[0, 50, 700, 9_000], &[u128::MAX, u128::MAX / 2]);
    dice.one(&[Access::Open, Access::PerUse { price }, Access::Licensed])
}

/// A component of a model, or once in a while what it does not have.
pub(crate) fn any_component(dice: &mut Dice) -> Component {
    let usual = dice.below(2) as u8;
    component(dice.usually(usual, &[2]))
}

/// What a header stands on: the head, or once in a while something else.
pub(crate) fn ground(dice: &mut Dice, model: BlockId, name: &Component) -> BlockId {
    let head = Experts::head(&model, name).map_or(model, |head| head.block);
    let below = Experts::lineage(&head).get(1).map_or(model, |step| step.block);
    dice.mostly(&[head, head, head, below], &[model, BlockId([9; 32])])
}

fn publish(course: &mut Course, dice: &mut Dice, model: BlockId, who: AccountId) {
    let name = any_component(dice);
    let newest = Experts::head(&model, &name).map_or(0, |head| head.release.minor);
    let minor = newest.saturating_add(dice.mostly(&[1], &[0]));
    let kind = dice.mostly(&[BlockKind::Expert, BlockKind::Router], &BlockKind::ALL);
    let parent = ground(dice, model, &name);
    let release = SemVer { major: 1, minor, patch: 0 };
    let artifact = file(dice.between(0, 9));
    let header = Header::component(kind, model, name, parent, artifact, release, who);
    let admitted = Admissions::<Mock>::get(model);
    let is_published = course.call(who, Call::<Mock>::publish { header: Box::new(header) });
    // Governance looks at what the model is now, and mostly finds nothing wrong with it.
    if let Some(cap) = admitted.filter(|_| is_published && !dice.once_in(8)) {
        course.govern(pallet_cairn_rewards::Call::<Mock>::admit { model, cap });
    }
}

fn register(course: &mut Course, dice: &mut Dice, model: BlockId) {
    let count = dice.mostly(&[64, 1_000], &[0, 63, 1 << 40]);
    let source = dice.one(&[made(count), stored(count)]);
    let source = dice.usually(source, &[made(u64::MAX)]);
    let purpose = dice.one(&[Purpose::Validation, Purpose::Training, Purpose::Sealed]);
    let release = SemVer { major: 1, minor: dice.between(0, 3) as u16, patch: 0 };
    let who = dice.mostly(&[ALICE, CREATOR], &[POOR]);
    let header = Header::data(model, source.file(), release, who);
    course.call(who, Call::<Mock>::register_data { header: Box::new(header), source, purpose });
}
