//! Where the ends of sessions are heard of.

use crate::{Config, Pallet};
use alloc::vec::Vec;
use core::marker::PhantomData;
use pallet_session::SessionManager;
use sp_staking::SessionIndex;

/// Manages sessions as `Inner` does, and rewards work at the end of each: before `Inner` hears of
/// it, since for staking an era may end there.
pub struct FlushAtEnd<T, Inner>(PhantomData<(T, Inner)>);

impl<T: Config, Id, Inner: SessionManager<Id>> SessionManager<Id> for FlushAtEnd<T, Inner> {
    fn new_session(index: SessionIndex) -> Option<Vec<Id>> {
        Inner::new_session(index)
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<Id>> {
        Inner::new_session_genesis(index)
    }

    fn start_session(index: SessionIndex) {
        Inner::start_session(index);
    }

    fn end_session(index: SessionIndex) {
        Pallet::<T>::flush();
        Inner::end_session(index);
    }
}
