//! The actions, one file each.

mod add_comment;
mod assign_case_manager;
mod change_comment_sharing;
mod close_case;
mod reopen_case;

pub use add_comment::AddComment;
pub use assign_case_manager::AssignCaseManager;
pub use change_comment_sharing::ChangeCommentSharing;
pub use close_case::CloseCase;
pub use reopen_case::ReopenCase;
