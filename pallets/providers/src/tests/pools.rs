//! Pools against a plain model of them.

use super::mock::*;
use crate::{Call, Pallet, PoolSizes, Pools};
use cairn_protocol::{
    id::ProviderId,
    job::JobKind,
    profile::{Availability, DeviceClass},
};
use cairn_seams::Lane;
use frame_support::assert_ok;
use proptest::prelude::*;

const INFER: Lane = Lane::Jobs(JobKind::Infer);
const PROVIDERS: u64 = 8;

/// What throughput puts a provider that declares an accelerator into each class.
const MEASURED: [u64; 5] = [0, 10, 100, 1_000, 10_000];

#[derive(Clone, Debug)]
enum Step {
    Enter(u64),
    Exit(u64),
    Reclass(u64, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..PROVIDERS).prop_map(Step::Enter),
        (0..PROVIDERS).prop_map(Step::Exit),
        (0..PROVIDERS, 0..5usize).prop_map(|(who, class)| Step::Reclass(who, class)),
    ]
}

/// Pools as vectors.
struct Model {
    pools: [Vec<u64>; 5],
    class: [usize; PROVIDERS as usize],
}

impl Model {
    fn enter(&mut self, who: u64) {
        let pool = &mut self.pools[self.class[who as usize]];
        if !pool.contains(&who) {
            pool.push(who);
        }
    }

    fn exit(&mut self, who: u64) -> bool {
        let pool = &mut self.pools[self.class[who as usize]];
        let at = pool.iter().position(|other| *other == who);
        at.map(|at| pool.swap_remove(at)).is_some()
    }

    fn reclass(&mut self, who: u64, class: usize) {
        if self.class[who as usize] == class {
            return;
        }
        let was_in = self.exit(who);
        self.class[who as usize] = class;
        if was_in {
            self.enter(who);
        }
    }
}

fn pools() -> [Vec<u64>; 5] {
    let sizes = PoolSizes::<Test>::get(INFER);
    DeviceClass::ALL.map(|class| {
        (0..sizes.of(class)).map(|at| Pools::<Test>::get((INFER, class, at)).unwrap().0).collect()
    })
}

fn set(who: u64, availability: Availability) {
    let provider = ProviderId(who);
    assert_ok!(act(operator_of(provider), Call::set_availability { provider, availability }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn pools_should_be_like_vectors_with_swap_remove(
        steps in prop::collection::vec(step(), 1..80),
    ) {
        new_test_ext().execute_with(|| {
            let mut model = Model { pools: Default::default(), class: [4; PROVIDERS as usize] };
            for who in 0..PROVIDERS {
                let mut what = profile(who);
                what.hardware.class = DeviceClass::Accelerator;
                let role = [cairn_protocol::profile::Role::Compute];
                let owner = 1 + who;
                let provider = ProviderId(who);
                assert_ok!(register(owner, operator_of(provider), what, &role, 100));
                assert_ok!(beat(provider));
                model.enter(who);
            }
            for step in steps {
                match step {
                    Step::Enter(who) => {
                        set(who, Availability::Available);
                        model.enter(who);
                    }
                    Step::Exit(who) => {
                        set(who, Availability::Paused);
                        model.exit(who);
                    }
                    Step::Reclass(who, class) => {
                        Pallet::<Test>::note_throughput(ProviderId(who), MEASURED[class]);
                        model.reclass(who, class);
                    }
                }
                assert_eq!(pools(), model.pools);
                assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
            }
        });
    }
}
