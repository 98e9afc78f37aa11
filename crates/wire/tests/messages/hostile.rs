//! Requests as they should not be: each is answered with what is wrong, never with a panic or without bounds.

use madoguchi_wire::message::eligibility::Request;
use madoguchi_wire::message::{Echo, Problem, Role, is_complete};
use std::fmt::Write as _;

const GOOD: &str = include_str!("../data/messages/OQSsiquc01req_number.xml");

#[track_caller]
fn check(xml: &str, code: &str, detail: &str) {
    let problem = Request::from_xml(xml.as_bytes(), Role::Request).unwrap_err();
    assert_eq!(problem.code(), code, "{problem}");
    assert!(problem.detail().contains(detail), "{problem}");
    assert_eq!(is_complete(xml.as_bytes()), !matches!(code, "E0001" | "E0005"), "{problem}");
}

/// The good request with one thing changed.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn everything_wrong_is_named_at_once() {
    let xml = with("<Birthdate>19840709</Birthdate>", "<Birthdate>19840732</Birthdate>")
        .replace("<InsurerNumber>  139999</InsurerNumber>", "<InsurerNumber>x</InsurerNumber>")
        .replace("<InsuredIdentificationNumber>700123</InsuredIdentificationNumber>", "")
        .replace("<MedicalInstitutionCode>1319999991<", "<MedicalInstitutionCode>131999999<")
        .replace("RelatedConsFlg>1<", "RelatedConsFlg>7<");
    check(
        &xml,
        "E0002",
        "MedicalInstitutionCode、InsurerNumber、InsuredIdentificationNumber、Birthdate、LimitApplicationCertificateRelatedConsFlg",
    );
}

#[test]
fn absent_empty_self_closed_and_blank_are_alike() {
    let number = "<InsuredIdentificationNumber>700123</InsuredIdentificationNumber>";
    for same in [
        "",
        "<InsuredIdentificationNumber/>",
        "<InsuredIdentificationNumber></InsuredIdentificationNumber>",
        "<InsuredIdentificationNumber>\n　</InsuredIdentificationNumber>",
    ] {
        check(&with(number, same), "E0002", "InsuredIdentificationNumber");
        let symbol =
            with("<InsuredCardSymbol>99-12</InsuredCardSymbol>", &same.replace("IdentificationNumber", "CardSymbol"));
        let request = Request::from_xml(symbol.as_bytes(), Role::Request).unwrap();
        assert_eq!(request.body.search.symbol, None);
    }
    check(&with(number, &format!("{number}{number}")), "E0002", "InsuredIdentificationNumber");
    check(
        &with(number, "<InsuredIdentificationNumber><X>1</X></InsuredIdentificationNumber>"),
        "E0002",
        "InsuredIdentificationNumber",
    );
    let long = format!("<InsuredIdentificationNumber>{}</InsuredIdentificationNumber>", "1".repeat(21));
    check(&with(number, &long), "E0002", "InsuredIdentificationNumber");
    let huge = format!("<InsuredIdentificationNumber>{}</InsuredIdentificationNumber>", "あ".repeat(400_000));
    check(&with(number, &huge), "E0002", "InsuredIdentificationNumber");
}

#[test]
fn order_unknown_elements_attributes_and_line_ends_do_not_matter() {
    let good = Request::from_xml(GOOD.as_bytes(), Role::Request).unwrap();
    let header = "<QualificationConfirmationDate>20261122</QualificationConfirmationDate>";
    let moved =
        with(header, "").replace("</MessageHeader>", &format!("<New><Deep>1</Deep></New>{header}</MessageHeader>"));
    for same in [
        moved,
        GOOD.replace('\n', "\r\n"),
        format!("\u{feff}{GOOD}"),
        GOOD.lines().skip(1).collect(),
        with("<XmlMsg>", "<!-- c --><XmlMsg xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"),
        with("99-12", "<![CDATA[99]]>&#45;&#x31;2"),
        with(">  139999<", ">00139999<"),
        with(">  139999<", ">139999<"),
        with(">02<", ">2<"),
    ] {
        assert_eq!(Request::from_xml(same.as_bytes(), Role::Request).as_ref(), Ok(&good), "{same}");
    }
}

#[test]
fn files_that_are_no_sound_xml() {
    for end in 0..GOOD.trim_end().len() {
        assert!(!is_complete(&GOOD.as_bytes()[..end]), "cut at {end}");
    }
    for (from, to) in [
        ("<XmlMsg>", "<!DOCTYPE XmlMsg [<!ENTITY a \"b\">]><XmlMsg>"),
        ("99-12", "&a;"),
        ("99-12", "& "),
        ("99-12", "&#0;"),
        ("99-12", "\u{1}"),
        ("99-12", "\u{ffff}"),
        ("99-12", "]]>"),
        ("</InsuredCardSymbol>", "</InsuredCardsymbol>"),
        ("<InsuredCardSymbol>", "<InsuredCardSymbol a=\"1\" a=\"2\">"),
        ("<InsuredCardSymbol>", "<InsuredCardSymbol a=\"&b;\">"),
        ("<InsuredCardSymbol>", "<InsuredCardSymbol a>"),
        ("<XmlMsg>", "x<XmlMsg>"),
        ("<XmlMsg>", "<?xml version=\"1.0\"?><XmlMsg>"),
        ("<XmlMsg>", "<XmlMsg/><XmlMsg>"),
        ("UTF-8", "Shift_JIX"),
    ] {
        check(&with(from, to), "E0001", "");
    }
    check(&format!("{GOOD}<a/>"), "E0001", "");
    check(&format!("{GOOD}x"), "E0001", "");
    check("", "E0001", "");
    assert!(!is_complete(&[b'<', 0xff, b'>']));
}

#[test]
fn nesting_size_and_number_of_elements_have_bounds() {
    let deep = |levels: usize| {
        with("<MessageBody>", &format!("{}{}<MessageBody>", "<a>".repeat(levels), "</a>".repeat(levels)))
    };
    assert!(is_complete(deep(15).as_bytes()));
    check(&deep(16), "E0001", "深すぎます");
    check(&deep(100_000), "E0001", "深すぎます");
    check(&with("<MessageBody>", &format!("{}<MessageBody>", "<a/>".repeat(200_000))), "E0005", "");
    check(&with("<MessageBody>", &format!("{}<MessageBody>", " ".repeat(31_457_280))), "E0001", "大きすぎます");
}

#[test]
fn attributes_have_bounds() {
    let many = |count: usize| {
        let attributes: String = (0..count).map(|place| format!(" a{place}=\"\"")).collect();
        with("<MessageBody>", &format!("<MessageBody{attributes}>"))
    };
    assert!(is_complete(many(50).as_bytes()));
    check(&many(51), "E0001", "");
    check(&many(1_000_000), "E0001", "");
}

#[test]
fn another_message_is_told_from_a_wrong_one() {
    let registration = with("QualificationConfirmSearchInfo", "ReferenceNumberRegistrationInfo")
        .replace("</QualificationConfirmSearchInfo>", "</ReferenceNumberRegistrationInfo>");
    check(&registration, "E0004", "");
    check("<html/>", "E0004", "");
    check("<XmlMsg/>", "E0002", "MessageHeader、MessageBody");
}

#[test]
fn what_can_be_given_back_is_read_from_a_wrong_request() {
    let wrong = with("<Birthdate>19840709</Birthdate>", "");
    let echo = Echo::of_xml(wrong.as_bytes());
    assert_eq!(echo.identifier.unwrap().as_str(), "desk1-0001");
    assert_eq!(echo.day.unwrap().number(), 20_261_122);
    assert_eq!(Echo::of_xml(b"<"), Echo::default());
    assert_eq!(
        Echo::of_json(br#"{"XmlMsg":{"MessageHeader":{"ArbitraryFileIdentifier":"a"}}}"#).identifier.unwrap().as_str(),
        "a"
    );
}

#[test]
fn json_has_the_same_bounds() {
    let check = |json: &str, code: &str, detail: &str| {
        let problem = Request::from_json(json.as_bytes(), Role::Request).unwrap_err();
        assert_eq!(problem.code(), code, "{json}");
        assert!(problem.detail().contains(detail), "{problem}");
    };
    let good = include_str!("../data/messages/OQSsiquc01req_number.json");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    for text in ["", "{", "[]", "null", "\"x\"", "{}", "{\"XmlMsg\":[]}"] {
        assert!(Request::from_json(text.as_bytes(), Role::Request).is_err(), "{text}");
    }
    check(&good[..good.len() - 1], "E0001", "JSON");
    check(&format!("{good}x"), "E0001", "JSON");
    check(&with("\"700123\"", "true"), "E0001", "JSON");
    check(&with("\"700123\"", "1.5"), "E0001", "JSON");
    check(&with("\"700123\"", "[\"1\"]"), "E0002", "InsuredIdentificationNumber");
    check(&with("\"700123\"", "null"), "E0002", "InsuredIdentificationNumber");
    check(&with("\"700123\"", "\"\\u0000\""), "E0002", "InsuredIdentificationNumber");
    check(&with("\"700123\"", "\"1\",\"InsuredIdentificationNumber\":\"2\""), "E0002", "InsuredIdentificationNumber");
    let mut deep = String::new();
    write!(deep, "{}1{}", "[".repeat(100), "]".repeat(100)).unwrap();
    check(&with("\"700123\"", &deep), "E0001", "深すぎます");
    check(&with("\"700123\"", &"[".repeat(100_000)), "E0001", "");
    let many = format!("[{}1]", "1,".repeat(200_000));
    check(&with("\"700123\"", &many), "E0005", "");
    let request = Request::from_json(with("\"700123\"", "700123").as_bytes(), Role::Request).unwrap();
    assert_eq!(request, Request::from_xml(GOOD.as_bytes(), Role::Request).unwrap());
    assert!(matches!(Request::from_json(b"\xff", Role::Request), Err(Problem::Form(_))));
}
