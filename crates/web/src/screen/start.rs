//! The start page (「システムの利用を始める」).

use crate::call::CertifiedCall;
use crate::frame::{Frame, page};
use crate::router::Answer;
use askama::Template;
use http::StatusCode;

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    frame: Frame,
}

pub(crate) async fn show(call: CertifiedCall) -> Answer {
    let institution = call.app.service.institution(&call.operation).await?;
    Ok(page(StatusCode::OK, &StartPage { frame: Frame::of_institution("システムの利用開始", &institution) }))
}
