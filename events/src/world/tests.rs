//! What holds across cases, and what becomes of the state between runs.

mod life;
mod model;
mod properties;
mod standing;
mod steps;
