//! A relaxed reader of JSON: bare words as keys and values, single quotes, trailing commas.
//!
//! One pass, recursion bounded by [`MAX_DEPTH`], memory bounded by the text's size.

use serde_json::{Map, Number, Value};

/// Deepest nesting read; documents of this API need eight.
const MAX_DEPTH: usize = 64;

/// Where the text stops making sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct RelaxedError {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What was found or expected there.
    pub problem: String,
}

/// Reads one document.
///
/// # Errors
/// [`RelaxedError`] with the place.
pub fn parse_relaxed(text: &str) -> Result<Value, RelaxedError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(value),
        Some(extra) => Err(reader.wrong(format!("unexpected {extra:?} after the document"))),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, RelaxedError> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(format!("nested deeper than {MAX_DEPTH}")));
        }
        self.skip_blanks();
        match self.peek() {
            None => Err(self.wrong("the text ends where a value must stand".to_owned())),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Value::String),
            Some(_) => self.word(is_value_char).map(classify),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, RelaxedError> {
        self.bump();
        let mut members = Map::new();
        loop {
            self.skip_blanks();
            if self.eat('}') {
                return Ok(Value::Object(members));
            }
            let key = match self.peek() {
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                _ => self.word(is_key_char)?.to_owned(),
            };
            self.skip_blanks();
            if !self.eat(':') {
                return Err(self.wrong(format!("expected ':' after the member {key:?}")));
            }
            let value = self.value(depth + 1)?;
            members.insert(key, value);
            self.separator('}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, RelaxedError> {
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if self.eat(']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.separator(']')?;
        }
    }

    /// A comma, or the closing bracket left in place.
    fn separator(&mut self, close: char) -> Result<(), RelaxedError> {
        self.skip_blanks();
        if self.eat(',') || self.peek() == Some(close) {
            return Ok(());
        }
        let mend = "text that contains blanks or signs must be quoted";
        Err(self.wrong(format!("expected ',' or {close:?}; {mend}")))
    }

    fn quoted(&mut self, quote: char) -> Result<String, RelaxedError> {
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(self.wrong(format!("a text opened with {quote} never ends"))),
                Some(end) if end == quote => return Ok(out),
                Some('\\') => out.push(self.escape()?),
                Some(plain) => out.push(plain),
            }
        }
    }

    fn escape(&mut self) -> Result<char, RelaxedError> {
        Ok(match self.bump() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            Some(same @ ('"' | '\'' | '\\' | '/')) => same,
            _ => return Err(self.wrong("unknown escape after '\\'".to_owned())),
        })
    }

    fn unicode(&mut self) -> Result<char, RelaxedError> {
        let high = self.hex4()?;
        let code = if (0xD800..0xDC00).contains(&high) && self.eat('\\') && self.eat('u') {
            let low = self.hex4()?;
            0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.wrong("\\u names no character".to_owned()))
    }

    fn hex4(&mut self) -> Result<u32, RelaxedError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.bump().and_then(|c| c.to_digit(16));
            let digit = digit.ok_or_else(|| self.wrong("\\u needs four hex digits".to_owned()))?;
            code = code * 16 + digit;
        }
        Ok(code)
    }

    fn word(&mut self, fits: fn(char) -> bool) -> Result<&str, RelaxedError> {
        let start = self.at;
        while self.peek().is_some_and(fits) {
            self.bump();
        }
        if self.at > start {
            return Ok(&self.text[start..self.at]);
        }
        Err(match self.peek() {
            None => self.wrong("the text ends too early".to_owned()),
            Some(odd) => self.wrong(format!("unexpected {odd:?}")),
        })
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn wrong(&self, problem: String) -> RelaxedError {
        let before = &self.text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        RelaxedError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            problem,
        }
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._/-".contains(c)
}

fn is_value_char(c: char) -> bool {
    is_key_char(c) || c == ':'
}

/// A bare word is a literal, a number spelled as JSON spells it, or text.
fn classify(word: &str) -> Value {
    match word {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => match word.parse::<Number>() {
            // `1e5` may as well be a name: only plain digits are numbers here.
            Ok(number) if word.chars().all(|c| c.is_ascii_digit() || "-.".contains(c)) => {
                Value::Number(number)
            }
            _ => Value::String(word.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn unquoted_documents_of_shell_scripts_are_read() {
        let sent = "{regions:[us-west-1],launchConfig:name1,scalePolicy:name2,name:grp}";
        let meant = json!({"regions":["us-west-1"],"launchConfig":"name1","scalePolicy":"name2","name":"grp"});
        assert_eq!(parse_relaxed(sent).unwrap(), meant);
    }

    #[test]
    fn single_quotes_trailing_commas_and_bare_words_are_read() {
        let cases = [
            ("{'a':'b',}", json!({"a":"b"})),
            ("[1,2.5,-3,]", json!([1, 2.5, -3])),
            ("{videoFPS: 15,}", json!({"videoFPS":15})),
            (
                "{a:true,b:null,c:TRUE}",
                json!({"a":true,"b":null,"c":"TRUE"}),
            ),
            (
                "{a:007,b:1e5,c:10.0.0.1}",
                json!({"a":"007","b":"1e5","c":"10.0.0.1"}),
            ),
            (r#"{"a":"\u00e9\ud83d\ude00\n"}"#, json!({"a":"é😀\n"})),
            (
                "{type:com.red5pro.Master,url:http://x:5080/y}",
                json!({"type":"com.red5pro.Master","url":"http://x:5080/y"}),
            ),
        ];
        for (sent, meant) in cases {
            assert_eq!(parse_relaxed(sent).unwrap(), meant, "{sent}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        let cases = [
            ("{a:1", 1, 5, "expected ','"),
            ("{\n a 1}", 2, 4, "expected ':'"),
            ("{a:free text}", 1, 9, "must be quoted"),
            ("[1] x", 1, 5, "after the document"),
            ("{'a':'b", 1, 8, "never ends"),
            ("{a:}", 1, 4, "unexpected '}'"),
        ];
        for (sent, line, column, problem) in cases {
            let wrong = parse_relaxed(sent).unwrap_err();
            assert_eq!(
                (wrong.line, wrong.column),
                (line, column),
                "{sent}: {wrong}"
            );
            assert!(wrong.problem.contains(problem), "{sent}: {wrong}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse_relaxed(&"[".repeat(100_000)).is_err());
        assert!(parse_relaxed(&format!("{}1{}", "[".repeat(60), "]".repeat(60))).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
            let _ = parse_relaxed(&text);
        }

        #[test]
        fn text_of_json_signs_is_read_or_refused_without_a_panic(text in "[\\[\\]{}:,'\"\\\\a-z0-9u. ]{0,120}") {
            let _ = parse_relaxed(&text);
        }

        #[test]
        fn what_is_json_reads_the_same(numbers in prop::collection::vec(any::<i64>(), 0..5), text in "\\PC{0,20}") {
            let value = json!({"numbers": numbers, "text": text, "flag": true});
            prop_assert_eq!(parse_relaxed(&value.to_string()).unwrap(), value);
        }
    }
}
