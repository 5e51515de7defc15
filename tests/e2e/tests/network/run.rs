//! What `scripts/run` starts when it is told nothing, and what the README has its readers try.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use cairn_e2e::{run_program, said, scratch, Failure, Test, Turn};
use cairn_localnet::{keys, programs};
use nix::{
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use serde_json::{json, Value};

const README: &str = include_str!("../../../../README.md");
const SCRIPT: &str = include_str!("../../../../scripts/run");
/// How that script hands over, after it has built everything.
const HANDS_OVER: &str = "exec \"$CARGO_TARGET_DIR/release/cairn-localnet\" \"$@\"";
/// A validator and three workers.
const PROCESSES: usize = 4;
/// More than it takes to make a model and to register three workers, on a machine that has more to
/// do.
const STARTS_WITHIN: Duration = Duration::from_secs(400);
/// And than three deltas take.
const BETTER_WITHIN: Duration = Duration::from_secs(1_200);
const LAID: u64 = 3;
const LOOK_EVERY: Duration = Duration::from_secs(10);
const STOPS_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// The program in the foreground, and what it says. Dropping it kills it, and so its processes.
struct Local {
    child: Child,
    said: PathBuf,
}

impl Local {
    /// Without arguments, as the script does. Where it keeps itself follows from the environment.
    fn start(state: &Path) -> Result<Self, Failure> {
        let said = state.join("said");
        let out = File::create(&said)?;
        let child = Command::new(programs::find("cairn-localnet")?)
            .env("XDG_STATE_HOME", state)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .spawn()?;
        Ok(Self { child, said })
    }

    fn text(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(&self.said)?)
    }

    /// How it has ended, if it does so in time.
    fn end(&mut self, within: Duration) -> Result<ExitStatus, Failure> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            sleep(POLL);
        }
        Err(Failure::new(format!("it goes on; so far: {}", self.text()?)))
    }

    /// The id of the model that it has made, which it says when workers wait for work.
    fn model(&mut self) -> Result<String, Failure> {
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            let text = self.text()?;
            let after = text.split_once("--model ").map(|(_, after)| after);
            if let Some((model, _)) = after.and_then(|after| after.split_once(' ')) {
                return Ok(model.to_owned());
            }
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                return Err(Failure::new(format!("it says no model ({ended:?}): {text}")));
            }
            sleep(POLL);
        }
    }

    /// What Ctrl-C does.
    fn interrupt(&self) -> Test {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGINT)?;
        Ok(())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // Nothing can be done about a failure, and mostly it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process of this machine.
struct Process {
    id: u32,
    parent: u32,
    /// What tells it from a later one with the same id.
    began: u64,
    /// Whether it was told this folder, by its arguments or its environment.
    knows: bool,
}

/// All but those that have ended and were not asked how.
fn processes(folder: &Path) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| process(&entry.path(), folder)).collect()
}

fn process(own: &Path, folder: &Path) -> Option<Process> {
    let id = own.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(own.join("stat")).ok()?;
    // The name before it may have anything in it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_dead = fields.next()? == "Z";
    let parent = fields.next()?.parse().ok()?;
    let began = fields.nth(17)?.parse().ok()?;
    let folder = folder.as_os_str().as_encoded_bytes();
    let names = |file: &str| {
        let bytes: Vec<u8> = fs::read(own.join(file)).unwrap_or_default();
        bytes.windows(folder.len()).any(|part| part == folder)
    };
    let knows = ["cmdline", "environ"].into_iter().any(names);
    (!is_dead).then_some(Process { id, parent, began, knows })
}

/// The processes that a process has started, and those that these have started.
fn below(root: u32, folder: &Path) -> BTreeSet<(u32, u64)> {
    let all = processes(folder);
    let mut family = BTreeSet::from([root]);
    loop {
        let is_new = |one: &&Process| family.contains(&one.parent) && !family.contains(&one.id);
        let more: Vec<u32> = all.iter().filter(is_new).map(|one| one.id).collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    let children = all.iter().filter(|one| one.id != root && family.contains(&one.id));
    children.map(|one| (one.id, one.began)).collect()
}

/// The commands that the README has its readers try, with the model where they are to put it.
fn commands(model: &str) -> Vec<Vec<String>> {
    let lines = README.lines().filter_map(|line| line.strip_prefix("    $cairn "));
    lines.map(|line| words(&line.replace(" ID ", &format!(" {model} ")))).collect()
}

/// The words of a line, as a shell takes them: what is in quotes is one, and what is behind a hash
/// is none.
fn words(line: &str) -> Vec<String> {
    let line = line.split('#').next().unwrap_or_default();
    let mut words = Vec::new();
    for (nth, part) in line.split('"').enumerate() {
        if nth.is_multiple_of(2) {
            words.extend(part.split_whitespace().map(str::to_owned));
        } else {
            words.push(part.to_owned());
        }
    }
    words
}

/// Asks for work as the README does, at the endpoint that commands take by themselves.
fn the_readme_is_right(model: &str, data: &str) -> Test {
    let all = commands(model);
    let run = |command: &[String]| {
        let own = command.iter().map(String::as_str).chain(["--data", data, "--json"]);
        said("cairn", &own.collect::<Vec<_>>())
    };
    let [quote, submit, balance, show] = all.as_slice() else {
        return Err(Failure::new(format!("the README has other commands: {all:?}")));
    };
    let names = [quote, submit, balance, show].map(|command| command.first().map(String::as_str));
    assert_eq!(names, [Some("quote"), Some("submit"), Some("balance"), Some("model")]);

    let owned = |said: &cairn_e2e::Said| said.amount("free") + said.amount("held");
    let before = owned(&run(balance)?.ended(0));
    assert_eq!(run(show)?.ended(0).json["model"], model);
    run(quote)?.ended(0);
    let paid = run(submit)?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    assert!(paid.json["text"].is_string(), "{:#?}", paid.outcome);
    let after = owned(&run(balance)?.ended(0));
    // It may have judged a delta meanwhile, and be paid for that too.
    assert!(after - before >= paid.amount("paid_each"), "{:#?}", paid.outcome);
    Ok(())
}

/// What a command says that succeeds, at the endpoint that commands take by themselves.
fn says(data: &str, command: &[&str]) -> Result<Value, Failure> {
    Ok(said("cairn", &[command, &["--data", data, "--json"]].concat())?.ended(0).json)
}

/// Registers examples to learn from, which the program makes that made the demo's text, and has
/// them shown as they were told.
fn a_set_is_registered(state: &Path, model: &str) -> Test {
    let (data, folder) = (data(state), state.join("archive"));
    let archive = folder.display().to_string();
    let what = ["--model", "demo", "--generator", "demo", "--record-bytes", "1024"];
    let whose = ["--purpose", "training", "--archive", &archive, "--key", "//Dave"];
    let made = says(&data, &[&["dataset", "register"][..], &what, &whose].concat())?;
    assert_eq!((&made["model"], &made["generator"]), (&json!(model), &json!(true)), "{made}");
    let shown = says(&data, &["dataset", "show", made["set"].as_str().unwrap_or_default()])?;
    for name in ["set", "model", "purpose", "author", "record_bytes", "count", "examples", "file"] {
        assert!(!shown[name].is_null() && shown[name] == made[name], "{name}: {shown}, {made}");
    }
    let module = folder.join(shown["file"]["id"].as_str().unwrap_or_default());
    assert_eq!(Some(fs::metadata(module)?.len()), shown["file"]["bytes"].as_u64(), "{shown}");
    Ok(())
}

#[test]
fn run_should_serve_what_the_readme_asks_for_and_leave_nothing_when_it_is_interrupted() -> Test {
    assert!(SCRIPT.contains(HANDS_OVER), "the script starts something else now");
    let _turn = Turn::beside_another()?;
    let state = scratch()?;
    let mut local = Local::start(state.path())?;
    let model = local.model()?;
    the_readme_is_right(&model, &data(state.path()))?;
    a_set_is_registered(state.path(), &model)?;

    let text = local.text()?;
    assert!(text.contains("one validator") && text.contains("worker-3"), "{text}");
    assert!(!text.contains("worker-4"), "{text}");
    let running = below(local.child.id(), state.path());
    assert!(running.len() >= PROCESSES, "{running:?}: {text}");
    local.interrupt()?;
    let status = local.end(STOPS_WITHIN)?;
    let text = local.text()?;
    assert!(status.success() && text.contains("Stopped. The chain is kept in"), "{status}: {text}");
    let left = processes(state.path());
    let mut left = left.iter().filter(|one| one.knows || running.contains(&(one.id, one.began)));
    assert_eq!(left.next().map(|one| one.id), None, "a process goes on");
    Ok(())
}

/// What three deltas, or more, have come to.
#[test]
#[ignore = "a researcher learns for minutes, on all cores"]
fn run_should_have_its_model_bettered_when_it_is_left_alone() -> Test {
    let _turn = Turn::alone()?;
    let state = scratch()?;
    let mut local = Local::start(state.path())?;
    local.model()?;
    let data = data(state.path());
    let deadline = Instant::now() + BETTER_WITHIN;
    let shown = loop {
        let shown = said("cairn", &["model", "show", "demo", "--data", &data, "--json"])?.ended(0);
        if laid(&shown.json) >= LAID {
            break shown;
        }
        if Instant::now() >= deadline {
            let text = local.text()?;
            return Err(Failure::new(format!("it does not learn: {}; {text}", shown.json)));
        }
        sleep(LOOK_EVERY);
    };
    let [first, last, floor] = ["loss_first", "loss", "floor"].map(|name| shown.number(name));
    assert!(floor < last && last < first, "{}", shown.json);
    deltas_are_in_the_lineage(&data)?;
    local.interrupt()?;
    let status = local.end(STOPS_WITHIN)?;
    assert!(status.success(), "{status}: {}", local.text()?);
    Ok(())
}

/// What the researcher has had laid is what components are made of, as programs are told and as
/// people see it drawn.
fn deltas_are_in_the_lineage(data: &str) -> Test {
    let researcher = format!("//{}", keys::researcher(0));
    let listed = says(data, &["delta", "list", &researcher])?;
    let all = listed["deltas"].as_array().into_iter().flatten();
    let laid = all.filter(|delta| delta["stage"] == "laid");
    let laid: Vec<u64> = laid.filter_map(|delta| delta["delta"].as_u64()).collect();
    assert!(laid.len() as u64 >= LAID, "{listed}");

    let lineage = ["model", "lineage", "demo"];
    let told = says(data, &lineage)?;
    let mut blocks = BTreeSet::new();
    for component in told["components"].as_array().into_iter().flatten() {
        let all = component["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let heads = all.iter().map(|block| block["head"] == true).collect::<Vec<_>>();
        // The last, and no other.
        assert_eq!(heads.iter().position(|head| *head), heads.len().checked_sub(1), "{component}");
        let deltas = all.iter().filter(|block| block["kind"] == "delta");
        blocks.extend(deltas.map(|block| block["block"].to_string()));
    }
    for delta in laid {
        let status = says(data, &["delta", "status", &delta.to_string()])?;
        assert_eq!((&status["stage"], &status["reason"]), (&json!("laid"), &json!("accepted")));
        assert!(status["gain"].as_u64() > Some(0), "{status}");
        assert!(blocks.contains(&status["block"].to_string()), "{status}: {told}");
    }

    let drawn = run_program("cairn", [&lineage[..], &["--data", data]].concat(), STOPS_WITHIN)?;
    let drawn = drawn.succeeded()?.stdout;
    // Perhaps more by now.
    let deltas = drawn.lines().filter(|line| line.contains("─ 1.0.") && line.contains("  DELTA "));
    assert!(deltas.count() >= blocks.len() && drawn.contains("├─ "), "{drawn}");
    let head = |line: &str| line.contains("  DELTA ") && line.ends_with("  head");
    assert!(drawn.lines().any(head), "{drawn}");
    Ok(())
}

/// How many deltas are laid on the components of a model that were published once.
fn laid(model: &Value) -> u64 {
    let components = model["components"].as_array().into_iter().flatten();
    let patch = |one: &Value| one["release"].as_str()?.rsplit_once('.')?.1.parse::<u64>().ok();
    components.filter_map(patch).sum()
}

/// Where `cairn` keeps what it sends.
fn data(state: &Path) -> String {
    state.join("cli").display().to_string()
}

#[test]
fn laid_should_be_all_patches_of_components() {
    let model = json!({ "components": [{ "release": "1.0.2" }, { "release": "1.0.1" }] });
    assert_eq!((laid(&model), laid(&json!({}))), (3, 0));
}

#[test]
fn words_should_be_those_of_a_shell() {
    let line = "submit --prompt \"the red hen\" --wait   # and wait";
    assert_eq!(words(line), ["submit", "--prompt", "the red hen", "--wait"]);
}
