//! All read models of the service.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use caseledger_events::personal::Opener;
use caseledger_log::Reader;
use parking_lot::Mutex;

use crate::audit_trail::{self, AuditTrail};
use crate::case_view::{self, CaseView};
use crate::checkpoint::Checkpoint;
use crate::error::{RebuildError, ViewError};
use crate::files::{Files, io_error, prepare_dir};
use crate::model::{MODELS, Model};
use crate::opening::{self, Opened};
use crate::pass::{self, Member};
use crate::rebuild::{self, Steer};
use crate::service_levels::{self, ServiceLevels};
use crate::shared::{Shared, Source};
use crate::skips::{Skip, Skips};
use crate::status::{BesideStatus, RebuildEstimate, ViewStatus};
use crate::worker::Worker;

/// Settings of the views; the defaults are those of the service.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// The most events of one transaction: what a view that is far behind writes at once, so that a page that many
    /// of them change is written once. A view that keeps up writes what is there.
    pub batch_events: usize,
    /// Connections that answer queries of one view at the same time.
    pub readers: usize,
}

impl Default for ViewOptions {
    fn default() -> Self {
        ViewOptions { batch_events: 25_000, readers: 4 }
    }
}

/// The read models with their workers; dropping it stops them.
pub struct Views {
    dir: PathBuf,
    batch_events: usize,
    running: Vec<Running>,
    /// The threads that read ahead for read models that are built.
    passes: Mutex<Vec<JoinHandle<()>>>,
    case_view: CaseView,
    service_levels: ServiceLevels,
    audit_trail: AuditTrail,
}

/// One view at work.
struct Running {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Views {
    /// Opens or builds every view in a directory and starts its worker.
    ///
    /// A file that does not belong to this log (ahead of it, another history, another ledger or epoch, damaged) is
    /// set aside and built anew; [`ViewStatus::set_aside`] and the service's log say so. `opener` opens the sealed
    /// parts of events; what it opens lies in the case view alone.
    pub fn open(dir: &Path, reader: Reader, opener: Arc<dyn Opener>, options: ViewOptions) -> Result<Views, ViewError> {
        prepare_dir(dir)?;
        let mut files = Vec::with_capacity(MODELS.len());
        for &model in MODELS {
            let held = Files::new(dir, model.name).hold(model.version)?;
            let (opened, aside) = opening::open(dir, model, &reader)?;
            files.push((model, held, opened, aside));
        }
        let built = files.iter().filter(|(_, _, opened, _)| opened.mark.is_building());
        let stand_at = built.map(|(model, _, opened, _)| (*model, opened.mark.position)).collect();
        let (mut passes, reading_ahead) = pass::over(&reader, &opener, stand_at)?;
        let mut running = Vec::with_capacity(MODELS.len());
        for (model, held, opened, aside) in files {
            let source = Source { reader: reader.clone(), opener: Arc::clone(&opener) };
            let pass = if opened.mark.is_building() { passes.pop() } else { None };
            let view = start(dir, model, source, &options, (held, opened, pass))?;
            aside.into_iter().for_each(|aside| view.shared.set_aside(aside));
            running.push(view);
        }
        let of = |model: &Model| {
            let view = running.iter().find(|view: &&Running| view.shared.model.name == model.name);
            view.map(|view| Arc::clone(&view.shared)).expect("the model stands in the list of models")
        };
        let case_view = CaseView::new(of(&case_view::MODEL));
        let service_levels = ServiceLevels::new(of(&service_levels::MODEL));
        let audit_trail = AuditTrail::new(of(&audit_trail::MODEL));
        let batch_events = options.batch_events;
        let passes = Mutex::new(reading_ahead.into_iter().collect());
        Ok(Views { dir: dir.to_owned(), batch_events, running, passes, case_view, service_levels, audit_trail })
    }

    /// Returns the case view.
    pub fn case_view(&self) -> &CaseView {
        &self.case_view
    }

    /// Returns the service levels.
    pub fn service_levels(&self) -> &ServiceLevels {
        &self.service_levels
    }

    /// Returns the audit trail.
    pub fn audit_trail(&self) -> &AuditTrail {
        &self.audit_trail
    }

    /// Returns how every view stands.
    pub fn status(&self) -> Vec<ViewStatus> {
        self.running.iter().map(|view| view.shared.status()).collect()
    }

    /// Says what rebuilding some views will take, each by itself; changes nothing.
    pub fn estimate_rebuild(&self, views: &[&str]) -> Result<Vec<RebuildEstimate>, RebuildError> {
        let chosen = self.chosen(views)?;
        chosen.iter().map(|view| rebuild::estimate(&view.shared, &self.dir, self.batch_events)).collect()
    }

    /// Begins building some views anew beside those in use, all from one pass over the log; or goes on with builds that a
    /// restart left behind, which `fresh` throws away. All begin or none. Returns at once: [`ViewStatus::beside`] tells how
    /// each goes.
    pub fn rebuild(&self, views: &[&str], fresh: bool) -> Result<Vec<BesideStatus>, RebuildError> {
        let chosen = self.chosen(views)?;
        let shared: Vec<_> = chosen.iter().map(|view| &view.shared).collect();
        let (begun, reading_ahead) = rebuild::begin(&shared, &self.dir, self.batch_events, fresh)?;
        self.keep(reading_ahead);
        let mut told = Vec::with_capacity(begun.len());
        for (view, (status, thread)) in chosen.iter().zip(begun) {
            let mut threads = view.threads.lock();
            threads.retain(|thread| !thread.is_finished());
            threads.push(thread);
            told.push(status);
        }
        Ok(told)
    }

    /// Pauses, resumes or drops what is built beside some views, or puts it into use; those that are resumed go on from one
    /// pass over the log. Where one of them cannot be steered so, none is. Blocks until that is done.
    pub fn steer(&self, views: &[&str], steer: Steer) -> Result<Vec<BesideStatus>, RebuildError> {
        let chosen = self.chosen(views)?;
        let shared: Vec<_> = chosen.iter().map(|view| view.shared.as_ref()).collect();
        for shared in &shared {
            rebuild::steerable(shared, steer)?;
        }
        if steer == Steer::Resume {
            self.keep(rebuild::resume_together(&shared)?);
        }
        shared.iter().map(|shared| rebuild::steer(shared, steer)).collect()
    }

    fn keep(&self, reading_ahead: Option<JoinHandle<()>>) {
        let mut passes = self.passes.lock();
        passes.retain(|thread| !thread.is_finished());
        passes.extend(reading_ahead);
    }

    /// Has a view pass over the event it stopped before; every later build of the view passes over it alike.
    pub fn skip(&self, view: &str, skip: Skip) -> Result<ViewStatus, RebuildError> {
        let shared = &self.named(view)?.shared;
        shared.skip(skip)?;
        Ok(shared.status())
    }

    fn named(&self, view: &str) -> Result<&Running, RebuildError> {
        let found = self.running.iter().find(|running| running.shared.model.name == view);
        found.ok_or_else(|| RebuildError::Unknown { known: self.names().join(", ") })
    }

    /// Returns the read models of some names, each once, in the order of the list; all of them where none is named.
    fn chosen(&self, views: &[&str]) -> Result<Vec<&Running>, RebuildError> {
        for view in views {
            self.named(view)?;
        }
        let is_chosen = |running: &&Running| views.is_empty() || views.contains(&running.shared.model.name);
        Ok(self.running.iter().filter(is_chosen).collect())
    }

    /// Returns the names of the read models.
    pub fn names(&self) -> Vec<&'static str> {
        self.running.iter().map(|running| running.shared.model.name).collect()
    }

    /// Stops the workers and waits for them; their files are closed when the last query has ended.
    pub fn shutdown(&self) {
        self.running.iter().for_each(|view| view.shared.stop());
        for view in &self.running {
            for thread in view.threads.lock().drain(..) {
                if thread.join().is_err() {
                    tracing::error!(view = view.shared.model.name, "view worker ended in a panic");
                }
            }
        }
        // Whoever read for them has left; there is nobody to hand a chunk to.
        self.passes.lock().drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn start(
    dir: &Path,
    model: &'static Model,
    source: Source,
    options: &ViewOptions,
    (held, opened, pass): (File, Opened, Option<Member>),
) -> Result<Running, ViewError> {
    let skips = Skips::load(dir, model.name)?;
    let shared = Arc::new(Shared::new(model, source, &opened.path, options.readers, skips));
    let thread_error = io_error("start the worker thread of", dir);
    let (checkpoint, copying) = Checkpoint::start(Arc::clone(&shared)).map_err(&thread_error)?;
    let worker = Worker::new(Arc::clone(&shared), dir, options.batch_events, checkpoint, opened, pass);
    let reading = thread::Builder::new().name(format!("view-{}", model.name)).spawn(move || {
        // The files are this process's own until their worker has ended.
        let _held = held;
        caseledger_log::step_back();
        worker.run();
    });
    let reading = reading.map_err(&thread_error)?;
    Ok(Running { shared, threads: Mutex::new(vec![reading, copying]) })
}
