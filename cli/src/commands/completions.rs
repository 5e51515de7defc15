//! What has a shell complete arguments.

use super::Cli;
use crate::{
    exit::Outcome,
    output::{Output, Report},
};
use clap::{Args, CommandFactory};
use clap_complete::{generate, Shell};
use std::io::{self, Write};

#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell.
    shell: Shell,
}

impl Completions {
    pub fn run(&self, output: &Output) -> Outcome {
        let script = script(self.shell);
        if output.json {
            let text = String::from_utf8_lossy(&script);
            let shell = self.shell.to_string();
            return output.say(&Report::default().text("shell", shell).text("script", text));
        }
        // Written at once: a reader that goes away is an error here, and a panic there.
        io::stdout().write_all(&script)?;
        Ok(())
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "cairn", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use std::{fs, io::ErrorKind, process::Command};

    /// Shells that are looked for, and how each reads a script without running it, and nothing else.
    const READERS: [(Shell, &[&str]); 3] = [
        (Shell::Bash, &["--norc", "-n"]),
        (Shell::Fish, &["--no-config", "--no-execute"]),
        (Shell::Zsh, &["-f", "-n"]),
    ];

    #[test]
    fn script_should_know_the_commands_for_every_shell() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for word in ["cairn", "register", "simulate", "redundancy"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn script_should_be_read_by_its_shell_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        for (shell, arguments) in READERS {
            let name = shell.to_string();
            let path = folder.path().join(&name);
            let read = |script: &[u8]| {
                fs::write(&path, script).unwrap();
                Command::new(&name).args(arguments).arg(&path).output()
            };
            let script = script(shell);
            let whole = match read(&script) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    eprintln!("SKIPPED: there is no {name}, so that no {name} reads its script");
                    continue;
                }
                whole => whole.unwrap(),
            };
            assert!(whole.status.success() && whole.stderr.is_empty(), "{name}: {whole:?}");
            // A shell that looked at nothing would be content with this as well.
            let unfinished = read(&[script.as_slice(), b"\nif true\n"].concat()).unwrap();
            assert!(!unfinished.status.success(), "{name}: {unfinished:?}");
        }
    }
}
