//! How one worker of a network may differ from all others, and how it is started.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::SLOTS;

/// How a worker differs from all others.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What is run in place of `cairn-worker`.
    pub program: Option<PathBuf>,
    /// What does its jobs in place of `cairn-job`.
    pub job: Option<PathBuf>,
    /// Where it fetches files from and publishes them to, in place of the network's archive.
    pub archive: Option<String>,
    /// What its environment has besides, at its first start.
    pub environment: Vec<(String, String)>,
    /// Added to its command line.
    pub arguments: Vec<String>,
    /// The port on which it says how it is; none takes the one that is planned.
    pub health: Option<u16>,
    /// Where it listens for those who fetch its files; none takes the place that is planned.
    pub files: Option<SocketAddr>,
    /// The URL of a relay. Those who have one are not told where the others are who have one too.
    pub relay: Option<String>,
    /// Jobs that the chain may give it at once.
    pub slots: u8,
    /// May be drawn to look at the results of others, for which its owner puts up more. All may
    /// unless it is said otherwise.
    pub guard: bool,
    /// Registered, and started by whoever asked for the network.
    pub late: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            program: None,
            job: None,
            archive: None,
            environment: Vec::new(),
            arguments: Vec::new(),
            health: None,
            files: None,
            relay: None,
            slots: SLOTS,
            guard: true,
            late: false,
        }
    }
}

/// A worker's command line, which is the same each time.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
}

impl Launch {
    pub fn new(program: &Path) -> Self {
        let (program, arguments) = (program.to_owned(), vec!["run".into()]);
        Self { program, arguments, environment: Vec::new() }
    }

    /// With a flag and what follows it.
    pub fn flag(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.arguments.push(name.into());
        self.arguments.push(value.into());
        self
    }

    pub fn arguments(mut self, more: &[String]) -> Self {
        self.arguments.extend(more.iter().map(OsString::from));
        self
    }

    pub fn variable(mut self, name: &str, value: String) -> Self {
        self.environment.push((name.into(), value));
        self
    }

    /// The command, with these variables for this once.
    pub fn command<N: AsRef<str>, V: AsRef<str>>(&self, once: &[(N, V)]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command.envs(self.environment.iter().cloned());
        command.envs(once.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_should_have_a_variable_of_one_start_at_that_start_alone() {
        let launch = Launch::new(Path::new("/bin/worker")).flag("--slots", "2");
        let launch = launch.variable("KEY", "//Eve".into());
        let count = |command: &Command| command.get_envs().count();
        assert_eq!(count(&launch.command(&[("FAULT", "lie")])), 2);
        let plain = launch.command::<&str, &str>(&[]);
        assert_eq!(count(&plain), 1);
        assert_eq!(plain.get_args().collect::<Vec<_>>(), ["run", "--slots", "2"]);
    }
}
