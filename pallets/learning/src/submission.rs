//! Deltas are handed in, and somebody asked to judge them.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    dag::{BlockKind, Flaw, Header},
    id::{ContentId, DeltaId, Digest, PanelId},
    learning::panel::Case,
    preimage::{DeltaCommitment, Statement},
};
use cairn_seams::{Authors, Clock, Lineage, Panels, Purse, Registry, Sealing};
use frame_support::{
    dispatch::DispatchResult, ensure, pallet_prelude::Get, traits::DefensiveSaturating,
};
use sp_runtime::DispatchError;

/// Why a header is none of a delta, in the pallet's words.
impl<T> From<Flaw> for Error<T> {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Version { .. } => Self::UnknownVersion,
            Flaw::OfNoModel | Flaw::OfNoComponent => Self::OfNothing,
            Flaw::NotOnOne(_) => Self::NotOnOne,
            Flaw::NoArtifact => Self::NoArtifact,
            Flaw::ClaimsNoGain => Self::ClaimsNoGain,
            Flaw::NotAMeta(_)
            | Flaw::OfAModel(_)
            | Flaw::OfAComponent
            | Flaw::HasParents(_)
            | Flaw::ClaimsGain(_)
            | Flaw::NotOnItsModel(_) => Self::NotADelta,
        }
    }
}

impl<T: Config> Authors<T::AccountId> for Pallet<T> {
    fn is_pending(who: &T::AccountId) -> bool {
        Pending::<T>::get(who) > 0
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_submit_delta(
        author: T::AccountId,
        header: Header<T::AccountId>,
        salt: Digest,
    ) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let place = Self::check_header(&author, &header)?;
        Self::open_commitment(&author, &place, header.artifact.id, salt)?;
        Self::check_place(&author, &place)?;
        T::Lineage::check(&header)?;
        Self::check_artifact(&author, &place, &header.artifact.id)?;

        let id = Submitted::<T>::mutate(|count| {
            let id = DeltaId(*count);
            *count = count.defensive_saturating_add(1);
            id
        });
        let terms = T::Rules::get().terms;
        let stakes = Stakes {
            bond: terms.bond.of(header.artifact.bytes),
            deposit: terms.deposit.of(header.artifact.bytes).saturating_add(terms.mark),
            block: T::Lineage::deposit(&header),
        };
        Self::hold_stakes(&author, &stakes)?;
        let queued = Queues::<T>::try_mutate(&place, |queue| queue.try_push(id));
        queued.map_err(|_| Error::<T>::QueueFull)?;
        Artifacts::<T>::insert(&place, header.artifact.id, Taken::Pending(id));
        Pending::<T>::mutate(&author, |count| *count = count.saturating_add(1));
        DeltasOf::<T>::insert(&author, id, ());

        let now = T::Clock::now();
        let mut delta = Delta {
            header,
            submitted: now,
            stage: Stage::Queued,
            reason: None,
            due: now,
            next: now,
            panel: None,
            trial: None,
            again: false,
            word: None,
            kept: None,
            stakes,
            gain: 0,
            reward: 0,
            waits: false,
            root: None,
            above: None,
        };
        let panel = Self::ask_for_panel(id, &mut delta)?;
        Deltas::<T>::insert(id, delta);
        Self::deposit_event(Event::DeltaSubmitted { delta: id, author, place, panel });
        Ok(())
    }

    fn check_header(
        author: &T::AccountId,
        header: &Header<T::AccountId>,
    ) -> Result<Place, Error<T>> {
        ensure!(header.kind == BlockKind::Delta, Error::<T>::NotADelta);
        header.check()?;
        ensure!(header.author == *author, Error::<T>::NotTheAuthor);
        let most = T::Rules::get().terms.most_bytes;
        ensure!(header.artifact.bytes <= most, Error::<T>::TooLarge);
        let model = header.model.ok_or(Error::<T>::OfNothing)?;
        Ok(Place { model, component: header.component.clone() })
    }

    /// Uses up the commitment to an artifact, if it is as old as it has to be and no older.
    fn open_commitment(
        author: &T::AccountId,
        place: &Place,
        artifact: ContentId,
        salt: Digest,
    ) -> Result<(), Error<T>> {
        let statement = DeltaCommitment { author: author.clone(), artifact, salt };
        let digest = statement.digest(&Self::genesis());
        let commitment = Commitments::<T>::get(author, digest).ok_or(Error::<T>::NotCommitted)?;
        ensure!(commitment.place == *place, Error::<T>::CommittedElsewhere);
        let (now, terms) = (T::Clock::now(), T::Rules::get().terms);
        let first = commitment.made.saturating_add(terms.delay);
        ensure!(now >= first, Error::<T>::CommittedTooLate);
        ensure!(now <= Self::counts_until(&commitment), Error::<T>::CommitmentExpired);
        Self::spend(author, digest, &commitment);
        Ok(())
    }

    /// Whether deltas of an author may be judged there now.
    fn check_place(author: &T::AccountId, place: &Place) -> Result<(), Error<T>> {
        let Place { model, component } = place;
        ensure!(T::Lineage::head(model, component).is_some(), Error::<T>::UnknownComponent);
        ensure!(!Self::is_being_rolled_back(place), Error::<T>::BeingRolledBack);
        let data = T::Lineage::validation(model).ok_or(Error::<T>::NoValidationSet)?;
        let set = T::Lineage::data(&data).ok_or(Error::<T>::NoValidationSet)?;
        ensure!(T::Purse::pays_for(model, &data), Error::<T>::NobodyPays);
        ensure!(!T::Sealing::barred(model, author), Error::<T>::Barred);
        let party = T::Registry::kin(T::Registry::names(author));
        let pending = party.iter().map(Pending::<T>::get).fold(0u32, u32::saturating_add);
        ensure!(pending < T::Rules::get().pending, Error::<T>::TooManyPending);
        let parts = T::Lineage::parts(model);
        Self::check_burden(&parts, &set.source).map_err(|_| Error::<T>::TooMuchToJudge)
    }

    fn check_artifact(
        author: &T::AccountId,
        place: &Place,
        artifact: &ContentId,
    ) -> Result<(), Error<T>> {
        match Artifacts::<T>::get(place, artifact) {
            Some(Taken::Pending(_)) => return Err(Error::<T>::PendingAlready),
            Some(Taken::Laid(_)) => return Err(Error::<T>::LaidAlready),
            Some(Taken::Reserved { delta, until }) if T::Clock::now() <= until => {
                let first = Deltas::<T>::get(delta).map(|delta| delta.header.author);
                ensure!(first.is_none_or(|first| first == *author), Error::<T>::KeptForItsAuthor);
            }
            Some(Taken::Reserved { .. }) | None => {}
        }
        ensure!(!Self::was_tried(place, artifact), Error::<T>::TriedAlready);
        Ok(())
    }

    /// Whether an artifact was judged against the component as it is, and did not pass.
    pub(crate) fn was_tried(place: &Place, artifact: &ContentId) -> bool {
        let head = T::Lineage::head(&place.model, &place.component);
        head.is_some_and(|head| Tried::<T>::contains_key(head.block, artifact))
    }

    /// Has guards drawn for a delta that waits for some.
    pub(crate) fn ask_for_panel(
        id: DeltaId,
        delta: &mut DeltaOf<T>,
    ) -> Result<PanelId, DispatchError> {
        let model = delta.header.model.ok_or(Error::<T>::OfNothing)?;
        ensure!(T::Purse::set_aside_for_judging(id, &model), Error::<T>::NobodyPays);
        let barred = T::Registry::names(&delta.header.author);
        let panel = T::Panels::open(Case::Delta(id), barred)?;
        delta.panel = Some(panel);
        Self::turn(delta, Turn::Opened);
        let due = T::Panels::due(panel).unwrap_or_else(T::Clock::now);
        Self::schedule_due(id, delta, due);
        Ok(panel)
    }
}
