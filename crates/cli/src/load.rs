//! What `madoguchi load` needs of a deployment beside the network: cards from its authority, its database for raw limits.

pub(crate) mod cards;
pub(crate) mod limits;
