//! Which proxy a request goes through, if any.
//!
//! Read as most programs read it: `https_proxy` and `http_proxy` hold for addresses of their own kind, `all_proxy` for what
//! they leave open, `no_proxy` names the hosts that are asked without; all of them in small or large letters. `curl` does
//! the same but for `HTTP_PROXY`: a web server may set that for what it starts, which this program is not. The library takes the first of them that is set for any address and knows neither spaces nor networks in
//! `NO_PROXY`, so that is done here. On Windows the proxy of the system's own settings serves where none of them is set.

use super::{Address, HttpError};
use std::net::IpAddr;
use ureq::{Proxy, ProxyProtocol};

/// What is wrong with a value that is no proxy.
const NO_ADDRESS: &str = "holds no address of a proxy, such as http://proxy.example.org:8080";

/// What one kind of address goes through.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// Where it is set, for messages.
    variable: String,
    /// The proxy, or what is wrong with what is set.
    proxy: Result<Proxy, &'static str>,
}

impl Setting {
    fn of(variable: String, value: &str) -> Self {
        let proxy = Proxy::new(value).map_err(|_error| NO_ADDRESS);
        let proxy = proxy.and_then(|proxy| match proxy.protocol() {
            ProxyProtocol::Http | ProxyProtocol::Https if has_odd_port(&proxy) => Err(NO_ADDRESS),
            ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
            _ => Err("names a SOCKS proxy; only http and https proxies are used"),
        });
        Self { variable, proxy }
    }

    /// The proxy.
    ///
    /// # Errors
    /// [`HttpError::Proxy`] where what is set is no proxy: going without would be what nobody asked for.
    pub(super) fn proxy(&self, address: &Address) -> Result<&Proxy, HttpError> {
        self.proxy.as_ref().map_err(|reason| HttpError::Proxy {
            proxy: format!("that {} sets", self.variable),
            reason: format!("cannot be used, since it {reason}"),
            may_pass: false,
            url: address.to_string(),
        })
    }

    /// The proxy where it can be used.
    pub(super) fn usable(&self) -> Option<&Proxy> {
        self.proxy.as_ref().ok()
    }
}

/// Whether something stands where the port should be that is none; the library would take the usual port then.
fn has_odd_port(proxy: &Proxy) -> bool {
    proxy.uri().authority().is_some_and(|authority| {
        let place = authority.as_str().rsplit('@').next().unwrap_or_default();
        place.len() > authority.host().len() && authority.port_u16().is_none()
    })
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies {
    pub(super) https: Option<Setting>,
    pub(super) http: Option<Setting>,
    except: Vec<Exception>,
}

impl Proxies {
    /// What the environment of this program says, and on Windows else the system.
    pub(super) fn of_this_machine() -> Self {
        let proxies = Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()));
        match proxies {
            Some(proxies) => proxies,
            // Nothing is set: this looks into the registry, where there is one.
            None if cfg!(windows) => {
                let system = Proxy::try_from_env().map(|proxy| Setting {
                    variable: "Windows".to_owned(),
                    proxy: Ok(proxy),
                });
                Self {
                    https: system.clone(),
                    http: system,
                    except: Vec::new(),
                }
            }
            None => Self::default(),
        }
    }

    /// What these variables say; `None` where none of them names a proxy or forbids one.
    fn read(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let either = |name: &str| {
            let names = [name.to_owned(), name.to_ascii_uppercase()];
            names
                .into_iter()
                .find_map(|name| variable(&name).map(|value| (name, value)))
        };
        let of_all = either("all_proxy");
        let of = |name: &str| either(name).or_else(|| of_all.clone());
        let (https, http) = (of("https_proxy"), of("http_proxy"));
        if https.is_none() && http.is_none() {
            return None;
        }
        // A variable that is set to nothing says that there is no proxy.
        let setting = |found: Option<(String, String)>| {
            found.and_then(|(name, value)| {
                let value = value.trim();
                (!value.is_empty()).then(|| Setting::of(name, value))
            })
        };
        let except = either("no_proxy").map(|(_, list)| exceptions(&list));
        Some(Self {
            https: setting(https),
            http: setting(http),
            except: except.unwrap_or_default(),
        })
    }

    /// What an address goes through; `None` where it is asked without a proxy. What stays on this machine always is.
    pub(super) fn of(&self, address: &Address) -> Option<&Setting> {
        let setting = if address.is_plain() { &self.http } else { &self.https };
        let setting = setting.as_ref()?;
        let is_excepted = || self.except.iter().any(|except| except.holds(address));
        (!address.is_this_machine() && !is_excepted()).then_some(setting)
    }
}

/// One entry of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    All,
    /// A host and all below it, at one port or at any.
    Host(String, Option<u16>),
    /// Addresses that begin with the same bits.
    Network(IpAddr, u32),
}

impl Exception {
    fn of(entry: &str) -> Self {
        if entry == "*" {
            return Self::All;
        }
        let ip = |text: &str| -> Option<IpAddr> { text.trim_start_matches('[').trim_end_matches(']').parse().ok() };
        if let Some(ip) = ip(entry) {
            return Self::Network(ip, u32::MAX);
        }
        if let Some((start, bits)) = entry.split_once('/')
            && let (Some(ip), Ok(bits)) = (ip(start), bits.parse())
        {
            return Self::Network(ip, bits);
        }
        let with_port = entry.rsplit_once(':');
        let with_port = with_port.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let (host, port) = with_port.map_or((entry, None), |(host, port)| (host, Some(port)));
        let host = host.trim_start_matches("*.").trim_matches('.');
        Self::Host(host.trim_matches(['[', ']']).to_ascii_lowercase(), port)
    }

    fn holds(&self, address: &Address) -> bool {
        let host = address.bare_host().trim_end_matches('.');
        match self {
            Self::All => true,
            Self::Host(name, port) => {
                let is_below = || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                port.is_none_or(|port| port == address.port()) && !name.is_empty() && (host == name || is_below())
            }
            Self::Network(start, bits) => host.parse().is_ok_and(|ip| is_within(ip, *start, *bits)),
        }
    }
}

fn exceptions(list: &str) -> Vec<Exception> {
    let entries = list.split(|c: char| c == ',' || c.is_whitespace());
    entries.filter(|entry| !entry.is_empty()).map(Exception::of).collect()
}

/// Whether the first bits of two addresses are the same; all of them where `bits` is more than there are.
fn is_within(ip: IpAddr, start: IpAddr, bits: u32) -> bool {
    let wide = |ip: IpAddr| match ip.to_canonical() {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    };
    let ((ip, is_v4), (start, starts_v4)) = (wide(ip), wide(start));
    let rest = 128_u32.saturating_sub(bits);
    // A shift by all bits leaves nothing that could differ.
    is_v4 == starts_v4 && (ip ^ start).checked_shr(rest).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(set: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Proxies::read(value).unwrap_or_default()
    }

    /// Host and port of the proxy for an address.
    fn way(proxies: &Proxies, url: &str) -> Option<String> {
        let address = Address::parse(url, &["plain.org".to_owned()]).unwrap();
        let proxy = proxies.of(&address)?.proxy(&address).unwrap();
        Some(format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn each_kind_of_address_has_its_own_proxy() {
        let (https, plain) = ("https://example.org/", "http://plain.org/");
        let both = proxies(&[("HTTPS_PROXY", "http://me:pw@a:1"), ("http_proxy", "b:2")]);
        assert_eq!(way(&both, https).unwrap(), "a:1");
        assert_eq!(way(&both, plain).unwrap(), "b:2");
        assert_eq!(way(&both, "https://localhost:9/x"), None);
        assert_eq!(way(&both, "http://127.0.0.1/x"), None);
        let one = proxies(&[("http_proxy", "b:2")]);
        assert_eq!((way(&one, https), way(&one, plain).unwrap()), (None, "b:2".to_owned()));
        let all = proxies(&[("ALL_PROXY", "https://c"), ("http_proxy", "")]);
        assert_eq!(
            (way(&all, https).unwrap(), way(&all, plain)),
            ("c:443".to_owned(), None)
        );
        let small = proxies(&[("https_proxy", "small:3"), ("HTTPS_PROXY", "large:4")]);
        assert_eq!(way(&small, https).unwrap(), "small:3");
        assert!(Proxies::read(|_| None).is_none());
        assert!(Proxies::read(|name| (name == "NO_PROXY").then(|| "*".to_owned())).is_none());
    }

    #[test]
    fn hosts_that_are_asked_without_a_proxy() {
        let list = " intern.gemeente.nl,.gis.nl, *.kaart.nl:8443 10.0.0.0/8,192.0.2.7\t[2001:db8::]/32,,";
        let proxies = proxies(&[("HTTPS_PROXY", "p:1"), ("no_proxy", list)]);
        for direct in [
            "https://intern.gemeente.nl/",
            "https://a.Intern.gemeente.nl/",
            "https://intern.gemeente.nl./",
            "https://gis.nl/",
            "https://a.b.gis.nl:99/",
            "https://a.kaart.nl:8443/",
            "https://10.255.0.1/",
            "https://192.0.2.7/",
            "https://[2001:db8:1::5]/",
        ] {
            assert_eq!(way(&proxies, direct), None, "{direct}");
        }
        for through in [
            "https://gemeente.nl/",
            "https://xintern.gemeente.nl/",
            "https://intern.gemeente.nl.example.org/",
            "https://logis.nl/",
            "https://a.kaart.nl/",
            "https://11.0.0.1/",
            "https://192.0.2.8/",
            "https://[2001:db9::5]/",
        ] {
            assert_eq!(way(&proxies, through).unwrap(), "p:1", "{through}");
        }
    }

    #[test]
    fn a_star_excepts_all() {
        let none = proxies(&[("HTTPS_PROXY", "p:1"), ("NO_PROXY", "*")]);
        assert_eq!(way(&none, "https://example.org/"), None);
    }

    #[test]
    fn networks_are_compared_bit_by_bit() {
        let within = |ip: &str, start: &str, bits| is_within(ip.parse().unwrap(), start.parse().unwrap(), bits);
        assert!(within("10.1.2.3", "10.1.0.0", 16) && !within("10.2.2.3", "10.1.0.0", 16));
        assert!(within("10.1.2.3", "0.0.0.0", 0) && !within("::1", "0.0.0.0", 0));
        assert!(within("10.1.2.3", "10.1.2.3", 99) && !within("10.1.2.2", "10.1.2.3", 32));
        assert!(within("::ffff:10.1.2.3", "10.1.0.0", 16));
        assert!(within("2001:db8::1", "2001:db8::", 127) && !within("2001:db8::1", "2001:db8::", 128));
    }

    /// Going straight to the server where a proxy was wanted is not what was asked for.
    #[test]
    fn what_is_no_proxy_is_told_and_its_password_is_not() {
        let address = Address::parse("https://example.org/", &[]).unwrap();
        for (value, expected) in [
            ("socks5://me:secret@a:1", "SOCKS"),
            ("http://me:secret@a:port", "no address of a proxy"),
            ("http=a:80;https=b:80", "no address of a proxy"),
        ] {
            let proxies = proxies(&[("HTTPS_PROXY", value)]);
            let error = proxies.of(&address).unwrap().proxy(&address).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("HTTPS_PROXY"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
