//! Addresses with places to fill in: `https://example.org/{z}/{x}/{y}.jpeg`.

use crate::sources::hex;
use sha2::{Digest, Sha256};

/// The address with every `{name}` filled in.
pub(super) fn filled(template: &str, fillings: &[(&str, String)]) -> String {
    let mut url = template.to_owned();
    for (name, value) in fillings {
        url = url.replace(&format!("{{{name}}}"), value);
    }
    url
}

/// Folder of the cache for what comes from a template: a service that moves or is replaced by another has another one.
pub(super) fn folder(id: &str, template: &str) -> String {
    format!("{id}-{}", hex(&Sha256::digest(template)[..4]))
}

/// Checks that a template has every name that is needed and none that is never filled in.
pub(super) fn check(template: &str, needed: &[&str]) -> Result<(), String> {
    let mut rest = template;
    let mut found = Vec::new();
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else {
            return Err(format!("`{{` without `}}` in `{template}`"));
        };
        let name = &rest[start + 1..start + length];
        if !needed.contains(&name) {
            return Err(format!("`{{{name}}}` is not known here; known are {}", list(needed)));
        }
        found.push(name);
        rest = &rest[start + length + 1..];
    }
    match needed.iter().find(|name| !found.contains(name)) {
        Some(missing) => Err(format!("`{{{missing}}}` is missing; needed are {}", list(needed))),
        None => Ok(()),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names
        .iter()
        .map(|name| format!("`{{{name}}}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_one_name_share_no_cache() {
        let ours = folder("ahn", "https://example.org/{min_x}");
        assert!(ours.starts_with("ahn-") && ours.len() == 12, "{ours}");
        assert_eq!(ours, folder("ahn", "https://example.org/{min_x}"));
        assert_ne!(ours, folder("ahn", "https://mirror.example.org/{min_x}"));
    }

    #[test]
    fn a_template_is_checked_and_filled() {
        let template = "https://example.org/{z}/{x}?again={x}";
        assert!(check(template, &["x", "z"]).is_ok());
        let fillings = [("x", "7".to_owned()), ("z", "{x}".to_owned())];
        assert_eq!(filled("{x}/{z}", &fillings[..1]), "7/{z}");
        assert!(
            check(template, &["x", "y", "z"])
                .unwrap_err()
                .contains("`{y}` is missing")
        );
        assert!(check(template, &["z"]).unwrap_err().contains("`{x}` is not known"));
        assert!(check("a{b", &[]).unwrap_err().contains("without"));
    }
}
