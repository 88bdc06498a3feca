//! The report as Markdown.

use layerguard_core::text::escape_to;

use super::{Block, Report};

/// Longer texts end in an ellipsis; the records hold the whole.
const LONGEST: usize = 2_000;

/// The text.
pub(in crate::evidence) fn write(report: &Report) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&report.title), plain(&report.lead));
    for section in &report.sections {
        text.push_str(&format!("\n## {}\n", plain(&section.heading)));
        for block in &section.blocks {
            text.push('\n');
            text.push_str(&write_block(block));
        }
    }
    text
}

fn write_block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("{}\n", plain(text)),
        Block::Alarm(text) => format!("**{}**\n", plain(text)),
        Block::Heading(text) => format!("### {}\n", plain(text)),
        Block::Facts(facts) => {
            let rows = facts.iter().map(|(word, what)| vec![(*word).to_owned(), what.clone()]).collect::<Vec<_>>();
            table(&["", ""], &rows)
        }
        Block::List(items) => items.iter().map(|item| format!("- {}\n", plain(item))).collect(),
        Block::Table(header, rows) => table(header, rows),
        Block::Code(text) => text.lines().map(|line| format!("    {}\n", escape_to(line, LONGEST))).collect(),
    }
}

fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(header.iter().map(|cell| plain(cell)).collect());
    text.push_str(&line(header.iter().map(|_| "---".to_owned()).collect()));
    for row in rows {
        text.push_str(&line(row.iter().map(|cell| plain(cell)).collect()));
    }
    text
}

/// Text that is neither markup nor a link, on one line. A backslash before any ASCII punctuation makes it stand for itself.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    for character in escape_to(text, LONGEST).chars() {
        let is_markup = matches!(character, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '$');
        // Emphasis needs the border of a word; a list, heading or quotation needs the start of a line.
        let starts = safe.is_empty() && matches!(character, '#' | '-' | '+' | '=' | ':' | '0'..='9');
        let links = matches!((before, character), (_, '@') | (':', '/'));
        let underlines = character == '_' && !before.is_alphanumeric();
        if (is_markup || links || underlines || starts) && character.is_ascii_punctuation() {
            safe.push('\\');
        }
        safe.push(character);
        before = character;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_stranger_chose_is_markup() {
        let named = plain("a|b <img src=x> [x](https://example.com) *b* `c` _d_ e_f\n# g");
        assert_eq!(named, r"a\|b \<img src=x\> \[x\](https:\//example.com) \*b\* \`c\` \_d_ e_f\\u{a}# g");
        assert_eq!(plain("# x"), r"\# x");
        assert_eq!(plain("- x"), r"\- x");
    }
}
