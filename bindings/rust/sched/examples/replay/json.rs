//! As much JSON as a safetensors header needs: a value, read from text and written back.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// The number, and how it was written.
    Number(f64, String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.wrong("the end")),
        }
    }

    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.map(|(key, value)| (key.to_string(), value)).into())
    }

    pub fn members(&self) -> Result<&BTreeMap<String, Json>, String> {
        match self {
            Json::Object(members) => Ok(members),
            other => Err(format!("{other} is not an object")),
        }
    }

    pub fn list(&self) -> Result<&[Json], String> {
        match self {
            Json::List(list) => Ok(list),
            other => Err(format!("{other} is not a list")),
        }
    }

    pub fn number(&self) -> Result<f64, String> {
        match self {
            Json::Number(number, _) => Ok(*number),
            other => Err(format!("{other} is not a number")),
        }
    }

    pub fn count(&self) -> Result<usize, String> {
        match self {
            Json::Number(_, text) => text.parse().map_err(|_| format!("{text} is not a count")),
            other => Err(format!("{other} is not a count")),
        }
    }

    pub fn as_str(&self) -> Result<&str, String> {
        match self {
            Json::Text(text) => Ok(text),
            other => Err(format!("{other} is not a string")),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(_, text) => f.write_str(text),
            Json::Text(text) => write_text(f, text),
            Json::List(list) => {
                f.write_str("[")?;
                for (i, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (i, (key, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    write_text(f, key)?;
                    write!(f, ": {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c < ' ' => write!(f, "\\u{:04x}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, wanted: &str) -> String {
        format!("not JSON: {wanted} is missing at byte {}", self.at)
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.at += rest.len() - trimmed.len();
        trimmed.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.take(wanted) {
            true => Ok(()),
            false => Err(self.wrong(&wanted.to_string())),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong(word));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self) -> Result<Json, String> {
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.string().map(Json::Text),
            Some('t') => self.word("true", Json::Bool(true)),
            Some('f') => self.word("false", Json::Bool(false)),
            Some('n') => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let number = rest[..end].parse().map_err(|_| self.wrong("a value"))?;
        self.at += end;
        Ok(Json::Number(number, rest[..end].to_string()))
    }

    fn list(&mut self) -> Result<Json, String> {
        self.expect('[')?;
        let mut list = Vec::new();
        while !self.take(']') {
            if !list.is_empty() {
                self.expect(',')?;
            }
            list.push(self.value()?);
        }
        Ok(Json::List(list))
    }

    fn object(&mut self) -> Result<Json, String> {
        self.expect('{')?;
        let mut members = BTreeMap::new();
        while !self.take('}') {
            if !members.is_empty() {
                self.expect(',')?;
                self.peek();
            }
            let key = self.string()?;
            self.expect(':')?;
            let value = self.value()?;
            members.insert(key, value);
        }
        Ok(Json::Object(members))
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(out);
                }
                '\\' => {
                    let (_, escape) = chars.next().ok_or("not JSON: text ends in \\")?;
                    out.push(match escape {
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => {
                            let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                            let code = u32::from_str_radix(&hex, 16).ok();
                            // Halves of a pair do not come up in these files.
                            code.and_then(char::from_u32).ok_or("not JSON: \\u")?
                        }
                        c => c,
                    });
                }
                c => out.push(c),
            }
        }
        Err(self.wrong("\""))
    }
}
