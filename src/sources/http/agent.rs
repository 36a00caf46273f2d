//! How connections are made: encrypted, with the system's trust, and without anything that happens by itself.

use super::Limits;
use std::sync::Arc;
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig, TlsProvider},
};

/// Who asks.
const USER_AGENT: &str = concat!(
    "Stadslens/",
    env!("CARGO_PKG_VERSION"),
    " (planning viewer; fetches open data of one area)"
);
/// Largest head of an answer, bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// An agent that trusts what the system trusts (so also the root certificate that an organisation put there), uses the proxy of the environment
/// and follows no redirects by itself.
pub(super) fn agent_of(limits: &Limits) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(MAX_HEAD_BYTES)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_send_request(Some(limits.silence))
        .timeout_recv_response(Some(limits.silence))
        .timeout_per_read(Some(limits.silence))
        .timeout_recv_body(Some(limits.total))
        .build()
        .new_agent()
}
