//! What holds across cases, and what becomes of the state between runs.

mod disposal;
mod life;
mod model;
mod properties;
mod standing;
mod steps;
