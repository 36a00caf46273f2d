//! From one kind of address to the other.

use super::authority::{Authority, When};
use super::listening::Encrypted;
use super::{assert_opened, complaint, inspect, text, town_server};
use crate::online::server::{Reply, Server};

#[test]
fn a_redirect_leads_into_encryption_and_never_out_of_it() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let environment = [("SSL_CERT_FILE", text(&file))];
    let config = || authority.server(&["127.0.0.1"], When::Now);

    let town = town_server();
    let encrypted = Encrypted::new(config(), &town);
    let target = encrypted.url("127.0.0.1", "");
    let plain = Server::new(move |seen| Reply::to(301, &format!("{target}{}", seen.target)));
    assert_opened(&inspect(&plain.url("/tileset.json"), &environment));
    assert!(plain.count() > 0 && town.count() == 2);

    let open = town_server();
    for status in [301, 302, 303, 307, 308] {
        let target = open.url("/tileset.json?key=K1");
        let leading = Server::new(move |_| Reply::to(status, &target));
        let encrypted = Encrypted::new(config(), &leading);
        let output = inspect(&encrypted.url("127.0.0.1", "/tileset.json?key=K1"), &environment);
        let complaint = complaint(&output);
        assert!(
            complaint.contains("an encrypted answer leads to an address that is not encrypted"),
            "{complaint}"
        );
        assert!(!complaint.contains("K1"), "{complaint}");
        assert_eq!(leading.count(), 1, "{status}");
    }
    assert_eq!(
        open.count(),
        0,
        "nothing is asked without encryption, and no key goes there"
    );
}
