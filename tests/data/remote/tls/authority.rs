//! Who issues the certificates of the servers of the tests. Made anew in every run: no key is kept.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, ServerConfig};
use std::sync::Arc;

/// When a certificate holds.
#[derive(Clone, Copy)]
pub(super) enum When {
    Now,
    Before,
    Later,
}

/// A root certificate with its key, as an organisation installs one on its machines.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        Self::named("Stadslens test root, trust it nowhere")
    }

    pub(super) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The root as systems keep it.
    pub(super) fn pem(&self) -> String {
        let der = STANDARD.encode(self.0.der());
        format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")
    }

    /// A server with a certificate for these names.
    pub(super) fn server(&self, names: &[&str], when: When) -> Arc<ServerConfig> {
        self.server_that_speaks(names, when, ALL_VERSIONS)
    }

    /// The same, of an older kind.
    pub(super) fn old_server(&self, names: &[&str]) -> Arc<ServerConfig> {
        self.server_that_speaks(names, When::Now, &[&TLS12])
    }

    fn server_that_speaks(
        &self,
        names: &[&str],
        when: When,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (first, last) = match when {
            When::Now => (2020, 3000),
            When::Before => (2020, 2021),
            When::Later => (2999, 3000),
        };
        (params.not_before, params.not_after) = (date_time_ymd(first, 1, 1), date_time_ymd(last, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}
