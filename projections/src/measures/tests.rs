mod lists;
mod properties;
mod settings;
mod standing;
mod world;
mod worlds;
