//! Through a proxy, around it, and against one that refuses.

use super::authority::{Authority, When};
use super::listening::{Encrypted, End, Proxy};
use super::{assert_opened, complaint, inspect, text, town_server};
use crate::online::server::Server;
use std::net::{IpAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;

/// A name that only the proxy knows.
const FAR: &str = "tegels.gemeente.test";

/// An encrypted town under a name, and a file with the root that issued its certificate.
struct Town {
    server: Server,
    encrypted: Encrypted,
    roots: PathBuf,
    _folder: tempfile::TempDir,
}

impl Town {
    fn new(name: &str, at: IpAddr) -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        let roots = folder.path().join("root.pem");
        std::fs::write(&roots, authority.pem()).unwrap();
        let server = town_server();
        Self {
            encrypted: Encrypted::at(at, authority.server(&[name], When::Now), &server, End::Told),
            server,
            roots,
            _folder: folder,
        }
    }

    fn far() -> Self {
        Self::new(FAR, IpAddr::from([127, 0, 0, 1]))
    }

    fn inspect(&self, url: &str, environment: &[(&str, &str)]) -> std::process::Output {
        let mut all = vec![("SSL_CERT_FILE", text(&self.roots))];
        all.extend(environment);
        inspect(url, &all)
    }
}

#[test]
fn a_tileset_comes_through_the_proxy_that_the_environment_names() {
    let town = Town::far();
    let proxy = Proxy::to(town.encrypted.address());
    let url = format!("https://{FAR}/tileset.json?key=K1");
    let with_name = format!("http://piet:ge%40heim@{}", proxy.name());
    for (variable, value) in [
        ("HTTPS_PROXY", &with_name),
        ("https_proxy", &proxy.name()),
        ("ALL_PROXY", &proxy.name()),
    ] {
        let before = (proxy.asked().len(), town.server.count());
        assert_opened(&town.inspect(&url, &[(variable, value)]));
        assert_eq!(town.server.count(), before.1 + 2, "{variable}");
        let asked = proxy.asked().split_off(before.0);
        assert!(!asked.is_empty(), "{variable}");
        for head in asked {
            assert!(head.starts_with(&format!("CONNECT {FAR}:443 HTTP/1.1\r\n")), "{head}");
            assert!(
                !head.contains("K1"),
                "the proxy learns the host and nothing more: {head}"
            );
            // RFC 7617: `piet:ge@heim`.
            let is_named = head.contains("Proxy-Authorization: Basic cGlldDpnZUBoZWlt\r\n");
            assert_eq!(is_named, variable == "HTTPS_PROXY", "{head}");
        }
    }
    for seen in town.server.seen().iter() {
        assert_eq!(
            seen.header("Proxy-Authorization"),
            None,
            "what opens the proxy stays there"
        );
    }
}

/// A name of this machine that is no address and not `localhost`, at which something can listen.
fn own_name() -> Option<(String, IpAddr)> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim().to_lowercase();
    let is_name = name != "localhost" && name.parse::<IpAddr>().is_err();
    let ip = (name.as_str(), 0).to_socket_addrs().ok()?.next()?.ip();
    (is_name && TcpListener::bind((ip, 0)).is_ok()).then_some((name, ip))
}

#[test]
fn hosts_that_are_excepted_and_this_machine_are_asked_without_the_proxy() {
    // Without such a name nothing can be asked straight here; the rules themselves are tested beside them.
    let Some((name, ip)) = own_name() else {
        eprintln!("skipped: this machine does not know its own name");
        return;
    };
    let town = Town::new(&name, ip);
    let proxy = Proxy::to(town.encrypted.address());
    let proxy_name = proxy.name();
    let url = town.encrypted.url(&name, "/tileset.json");
    assert_opened(&town.inspect(&url, &[("HTTPS_PROXY", &proxy_name)]));
    let through = proxy.asked().len();
    assert!(through > 0);
    let list = format!("example.org, {name}");
    for environment in [
        [("HTTPS_PROXY", proxy_name.as_str()), ("NO_PROXY", list.as_str())],
        [("HTTPS_PROXY", proxy_name.as_str()), ("no_proxy", "*")],
        // Set to nothing: no proxy for this kind of address.
        [("ALL_PROXY", proxy_name.as_str()), ("https_proxy", "")],
        // For the other kind of address only.
        [("HTTP_PROXY", proxy_name.as_str()), ("http_proxy", proxy_name.as_str())],
    ] {
        assert_opened(&town.inspect(&url, &environment));
        assert_eq!(proxy.asked().len(), through, "{environment:?}");
    }
    assert_opened(&inspect(
        &town.server.url("/tileset.json"),
        &[("ALL_PROXY", &proxy_name)],
    ));
    assert_eq!(
        proxy.asked().len(),
        through,
        "what stays on this machine goes through nobody"
    );
}

#[test]
fn a_proxy_that_lets_nothing_through_is_one_line() {
    let town = Town::far();
    let url = format!("https://{FAR}/tileset.json?key=K1");
    for (status, expected) in [
        (407, "wants a name and password (status 407); ask your administrator"),
        (403, "does not let this through (status 403); ask your administrator"),
    ] {
        let proxy = Proxy::refusing(status);
        let named = format!("http://piet:geheim@{}", proxy.name());
        let complaint = complaint(&town.inspect(&url, &[("HTTPS_PROXY", &named)]));
        let start = format!("the proxy {} {expected}", proxy.name());
        assert!(complaint.contains(&start), "{complaint}");
        assert!(
            !complaint.contains("geheim") && !complaint.contains("K1"),
            "{complaint}"
        );
        assert_eq!(proxy.asked().len(), 1, "it is asked once");
    }
    let socks = complaint(&town.inspect(&url, &[("HTTPS_PROXY", "socks5://piet:geheim@127.0.0.1:1")]));
    assert!(socks.contains("HTTPS_PROXY") && socks.contains("SOCKS"), "{socks}");
    assert!(!socks.contains("geheim"), "{socks}");
    assert_eq!(town.server.count(), 0);
}

/// What may pass is tried again, a few times.
#[test]
fn a_proxy_that_is_not_there_or_finds_no_server_is_told_as_the_proxy() {
    let town = Town::far();
    let url = format!("https://{FAR}/tileset.json");
    let proxy = Proxy::refusing(502);
    let complaint_of = |name: &str| complaint(&town.inspect(&url, &[("HTTPS_PROXY", name)]));
    let busy = complaint_of(&proxy.name());
    let start = format!(
        "the proxy {} does not get through to the server (status 502)",
        proxy.name()
    );
    assert!(busy.contains(&start), "{busy}");
    assert!((2..=5).contains(&proxy.asked().len()), "{}", proxy.asked().len());
    let name = proxy.name();
    drop(proxy);
    let gone = complaint_of(&name);
    assert!(gone.contains(&format!("the proxy {name} cannot be reached")), "{gone}");
}
