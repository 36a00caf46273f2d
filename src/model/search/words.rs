//! Names as people type them: letters without marks, Dutch abbreviations written out, one word after another.

/// Words in the form in which they are compared: lower case, without marks on letters, letters and digits apart where a
/// house number meets its letter (`12a` as `12`, `a`), common abbreviations of Dutch street names written out.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(written_out(std::mem::take(word)));
        }
    };
    for letter in text.chars() {
        // An apostrophe stays within its word: `'s-Gravenhage`, `Foto's`.
        if matches!(letter, '\'' | '’') {
            continue;
        }
        // Most letters have no marks; among very many names each step counts.
        let mut single = [0; 4];
        let folded;
        let plain = if letter.is_ascii() {
            &*letter.to_ascii_lowercase().encode_utf8(&mut single)
        } else {
            folded = folded_of(letter);
            folded.as_str()
        };
        if !plain.chars().all(char::is_alphanumeric) {
            end(&mut word);
            continue;
        }
        for letter in plain.chars() {
            let is_digit = letter.is_ascii_digit();
            if word
                .chars()
                .next_back()
                .is_some_and(|last| last.is_ascii_digit() != is_digit)
            {
                end(&mut word);
            }
            word.push(letter);
        }
    }
    end(&mut word);
    words
}

/// A letter in lower case, without its marks; several where it stands for several.
fn folded_of(letter: char) -> String {
    let plain = match letter.to_lowercase().next().unwrap_or(letter) {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' | 'ĉ' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ĳ' => "ij",
        'ł' | 'ľ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        other => return other.to_string(),
    };
    plain.to_owned()
}

/// Common abbreviations in Dutch street names, as NEN 5825 shortens them.
fn written_out(word: String) -> String {
    let whole = match word.as_str() {
        "str" => "straat",
        "ln" => "laan",
        "pln" => "plein",
        "burg" => "burgemeester",
        "pr" => "prins",
        "st" => "sint",
        "dr" => "doctor",
        "prof" => "professor",
        "ir" => "ingenieur",
        "mr" => "meester",
        "ds" => "dominee",
        _ => {
            return match word.strip_suffix("str") {
                // `Wemenstr`, but not a whole word that ends so by chance and is short.
                Some(stem) if stem.len() >= 4 => format!("{stem}straat"),
                _ => word,
            };
        }
    };
    whole.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_type_them() {
        for (typed, meant) in [
            ("Wemenstraat 12a", "wemenstraat 12 a"),
            ("WEMENSTR. 12-A", "wemenstraat 12 a"),
            ("Burg. Jansenplein", "burgemeester jansenplein"),
            ("'s-Gravenhage", "s gravenhage"),
            ("Curaçaostraat", "curacaostraat"),
            ("Ĳsbaan", "ijsbaan"),
            ("NL.IMBAG.Pand.0164100000100100", "nl imbag pand 0164100000100100"),
            ("LM-0012", "lm 0012"),
            ("  ", ""),
        ] {
            assert_eq!(words(typed).join(" "), meant, "{typed}");
        }
        assert_eq!(words("bestr"), ["bestr"], "too short for a street");
    }
}
