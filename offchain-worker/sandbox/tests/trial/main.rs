//! For the tests: a small worker, and a job that tries to get out.

mod escapes;
mod plan;
mod stream;

use cairn_sandbox::{child, End, Error, Groups, Means, Request, Sandbox};
use plan::{Plan, Report};
use std::{env, thread};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().collect();
    match &words[..] {
        [_, role, plan] if role == "worker" => work(&serde_json::from_str(plan)?),
        _ => serve(),
    }
}

/// A job as a worker starts it.
fn serve() -> Result<(), Failure> {
    let mut worker = child::enter()?;
    let order = worker.order()?.unwrap_or_default();
    let order = String::from_utf8(order)?;
    if let Some(manner) = order.strip_prefix("stream ") {
        return Ok(stream::talk(&mut worker, manner)?);
    }
    let answer = escapes::attempt(&order);
    Ok(worker.answer(answer.as_bytes())?)
}

/// Runs the order, and an honest job beside it.
fn work(plan: &Plan) -> Result<(), Failure> {
    let mut means = Means::detect();
    if !plan.groups {
        means.groups = Groups::None;
    }
    let sandbox = Sandbox::new(means, &plan.scratch)?.with_gpu();
    let request = Request {
        binary: env::current_exe()?,
        profile: plan.profile,
        limits: plan.limits.clone(),
        read: plan.read.clone(),
    };
    let report = thread::scope(|scope| {
        let neighbour = scope.spawn(|| run(&sandbox, &request, "neighbour"));
        let end = run(&sandbox, &request, &plan.order)?;
        let neighbour = neighbour.join().map_err(|_| "the neighbour's thread panicked")??;
        Ok::<_, Failure>(Report { end, neighbour })
    })?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn run(sandbox: &Sandbox, request: &Request, order: &str) -> Result<End, Error> {
    let mut job = sandbox.start(request)?;
    println!("{order}: {}", job.id());
    Ok(job.run(order.into()).end)
}
