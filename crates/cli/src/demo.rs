//! The demo: a directory with a synthetic world, and everything of the product running over it.

pub(crate) mod enrol;
pub(crate) mod running;
pub(crate) mod secrets;
pub(crate) mod setup;
pub(crate) mod state;
