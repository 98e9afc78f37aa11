//! One institution with everything that its programs and browsers hold: certificate, tokens, and the patients who agreed.

use crate::ask::{Sender, api_log_in, form, machine_log_in};
use crate::cards::Holder;
use crate::client::{Door, Line, field};
use crate::fault::LoadFault;
use crate::judge::{Expected, judge};
use crate::kind::Kind;
use crate::passing::{answer, broken, pass, reader_token};
use crate::people::Person;
use crate::plan::Plan;
use crate::target::{Account, Institution, Target, authority};
use madoguchi_model::day::Day;
use madoguchi_model::settings::{Setting, USED};
use memchr::memmem::find;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// What a view shows only where the institution has switched it on.
const SWITCHED_ON: [Setting; 2] = [Setting::MedicalCare, Setting::Surgery];
/// Where a page tells whose it is.
const PERSON_BLOCK: (&[u8], &[u8]) = (b"<dl class=\"person", b"</dl>");

/// An institution.
pub(crate) struct Desk {
    pub(crate) code: String,
    pub(crate) machine: Door,
    pub(crate) people: Door,
    today: Day,
    institution: Institution,
    tokens: RwLock<Tokens>,
    /// The token of its one reader: a log-in ends the former one, and a pass the former pass, so they come one by one.
    reader: Mutex<String>,
    /// Those who agreed to be shown here.
    pub(crate) holders: Vec<Arc<Holder>>,
    views: BTreeMap<Kind, Vec<View>>,
}

#[derive(Clone, Default)]
struct Tokens {
    api: Arc<str>,
    agent: Arc<str>,
    viewer: Arc<str>,
}

/// A view that was good when it was first looked at.
struct View {
    /// A person's line, or the address of a patient's page.
    whom: Box<str>,
    /// What the page says about the person.
    part: Box<[u8]>,
}

/// A request with what a good answer to it has.
pub(crate) struct Asked<'a> {
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Expected<'a>,
}

impl Desk {
    pub(crate) fn new(target: &Target, institution: &Institution) -> Result<Self, LoadFault> {
        let door = |url: &str| {
            let unknown = || LoadFault::plan("server", "https://ホスト:ポート の形で指定してください");
            let place = authority(url).ok_or_else(unknown)?;
            Door::new(place, &target.ca, &institution.client_cert, &institution.client_key)
        };
        Ok(Self {
            code: institution.code.clone(),
            machine: door(&target.api)?,
            people: door(&target.server)?,
            today: target.today()?,
            institution: institution.clone(),
            tokens: RwLock::default(),
            reader: Mutex::default(),
            holders: Vec::new(),
            views: BTreeMap::new(),
        })
    }

    /// Logs in what the plan needs, again when it is called again.
    pub(crate) async fn log_in(&self, plan: &Plan) -> Result<(), LoadFault> {
        let mut tokens = self.tokens();
        if plan.has(Kind::is_api) {
            tokens.api = self.api_token().await?.into();
        }
        if plan.has(Kind::is_agent) {
            let account = self.institution.account("agent")?;
            let request = machine_log_in("/agent/session", &account.user_id, &account.password);
            tokens.agent = self.token_of(&request, &["token"]).await?.into();
        }
        if plan.has(Kind::is_screen) {
            tokens.viewer = self.cookie("viewer").await?.into();
        }
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        Ok(())
    }

    /// Consents of these people through the reader, and a first look at what the plan will ask of each.
    pub(crate) async fn prepare(&mut self, plan: &Plan, coming: &[Arc<Holder>]) -> Result<(), LoadFault> {
        if !plan.has(|kind| kind.is_view() || kind == Kind::Card) || coming.is_empty() {
            return Ok(());
        }
        if plan.has(Kind::is_view) && self.institution.account("administrator").is_ok() {
            self.switch_on().await?;
        }
        let token = self.reader_token().await?;
        let mut line = Line::new(self.machine.clone());
        let mut agreed = Vec::new();
        for holder in coming {
            // Some of a demo's cards play a refusal; those people are not asked for.
            if pass(&mut line, &self.sender(&token), &holder.card).await.is_ok() {
                agreed.push(Arc::clone(holder));
            }
        }
        self.holders = agreed;
        self.reader = Mutex::new(token);
        for entry in plan.mix.iter().filter(|entry| entry.kind.is_view()) {
            let views = match entry.kind.is_screen() {
                true => self.first_pages(entry.kind).await?,
                false => self.first_messages(entry.kind).await,
            };
            self.views.insert(entry.kind, views);
        }
        Ok(())
    }

    /// Whether this institution can ask for this kind.
    pub(crate) fn can(&self, kind: Kind) -> bool {
        match kind {
            Kind::Card => !self.holders.is_empty(),
            kind if kind.is_view() => self.views.get(&kind).is_some_and(|views| !views.is_empty()),
            _ => true,
        }
    }

    /// How many of its patients a view may ask for.
    pub(crate) fn patients(&self, kind: Kind) -> usize {
        self.views.get(&kind).map_or(0, Vec::len)
    }

    /// A pass of one of those who agreed, once the reader is free.
    pub(crate) async fn pass(&self, line: &mut Line, choose: impl FnOnce(usize) -> usize) -> Result<(), String> {
        let token = self.reader.lock().await;
        let holder = self.holders.get(choose(self.holders.len())).ok_or("nobody has a card")?;
        pass(line, &self.sender(&token), &holder.card).await
    }

    async fn reader_token(&self) -> Result<String, LoadFault> {
        let account = self.institution.account("reader")?;
        let mut line = Line::new(self.machine.clone());
        reader_token(&mut line, account).await.map_err(|problem| self.fault("顔認証用アカウントのログイン", problem))
    }

    pub(crate) fn sender<'a>(&'a self, token: &'a str) -> Sender<'a> {
        Sender { code: &self.code, token, today: self.today }
    }

    /// A request about somebody of the population; `persons` is asked for one after the other.
    pub(crate) fn about_anyone<'a>(&self, kind: Kind, rows: u32, mut person: impl FnMut() -> Person<'a>) -> Asked<'a> {
        let tokens = self.tokens();
        match kind {
            Kind::CheckXml => {
                let person = person();
                let bytes = self.sender(&tokens.agent).check_xml(&person);
                Asked { bytes, expected: Expected::CheckXml(person) }
            }
            Kind::Bulk => {
                let bytes = self.sender(&tokens.api).bulk((0..rows).map(|_| person()));
                Asked { bytes, expected: Expected::Receipt }
            }
            _ => {
                let person = person();
                let bytes = self.sender(&tokens.api).check(&person);
                Asked { bytes, expected: Expected::Check(person) }
            }
        }
    }

    /// A request about one of its patients; `None` when there is none for this kind.
    pub(crate) fn about_patient(&self, kind: Kind, choose: impl FnOnce(usize) -> usize) -> Option<Asked<'_>> {
        let views = self.views.get(&kind).filter(|views| !views.is_empty())?;
        Some(self.view(kind, &views[choose(views.len()) % views.len()]))
    }

    /// A log-in at the Web API.
    pub(crate) fn log_in_request(&self) -> Result<Asked<'static>, LoadFault> {
        let Account { user_id, password, .. } = self.institution.account("api")?;
        Ok(Asked { bytes: api_log_in(user_id, password), expected: Expected::Tokens })
    }

    fn view<'a>(&self, kind: Kind, view: &'a View) -> Asked<'a> {
        let tokens = self.tokens();
        if kind.is_screen() {
            let bytes = self.sender(&tokens.viewer).page(kind, &view.whom);
            let expected = match kind {
                Kind::RecordsPdf => Expected::Pdf,
                _ => Expected::Page(&view.part),
            };
            return Asked { bytes, expected };
        }
        let person = Person::of(&view.whom);
        let (bytes, expected) = match kind {
            Kind::RecordsJson => (self.sender(&tokens.api).records(&person), Expected::Records(person)),
            Kind::CheckupsXml => (self.sender(&tokens.agent).checkups_xml(&person), Expected::File(person, "Birthday")),
            _ => (self.sender(&tokens.agent).records_xml(&person), Expected::File(person, "Birth")),
        };
        Asked { bytes, expected }
    }

    /// Those of the patients for whom the message gives records.
    async fn first_messages(&self, kind: Kind) -> Vec<View> {
        let mut line = Line::new(self.machine.clone());
        let mut good = Vec::new();
        for holder in &self.holders {
            let view = View { whom: holder.line.clone(), part: Box::default() };
            let asked = self.view(kind, &view);
            let right = match line.exchange(&asked.bytes).await {
                Ok(reply) => judge(&asked.expected, &reply).is_ok(),
                Err(_) => false,
            };
            if right {
                good.push(view);
            }
        }
        good
    }

    /// Those of the list of patients whose page comes, with what it says about the person.
    async fn first_pages(&self, kind: Kind) -> Result<Vec<View>, LoadFault> {
        let viewer = self.tokens().viewer;
        let sender = self.sender(&viewer);
        let mut line = Line::new(self.people.clone());
        let list = line.exchange(&sender.screen("GET", "/patients", "")).await;
        let list = list.map_err(|error| self.fault("同意取得済み患者一覧", broken(&error)))?;
        let list = String::from_utf8_lossy(list.body).into_owned();
        let patients = list.split("href=\"/patients/").skip(1).filter_map(|rest| rest.split('"').next());
        let mut good = Vec::new();
        for patient in patients.filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            let whom: Box<str> = format!("/patients/{patient}").into();
            let Ok(page) = line.exchange(&sender.page(Kind::RecordsHtml, &whom)).await else { continue };
            let Some(part) = person_block(page.body).filter(|_| page.status == 200).map(Box::from) else { continue };
            // One document shows whether the server makes them; each costs it a core's time.
            if kind == Kind::RecordsPdf && good.is_empty() {
                match line.exchange(&sender.page(kind, &whom)).await {
                    Ok(pdf) if judge(&Expected::Pdf, &pdf).is_ok() => {}
                    _ => return Ok(good),
                }
            }
            good.push(View { whom, part });
        }
        Ok(good)
    }

    /// The administrator sets what views need to 利用する.
    async fn switch_on(&self) -> Result<(), LoadFault> {
        let step = "環境設定情報更新";
        let failed = |error: std::io::Error| self.fault(step, broken(&error));
        let cookie = self.cookie("administrator").await?;
        let sender = self.sender(&cookie);
        let mut line = Line::new(self.people.clone());
        let page = line.exchange(&sender.screen("GET", "/settings", "")).await.map_err(failed)?;
        let text = String::from_utf8_lossy(page.body).into_owned();
        let token = hidden(&text, "form_token").ok_or_else(|| self.fault(step, format!("HTTP {}", page.status)))?;
        let mut fields = vec![("form_token", token)];
        // A pharmacy has no settings of operations.
        let shown =
            SWITCHED_ON.iter().map(|setting| setting.code()).filter(|code| text.contains(&format!("name=\"{code}\"")));
        fields.extend(shown.map(|code| (code, USED)));
        let confirm =
            line.exchange(&sender.screen("POST", "/settings/confirm", &form(&fields))).await.map_err(failed)?;
        let text = String::from_utf8_lossy(confirm.body).into_owned();
        // Without a version there is nothing to change.
        let Some(version) = hidden(&text, "version") else { return Ok(()) };
        fields.push(("version", version));
        let done = line.exchange(&sender.screen("POST", "/settings", &form(&fields))).await.map_err(failed)?;
        match done.status {
            303 => Ok(()),
            status => Err(self.fault(step, format!("HTTP {status}"))),
        }
    }

    async fn api_token(&self) -> Result<String, LoadFault> {
        let account = self.institution.account("api")?;
        self.token_of(&api_log_in(&account.user_id, &account.password), &["result", "idToken"]).await
    }

    async fn token_of(&self, request: &[u8], path: &[&str]) -> Result<String, LoadFault> {
        let step = "プログラムのログイン";
        let mut line = Line::new(self.machine.clone());
        let reply = line.exchange(request).await.map_err(|error| self.fault(step, broken(&error)))?;
        let answer = answer(&reply).map_err(|problem| self.fault(step, problem))?;
        let found = path.iter().fold(&answer, |value, name| &value[*name]);
        found.as_str().map(str::to_owned).ok_or_else(|| self.fault(step, "no token".to_owned()))
    }

    /// A log-in at the screens: the cookie.
    async fn cookie(&self, kind: &'static str) -> Result<String, LoadFault> {
        let step = "画面のログイン";
        let account = self.institution.account(kind)?;
        let fields = form(&[("user_id", &account.user_id), ("password", &account.password)]);
        let mut line = Line::new(self.people.clone());
        let request = self.sender("").screen("POST", "/login", &fields);
        let reply = line.exchange(&request).await.map_err(|error| self.fault(step, broken(&error)))?;
        let cookie = field(reply.head, "set-cookie").and_then(|value| value.split(';').next());
        let cookie = cookie.filter(|_| reply.status == 303);
        cookie.map(str::to_owned).ok_or_else(|| self.fault(step, format!("{kind} HTTP {}", reply.status)))
    }

    fn tokens(&self) -> Tokens {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fault(&self, step: &'static str, problem: String) -> LoadFault {
        LoadFault::Prepare { institution: self.code.clone(), step, problem }
    }
}

fn person_block(body: &[u8]) -> Option<&[u8]> {
    let begin = find(body, PERSON_BLOCK.0)?;
    let end = find(&body[begin..], PERSON_BLOCK.1)?;
    Some(&body[begin..begin + end])
}

/// The value of the hidden field of this name.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let field = page.split("<input").find(|field| field.contains(&format!("name=\"{name}\"")))?;
    field.split("value=\"").nth(1)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_far_as_needed() {
        let page = r#"<input type="hidden" name="form_token" value="abc"><dl class="person box"><dd>1</dd></dl><dl>"#;
        assert_eq!(hidden(page, "form_token"), Some("abc"));
        assert_eq!(hidden(page, "version"), None);
        assert_eq!(person_block(page.as_bytes()), Some(&b"<dl class=\"person box\"><dd>1</dd>"[..]));
    }
}
