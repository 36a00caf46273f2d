//! Addresses that may be fetched, and where one may lead to.

use super::HttpError;
use std::net::IpAddr;
use ureq::http::Uri;

/// Longest address, characters.
const MAX_LENGTH: usize = 8000;

/// An absolute `http` or `https` address without a user name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    uri: Uri,
    host: String,
    is_plain: bool,
}

impl Address {
    /// Checks an address. `http` is refused unless it stays on this machine or `plain_http_hosts` names the host.
    ///
    /// # Errors
    /// [`HttpError::BadAddress`] with what is wrong.
    pub fn parse(text: &str, plain_http_hosts: &[String]) -> Result<Self, HttpError> {
        let bad = |reason: &'static str| HttpError::BadAddress {
            reason,
            url: text.chars().take(200).collect(),
        };
        if text.len() > MAX_LENGTH {
            return Err(bad("it is too long"));
        }
        let text = text.split('#').next().unwrap_or_default();
        let is_plain = match text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()) {
            Some(scheme) if scheme == "https" => false,
            Some(scheme) if scheme == "http" => true,
            Some(_) => return Err(bad("only https addresses are fetched")),
            None => return Err(bad("it does not begin with https://")),
        };
        let encoded = encode_odd(text);
        let uri: Uri = encoded.parse().map_err(|_error| bad("it is not an address"))?;
        let authority = uri.authority().ok_or_else(|| bad("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it holds a user name; only open addresses are fetched"));
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad("it names no host"));
        }
        if is_odd_number(&host) {
            return Err(bad("its host is a number that is no address; write it as four numbers"));
        }
        let address = Self {
            text: encoded,
            uri,
            host,
            is_plain,
        };
        if is_plain && !address.is_this_machine() && !plain_http_hosts.contains(&address.host) {
            return Err(bad(
                "it is not encrypted (http); use https, or name the host in the list of endpoints",
            ));
        }
        Ok(address)
    }

    /// The address as it is asked for.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host in lower case, without the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port: what connections are counted by.
    pub(super) fn authority(&self) -> String {
        self.uri
            .authority()
            .map(|authority| authority.as_str().to_ascii_lowercase())
            .unwrap_or_default()
    }

    /// Host without the brackets of an IPv6 address.
    pub(super) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Port, also where the address leaves it out.
    pub(super) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_plain { 80 } else { 443 })
    }

    /// Whether it is `http`.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// It as the library takes it.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether it stays on this machine: also as `0.0.0.0` and as an IPv4 address written as IPv6, which lead there too.
    pub(super) fn is_this_machine(&self) -> bool {
        let bare = self.bare_host().trim_end_matches('.');
        let ip = bare.parse::<IpAddr>().map(|ip| ip.to_canonical());
        bare == "localhost"
            || bare.ends_with(".localhost")
            || ip.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }

    /// Where a reference in an answer of this address leads: a `Location`, a link to the next page, a file in an index.
    /// Never from the network to this machine, and never from encrypted to not encrypted.
    ///
    /// # Errors
    /// [`HttpError::BadAddress`] with what is wrong.
    pub fn follow(&self, reference: &str, plain_http_hosts: &[String]) -> Result<Self, HttpError> {
        let target = Self::parse(&self.joined(reference.trim()), plain_http_hosts)?;
        let bad = |reason: &'static str| HttpError::BadAddress {
            reason,
            url: target.text.clone(),
        };
        if target.is_this_machine() && !self.is_this_machine() {
            return Err(bad("an answer from elsewhere leads to this machine"));
        }
        if target.is_plain && !self.is_plain {
            return Err(bad("an encrypted answer leads to an address that is not encrypted"));
        }
        Ok(target)
    }

    /// RFC 3986, section 5.2, without what no service does.
    fn joined(&self, reference: &str) -> String {
        let scheme = if self.is_plain { "http" } else { "https" };
        let authority = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        let path = self.uri.path();
        if has_scheme(reference) {
            return reference.to_owned();
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return format!("{scheme}://{rest}");
        }
        if reference.starts_with('/') {
            return format!("{scheme}://{authority}{reference}");
        }
        if reference.starts_with('?') {
            return format!("{scheme}://{authority}{path}{reference}");
        }
        if reference.is_empty() {
            return self.text.clone();
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (relative, query) = reference.split_at(reference.find('?').unwrap_or(reference.len()));
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "." => {}
                ".." => {
                    parts.pop();
                }
                _ => parts.push(part),
            }
        }
        format!("{scheme}://{authority}/{}{query}", parts.join("/"))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a host ends in a number and is no address as it is written everywhere: `127.1`, `2130706433`, `0x7f.0.0.1`.
/// What looks names up takes them for IPv4 addresses, some of which are this machine.
fn is_odd_number(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
    let last = bare.rsplit('.').next().unwrap_or_default();
    let is_number = match last.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|digit| digit.is_ascii_digit()),
    };
    is_number && bare.parse::<IpAddr>().is_err()
}

/// `https:`, `file:`, `mailto:` and the like at the start.
fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    })
}

/// Percent codes for what may not stand in an address as it is.
fn encode_odd(text: &str) -> String {
    const ODD: percent_encoding::AsciiSet = percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    percent_encoding::utf8_percent_encode(text, &ODD).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Address {
        Address::parse(text, &[]).unwrap()
    }

    #[test]
    fn only_open_and_encrypted_addresses_are_taken() {
        for text in [
            "https://example.org/a?b=c#d",
            "http://127.0.0.1:80/x",
            "http://localhost/x",
            "http://[::1]:9/x",
        ] {
            assert!(Address::parse(text, &[]).is_ok(), "{text}");
        }
        for text in [
            "http://example.org/",
            "file:///etc/passwd",
            "ftp://example.org/",
            "https://me:secret@example.org/",
            "https:///x",
            "example.org",
            "",
            "https://",
            "data:,x",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1:8443/",
            "https://0x7F000001./",
            "https://0177.0.0.1/",
            "http://0/",
        ] {
            assert!(
                matches!(Address::parse(text, &[]), Err(HttpError::BadAddress { .. })),
                "{text}"
            );
        }
        assert!(Address::parse("http://example.org/", &["example.org".to_owned()]).is_ok());
        assert!(Address::parse(&format!("https://example.org/{}", "x".repeat(9000)), &[]).is_err());
        assert_eq!(at("HTTPS://Example.ORG/é ü").host(), "example.org");
    }

    #[test]
    fn references_are_joined_as_a_browser_does() {
        let base = at("https://example.org/a/b/items?page=1");
        for (reference, expected) in [
            ("https://other.org/x", "https://other.org/x"),
            ("//other.org/x", "https://other.org/x"),
            ("/x?y", "https://example.org/x?y"),
            ("?page=2", "https://example.org/a/b/items?page=2"),
            ("next", "https://example.org/a/b/next"),
            ("../c/./d?e=f/../g", "https://example.org/a/c/d?e=f/../g"),
            ("../../../../x", "https://example.org/x"),
        ] {
            assert_eq!(base.follow(reference, &[]).unwrap().as_str(), expected, "{reference}");
        }
    }

    #[test]
    fn an_answer_never_leads_to_this_machine_or_to_another_kind_of_address() {
        let base = at("https://example.org/");
        for reference in [
            "http://127.0.0.1/",
            "http://localhost:8080/x",
            "https://127.0.0.1/",
            "https://0.0.0.0/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::]:8443/",
            "https://localhost.:8443/",
            "https://a.localhost/",
            "https://127.0.0.1./",
            "file:///etc/passwd",
            "ftp://example.org/x",
            "mailto:a@b",
        ] {
            assert!(base.follow(reference, &[]).is_err(), "{reference}");
        }
        assert!(
            base.follow("http://example.org/x", &["example.org".to_owned()])
                .is_err()
        );
        assert!(at("http://127.0.0.1:1/").follow("http://127.0.0.1:2/", &[]).is_ok());
    }
}
