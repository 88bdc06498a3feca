//! The report as one HTML page that needs nothing else: no script, no font, no picture, no address elsewhere. maud escapes every text.

use layerguard_core::text::escape_to;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Block, Report};

/// Longer texts end in an ellipsis; the records hold the whole.
const LONGEST: usize = 2_000;

/// Nothing is fetched and nothing runs, whatever a browser would allow.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("report.css");

/// The page.
pub(in crate::evidence) fn write(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (safe(&report.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    header {
                        h1 { (safe(&report.title)) }
                        p.lead { (safe(&report.lead)) }
                    }
                    @for section in &report.sections {
                        section {
                            h2 { (safe(&section.heading)) }
                            @for block in &section.blocks { (write_block(block)) }
                        }
                    }
                }
            }
        }
    }
    .into_string()
        + "\n"
}

fn write_block(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (safe(text)) } },
        Block::Alarm(text) => html! { p.alarm { (safe(text)) } },
        Block::Heading(text) => html! { h3 { (safe(text)) } },
        Block::Facts(facts) => html! {
            dl { @for (word, what) in facts { div { dt { (word) } dd { (safe(what)) } } } }
        },
        Block::List(items) => html! { ul { @for item in items { li { (safe(item)) } } } },
        Block::Table(header, rows) => html! {
            div.wide tabindex="0" role="region" aria-label="table" {
                table {
                    thead { tr { @for cell in header { th scope="col" { (cell) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (safe(cell)) } } } } }
                }
            }
        },
        Block::Code(text) => html! {
            pre tabindex="0" { @for line in text.lines() { (escape_to(line, LONGEST)) "\n" } }
        },
    }
}

/// Text in which nothing hides.
fn safe(text: &str) -> String {
    escape_to(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::report::Section;

    #[test]
    fn nothing_that_a_stranger_chose_is_markup_and_nothing_is_fetched() {
        let evil = "</style><script>alert(1)</script><img src=https://example.com/x onerror='x'>\u{202e}\"&";
        let blocks = vec![
            Block::Text(evil.to_owned()),
            Block::Alarm(evil.to_owned()),
            Block::Facts(vec![("who", evil.to_owned())]),
            Block::List(vec![evil.to_owned()]),
            Block::Table(vec!["a"], vec![vec![evil.to_owned()]]),
            Block::Code(evil.to_owned()),
        ];
        let report = Report {
            title: evil.to_owned(),
            lead: evil.to_owned(),
            sections: vec![Section { heading: evil.to_owned(), blocks }],
        };
        let page = write(&report);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{202e}'), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 10);
        for fetched in ["src=\"", "href", "url(", "@import"] {
            assert!(!page.contains(fetched), "{fetched}");
        }
    }
}
