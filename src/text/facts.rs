//! Facts of a program for people who read them in a terminal: one on a line, what belongs together further in.

use serde_json::Value;
use std::fmt::Write;

/// Longest list that is written whole.
const LONGEST: usize = 20;
/// Deeper than this, what is there is written as JSON.
const DEEPEST: usize = 8;

/// `{"tiles": 3, "bounds": [1, 2]}` as `tiles: 3` and `bounds: 1, 2`, each on its line.
pub fn plain_facts(facts: &Value) -> String {
    let mut text = String::new();
    write_facts(facts, 0, &mut text);
    text.truncate(text.trim_end().len());
    text
}

fn write_facts(facts: &Value, depth: usize, out: &mut String) {
    let Value::Object(members) = facts else {
        line(depth, "", &flat(facts), out);
        return;
    };
    for (name, value) in members {
        write_fact(&name.replace('_', " "), value, depth, out);
    }
}

fn write_fact(name: &str, value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null => {}
        Value::Object(members) if members.is_empty() => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(_) if depth < DEEPEST => {
            line(depth, name, "", out);
            write_facts(value, depth + 1, out);
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) && depth < DEEPEST => {
            line(depth, name, "", out);
            for (number, item) in items.iter().take(LONGEST).enumerate() {
                if item.is_object() {
                    line(depth + 1, &format!("{}", number + 1), "", out);
                    write_facts(item, depth + 2, out);
                } else {
                    line(depth + 1, "", &flat(item), out);
                }
            }
            if items.len() > LONGEST {
                line(depth + 1, "", &format!("and {} more", items.len() - LONGEST), out);
            }
        }
        _ => line(depth, name, &flat(value), out),
    }
}

fn line(depth: usize, name: &str, value: &str, out: &mut String) {
    let (colon, gap) = match (name.is_empty(), value.is_empty()) {
        (true, _) => ("", ""),
        (false, true) => (":", ""),
        (false, false) => (":", " "),
    };
    // Writing to a string cannot fail.
    let _never_fails = writeln!(out, "{:indent$}{name}{colon}{gap}{value}", "", indent = 2 * depth);
}

/// What stands on one line.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let mut words: Vec<String> = items.iter().take(LONGEST).map(flat).collect();
            if items.len() > LONGEST {
                words.push(format!("and {} more", items.len() - LONGEST));
            }
            words.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_stand_on_lines_of_their_own() {
        let facts = json!({
            "kind": "tileset", "max_depth": 3, "nothing": null, "problems": [],
            "bounds": {"rd": [1.5, 2]}, "layers": [{"name": "a", "crs": "EPSG:28992"}, {"name": "b"}],
            "ids": (0..30).collect::<Vec<_>>(),
        });
        let text = plain_facts(&facts);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines.contains(&"kind: tileset") && lines.contains(&"max depth: 3"),
            "{text}"
        );
        assert!(
            lines.contains(&"  rd: 1.5, 2") && lines.contains(&"    crs: EPSG:28992"),
            "{text}"
        );
        assert!(text.contains("18, 19, and 10 more"), "{text}");
        assert!(!text.contains("nothing") && !text.contains("problems"), "{text}");
        assert_eq!(plain_facts(&json!("one")), "one");
    }
}
