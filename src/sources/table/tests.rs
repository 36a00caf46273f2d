use super::*;
use proptest::prelude::*;

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn sound(bytes: &[u8]) -> Table {
    let (table, problems) = read(bytes, "t.csv").unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(lines(&problems), Vec::<String>::new());
    table
}

#[test]
fn letters_are_read_however_they_are_coded() {
    let utf16: Vec<u8> = "\u{feff}naam\tx\né\t1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [
        "naam;x\né;1\n".as_bytes(),
        "\u{feff}naam;x\né;1\n".as_bytes(),
        b"naam;x\r\n\xe9;1\r\n",
        b"sep=;\r\nnaam;x\r\n\xe9;1\r\n",
        &utf16,
    ] {
        let table = sound(bytes);
        assert_eq!(table.headers, ["naam", "x"]);
        assert_eq!((table.rows[0].field(0), table.rows[0].field(1)), ("é", "1"));
    }
    // The signs that Windows-1252 has and Latin-1 has not.
    assert_eq!(sound(b"a;b\n\x80;\x93x\x94\n").rows[0].field(0), "€");
}

#[test]
fn rows_keep_the_line_they_start_on() {
    let table = sound(b"id;text\n\n1;\"two\nlines; \"\"so\"\"\"\n2;b\n");
    let seen: Vec<(u64, &str)> = table.rows.iter().map(|row| (row.line, row.field(1))).collect();
    assert_eq!(seen, [(3, "two\nlines; \"so\""), (5, "b")]);
    assert_eq!(sound(b"sep=,\na,b\n1,2\n").rows[0].line, 3);
}

#[test]
fn a_row_that_does_not_fit_costs_itself_only() {
    let (table, problems) = read(b"id;x;y\n1;2;3\n2;3\n3;4;5;6\n4;5;6;;\n;;\n5;6;7\n", "t.csv").unwrap();
    let ids: Vec<&str> = table.rows.iter().map(|row| row.field(0)).collect();
    assert_eq!(ids, ["1", "4", "5"]);
    let lines = lines(&problems);
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("t.csv: line 3: the row has 2 fields and the first row names 3 columns"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("t.csv: line 4: the row has 4 fields"), "{lines:?}");
}

#[test]
fn many_bad_rows_are_counted() {
    let text = format!("a;b\n{}", "1\n".repeat(50));
    let (_, problems) = read(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(problems.len(), MAX_LISTED + 1);
    assert_eq!(
        problems[MAX_LISTED].to_string(),
        "t.csv: 30 more rows do not fit the columns and are left out"
    );
}

#[test]
fn an_unclosed_quotation_mark_costs_one_row() {
    let rows = "7;a plain row of text that goes on for a while\n".repeat(600);
    let text = format!("id;text\n1;\"open\n{rows}8;last\n");
    let (table, problems) = read(text.as_bytes(), "t.csv").unwrap();
    assert_eq!(table.rows.len(), 601);
    let lines = lines(&problems);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("t.csv: line 2:") && lines[0].contains("not closed"),
        "{lines:?}"
    );
    assert_eq!(table.rows[600].line, 603);

    let hostile = format!("id;text\n{}", format!("1;\"{}\n", "x".repeat(30_000)).repeat(200));
    let (table, problems) = read(hostile.as_bytes(), "t.csv").unwrap();
    assert!(
        table.rows.is_empty() && problems.len() == MAX_UNCLOSED + 2,
        "{problems:?}"
    );
}

#[test]
fn what_is_no_table_is_refused_with_what_to_do() {
    let refused = |bytes: &[u8]| read(bytes, "t.csv").unwrap_err().to_string();
    for (bytes, expected) in [
        (&b""[..], "the table is empty"),
        (b"  \r\n\n", "the table is empty"),
        (b"\xef\xbb\xbf", "the table is empty"),
        (b"PK\x03\x04xlsx", "save it as CSV"),
        (b"a;b\0\n", "this is no text"),
        (b"naam\neen\n", "one column only"),
    ] {
        assert!(refused(bytes).contains(expected), "{}", refused(bytes));
    }
    assert!(refused(&vec![b'a'; MAX_BYTES + 1]).contains("64 MiB allowed"));
    assert!(refused("a;".repeat(600).as_bytes()).contains("601 columns"));
}

#[test]
fn names_of_columns_are_unique() {
    assert_eq!(
        sound(b"x;;x;\n1;2;3;4\n").headers,
        ["x", "column 2", "x (2)", "column 4"]
    );
}

proptest! {
    /// Any bytes: an answer, never a panic, never a row that does not fit.
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok((table, _)) = read(&bytes, "t.csv") {
            prop_assert!(table.rows.iter().all(|row| row.fields.len() == table.headers.len()));
        }
    }

    #[test]
    fn any_text_gives_an_answer(text in "[a;,\"\\t\\n\\r0-9.]{0,200}") {
        if let Ok((table, _)) = read(text.as_bytes(), "t.csv") {
            prop_assert!(table.rows.iter().all(|row| row.fields.len() == table.headers.len()));
        }
    }
}
