//! Fetching files over HTTP: politely, and as if every answer could be cut off, wrong or hostile.
//!
//! At most [`Limits::per_host`] requests at a time to one host, a name that says who asks, waiting when a service asks for
//! it ([`Client::get`], [`Client::download_to`]). What may pass by itself is tried again with growing pauses; what a
//! service refuses is not. A file that broke off goes on where it stopped, also in a later run of the program. An answer
//! of the wrong kind (a web page, an OGC exception report) is told as that and never kept as data.
//!
//! Only `https`, and `http` to this machine or to a host that was allowed by name. No cookies, no passwords, no scripts.
//! Certificates are judged by what the system trusts, and requests go through the proxy that the environment names.
//! Blocking: call it from a thread that may wait. Sizes are bytes.

mod address;
mod agent;
mod answer;
mod backoff;
mod cancel;
mod client;
mod download;
mod error;
mod exchange;
mod hosts;
pub mod offline;
mod once;
mod proxy;
mod transfer;
mod trust;

pub use address::Address;
pub use answer::Expected;
pub use backoff::pause;
pub use cancel::Cancel;
pub use client::{Answer, Client, Limits, Progress, Want};
pub use download::Downloaded;
pub use error::HttpError;
pub use once::{AnswerHeaders, Asker, Outcome, Validators};
pub use transfer::{Room, Transfer};
