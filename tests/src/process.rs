//! A child process that ends with the value that holds it, and is never found by name, only by its own id.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// A running child; killed when dropped.
pub struct Process {
    child: Child,
    what: String,
}

impl Process {
    /// Starts a command with both its outputs appended to a log file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let what = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|error| panic!("cannot write {}: {error}", log.display()));
        let both = file.try_clone().expect("a file handle can be doubled");
        command.stdin(Stdio::null()).stdout(file).stderr(both);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {what}: {error}"));
        Self { child, what }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns how it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked whether it has ended")
    }

    /// Freezes it (SIGSTOP) and waits until every thread of it stands still.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
        let waited = waitpid(Some(Pid::from_child(&self.child)), WaitOptions::UNTRACED);
        let stopped = waited.ok().flatten().is_some_and(|(_, status)| status.stopped());
        assert!(stopped, "{} ended instead of being frozen", self.what);
    }

    /// Lets it go on after [`Process::pause`].
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it as a power cut of the process would: `kill -9`, then waits for it to be gone.
    pub fn kill(mut self) {
        self.end_now();
    }

    /// Asks it to end and waits; panics when it takes longer than `limit`.
    pub fn stop(mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        let what = self.what.clone();
        wait_for(limit, || format!("{what} to end after SIGTERM"), || self.ended())
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap_or_else(|error| panic!("cannot signal {} {pid:?}: {error}", self.what));
    }

    fn end_now(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_now();
    }
}

/// Polls until there is an answer; panics with what was waited for when the limit passes.
pub fn wait_for<T>(limit: Duration, what: impl Fn() -> String, mut poll: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = poll() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {}", what());
        sleep(Duration::from_millis(10));
    }
}
