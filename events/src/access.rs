//! Who may see and do what (domain §1.1, §1.6, §2.1): one table, and the one road through it.
//!
//! `table.rs` is the table people read; `docs/access.md` is made from it. Nothing here reads a clock or a file:
//!
//! - [`Grants`] folds the stream `system/ACCESS` and says who holds which role at a moment; it alone makes a
//!   [`Principal`], so a role without a live grant asks nothing (E47).
//! - [`Standing`] folds the facts of a case that decide who reaches it.
//! - [`authorise`] makes a [`Grant`] for one case, [`scope`] a [`Scope`] for a list, [`pass`] a [`Pass`] for what is
//!   about no case. None of the three can be made elsewhere, so a handler that asks for one cannot forget to ask here.
//! - [`explain()`] names the row that decided, and what would change it.

mod decided;
mod event;
mod explain;
mod filter;
mod grant;
mod granting;
mod grants;
mod keys;
mod level;
mod operation;
mod preview;
mod principal;
mod reach;
mod shown;
mod standing;
mod table;
mod tokens;
mod viewers;

pub(crate) use granting::is_the_ledger;

pub use decided::{Decided, Denied, Pass, Scope, no_such_case, pass, scope, scopes};
pub use event::{ACCESS_STREAM, AccessEvent, RevokeReason, RoleGranted, RoleRevoked};
pub use explain::{Explanation, Tried, explain};
pub use filter::{Filter, Missing};
pub use grant::{GlassReason, Grant, Written, authorise, break_glass};
pub use granting::{AccessAct, GRANTING, GrantRole, Granting, RevokeRole, first_operator};
pub use grants::{Ended, Grants, Held, Key, NoLiveGrant};
pub use level::{Level, Sees, Sight};
pub use operation::{About, Operation};
pub use preview::{AgeBand, OwnRequestState, Preview, RequestState};
pub use principal::Principal;
pub use reach::Reach;
pub use standing::{HandOver, Inquiry, OwnRequest, Proposal, SharedComment, Standing};
pub use table::{Row, TABLE, page};
pub use tokens::{RevokeToken, TokenName, TokenRevoked};
pub use viewers::{Item, ItemThen, Span, Viewer, who_could_see};

#[cfg(test)]
mod tests;
