//! メニュー: what this kind of account can do.

use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::menu::{MenuEntry, MenuGroup, menu};

#[derive(Template)]
#[template(path = "menu.html")]
struct MenuPage {
    frame: Frame,
    groups: Vec<MenuGroup>,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    Ok(page(StatusCode::OK, &MenuPage { frame: call.frame("メニュー"), groups: menu(call.session.kind) }))
}

/// The screen behind an entry.
const fn address(entry: &MenuEntry) -> &'static str {
    match entry {
        MenuEntry::Eligibility => "/eligibility",
        MenuEntry::Checks => "/eligibility/results",
        MenuEntry::Bulk => "/bulk",
        MenuEntry::ReferenceNumbers => "/reference-numbers",
        MenuEntry::ConsentedPatients => "/patients",
        MenuEntry::Settings => "/settings",
        MenuEntry::SettingsHistory => "/settings/history",
        MenuEntry::Administrators => "/master/accounts",
        MenuEntry::Accounts => "/accounts",
        MenuEntry::ResetMaster => "/master/password",
        MenuEntry::Notices => "/notices",
        MenuEntry::OwnPassword => "/password",
    }
}
