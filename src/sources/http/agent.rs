//! How connections are made: encrypted, with the system's trust, and without anything that happens by itself.

use super::proxy::{Proxies, Setting};
use super::{Address, HttpError, Limits};
use std::sync::Arc;
use ureq::{
    Agent, Proxy,
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

/// What makes the connections of one transfer or of one client: one agent for each way that an address may go.
pub(super) struct Agents {
    proxies: Proxies,
    straight: Agent,
    https: Option<Agent>,
    http: Option<Agent>,
}

/// Who makes the connection to an address.
pub(super) struct Route<'a> {
    pub(super) agent: &'a Agent,
    /// Host and port of the proxy in between.
    pub(super) proxy: Option<String>,
}

impl Agents {
    /// Agents that trust what the system trusts (so also the root certificate that an organisation put there), go through
    /// the proxies of this machine and follow no redirects by themselves.
    pub(super) fn new(limits: &Limits) -> Self {
        let proxies = Proxies::of_this_machine();
        let through = |setting: Option<&Setting>| {
            let proxy = setting.and_then(Setting::usable);
            proxy.map(|proxy| agent_of(limits, Some(proxy.clone())))
        };
        Self {
            straight: agent_of(limits, None),
            https: through(proxies.https.as_ref()),
            http: through(proxies.http.as_ref()),
            proxies,
        }
    }

    /// The way to an address.
    ///
    /// # Errors
    /// [`HttpError::Proxy`] where it should go through a proxy that cannot be used.
    pub(super) fn route(&self, address: &Address) -> Result<Route<'_>, HttpError> {
        let straight = Route {
            agent: &self.straight,
            proxy: None,
        };
        let Some(setting) = self.proxies.of(address) else {
            return Ok(straight);
        };
        let proxy = setting.proxy(address)?;
        // Exceptions of the system's own settings.
        if proxy.is_no_proxy(address.uri()) {
            return Ok(straight);
        }
        let agent = if address.is_plain() { &self.http } else { &self.https };
        Ok(agent.as_ref().map_or(straight, |agent| Route {
            agent,
            proxy: Some(format!("{}:{}", proxy.host(), proxy.port())),
        }))
    }

    /// All of them.
    pub(super) fn each(&self) -> impl Iterator<Item = &Agent> {
        [Some(&self.straight), self.https.as_ref(), self.http.as_ref()]
            .into_iter()
            .flatten()
    }
}

fn agent_of(limits: &Limits, proxy: Option<Proxy>) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
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
