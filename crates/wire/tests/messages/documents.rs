//! The documents of the messages under `docs/messages`: a page an id, the code tables, and an XSD a message, all made of
//! the descriptions. `cargo xtask messages` writes them anew; the test fails when they are stale.

use madoguchi_wire::message::MessageId;
use madoguchi_wire::message::catalogue::{CATALOGUE, Entry};
use madoguchi_wire::message::field::{Description, Element, Mark, Occurrence, Shape};
use madoguchi_wire::message::leaf::Format;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HEAD: &str = "<!-- `cargo xtask messages` で生成されています。手で変更しないでください。 -->\n\n";

/// Code tables that messages use, by their numbers.
type Tables = BTreeMap<&'static str, Format>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/messages")
}

#[test]
fn the_documents_are_those_of_the_descriptions() {
    let pages = pages();
    for (name, text) in &pages {
        let path = folder().join(name);
        if std::env::var_os("MADOGUCHI_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(&committed == text, "{} is stale: cargo xtask messages", path.display());
    }
    for (place, known) in [("", "md"), ("xsd", "xsd")] {
        for entry in std::fs::read_dir(folder().join(place)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder()).unwrap().to_str().unwrap();
            let expected = pages.contains_key(name) || path.is_dir();
            assert!(expected || !name.ends_with(known), "{name} describes no message");
        }
    }
}

/// All pages by their names.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([("README.md".to_owned(), index()), ("codes.md".to_owned(), codes())]);
    for id in MessageId::ALL {
        pages.insert(format!("{}.md", id.as_str()), page(*id));
    }
    for entry in CATALOGUE {
        pages.insert(format!("xsd/{}.xsd", entry.name), xsd(entry));
    }
    pages
}

fn index() -> String {
    let mut text = format!("{HEAD}# 電文\n\n{RULES}\n## 一覧\n\n| 電文ID | 用途 | 要求 | 回答 |\n|---|---|---|---|\n");
    for id in MessageId::ALL {
        let name = id.as_str();
        let xsd = |direction: &str| format!("[{name}{direction}](xsd/{name}{direction}.xsd)");
        let label = format!("{}{}", id.label(), if id.is_offered() { "" } else { "（この版では扱いません）" });
        writeln!(text, "| [{name}]({name}.md) | {label} | {} | {} |", xsd("req"), xsd("res")).unwrap();
    }
    text
}

const RULES: &str = "\
公開情報をもとにまとめた、オンライン資格確認等システムの電文の形式です。コード値は[コード表](codes.md)にあります。

- 電文は`XmlMsg`の下に`MessageHeader`と`MessageBody`を持ちます。名前空間と属性は使用しません。
- 書き込みは表の順です。読み取りは順序を問いません。知らない要素は無視します。
- 値のない要素は書き込みません。読み取りでは、要素がない・空・自己終了（`<A/>`）を同じに扱います。
- 文字コードはXML宣言に従って読み取ります（UTF-8またはShift_JIS）。書き込みは医療機関等の設定「利用文字コード」に従います。
  Shift_JISにない文字と外字は`●`になります。書き込みの改行はLFで、BOMは付けません。読み取りではCRLFとBOMも受け付けます。
- DOCTYPE宣言と、XMLの5つの実体参照・文字参照以外の参照は受け付けません。要求は30MB、20万要素、入れ子16段までです。
- 誤りのある要素は、すべてをまとめて`E0002`の末尾に列挙します。
- JSONでは値をすべて文字列とし、値のない要素を省略します。`ResultList`は`{\"ResultOfQualificationConfirmation\":{…}}`の配列、
  ほかのリストは要素名を持たないオブジェクトの配列です。繰り返す要素も配列です。
- 表の「根拠」は、空欄が複数の公開情報で一致するもの、「推定」が1つの公開情報または類推によるもの、「独自」が公開情報がなく
  本システムで定めたものです。

";

fn page(id: MessageId) -> String {
    let mut text = format!("{HEAD}# {} {}\n", id.as_str(), id.label());
    if !id.is_offered() {
        text.push_str("\nこの版では扱いません。要求にはE0004で回答します。\n");
    }
    for entry in CATALOGUE.iter().filter(|entry| entry.name[..entry.name.len() - 3] == *id.as_str()) {
        write!(text, "\n## {} {}\n\n", entry.name, entry.title).unwrap();
        text.push_str("| 要素 | 名称 | 回数 | 形式 | 備考 | 根拠 |\n|---|---|---|---|---|---|\n");
        rows(&(entry.description)(), 0, &mut text);
        write!(text, "\n例：{}\n", examples(entry).join("、")).unwrap();
    }
    text
}

fn rows(description: &Description, depth: usize, text: &mut String) {
    for element in &description.elements {
        row(element, depth, text);
        match &element.shape {
            Shape::Leaf(_) => {}
            Shape::Group(group) => rows(group, depth + 1, text),
            Shape::List { item, of, named } => {
                let note = if *named { "" } else { "JSONでは要素名を省く" };
                writeln!(text, "| {}`{item}` | | 0..n | 要素 | {note} | |", indent(depth + 1)).unwrap();
                rows(of, depth + 2, text);
            }
        }
    }
}

fn row(element: &Element, depth: usize, text: &mut String) {
    let Element { name, label, note, .. } = element;
    let occurrence = occurrence(element.occurrence);
    let form = match &element.shape {
        Shape::Leaf(Format { table: Some(table), text, .. }) => format!("[{table}](codes.md#{}) {text}", anchor(table)),
        Shape::Leaf(format) => format.text.clone(),
        Shape::Group(_) => "要素".to_owned(),
        Shape::List { .. } => "リスト".to_owned(),
    };
    let mark = match element.mark {
        Mark::Sure => "",
        Mark::Likely => "推定",
        Mark::Ours => "独自",
    };
    writeln!(text, "| {}`{name}` | {label} | {occurrence} | {form} | {note} | {mark} |", indent(depth)).unwrap();
}

fn indent(depth: usize) -> String {
    "　".repeat(depth)
}

fn occurrence(occurrence: Occurrence) -> &'static str {
    match occurrence {
        Occurrence::Once => "1",
        Occurrence::Optional => "0..1",
        Occurrence::Any => "0..n",
        Occurrence::Many => "1..n",
    }
}

fn anchor(table: &str) -> String {
    table.to_ascii_lowercase()
}

/// The golden files of a message.
fn examples(entry: &Entry) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/messages");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with(entry.name) && name.ends_with(".xml") && !name.ends_with(".sjis.xml"))
        .collect();
    names.sort();
    names.iter().map(|name| format!("[{name}](../../crates/wire/tests/data/messages/{name})")).collect()
}

/// The code tables that the messages use.
fn codes() -> String {
    let mut tables = Tables::new();
    for entry in CATALOGUE {
        collect(&(entry.description)(), &mut tables);
    }
    let mut text = format!("{HEAD}# コード表\n");
    for (table, format) in tables {
        write!(text, "\n## {table}\n\n{}\n\n| コード | 意味 |\n|---|---|\n", format.subject).unwrap();
        for (code, label) in format.choices {
            writeln!(text, "| `{code}` | {label} |").unwrap();
        }
    }
    text
}

fn collect(description: &Description, tables: &mut Tables) {
    for element in &description.elements {
        match &element.shape {
            Shape::Leaf(format) => {
                tables.extend(format.table.map(|table| (table, format.clone())));
            }
            Shape::Group(of) | Shape::List { of, .. } => collect(of, tables),
        }
    }
}

fn xsd(entry: &Entry) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str("<!-- `cargo xtask messages` で生成されています。手で変更しないでください。書き込む順を示します。読み取りは順序を問いません。 -->\n");
    text.push_str("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n  <xs:element name=\"XmlMsg\">\n");
    sequence(&(entry.description)(), 2, &mut text);
    text.push_str("  </xs:element>\n</xs:schema>\n");
    text
}

fn sequence(description: &Description, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    writeln!(text, "{pad}<xs:complexType>\n{pad}  <xs:sequence>").unwrap();
    for element in &description.elements {
        let (least, most) = match element.occurrence {
            Occurrence::Once => ("1", "1"),
            Occurrence::Optional => ("0", "1"),
            Occurrence::Any => ("0", "unbounded"),
            Occurrence::Many => ("1", "unbounded"),
        };
        declaration(element.name, (least, most), &element.shape, depth + 2, text);
    }
    writeln!(text, "{pad}  </xs:sequence>\n{pad}</xs:complexType>").unwrap();
}

fn declaration(name: &str, (least, most): (&str, &str), shape: &Shape, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    writeln!(text, "{pad}<xs:element name=\"{name}\" minOccurs=\"{least}\" maxOccurs=\"{most}\">").unwrap();
    match shape {
        Shape::Leaf(format) => simple_type(format, depth + 1, text),
        Shape::Group(group) => sequence(group, depth + 1, text),
        Shape::List { item, of, .. } => {
            writeln!(text, "{pad}  <xs:complexType>\n{pad}    <xs:sequence>").unwrap();
            declaration(item, ("0", "unbounded"), &Shape::Group(of.clone()), depth + 3, text);
            writeln!(text, "{pad}    </xs:sequence>\n{pad}  </xs:complexType>").unwrap();
        }
    }
    writeln!(text, "{pad}</xs:element>").unwrap();
}

fn simple_type(format: &Format, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    writeln!(text, "{pad}<xs:simpleType>\n{pad}  <xs:restriction base=\"xs:string\">").unwrap();
    for (code, label) in format.choices {
        writeln!(text, "{pad}    <xs:enumeration value=\"{code}\"/> <!-- {label} -->").unwrap();
    }
    if let Some(most) = format.characters_max {
        writeln!(text, "{pad}    <xs:minLength value=\"1\"/>\n{pad}    <xs:maxLength value=\"{most}\"/>").unwrap();
    }
    if let Some(pattern) = &format.pattern {
        writeln!(text, "{pad}    <xs:pattern value=\"{pattern}\"/>").unwrap();
    }
    writeln!(text, "{pad}  </xs:restriction>\n{pad}</xs:simpleType>").unwrap();
}
