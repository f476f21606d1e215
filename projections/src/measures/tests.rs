mod lists;
mod properties;
mod settings;
mod world;
mod worlds;
