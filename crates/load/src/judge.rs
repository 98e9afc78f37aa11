//! Whether an answer is the right one: its status, its result, and the person who was asked for. Everything else is a
//! failure, counted under a class that quotes nothing but status and code.

use crate::client::Reply;
use crate::people::Person;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::find;

/// Letters and digits of a code at most.
const CODE_CHARACTERS_MAX: usize = 12;
/// Members and elements under which a code stands.
const CODES: [&[u8]; 7] = [
    b"\"ErrorCode\":\"",
    b"\"ProcessingResultCode\":\"",
    b"\"code\":\"",
    b"<ErrorCode>",
    b"<ProcessingResultCode>",
    b"\"MessageContents\":\"",
    b"<MessageContents>",
];

/// What a good answer has.
pub(crate) enum Expected<'a> {
    /// JSON: a valid coverage of this person.
    Check(Person<'a>),
    /// The same as an answer file.
    CheckXml(Person<'a>),
    /// JSON: records of this person.
    Records(Person<'a>),
    /// An answer file with records of this person: the element that holds the birthdate.
    File(Person<'a>, &'static str),
    /// A page with this part, learned from the first one about the same patient.
    Page(&'a [u8]),
    /// A whole PDF.
    Pdf,
    /// The reception number of an upload.
    Receipt,
    /// The tokens of a log-in.
    Tokens,
    /// A file of nginx of this length.
    Static(usize),
}

/// `Err` is the class of the failure.
pub(crate) fn judge(expected: &Expected<'_>, reply: &Reply<'_>) -> Result<(), String> {
    if reply.status != 200 {
        return Err(class("HTTP", &reply.status.to_string(), reply.body));
    }
    match expected {
        Expected::Check(person) => check(person, reply.body),
        Expected::CheckXml(person) => check_xml(person, &file(reply.body)?),
        Expected::Records(person) => {
            result(reply.body, b"\"ResultCode\":\"")?;
            of_the_person(has(reply.body, &["\"Birth\":\"", person.birthdate, "\""]))
        }
        Expected::File(person, birth) => {
            let text = file(reply.body)?;
            result(&text, b"<ResultCode>")?;
            of_the_person(has(&text, &["<", birth, ">", person.birthdate, "<"]))
        }
        Expected::Page(part) => of_the_person(find(reply.body, part).is_some()),
        Expected::Pdf => {
            let ends = reply.body.len().saturating_sub(16);
            if reply.body.starts_with(b"%PDF-") && find(&reply.body[ends..], b"%%EOF").is_some() {
                Ok(())
            } else {
                Err("not a whole PDF".to_owned())
            }
        }
        Expected::Receipt => match find(reply.body, b"\"ReceptionNumber\":\"") {
            Some(_) => Ok(()),
            None => Err(class("no reception number", "", reply.body)),
        },
        Expected::Tokens => match find(reply.body, b"\"idToken\":\"") {
            Some(_) => Ok(()),
            None => Err(class("no token", "", reply.body)),
        },
        Expected::Static(length) => {
            if reply.body.len() == *length {
                Ok(())
            } else {
                Err("another length".to_owned())
            }
        }
    }
}

fn check(person: &Person<'_>, body: &[u8]) -> Result<(), String> {
    if find(body, b"\"SegmentOfResult\":\"1\"").is_none() {
        return Err(class("refused", "", body));
    }
    if find(body, b"\"QualificationValidity\":\"1\"").is_none() {
        return Err(class("not valid", &value(body, b"\"QualificationValidity\":\""), body));
    }
    // The question stands in the answer too: what counts is the list after it.
    let list = find(body, b"\"ResultList\":").map_or(&[][..], |at| &body[at..]);
    let number = crate::ask::quoted(person.number);
    of_the_person(
        has(list, &["\"InsuredIdentificationNumber\":", &number])
            && has(list, &["\"Birthdate\":\"", person.birthdate, "\""]),
    )
}

fn check_xml(person: &Person<'_>, text: &[u8]) -> Result<(), String> {
    if find(text, b"<SegmentOfResult>1<").is_none() {
        return Err(class("refused", "", text));
    }
    if find(text, b"<QualificationValidity>1<").is_none() {
        return Err(class("not valid", &value(text, b"<QualificationValidity>"), text));
    }
    let list = find(text, b"<ResultList>").map_or(&[][..], |at| &text[at..]);
    of_the_person(
        has(list, &["<InsuredIdentificationNumber>", person.number, "<"])
            && has(list, &["<Birthdate>", person.birthdate, "<"]),
    )
}

fn result(text: &[u8], name: &[u8]) -> Result<(), String> {
    match value(text, name).as_str() {
        "1" => Ok(()),
        other => Err(class("result code", other, text)),
    }
}

fn of_the_person(right: bool) -> Result<(), String> {
    if right { Ok(()) } else { Err("another person, or none".to_owned()) }
}

/// The first file of the agent's answer.
fn file(body: &[u8]) -> Result<Vec<u8>, String> {
    let begin = find(body, b"\"content\":\"").map(|at| &body[at + 11..]);
    let content = begin.and_then(|rest| rest.split(|byte| *byte == b'"').next());
    let decoded = content.and_then(|content| STANDARD.decode(content).ok());
    decoded.ok_or_else(|| class("no answer file", "", body))
}

fn has(text: &[u8], parts: &[&str]) -> bool {
    find(text, parts.concat().as_bytes()).is_some()
}

/// Letters and digits after a name; nothing else is ever told.
fn value(text: &[u8], name: &[u8]) -> String {
    let Some(at) = find(text, name) else { return String::new() };
    let rest = text[at + name.len()..].iter().take(CODE_CHARACTERS_MAX);
    rest.take_while(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(*byte)).collect()
}

/// Words, a value and the first code of the answer, where there are any.
fn class(words: &str, value_of: &str, body: &[u8]) -> String {
    let code = CODES.iter().map(|name| value(body, name)).find(|code| !code.is_empty()).unwrap_or_default();
    [words, value_of, &code].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: Person<'static> =
        Person { insurer: "01130012", symbol: "12", number: "700123", branch: "02", birthdate: "19840709" };
    const GOOD: &str = r#"{"XmlMsg":{"MessageHeader":{"SegmentOfResult":"1"},"MessageBody":{"QualificationValidity":"1","QualificationConfirmSearchInfo":{"InsuredIdentificationNumber":"700123","Birthdate":"19840709"},"ResultList":[{"ResultOfQualificationConfirmation":{"InsuredIdentificationNumber":"700123","Birthdate":"19840709"}}]}}}"#;

    fn judged(expected: &Expected<'_>, status: u16, body: &str) -> Result<(), String> {
        judge(expected, &Reply { status, head: "", body: body.as_bytes() })
    }

    /// For each thing that makes an answer good, an answer that lacks just this is not.
    #[test]
    fn a_check_is_good_only_for_the_person_asked() {
        let check = Expected::Check(PERSON);
        assert_eq!(judged(&check, 200, GOOD), Ok(()));
        for (status, from, to, class) in [
            (503, "", "", "HTTP 503"),
            (200, r#""SegmentOfResult":"1""#, r#""SegmentOfResult":"9","ErrorCode":"E0011""#, "refused E0011"),
            (200, r#""QualificationValidity":"1""#, r#""QualificationValidity":"4""#, "not valid 4"),
            (
                200,
                r#"on":{"InsuredIdentificationNumber":"700123""#,
                r#"on":{"InsuredIdentificationNumber":"700124""#,
                "another person, or none",
            ),
            (200, r#""Birthdate":"19840709"}}]"#, r#""Birthdate":"19840710"}}]"#, "another person, or none"),
            (200, "ResultList", "Nothing", "another person, or none"),
        ] {
            assert_eq!(judged(&check, status, &GOOD.replace(from, to)), Err(class.to_owned()), "{from}");
        }
    }

    #[test]
    fn records_are_good_only_with_result_1_and_the_birthdate() {
        let body = |result: &str, birth: &str| {
            let text = format!(
                "<ResultCode>{result}</ResultCode><MessageContents>P0020：同意</MessageContents><Birth>{birth}</Birth>"
            );
            format!(r#"{{"files":[{{"name":"a","content":"{}"}}]}}"#, STANDARD.encode(text))
        };
        let records = Expected::File(PERSON, "Birth");
        assert_eq!(judged(&records, 200, &body("1", "19840709")), Ok(()));
        assert_eq!(judged(&records, 200, &body("3", "19840709")), Err("result code 3 P0020".to_owned()));
        assert_eq!(judged(&records, 200, &body("1", "19840708")), Err("another person, or none".to_owned()));
        assert_eq!(judged(&records, 200, "{}"), Err("no answer file".to_owned()));
    }

    #[test]
    fn a_failure_quotes_no_more_than_a_code() {
        let body = r#"{"status":"429","msg":"窓口 花子 700123","code":"W0013"}"#;
        assert_eq!(judged(&Expected::Receipt, 429, body), Err("HTTP 429 W0013".to_owned()));
        assert_eq!(judged(&Expected::Pdf, 200, "%PDF-1.7 half"), Err("not a whole PDF".to_owned()));
        assert_eq!(judged(&Expected::Pdf, 200, "%PDF-1.7 all of it %%EOF\n"), Ok(()));
    }
}
