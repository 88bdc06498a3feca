//! Text that strangers chose, made safe to read: session names, user agents, repository names, comments.
//!
//! A caller chooses its session name and its user agent. Without care such a name could move the cursor of a terminal,
//! turn a line around, forge a second line of an alert, or notify a whole chat channel. Lookalike letters are not
//! recognised: an ARN that matters is to be compared by machine, not by eye.

/// The most characters that [`escape`] and [`escape_chat`] let through.
pub const LIMIT: usize = 256;

const ELLIPSIS: char = '\u{2026}';

/// Makes what cannot be seen visible: control characters, line breaks, terminal sequences, characters that change the
/// direction of text, and characters without width appear as `\u{202e}`. At most [`LIMIT`] characters; a longer text ends
/// in an ellipsis. For terminals and plain text. Escaping twice changes nothing.
#[must_use]
pub fn escape(text: &str) -> String {
    escape_to(text, LIMIT)
}

/// [`escape`] with a limit of its own, in characters of the result.
#[must_use]
pub fn escape_to(text: &str, limit: usize) -> String {
    let mut escaped = String::with_capacity(text.len().min(limit));
    let mut length = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let piece = if is_hidden(character) { character.escape_unicode().to_string() } else { character.to_string() };
        let piece_length = piece.chars().count();
        let room = limit.saturating_sub(length);
        let ends_here = characters.peek().is_none();
        if piece_length > room || (piece_length == room && !ends_here) {
            escaped.push(ELLIPSIS);
            return escaped;
        }
        escaped.push_str(&piece);
        length += piece_length;
    }
    escaped
}

/// [`escape`], and nothing in the result is markup, a link or a mention in a chat client: such characters are replaced by ones
/// that look alike (`@` becomes `＠`). Good for reading, not for copying; the plain text holds the original.
#[must_use]
pub fn escape_chat(text: &str) -> String {
    escape_chat_to(text, LIMIT)
}

/// [`escape_chat`] with a limit of its own, in characters of the result.
#[must_use]
pub fn escape_chat_to(text: &str, limit: usize) -> String {
    let escaped = escape_to(text, limit);
    let mut before = None;
    let mut characters = escaped.chars().peekable();
    let mut safe = String::with_capacity(escaped.len());
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        safe.push(match character {
            ':' if is_scheme(&safe) => COLON,
            _ => harmless(before, character, after),
        });
        before = Some(character);
    }
    safe
}

/// [`escape_to`], and nothing in the result is a link or a mention where plain text is read: mail programs, and tools that pass the text
/// on to a chat. What would become one is put into brackets, as people who hunt malware write it: `evil[.]example`, `https[:]//`,
/// `[@]channel`. The limit holds before the brackets. Escaping twice changes nothing.
#[must_use]
pub fn escape_mail_to(text: &str, limit: usize) -> String {
    let escaped = escape_to(text, limit);
    let mut before = None;
    let mut characters = escaped.chars().peekable();
    let mut safe = String::with_capacity(escaped.len());
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        let bracketed = before == Some('[') && after == Some(']');
        let dangerous = match character {
            '@' => true,
            '<' => after.is_some_and(|after| after.is_alphabetic() || matches!(after, '!' | '@' | '#' | '/')),
            ':' => after == Some('/') || after == Some('\\') || is_scheme(&safe),
            '\\' => after == Some('\\'),
            dot if is_dot(dot) => after.is_some_and(char::is_alphabetic),
            _ => false,
        };
        if dangerous && !bracketed {
            safe.push('[');
            safe.push(character);
            safe.push(']');
        } else {
            if character == '(' && safe.ends_with(']') {
                // `[text](target)` is a link in Markdown.
                safe.push(' ');
            }
            safe.push(character);
        }
        before = Some(character);
    }
    safe
}

/// What looks like a colon in a chat and starts no address.
const COLON: char = '\u{a789}';

/// Words that make a link of what follows their colon, slashes or not.
const SCHEMES: [&str; 19] = [
    "mailto",
    "tel",
    "sms",
    "sip",
    "sips",
    "xmpp",
    "callto",
    "skype",
    "slack",
    "msteams",
    "facetime",
    "http",
    "https",
    "ftp",
    "file",
    "data",
    "javascript",
    "vbscript",
    "magnet",
];

/// The text ends in the name of a scheme.
fn is_scheme(text: &str) -> bool {
    let word: Vec<char> = text.chars().rev().take(11).take_while(char::is_ascii_alphabetic).collect();
    let word: String = word.iter().rev().map(char::to_ascii_lowercase).collect();
    SCHEMES.contains(&word.as_str())
}

/// What separates the labels of a domain, for a client that is generous.
const fn is_dot(character: char) -> bool {
    matches!(character, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// What stands for this character in a chat, given its neighbours.
fn harmless(before: Option<char>, character: char, after: Option<char>) -> char {
    let inside_word = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
    match character {
        '@' => '\u{ff20}',
        '<' => '\u{2039}',
        '>' => '\u{203a}',
        '&' => '\u{ff06}',
        '`' => '\u{2019}',
        '*' => '\u{2217}',
        '~' => '\u{223c}',
        '[' => '\u{ff3b}',
        ']' => '\u{ff3d}',
        '#' => '\u{ff03}',
        '|' => '\u{2223}',
        // Emphasis starts and ends at the border of a word; names such as `read_only` stay as they are.
        '_' if !inside_word => '\u{ff3f}',
        // `https://` becomes a link by itself, and so do `example.com` and `\\\\server`.
        ':' if matches!(after, Some('/' | '\\')) => COLON,
        '\\' if after == Some('\\') => '\u{29f5}',
        dot if is_dot(dot) && after.is_some_and(char::is_alphabetic) => '\u{2024}',
        other => other,
    }
}

/// Characters that a person does not see, or that change how the others are seen.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            // Zero width, marks of direction, separators of lines and paragraphs, embeddings and overrides.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Joiners, invisible operators, isolates.
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags and variation selectors.
            | '\u{e0000}'..='\u{e0fff}')
}
