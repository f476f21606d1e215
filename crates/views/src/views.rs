//! All read models of the service.

use std::path::Path;

use caseledger_log::Reader;

use crate::case_query::CaseView;
use crate::error::ViewError;
use crate::status::ViewStatus;

/// Settings of the views; the defaults are those of the service.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// The most events of one transaction.
    pub batch_events: usize,
    /// Connections that answer queries of one view at the same time.
    pub readers: usize,
}

impl Default for ViewOptions {
    fn default() -> Self {
        ViewOptions { batch_events: 2000, readers: 4 }
    }
}

/// The read models with their workers.
pub struct Views {
    case_view: CaseView,
}

impl Views {
    /// Opens or builds every view in a directory and starts its worker.
    pub fn open(dir: &Path, reader: Reader, options: ViewOptions) -> Result<Views, ViewError> {
        unimplemented!("{dir:?} {} {options:?}", reader.durable())
    }

    /// Returns the case view.
    pub fn case_view(&self) -> &CaseView {
        &self.case_view
    }

    /// Returns how every view stands.
    pub fn status(&self) -> Vec<ViewStatus> {
        unimplemented!()
    }

    /// Stops the workers and waits for them; queries are answered until the last handle is gone.
    pub fn shutdown(&self) {
        unimplemented!()
    }
}
