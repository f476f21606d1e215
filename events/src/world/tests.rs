//! What holds across cases, and what becomes of the state between runs.

mod life;
mod properties;
mod standing;
mod steps;
