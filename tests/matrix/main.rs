//! The tutorial's story with the server in a process of its own, killed by SIGKILL at every point between two steps of
//! the store and the cloud. It must come to the same end: no instance without a record, no record without an instance,
//! nothing launched twice, the same group served, nobody cut.

mod points;
