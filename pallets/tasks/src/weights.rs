//! Weights, counted in reads and writes until they are measured.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

pub trait WeightInfo {
    fn submit() -> Weight;
    fn cancel() -> Weight;
    fn post_key() -> Weight;
    fn reject_key() -> Weight;
    fn commit() -> Weight;
    fn reveal() -> Weight;
    fn acknowledge() -> Weight;
    fn poke() -> Weight;
    fn serve() -> Weight;
    fn look_at() -> Weight;
    fn find_workers() -> Weight;
}

pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn submit() -> Weight {
        T::DbWeight::get().reads_writes(10, 10)
    }
    fn cancel() -> Weight {
        T::DbWeight::get().reads_writes(10, 10)
    }
    fn post_key() -> Weight {
        T::DbWeight::get().reads_writes(6, 5)
    }
    fn reject_key() -> Weight {
        T::DbWeight::get().reads_writes(20, 20)
    }
    fn commit() -> Weight {
        T::DbWeight::get().reads_writes(6, 4)
    }
    fn reveal() -> Weight {
        T::DbWeight::get().reads_writes(60, 50)
    }
    fn acknowledge() -> Weight {
        T::DbWeight::get().reads_writes(3, 1)
    }
    fn poke() -> Weight {
        Self::look_at()
    }
    fn serve() -> Weight {
        T::DbWeight::get().reads_writes(4, 1)
    }
    fn look_at() -> Weight {
        T::DbWeight::get().reads_writes(100, 80)
    }
    fn find_workers() -> Weight {
        T::DbWeight::get().reads_writes(130, 40)
    }
}

impl WeightInfo for () {
    fn submit() -> Weight {
        ParityDbWeight::get().reads_writes(10, 10)
    }
    fn cancel() -> Weight {
        ParityDbWeight::get().reads_writes(10, 10)
    }
    fn post_key() -> Weight {
        ParityDbWeight::get().reads_writes(6, 5)
    }
    fn reject_key() -> Weight {
        ParityDbWeight::get().reads_writes(20, 20)
    }
    fn commit() -> Weight {
        ParityDbWeight::get().reads_writes(6, 4)
    }
    fn reveal() -> Weight {
        ParityDbWeight::get().reads_writes(60, 50)
    }
    fn acknowledge() -> Weight {
        ParityDbWeight::get().reads_writes(3, 1)
    }
    fn poke() -> Weight {
        Self::look_at()
    }
    fn serve() -> Weight {
        ParityDbWeight::get().reads_writes(4, 1)
    }
    fn look_at() -> Weight {
        ParityDbWeight::get().reads_writes(100, 80)
    }
    fn find_workers() -> Weight {
        ParityDbWeight::get().reads_writes(130, 40)
    }
}
