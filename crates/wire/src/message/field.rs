//! How a message is described, once: a struct whose fields are elements.
//!
//! [`group!`] makes of one declaration the struct, its reader, its writer and its [`Description`]. How often an element
//! may stand follows from the field's type: `T` once, `Option<T>` at most once, `Vec<T>` any number of times, [`Many`] at least
//! once. What may
//! stand in it follows from the type too ([`crate::message::leaf`]). The order of the declaration is the order in which
//! we write; when reading, order never matters and unknown elements are passed over.

use crate::message::leaf::{Format, Leaf};
use crate::message::node::Node;

/// Findings of one message that are listed; the rest is counted with them.
const WRONG_MAX: usize = 100;

/// Who wrote what is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A client: a code that its table lacks is an error.
    Request,
    /// The server: a code that its table lacks is kept.
    Answer,
}

/// The state of one reading: the role, the record at which it stands, and what was wrong so far.
#[derive(Debug)]
pub struct Reading {
    pub(crate) role: Role,
    record: Option<usize>,
    wrong: Vec<WrongElement>,
}

/// An element that is missing, stands twice, is too long or has a value that it does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongElement {
    /// Its name.
    pub element: &'static str,
    /// Which of several records holds it, from 1.
    pub record: Option<usize>,
}

impl Reading {
    pub(crate) const fn new(role: Role) -> Self {
        Self { role, record: None, wrong: Vec::new() }
    }

    /// Notes a wrong element.
    pub(crate) fn wrong(&mut self, element: &'static str) {
        let wrong = WrongElement { element, record: self.record };
        if self.wrong.len() < WRONG_MAX && !self.wrong.contains(&wrong) {
            self.wrong.push(wrong);
        }
    }

    pub(crate) fn into_wrong(self) -> Vec<WrongElement> {
        self.wrong
    }

    /// Reads one of several records; what is wrong in it bears its number.
    fn record<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.record;
        self.record = outer.or(Some(index + 1));
        let value = read(self);
        self.record = outer;
        value
    }
}

/// Where a message is written to: XML or JSON.
pub trait Sink {
    /// An element with text.
    fn leaf(&mut self, name: &'static str, text: &str);
    /// The beginning of an element with children.
    fn open(&mut self, name: &'static str);
    /// Its end.
    fn close(&mut self, name: &'static str);
    /// The beginning of elements of this name that stand side by side.
    fn open_sequence(&mut self, name: &'static str);
    /// Their end.
    fn close_sequence(&mut self);
    /// The beginning of a list: an element that holds the items.
    fn open_list(&mut self, name: &'static str);
    /// Its end.
    fn close_list(&mut self, name: &'static str);
    /// The beginning of an item of a list; `named` items keep their element's name in JSON.
    fn open_item(&mut self, named: bool);
    /// Its end.
    fn close_item(&mut self, named: bool);
}

/// What can stand in an element.
pub trait Value: Sized {
    /// The description of what can stand there.
    fn shape() -> Shape;
    /// Reads an element that is not empty; notes what is wrong.
    fn read(node: &Node, name: &'static str, reading: &mut Reading) -> Option<Self>;
    /// Writes the element.
    fn write(&self, name: &'static str, sink: &mut impl Sink);
    /// The value of an element that is not there, if that is a value.
    fn absent() -> Option<Self> {
        None
    }
    /// Whether it tells nothing: then it is as good as absent.
    fn is_empty(&self) -> bool {
        false
    }
}

/// A field of a group: an element with its occurrence.
pub trait Field: Sized {
    /// Occurrence and shape.
    fn described() -> (Occurrence, Shape);
    /// Reads the field from its group; the first name is the one we write, the others are read too.
    fn take(group: &Node, names: &[&'static str], reading: &mut Reading) -> Option<Self>;
    /// Writes the field, if there is something to write.
    fn put(&self, name: &'static str, sink: &mut impl Sink);
    /// Whether there is nothing to write.
    fn tells_nothing(&self) -> bool;
}

/// How often an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurrence {
    /// 1.
    Once,
    /// 0..1.
    Optional,
    /// 0..n.
    Any,
    /// 1..n.
    Many,
}

/// At least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many<T>(Vec<T>);

impl<T> Many<T> {
    /// At least one; `None` when there is none.
    #[must_use]
    pub fn new(values: Vec<T>) -> Option<Self> {
        (!values.is_empty()).then_some(Self(values))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[T] {
        &self.0
    }

    /// All of them, moved out.
    #[must_use]
    pub fn into_all(self) -> Vec<T> {
        self.0
    }
}

/// What stands in an element.
#[derive(Debug, Clone)]
pub enum Shape {
    /// Text of a format.
    Leaf(Format),
    /// Further elements.
    Group(Description),
    /// Items of one name.
    List {
        /// The items' element.
        item: &'static str,
        /// What stands in an item.
        of: Description,
        /// Whether JSON keeps the items' name.
        named: bool,
    },
}

/// The elements of a group, in the order in which we write them.
#[derive(Debug, Clone)]
pub struct Description {
    /// The elements.
    pub elements: Vec<Element>,
}

/// One element of a group.
#[derive(Debug, Clone)]
pub struct Element {
    /// The name that we write.
    pub name: &'static str,
    /// Names that are read too.
    pub also: &'static [&'static str],
    /// What it is, in Japanese.
    pub label: &'static str,
    /// How often it stands.
    pub occurrence: Occurrence,
    /// What stands in it.
    pub shape: Shape,
    /// How well it is known.
    pub mark: Mark,
    /// What else there is to say, in Japanese.
    pub note: &'static str,
}

/// How well an element is known from public sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Several public sources agree.
    #[default]
    Sure,
    /// One good source, or a close likeness.
    Likely,
    /// Nothing is public: this is what we do.
    Ours,
}

impl<L: Leaf> Value for L {
    fn shape() -> Shape {
        Shape::Leaf(Format { check: Some(|text, role| L::parse(text, role).is_some()), ..L::format() })
    }

    fn read(node: &Node, name: &'static str, reading: &mut Reading) -> Option<Self> {
        let value = if node.children.is_empty() { L::parse(&node.text, reading.role) } else { None };
        if value.is_none() {
            reading.wrong(name);
        }
        value
    }

    fn write(&self, name: &'static str, sink: &mut impl Sink) {
        sink.leaf(name, &self.text());
    }
}

impl<T: Value> Field for T {
    fn described() -> (Occurrence, Shape) {
        let occurrence = if T::absent().is_some() { Occurrence::Optional } else { Occurrence::Once };
        (occurrence, T::shape())
    }

    fn take(group: &Node, names: &[&'static str], reading: &mut Reading) -> Option<Self> {
        let name = names.first()?;
        match group.only(names) {
            Ok(Some(node)) => T::read(node, name, reading),
            Ok(None) => T::absent().or_else(|| {
                reading.wrong(name);
                None
            }),
            Err(_) => {
                reading.wrong(name);
                None
            }
        }
    }

    fn put(&self, name: &'static str, sink: &mut impl Sink) {
        Value::write(self, name, sink);
    }

    fn tells_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Value> Field for Option<T> {
    fn described() -> (Occurrence, Shape) {
        (Occurrence::Optional, T::shape())
    }

    fn take(group: &Node, names: &[&'static str], reading: &mut Reading) -> Option<Self> {
        let name = names.first()?;
        match group.only(names) {
            Ok(Some(node)) => T::read(node, name, reading).map(|value| Some(value).filter(|value| !value.is_empty())),
            Ok(None) => Some(None),
            Err(_) => {
                reading.wrong(name);
                None
            }
        }
    }

    fn put(&self, name: &'static str, sink: &mut impl Sink) {
        if let Some(value) = self {
            Value::write(value, name, sink);
        }
    }

    fn tells_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T: Value> Field for Vec<T> {
    fn described() -> (Occurrence, Shape) {
        (Occurrence::Any, T::shape())
    }

    fn take(group: &Node, names: &[&'static str], reading: &mut Reading) -> Option<Self> {
        let name = names.first()?;
        records(group.named(names), reading, |node, reading| T::read(node, name, reading))
    }

    fn put(&self, name: &'static str, sink: &mut impl Sink) {
        if self.is_empty() {
            return;
        }
        sink.open_sequence(name);
        for value in self {
            Value::write(value, name, sink);
        }
        sink.close_sequence();
    }

    fn tells_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Value> Field for Many<T> {
    fn described() -> (Occurrence, Shape) {
        (Occurrence::Many, T::shape())
    }

    fn take(group: &Node, names: &[&'static str], reading: &mut Reading) -> Option<Self> {
        let many = Self::new(<Vec<T> as Field>::take(group, names, reading)?);
        if many.is_none() {
            reading.wrong(names.first()?);
        }
        many
    }

    fn put(&self, name: &'static str, sink: &mut impl Sink) {
        self.0.put(name, sink);
    }

    fn tells_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads all records, also after one that is wrong, so that everything wrong is named.
pub(crate) fn records<'a, T: Value>(
    nodes: impl Iterator<Item = &'a Node>,
    reading: &mut Reading,
    read: impl Fn(&'a Node, &mut Reading) -> Option<T>,
) -> Option<Vec<T>> {
    let filled = nodes.filter(|node| !node.is_blank()).enumerate();
    let mut all = Some(Vec::new());
    for (index, node) in filled {
        match (reading.record(index, |reading| read(node, reading)), &mut all) {
            (Some(value), Some(values)) => values.extend(Some(value).filter(|value| !value.is_empty())),
            _ => all = None,
        }
    }
    all
}

/// Declares a group of elements: struct, reader, writer and description.
///
/// A line is `field: Type = "Element" | "Other name", "日本語", Mark, "備考";` where other names, mark and note may be left out.
macro_rules! group {
    ($(
        $(#[$meta:meta])*
        $name:ident { $(
            $field:ident : $type:ty = $element:literal $(| $also:literal)*, $label:literal $(, $mark:ident)? $(, $note:literal)?;
        )* }
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $(
            #[doc = concat!($label, " (`", $element, "`).")]
            pub $field: $type,
        )* }

        impl $crate::message::field::Value for $name {
            fn shape() -> $crate::message::field::Shape {
                #[allow(unused_mut, unused_assignments, reason = "a line without mark or note keeps the usual one")]
                $crate::message::field::Shape::Group($crate::message::field::Description { elements: vec![$({
                    let (occurrence, shape) = <$type as $crate::message::field::Field>::described();
                    let mut mark = $crate::message::field::Mark::Sure;
                    let mut note = "";
                    $(mark = $crate::message::field::Mark::$mark;)?
                    $(note = $note;)?
                    $crate::message::field::Element {
                        name: $element, also: &[$($also),*], label: $label, occurrence, shape, mark, note,
                    }
                }),*] })
            }

            #[allow(unused_variables, reason = "a group may be empty")]
            fn read(
                node: &$crate::message::node::Node,
                name: &'static str,
                reading: &mut $crate::message::field::Reading,
            ) -> Option<Self> {
                $(let $field = <$type as $crate::message::field::Field>::take(node, &[$element $(, $also)*], reading);)*
                Some(Self { $($field: $field?),* })
            }

            fn write(&self, name: &'static str, sink: &mut impl $crate::message::field::Sink) {
                sink.open(name);
                $($crate::message::field::Field::put(&self.$field, $element, sink);)*
                sink.close(name);
            }

            fn is_empty(&self) -> bool {
                true $(&& $crate::message::field::Field::tells_nothing(&self.$field))*
            }

            fn absent() -> Option<Self> {
                let mut reading = $crate::message::field::Reading::new($crate::message::field::Role::Answer);
                Self::read(&$crate::message::node::Node::default(), "", &mut reading)
            }
        }
    )+};
}
pub(crate) use group;

/// Declares a list: an element that holds items of one name. In XML both names stand; in JSON the list is an array, of
/// `{"Item": {…}}` when `named`, else of `{…}`.
macro_rules! list {
    ($(
        $(#[$meta:meta])*
        $name:ident [$item:literal : $type:ty], named: $named:literal;
    )+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name(pub Vec<$type>);

        impl $crate::message::field::Value for $name {
            fn shape() -> $crate::message::field::Shape {
                match <$type as $crate::message::field::Value>::shape() {
                    $crate::message::field::Shape::Group(of) => {
                        $crate::message::field::Shape::List { item: $item, of, named: $named }
                    }
                    other => other,
                }
            }

            fn read(
                node: &$crate::message::node::Node,
                _name: &'static str,
                reading: &mut $crate::message::field::Reading,
            ) -> Option<Self> {
                let read = |item, reading: &mut _| <$type as $crate::message::field::Value>::read(item, $item, reading);
                $crate::message::field::records(node.items($item), reading, read).map(Self)
            }

            fn write(&self, name: &'static str, sink: &mut impl $crate::message::field::Sink) {
                if self.0.is_empty() {
                    return;
                }
                sink.open_list(name);
                for item in &self.0 {
                    sink.open_item($named);
                    $crate::message::field::Value::write(item, $item, sink);
                    sink.close_item($named);
                }
                sink.close_list(name);
            }

            fn absent() -> Option<Self> {
                Some(Self::default())
            }

            fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<Vec<$type>> for $name {
            fn from(items: Vec<$type>) -> Self {
                Self(items)
            }
        }
    )+};
}
pub(crate) use list;
