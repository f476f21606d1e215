//! Opening a view's file: does it belong to this log? If not, it is set aside and built anew, never patched.

use std::path::{Path, PathBuf};

use caseledger_events::ids::Position;
use caseledger_log::{LedgerIdentity, ReadError, Reader};
use rusqlite::Connection;

use crate::error::ViewError;
use crate::files::{Files, name_of};
use crate::model::Model;
use crate::status::SetAside;
use crate::store::{self, Mark, Remedy};

/// A file in the hands of its worker.
pub(crate) struct Opened {
    pub path: PathBuf,
    pub db: Connection,
    pub mark: Mark,
}

/// Opens the file in use, or builds one; returns also what had to be set aside.
pub(crate) fn open(dir: &Path, model: &'static Model, reader: &Reader) -> Result<(Opened, Vec<SetAside>), ViewError> {
    let (found, aside) = current(dir, model, |mark| misfit(mark, reader, model))?;
    let Some(opened) = found else { return Ok((build(dir, model, reader)?, aside)) };
    let (file, position) = (name_of(&opened.path), opened.mark.position.0);
    Files::new(dir, model.name).remove_older(model.version, &file)?;
    tracing::info!(view = model.name, file, position, "view opened");
    Ok((opened, aside))
}

/// Opens the file in use, if there is one of whose mark `misfit` says nothing; returns also what had to be set aside.
pub(crate) fn current(
    dir: &Path,
    model: &'static Model,
    misfit: impl Fn(&Mark) -> Result<Option<String>, ViewError>,
) -> Result<(Option<Opened>, Vec<SetAside>), ViewError> {
    let files = Files::new(dir, model.name);
    files.remove_unfinished()?;
    let mut aside = Vec::new();
    while let Some(path) = files.current(model.version)? {
        let reason = match store::open(&path, model) {
            Ok((db, mark)) => match misfit(&mark)? {
                None => {
                    // Whoever was killed between naming the file and pointing at it has not pointed at it.
                    files.point(&path)?;
                    return Ok((Some(Opened { path, db, mark }), aside));
                }
                Some(reason) => reason,
            },
            Err(error) if store::remedy(&error) == Remedy::Rebuild => format!("its file is damaged: {error}"),
            Err(error) => return Err(ViewError::Store { path, reason: error.to_string() }),
        };
        aside.push(set_aside(dir, model, &path, reason)?);
    }
    Ok((None, aside))
}

/// Creates an empty file that will hold the history up to now before it answers.
pub(crate) fn build(dir: &Path, model: &'static Model, reader: &Reader) -> Result<Opened, ViewError> {
    let opened = begin_in_use(dir, model, reader.identity(), reader.durable())?;
    let (file, target) = (name_of(&opened.path), opened.mark.target.0);
    tracing::info!(view = model.name, file, target, "view is built from the log");
    Ok(opened)
}

/// Creates the file of the next build, to hold the history up to `target` before it answers, and makes it the one in use.
pub(crate) fn begin_in_use(
    dir: &Path,
    model: &'static Model,
    identity: LedgerIdentity,
    target: Position,
) -> Result<Opened, ViewError> {
    let files = Files::new(dir, model.name);
    let opened = begin(&files, model, identity, target)?;
    files.point(&opened.path)?;
    Ok(opened)
}

/// Opens a build that was begun beside the file in use and left behind by a restart; else, or if `fresh`, begins one.
pub(crate) fn build_beside(
    dir: &Path,
    model: &'static Model,
    reader: &Reader,
    in_use: &str,
    fresh: bool,
) -> Result<Opened, ViewError> {
    let files = Files::new(dir, model.name);
    while let Some(path) = files.left_behind(model.version, in_use)? {
        match store::open(&path, model) {
            Ok((db, mark)) if !fresh && misfit(&mark, reader, model)?.is_none() => {
                tracing::info!(view = model.name, position = mark.position.0, "the build beside is resumed");
                return Ok(Opened { path, db, mark });
            }
            _ => crate::files::remove(&path)?,
        }
    }
    let opened = begin(&files, model, reader.identity(), reader.durable())?;
    tracing::info!(
        view = model.name,
        file = name_of(&opened.path),
        target = opened.mark.target.0,
        "view is built beside the one in use"
    );
    Ok(opened)
}

/// Creates the file of the next build.
fn begin(
    files: &Files,
    model: &'static Model,
    identity: LedgerIdentity,
    target: Position,
) -> Result<Opened, ViewError> {
    let created = files.create(model.version)?;
    let of_store =
        |path: &Path, error: rusqlite::Error| ViewError::Store { path: path.to_owned(), reason: error.to_string() };
    // Closed, for SQLite keeps to the name by which it opened a file.
    drop(store::create(&created, model, Mark::start(identity, target)).map_err(|error| of_store(&created, error))?);
    let path = files.finish(&created)?;
    let (db, mark) = store::open(&path, model).map_err(|error| of_store(&path, error))?;
    Ok(Opened { path, db, mark })
}

/// Moves a file that does not belong to this log out of the way.
pub(crate) fn set_aside(dir: &Path, model: &'static Model, path: &Path, reason: String) -> Result<SetAside, ViewError> {
    let file = Files::new(dir, model.name).set_aside(path)?;
    tracing::warn!(view = model.name, file, reason, "view file was set aside and is built anew");
    Ok(SetAside { file, reason })
}

/// Returns that a file is of another ledger or epoch, where it is.
pub(crate) fn foreign(mark: &Mark, identity: LedgerIdentity) -> Option<String> {
    (mark.identity != identity).then(|| format!("it is of {} and the log is of {identity}", mark.identity))
}

/// Returns why a file does not belong to this log; `None` when it does.
fn misfit(mark: &Mark, reader: &Reader, model: &'static Model) -> Result<Option<String>, ViewError> {
    if let Some(foreign) = foreign(mark, reader.identity()) {
        return Ok(Some(foreign));
    }
    let ahead = || Some(format!("it stands at position {} and the log ends at {}", mark.position, reader.durable()));
    if mark.position > reader.durable() {
        return Ok(ahead());
    }
    match reader.chain_at(mark.position) {
        Ok(chain) if chain == mark.chain => Ok(None),
        Ok(_) => Ok(Some(format!("the log tells another history up to position {}", mark.position))),
        Err(ReadError::Beyond { .. }) => Ok(ahead()),
        Err(source) => Err(ViewError::Log { view: model.name, source }),
    }
}
