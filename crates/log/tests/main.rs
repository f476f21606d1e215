//! Every test of this crate from outside, as one program: one link instead of one for each file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_log;
mod access_log_kill;
mod access_support;
mod power_cut;
mod sequencer_clock;
mod sequencer_cold;
mod sequencer_contract;
mod sequencer_disk_full;
mod sequencer_faults;
mod sequencer_kill;
mod sequencer_reopen;
mod sequencer_repeats;
mod sequencer_series;
mod storage_crash;
mod storage_damage;
mod storage_faults;
mod storage_golden;
mod storage_kill;
mod storage_loss;
mod storage_store;
mod storage_support;
mod toy;
