//! What is wrong where no encrypted connection comes about, in words for whoever has to do something about it.

use super::HttpError;
use crate::sources::shortened;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

/// Names of a certificate that are repeated, and characters of each.
const MAX_NAMES: usize = 3;
const MAX_NAME: usize = 80;

const ASK_FOR_ROOT: &str =
    "ask your administrator whether the root certificate of your organisation is missing on this machine";
const TELL_KEEPER: &str = "tell whoever keeps that server";
const CLOCK: &str = "tell whoever keeps that server, or set the clock of this machine right";

/// What kept the connection to `url` from being encrypted.
pub(super) fn failure(error: &Error, url: String) -> HttpError {
    let (reason, advice) = match error {
        Error::InvalidCertificate(fault) => of_certificate(fault),
        // The roots of this machine cannot be read, or there are none.
        Error::General(reason) => (shortened(reason, 200), ASK_FOR_ROOT),
        Error::NoCertificatesPresented => ("it shows none".to_owned(), TELL_KEEPER),
        other => {
            return HttpError::NoEncryption {
                reason: shortened(&other.to_string(), 200),
                url,
            };
        }
    };
    HttpError::NotTrusted { reason, advice, url }
}

fn of_certificate(fault: &CertificateError) -> (String, &'static str) {
    match fault {
        CertificateError::UnknownIssuer => ("nobody whom this machine trusts has issued it".to_owned(), ASK_FOR_ROOT),
        // As after a renewal under the same name.
        CertificateError::BadSignature => (
            "whoever this machine trusts by that name has not signed it".to_owned(),
            ASK_FOR_ROOT,
        ),
        CertificateError::Expired => ("it has expired".to_owned(), CLOCK),
        CertificateError::ExpiredContext { not_after, .. } => (format!("it expired on {}", day(*not_after)), CLOCK),
        CertificateError::NotValidYet => ("it is not valid yet".to_owned(), CLOCK),
        CertificateError::NotValidYetContext { not_before, .. } => {
            (format!("it is not valid before {}", day(*not_before)), CLOCK)
        }
        CertificateError::NotValidForName => ("it is another server's".to_owned(), TELL_KEEPER),
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!("it is another server's, {}", names(presented)),
            "check the address, or tell whoever keeps that server",
        ),
        CertificateError::Revoked => ("it was revoked".to_owned(), TELL_KEEPER),
        CertificateError::Other(inner) => (shortened(&inner.to_string(), 200), "ask your administrator"),
        other => (shortened(&other.to_string(), 200), "ask your administrator"),
    }
}

/// The names that a certificate holds, as far as they fit in a line: it comes from whoever answers.
fn names(presented: &[String]) -> String {
    let shown: Vec<String> = presented
        .iter()
        .take(MAX_NAMES)
        .map(|name| {
            // The library writes `DnsName("a.example.org")` and `IpAddress(10.0.0.1)`.
            let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
            shortened(inner.unwrap_or(name).trim_matches('"'), MAX_NAME)
        })
        .collect();
    match (shown.is_empty(), presented.len() > MAX_NAMES) {
        (true, _) => "that of none".to_owned(),
        (false, false) => format!("that of {}", shown.join(", ")),
        (false, true) => format!("that of {} and others", shown.join(", ")),
    }
}

/// `2026-11-27`; the number of seconds where that is no date.
fn day(time: UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).ok();
    let date = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
    date.map_or_else(
        || format!("second {}", time.as_secs()),
        |date| date.strftime("%Y-%m-%d").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{AlertDescription, OtherError};
    use std::sync::Arc;

    fn told(error: &Error) -> String {
        failure(error, "https://a/".to_owned()).to_string()
    }

    #[test]
    fn faults_of_certificates_are_one_line_with_what_to_do() {
        let presented: Vec<String> = ["a\nb.org", "c.org", "d.org", "e.org"]
            .map(|name| format!("DnsName(\"{name}\")"))
            .to_vec();
        let long = vec![format!("DnsName(\"{}\")", "x".repeat(10_000))];
        let name = |presented: Vec<String>| CertificateError::NotValidForNameContext {
            expected: "f.org".try_into().unwrap(),
            presented,
        };
        let secs = |secs| UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
        let (time, not_before) = (secs(0), secs(u64::MAX));
        let strange = CertificateError::Other(OtherError(Arc::new(std::io::Error::other("a\nb"))));
        for (fault, expected) in [
            (CertificateError::UnknownIssuer, "nobody whom this machine trusts"),
            (
                CertificateError::ExpiredContext {
                    time,
                    not_after: secs(86_400),
                },
                "it expired on 1970-01-02",
            ),
            (
                CertificateError::NotValidYetContext { time, not_before },
                "not valid before second",
            ),
            (name(presented), "that of a b.org, c.org, d.org and others)"),
            (name(Vec::new()), "that of none"),
            (name(long), "another server's"),
            (
                CertificateError::BadSignature,
                "has not signed it); ask your administrator",
            ),
            (CertificateError::Revoked, "revoked"),
            (strange, "a b"),
        ] {
            let told = told(&Error::InvalidCertificate(fault));
            assert!(told.contains(expected), "{told}");
            assert!(
                told.starts_with("the certificate") && told.ends_with(": https://a/"),
                "{told}"
            );
            assert!(!told.contains('\n') && told.len() < 500, "{told}");
        }
    }

    #[test]
    fn what_is_no_fault_of_a_certificate_is_not_told_as_one() {
        let alert = told(&Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert!(alert.starts_with("no encrypted connection"), "{alert}");
        let none = told(&Error::General(
            "No CA certificates were loaded from the system".to_owned(),
        ));
        assert!(
            none.contains("No CA certificates") && none.contains("root certificate"),
            "{none}"
        );
    }
}
