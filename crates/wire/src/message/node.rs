//! What was read, before anyone knows what it means: a small tree that XML and JSON share.

/// One element. An element of a JSON array has no name of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The element's name; empty for an item of an array.
    pub(crate) name: String,
    /// Its text, entities resolved.
    pub(crate) text: String,
    /// Its elements.
    pub(crate) children: Vec<Node>,
    /// Whether it is a JSON array: its children stand for elements of its name.
    pub(crate) array: bool,
}

/// An element that stands once stands several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Several;

impl Node {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Whether nothing stands in it: absent, empty and self-closed elements are alike.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.children.iter().all(Self::is_blank)
    }

    /// The elements of these names in the order of the file.
    pub(crate) fn named<'a>(&'a self, names: &'a [&'static str]) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(|child| names.contains(&child.name.as_str())).flat_map(Self::unrolled)
    }

    /// The one element of these names that holds something.
    pub(crate) fn only(&self, names: &[&'static str]) -> Result<Option<&Node>, Several> {
        let mut filled =
            self.children.iter().filter(|child| names.contains(&child.name.as_str())).filter(|child| !child.is_blank());
        let first = filled.next();
        if filled.next().is_some() { Err(Several) } else { Ok(first) }
    }

    /// The items of a list: elements of this name, or what stands in a JSON array, with or without the name around it.
    pub(crate) fn items<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter_map(move |child| match child.name.as_str() {
            "" => Some(child.children.iter().find(|inner| inner.name == name).unwrap_or(child)),
            own if own == name => Some(child),
            _ => None,
        })
    }

    /// An array is as many elements as it has items.
    fn unrolled(&self) -> impl Iterator<Item = &Node> {
        let (one, many) = if self.array { (None, self.children.as_slice()) } else { (Some(self), [].as_slice()) };
        one.into_iter().chain(many)
    }
}
