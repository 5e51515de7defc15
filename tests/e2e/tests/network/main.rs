//! Networks of real nodes, in one binary: each links the whole runtime.

mod audit_crash;
mod bad_input;
mod bad_job;
mod calls;
mod cli;
mod command;
mod crash;
mod deaths;
mod dev;
mod dishonest;
mod equivocation;
mod finality;
mod hundred;
mod kinds;
mod market;
mod polkadotjs;
mod sdk;
mod sealed;
mod sealed_audit;
mod sleep;
mod store;
mod tolerance;
mod upgrade;
mod work;
mod worker;
mod worker_crash;
