//! The kiosk: the touch page of the card reader (顔認証付きカードリーダーの代役), with a drawer of virtual cards.
//!
//! Every screen is a page with forms; it works without scripts. A press is a POST that answers with a redirect to the
//! pass's one page. What a press means is decided in `flow`, whether it still counts in `desk`. Nothing about a patient
//! outlives the pass.

mod cards;
mod desk;
mod flow;
mod identify;
mod page;
mod press;
mod text;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use http::{Request, Response};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::notice::{self, Notice};
use crate::reader::Reader;
use crate::same_origin;
use cards::Drawer;
use desk::{Desk, Gone};
use flow::Effect;
use page::Again;
use press::{Press, PressForm};

/// A form of the kiosk is a few short fields.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// Longer searches find nothing.
const SEARCH_CHARACTERS_MAX: usize = 40;

/// The kiosk of one institution.
pub(crate) struct Kiosk {
    router: Router,
}

struct Inner {
    reader: Reader,
    drawer: Drawer,
    desk: Mutex<Desk>,
    /// Rung when the server has closed a pass, as its result then waits there for the folder agent.
    bell: Arc<Notify>,
}

#[derive(Deserialize)]
struct Placed {
    card: String,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    name: String,
    idle: Option<String>,
}

impl Kiosk {
    pub(crate) fn new(reader: Reader, cards: Option<PathBuf>, bell: Arc<Notify>) -> Self {
        let inner = Arc::new(Inner { reader, drawer: Drawer::new(cards), desk: Mutex::default(), bell });
        log_in_early(&inner);
        let router = Router::new()
            .route("/", get(wait))
            .route("/card", post(place))
            .route("/pass/{id}", get(show).post(press))
            .route(notice::STYLE_PATH, get(|| async { notice::style() }))
            .route(page::STYLE_PATH, get(|| async { page::style() }))
            .route(page::SCRIPT_PATH, get(|| async { page::script() }))
            .fallback(|| async { Notice::PageUnknown.page() })
            .method_not_allowed_fallback(|| async { Notice::MethodUnknown.page() })
            .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
            .with_state(inner);
        Self { router }
    }

    /// Answers one request. `host` is its Host header, known to be the kiosk's.
    pub(crate) async fn answer(&self, request: Request<Incoming>, host: &str) -> Response<Body> {
        if !same_origin::is_own(request.method(), request.headers(), host) {
            return Notice::ForeignForm.page();
        }
        self.router.clone().oneshot(request.map(Body::new)).await.into_response()
    }
}

/// The reader's account logs in at the start, so that the first patient need not wait for it.
fn log_in_early(inner: &Arc<Inner>) {
    let inner = Arc::clone(inner);
    tokio::spawn(async move {
        if let Err(fault) = inner.reader.institution().await {
            tracing::warn!(reason = %text::not_usable(&fault).reason, "the kiosk cannot be used yet");
        }
    });
}

/// 待受.
async fn wait(Shared(kiosk): Shared<Arc<Inner>>, Query(wanted): Query<Wanted>) -> Response<Body> {
    kiosk.desk().tidy(Instant::now());
    let institution = match kiosk.reader.institution().await {
        Ok(institution) => institution,
        Err(fault) => return page::not_usable(text::not_usable(&fault)),
    };
    let name: String = wanted.name.trim().chars().take(SEARCH_CHARACTERS_MAX).collect();
    let (searching, searched) = (Arc::clone(&kiosk), name.clone());
    let found = tokio::task::spawn_blocking(move || searching.drawer.show(&searched)).await;
    match found.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(shown) => page::wait(&institution, shown, name, wanted.idle.is_some()),
        Err(error) => {
            tracing::warn!(%error, "the folder of cards cannot be read");
            page::not_usable(text::no_drawer())
        }
    }
}

/// A card is put on the reader.
async fn place(Shared(kiosk): Shared<Arc<Inner>>, form: Result<Form<Placed>, FormRejection>) -> Response<Body> {
    let Ok(Form(placed)) = form else { return Notice::BodyIncomplete.page() };
    let searching = Arc::clone(&kiosk);
    let found = tokio::task::spawn_blocking(move || searching.drawer.file_of(&placed.card)).await;
    let Some(file) = found.ok().flatten() else { return to("/") };
    let id = format!("{:032x}", rand::random::<u128>());
    kiosk.desk().begin(id.clone(), file, Instant::now());
    to_pass(&id)
}

/// The page on which the pass stands.
async fn show(Shared(kiosk): Shared<Arc<Inner>>, Path(id): Path<String>) -> Response<Body> {
    let found = kiosk.desk().find(&id, Instant::now()).cloned();
    match found {
        Ok(flow) => {
            let institution = kiosk.reader.institution().await.map(|institution| institution.name).unwrap_or_default();
            page::flow(&institution, &flow)
        }
        Err(gone) => away(gone),
    }
}

/// Something was pressed on a page of the pass.
async fn press(
    Shared(kiosk): Shared<Arc<Inner>>,
    Path(id): Path<String>,
    form: Result<Form<PressForm>, FormRejection>,
) -> Response<Body> {
    let Some((page, press)) = form.ok().and_then(|Form(form)| form.read()) else {
        return Notice::BodyIncomplete.page();
    };
    let event = match press {
        Press::End => {
            kiosk.desk().end(&id, page);
            return to("/");
        }
        Press::Event(event) => event,
    };
    let pressed = kiosk.desk().press(&id, page, event, Instant::now());
    match pressed {
        Ok(None) => to_pass(&id),
        Ok(Some(effect)) => {
            // In a task of its own: a browser that goes away, or a second press, must not cut it in the middle.
            let _ = tokio::spawn(Arc::clone(&kiosk).carry_out(id.clone(), effect)).await;
            to_pass(&id)
        }
        Err(gone) => away(gone),
    }
}

impl Inner {
    async fn carry_out(self: Arc<Self>, id: String, effect: Effect) {
        let mut next = Some(effect);
        while let Some(effect) = next {
            let card = self.desk().find(&id, Instant::now()).map(|flow| flow.card.clone());
            let Ok(card) = card else { return };
            let event = identify::perform(&self.reader, card, effect).await;
            if event.ends_the_pass() {
                self.bell.notify_one();
            }
            // A pass that was superseded in the meantime wants to know nothing more.
            next = self.desk().report(&id, event, Instant::now()).unwrap_or(None);
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn away(gone: Gone) -> Response<Body> {
    match gone {
        Gone::Idle => to("/?idle=1"),
        Gone::Replaced => page::again(Again::replaced()),
    }
}

fn to_pass(id: &str) -> Response<Body> {
    to(&format!("/pass/{id}"))
}

fn to(path: &str) -> Response<Body> {
    Redirect::to(path).into_response()
}
