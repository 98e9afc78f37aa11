//! The start page of a demo (はじめのページ): links to every terminal and card reader, with the
//! accounts and cards that go with them. Loopback only, plain HTTP, and never part of `serve`.

use crate::asset;
use crate::frame::{self, Frame};
use crate::header::secured;
use crate::inspector::{self, Exchanges};
use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HOST};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Host name of the start page.
const HOST_NAME: &str = "madoguchi.localhost";

/// What the start page shows.
#[derive(Debug, Clone, Default)]
pub struct HomePage {
    /// The demo's date, as it is shown.
    pub today: String,
    /// URL for people with a certificate of their own.
    pub server: String,
    /// URL for machines.
    pub api: String,
    /// Institutions with their terminals.
    pub institutions: Vec<HomeInstitution>,
    /// Virtual cards.
    pub cards: Vec<HomeCard>,
}

/// An institution on the start page.
#[derive(Debug, Clone)]
pub struct HomeInstitution {
    /// 医療機関コード.
    pub code: String,
    /// Name.
    pub name: String,
    /// 医科, 歯科, 薬局 or 訪問看護.
    pub kind: &'static str,
    /// URL of its terminal.
    pub terminal: String,
    /// URL of its card reader page.
    pub kiosk: String,
    /// URL of its viewer terminal.
    pub viewer: Option<String>,
    /// Root of its folders for programs.
    pub folders: String,
    /// Path of its certificate for browsers.
    pub client_p12: String,
    /// Password of that file.
    pub client_p12_password: String,
    /// Its accounts.
    pub accounts: Vec<HomeAccount>,
}

/// An account on the start page.
#[derive(Debug, Clone)]
pub struct HomeAccount {
    /// Kind, in Japanese.
    pub kind: &'static str,
    /// ユーザID.
    pub user_id: String,
    /// Password.
    pub password: String,
    /// 秘密番号.
    pub secret_number: Option<String>,
}

/// A card on the start page.
#[derive(Debug, Clone)]
pub struct HomeCard {
    /// Whose card.
    pub name: String,
    /// 暗証番号.
    pub pin: String,
    /// The case that the person plays.
    pub story: String,
    /// 生年月日, as it is shown.
    pub birthdate: String,
    /// 保険者番号, 記号, 番号 and 枝番, as they are shown.
    pub numbers: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate {
    frame: Frame,
    page: HomePage,
}

type Shown = Arc<RwLock<HomePage>>;

/// The running start page.
#[derive(Debug)]
pub struct Home {
    address: SocketAddr,
    shown: Shown,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Home {
    /// Listens on loopback, with the pages of the inspector beside the start page.
    ///
    /// # Errors
    /// An address that is not loopback, or that cannot be listened on.
    pub async fn start(address: SocketAddr, exchanges: Exchanges) -> std::io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(std::io::Error::other("はじめのページは、この機械の中（127.0.0.1）だけで開けます"));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shown = Shown::default();
        let router = Router::new()
            .route("/", get(page))
            .route("/static/madoguchi.css", get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], asset::STYLE)))
            .route("/static/madoguchi.svg", get(async || ([(CONTENT_TYPE, "image/svg+xml")], asset::ICON)))
            .with_state(Arc::clone(&shown))
            .merge(inspector::routes(exchanges))
            .layer(from_fn(own_host_only));
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            let _sender_dropped = stopped.await;
        });
        let task = tokio::spawn(async {
            if let Err(error) = serve.await {
                tracing::error!(%error, "the start page stopped");
            }
        });
        Ok(Self { address, shown, stop, task })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{HOST_NAME}:{}/", self.address.port())
    }

    /// Shows this from now on.
    pub fn show(&self, page: HomePage) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = page;
    }

    /// Stops listening.
    pub async fn shutdown(self) {
        let _already_stopped = self.stop.send(());
        let _panicked = self.task.await;
    }
}

async fn page(State(shown): State<Shown>) -> Response {
    let page = shown.read().unwrap_or_else(PoisonError::into_inner).clone();
    frame::page(StatusCode::OK, &HomeTemplate { frame: Frame::plain("はじめのページ"), page })
}

/// A page of passwords answers to its own name only, so that no other site reads it by a rebound name.
async fn own_host_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    if name == HOST_NAME || name == "localhost" || name == "127.0.0.1" {
        return secured(next.run(request).await);
    }
    (StatusCode::MISDIRECTED_REQUEST, "このアドレスでは開けません").into_response()
}
