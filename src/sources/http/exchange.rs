//! One request and its answer, redirects followed.

use super::agent::{Agents, Route};
use super::hosts::{Hosts, Slot};
use super::once::Validators;
use super::{Address, Cancel, HttpError, Limits, offline, trust};
use std::io::ErrorKind;
use ureq::{
    Body, Error, Timeout,
    http::{HeaderMap, header},
};

/// What a client brings to every request.
pub(super) struct Line<'a> {
    pub(super) agents: &'a Agents,
    pub(super) hosts: &'a Hosts,
    pub(super) limits: &'a Limits,
    pub(super) cancel: &'a Cancel,
    pub(super) plain_http_hosts: &'a [String],
}

/// What is asked.
pub(super) struct Ask<'a> {
    pub(super) accept: &'a str,
    /// How the answer may come packed.
    pub(super) encodings: &'a str,
    /// From which byte on, and of which version of the file.
    pub(super) from: Option<(u64, &'a str)>,
    /// What is known of a version that is there already: the answer may be that it is still the same.
    pub(super) known: Option<&'a Validators>,
}

/// An answer whose body is still to come. The connection counts until it is dropped.
pub(super) struct Exchange<'a> {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// Who answered, after redirects.
    pub(super) address: Address,
    _slot: Slot<'a>,
}

impl Exchange<'_> {
    /// A header as text.
    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Asks and follows redirects: only to addresses that may be fetched, never in a circle.
pub(super) fn exchange<'a>(line: &Line<'a>, first: &Address, ask: &Ask) -> Result<Exchange<'a>, HttpError> {
    let mut address = first.clone();
    let mut seen: Vec<String> = Vec::new();
    loop {
        if offline::is_offline() {
            return Err(HttpError::Offline { url: first.to_string() });
        }
        let slot = line.hosts.enter(&address.authority(), address.as_str(), line.cancel)?;
        let route = line.agents.route(&address)?;
        let mut request = route
            .agent
            .get(address.as_str())
            .header(header::ACCEPT, ask.accept)
            .header(header::ACCEPT_ENCODING, ask.encodings);
        if let Some((from, version)) = ask.from {
            request = request
                .header(header::RANGE, format!("bytes={from}-"))
                .header(header::IF_RANGE, version);
        }
        if let Some(known) = ask.known {
            if let Some(tag) = &known.etag {
                request = request.header(header::IF_NONE_MATCH, tag);
            }
            if let Some(date) = &known.last_modified {
                request = request.header(header::IF_MODIFIED_SINCE, date);
            }
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => {
                let error = failure(error, &address, &route, line.cancel);
                return Err(failed_over(line.hosts, &address, error));
            }
        };
        let (parts, body) = response.into_parts();
        let answer = Exchange {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            address: address.clone(),
            _slot: slot,
        };
        if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(answer);
        }
        let Some(location) = answer.header(header::LOCATION) else {
            return Err(HttpError::Garbled {
                reason: format!("status {} without a place to go", answer.status),
                url: address.to_string(),
            });
        };
        let next = address.follow(location, line.plain_http_hosts)?;
        seen.push(address.to_string());
        if seen.len() > line.limits.redirects || seen.iter().any(|before| before == next.as_str()) {
            return Err(HttpError::Redirects {
                count: seen.len(),
                url: first.to_string(),
            });
        }
        address = next;
    }
}

/// A failure as it is told, after noting what it means for the host: where nothing that is asked there can succeed, nothing
/// more is asked. A certificate or a proxy fails for a thousand tiles as for one.
pub(super) fn failed_over(hosts: &Hosts, address: &Address, error: HttpError) -> HttpError {
    let host = address.authority();
    let reason = match &error {
        HttpError::NotTrusted { reason, .. } => {
            format!("the certificate of {host} was not to be trusted before ({reason})")
        }
        HttpError::Proxy {
            proxy,
            reason,
            may_pass: false,
            ..
        } => format!("the proxy {proxy} {reason}"),
        _ => return error,
    };
    hosts.stop(&host, error.cause(), reason);
    error
}

/// What a proxy means that does not let a request through; `status` where it said one.
pub(super) fn proxy_refusal(proxy: &str, status: Option<u16>, url: String) -> HttpError {
    let reason = match status {
        Some(407) => {
            "wants a name and password (status 407); ask your administrator to let this program through, or set them \
                      with the address of the proxy"
                .to_owned()
        }
        Some(status @ (408 | 429 | 500..)) => format!("does not get through to the server (status {status})"),
        Some(status) => format!("does not let this through (status {status}); ask your administrator"),
        None => "gives no answer that can be read".to_owned(),
    };
    HttpError::Proxy {
        proxy: proxy.to_owned(),
        reason,
        may_pass: status.is_none_or(|status| matches!(status, 408 | 429 | 500..)),
        url,
    }
}

/// What kept an answer from coming.
fn failure(error: Error, address: &Address, route: &Route<'_>, cancel: &Cancel) -> HttpError {
    let url = address.to_string();
    if cancel.is_cancelled() {
        return HttpError::Cancelled { url };
    }
    match error {
        Error::Timeout(Timeout::Connect) if route.proxy.is_some() => HttpError::TimeOut {
            what: "connecting through the proxy",
            url,
        },
        Error::Timeout(timeout) => HttpError::TimeOut {
            what: what_took_long(timeout),
            url,
        },
        Error::HostNotFound => out_of_reach("its name is not known", route, url),
        Error::ConnectProxyFailed(said) => {
            let proxy = route.proxy.as_deref().unwrap_or("of this network");
            proxy_refusal(proxy, first_number(&said), url)
        }
        Error::Rustls(source) => trust::failure(&source, url),
        Error::Tls(reason) => HttpError::NoEncryption {
            reason: reason.to_owned(),
            url,
        },
        Error::Io(source) => match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(inner) => trust::failure(inner, url),
            None if source.kind() == ErrorKind::ConnectionRefused => out_of_reach(&source.to_string(), route, url),
            None => HttpError::Unreachable {
                reason: source.to_string(),
                url,
            },
        },
        Error::Protocol(_) | Error::Http(_) | Error::LargeResponseHeader(..) | Error::BadUri(_) => HttpError::Garbled {
            reason: error.to_string(),
            url,
        },
        other => HttpError::Unreachable {
            reason: other.to_string(),
            url,
        },
    }
}

/// No connection, to the proxy where there is one: it is the only one whose name is looked up and who is connected to then.
fn out_of_reach(reason: &str, route: &Route<'_>, url: String) -> HttpError {
    match &route.proxy {
        Some(proxy) => HttpError::Proxy {
            proxy: proxy.clone(),
            reason: format!("cannot be reached ({reason})"),
            may_pass: true,
            url,
        },
        None => HttpError::Unreachable {
            reason: reason.to_owned(),
            url,
        },
    }
}

/// `proxy server responded 407/407`: the library tells the status in words alone.
fn first_number(said: &str) -> Option<u16> {
    said.split(|c: char| !c.is_ascii_digit())
        .find_map(|part| part.parse().ok())
}

/// What kept a body from coming whole.
pub(super) fn body_failure(
    error: std::io::Error,
    received: u64,
    promised: Option<u64>,
    address: &Address,
    cancel: &Cancel,
) -> HttpError {
    let url = address.to_string();
    if cancel.is_cancelled() {
        return HttpError::Cancelled { url };
    }
    match Error::from(error) {
        Error::Timeout(timeout) => HttpError::TimeOut {
            what: what_took_long(timeout),
            url,
        },
        Error::Decompress(_, source) if source.kind() != ErrorKind::UnexpectedEof => HttpError::Garbled {
            reason: source.to_string(),
            url,
        },
        Error::Protocol(source) => HttpError::Garbled {
            reason: source.to_string(),
            url,
        },
        _ => HttpError::CutOff {
            received,
            promised,
            url,
        },
    }
}

fn what_took_long(timeout: Timeout) -> &'static str {
    match timeout {
        Timeout::Resolve | Timeout::Connect => "connecting",
        Timeout::RecvResponse => "waiting for the answer",
        Timeout::PerRead => "nothing came for a while",
        _ => "it took too long in all",
    }
}
