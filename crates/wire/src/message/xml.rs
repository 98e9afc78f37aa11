//! XML: a bounded reader that refuses everything but elements and text, and a writer into one buffer.

use crate::message::charset::{decode, encode, is_plain, shown};
use crate::message::field::Sink;
use crate::message::limits::Limits;
use crate::message::node::Node;
use crate::message::problem::Problem;
use madoguchi_model::code::CharacterCode;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Attributes of one element; messages have none, and namespaces some clients declare need a few.
const ATTRIBUTES_MAX: usize = 50;
/// Room of a usual answer.
const USUAL_BYTES: usize = 4_096;

/// Reads a file into its root element.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Node, Problem> {
    limits.check_bytes(bytes.len())?;
    let text = decode(bytes).map_err(Problem::Form)?;
    if text.chars().any(|character| !is_xml(character)) {
        return Err(Problem::Form("XMLで使用できない制御文字があります"));
    }
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree { limits, elements: 0, open: Vec::new(), root: None, begun: false };
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => tree.take(event)?,
            Err(_) => return Err(MALFORMED),
        }
    }
    tree.root.filter(|_| tree.open.is_empty()).ok_or(MALFORMED)
}

const MALFORMED: Problem = Problem::Form("XMLとして読めません（途中で終わっていないか確認してください）");

/// The tree while it grows.
struct Tree<'a> {
    limits: &'a Limits,
    elements: usize,
    open: Vec<Node>,
    root: Option<Node>,
    begun: bool,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), Problem> {
        let first = !std::mem::replace(&mut self.begun, true);
        match event {
            Event::Start(start) => self.start(&start)?,
            Event::Empty(start) => {
                self.start(&start)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) if text.contains("]]>") => return Err(MALFORMED),
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) if self.open.is_empty() && !text.is_empty() => return Err(MALFORMED),
            Event::CData(text) => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                self.text(character.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(declaration) if first && declaration.version().is_ok() => {}
            Event::PI(instruction) if !instruction.target().eq_ignore_ascii_case("xml") => {}
            Event::Comment(_) => {}
            Event::DocType(_) => return Err(Problem::Form("DOCTYPE宣言は使用できません")),
            Event::Decl(_) | Event::PI(_) | Event::Eof => return Err(MALFORMED),
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Problem> {
        let name = start.name();
        let twice_the_root = self.open.is_empty() && self.root.is_some();
        if twice_the_root || !is_name(name.as_ref()) || !has_sound_attributes(start) {
            return Err(MALFORMED);
        }
        self.elements += 1;
        self.limits.check_elements(self.elements)?;
        self.limits.check_depth(self.open.len() + 1)?;
        self.open.push(Node::new(name.as_ref()));
        Ok(())
    }

    fn end(&mut self) {
        let Some(node) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Problem> {
        match self.open.last_mut() {
            Some(node) => self.limits.append(&mut node.text, text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err(MALFORMED),
        }
        Ok(())
    }
}

/// A character reference or one of the five entities.
fn resolve(reference: &BytesRef<'_>) -> Result<char, Problem> {
    let name = reference.xml10_content();
    let character = match name.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten().filter(|character| is_xml(*character)),
    };
    character.ok_or(Problem::Form("XMLに定義のない実体参照があります"))
}

/// Attributes mean nothing here, but they have to be well-formed, and no sound element has many.
fn has_sound_attributes(start: &BytesStart<'_>) -> bool {
    start.attributes().enumerate().all(|(place, attribute)| {
        place < ATTRIBUTES_MAX
            && attribute.is_ok_and(|attribute| {
                is_name(attribute.key.as_ref()) && attribute.normalized_value(XmlVersion::Implicit1_0).is_ok()
            })
    })
}

fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    let head = |character: char| character.is_alphabetic() || matches!(character, '_' | ':');
    let tail = |character: char| head(character) || character.is_numeric() || matches!(character, '-' | '.');
    characters.next().is_some_and(head) && characters.all(tail)
}

/// A file while it is written: two blanks a level, LF, no byte order mark.
pub(crate) struct XmlSink {
    out: String,
    depth: usize,
    /// Whether the element that was opened last has nothing in it yet.
    fresh: bool,
}

impl XmlSink {
    /// Begins a file in this character set.
    pub(crate) fn new(code: CharacterCode) -> Self {
        let mut out = String::with_capacity(USUAL_BYTES);
        out.push_str("<?xml version=\"1.0\" encoding=\"");
        out.push_str(code.label());
        out.push_str("\" standalone=\"no\"?>\n");
        Self { out, depth: 0, fresh: false }
    }

    /// The bytes of the file.
    pub(crate) fn finish(self, code: CharacterCode) -> Vec<u8> {
        encode(self.out, code)
    }

    fn escaped(&mut self, text: &str) {
        for character in text.chars().map(shown) {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                other => self.out.push(other),
            }
        }
    }

    fn line(&mut self) {
        if std::mem::take(&mut self.fresh) {
            self.out.push_str(">\n");
        }
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
    }
}

impl Sink for XmlSink {
    fn leaf(&mut self, name: &'static str, text: &str) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        if is_plain(text) {
            self.out.push_str(text);
        } else {
            self.escaped(text);
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn open(&mut self, name: &'static str) {
        self.line();
        self.out.push('<');
        self.out.push_str(name);
        self.fresh = true;
        self.depth += 1;
    }

    fn close(&mut self, name: &'static str) {
        self.depth -= 1;
        if std::mem::take(&mut self.fresh) {
            self.out.push_str("/>\n");
            return;
        }
        self.line();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn open_sequence(&mut self, _name: &'static str) {}

    fn close_sequence(&mut self) {}

    fn open_list(&mut self, name: &'static str) {
        self.open(name);
    }

    fn close_list(&mut self, name: &'static str) {
        self.close(name);
    }

    fn open_item(&mut self, _named: bool) {}

    fn close_item(&mut self, _named: bool) {}
}
