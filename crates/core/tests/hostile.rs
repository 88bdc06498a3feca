//! Text that strangers choose, in everything that people read: it forges no line, no link and no mention.
//!
//! What counts as a link or a mention is written down here, more generously than any client that we know: what this file finds nothing in,
//! a client makes nothing of. The finders are tested themselves.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test: a panic is the report")]

mod found;

use std::sync::LazyLock;

use found::{Planted, links, mentions, strings, visible};
use layerguard_core::ports::Message;
use proptest::prelude::*;
use serde_json::Value;

/// The runbook of the cases: the one link that a message may have.
const RUNBOOK: &str = found::RUNBOOK;

/// What is tried at each place, with why.
const ATTACKS: &[(&str, &str)] = &[
    ("a line", "x\nAnswer before: never\n  layerguard approve 0123456789abcdef-9"),
    ("a line by carriage return", "x\rNext:\r\nlayerguard undo 0123456789abcdef-1"),
    ("a line by other separators", "a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f"),
    ("a link in Markdown", "[the runbook](https://evil.example/login)"),
    ("a link by reference", "[the runbook][1]\n[1]: https://evil.example"),
    ("a link of Slack", "<http://evil.example|the runbook>"),
    ("a link of Slack to a mail", "<mailto:evil@evil.example|mail>"),
    ("a link of HTML", "<a href=\"https://evil.example\">here</a>"),
    ("an address", "https://evil.example/a?b=c#d"),
    ("an address with capitals", "HtTpS://EVIL.EXAMPLE"),
    ("an address without slashes", "https:evil.example"),
    ("a domain", "evil.example"),
    ("a domain with a path", "www.evil.example/login"),
    ("a domain of a single letter", "see t.co"),
    ("a domain with ideographic stops", "evil\u{3002}example evil\u{ff0e}example evil\u{ff61}example"),
    ("a domain with hidden letters", "evil.\u{200b}example evil\u{200d}.example evil.\u{ad}example"),
    ("an international domain", "bücher.example пример.рф"),
    ("an address by number", "http://198.51.100.7/x"),
    ("a mail address", "alice@example.com"),
    ("a telephone number", "tel:+15550100"),
    ("a share", "\\\\evil\\share file://evil/share file:\\\\evil\\share"),
    ("a script", "javascript:alert(1) data:text/html,x vbscript:x"),
    ("an app", "slack://open msteams:x skype:evil?call facetime:evil"),
    ("the channel", "@channel @here @everyone"),
    ("the channel of Slack", "<!channel> <!here|here> <!subteam^S123> <!everyone>"),
    ("a person of Slack", "<@U123> <#C123|general>"),
    ("a person of Teams", "<at>Alice</at> <at id=\"0\">Alice</at>"),
    ("a person", "@alice ＠alice"),
    ("markup", "*bold* _em_ ~strike~ `code` ```\nblock\n``` > quote # head | a | b |"),
    ("the end of a code span", "` @channel https://evil.example `"),
    ("a terminal", "\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}here\u{1b}]8;;\u{7} \u{9b}31m"),
    ("control characters", "\u{0}\u{8}\u{7f}\u{80}\u{9f}"),
    ("direction", "\u{202e}evorppa\u{202c} \u{2066}x\u{2069} \u{200e}\u{200f}\u{61c}"),
    ("no width", "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e\u{feff}f\u{fe0f}g\u{e0041}h"),
    ("the end of JSON", "\"},\"metadata\":{\"threadId\":\"other\"},\"x\":{\"y\":\"\\"),
    ("the end of JSON, escaped", "\\\"}]}\\u0022\\n"),
    ("brackets that look made harmless", "[.]evil.example [@]channel [:]// https[:]//evil.example"),
    ("a bracket before a parenthesis", "@(evil.example) a.b(c) ](x) ] (x)"),
    ("nothing", ""),
];

#[test]
fn no_attack_forges_a_line_a_link_or_a_mention() {
    for (what, text) in ATTACKS {
        for long in [(*text).to_owned(), text.repeat(30), format!("{}{text}", "x".repeat(250))] {
            hold(what, &long);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_at_all_forges_a_line_a_link_or_a_mention(text in hostile()) {
        hold("any text", &text);
    }
}

/// Text that is likelier than chance to hold an attack.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(ATTACKS).prop_map(|(_, text)| text.to_owned()),
        prop::sample::select(
            "@ < > [ ] ( ) . : / \\ ` * _ | # ! & \" ' a b.c :// .x \n \u{202e} \u{200b} http mailto tel"
                .split(' ')
                .collect::<Vec<_>>()
        )
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// With this text at every place where a stranger may put one, each kind of message has as many lines as with an ordinary name, and
/// nothing in it is a link or a mention.
fn hold(what: &str, text: &str) {
    static ORDINARY: LazyLock<Vec<Message>> = LazyLock::new(|| found::messages(&Planted::ordinary()));
    for (hostile, ordinary) in found::messages(&Planted::everywhere(text)).iter().zip(&*ORDINARY) {
        let kind = &kind_of(ordinary);
        let at = format!("{what}, {kind}: {text:?}");
        assert_eq!(
            hostile.body.lines().count(),
            ordinary.body.lines().count(),
            "{at}: a line in the mail\n{}",
            hostile.body
        );
        harmless(&hostile.body, &format!("{at}: mail"));
        assert!(hostile.subject.len() < 100 && hostile.subject.bytes().all(|b| (b' '..=b'~').contains(&b)), "{at}");
        harmless(&hostile.subject, &format!("{at}: subject"));
        let (chat, usual): (Value, Value) =
            (serde_json::from_str(&hostile.chat).unwrap(), serde_json::from_str(&ordinary.chat).unwrap());
        assert_eq!(keys(&chat), keys(&usual), "{at}: the schema");
        assert_eq!(chat["metadata"]["threadId"], usual["metadata"]["threadId"], "{at}: the thread");
        assert_eq!(chat["content"]["nextSteps"], usual["content"]["nextSteps"], "{at}: the commands");
        let description = |chat: &Value| chat["content"]["description"].as_str().unwrap().to_owned();
        let (shown, usual) = (description(&chat), description(&usual));
        assert_eq!(shown.lines().count(), usual.lines().count(), "{at}: a line in the chat\n{shown}");
        for markup in ['`', '*', '[', ']', '<', '>', '|', '~', '@', '#'] {
            assert_eq!(
                shown.matches(markup).count(),
                usual.matches(markup).count(),
                "{at}: `{markup}` in the chat\n{shown}"
            );
        }
        for text in strings(&chat) {
            harmless(&text, &format!("{at}: chat"));
        }
        for (name, value) in &hostile.attributes {
            assert!(value.chars().count() <= 81 && visible(value), "{at}: attribute {name}");
        }
        assert!(hostile.attributes.len() <= 10);
        let size = found::size(hostile);
        assert!(size < 128 * 1024, "{at}: {size} bytes");
    }
}

fn harmless(text: &str, at: &str) {
    let text = text.replace(RUNBOOK, "");
    assert_eq!(links(&text), Vec::<String>::new(), "{at}: a link in {text:?}");
    assert_eq!(mentions(&text), Vec::<String>::new(), "{at}: a mention in {text:?}");
    assert!(text.lines().all(visible), "{at}: something hidden in {text:?}");
}

fn kind_of(message: &Message) -> String {
    message.attributes.iter().find(|(name, _)| name == "kind").unwrap().1.clone()
}

/// The names of all fields, in order.
fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| std::iter::once(name.clone()).chain(keys(value))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_finders_find_what_clients_make_links_and_mentions_of() {
    for link in [
        "https://evil.example",
        "see evil.example",
        "www.evil.example",
        "[a](b)",
        "<http://x|y>",
        "mailto:x",
        "a@b",
        "tel:+1",
        "\\\\server\\share",
        "evil\u{3002}example",
        "пример.рф",
        "HTTP:x",
        "<a href=x>",
        "file:\\\\x",
    ] {
        assert_ne!(links(link), Vec::<String>::new(), "{link}");
    }
    for mention in ["@channel", "a @b", "<!here>", "<@U1>", "<#C1>", "<at>x</at>"] {
        assert_ne!(mentions(mention), Vec::<String>::new(), "{mention}");
    }
    for plain in [
        "arn:aws:iam::111122223333:role/ci/builder",
        "layerguard approve 0123456789abcdef-1 --stack a --region eu-central-1",
        "2026-11-20 10:31:07 UTC",
        "198.51.100.7",
        "version 1.2.3",
        "done. Next",
        "evil[.]example",
        "https[:]//evil[.]example",
        "[@]channel",
        "sha256:00",
        "a [b] (c)",
        "1 < 2",
        "x <- y",
    ] {
        assert_eq!((links(plain), mentions(plain)), (Vec::new(), Vec::new()), "{plain}");
    }
    assert!(!visible("a\u{202e}") && !visible("a\u{1b}") && !visible("a\u{200b}") && visible("größe 大 🙂 a"));
}

#[test]
fn ordinary_names_of_all_scripts_pass_as_they_are() {
    for name in ["größe-ñandú", "数据-团队", "данные", "🙂", "a_b-c+d=e,f", "team/app", "x (y)"] {
        let message = &found::messages(&Planted::everywhere(name))[0];
        assert!(message.body.contains(&format!("session {name}")), "{name}: {}", message.body);
        let chat: Value = serde_json::from_str(&message.chat).unwrap();
        assert!(chat["content"]["description"].as_str().unwrap().contains(name), "{name}: {chat:#}");
    }
}

#[test]
fn the_runbook_of_the_policys_owner_is_the_one_link() {
    for message in found::messages(&Planted::ordinary()).iter().filter(|message| kind_of(message) != "storm") {
        let shown = format!("{}{}", message.body, message.chat);
        let expected = if ["pause", "resume"].contains(&kind_of(message).as_str()) { 0 } else { 2 };
        assert_eq!(shown.matches(RUNBOOK).count(), expected, "{shown}");
    }
}

#[test]
fn the_largest_message_fits_sns() {
    // Every character is the one that grows most on its way: four bytes, or escaped twice.
    for text in ["\u{1f600}", "\"", "\\", "\u{1}", "@", "."] {
        for message in found::messages(&Planted { many: true, ..Planted::everywhere(&text.repeat(3_000)) }) {
            let size = found::size(&message);
            assert!(size < 256 * 1024, "{} of {text:?}: {size} bytes", kind_of(&message));
        }
    }
}
