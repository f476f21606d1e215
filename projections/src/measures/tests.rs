mod lists;
mod properties;
mod world;
mod worlds;
