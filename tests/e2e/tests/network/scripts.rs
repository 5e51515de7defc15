//! What scripts do before anything is built: in a checkout that has nothing but them, and in which
//! setup only notes what it was told.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use cairn_e2e::{Failure, Test};
use cairn_localnet::{programs, MAX_RESEARCHERS, MAX_VALIDATORS, MAX_WORKERS};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const FILES: [&str; 5] =
    ["rust-toolchain.toml", "scripts/env", "scripts/lib/common.sh", "scripts/run", "scripts/test"];
/// Notes what it was told, and ends whoever calls it.
const SETUP: &str = "#!/bin/sh\necho \"told: $*\" >\"$0.told\"\nexit 7\n";
/// What that ends with.
const TOLD: i32 = 7;
/// What arguments end with that make no sense.
const USAGE: i32 = 2;

struct Checkout(TempDir);

impl Checkout {
    fn new() -> Result<Self, Failure> {
        // Where programs may be run, which a file system in memory need not let.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        fs::create_dir_all(folder.path().join("scripts/lib"))?;
        for file in FILES {
            fs::copy(Path::new(ROOT).join(file), folder.path().join(file))?;
        }
        let setup = folder.path().join("scripts/setup");
        fs::write(&setup, SETUP)?;
        fs::set_permissions(&setup, Permissions::from_mode(0o755))?;
        Ok(Self(folder))
    }

    /// How a script ended, and what setup was told by it, if it was called.
    fn run(&self, script: &str, arguments: &[&str]) -> Result<(Output, Option<String>), Failure> {
        let scripts = self.0.path().join("scripts");
        let told = scripts.join("setup.told");
        if told.exists() {
            fs::remove_file(&told)?;
        }
        let mut command = Command::new(scripts.join(script));
        command.args(arguments).env("CARGO_TARGET_DIR", self.0.path().join("target"));
        let output = command.output()?;
        let told = fs::read_to_string(told).ok().map(|told| told.trim_end().to_owned());
        Ok((output, told))
    }
}

#[test]
fn run_should_refuse_in_the_words_of_the_network_before_anything_is_built() -> Test {
    let checkout = Checkout::new()?;
    let (validators, workers) = (MAX_VALIDATORS + 1, MAX_WORKERS + 1);
    let (validators, workers) = (format!("--validators={validators}"), workers.to_string());
    let researchers = format!("--researchers={}", MAX_RESEARCHERS + 1);
    let cases: [&[&str]; 14] = [
        &["--validators", "x"],
        &["--validators", "0"],
        &[&validators],
        &["--validators", "99999999999999999999"],
        &["--validators"],
        &["--validators", "--fresh"],
        &["--workers", &workers],
        &["--workers=one", "--fresh"],
        &["--workers"],
        &[&researchers],
        &["--researchers", "two"],
        &["--researchers"],
        &["--base-path"],
        &["four"],
    ];
    for arguments in cases {
        let (output, told) = checkout.run("run", arguments)?;
        let network = Command::new(programs::find("cairn-localnet")?).args(arguments).output()?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(said, String::from_utf8(network.stderr)?, "{arguments:?}");
        assert_eq!(output.status.code(), Some(USAGE), "{arguments:?}");
        assert_eq!((network.status.code(), told), (Some(USAGE), None), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn run_should_go_on_when_its_arguments_make_sense() -> Test {
    let checkout = Checkout::new()?;
    let most = [MAX_VALIDATORS, MAX_WORKERS, MAX_RESEARCHERS].map(|most| most.to_string());
    let [validators, workers, researchers] = &most;
    let cases: [&[&str]; 4] = [
        &[],
        &["--validators", validators, "--workers", workers, "--researchers", researchers],
        &["--workers=0", "--validators=01", "--researchers=0", "--base-path", "some folder"],
        &["--node=cairn-node", "--base-path=-", "--fresh"],
    ];
    for arguments in cases {
        let (output, told) = checkout.run("run", arguments)?;
        assert_eq!(told.as_deref(), Some("told: --build-only"), "{arguments:?}: {output:?}");
        assert_eq!(output.status.code(), Some(TOLD), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn test_should_have_set_up_what_it_needs_besides_when_it_is_to_be_long() -> Test {
    let checkout = Checkout::new()?;
    for (arguments, expected) in [(["--long"].as_slice(), "told: --long"), (&[], "told:")] {
        let (output, told) = checkout.run("test", arguments)?;
        assert_eq!(told.as_deref(), Some(expected), "{arguments:?}: {output:?}");
        assert_eq!(output.status.code(), Some(TOLD), "{arguments:?}");
    }
    Ok(())
}
