mod admit;
mod admit_data;
mod claim;
mod difficulty;
mod easy;
mod economics;
mod expel;
mod invariants;
mod issuance;
mod judging;
mod mends;
pub(crate) mod mock;
mod page;
mod pay_guards;
mod periods;
mod published;
// Not all of it is asked for here.
#[allow(dead_code)]
#[path = "../../../../protocol/tests/shared/rate.rs"]
mod rate;
mod release;
mod reserve;
mod rules;
mod self_dealing;
mod sponsor;
mod try_state;
mod views;
mod withdraw_sponsorship;

use crate::types::Rules;
