//! The bytes of each request, as the institutions' programs and browsers send them.

use crate::client::request;
use crate::kind::Kind;
use crate::people::Person;
use madoguchi_model::day::Day;

const CHECK: &str = "/oqs-api-pro/MSA01030/ILI01030SV01/search";
const RECORDS: &str = "/oqs-api-pro/MSA02010/ILI02010SV01/search";
const BULK: &str = "/oqs-api-pro/MSA01050/ILI01050SV01/upload";
const LOG_IN: &str = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
const CONTENT_TYPE_JSON: &str = "Content-Type: application/json;charset=UTF-8\r\n";
const CONTENT_TYPE_XML: &str = "Content-Type: application/xml\r\n";
const CONTENT_TYPE_FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
/// Months of care that a view asks for: 直近6ヵ月.
const MONTHS: i32 = 6;

/// What all requests of one institution have in common.
pub(crate) struct Sender<'a> {
    /// 医療機関コード.
    pub(crate) code: &'a str,
    /// Token or cookie.
    pub(crate) token: &'a str,
    /// The server's day.
    pub(crate) today: Day,
}

impl Sender<'_> {
    /// A check by numbers as JSON.
    pub(crate) fn check(&self, person: &Person<'_>) -> Vec<u8> {
        let body = format!(
            r#"{{"XmlMsg":{{"MessageHeader":{{"QualificationConfirmationDate":"{}","MedicalInstitutionCode":"{}"}},"MessageBody":{{"QualificationConfirmSearchInfo":{}}}}}}}"#,
            self.today,
            self.code,
            search_json(person),
        );
        self.api(CHECK, &body)
    }

    /// A check by numbers as a request file.
    pub(crate) fn check_xml(&self, person: &Person<'_>) -> Vec<u8> {
        let body = format!(
            "<MessageHeader><QualificationConfirmationDate>{}</QualificationConfirmationDate><MedicalInstitutionCode>{}\
             </MedicalInstitutionCode></MessageHeader><MessageBody><QualificationConfirmSearchInfo>\
             <InsurerNumber>{}</InsurerNumber>{}<InsuredIdentificationNumber>{}</InsuredIdentificationNumber>{}\
             <Birthdate>{}</Birthdate><LimitApplicationCertificateRelatedConsFlg>0\
             </LimitApplicationCertificateRelatedConsFlg></QualificationConfirmSearchInfo></MessageBody>",
            self.today,
            self.code,
            person.insurer,
            optional("InsuredCardSymbol", person.symbol),
            escaped(person.number),
            optional("InsuredBranchNumber", person.branch),
            person.birthdate,
        );
        self.file("OQSsiquc01", &body)
    }

    /// The care of a person as JSON.
    pub(crate) fn records(&self, person: &Person<'_>) -> Vec<u8> {
        let (from, to) = self.months();
        let body = format!(
            r#"{{"XmlMsg":{{"MessageHeader":{{"MedicalInstitutionCode":"{}","InsurerNumber":"{}",{}"InsuredPersonIdentificationNumber":{}{}}},"MessageBody":{{"StartDate":"{from}","EndDate":"{to}","FileCategory":"4"}}}}}}"#,
            self.code,
            person.insurer,
            member("InsuranceCardSymbol", person.symbol, "", ","),
            quoted(person.number),
            member("BranchNumber", person.branch, ",", ""),
        );
        self.api(RECORDS, &body)
    }

    /// The care of a person as a request file.
    pub(crate) fn records_xml(&self, person: &Person<'_>) -> Vec<u8> {
        let (from, to) = self.months();
        let body = format!(
            "{}<MessageBody><StartDate>{from}</StartDate><EndDate>{to}</EndDate><FileCategory>4</FileCategory></MessageBody>",
            self.fetch_header(person)
        );
        self.file("YZKsiquc01", &body)
    }

    /// The check-ups of a person as a request file.
    pub(crate) fn checkups_xml(&self, person: &Person<'_>) -> Vec<u8> {
        let body = format!("{}<MessageBody><FileCategory>2</FileCategory></MessageBody>", self.fetch_header(person));
        self.file("TKKsiquc01", &body)
    }

    /// An upload of so many checks.
    pub(crate) fn bulk<'a>(&self, people: impl Iterator<Item = Person<'a>>) -> Vec<u8> {
        let rows: Vec<String> = people.map(|person| search_json(&person)).collect();
        let body = format!(
            r#"{{"XmlMsg":{{"MessageHeader":{{"QualificationConfirmationDate":"{}","MedicalInstitutionCode":"{}"}},"MessageBody":{{"QualificationConfirmSearchInfo":[{}]}}}}}}"#,
            self.today,
            self.code,
            rows.join(","),
        );
        self.api(BULK, &body)
    }

    /// The list of care at the screen, or printed.
    pub(crate) fn page(&self, kind: Kind, patient: &str) -> Vec<u8> {
        let (from, to) = (self.today.month().plus_months(1 - MONTHS).number(), self.today.month().number());
        let word = if kind == Kind::RecordsPdf { "records.pdf" } else { "records" };
        let path = format!(
            "{patient}/{word}?list=care&from_year={}&from_month={}&to_year={}&to_month={}",
            from / 100,
            from % 100,
            to / 100,
            to % 100
        );
        self.screen("GET", &path, "")
    }

    /// A page or a form of a person at a screen.
    pub(crate) fn screen(&self, method: &str, path: &str, form: &str) -> Vec<u8> {
        let sort = if form.is_empty() { "" } else { CONTENT_TYPE_FORM };
        let cookie = if self.token.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.token) };
        request(method, path, &format!("{cookie}{sort}"), form)
    }

    /// JSON with the token, for the reader's and the agent's doors too.
    pub(crate) fn api(&self, path: &str, body: &str) -> Vec<u8> {
        request("POST", path, &format!("Authorization: {}\r\n{CONTENT_TYPE_JSON}", self.token), body)
    }

    fn file(&self, id: &str, body: &str) -> Vec<u8> {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg>{body}</XmlMsg>");
        let headers = format!("Authorization: {}\r\n{CONTENT_TYPE_XML}", self.token);
        request("POST", &format!("/agent/exchange/{id}req_load.xml"), &headers, &text)
    }

    fn fetch_header(&self, person: &Person<'_>) -> String {
        format!(
            "<MessageHeader><MedicalInstitutionCode>{}</MedicalInstitutionCode><InsurerNumber>{}</InsurerNumber>{}\
             <InsuredPersonIdentificationNumber>{}</InsuredPersonIdentificationNumber>{}</MessageHeader>",
            self.code,
            person.insurer,
            optional("InsuranceCardSymbol", person.symbol),
            escaped(person.number),
            optional("BranchNumber", person.branch),
        )
    }

    fn months(&self) -> (i64, i64) {
        let month = self.today.month();
        (month.plus_months(1 - MONTHS).number(), month.number())
    }
}

/// A log-in at the Web API.
pub(crate) fn api_log_in(user: &str, password: &str) -> Vec<u8> {
    let body = format!(r#"{{"userId":{},"password":{}}}"#, quoted(user), quoted(password));
    request("POST", LOG_IN, CONTENT_TYPE_JSON, &body)
}

/// A log-in of the reader or of the folder agent.
pub(crate) fn machine_log_in(path: &str, user: &str, password: &str) -> Vec<u8> {
    let body = format!(r#"{{"user_id":{},"password":{}}}"#, quoted(user), quoted(password));
    request("POST", path, CONTENT_TYPE_JSON, &body)
}

/// Fields of a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    };
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    fields.join("&")
}

fn search_json(person: &Person<'_>) -> String {
    format!(
        r#"{{"InsurerNumber":"{}",{}"InsuredIdentificationNumber":{},{}"Birthdate":"{}","LimitApplicationCertificateRelatedConsFlg":"0"}}"#,
        person.insurer,
        member("InsuredCardSymbol", person.symbol, "", ","),
        quoted(person.number),
        member("InsuredBranchNumber", person.branch, "", ","),
        person.birthdate,
    )
}

fn member(name: &str, value: &str, before: &str, after: &str) -> String {
    if value.is_empty() { String::new() } else { format!("{before}\"{name}\":{}{after}", quoted(value)) }
}

fn optional(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escaped(value)) }
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            sign if sign < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(sign))),
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_wire::message::{MessageId, Request};

    const PERSON: Person<'static> =
        Person { insurer: "01130012", symbol: "記号１", number: "700123", branch: "", birthdate: "19840709" };

    fn body(request: &[u8]) -> &[u8] {
        let at = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        &request[at + 4..]
    }

    /// The product's own reader takes every request, with a branch and without.
    #[test]
    fn requests_are_messages() {
        let sender = Sender { code: "1310000001", token: "t", today: Day::parse("20261130", "today").unwrap() };
        for person in [PERSON, Person { branch: "02", symbol: "", ..PERSON }] {
            for (id, request) in [
                (MessageId::Eligibility, sender.check_xml(&person)),
                (MessageId::Records, sender.records_xml(&person)),
                (MessageId::Checkups, sender.checkups_xml(&person)),
            ] {
                let read = Request::from_xml(id, body(&request)).unwrap();
                assert_eq!(read.institution(), "1310000001");
            }
            for (id, request) in [
                (MessageId::Eligibility, sender.check(&person)),
                (MessageId::Records, sender.records(&person)),
                (MessageId::BulkEligibility, sender.bulk([person, person].into_iter())),
            ] {
                let read = Request::from_json(id, body(&request)).unwrap();
                assert_eq!(read.institution(), "1310000001");
            }
        }
    }

    #[test]
    fn texts_cannot_break_out() {
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
        assert_eq!(escaped("a<b>&"), "a&lt;b&gt;&amp;");
        assert_eq!(form(&[("a", "1 &"), ("b", "é")]), "a=1%20%26&b=%C3%A9");
    }
}
