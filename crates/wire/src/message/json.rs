//! JSON: every value a string, absent elements left out, lists as arrays; read within the same bounds as XML.

use crate::message::charset::{is_plain, shown};
use crate::message::field::Sink;
use crate::message::limits::Limits;
use crate::message::node::Node;
use crate::message::problem::Problem;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Room of a usual answer.
const USUAL_BYTES: usize = 4_096;

/// Reads an object into a node without a name.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Node, Problem> {
    limits.check_bytes(bytes.len())?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let state = State { limits, elements: Cell::new(0), problem: RefCell::new(None) };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Seed { name: String::new(), depth: 0, state: &state }.deserialize(&mut json);
    match read.and_then(|node| json.end().map(|()| node)) {
        Ok(node) => Ok(node),
        Err(_) => Err(state.problem.take().unwrap_or(Problem::Form("JSONとして読めません"))),
    }
}

struct State<'a> {
    limits: &'a Limits,
    elements: Cell<usize>,
    problem: RefCell<Option<Problem>>,
}

/// Reads one value under its name.
struct Seed<'a> {
    name: String,
    depth: usize,
    state: &'a State<'a>,
}

impl<'a> Seed<'a> {
    /// A value in this one.
    fn child<E: Error>(&self, name: String) -> Result<Seed<'a>, E> {
        let state = self.state;
        state.elements.set(state.elements.get() + 1);
        let fits =
            state.limits.check_elements(state.elements.get()).and_then(|()| state.limits.check_depth(self.depth + 1));
        fits.map_err(|problem| {
            *state.problem.borrow_mut() = Some(problem);
            E::custom("out of bounds")
        })?;
        Ok(Seed { name, depth: self.depth + 1, state })
    }

    fn leaf(self, text: &str) -> Node {
        let mut node = Node::new(self.name);
        self.state.limits.append(&mut node.text, text);
        node
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object, an array or a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(self.leaf(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(self.leaf(&number.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::new(self.name))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut children = Vec::new();
        while let Some(item) = items.next_element_seed(self.child(String::new())?)? {
            children.push(item);
        }
        Ok(Node { name: self.name, text: String::new(), children, array: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut children = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            children.push(members.next_value_seed(self.child(name)?)?);
        }
        Ok(Node { name: self.name, text: String::new(), children, array: false })
    }
}

/// An object while it is written.
pub(crate) struct JsonSink {
    out: String,
    /// Whether each open container is an array.
    arrays: Vec<bool>,
    /// Whether the next value is the first of its container.
    first: bool,
}

impl JsonSink {
    pub(crate) fn new() -> Self {
        let mut out = String::with_capacity(USUAL_BYTES);
        out.push('{');
        Self { out, arrays: vec![false], first: true }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.push('}');
        self.out.into_bytes()
    }

    /// Comma and, in an object, the name.
    fn name(&mut self, name: &'static str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        if self.arrays.last() == Some(&false) {
            self.out.push('"');
            self.out.push_str(name);
            self.out.push_str("\":");
        }
    }

    fn begin(&mut self, array: bool) {
        self.out.push(if array { '[' } else { '{' });
        self.arrays.push(array);
        self.first = true;
    }

    fn end(&mut self) {
        self.out.push(if self.arrays.pop() == Some(true) { ']' } else { '}' });
        self.first = false;
    }
}

impl Sink for JsonSink {
    fn leaf(&mut self, name: &'static str, text: &str) {
        self.name(name);
        self.out.push('"');
        if is_plain(text) {
            self.out.push_str(text);
        } else {
            for character in text.chars().map(shown) {
                if matches!(character, '"' | '\\') {
                    self.out.push('\\');
                }
                self.out.push(character);
            }
        }
        self.out.push('"');
    }

    fn open(&mut self, name: &'static str) {
        self.name(name);
        self.begin(false);
    }

    fn close(&mut self, _name: &'static str) {
        self.end();
    }

    fn open_sequence(&mut self, name: &'static str) {
        self.name(name);
        self.begin(true);
    }

    fn close_sequence(&mut self) {
        self.end();
    }

    fn open_list(&mut self, name: &'static str) {
        self.name(name);
        self.begin(true);
    }

    fn close_list(&mut self, _name: &'static str) {
        self.end();
    }

    fn open_item(&mut self, named: bool) {
        if named {
            self.name("");
            self.begin(false);
        }
    }

    fn close_item(&mut self, named: bool) {
        if named {
            self.end();
        }
    }
}
