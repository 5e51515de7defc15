//! The calls of whoever makes models, betters them, judges, keeps, sponsors and seals sets.

use cairn_protocol::{
    chunk::Proof,
    dag::{Component, Header},
    id::{Amount, BlockId, ContentId, DeltaId, Digest, File, PanelId, ProviderId},
    learning::{
        evaluation::Opinion,
        model::{Access, ModelCard},
        source::{Purpose, Source},
    },
    share::Ppm,
};
use subxt::{tx::StaticPayload, utils::Static};

use crate::{
    chain::{
        self,
        curation::calls as curation,
        custody::calls as custody,
        experts::calls as experts,
        learning::calls as learning,
        panels::calls as panels,
        rewards::calls as rewards,
        runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, cairn_protocol::dag as known,
        },
    },
    config::AccountId32,
};

/// Registers a model for the author that its header names.
pub fn create_model(
    header: Header<AccountId32>,
    card: ModelCard,
) -> StaticPayload<experts::CreateModel> {
    chain::tx().experts().create_model(block(header), Static(card))
}

/// Publishes an expert or a router of a model, for the first time or anew.
pub fn publish(header: Header<AccountId32>) -> StaticPayload<experts::Publish> {
    chain::tx().experts().publish(block(header))
}

/// Registers a set of examples for a model.
pub fn register_data(
    header: Header<AccountId32>,
    source: Source,
    purpose: Purpose,
) -> StaticPayload<experts::RegisterData> {
    chain::tx().experts().register_data(block(header), Static(source), Static(purpose))
}

/// Has the deltas of a model judged on this set.
pub fn choose_validation(
    model: BlockId,
    data: BlockId,
) -> StaticPayload<experts::ChooseValidation> {
    chain::tx().experts().choose_validation(Static(model), Static(data))
}

/// Says who may use a model, and for how much.
pub fn set_access(model: BlockId, access: Access) -> StaticPayload<experts::SetAccess> {
    chain::tx().experts().set_access(Static(model), Static(access))
}

pub fn license(model: BlockId, who: &AccountId32) -> StaticPayload<experts::License> {
    chain::tx().experts().license(Static(model), *who)
}

pub fn revoke_licence(model: BlockId, who: &AccountId32) -> StaticPayload<experts::RevokeLicence> {
    chain::tx().experts().revoke_licence(Static(model), *who)
}

/// Says that a provider serves these components, for a while.
pub fn serve(
    provider: ProviderId,
    model: BlockId,
    components: &[Component],
) -> StaticPayload<experts::Serve> {
    let components = BoundedVec(components.iter().map(name).collect());
    chain::tx().experts().serve(Static(provider), Static(model), components)
}

pub fn stop_serving(provider: ProviderId, model: BlockId) -> StaticPayload<experts::StopServing> {
    chain::tx().experts().stop_serving(Static(provider), Static(model))
}

/// Commits to a delta, by the digest of a [`cairn_protocol::preimage::DeltaCommitment`].
pub fn commit_delta(
    model: BlockId,
    component: &Component,
    digest: Digest,
) -> StaticPayload<learning::CommitDelta> {
    chain::tx().learning().commit_delta(Static(model), name(component), digest)
}

/// Takes a commitment back that has expired.
pub fn withdraw_commit(digest: Digest) -> StaticPayload<learning::WithdrawCommit> {
    chain::tx().learning().withdraw_commit(digest)
}

/// Takes off another's commitment that has expired. The deposit goes back to its author.
pub fn forget_commit(
    author: &AccountId32,
    digest: Digest,
) -> StaticPayload<learning::ForgetCommit> {
    chain::tx().learning().forget_commit(*author, digest)
}

/// Hands in a delta that was committed to.
pub fn submit_delta(
    header: Header<AccountId32>,
    salt: Digest,
) -> StaticPayload<learning::SubmitDelta> {
    chain::tx().learning().submit_delta(block(header), salt)
}

/// Takes a delta off, and all that was laid on it. For governance.
pub fn invalidate(delta: DeltaId) -> StaticPayload<learning::Invalidate> {
    chain::tx().learning().invalidate(Static(delta))
}

/// Commits to an opinion, by the digest of a [`cairn_protocol::preimage::OpinionCommitment`].
pub fn commit_opinion(panel: PanelId, commitment: Digest) -> StaticPayload<panels::Commit> {
    chain::tx().panels().commit(Static(panel), commitment)
}

pub fn reveal_opinion(
    panel: PanelId,
    opinion: Opinion,
    salt: Digest,
) -> StaticPayload<panels::Reveal> {
    chain::tx().panels().reveal(Static(panel), Static(opinion), salt)
}

/// Gives the word of a provider that it holds what a component becomes.
pub fn attest(delta: DeltaId) -> StaticPayload<custody::Attest> {
    chain::tx().custody().attest(Static(delta))
}

/// Shows the chunks of a kept file that are asked for, in ascending order.
pub fn show_chunks(delta: DeltaId, proofs: Vec<Proof>) -> StaticPayload<custody::Show> {
    let proofs = BoundedVec(proofs.into_iter().map(Static).collect());
    chain::tx().custody().show(Static(delta), proofs)
}

/// Puts so much aside for what a model gains.
pub fn sponsor(model: BlockId, amount: Amount) -> StaticPayload<rewards::Sponsor> {
    chain::tx().rewards().sponsor(Static(model), amount)
}

/// Takes back what is left of it: first with notice, and then, when that is over, for good.
pub fn withdraw_sponsorship(model: BlockId) -> StaticPayload<rewards::WithdrawSponsorship> {
    chain::tx().rewards().withdraw_sponsorship(Static(model))
}

/// Has the grant of a period paid to the provider's owner.
pub fn claim(period: u32, provider: ProviderId) -> StaticPayload<rewards::Claim> {
    chain::tx().rewards().claim(period, Static(provider))
}

/// Lets a model draw on the budgets, up to this share. For governance.
pub fn admit(model: BlockId, cap: Ppm) -> StaticPayload<rewards::Admit> {
    chain::tx().rewards().admit(Static(model), cap)
}

/// The same of a set of examples. For governance.
pub fn admit_data(data: BlockId, cap: Ppm) -> StaticPayload<rewards::AdmitData> {
    chain::tx().rewards().admit_data(Static(data), cap)
}

/// Lets a model or a set of examples draw on the budgets no more. For governance.
pub fn expel(block: BlockId) -> StaticPayload<rewards::Expel> {
    chain::tx().rewards().expel(Static(block))
}

/// Puts the bond of a curator aside, or fills it up.
pub fn register_curator() -> StaticPayload<curation::Register> {
    chain::tx().curation().register()
}

/// Takes the bond of a curator back.
pub fn leave_curation() -> StaticPayload<curation::Leave> {
    chain::tx().curation().leave()
}

/// Seals a set for a later period. The commitment is the digest of a
/// [`cairn_protocol::preimage::SetCommitment`].
pub fn commit_set(
    model: BlockId,
    period: u32,
    commitment: Digest,
    encrypted: File,
    record_bytes: u32,
    count: u64,
) -> StaticPayload<curation::CommitSet> {
    let (model, encrypted) = (Static(model), Static(encrypted));
    chain::tx().curation().commit_set(model, period, commitment, encrypted, record_bytes, count)
}

/// Opens a set after its period: `root` is the BLAKE3 of its plain records.
pub fn reveal_set(
    model: BlockId,
    period: u32,
    root: ContentId,
    key: [u8; 32],
    salt: Digest,
) -> StaticPayload<curation::RevealSet> {
    chain::tx().curation().reveal_set(Static(model), period, Static(root), key, salt)
}

fn name(component: &Component) -> BoundedVec<u8> {
    BoundedVec(component.to_vec())
}

/// A header, as the chain is given it.
fn block(header: Header<AccountId32>) -> known::Header<AccountId32> {
    known::Header {
        version: header.version,
        kind: Static(header.kind),
        model: header.model.map(Static),
        component: BoundedVec(header.component.into_inner()),
        release: Static(header.release),
        parents: BoundedVec(header.parents.into_iter().map(Static).collect()),
        artifact: Static(header.artifact),
        author: header.author,
        gain: header.gain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::dag::{BlockKind, SemVer};
    use codec::{DecodeAll, Encode};
    use subxt::tx::Payload;

    use crate::stub::World;

    /// What the runtime reads after the numbers of pallet and call.
    async fn arguments(call: &impl Payload) -> Vec<u8> {
        let chain = World::new(&["a"]).connect().await.unwrap();
        let at = chain.at_finalized().await.unwrap();
        at.tx().validate(call).unwrap();
        at.tx().call_data(call).unwrap().split_off(2)
    }

    fn header() -> Header<AccountId32> {
        let file = File { id: ContentId([5; 32]), bytes: 900 };
        let component = Component::try_from(b"layers.0".to_vec()).unwrap();
        let release = SemVer { major: 1, minor: 2, patch: 3 };
        let (model, parent) = (BlockId([1; 32]), BlockId([2; 32]));
        Header::delta(model, component, parent, file, release, AccountId32([9; 32]), 77)
    }

    #[tokio::test]
    async fn headers_should_reach_the_chain_as_they_were_written() {
        for kind in [BlockKind::Expert, BlockKind::Router, BlockKind::Data, BlockKind::Delta] {
            let header = Header { kind, ..header() };
            let bytes = arguments(&submit_delta(header.clone(), [7; 32])).await;
            assert_eq!(bytes, (header.clone(), [7u8; 32]).encode());
            let read = <(Header<AccountId32>, Digest)>::decode_all(&mut bytes.as_slice()).unwrap();
            assert_eq!(read.0.id(), header.id());
        }
    }

    #[tokio::test]
    async fn names_should_reach_the_chain_as_they_were_written() {
        let component = header().component;
        let call = commit_delta(BlockId([1; 32]), &component, [7; 32]);
        assert_eq!(arguments(&call).await, (BlockId([1; 32]), &component, [7u8; 32]).encode());
        let call = serve(ProviderId(4), BlockId([1; 32]), std::slice::from_ref(&component));
        assert_eq!(arguments(&call).await, (4u64, BlockId([1; 32]), vec![component]).encode());
    }

    #[tokio::test]
    async fn commitments_should_reach_the_chain_with_their_author_when_it_is_another() {
        let author = AccountId32([9; 32]);
        let call = forget_commit(&author, [7; 32]);
        assert_eq!(arguments(&call).await, (author, [7u8; 32]).encode());
    }

    #[tokio::test]
    async fn opinions_should_reach_the_chain_as_they_are() {
        let opinion = Opinion::Unavailable(ContentId([3; 32]));
        let call = reveal_opinion(PanelId(6), opinion, [8; 32]);
        assert_eq!(arguments(&call).await, (6u64, opinion, [8u8; 32]).encode());
    }
}
