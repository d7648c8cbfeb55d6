//! What programs write to a terminal, as lines of text with colours. Everything else that a terminal would obey (titles,
//! links, moves of the cursor, questions) is left out, and a sequence that is not closed ends with its line: no log can
//! hide more than a part of a line here, and nothing of it is anything but text.

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Classes of the stylesheet; empty for plain text.
    pub class: String,
    /// The text.
    pub text: String,
}

/// A line.
pub type Line = Vec<Piece>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a terminal has as many switches")]
struct Style {
    ink: Option<u8>,
    paper: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    strike: bool,
    inverse: bool,
}

impl Style {
    fn class(self) -> String {
        let (ink, paper) = if self.inverse { (self.paper.or(Some(16)), self.ink.or(Some(17))) } else { (self.ink, self.paper) };
        let colours = [ink.map(|ink| format!("ink-{ink}")), paper.map(|paper| format!("paper-{paper}"))];
        let marks =
            [(self.bold, "bold"), (self.dim, "dim"), (self.italic, "italic"), (self.underline, "underlined"), (self.strike, "struck")];
        let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, name)| format!("log-{name}"));
        colours.into_iter().flatten().map(|colour| format!("log-{colour}")).chain(marks).collect::<Vec<_>>().join(" ")
    }
}

/// One line that is being written.
#[derive(Default)]
struct Screen {
    style: Style,
    cells: Vec<(char, Style)>,
    column: usize,
}

impl Screen {
    fn put(&mut self, c: char) {
        let cell = (c, self.style);
        match self.cells.get_mut(self.column) {
            Some(old) => *old = cell,
            None => self.cells.push(cell),
        }
        self.column += 1;
    }

    fn end_line(&mut self) -> Line {
        let mut line: Line = Vec::new();
        let mut look = None;
        for (c, style) in self.cells.drain(..) {
            match line.last_mut() {
                Some(piece) if look == Some(style) => piece.text.push(c),
                _ => line.push(Piece { class: style.class(), text: c.to_string() }),
            }
            look = Some(style);
        }
        self.column = 0;
        line
    }

    fn colours(&mut self, numbers: &[u16]) {
        let mut rest = numbers.iter().copied();
        while let Some(number) = rest.next() {
            let style = &mut self.style;
            match number {
                0 => *style = Style::default(),
                1 => style.bold = true,
                2 => style.dim = true,
                3 => style.italic = true,
                4 => style.underline = true,
                7 => style.inverse = true,
                9 => style.strike = true,
                22 => (style.bold, style.dim) = (false, false),
                23 => style.italic = false,
                24 => style.underline = false,
                27 => style.inverse = false,
                29 => style.strike = false,
                30..=37 => style.ink = low(number - 30),
                38 => style.ink = other(&mut rest),
                39 => style.ink = None,
                40..=47 => style.paper = low(number - 40),
                48 => style.paper = other(&mut rest),
                49 => style.paper = None,
                90..=97 => style.ink = low(number - 90 + 8),
                100..=107 => style.paper = low(number - 100 + 8),
                _ => {}
            }
        }
    }
}

fn low(number: u16) -> Option<u8> {
    u8::try_from(number).ok()
}

/// One of 256 colours, or one of all: the nearest of the sixteen that the stylesheet knows.
fn other(rest: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match rest.next()? {
        5 => match low(rest.next()?)? {
            number @ 0..=15 => Some(number),
            number @ 16..=231 => {
                let step = |part: u8| [0, 95, 135, 175, 215, 255][usize::from(part % 6)];
                let number = number - 16;
                Some(nearest(step(number / 36), step(number / 6), step(number)))
            }
            number => {
                let grey = 8 + (number - 232) * 10;
                Some(nearest(grey, grey, grey))
            }
        },
        2 => {
            let mut part = || low(rest.next()?.min(255));
            Some(nearest(part()?, part()?, part()?))
        }
        _ => None,
    }
}

fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    const KNOWN: [(u8, u8, u8); 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let far = |(r, g, b): (u8, u8, u8)| {
        let part = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        part(r, red) + part(g, green) + part(b, blue)
    };
    (0..).zip(KNOWN).min_by_key(|(_, known)| far(*known)).map_or(7, |(number, _)| number)
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        match c {
            // They would turn the text around them, or are nothing that can be seen.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => self.put('\u{fffd}'),
            c if c.is_control() => {}
            c => self.put(c),
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.column = 0,
            b'\x08' => self.column = self.column.saturating_sub(1),
            b'\t' => self.put('\t'),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        let numbers: Vec<u16> = params.iter().flatten().copied().collect();
        match action {
            b'm' => self.colours(if numbers.is_empty() { &[0] } else { &numbers }),
            b'K' => match numbers.first() {
                None | Some(0) => self.cells.truncate(self.column),
                Some(2) => {
                    self.cells.clear();
                    self.column = 0;
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
}

/// The lines of a text. A look that is not ended goes on in the next line.
pub fn lines(text: &str) -> Vec<Line> {
    let mut screen = Screen::default();
    text.split_terminator('\n')
        .map(|line| {
            let mut parser = Parser::<DefaultCharAccumulator>::new();
            let line = line.strip_suffix('\r').unwrap_or(line);
            for byte in line.bytes() {
                parser.advance(&mut screen, byte);
            }
            screen.end_line()
        })
        .collect()
}

/// The text of one line, without colours.
pub fn plain(line: &str) -> String {
    lines(line).into_iter().flatten().map(|piece| piece.text).collect()
}

/// The line that seems to say why a program failed, counted from 0: the first in red, or else the first that speaks of it.
pub fn failure(lines: &[Line]) -> Option<u64> {
    let is_red = |line: &Line| {
        let of_piece = |piece: &Piece| {
            piece.class.split(' ').any(|class| class == "log-ink-1" || class == "log-ink-9") && !piece.text.trim().is_empty()
        };
        line.iter().any(of_piece)
    };
    let speaks = |line: &Line| {
        let text = line.iter().map(|piece| piece.text.as_str()).collect::<String>().to_lowercase();
        ["error", "failed", "fatal", "panicked", "✖", "✕"].iter().any(|word| text.contains(word))
    };
    let place = lines.iter().position(is_red).or_else(|| lines.iter().position(speaks));
    place.and_then(|place| u64::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<Vec<(String, String)>> {
        lines(text).into_iter().map(|line| line.into_iter().map(|piece| (piece.class, piece.text)).collect()).collect()
    }

    fn piece(class: &str, text: &str) -> (String, String) {
        (class.to_owned(), text.to_owned())
    }

    #[test]
    fn colours_become_classes() {
        assert_eq!(
            shown("a \u{1b}[1;31merror\u{1b}[0m b\n\u{1b}[92mgreen\u{1b}[39m\n"),
            [vec![piece("", "a "), piece("log-ink-1 log-bold", "error"), piece("", " b")], vec![piece("log-ink-10", "green")]]
        );
        assert_eq!(shown("\u{1b}[38;5;196mx"), [vec![piece("log-ink-9", "x")]]);
        assert_eq!(shown("\u{1b}[48;2;0;0;230mx"), [vec![piece("log-paper-4", "x")]]);
        assert_eq!(shown("\u{1b}[7mx"), [vec![piece("log-ink-16 log-paper-17", "x")]]);
    }

    #[test]
    fn a_look_goes_on_in_the_next_line() {
        assert_eq!(shown("\u{1b}[31ma\nb"), [vec![piece("log-ink-1", "a")], vec![piece("log-ink-1", "b")]]);
    }

    #[test]
    fn a_line_is_written_over() {
        assert_eq!(plain("10 %\r50 %\r100 %"), "100 %");
        assert_eq!(plain("long text\rab\u{1b}[K"), "ab");
        assert_eq!(plain("ab\u{8}c"), "ac");
        assert_eq!(plain("gone\u{1b}[2Kx"), "x");
    }

    #[test]
    fn what_a_terminal_would_obey_is_left_out() {
        for (text, left) in [
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}[2J\u{1b}[1;1Hx", "x"),
            ("\u{1b}[6n\u{1b}Pq\u{1b}\\x", "x"),
            ("\u{1b}[99999999999999999999mx", "x"),
            ("a\u{0}\u{7}b", "ab"),
            ("a\u{202e}b", "a\u{fffd}b"),
            ("\u{1b}[38;5mx", "x"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ] {
            assert_eq!(plain(text), left, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_closed_ends_with_its_line() {
        assert_eq!(shown("\u{1b}]0;hidden\nseen")[1], [piece("", "seen")]);
        assert_eq!(shown("\u{1b}[\nseen")[1], [piece("", "seen")]);
    }

    #[test]
    fn the_line_that_says_why_is_found() {
        assert_eq!(failure(&lines("ok\nError: x\n\u{1b}[31m \u{1b}[0m\n\u{1b}[91mred\n")), Some(3));
        assert_eq!(failure(&lines("ok\nError: x\n")), Some(1));
        assert_eq!(failure(&lines("ok\n")), None);
    }

    #[test]
    fn lines_end_as_they_were_ended() {
        assert_eq!(lines("a\r\nb\n").len(), 2);
        assert_eq!(plain("a\r"), "a");
        assert_eq!(lines("").len(), 0);
        assert_eq!(lines("\n\n"), [vec![], vec![]]);
    }
}
