//! お知らせ一覧: opens by itself after the log-in while something in it is unread.

use super::go_to;
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::id::NoticeId;
use madoguchi_service::notice::ListedNotice;

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    frame: Frame,
    notices: Vec<ListedNotice>,
}

pub(crate) async fn list(call: SessionCall) -> Answer {
    let notices = call.app.service.notices(&call.session).await?;
    Ok(page(StatusCode::OK, &NoticesPage { frame: call.frame("お知らせ一覧"), notices }))
}

pub(crate) async fn close(call: SessionCall) -> Answer {
    let shown: Vec<NoticeId> = call.input.form.texts("notice").filter_map(NoticeId::from_hex).collect();
    call.app.service.mark_notices_read(&call.session, &shown).await?;
    Ok(go_to("/menu"))
}
