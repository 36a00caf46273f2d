//! The lists that were added in the program, from the window to the run that makes its package: one line of JSON that says
//! what they are, and then their files as they are, one after the other.

use crate::model::scenario::Columns;
use crate::model::{AddedList, OwnList};
use crate::sources::table;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read as _, Write};

/// Longest line that is read, bytes.
const MAX_LINE: u64 = 16 << 20;

/// A list but for its file.
#[derive(Serialize, Deserialize)]
struct Head {
    id: String,
    name: String,
    /// As in the scenario's own file.
    columns: String,
    day: Date,
    /// Length of the file.
    bytes: usize,
}

/// Writes lists; one whose columns name no place cannot be a layer and is left out.
pub(super) fn write(lists: &[AddedList], output: &mut impl Write) -> io::Result<()> {
    let (mut heads, mut files) = (Vec::new(), Vec::new());
    for AddedList { list, .. } in lists {
        let Some(columns) = list.columns.to_json() else {
            continue;
        };
        heads.push(Head {
            id: list.id.clone(),
            name: list.name.clone(),
            columns,
            day: list.day,
            bytes: list.bytes.len(),
        });
        files.push(&list.bytes);
    }
    writeln!(output, "{}", serde_json::to_string(&heads)?)?;
    files.into_iter().try_for_each(|bytes| output.write_all(bytes))
}

/// Reads the lists that [`write`] wrote, no further than lists may go; none where the input ends before them.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Vec<OwnList>> {
    let mut line = String::new();
    input.by_ref().take(MAX_LINE).read_line(&mut line)?;
    if line.trim().is_empty() {
        return Ok(Vec::new());
    }
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    let heads: Vec<Head> = serde_json::from_str(&line)?;
    if heads.len() > OwnList::MOST {
        return Err(damaged());
    }
    let list = |head: Head| {
        let columns = Columns::from_json(&head.columns).filter(|_| head.bytes <= table::MAX_BYTES);
        let columns = columns.ok_or_else(damaged)?;
        let mut bytes = vec![0; head.bytes];
        input.read_exact(&mut bytes)?;
        Ok(OwnList {
            id: head.id,
            name: head.name,
            bytes: bytes.into(),
            columns,
            day: head.day,
        })
    };
    heads.into_iter().map(list).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_over_with_every_byte_and_what_comes_after_them_stays() {
        let list = |id: &str, bytes: &[u8]| AddedList {
            list: OwnList {
                id: id.into(),
                name: "bomen \n.csv".into(),
                bytes: bytes.into(),
                columns: Columns::from_json(r#"{"x": "X", "y": "Y", "types": {"linde": "tree"}}"#).unwrap(),
                day: jiff::civil::date(2026, 11, 25),
            },
            objects: 3,
        };
        let lists = [
            list("own-a", b"X;Y\r\n\0\xff\n"),
            list("own-b", b""),
            list("own-c", b"\n\n"),
        ];
        for lists in [&lists[..], &[]] {
            let mut sent = Vec::new();
            write(lists, &mut sent).unwrap();
            let whole = sent.len();
            sent.extend(b"rest");
            let mut input = &sent[..];
            let expected: Vec<OwnList> = lists.iter().map(|added| added.list.clone()).collect();
            assert_eq!(read(&mut input).unwrap(), expected);
            assert_eq!(input, b"rest");
            if !lists.is_empty() {
                assert!(
                    read(&mut &sent[..whole - 1]).is_err(),
                    "a window that goes in the middle"
                );
            }
        }
        assert_eq!(read(&mut &b""[..]).unwrap(), []);
        assert!(read(&mut &b"no lists\n"[..]).is_err());
    }
}
