//! From a composed list to the bytes of a PDF, with bounds on rows, on bytes and on how many
//! documents are made at a time.

use crate::fonts::{FontChoice, Fonts, NoJapaneseFont};
use crate::legible::make_legible;
use crate::qr;
use crate::world::{Sheet, Shop, Template};
use madoguchi_model::checkup::sheet::CheckupSheet;
use madoguchi_model::day::Timestamp;
use madoguchi_model::listing::CareList;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;
use typst::comemo;
use typst::diag::SourceDiagnostic;
use typst::ecow::EcoVec;
use typst::foundations::{Bytes, Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// Rows of one document at most, about 150 pages: nobody reads more, and setting it takes seconds.
pub const ROWS_MAX: usize = 3_000;
/// Bytes of one document's data at most; 3,000 ordinary rows have about 1 MB.
const DATA_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Documents that are made or wait at a time; the next one is refused, for its reader would wait too long.
const WAITING_MAX: usize = 64;
/// How long a document waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Japan is nine hours ahead of UTC.
const JAPAN_MINUTES: i32 = 9 * 60;

/// Makes PDF reports. Cheap to clone; made once at start.
#[derive(Debug, Clone)]
pub struct Reports {
    shop: Arc<Shop>,
    waiting: Arc<Semaphore>,
    working: Arc<Semaphore>,
}

/// Why there is no PDF. `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// The list is longer than [`ROWS_MAX`].
    #[error("一覧が{rows}行あり、PDFにできる{ROWS_MAX}行を超えています。診療年月の範囲を狭めてください")]
    TooManyRows {
        /// Rows of the list.
        rows: usize,
    },
    /// The texts of the list are too long.
    #[error("一覧の文字が多すぎるため、PDFにできません。診療年月の範囲を狭めてください")]
    TooMuchText,
    /// Too many documents are being made.
    #[error("PDFの作成が混み合っています。しばらくしてからもう一度お試しください")]
    Busy,
    /// The template or the engine failed.
    #[error("PDFを作れませんでした。画面での閲覧はそのまま使えます")]
    Failed {
        /// What the engine said, for those who mend the template. It may quote data: not for logs.
        diagnostic: String,
    },
}

impl Reports {
    /// Looks for fonts. Blocks for the time of reading them (some 30 MB).
    ///
    /// # Errors
    /// When there is no Japanese font; the message says what to install.
    pub fn new(choice: &FontChoice) -> Result<Self, NoJapaneseFont> {
        let at_a_time = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            shop: Arc::new(Shop::new(Fonts::find(choice)?)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            working: Arc::new(Semaphore::new(at_a_time)),
        })
    }

    /// The families that documents are set in, the preferred one first.
    #[must_use]
    pub fn font_families(&self) -> &[String] {
        &self.shop.fonts.families
    }

    /// The list as PDF. The same list gives the same bytes. Computes for tens of milliseconds:
    /// on an async thread use [`Reports::pdf_async`].
    ///
    /// # Errors
    /// When the list is too long or the engine fails.
    pub fn pdf(&self, list: &CareList) -> Result<Vec<u8>, ReportError> {
        let rows = list.row_count();
        if rows > ROWS_MAX {
            return Err(ReportError::TooManyRows { rows });
        }
        self.set(Template::CareList, list, list.created)
    }

    /// Check-ups side by side as PDF; otherwise as [`Reports::pdf`].
    ///
    /// # Errors
    /// As [`Reports::pdf`].
    pub fn checkups(&self, sheet: &CheckupSheet) -> Result<Vec<u8>, ReportError> {
        let rows = sheet.row_count();
        if rows > ROWS_MAX {
            return Err(ReportError::TooManyRows { rows });
        }
        self.set(Template::Checkups, sheet, sheet.created)
    }

    /// A page with the QR code of an address; `title` says what patients find there.
    ///
    /// # Errors
    /// When the address is too long for a QR code, or the engine fails.
    pub fn access_url(
        &self,
        institution: &str,
        title: &str,
        url: &str,
        created: Timestamp,
    ) -> Result<Vec<u8>, ReportError> {
        let drawing = qr::drawing(url)?;
        let page = json!({ "institution": institution, "title": title, "url": url, "drawing": drawing });
        self.set(Template::AccessUrl, &page, created)
    }

    /// As [`Reports::access_url`], on a thread for blocking work.
    ///
    /// # Errors
    /// As [`Reports::pdf_async`].
    pub async fn access_url_async(
        &self,
        institution: String,
        title: String,
        url: String,
        created: Timestamp,
    ) -> Result<Vec<u8>, ReportError> {
        self.in_turn(move |reports| reports.access_url(&institution, &title, &url, created)).await
    }

    fn set(&self, template: Template, content: &impl Serialize, created: Timestamp) -> Result<Vec<u8>, ReportError> {
        let data = self.data(content)?;
        let options = options(created, &data)?;
        let sheet = Sheet { shop: Arc::clone(&self.shop), template, data: Bytes::from_string(data) };
        let made = typst::compile::<PagedDocument>(&sheet)
            .output
            .and_then(|document| typst_pdf::pdf(&document, &options))
            .map_err(failed);
        // What the engine remembers of this document is of no use for the next, and it is a patient's.
        comemo::evict(0);
        made
    }

    /// As [`Reports::pdf`], on a thread for blocking work, with as many documents at a time as there are cores.
    ///
    /// # Errors
    /// As [`Reports::pdf`], and when too many others wait.
    pub async fn pdf_async(&self, list: CareList) -> Result<Vec<u8>, ReportError> {
        self.in_turn(move |reports| reports.pdf(&list)).await
    }

    /// As [`Reports::checkups`], on a thread for blocking work.
    ///
    /// # Errors
    /// As [`Reports::pdf_async`].
    pub async fn checkups_async(&self, sheet: CheckupSheet) -> Result<Vec<u8>, ReportError> {
        self.in_turn(move |reports| reports.checkups(&sheet)).await
    }

    async fn in_turn(
        &self,
        make: impl FnOnce(&Self) -> Result<Vec<u8>, ReportError> + Send + 'static,
    ) -> Result<Vec<u8>, ReportError> {
        let _place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| ReportError::Busy)?;
        let turn = Arc::clone(&self.working).acquire_owned();
        let turn = tokio::time::timeout(WAIT_MAX, turn).await.map_err(|_| ReportError::Busy)?;
        let turn = turn.map_err(|_| ReportError::Busy)?;
        let reports = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also when nobody waits for its result any more.
            let _turn = turn;
            make(&reports)
        });
        work.await.unwrap_or_else(|_| Err(ReportError::Failed { diagnostic: "the engine stopped".to_owned() }))
    }

    /// The data file of the template: the content and the fonts.
    fn data(&self, content: &impl Serialize) -> Result<String, ReportError> {
        let mut list: Value =
            serde_json::to_value(content).map_err(|error| ReportError::Failed { diagnostic: error.to_string() })?;
        let replaced = make_legible(&mut list, &self.shop.fonts);
        let data = json!({ "list": list, "fonts": self.shop.fonts.families, "replaced": replaced }).to_string();
        if data.len() > DATA_BYTES_MAX { Err(ReportError::TooMuchText) } else { Ok(data) }
    }
}

/// Tagged PDF for PDF/UA-1, with an identity that follows from the content alone.
fn options(created: Timestamp, data: &str) -> Result<PdfOptions, ReportError> {
    let standards = PdfStandards::new(&[PdfStandard::Ua_1])
        .map_err(|error| ReportError::Failed { diagnostic: error.message().to_string() })?;
    Ok(PdfOptions {
        // Only a hash of it gets into the file.
        ident: Smart::Custom(data.to_owned()),
        creator: Smart::Custom(Some("Madoguchi".to_owned())),
        timestamp: timestamp(created),
        page_ranges: None,
        standards,
        tagged: true,
        pretty: false,
    })
}

fn timestamp(created: Timestamp) -> Option<typst_pdf::Timestamp> {
    let wire = created.wire();
    let two = |at: usize| wire.get(at..at + 2)?.parse::<u8>().ok();
    let year = wire.get(..4)?.parse().ok()?;
    let local = Datetime::from_ymd_hms(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?)?;
    typst_pdf::Timestamp::new_local(local, JAPAN_MINUTES)
}

fn failed(diagnostics: EcoVec<SourceDiagnostic>) -> ReportError {
    let messages = diagnostics.iter().map(|diagnostic| diagnostic.message.to_string());
    ReportError::Failed { diagnostic: messages.collect::<Vec<_>>().join("; ") }
}
