//! Networks of real nodes, in one binary: each links the whole runtime.

mod bad_input;
mod bad_job;
mod crash;
mod dev;
mod equivocation;
mod finality;
mod market;
mod polkadotjs;
mod sdk;
mod sleep;
mod upgrade;
mod worker;
