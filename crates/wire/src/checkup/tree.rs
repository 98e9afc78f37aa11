//! XML as a bounded tree of elements with their lines. No document types, no entities of a document's own.

use crate::issue::Issue;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements in elements; a nested group of results has 14.
const DEPTH_MAX: usize = 40;
/// Elements of a document; one of 1,000 results has about 12,000.
const ELEMENTS_MAX: usize = 40_000;
/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 32;
/// The namespace of HL7.
const NAMESPACE: &str = "urn:hl7-org:v3";

/// An element; names are without prefixes.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) line: u64,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

/// What stands for an element that is missing.
static NOTHING: Element =
    Element { name: String::new(), line: 0, attributes: Vec::new(), children: Vec::new(), text: String::new() };

impl Element {
    /// The first child of this name, or an element without anything.
    pub(super) fn child(&self, name: &str) -> &Self {
        self.children.iter().find(|child| child.name == name).unwrap_or(&NOTHING)
    }

    /// The first descendant on this path of names.
    pub(super) fn at(&self, path: &str) -> &Self {
        path.split('/').fold(self, |element, name| element.child(name))
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Whether it stands in the document.
    pub(super) fn exists(&self) -> bool {
        self.line > 0
    }

    /// The attribute without blanks around it; empty when there is none. `xsi:type` is asked for with its prefix.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// The type of a value: `PQ` of `xsi:type="hl7:PQ"`, whatever the prefixes are.
    pub(super) fn xsi_type(&self) -> &str {
        let found = self.attributes.iter().find(|(name, _)| name.ends_with(":type"));
        local(found.map_or("", |(_, value)| value.trim()))
    }

    /// The namespace that the element itself declares for its name.
    fn namespace(&self, prefix: &str) -> &str {
        match prefix {
            "" => self.attribute("xmlns"),
            prefix => self.attribute(&format!("xmlns:{prefix}")),
        }
    }
}

/// Reads a document into its root, which must be `root_name` of HL7 where `hl7` says so.
pub(super) fn parse(bytes: &[u8], root_name: &str, hl7: bool) -> Result<Element, Issue> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64;
        Issue::row(line, "文字コード", "UTF-8として読めない文字があります。UTF-8のXMLを取り込んでください")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = quick_xml::Reader::from_str(text);
    let mut tree = Tree { elements: 0, open: Vec::new(), root: None };
    let (mut line, mut counted) = (1, 0);
    loop {
        // An event is where it begins.
        let begins = usize::try_from(reader.buffer_position()).unwrap_or(counted).min(text.len());
        line += text.as_bytes()[counted..begins].iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = begins;
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => tree.take(event, line)?,
            Err(_) => return Err(malformed(line)),
        }
    }
    let root = tree.root.filter(|_| tree.open.is_empty()).ok_or_else(|| malformed(line))?;
    let prefix = root.name.split_once(':').map_or("", |(prefix, _)| prefix);
    if local(&root.name) != root_name || (hl7 && root.namespace(prefix) != NAMESPACE) {
        let message = format!("最上位の要素が{root_name}ではありません。特定健診のファイルか確認してください");
        return Err(Issue::row(root.line, "ファイル", message));
    }
    Ok(root)
}

struct Tree {
    elements: usize,
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, line: u64) -> Result<(), Issue> {
        match event {
            Event::Start(start) => self.start(&start, line),
            Event::Empty(start) => {
                self.start(&start, line)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content(), line),
            Event::CData(text) => self.text(&text.xml10_content(), line),
            Event::GeneralRef(reference) => {
                let character = character(&reference, line)?;
                self.text(character.encode_utf8(&mut [0; 4]), line)
            }
            Event::DocType(_) => Err(Issue::row(line, "XML", "DOCTYPE宣言は使用できません。削除してください")),
            Event::Decl(declaration) => match declaration.encoding() {
                Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => Err(Issue::row(
                    line,
                    "文字コード",
                    "文字コードの宣言がUTF-8ではありません。UTF-8のXMLを取り込んでください",
                )),
                _ => Ok(()),
            },
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, line: u64) -> Result<(), Issue> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed(line));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX || self.open.len() >= DEPTH_MAX {
            return Err(Issue::row(
                line,
                "XML",
                "要素が多すぎるか、入れ子が深すぎます。1人分の健診結果か確認してください",
            ));
        }
        let name = start.name();
        // The root keeps its prefix, by which its namespace is found.
        let name = if self.open.is_empty() { name.as_ref() } else { local(name.as_ref()) };
        let mut element = Element { name: name.to_owned(), line, ..Element::default() };
        for attribute in start.attributes().take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|_| malformed(line))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed(line))?;
            element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str, line: u64) -> Result<(), Issue> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err(malformed(line)),
        }
        Ok(())
    }
}

/// A character reference or one of the five entities of XML.
fn character(reference: &BytesRef<'_>, line: u64) -> Result<char, Issue> {
    match reference.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => {
            let known = reference.resolve_char_ref().ok().flatten();
            known.ok_or_else(|| Issue::row(line, "XML", "XMLに定義のない実体参照があります"))
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn malformed(line: u64) -> Issue {
    Issue::row(line, "XML", "XMLとして読めません。途中で切れていないか確認してください")
}
