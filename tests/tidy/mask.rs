//! Blanks out what is not wanted of a Rust text, byte for byte, so that lines and columns stay.

/// What to keep of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Code only: comments and the insides of strings and characters become blanks.
    Code,
    /// Code and strings: only comments become blanks.
    CodeAndStrings,
}

/// The text with everything else blanked.
pub fn mask(text: &str, keep: Keep) -> String {
    let bytes = text.as_bytes();
    let mut kept = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let (end, wanted) = piece(bytes, at, keep);
        if !wanted {
            blank(&mut kept[at..end]);
        }
        at = end;
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Where the piece that starts here ends, and whether it is kept.
fn piece(bytes: &[u8], at: usize, keep: Keep) -> (usize, bool) {
    let rest = &bytes[at..];
    let strings = keep == Keep::CodeAndStrings;
    match rest {
        [b'/', b'/', ..] => (at + until(rest, b"\n"), false),
        [b'/', b'*', ..] => (at + block_comment(rest), false),
        [b'"', ..] => (at + quoted(rest), strings),
        [b'r', ..] if !follows_word(bytes, at) => {
            raw_string(rest).map_or((at + 1, true), |length| (at + length, strings))
        }
        [b'\'', ..] => character(rest).map_or((at + 1, true), |length| (at + length, strings)),
        _ => (at + 1, true),
    }
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    // `br"…"` is a string too, `for"` cannot be.
    let before = at.checked_sub(1).map(|before| bytes[before]);
    before.is_some_and(|byte| byte.is_ascii_alphanumeric() && byte != b'b' || byte == b'_')
}

/// Length up to the mark, or to the end.
fn until(rest: &[u8], mark: &[u8]) -> usize {
    rest.windows(mark.len())
        .position(|window| window == mark)
        .unwrap_or(rest.len())
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    let body = 2 + hashes;
    if rest.get(body - 1) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let end = body + until(&rest[body..], &close) + close.len();
    Some(end.min(rest.len()))
}

/// A character; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        return Some(3 + until(&rest[3..], b"'") + 1);
    }
    let width = rest[1..].iter().take(5).position(|byte| *byte == b'\'')?;
    let text = std::str::from_utf8(&rest[1..=width]).ok()?;
    (text.chars().count() == 1).then_some(width + 2)
}

#[test]
fn comments_strings_and_characters_are_told_from_code() {
    let text = "let a = \"// no\"; // yes 'x\nlet b: &'a str = r#\"in \" it\"#; /* one /* two */ */ let c = '\"';";
    let code = mask(text, Keep::Code);
    assert_eq!(code.len(), text.len());
    assert_eq!(
        code.split_whitespace().collect::<Vec<_>>().join(" "),
        "let a = ; let b: &'a str = ; let c = ;"
    );
    let strings = mask(text, Keep::CodeAndStrings);
    assert!(strings.contains("\"// no\"") && strings.contains("in \" it"));
    assert!(!strings.contains("yes") && !strings.contains("two"));
}
