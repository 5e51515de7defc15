//! What a test does to a delta, step by step: blocks, guards, and a delta's way to its end.

use super::{
    operator, owner, place, signed, AccountId, AllPalletsWithSystem, Clock, Learning, Panels,
    Providers, Register, System, Test, A, BYTES, CAROL, SALT,
};
use crate::types::{Delta, Place, Reason, Stage};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{ContentId, DeltaId, Digest, File, PanelId, ProviderId},
    job::JobKind,
    learning::{
        brief::{Brief, Subject},
        evaluation::{excess, Evaluation, Opinion},
        model::Head,
    },
    preimage::{DeltaCommitment, OpinionCommitment, Statement},
    profile::{DeviceClass, Role},
};
use cairn_seams::{Kept, Lineage, Panels as _};
use codec::Encode;
use frame_support::{assert_ok, dispatch::DispatchResult};
use sp_runtime::DispatchError;

cairn_doubles::blocks!();

/// A guard of an owner of its own, available.
pub(crate) fn join() -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let profile = cairn_doubles::profile(provider.0, DeviceClass::Cpu, 200, &[JobKind::Evaluate]);
    let roles = [Role::Guard].into_iter().collect();
    let (owner, operator) = (owner(provider), operator(provider));
    assert_ok!(Providers::register(signed(owner), operator, Box::new(profile), roles, 100_000));
    assert_ok!(Providers::heartbeat(signed(operator), provider));
    provider
}

/// Two accounts are one party from now on.
pub(crate) fn link(one: AccountId, other: AccountId) {
    assert_ok!(Providers::link_account(signed(one), other, true));
    assert_ok!(Providers::link_account(signed(other), one, true));
}

pub(crate) fn head_of(place: &Place) -> Head {
    Register::head(&place.model, &place.component).expect("it is published")
}

/// A delta of an author on a component as it is.
pub(crate) fn header(author: AccountId, name: &[u8], artifact: u8) -> Header<AccountId> {
    let place = place(name);
    let file = File { id: ContentId([artifact; 32]), bytes: BYTES };
    let release = SemVer { major: 0, minor: 0, patch: 1 };
    let parent = head_of(&place).block;
    Header::delta(place.model, place.component, parent, file, release, author, 50_000)
}

pub(crate) fn digest(author: AccountId, artifact: ContentId) -> Digest {
    DeltaCommitment { author, artifact, salt: SALT }.digest(&Learning::genesis())
}

pub(crate) fn commit(header: &Header<AccountId>) -> DispatchResult {
    let (author, model) = (header.author, header.model.unwrap());
    let digest = digest(author, header.artifact.id);
    Learning::commit_delta(signed(author), model, header.component.clone(), digest)
}

/// Hands in what was committed to long enough ago. Says which delta it is.
pub(crate) fn submit(header: &Header<AccountId>) -> Result<DeltaId, DispatchError> {
    let id = DeltaId(crate::Submitted::<Test>::get());
    let boxed = Box::new(header.clone());
    frame_support::storage::with_storage_layer(|| {
        Learning::submit_delta(signed(header.author), boxed, SALT)
    })?;
    Ok(id)
}

/// Has deltas handed in, one after the other in one block.
pub(crate) fn hand_in(headers: &[Header<AccountId>]) -> Vec<DeltaId> {
    for header in headers {
        assert_ok!(commit(header));
    }
    run(5);
    headers.iter().map(|header| submit(header).expect("it may be")).collect()
}

/// One of Carol's on the first component.
pub(crate) fn handed_in() -> DeltaId {
    hand_in(&[header(CAROL, A, 20)])[0]
}

pub(crate) fn delta(id: DeltaId) -> Delta<AccountId> {
    crate::Deltas::<Test>::get(id).expect("it is kept")
}

pub(crate) fn stage(id: DeltaId) -> (Stage, Option<Reason>) {
    let delta = delta(id);
    (delta.stage, delta.reason)
}

fn measured(brief: &Brief, each: u64) -> Opinion {
    let count = u64::from(brief.count);
    let (baseline, loss) = (count * 2_000_000, count * each);
    let sum = excess(baseline, loss, brief.threshold);
    // All examples alike, but for a little.
    let squares = sum.unsigned_abs().pow(2) / u128::from(count) + 1_000_000_000_000_000;
    let artifact = match &brief.subject {
        Subject::Delta { artifact, component, .. } => (artifact.id, component.clone()),
        Subject::Heads(_) => unreachable!("it is a delta"),
    };
    // What a component becomes is another one with each delta and each base.
    let candidate = ContentId(sp_io::hashing::blake2_256(&(&brief.parts, artifact).encode()));
    Opinion::Measured(Evaluation {
        candidate,
        baseline,
        loss,
        count: brief.count,
        sum,
        squares: squares.into(),
        trace: [3; 32],
    })
}

/// The loss falls by a tenth.
pub(crate) fn better(brief: &Brief) -> Opinion {
    measured(brief, 1_800_000)
}

/// It falls, but not by as much as it has to.
pub(crate) fn no_better(brief: &Brief) -> Opinion {
    measured(brief, 1_990_000)
}

pub(crate) fn panel_of(id: DeltaId) -> PanelId {
    delta(id).panel.expect("it is judged")
}

pub(crate) fn brief_of(id: DeltaId) -> Brief {
    Panels::brief_of(panel_of(id)).expect("it is drawn")
}

/// Waits for the draw of a delta's guards.
pub(crate) fn await_draw(id: DeltaId) {
    while Panels::brief_of(panel_of(id)).is_none() {
        run(1);
    }
}

/// Has all guards of a panel say something each, by their places.
pub(crate) fn say(panel: PanelId, says: impl Fn(usize, &Brief) -> Opinion) {
    let brief = Panels::brief_of(panel).expect("it is drawn");
    let view = Panels::panel_view(panel).expect("it is under way");
    let genesis = Panels::genesis();
    let opinion = |place| says(place, &brief);
    for (place, seat) in view.guards.iter().enumerate() {
        let commitment = OpinionCommitment {
            panel,
            round: view.round,
            provider: seat.guard,
            opinion: opinion(place).digest(&genesis),
            salt: SALT,
        };
        let by = signed(operator(seat.guard));
        assert_ok!(Panels::commit(by, panel, commitment.digest(&genesis)));
    }
    for (place, seat) in view.guards.iter().enumerate() {
        let by = signed(operator(seat.guard));
        assert_ok!(Panels::reveal(by, panel, opinion(place), SALT));
    }
}

/// Has guards say that of a delta as soon as they may, and waits until it is heard.
pub(crate) fn judge(id: DeltaId, says: impl Fn(&Brief) -> Opinion) {
    await_draw(id);
    let panel = panel_of(id);
    say(panel, |_, brief| says(brief));
    while Panels::due(panel).is_some() {
        run(1);
    }
    run(2);
}

pub(crate) fn keep(id: DeltaId) {
    Learning::kept(id);
    run(2);
}

/// Has a delta judged, kept and laid.
pub(crate) fn lay(id: DeltaId) {
    judge(id, better);
    assert_eq!(stage(id), (Stage::Keeping, None));
    keep(id);
    assert_eq!(stage(id), (Stage::Laid, Some(Reason::Accepted)));
}

/// So many deltas are laid on a component, one on the other.
pub(crate) fn tower(name: &[u8], first: u8, count: u8) -> Vec<DeltaId> {
    (first..first + count)
        .map(|artifact| {
            let id = hand_in(&[header(CAROL, name, artifact)])[0];
            lay(id);
            id
        })
        .collect()
}
