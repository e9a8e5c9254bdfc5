//! XML as EC2 speaks it: elements with text or with elements inside, never both. Small enough to be changed by hand:
//! what is read and written again is the same, byte for byte, but for blanks between elements.

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// What stands behind the name in the opening tag.
    attributes: String,
    /// Text as it is written, entities and all.
    text: String,
    /// Elements inside.
    pub children: Vec<Element>,
}

impl Element {
    /// Reads the one element of a document; `None` when it is no whole document.
    pub fn read(document: &str) -> Option<Self> {
        let start = match document.find("?>") {
            Some(end) if document.trim_start().starts_with("<?xml") => end + 2,
            _ => 0,
        };
        let mut rest = document[start..].trim();
        let element = read(&mut rest)?;
        rest.trim().is_empty().then_some(element)
    }

    /// An empty element.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// An element with plain text.
    pub fn of_text(name: &str, text: &str) -> Self {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        Self {
            text,
            ..Self::new(name)
        }
    }

    /// An element with elements.
    pub fn of(name: &str, children: impl IntoIterator<Item = Element>) -> Self {
        Self {
            children: children.into_iter().collect(),
            ..Self::new(name)
        }
    }

    /// As a document.
    pub fn document(&self) -> String {
        let mut text = r#"<?xml version="1.0" encoding="utf-8"?>"#.to_owned();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        let Self {
            name, attributes, ..
        } = self;
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str(&format!("<{name}{attributes}/>"));
            return;
        }
        out.push_str(&format!("<{name}{attributes}>{}", self.text));
        self.children.iter().for_each(|child| child.write(out));
        out.push_str(&format!("</{name}>"));
    }

    /// The first element at a path of names (`instanceState/name`).
    pub fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| {
            element.children.iter().find(|child| child.name == name)
        })
    }

    /// As [`Element::at`], to be changed.
    pub fn at_mut(&mut self, path: &str) -> Option<&mut Element> {
        path.split('/').try_fold(self, |element, name| {
            let mut children = element.children.iter_mut();
            children.find(|child| child.name == name)
        })
    }

    /// The plain text at a path; empty when there is none.
    pub fn text_at(&self, path: &str) -> String {
        let text = self.at(path).map_or("", |element| element.text.as_str());
        let plain = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&apos;", "'"),
        ];
        let text = plain.iter().fold(text.to_owned(), |text, (entity, sign)| {
            text.replace(entity, sign)
        });
        text.replace("&amp;", "&")
    }

    /// The elements called `item` at a path: EC2's lists.
    pub fn items(&self, path: &str) -> impl Iterator<Item = &Element> {
        let children = self.at(path).into_iter().flat_map(|list| &list.children);
        children.filter(|child| child.name == "item")
    }

    /// Puts an element in the place of those of the same name.
    pub fn set(&mut self, element: Element) {
        self.remove(&element.name.clone());
        self.children.push(element);
    }

    /// Takes the elements of this name out.
    pub fn remove(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
    }
}

fn read(rest: &mut &str) -> Option<Element> {
    let inside = rest.strip_prefix('<')?;
    let (tag, after) = inside.split_once('>')?;
    let (tag, is_empty) = match tag.strip_suffix('/') {
        Some(tag) => (tag, true),
        None => (tag, false),
    };
    let name_ends = tag.find(char::is_whitespace).unwrap_or(tag.len());
    let (name, attributes) = tag.split_at(name_ends);
    let mut element = Element {
        name: name.to_owned(),
        attributes: attributes.trim_end().to_owned(),
        ..Element::default()
    };
    *rest = after;
    if is_empty {
        return Some(element);
    }
    let close = format!("</{name}>");
    loop {
        let text_ends = rest.find('<')?;
        let (text, tail) = rest.split_at(text_ends);
        if let Some(tail) = tail.strip_prefix(close.as_str()) {
            if element.children.is_empty() {
                element.text = text.to_owned();
            }
            *rest = tail;
            return Some(element);
        }
        *rest = tail;
        element.children.push(read(rest)?);
    }
}

#[cfg(test)]
mod tests {
    use super::Element;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="utf-8"?><Answer xmlns="http://x/"><set><item><id>i-1</id><why/></item><item><id>a&amp;&lt;b</id></item></set></Answer>"#;

    #[test]
    fn a_document_is_the_same_after_reading_and_writing() {
        assert_eq!(Element::read(ANSWER).unwrap().document(), ANSWER);
    }

    #[test]
    fn paths_lists_and_entities_are_read() {
        let answer = Element::read(ANSWER).unwrap();
        let ids: Vec<String> = answer.items("set").map(|item| item.text_at("id")).collect();
        assert_eq!(ids, ["i-1", "a&<b"]);
        assert_eq!(answer.text_at("set/item/why"), "");
    }

    #[test]
    fn half_a_document_is_none() {
        for cut in 39..ANSWER.len() {
            assert_eq!(Element::read(&ANSWER[..cut]), None, "{cut}");
        }
    }
}
