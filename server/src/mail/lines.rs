//! Lines of mails: short enough to be read as they are, and none so long that it has to be encoded.

/// RFC 5322, 2.1.1: lines should be no longer, without their end.
const WIDTH: usize = 78;
/// No word is longer, in bytes: with what stands before it a line stays below the 998 of RFC 5322, 2.1.1.
const LONGEST_WORD: usize = 900;

/// The text with its long lines folded at blanks. A word is only broken where no mail server would take it, so that a link
/// stands whole in one line.
pub fn folded(text: &str) -> String {
    text.trim_end().lines().map(|line| fold(line) + "\n").collect()
}

fn fold(line: &str) -> String {
    // A quoted line goes on as one.
    let quote = if line.starts_with("> ") { "> " } else { "" };
    let (mut out, mut width) = (quote.to_owned(), quote.len());
    for (n, word) in line[quote.len()..].split(' ').flat_map(pieces).enumerate() {
        let columns = word.chars().count();
        if n > 0 && width + 1 + columns > WIDTH {
            out.push('\n');
            out.push_str(quote);
            width = quote.len();
        } else if n > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += columns;
    }
    out
}

fn pieces(word: &str) -> Vec<&str> {
    let mut rest = word;
    let mut pieces = Vec::new();
    while rest.len() > LONGEST_WORD {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(LONGEST_WORD));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_links_stand_whole() {
        let link = format!("https://build.example.com/choose-password?link={}", "x".repeat(120));
        let text = format!("{}\n\n{link}\n\n> {}\n", "word ".repeat(40).trim_end(), "quoted ".repeat(20).trim_end());
        let folded = folded(&text);
        assert!(folded.lines().any(|line| line == link), "{folded}");
        assert!(folded.lines().filter(|line| *line != link).all(|line| line.chars().count() <= WIDTH), "{folded}");
        assert_eq!(folded.lines().filter(|line| line.starts_with("> ")).count(), 2, "{folded}");
        assert_eq!(folded.split_whitespace().filter(|word| *word == "word").count(), 40);
    }

    #[test]
    fn no_line_is_longer_than_mail_servers_take() {
        for text in ["😀".repeat(1000), "x".repeat(5000), format!("> {}", "ü".repeat(2000))] {
            assert!(folded(&text).lines().all(|line| line.len() <= 998));
        }
    }
}
