//! Any message that its description allows is written to XML and JSON and read again as the same message, in both
//! character sets: whole messages are made from the descriptions.

use madoguchi_wire::message::catalogue::{CATALOGUE, Entry};
use madoguchi_wire::message::field::{Description, Element, Occurrence, Shape};
use madoguchi_wire::message::leaf::Format;
use madoguchi_wire::message::{CharacterCode, Role};
use proptest::prelude::*;
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::fmt::Write as _;

/// What texts are made of: what has to be escaped, both widths, what Shift_JIS lacks, 外字, a pair of surrogates.
const CHARACTERS: &[char] = &[
    'A', '0', ' ', '　', '&', '<', '>', '"', '\'', '\\', '/', ']', 'ｱ', 'ﾞ', 'ア', '見', '髙', '﨑', '①', '～', '〜',
    '－', '−', '¥', 'é', '𠮷', '\u{E001}', '●',
];
/// Most often a list is short, and sometimes it has many items.
const ITEMS_MAX: usize = 4;

/// Texts are short but for one in so many, which is as long as it may be.
const SHORT_ONES: u32 = 25;
const SHORT: usize = 8;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]
    #[test]
    fn every_message_comes_back(seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        for entry in CATALOGUE {
            let xml = made(entry, &mut random);
            check(entry, &xml);
        }
    }
}

/// `MADOGUCHI_ROUNDS`, or what an ordinary test takes.
fn rounds() -> u32 {
    std::env::var("MADOGUCHI_ROUNDS").map_or(12, |text| text.parse().unwrap())
}

/// A file that the description allows.
fn made(entry: &Entry, random: &mut StdRng) -> String {
    let mut xml = String::from("<XmlMsg>");
    group(&(entry.description)(), entry.role, random, &mut xml);
    xml.push_str("</XmlMsg>");
    xml
}

fn group(description: &Description, role: Role, random: &mut StdRng, xml: &mut String) {
    for element in &description.elements {
        let count = match element.occurrence {
            Occurrence::Once => 1,
            Occurrence::Optional => random.random_range(0..=1),
            Occurrence::Any => random.random_range(0..=ITEMS_MAX),
            Occurrence::Many => random.random_range(1..=ITEMS_MAX),
        };
        for _ in 0..count {
            one(element, role, random, xml);
        }
    }
}

fn one(element: &Element, role: Role, random: &mut StdRng, xml: &mut String) {
    write!(xml, "<{}>", element.name).unwrap();
    match &element.shape {
        Shape::Leaf(format) => text(format, role, random, xml),
        Shape::Group(of) => group(of, role, random, xml),
        Shape::List { item, of, .. } => {
            for _ in 0..random.random_range(1..=ITEMS_MAX) {
                write!(xml, "<{item}>").unwrap();
                group(of, role, random, xml);
                write!(xml, "</{item}>").unwrap();
            }
        }
    }
    write!(xml, "</{}>", element.name).unwrap();
}

fn text(format: &Format, role: Role, random: &mut StdRng, xml: &mut String) {
    if format.table.is_some() {
        let place = random.random_range(0..format.choices.len() + usize::from(role == Role::Answer));
        xml.push_str(format.choices.get(place).map_or("Z9", |(code, _)| code));
        return;
    }
    if let Some(most) = format.characters_max {
        let length = if random.random_ratio(1, SHORT_ONES) { most } else { random.random_range(1..=most.min(SHORT)) };
        for place in 0..length {
            let character = if place == 0 { '見' } else { CHARACTERS[random.random_range(0..CHARACTERS.len())] };
            match character {
                '&' => xml.push_str("&amp;"),
                '<' => xml.push_str("&lt;"),
                '>' => xml.push_str("&#62;"),
                other => xml.push(other),
            }
        }
        return;
    }
    let number = match format.pattern.as_deref().unwrap_or_default() {
        "[0-9]{8}" => day(random),
        "[0-9]{6}" => day(random)[..6].to_owned(),
        "[0-9]{14}" => format!(
            "{}{:02}{:02}{:02}",
            day(random),
            random.random_range(0..24),
            random.random_range(0..60),
            random.random_range(0..60)
        ),
        "[0-9]{2}" => format!("{:02}", random.random_range(0..100)),
        "[0-9]{10}" => format!("{:010}", random.random_range(0..10_000_000_000_u64)),
        "0[0-9]{2}|100" => format!("{:03}", random.random_range(0..=100)),
        "[0-9]{1,10}" => random.random_range(0..10_000_000_000_u64).to_string(),
        "[ 0-9]{5,8}" => format!("{:>8}", random.random_range(100_000..100_000_000)),
        other => panic!("a format that nothing is made of: {other}"),
    };
    xml.push_str(&number);
}

fn day(random: &mut StdRng) -> String {
    format!("{}{:02}{:02}", random.random_range(1900..2100), random.random_range(1..=12), random.random_range(1..=28))
}

#[track_caller]
fn check(entry: &Entry, xml: &str) {
    let message = (entry.from_xml)(xml.as_bytes()).unwrap_or_else(|problem| panic!("{}: {problem}\n{xml}", entry.name));
    let (utf8, json) = (message.to_xml(CharacterCode::Utf8), message.to_json());
    let again = (entry.from_xml)(&utf8).unwrap();
    assert_eq!(again.to_xml(CharacterCode::Utf8), utf8, "{}", entry.name);
    assert_eq!(again.to_json(), json, "{}: XML and JSON agree", entry.name);
    let again = (entry.from_json)(&json).unwrap();
    assert_eq!(again.to_json(), json, "{}", entry.name);
    assert_eq!(again.to_xml(CharacterCode::Utf8), utf8, "{}: JSON and XML agree", entry.name);
    let shift_jis = message.to_xml(CharacterCode::ShiftJis);
    let again = (entry.from_xml)(&shift_jis).unwrap();
    assert_eq!(again.to_xml(CharacterCode::ShiftJis), shift_jis, "{}", entry.name);
    assert_eq!(kept(&again.to_xml(CharacterCode::Utf8)), kept(&utf8), "{}: Shift_JIS keeps what it has", entry.name);
}

/// The characters that both character sets have, so that only those which Shift_JIS lacks may differ.
fn kept(utf8: &[u8]) -> String {
    let text = String::from_utf8(utf8.to_vec()).unwrap();
    text.chars().filter(|character| !"é𠮷●¥\\〜～－−".contains(*character)).collect()
}
