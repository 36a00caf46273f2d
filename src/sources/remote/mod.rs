//! Tiles over HTTP: out of what is kept on this machine while that is fresh, else from their server.
//!
//! [`Network`] is one for the whole program: what every host said, what is kept, whether anything is asked at all
//! ([`crate::sources::http::offline`]). [`HttpResources`] is one tileset as [`crate::sources::resource::Resources`], whose paths
//! are absolute addresses. Whoever streams uses one try at a time ([`crate::sources::resource::Remote`]); who reads a whole file
//! from a thread that may wait has the tries made for it.
//!
//! Not here: what of it is wanted (`streaming`), and anything of a local tileset, which never leads to a network.

mod cache;
mod freshness;
mod keep;
mod network;
mod own_thread;
mod resources;
mod stored;

pub use cache::{CACHE_BYTES, Cache, CacheSize, Kept};
pub(in crate::sources) use cache::{files_under, make_room};
pub use freshness::Freshness;
pub use keep::{Found, KeepProgress, KeepState, Keeping, Lead};
pub use network::{MAX_ANSWER_BYTES, Network, NetworkOptions};
pub use own_thread::{OwnThread, on_own_thread};
pub use resources::{HttpResources, checked_url, is_kept, resources_for, server_of};
pub use stored::StoredAnswers;
