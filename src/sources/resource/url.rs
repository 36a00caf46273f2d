//! Paths that are addresses: where a whole tileset is read over HTTP, every path in it is an absolute `http` or `https`
//! address, and [`super::join`] makes one out of another.
//!
//! A document of this machine never leads to an address: only what stands in a document that came from an address does.
//! What follows the `?` of a document's address (a key, a signature) goes along to what it names on the same host, and
//! nowhere else.

use super::{LONGEST_URI, ResourceError};
use crate::sources::http::{Address, HttpError};
use crate::sources::shortened;

/// Whether a path is an address.
pub fn is_url(path: &str) -> bool {
    let scheme = path.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// A path without what follows `?` and `#` in an address; any other path as it is.
pub fn plain_path(path: &str) -> &str {
    if is_url(path) {
        path.split(['?', '#']).next().unwrap_or(path)
    } else {
        path
    }
}

/// An address as it is shown: without its query, which may hold a key, and without a name and password.
pub fn shown_url(url: &str) -> String {
    let plain = plain_path(url);
    let end = plain.match_indices('/').nth(2).map_or(plain.len(), |(at, _)| at);
    let (authority, path) = plain.split_at(end);
    match (authority.split_once("://"), authority.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => shortened(&format!("{scheme}://{host}{path}"), LONGEST_URI),
        _ => shortened(plain, LONGEST_URI),
    }
}

/// Joins what a document at the address `document` names, with the query of the document where it is for the same host.
///
/// # Errors
/// [`ResourceError::Scheme`] for `file:` and all that is not fetched, [`ResourceError::Fetch`] for addresses that must not be
/// followed from there.
pub(super) fn join_url(document: &str, uri: &str) -> Result<String, ResourceError> {
    let fetch = |source: HttpError| ResourceError::Fetch {
        source: source.without_query(),
    };
    let has_scheme = super::has_scheme(uri.split(['?', '#']).next().unwrap_or_default());
    if has_scheme && !is_url(uri) {
        return Err(ResourceError::Scheme {
            uri: shortened(uri, LONGEST_URI),
        });
    }
    if uri.trim().is_empty() {
        return Err(ResourceError::Unusable {
            reason: "it is empty",
            uri: String::new(),
        });
    }
    // That a document was fetched without encryption was a person's choice, and holds for its own host.
    let plain: Vec<String> = document
        .get(..5)
        .filter(|scheme| scheme.eq_ignore_ascii_case("http:"))
        .and_then(|_| host_of_plain(document))
        .into_iter()
        .collect();
    let base = Address::parse(document, &plain).map_err(fetch)?;
    let target = base.follow(uri, &plain).map_err(fetch)?;
    if origin(base.as_str()) == origin(target.as_str()) {
        Ok(with_inherited(base.as_str(), target.as_str()))
    } else {
        Ok(target.as_str().to_owned())
    }
}

/// Host of an `http` address, for allowing it.
pub(in crate::sources) fn host_of_plain(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    };
    Some(host.to_ascii_lowercase())
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    let end = url
        .match_indices('/')
        .nth(2)
        .map_or_else(|| url.find('?').unwrap_or(url.len()), |(at, _)| at);
    url[..end].to_ascii_lowercase()
}

/// `target` with the parameters of `base` that it does not have itself.
fn with_inherited(base: &str, target: &str) -> String {
    let Some((_, inherited)) = base.split_once('?') else {
        return target.to_owned();
    };
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let own: Vec<String> = target
        .split_once('?')
        .map(|(_, query)| query.split('&').map(name_of).collect())
        .unwrap_or_default();
    let added: Vec<&str> = inherited
        .split('&')
        .filter(|pair| !pair.is_empty() && !own.contains(&name_of(pair)))
        .collect();
    if added.is_empty() {
        return target.to_owned();
    }
    let separator = match target.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{target}{separator}{}", added.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_names_is_joined_with_its_query_on_the_same_host_only() {
        let base = "https://a.org/t/tileset.json?key=K&sig=S";
        for (uri, expected) in [
            ("b.glb", "https://a.org/t/b.glb?key=K&sig=S"),
            ("../c/b.glb#x", "https://a.org/c/b.glb?key=K&sig=S"),
            ("/d.glb?session=1", "https://a.org/d.glb?session=1&key=K&sig=S"),
            ("b.glb?sig=own", "https://a.org/t/b.glb?sig=own&key=K"),
            ("b.glb?", "https://a.org/t/b.glb?key=K&sig=S"),
            ("https://A.org/e.glb", "https://A.org/e.glb?key=K&sig=S"),
            ("https://other.org/b.glb", "https://other.org/b.glb"),
            ("//other.org/b.glb", "https://other.org/b.glb"),
            ("https://a.org:8443/b.glb", "https://a.org:8443/b.glb"),
            ("a b.glb", "https://a.org/t/a%20b.glb?key=K&sig=S"),
        ] {
            assert_eq!(join_url(base, uri).unwrap(), expected, "{uri}");
        }
        assert_eq!(
            join_url("http://127.0.0.1:1/t.json", "x.glb").unwrap(),
            "http://127.0.0.1:1/x.glb"
        );
        assert_eq!(
            join_url("http://town.lan/t.json", "x.glb").unwrap(),
            "http://town.lan/x.glb"
        );
    }

    #[test]
    fn no_address_leads_to_files_to_this_machine_or_out_of_encryption() {
        let base = "https://a.org/t.json?key=K";
        for uri in ["file:///etc/passwd", "ftp://a.org/x", "C:/x", "mailto:x@y"] {
            assert!(
                matches!(join_url(base, uri), Err(ResourceError::Scheme { .. })),
                "{uri}"
            );
        }
        for uri in [
            "http://a.org/x.glb",
            "https://localhost/x.glb",
            "https://127.0.0.1/x.glb",
            "https://me:secret@a.org/x.glb",
        ] {
            assert!(matches!(join_url(base, uri), Err(ResourceError::Fetch { .. })), "{uri}");
        }
        assert!(join_url("http://town.lan/t.json", "http://other.lan/x.glb").is_err());
        assert!(matches!(join_url(base, " "), Err(ResourceError::Unusable { .. })));
    }

    #[test]
    fn what_is_shown_and_looked_at_has_no_query() {
        assert_eq!(plain_path("https://a.org/t.json?k=a/b.c#d"), "https://a.org/t.json");
        assert_eq!(plain_path("odd?name.json"), "odd?name.json");
        assert_eq!(shown_url("https://me:p@ss@a.org/t.json?k=1"), "https://a.org/t.json");
        assert_eq!(shown_url("https://a.org/@x"), "https://a.org/@x");
        assert!(is_url("HTTPS://a.org") && !is_url("https:/a") && !is_url("a/https://b") && !is_url("file:///x"));
    }
}
