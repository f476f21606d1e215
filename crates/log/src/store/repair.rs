//! One copy mended from the other while the store is open.

use std::fs::File;
use std::os::unix::fs::FileExt;

use caseledger_events::ids::Position;

use super::copies::{Copies, read_what_can_be_read};
use crate::error::ReadError;
use crate::frame_group::Group;
use crate::journal::live_index::GROUP_FIRST;
use crate::journal::rebuild::{Expected, Rebuilt, rebuild, replace_segment};
use crate::journal::scan::Damage;
use crate::journal::segment::sidecar_path;
use crate::journal::sidecar::Sidecar;
use crate::journal::table::{Extent, Index, Segment};
use crate::report::Finding;

/// The most events that are written to sled again at once.
const SLED_REPAIR_MAX: u64 = 4096;

impl Copies {
    /// Makes a segment whole again from sled, its index from its frames, and reports it.
    pub fn repair_segment(&self, segment: &Segment, damage: Damage) -> Result<(), ReadError> {
        let _one = self.repairing.lock();
        let unreadable = |source| ReadError::Io { path: segment.path.clone(), source };
        let extent = segment.extent();
        let (before, starts, sealed) = self.layout(segment, extent);
        let mut bytes = vec![0; extent.len as usize];
        let file = File::open(&segment.path).map_err(unreadable)?;
        read_what_can_be_read(&file, &mut bytes).map_err(unreadable)?;
        let expected = Expected { identity: self.identity, first: segment.first, before, last: Some(extent.last) };
        let rebuilt = rebuild(&segment.path, &bytes, expected, &starts, &*self.sled)?;
        if rebuilt.index.last() != extent.last || rebuilt.index.after != extent.after {
            return Err(damage.into());
        }
        if rebuilt.differs() {
            self.rewrite(segment, &bytes, &rebuilt, sealed).map_err(unreadable)?;
        }
        if sealed {
            let sidecar = Sidecar::write(&sidecar_path(&segment.path), self.identity, &rebuilt.index);
            *segment.index.write() = Index::Sealed(sidecar.map_err(unreadable)?);
            self.files.forget(&sidecar_path(&segment.path));
        }
        self.report(segment, &rebuilt, damage.what);
        Ok(())
    }

    /// Returns the chain hash before a segment, where its groups start, and whether it is sealed.
    fn layout(&self, segment: &Segment, extent: Extent) -> (caseledger_proof::Hash, Vec<Position>, bool) {
        let (before, offsets, sealed) = match &*segment.index.read() {
            Index::Live(live) => (live.before, live.offsets.clone(), false),
            Index::Sealed(sidecar) => {
                let count = (extent.last.0 + 1 - segment.first.0) as u32;
                (sidecar.head.before, sidecar.offsets(&self.files, 0, count).unwrap_or_default(), true)
            }
        };
        let starts = offsets.iter().enumerate().filter(|(_, offset)| **offset & GROUP_FIRST != 0);
        (before, starts.map(|(n, _)| Position(segment.first.0 + n as u64)).collect(), sealed)
    }

    /// Writes the bytes that were wrong: in their place where the layout is the same, else as a new file.
    fn rewrite(&self, segment: &Segment, old: &[u8], rebuilt: &Rebuilt, sealed: bool) -> std::io::Result<()> {
        if rebuilt.bytes.len() == old.len() {
            let file = File::options().write(true).open(&segment.path)?;
            let blocks = rebuilt.bytes.chunks(4096).zip(old.chunks(4096)).enumerate();
            for (n, (right, _)) in blocks.filter(|(_, (right, wrong))| right != wrong) {
                file.write_all_at(right, n as u64 * 4096)?;
            }
            return file.sync_data();
        }
        if !sealed {
            // The writer appends to this file by its own handle; the next opening writes it anew.
            return Err(std::io::Error::other("the damage is in the segment being written; restart to repair it"));
        }
        replace_segment(&segment.path, &rebuilt.bytes, 0, &self.io)?;
        self.files.forget(&segment.path);
        Ok(())
    }

    fn report(&self, segment: &Segment, rebuilt: &Rebuilt, why: &'static str) {
        for gap in &rebuilt.gaps {
            let file = segment.path.clone();
            self.findings.report(Finding::JournalRepaired { file, first: gap.first, last: gap.last, why });
        }
        if rebuilt.gaps.is_empty() {
            self.findings.report(Finding::SidecarRebuilt { file: segment.path.clone(), why });
        }
    }

    /// Has what sled lacks around a position written again with the next commit, and reports it.
    pub fn repair_sled(self: &std::sync::Arc<Self>, position: Position, why: String) {
        let Ok((first, next)) = self.sled.gap_around(position) else { return };
        let durable = *self.durable.borrow();
        let last = next.map_or(durable, |next| Position(next.0 - 1)).min(durable);
        let last = last.min(Position(first.0 + SLED_REPAIR_MAX));
        let fetched = self.journal_group(first, last);
        let (Ok(group), true) = (fetched, first <= position && position <= last) else { return };
        self.sled.repair_later(&group);
        self.findings.report(Finding::SledRepaired { first, last, why });
    }

    /// Reads a range of positions from the journal as one group.
    pub fn journal_group(self: &std::sync::Arc<Self>, first: Position, last: Position) -> Result<Group, ReadError> {
        let before = match first.0 {
            0 | 1 => caseledger_proof::Hash::ZERO,
            _ => self.journal_chain_at(Position(first.0 - 1))?,
        };
        let mut group = Group::new(first, before);
        let mut scan = self.scan(first, last);
        while let Some(view) = scan.next_group()? {
            for (_, frame) in view.frames().take_while(|(position, _)| *position <= last) {
                group.push(frame);
            }
        }
        Ok(group)
    }
}
