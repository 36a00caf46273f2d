//! XML elements one after the other, and whole where they are small enough: names without prefix, no entities but the
//! five of XML itself, depth and number capped.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting.
const MAX_DEPTH: usize = 100;
/// Most elements in one that is read whole.
const MAX_ELEMENTS: usize = 2_000_000;
/// Most text in one that is read whole, bytes.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// An element with all in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Name without prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, that of its children left out.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The attribute with this name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The elements of a text.
pub(super) struct Elements<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
    /// The element that was handed out last closes itself.
    is_empty: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            reader: Reader::from_str(text),
            depth: 0,
            is_empty: false,
        }
    }

    /// Byte that is read next.
    pub(super) fn at(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    fn event(&mut self) -> Result<Event<'a>, String> {
        self.reader
            .read_event()
            .map_err(|error| format!("this is no sound XML ({error})"))
    }

    /// The next element that begins, without what is in it; `None` at the end.
    pub(super) fn next_start(&mut self) -> Result<Option<Element>, String> {
        if std::mem::take(&mut self.is_empty) {
            self.depth = self.depth.saturating_sub(1);
        }
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.depth += 1;
                    check_depth(self.depth)?;
                    return Ok(Some(element(&start)));
                }
                Event::Empty(start) => {
                    self.depth += 1;
                    self.is_empty = true;
                    return Ok(Some(element(&start)));
                }
                Event::End(_) => self.depth = self.depth.saturating_sub(1),
                Event::Eof if self.depth > 0 => return Err("the text breaks off".into()),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Goes to the end of the element that [`Self::next_start`] gave last.
    pub(super) fn skip(&mut self) -> Result<(), String> {
        let outside = self.depth.saturating_sub(1);
        if std::mem::take(&mut self.is_empty) {
            self.depth = outside;
            return Ok(());
        }
        while self.depth > outside {
            match self.event()? {
                Event::Start(_) => self.depth += 1,
                Event::End(_) => self.depth -= 1,
                Event::Eof => return Err("the text breaks off".into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the element that [`Self::next_start`] gave last to its end.
    pub(super) fn whole(&mut self, start: Element) -> Result<Element, String> {
        if std::mem::take(&mut self.is_empty) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(start);
        }
        let mut open = vec![start];
        let (mut elements, mut text_bytes) = (1, 0);
        loop {
            let event = self.event()?;
            if matches!(event, Event::Start(_) | Event::Empty(_)) {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(format!("a feature has more than {MAX_ELEMENTS} elements"));
                }
            }
            let top = open.last_mut().ok_or("the elements do not close")?;
            let before = top.text.len();
            match event {
                Event::Start(start) => {
                    check_depth(self.depth + open.len())?;
                    open.push(element(&start));
                }
                Event::Empty(start) => top.children.push(element(&start)),
                Event::Text(text) => top.text.push_str(&text.decode().map_err(|error| error.to_string())?),
                Event::CData(data) => top.text.push_str(&data.decode().map_err(|error| error.to_string())?),
                Event::GeneralRef(entity) => {
                    let name: &[u8] = &entity;
                    let known = match name {
                        b"lt" => Some('<'),
                        b"gt" => Some('>'),
                        b"amp" => Some('&'),
                        b"quot" => Some('"'),
                        b"apos" => Some('\''),
                        _ => entity.resolve_char_ref().ok().flatten(),
                    };
                    top.text.extend(known);
                }
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    let Some(parent) = open.last_mut() else {
                        self.depth = self.depth.saturating_sub(1);
                        return Ok(done);
                    };
                    parent.children.push(done);
                    continue;
                }
                Event::Eof => return Err("the text breaks off".into()),
                _ => {}
            }
            let after = open.last().map_or(0, |top| top.text.len());
            text_bytes += after.saturating_sub(before);
            if text_bytes > MAX_TEXT_BYTES {
                return Err(format!("a feature has more than {} MiB of text", MAX_TEXT_BYTES >> 20));
            }
        }
    }
}

fn check_depth(depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("elements are nested deeper than {MAX_DEPTH}"));
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Element {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Element {
        name: text(start.local_name().as_ref()),
        attributes: start
            .attributes()
            .with_checks(false)
            .take(100)
            .flatten()
            .map(|attribute| {
                let value = text(&attribute.value);
                let value = match quick_xml::escape::unescape(&value) {
                    Ok(plain) => plain.into_owned(),
                    Err(_) => value.clone(),
                };
                (text(attribute.key.local_name().as_ref()), value)
            })
            .collect(),
        text: String::new(),
        children: Vec::new(),
    }
}
