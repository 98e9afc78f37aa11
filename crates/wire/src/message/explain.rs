//! A message element by element, as its description sees it: what each value means, and which rule it breaks.
//!
//! For people who look for what is wrong with their messages. Nothing is refused here: what fits no description is said
//! to be unknown, and the reading goes on.

use crate::message::catalogue::{CATALOGUE, Entry};
use crate::message::charset::decode;
use crate::message::field::{Description, Element, Occurrence, Role, Shape};
use crate::message::leaf::Format;
use crate::message::limits::Limits;
use crate::message::node::Node;
use crate::message::{json, xml};
use serde::Serialize;

/// Lines of an explanation at most; the rest of a large message is left out.
const LINES_MAX: usize = 5_000;

/// A message explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What the message is, in Japanese; empty when it is none that we know.
    pub title: &'static str,
    /// Why it could not be read at all.
    pub unreadable: Option<String>,
    /// Its elements in the order of the file.
    pub lines: Vec<Line>,
    /// Whether lines were left out.
    pub cut: bool,
}

/// One element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// How deep it stands, 0 for header and body.
    pub depth: usize,
    /// The name in the message.
    pub element: String,
    /// What it is, in Japanese; empty when the description does not know it.
    pub label: &'static str,
    /// The text that stands there.
    pub value: String,
    /// What a code means.
    pub meaning: &'static str,
    /// The rule that is broken, in Japanese.
    pub broken: Option<String>,
}

impl Explained {
    /// Whether the message breaks a rule.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.unreadable.is_some() || self.lines.iter().any(|line| line.broken.is_some())
    }

    /// The code that an answer tells: of the failure of the whole, or of its one record.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let value = |name: &str| {
            let line = self.lines.iter().find(|line| line.element == name && !line.value.is_empty())?;
            line.value.split(' ').next()
        };
        value("ErrorCode").or_else(|| value("ProcessingResultCode")).or_else(|| value("MessageContents"))
    }
}

/// Explains a message. `name` is the beginning of its file's name, as `OQSsiquc01req`; the bytes are XML or JSON.
#[must_use]
pub fn explain(name: &str, bytes: &[u8]) -> Explained {
    let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == name) else {
        return Explained {
            title: "",
            unreadable: Some("電文種別が判別できません".to_owned()),
            lines: Vec::new(),
            cut: false,
        };
    };
    let mut explained = Explained { title: entry.title, unreadable: None, lines: Vec::new(), cut: false };
    match root(bytes, entry.role) {
        Ok(root) => Walk { role: entry.role, explained: &mut explained }.message(&root, entry),
        Err(why) => explained.unreadable = Some(why),
    }
    explained
}

/// The message's text as it was sent, in whatever character set; `None` when it is no text.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<String> {
    decode(bytes).ok().map(std::borrow::Cow::into_owned)
}

fn root(bytes: &[u8], role: Role) -> Result<Node, String> {
    let limits = Limits::of(role);
    let is_json = bytes.trim_ascii_start().first() == Some(&b'{');
    let parsed = if is_json { json::parse(bytes, &limits) } else { xml::parse(bytes, &limits) };
    let root = parsed.map_err(|problem| problem.to_string())?;
    if root.name == "XmlMsg" {
        return Ok(root);
    }
    let inner = root.children.into_iter().find(|child| child.name == "XmlMsg");
    inner.ok_or_else(|| "XmlMsgがありません".to_owned())
}

struct Walk<'a> {
    role: Role,
    explained: &'a mut Explained,
}

impl Walk<'_> {
    fn message(&mut self, root: &Node, entry: &Entry) {
        self.group(root, &(entry.description)(), 0);
    }

    fn group(&mut self, node: &Node, description: &Description, depth: usize) {
        for child in &node.children {
            let known =
                description.elements.iter().find(|it| it.name == child.name || it.also.contains(&child.name.as_str()));
            match known {
                Some(element) => self.element(node, child, element, depth),
                None => self.unknown(child, depth),
            }
        }
        for element in &description.elements {
            let names = names(element);
            if is_required(element) && node.named(&names).all(Node::is_blank) {
                self.line(depth, element.name, element.label, "", "", Some("必須の要素がありません".to_owned()));
            }
        }
    }

    fn element(&mut self, parent: &Node, child: &Node, element: &Element, depth: usize) {
        let single = matches!(element.occurrence, Occurrence::Once | Occurrence::Optional);
        let names = names(element);
        let twice = single && !child.array && parent.named(&names).filter(|node| !node.is_blank()).count() > 1;
        let broken = twice.then(|| "1回だけ書ける要素が2回以上あります".to_owned());
        match &element.shape {
            Shape::Leaf(format) => {
                for value in each_of(child) {
                    self.leaf(value, &child.name, element.label, format, broken.clone(), depth);
                }
            }
            Shape::Group(description) => {
                for value in each_of(child) {
                    self.line(depth, &child.name, element.label, "", "", broken.clone());
                    self.group(value, description, depth + 1);
                }
            }
            Shape::List { item, of, .. } => {
                self.line(depth, &child.name, element.label, "", "", broken);
                for (number, value) in child.items(item).enumerate() {
                    self.line(depth + 1, item, "", &format!("{}件目", number + 1), "", None);
                    self.group(value, of, depth + 2);
                }
            }
        }
    }

    fn leaf(
        &mut self,
        node: &Node,
        name: &str,
        label: &'static str,
        format: &Format,
        broken: Option<String>,
        depth: usize,
    ) {
        let blank = node.is_blank();
        let fits = blank || (node.children.is_empty() && format.accepts(&node.text, self.role));
        let broken = broken.or_else(|| (!fits).then(|| format!("{}で書いてください", format.text)));
        let code = node.text.trim();
        let meaning = format.choices.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| *meaning);
        self.line(depth, name, label, &node.text, meaning, broken);
    }

    fn unknown(&mut self, node: &Node, depth: usize) {
        self.line(depth, &node.name, "", &node.text, "この電文にはない要素です。読み飛ばします", None);
    }

    fn line(
        &mut self,
        depth: usize,
        element: &str,
        label: &'static str,
        value: &str,
        meaning: &'static str,
        broken: Option<String>,
    ) {
        if self.explained.lines.len() == LINES_MAX {
            self.explained.cut = true;
            return;
        }
        let (element, value) = (element.to_owned(), value.trim_matches('\n').to_owned());
        self.explained.lines.push(Line { depth, element, label, value, meaning, broken });
    }
}

/// Whether the element must stand: a group in which nothing must stand may be empty, and so may be missing.
fn is_required(element: &Element) -> bool {
    let required = matches!(element.occurrence, Occurrence::Once | Occurrence::Many);
    required
        && match &element.shape {
            Shape::Leaf(_) => true,
            Shape::Group(description) => description.elements.iter().any(is_required),
            Shape::List { .. } => false,
        }
}

fn names(element: &Element) -> Vec<&'static str> {
    std::iter::once(element.name).chain(element.also.iter().copied()).collect()
}

/// The element itself, or the items of a JSON array.
fn each_of(node: &Node) -> impl Iterator<Item = &Node> {
    let (one, many) = if node.array { (None, node.children.as_slice()) } else { (Some(node), [].as_slice()) };
    one.into_iter().chain(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg><MessageHeader>\
        <QualificationConfirmationDate>20261122</QualificationConfirmationDate>\
        <MedicalInstitutionCode>131234567</MedicalInstitutionCode><Memo>x</Memo></MessageHeader>\
        <MessageBody><QualificationConfirmSearchInfo><InsurerNumber>  138057</InsurerNumber>\
        <Birthdate>19600102</Birthdate><Birthdate>19600103</Birthdate>\
        <LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>\
        </QualificationConfirmSearchInfo></MessageBody></XmlMsg>";

    fn line<'a>(explained: &'a Explained, element: &str) -> &'a Line {
        explained.lines.iter().find(|line| line.element == element).unwrap()
    }

    #[test]
    fn values_have_their_meaning_and_broken_rules_are_named() {
        let explained = explain("OQSsiquc01req", REQUEST.as_bytes());
        assert_eq!(explained.unreadable, None);
        assert!(explained.is_broken());
        let consent = line(&explained, "LimitApplicationCertificateRelatedConsFlg");
        assert_eq!((consent.depth, consent.value.as_str(), consent.broken.as_deref()), (2, "1", None));
        assert!(!consent.meaning.is_empty() && !consent.label.is_empty());
        assert!(line(&explained, "MedicalInstitutionCode").broken.as_ref().unwrap().contains("数字10桁"));
        assert!(line(&explained, "Birthdate").broken.is_some());
        assert_eq!(line(&explained, "InsuredIdentificationNumber").value, "");
        assert!(line(&explained, "InsuredIdentificationNumber").broken.is_some());
        assert_eq!((line(&explained, "Memo").label, line(&explained, "Memo").broken.as_deref()), ("", None));
    }

    #[test]
    fn json_is_explained_like_xml() {
        let json = r#"{"XmlMsg":{"MessageHeader":{"MedicalInstitutionCode":"1312345678"},"MessageBody":{}}}"#;
        let explained = explain("OQSsiquc01req", json.as_bytes());
        assert_eq!(line(&explained, "MedicalInstitutionCode").broken, None);
        assert!(line(&explained, "QualificationConfirmSearchInfo").broken.is_some());
    }

    #[test]
    fn a_body_in_which_nothing_must_stand_may_be_empty() {
        let inquiry = "<XmlMsg><MessageHeader><MedicalInstitutionCode>1312345678</MedicalInstitutionCode>\
            </MessageHeader><MessageBody/></XmlMsg>";
        assert!(!explain("OQSsiinq01req", inquiry.as_bytes()).is_broken());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (name, bytes) in [("OQSsiquc01req", "<XmlMsg>"), ("OQSsiquc01req", "<a/>"), ("OQSsiabc01req", "<XmlMsg/>")]
        {
            let explained = explain(name, bytes.as_bytes());
            assert!(explained.unreadable.is_some() && explained.is_broken() && explained.lines.is_empty());
        }
    }
}
