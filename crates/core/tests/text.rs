//! Whatever a stranger chose as a name, what is shown is one line, in one direction, without markup.

use layerguard_core::text::{LIMIT, escape, escape_chat, escape_mail_to, escape_to};
use proptest::prelude::*;

const DANGEROUS: &[char] = &[
    '\u{0}',
    '\u{7}',
    '\u{8}',
    '\t',
    '\n',
    '\r',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{9b}',
    '\u{ad}',
    '\u{61c}',
    '\u{200b}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2069}',
    '\u{feff}',
    '\u{fe0f}',
    '\u{e0041}',
];

const MARKUP: &[char] = &['@', '<', '>', '&', '`', '*', '~', '[', ']', '#', '|'];

/// Text that is likelier than chance to hold what is dangerous.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(DANGEROUS).prop_map(String::from),
        prop::sample::select(MARKUP).prop_map(String::from),
        prop::sample::select(vec![
            "@channel",
            "<!here>",
            "https://a.example.com",
            "[a](b)",
            "_a_",
            "www.example.com",
            "mailto:a@b.c"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_hidden_comes_through(text in hostile()) {
        let shown = escape(&text);
        prop_assert!(!shown.chars().any(|shown| shown.is_control() || DANGEROUS.contains(&shown)), "{shown:?}");
        prop_assert!(shown.chars().count() <= LIMIT);
    }

    #[test]
    fn escaping_twice_changes_nothing(text in hostile()) {
        let once = escape(&text);
        prop_assert_eq!(escape(&once), once.clone());
        let chat = escape_chat(&text);
        prop_assert_eq!(escape_chat(&chat), chat.clone());
        let mail = escape_mail_to(&text, LIMIT);
        prop_assert_eq!(escape_mail_to(&mail, LIMIT * 3), mail.clone());
    }

    #[test]
    fn plain_names_stay_as_they_are(name in "[A-Za-z0-9+=,.@_-]{2,64}") {
        prop_assert_eq!(escape(&name), name);
    }

    #[test]
    fn no_markup_link_or_mention_lives_in_a_chat(text in hostile()) {
        let shown = escape_chat(&text);
        prop_assert!(!shown.contains(MARKUP), "{shown:?}");
        prop_assert!(!shown.contains("://"), "{shown:?}");
        let characters: Vec<char> = shown.chars().collect();
        prop_assert!(!characters.windows(2).any(|pair| pair[0] == '.' && pair[1].is_alphabetic()), "{shown:?}");
        prop_assert!(!shown.chars().any(|shown| shown.is_control() || DANGEROUS.contains(&shown)));
        prop_assert!(characters.len() <= LIMIT);
    }
}

#[test]
fn what_is_hidden_is_named() {
    assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
    assert_eq!(escape("one\ntwo\u{1b}[2J"), "one\\u{a}two\\u{1b}[2J");
    assert_eq!(escape("grüße 東京"), "grüße 東京");
}

#[test]
fn a_long_text_ends_in_an_ellipsis_and_no_escape_is_cut() {
    assert_eq!(escape_to("abcdef", 6), "abcdef");
    assert_eq!(escape_to("abcdef", 5), "abcd…");
    assert_eq!(escape_to("abc\u{202e}", 7), "abc…");
    assert_eq!(escape_to("", 0), "");
    assert_eq!(escape_to("a", 0), "…");
}

#[test]
fn mentions_and_links_look_alike_and_do_nothing() {
    assert_eq!(escape_chat("@channel"), "＠channel");
    assert_eq!(escape_chat("<!here>"), "‹!here›");
    assert_eq!(escape_chat("`x` *y* _z_"), "’x’ ∗y∗ ＿z＿");
    assert_eq!(escape_chat("read_only"), "read_only");
    assert_eq!(escape_chat("https://example.com"), "https꞉//example․com");
    assert_eq!(escape_chat("mailto:a@example.com"), "mailto꞉a＠example․com");
    assert_eq!(escape_chat("arn:aws:iam::111122223333:role/ci"), "arn:aws:iam::111122223333:role/ci");
}

#[test]
fn what_a_mail_program_would_link_is_put_into_brackets() {
    for (text, shown) in [
        ("https://evil.example/a", "https[:]//evil[.]example/a"),
        ("@channel <!here> <@U1> <at>x</at>", "[@]channel [<]!here> [<][@]U1> [<]at>x[<]/at>"),
        ("alice@example.com", "alice[@]example[.]com"),
        ("mailto:x tel:+1", "mailto[:]x tel[:]+1"),
        ("[ok](evil)", "[ok] (evil)"),
        ("\\\\evil\\share", "[\\]\\evil\\share"),
        ("evil\u{3002}example", "evil[\u{3002}]example"),
        ("198.51.100.7 v1.2.3 done. a < b", "198.51.100.7 v1.2.3 done. a < b"),
        ("arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/ci"),
    ] {
        assert_eq!(escape_mail_to(text, LIMIT), shown);
    }
}
