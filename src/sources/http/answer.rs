//! Whether an answer is of the kind that was asked for, by its first bytes. What a service calls its answer is not
//! believed: error pages come with status 200 and as `image/jpeg`.

/// First bytes that are looked at.
pub(super) const LOOKED_AT: usize = 4096;
/// Longest text of a service that is repeated, characters.
const REPEATED: usize = 200;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A JSON object.
    Json,
    /// JSON, as it is or packed with gzip.
    JsonOrGzip,
    /// A TIFF picture or grid.
    Tiff,
    /// A JPEG, PNG or WebP picture.
    Picture,
    /// A `FlatGeobuf` file.
    FlatGeobuf,
    /// Anything that is not a web page or an OGC exception report.
    Data,
    /// A tile or a tileset, also one without bytes: what is no web page and no OGC exception report.
    Tile,
}

impl Expected {
    /// In a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::JsonOrGzip => "JSON or gzip",
            Self::Tiff => "a TIFF",
            Self::Picture => "a picture",
            Self::FlatGeobuf => "a FlatGeobuf file",
            Self::Data => "data",
            Self::Tile => "a tile",
        }
    }

    /// What the answer is instead, in a sentence; `None` where it is what was asked for.
    pub(super) fn found_instead(self, first: &[u8]) -> Option<String> {
        let kind = Kind::of(first);
        let is_right = match self {
            Self::Json => kind == Kind::Json,
            Self::JsonOrGzip => matches!(kind, Kind::Json | Kind::Gzip),
            Self::Tiff => kind == Kind::Tiff,
            Self::Picture => kind == Kind::Picture,
            Self::FlatGeobuf => kind == Kind::FlatGeobuf,
            Self::Data => !matches!(kind, Kind::Html | Kind::Exception | Kind::Empty),
            Self::Tile => !matches!(kind, Kind::Html | Kind::Exception),
        };
        if is_right {
            return None;
        }
        Some(match kind {
            Kind::Empty => "nothing".to_owned(),
            Kind::Html => with_words("a web page", &title_of(first)),
            Kind::Exception => with_words("an error report", &words_of(first)),
            Kind::Xml => "XML".to_owned(),
            Kind::Json => with_words("JSON", &detail_of_json(first)),
            Kind::Gzip => "gzip".to_owned(),
            Kind::Tiff => "a TIFF".to_owned(),
            Kind::Picture => "a picture".to_owned(),
            Kind::FlatGeobuf => "a FlatGeobuf file".to_owned(),
            Kind::Other => "something else".to_owned(),
        })
    }
}

/// What a service says with an error status, in at most a line; empty where it says nothing of use.
pub(super) fn detail(body: &[u8]) -> String {
    match Kind::of(body) {
        Kind::Html => title_of(body),
        Kind::Exception => words_of(body),
        Kind::Json => detail_of_json(body),
        Kind::Other if body.len() < 1000 && std::str::from_utf8(body).is_ok() => {
            in_one_line(&String::from_utf8_lossy(body))
        }
        _ => String::new(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    Html,
    Exception,
    Xml,
    Json,
    Gzip,
    Tiff,
    Picture,
    FlatGeobuf,
    Other,
}

impl Kind {
    fn of(first: &[u8]) -> Self {
        let text = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first).trim_ascii_start();
        if text.is_empty() {
            return Self::Empty;
        }
        // Classic and big TIFF, both byte orders.
        if [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"]
            .iter()
            .any(|magic| first.starts_with(magic))
        {
            return Self::Tiff;
        }
        let is_webp = first.starts_with(b"RIFF") && first.get(8..12) == Some(b"WEBP");
        if first.starts_with(b"\xFF\xD8\xFF") || first.starts_with(b"\x89PNG\r\n\x1A\n") || is_webp {
            return Self::Picture;
        }
        if first.starts_with(b"\x1F\x8B") {
            return Self::Gzip;
        }
        if first.starts_with(b"fgb") {
            return Self::FlatGeobuf;
        }
        if text.starts_with(b"{") || text.starts_with(b"[") {
            return Self::Json;
        }
        if text.starts_with(b"<") {
            let start: Vec<u8> = text.iter().take(LOOKED_AT).map(u8::to_ascii_lowercase).collect();
            let has = |word: &[u8]| start.windows(word.len()).any(|part| part == word);
            return if has(b"exceptionreport") || has(b"serviceexception") {
                Self::Exception
            } else if has(b"<html") || has(b"<!doctype html") || has(b"<head") || has(b"<body") {
                Self::Html
            } else {
                Self::Xml
            };
        }
        Self::Other
    }
}

fn with_words(what: &str, words: &str) -> String {
    if words.is_empty() {
        what.to_owned()
    } else {
        format!("{what} (“{words}”)")
    }
}

/// Text of `<title>`.
fn title_of(html: &[u8]) -> String {
    let text = String::from_utf8_lossy(html);
    let lower = text.to_ascii_lowercase();
    let Some(start) = lower.find("<title") else {
        return String::new();
    };
    let Some(open) = lower[start..].find('>') else {
        return String::new();
    };
    let from = start + open + 1;
    let to = lower[from..].find('<').map_or(text.len(), |end| from + end);
    in_one_line(&text[from..to])
}

/// What stands between the tags of an exception report.
fn words_of(xml: &[u8]) -> String {
    let text = String::from_utf8_lossy(xml)
        .replace("<![CDATA[", " ")
        .replace("]]>", " ");
    let mut words = String::new();
    let mut is_tag = false;
    for c in text.chars() {
        match c {
            '<' => {
                is_tag = true;
                words.push(' ');
            }
            '>' if is_tag => is_tag = false,
            _ if !is_tag => words.push(c),
            _ => {}
        }
    }
    let plain = words
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    in_one_line(&plain)
}

/// `title` and `detail` (RFC 9457), or what services use instead.
fn detail_of_json(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else {
        return String::new();
    };
    let words: Vec<&str> = ["title", "detail", "description", "message", "error"]
        .iter()
        .filter_map(|key| value.get(key)?.as_str())
        .collect();
    in_one_line(&words.join(": "))
}

/// Without line breaks and control characters, at most [`REPEATED`] characters.
fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] = b"<?xml version=\"1.0\"?>\n<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows/2.0\">\
        <ows:Exception exceptionCode=\"InvalidParameterValue\"><ows:ExceptionText>msWCSGetCoverage20(): WCS server error.\
        \n  Raster size out of range &amp; so on</ows:ExceptionText></ows:Exception></ows:ExceptionReport>";

    #[test]
    fn what_was_asked_for_is_known_by_its_first_bytes() {
        for (expected, first) in [
            (Expected::Json, &b"\xEF\xBB\xBF \n{\"a\""[..]),
            (Expected::JsonOrGzip, b"\x1F\x8B\x08"),
            (Expected::Tiff, b"II*\0rest"),
            (Expected::Tiff, b"MM\0+rest"),
            (Expected::Picture, b"\xFF\xD8\xFF\xE0"),
            (Expected::Picture, b"RIFFxxxxWEBPVP8 "),
            (Expected::FlatGeobuf, b"fgb\x03fgb\x00"),
            (Expected::Data, b"\0\0anything"),
            (Expected::Tile, b"glTF\x02"),
            (Expected::Tile, b""),
        ] {
            assert_eq!(expected.found_instead(first), None, "{expected:?}");
        }
    }

    #[test]
    fn what_came_instead_is_told_with_its_own_words() {
        let told = |expected: Expected, first: &[u8]| expected.found_instead(first).unwrap();
        let page = b"<!DOCTYPE html><html><head><title>\n 503 Service\tUnavailable</title></head>";
        assert_eq!(told(Expected::Picture, page), "a web page (“503 Service Unavailable”)");
        assert_eq!(
            told(Expected::Tiff, REPORT),
            "an error report (“msWCSGetCoverage20(): WCS server error. Raster size out of range & so on”)"
        );
        let problem = br#"{"title": "Bad Request", "status": 400, "detail": "bbox is odd"}"#;
        assert_eq!(told(Expected::Tiff, problem), "JSON (“Bad Request: bbox is odd”)");
        assert_eq!(told(Expected::Json, b""), "nothing");
        assert_eq!(told(Expected::Json, b"<a/>"), "XML");
        assert_eq!(told(Expected::Data, b"<html>"), "a web page");
    }

    #[test]
    fn words_of_a_service_are_one_short_line() {
        let long = format!("<html><title>{}\u{7}</title>", "bell \n".repeat(500));
        let line = detail(long.as_bytes());
        assert!(
            line.chars().count() <= REPEATED + 1 && !line.contains(char::is_control),
            "{line}"
        );
        assert_eq!(detail(b"\xFF\xFE\x00"), "");
        assert_eq!(detail(b"<title"), "");
        assert_eq!(detail(b"too busy"), "too busy");
        assert_eq!(
            detail(REPORT),
            "msWCSGetCoverage20(): WCS server error. Raster size out of range & so on"
        );
    }
}
