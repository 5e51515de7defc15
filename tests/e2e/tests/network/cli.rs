//! The commands about accounts, files, providers, tasks and votes, on one network: what each says in
//! JSON, what it ends with, and that whatever goes wrong comes with what to do about it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use cairn_e2e::{
    cairn,
    market::{deliver, enlist},
    run_program, said, Failure, Test, TestNet, User, FIRST_BLOCKS, PATIENCE,
};
use cairn_localnet::{programs, Client};
use cairn_order::engines;
use cairn_protocol::{
    profile::Role,
    result::{Answer, Output},
};
use cairn_runtime::{units::UNITS, RuntimeCall};
use codec::Encode;
use serde_json::{json, Value};

use crate::command::{self, hex};

const REQUESTER: &str = "Dave";
const OWNER: &str = "Bob";
const VOTER: &str = "Alice";
/// They do the work.
const WORKERS: [&str; 3] = ["Charlie", "Eve", "Ferdie"];
/// The number of the provider that the owner registers.
const PROVIDER: &str = "3";

#[tokio::test(flavor = "multi_thread")]
async fn commands_should_say_what_came_of_them_and_what_to_do_when_nothing_did() -> Test {
    let net = TestNet::start(1).await?;
    let front = net.client(0).await?;
    front.wait_finalized(3, FIRST_BLOCKS).await?;
    let workers = enlist(&front, &WORKERS, &[Role::Compute], 200 * UNITS).await?;

    // Votes are nobody else's concern.
    let voter = User::new(&net, VOTER);
    let voting = thread::spawn(move || governance(&voter));
    // Its workers are drawn while the others run.
    let module = submit(&net)?;
    accounts(&net)?;
    files(&net)?;
    providers(&net)?;
    completions(&net)?;
    nobody_does_it(&net)?;
    done(&net, &front, &workers).await?;
    voting.join().map_err(|_| Failure::new("votes were given up by this test"))??;
    refusals(&net, &module)?;
    links(&net)?;
    left(&net)?;
    net.passed()
}

/// A command in the requester's name, which succeeds.
fn ask(net: &TestNet, arguments: &[&str]) -> Result<Value, Failure> {
    Ok(cairn(net, REQUESTER, arguments)?.ended(0).json)
}

/// The same in the name of whoever has the provider.
fn own(net: &TestNet, arguments: &[&str]) -> Result<Value, Failure> {
    Ok(cairn(net, OWNER, arguments)?.ended(0).json)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The arguments of one line, where none has a space.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn archive(net: &TestNet) -> String {
    text(&net.scratch().join("archive"))
}

/// A task that the workers can be drawn for, and the file of its module.
fn submit(net: &TestNet) -> Result<PathBuf, Failure> {
    let (module, archive) = (net.scratch().join("module.wasm"), archive(net));
    fs::write(&module, b"\0asm")?;
    let path = text(&module);
    let job = ["wasm", "--module", &path, "--export", "run", "--archive", &archive];
    let terms = words("--reward 3 --redundancy 3 --match-within 300 --work-blocks 240");
    let quoted = ask(net, &[&["quote"][..], &job, &terms].concat())?;
    let dry = ask(net, &[&["submit", "--dry-run"][..], &job, &terms].concat())?;
    assert!(quoted["price"].is_string() && quoted["fit"] == 3, "{quoted}");
    assert_eq!(quoted["price"], dry["price"]);
    let submitted = ask(net, &[&["submit"][..], &job, &terms].concat())?;
    assert_eq!(submitted["task"], 0, "{submitted}");
    Ok(module)
}

fn accounts(net: &TestNet) -> Test {
    let free = |who: &str| {
        Ok::<_, Failure>(cairn(net, REQUESTER, &["balance", who])?.ended(0).amount("free"))
    };
    let before = free("//Bob")?;
    let paid = ask(net, &["transfer", "//Bob", "1.5"])?;
    assert!(paid["block"].is_u64() && paid["amount"] == "1500000000000", "{paid}");
    assert_eq!(free("//Bob")?, before + 3 * UNITS / 2);
    let (address, balance) = (ask(net, &["keys", "address"])?, ask(net, &["balance"])?);
    assert_eq!(address["account"], balance["account"]);

    let [made, kept] = ["made.key", "kept.key"].map(|name| text(&net.scratch().join(name)));
    let (exit, new) = secretly(&["keys", "new", &made])?;
    assert_eq!((exit, new["phrase"].as_str().map(|said| words(said).len())), (Some(0), Some(12)));
    let (exit, opened) = secretly(&["keys", "address", "--key-file", &made])?;
    assert_eq!((exit, &opened["account"]), (Some(0), &new["account"]));
    let (exit, imported) = secretly(&["keys", "import", &kept, "--key", "//Dave"])?;
    assert_eq!((exit, &imported["account"]), (Some(0), &address["account"]));
    // What is there is not written over.
    let (exit, again) = secretly(&["keys", "new", &made])?;
    assert!(exit == Some(2) && again["error"].to_string().contains("made.key"), "{again}");
    Ok(())
}

/// What a command says and ends with that knows the passphrase of files of keys.
fn secretly(arguments: &[&str]) -> Result<(Option<i32>, Value), Failure> {
    let mut program = Command::new(programs::find("cairn")?);
    program.args(arguments).arg("--json").env("CAIRN_PASSPHRASE", "three short words");
    let output = program.output()?;
    Ok((output.status.code(), serde_json::from_slice(&output.stdout)?))
}

fn files(net: &TestNet) -> Test {
    let [file, back] = ["file", "back"].map(|name| text(&net.scratch().join(name)));
    let archive = archive(net);
    fs::write(&file, "some bytes")?;
    let put = ask(net, &["artifact", "put", &file, "--archive", &archive])?;
    assert_eq!((&put, put["bytes"].as_u64()), (&ask(net, &["artifact", "id", &file])?, Some(10)));
    let id = put["id"].as_str().unwrap_or_default();
    ask(net, &["artifact", "get", id, "--archive", &archive, "--out", &back])?;
    assert_eq!(fs::read_to_string(&back)?, "some bytes");
    Ok(())
}

/// A machine is looked at, registered, and held to what was registered.
fn providers(net: &TestNet) -> Test {
    let data = text(&net.scratch().join("bob"));
    let key = format!("//{OWNER}");
    let made = said("cairn-worker", &["init", "--data", &data, "--key", &key, "--json"])?.ended(0);
    let profile = made.json["profile"].as_str().unwrap_or_default();
    let machine: Value = serde_json::from_str(&fs::read_to_string(profile)?)?;
    let line = ["register", "--profile", profile, "--price", "wasm=0.000001", "--bond", "200"];
    let registered = own(net, &line)?;
    assert_eq!(registered["provider"].to_string(), PROVIDER, "{registered}");

    own(net, &["bond", PROVIDER, "10"])?;
    let unbonding = own(net, &["unbond", PROVIDER, "5"])?;
    assert!(unbonding["withdrawable_at"].is_u64(), "{unbonding}");
    let early = cairn(net, OWNER, &["withdraw", PROVIDER])?.ended(3);
    let words = early.json["error"].as_str().unwrap_or_default();
    assert!(words.contains("Providers::StillUnbonding"), "{words}");
    let shown = ask(net, &["providers", PROVIDER])?;
    assert_eq!((&shown["class"], &shown["sealable"]), (&json!("cpu"), &json!(true)), "{shown}");
    assert_eq!(shown["memory_mib"], machine["memoryMib"]);
    assert_eq!(shown["bond"], (205 * UNITS).to_string());

    // More is promised than the worker does, until less is.
    own(net, &["update", PROVIDER, "--slots", "5", "--price", "wasm=0.000002"])?;
    let shown = ask(net, &["providers", PROVIDER])?;
    assert_eq!((&shown["slots"], &shown["offers"]["wasm"]), (&json!(5), &json!("2000000")));
    assert_eq!(shown["memory_mib"], machine["memoryMib"]);
    let wrong = preflight(net, &data)?;
    assert!(wrong.len() == 1 && wrong[0].contains("5 jobs at once"), "{wrong:?}");
    own(net, &["update", PROVIDER, "--profile", profile])?;
    assert_eq!(preflight(net, &data)?, Vec::<String>::new());
    let roles = own(net, &["roles", PROVIDER, "router"])?;
    assert_eq!(roles["roles"], json!(["router"]), "{roles}");
    let wrong = preflight(net, &data)?;
    assert!(wrong.len() == 1 && wrong[0].contains("cairn roles 3 compute"), "{wrong:?}");
    own(net, &["roles", PROVIDER, "compute,router"])?;
    assert_eq!(preflight(net, &data)?, Vec::<String>::new());
    let paused = own(net, &["availability", PROVIDER, "paused"])?;
    assert_eq!(paused["availability"], "paused");
    let wrong = preflight(net, &data)?;
    assert!(wrong.len() == 1 && wrong[0].contains("cairn availability 3 available"), "{wrong:?}");

    let count = |arguments: &[&str]| {
        let listed = ask(net, arguments)?;
        Ok::<_, Failure>(listed["providers"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(count(&["providers"])?, 4);
    assert_eq!(count(&["providers", "--most", "2"])?, 2);
    assert_eq!(count(&["providers", "--own"])?, 0);
    assert_eq!(count(&["providers", "--kind", "embed"])?, 0);
    Ok(())
}

/// What a worker of the owner finds wrong, with the mends, apart from a disk that is short.
fn preflight(net: &TestNet, data: &str) -> Result<Vec<String>, Failure> {
    let (url, key) = (net.nodes[0].rpc_url(), format!("//{OWNER}"));
    let line = ["preflight", "--url", &url, "--key", &key, "--data", data];
    let said = said("cairn-worker", &[&line[..], &words("--health 0 --json")].concat())?;
    assert_eq!(said.json["provider"]["id"].to_string(), PROVIDER, "{:#?}", said.outcome);
    let wrong = said.json["wrong"].as_array().cloned().unwrap_or_default();
    assert_eq!(said.exit, Some(i32::from(!wrong.is_empty())), "{:#?}", said.outcome);
    let lines = wrong.iter().map(|one| format!("{}: {}", one["what"], one["mend"]));
    Ok(lines.filter(|line| !line.contains("MiB left")).collect())
}

fn governance(voter: &User) -> Test {
    let ask = |arguments: &[&str]| Ok::<_, Failure>(voter.cairn(arguments)?.ended(0).json);
    let remark = |length| {
        let call = frame_system::Call::remark { remark: vec![7; length] };
        hex(&RuntimeCall::System(call).encode())
    };
    let short = remark(3);
    let proposed = ask(&["governance", "propose", &format!("0x{short}")])?;
    assert_eq!(proposed["referendum"], 0, "{proposed}");
    let long = ask(&["governance", "propose", &remark(200), "--track", "treasurer"])?;
    assert_eq!((&long["referendum"], &long["track"]), (&json!(1), &json!("treasurer")));
    ask(&["governance", "vote", "0", "aye", "100", "--conviction", "2"])?;
    let shown = ask(&["governance", "show", "0"])?;
    assert_eq!((&shown["call"], &shown["track"]), (&json!(format!("0x{short}")), &json!("root")));
    assert_eq!(shown["ayes"], (200 * UNITS).to_string(), "{shown}");
    assert_eq!(shown["support"], (100 * UNITS).to_string(), "{shown}");
    let noted = ask(&["governance", "show", "1"])?;
    // The pallet's and the call's numbers, the length and the bytes themselves.
    assert_eq!(noted["call_bytes"], 204, "{noted}");

    ask(&["governance", "unvote", "0"])?;
    command::refused(voter.cairn(&["governance", "unvote", "0"])?, 3, "ConvictionVoting::NotVoter");
    ask(&["governance", "deposit", "0"])?;
    command::refused(voter.cairn(&["governance", "deposit", "0"])?, 3, "Referenda::HasDeposit");
    let placed = ask(&["governance", "show", "0"])?;
    assert_eq!((&placed["decision_deposit"], &placed["ayes"]), (&json!(true), &json!("0")));
    let listed = ask(&["governance", "list"])?;
    assert_eq!(listed["referenda"].as_array().map(Vec::len), Some(2), "{listed}");
    Ok(())
}

fn completions(net: &TestNet) -> Test {
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let said = ask(net, &["completions", shell])?;
        let script = said["script"].as_str().unwrap_or_default();
        assert!(script.contains("governance"), "{shell}: {said}");
    }
    let script = run_program("cairn", ["completions", "bash"], PATIENCE)?;
    let path = net.scratch().join("cairn.bash");
    fs::write(&path, script.succeeded()?.stdout)?;
    let parsed = Command::new("bash").arg("-n").arg(&path).output()?;
    assert!(parsed.status.success() && parsed.stderr.is_empty(), "{parsed:?}");
    Ok(())
}

/// A task that nobody offers to do: waited for in vain, taken back, and without a result.
fn nobody_does_it(net: &TestNet) -> Test {
    let id = "ab".repeat(32);
    let said = json!({
        "id": id, "bytes": 900, "configuration": id, "tokenizer": null, "judge": id,
        "components": { "trunk": { "id": id, "bytes": 900 } },
    });
    let about = net.scratch().join("model.json");
    fs::write(&about, said.to_string())?;
    let created = ask(net, &["model", "create", "--published", &text(&about)])?;
    let model = created["model"].as_str().unwrap_or_default();
    let job = ["infer", "--model", model, "--prompt", "the red hen"];
    let quoted = ask(net, &[&["quote"][..], &job].concat())?;
    assert!(quoted["wait_blocks"].is_null() && quoted["why"] != "", "{quoted}");
    let embed = ["submit", "embed", "--model", model, "--text", "the red hen", "--dry-run"];
    assert!(ask(net, &embed)?["price"].is_string());

    let waiting = [&["submit"][..], &job, &["--wait", "--timeout", "3"]].concat();
    let waited = cairn(net, REQUESTER, &waiting)?.ended(6);
    assert_eq!(waited.json["task"], 1, "{:#?}", waited.outcome);
    assert_eq!(ask(net, &["cancel", "1"])?["task"], 1);
    let refunded = ask(net, &["status", "1"])?;
    assert_eq!(refunded["stage"], "Refunded");
    assert!(refunded["back"].is_string() && refunded["reward"].is_null(), "{refunded}");
    refused(net, &["result", "1"], 5, "was refunded")
}

/// The first task, done by hand, paid and fetched.
async fn done(net: &TestNet, front: &Client, workers: &[&str]) -> Test {
    let answer = Answer {
        engine: engines::wasm(),
        output: Output::Inline(b"well done".to_vec().try_into().expect("short")),
        fingerprint: None,
        units: 7,
    };
    deliver(front, workers, &[answer.clone(), answer.clone(), answer]).await?;
    let ended = ask(net, &words("status 0 --wait --timeout 240"))?;
    assert_eq!((&ended["stage"], &ended["text"]), (&json!("Settled"), &json!("well done")));
    let task = ask(net, &["task", "0"])?;
    assert_eq!(task["text"], "well done");
    let out = net.scratch().join("result");
    let fetched = ask(net, &["result", "0", "--out", &text(&out)])?;
    assert_eq!((&fetched["units"], &fetched["bytes"]), (&json!(7), &json!(9)));
    assert_eq!(fs::read(&out)?, b"well done");
    let listed = ask(net, &["tasks"])?;
    let first = &listed["tasks"][0];
    assert_eq!(first["kind"], "wasm", "{listed}");
    // Four fifths of what each was offered, and no reward of a task that is over.
    for told in [&task, first] {
        assert_eq!(told["paid_each"], (8 * UNITS / 10).to_string(), "{told}");
        assert!(told["reward"].is_null(), "{told}");
    }
    let chain = ask(net, &["status"])?;
    assert_eq!((&chain["providers"], &chain["tasks"]), (&json!(4), &json!(2)));
    Ok(())
}

/// Two accounts are one party when both say so, until one of them does no longer.
fn links(net: &TestNet) -> Test {
    let owner = format!("//{OWNER}");
    let (other, line) = (format!("//{REQUESTER}"), ["link", &owner]);
    assert_eq!(ask(net, &line)?["linked"], false);
    assert_eq!(own(net, &["link", &other])?["linked"], true);
    refused(net, &line, 3, "Providers::AlreadyDeclared")?;
    own(net, &["unlink", &other])?;
    ask(net, &["unlink", &owner])?;
    assert_eq!(ask(net, &line)?["linked"], false);
    Ok(())
}

/// The provider ends its service, and all that it put up waits. Its key can still be taken from it.
fn left(net: &TestNet) -> Test {
    let left = own(net, &["leave", PROVIDER])?;
    assert!(left["withdrawable_at"].is_u64(), "{left}");
    let shown = ask(net, &["providers", PROVIDER])?;
    assert_eq!((&shown["standing"], &shown["bond"]), (&json!("leaving"), &json!("0")), "{shown}");
    assert_eq!(shown["unbonding"], (210 * UNITS).to_string(), "{shown}");
    own(net, &["rotate-operator", PROVIDER, &format!("//{REQUESTER}")])?;
    let (shown, other) = (ask(net, &["providers", PROVIDER])?, ask(net, &["keys", "address"])?);
    assert_eq!(shown["operator"], other["account"], "{shown}");
    assert_ne!(shown["operator"], shown["owner"], "{shown}");
    Ok(())
}

/// Fails unless a command of the requester ends so, with words that mention what to do.
fn refused(net: &TestNet, arguments: &[&str], exit: i32, mentions: &str) -> Test {
    let said = cairn(net, REQUESTER, arguments)?.ended(exit);
    let words = said.json["error"].as_str().unwrap_or_default();
    assert!(words.contains(mentions), "{words:?} should mention {mentions:?}");
    assert_eq!(said.json["exit"], exit);
    assert!(!said.outcome.stderr.contains("panicked"), "{:#?}", said.outcome);
    Ok(())
}

fn refusals(net: &TestNet, module: &Path) -> Test {
    let (unknown, module, archive) = ("00".repeat(32), text(module), archive(net));
    let [nowhere, fetched] = ["no/file", "fetched"].map(|name| text(&net.scratch().join(name)));
    let infer = format!("submit infer --prompt hen --model {unknown}");
    let wasm = format!("submit wasm --module {module} --export run");
    let register = format!("register --price wasm=1 --profile {module}");
    let put = format!("artifact put {nowhere} --archive {archive}");
    let get = format!("artifact get {unknown} --archive {archive} --out {fetched}");
    let lost = format!("artifact get {unknown} --archive {archive} --out {nowhere}");
    let simulate = format!("submit simulate --steps 9 --scene {nowhere}");
    let cases: [(&str, i32, &str); 36] = [
        // What makes no sense by itself.
        ("transfer Bob 1", 2, "address"),
        ("transfer //Bob 1,5", 2, "digits and one point"),
        ("balance --key-file none", 2, "give one of them"),
        (&register, 2, "cairn-worker init"),
        (&wasm, 2, "--archive"),
        ("governance propose zz", 2, "hexadecimal"),
        ("governance propose ffff", 2, "a wallet that is connected"),
        ("governance vote 0 aye 1 --conviction 9", 2, "0..=6"),
        ("unlock 0", 2, "is not sealed"),
        ("providers 3 --own", 2, "cannot be used with"),
        ("result 0 --nonsense", 2, "unexpected argument"),
        // What is not there.
        (&put, 1, "name one that is there"),
        (&get, 1, "name one that is there"),
        (&lost, 1, "see that its disk is there"),
        (&simulate, 1, "name one that is there"),
        ("providers 99", 1, "`cairn providers` lists"),
        ("update 99 --slots 1", 1, "no provider 99"),
        ("governance show 99", 1, "`cairn governance list`"),
        ("result 99", 1, "no task 99"),
        ("status 99", 1, "no task 99"),
        // What the runtime does not let through.
        ("transfer //Bob 999999999999", 3, "unds"),
        (&infer, 3, "Tasks::UnknownModel: No model"),
        ("cancel 0", 3, "Tasks::WrongStage"),
        ("complain 0", 3, "Tasks::WrongStage"),
        ("bond 99 1", 3, "Providers::"),
        ("unbond 3 1", 3, "Providers::"),
        ("withdraw 3", 3, "Providers::NotOwner"),
        ("roles 3 guard", 3, "Providers::NotOwner"),
        ("leave 3", 3, "Providers::NotOwner"),
        ("withdraw 99", 3, "Providers::UnknownProvider"),
        ("rotate-operator 3 //Dave", 3, "Providers::NotOwner"),
        ("link //Dave", 3, "Providers::SelfLink"),
        ("unlink //Bob", 3, "Providers::NotDeclared"),
        ("availability 3 paused", 3, "Providers::NotOwnerOrOperator"),
        ("update 3 --slots 1", 3, "Providers::"),
        ("governance vote 99 aye 1", 3, "ConvictionVoting::NotOngoing"),
    ];
    for (line, exit, mentions) in cases {
        refused(net, &words(line), exit, mentions)?;
    }
    let alone = ["status", "--url", "ws://127.0.0.1:1", "--json"];
    let unconnected = said("cairn", &alone)?.ended(4);
    let error = unconnected.json["error"].as_str().unwrap_or_default();
    assert!(error.contains("start a node there, or name another"), "{error}");
    Ok(())
}
