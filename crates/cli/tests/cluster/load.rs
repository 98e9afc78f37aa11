//! What the machines and people of some institutions do all day, and a ledger of what they were told.

use crate::deployment::Deployment;
use crate::door::{Client, Port, Ports, Reply, field, hidden, request};
use crate::support::{account, text};
use madoguchi_model::settings::{NOT_USED, Setting, USED};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

/// Two servers agree about an ended log-in after this time.
const LOG_OUT_SEEN: Duration = Duration::from_millis(1_200);

/// Actions of one account, by the word in the audit log.
type Key = (String, String, &'static str);

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) acknowledged: usize,
    pub(crate) tried: usize,
}

/// What the load was told.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) counts: Mutex<BTreeMap<Key, Count>>,
    /// Values that were set, in order, and whether that was acknowledged.
    pub(crate) settings: Mutex<Vec<(&'static str, bool)>>,
    /// Moments of acknowledged answers, and of refusals.
    answers: Mutex<Vec<Instant>>,
    refusals: Mutex<Vec<Instant>>,
}

/// The load and what it needs.
pub(crate) struct Load<'a> {
    pub(crate) deployment: &'a Deployment,
    /// The servers that the balancer knows.
    pub(crate) servers: RwLock<Vec<Ports>>,
    pub(crate) ledger: Ledger,
    pub(crate) on: AtomicBool,
}

impl<'a> Load<'a> {
    pub(crate) fn new(deployment: &'a Deployment, servers: Vec<Ports>) -> Self {
        Self { deployment, servers: RwLock::new(servers), ledger: Ledger::default(), on: AtomicBool::new(true) }
    }

    /// Runs everything until `disturb` has returned.
    pub(crate) fn run(&self, disturb: impl FnOnce()) {
        let [hospital, clinic, other] = [0, 1, 2].map(|place| &self.deployment.document["institutions"][place]);
        std::thread::scope(|scope| {
            let ended = Ended(&self.on);
            scope.spawn(|| self.check(hospital));
            scope.spawn(|| self.check(clinic));
            scope.spawn(|| self.view(hospital));
            scope.spawn(|| self.log_in_and_out(clinic));
            scope.spawn(|| self.set(other));
            disturb();
            drop(ended);
        });
    }

    /// Asks for every person again and again; what was answered once stays the answer.
    fn check(&self, institution: &Value) {
        let (mut client, code) = (self.client(institution), text(&institution["code"]));
        let (user, password) = account(institution, "api");
        let cards = self.deployment.document["cards"].as_array().unwrap();
        let (mut token, mut known) = (None, BTreeMap::new());
        for place in (0..cards.len()).cycle() {
            if self.is_over() {
                return;
            }
            if token.is_none() {
                let body = json!({"userId": user, "password": password}).to_string();
                let path = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
                let answer = self.ask(&mut client, Port::Machines, &request("POST", path, JSON, &body));
                let Some(answer) = answer else { continue };
                let answer: Value = serde_json::from_str(&answer).unwrap();
                token = Some(text(&answer["result"]["idToken"]));
            }
            let headers = format!("{JSON}Authorization: {}\r\n", token.clone().unwrap_or_default());
            let body = check_body(&code, &text(&self.deployment.document["today"]), &cards[place]).to_string();
            let asked = request("POST", "/oqs-api-pro/MSA01030/ILI01030SV01/search", &headers, &body);
            self.tried(&code, &user, "check_eligibility");
            let Some(answer) = self.ask(&mut client, Port::Machines, &asked) else { continue };
            self.acknowledged(&code, &user, "check_eligibility");
            let answer = lasting_part(&answer);
            let first = known.entry(place).or_insert_with(|| answer.clone());
            assert_eq!(*first, answer, "the same question had another answer");
        }
    }

    /// Opens the same list of care with one log-in, which lasts whatever happens to the servers.
    fn view(&self, institution: &Value) {
        let (code, path) = (text(&institution["code"]), &self.deployment.records);
        let (user, _) = account(institution, "viewer");
        let Some(mut client) = self.logged_in(institution, "viewer") else { return };
        let mut first = None;
        while !self.is_over() {
            self.tried(&code, &user, "view_records");
            let reply = client.get(&self.balanced(), path);
            let Some((status, _, body)) = self.taken(reply) else { continue };
            assert_eq!(status, 200, "the log-in was forgotten: {body}");
            self.acknowledged(&code, &user, "view_records");
            let list = body.split("<main").nth(1).unwrap().to_owned();
            assert!(list.contains("一覧"), "{list}");
            assert_eq!(*first.get_or_insert_with(|| list.clone()), list, "the same list looked different");
        }
    }

    /// Logs in at one server and out at another: all of them know soon.
    fn log_in_and_out(&self, institution: &Value) {
        while !self.is_over() {
            let Some(mut client) = self.logged_in(institution, "viewer") else { return };
            for _ in 0..4 {
                let reply = client.get(&self.balanced(), "/menu");
                let Some((status, _, body)) = self.taken(reply) else { continue };
                assert!(status == 200 && body.contains("メニュー"), "{status} {body}");
            }
            let reply = client.get(&self.balanced(), "/menu");
            let Some((_, _, menu)) = self.taken(reply) else { continue };
            let cookie = client.cookie.clone();
            let form_token = hidden(&menu, "form_token").unwrap();
            let reply = client.post(&self.balanced(), "/logout", &[("form_token", &form_token)]);
            if self.taken(reply).is_none() {
                continue;
            }
            std::thread::sleep(LOG_OUT_SEEN);
            client.cookie = cookie;
            for server in self.balanced() {
                let Some((status, _, body)) = self.taken(client.get(&[server], "/menu")) else { continue };
                assert!(status != 200 || !body.contains("メニュー"), "a log-in lasts after its end");
            }
        }
    }

    /// Switches a setting on and off; every server shows it at once.
    fn set(&self, institution: &Value) {
        let (code, name) = (text(&institution["code"]), Setting::SpecificDisease.code());
        let (user, _) = account(institution, "administrator");
        let Some(mut client) = self.logged_in(institution, "administrator") else { return };
        while !self.is_over() {
            let reply = client.get(&self.balanced(), "/settings");
            let Some((status, _, sheet)) = self.taken(reply) else { continue };
            assert_eq!(status, 200, "the log-in was forgotten: {sheet}");
            let now = if is_used(&sheet, name) { USED } else { NOT_USED };
            self.check_setting(now);
            let value = if now == USED { NOT_USED } else { USED };
            let form_token = hidden(&sheet, "form_token").unwrap();
            let mut fields = vec![("form_token", form_token.as_str()), (name, value)];
            let reply = client.post(&self.balanced(), "/settings/confirm", &fields);
            let Some((_, _, confirm)) = self.taken(reply) else { continue };
            let version = hidden(&confirm, "version").unwrap_or_else(|| panic!("{confirm}"));
            fields.push(("version", &version));
            self.tried(&code, &user, "update_settings");
            self.ledger.settings.lock().unwrap().push((value, false));
            let reply = client.post(&self.balanced(), "/settings", &fields);
            let Some((status, head, body)) = self.taken(reply) else { continue };
            assert!(field(&head, "location").is_some(), "{status} {body}");
            self.ledger.settings.lock().unwrap().last_mut().unwrap().1 = true;
            self.acknowledged(&code, &user, "update_settings");
        }
    }

    /// What stands now is the last acknowledged value, or one of the later ones that nobody answered for.
    pub(crate) fn check_setting(&self, found: &str) {
        let settings = self.ledger.settings.lock().unwrap();
        let Some(last) = settings.iter().rposition(|(_, acknowledged)| *acknowledged) else { return };
        assert!(settings[last..].iter().any(|(value, _)| *value == found), "{found} {:?}", &settings[last..]);
    }

    fn client(&self, institution: &Value) -> Client {
        Client::new(&self.deployment.document, institution)
    }

    /// A client with a log-in; none when it is over.
    fn logged_in(&self, institution: &Value, kind: &str) -> Option<Client> {
        let (mut client, (user, password)) = (self.client(institution), account(institution, kind));
        let code = text(&institution["code"]);
        while !self.is_over() {
            self.tried(&code, &user, "log_in");
            let fields = [("user_id", user.as_str()), ("password", password.as_str())];
            let reply = client.post(&self.balanced(), "/login", &fields);
            let Some((status, head, body)) = self.taken(reply) else { continue };
            assert_eq!(field(&head, "location"), Some("/menu"), "{status} {body}");
            self.acknowledged(&code, &user, "log_in");
            return Some(client);
        }
        None
    }

    fn balanced(&self) -> Vec<Ports> {
        self.servers.read().unwrap().clone()
    }

    fn ask(&self, client: &mut Client, port: Port, request: &[u8]) -> Option<String> {
        let reply = client.send(&self.balanced(), port, request);
        let (status, _, body) = self.taken(reply)?;
        assert_eq!(status, 200, "{body}");
        Some(body)
    }

    /// The answer, unless the servers could not give one now; then a moment passes.
    fn taken(&self, reply: Reply) -> Option<(u16, String, String)> {
        match reply {
            Reply::Answer { status, head, body } if status != 503 => {
                self.ledger.answers.lock().unwrap().push(Instant::now());
                Some((status, head, body))
            }
            _ => {
                self.ledger.refusals.lock().unwrap().push(Instant::now());
                std::thread::sleep(Duration::from_millis(50));
                None
            }
        }
    }

    fn tried(&self, code: &str, user: &str, action: &'static str) {
        self.ledger.counts.lock().unwrap().entry((code.to_owned(), user.to_owned(), action)).or_default().tried += 1;
    }

    fn acknowledged(&self, code: &str, user: &str, action: &'static str) {
        let mut counts = self.ledger.counts.lock().unwrap();
        counts.entry((code.to_owned(), user.to_owned(), action)).or_default().acknowledged += 1;
    }

    fn is_over(&self) -> bool {
        !self.on.load(Ordering::Relaxed)
    }
}

impl Ledger {
    pub(crate) fn answers(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    pub(crate) fn refusals(&self) -> usize {
        self.refusals.lock().unwrap().len()
    }

    /// The longest time in which nobody had an answer, from this moment on.
    pub(crate) fn longest_gap(&self, from: Instant) -> Duration {
        let mut times = self.answers.lock().unwrap().clone();
        times.sort();
        times.windows(2).filter(|pair| pair[1] > from).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// The time from the first refusal after this moment to the last one.
    pub(crate) fn refused_for(&self, from: Instant) -> Duration {
        let times: Vec<Instant> = self.refusals.lock().unwrap().iter().copied().filter(|time| *time > from).collect();
        times.iter().max().zip(times.iter().min()).map(|(last, first)| *last - *first).unwrap_or_default()
    }
}

/// Ends the load also when what disturbs it has failed.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

const JSON: &str = "Content-Type: application/json;charset=UTF-8\r\n";

fn check_body(code: &str, today: &str, card: &Value) -> Value {
    json!({"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": today, "MedicalInstitutionCode": code},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": card["insurer_number"],
            "InsuredCardSymbol": card["symbol"],
            "InsuredIdentificationNumber": card["number"],
            "InsuredBranchNumber": card["branch"],
            "Birthdate": card["birthdate"],
            "LimitApplicationCertificateRelatedConsFlg": "0",
        }},
    }})
}

/// The message's body: the header says when it was asked.
fn lasting_part(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer["XmlMsg"]["MessageBody"].to_string()
}

/// Whether the sheet has 利用する chosen for a setting.
pub(crate) fn is_used(sheet: &str, name: &str) -> bool {
    let select = sheet.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_default();
    select.split("</select>").next().is_some_and(|options| options.contains("value=\"1\" selected"))
}
