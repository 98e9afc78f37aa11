//! A list of 60 rows as PDF beside the least that the engine takes: `cargo bench -p madoguchi-report`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use madoguchi_measure::{Board, Limit, Work};
use madoguchi_model::listing::samples::Sample;
use madoguchi_report::{FontChoice, Reports};
use std::path::{Path, PathBuf};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, comemo};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

const ROWS: usize = 60;

fn main() {
    let Some(board) = Board::open("pdf") else { return };
    let (Ok(reports), Some(line)) = (Reports::new(&FontChoice::system()), OneLine::new()) else {
        println!("no Japanese font: the PDF is not measured");
        return;
    };
    let list = Sample::long(ROWS).list();
    assert_eq!(list.entries.iter().flatten().map(|group| group.rows.len()).sum::<usize>(), ROWS);
    let nobody = Sample::nobody().list();
    println!("a PDF of {ROWS} rows has {} bytes", reports.pdf(&list).unwrap().len());
    board.compare(
        "Viewing: 60 rows as PDF",
        &[Work { amount: 1.0, unit: "documents" }],
        &mut || drop(reports.pdf(&list).unwrap()),
        &mut [
            Limit { name: "the same engine with one line of Japanese, not tagged", run: &mut || drop(line.pdf()) },
            Limit { name: "the same list with no rows", run: &mut || drop(reports.pdf(&nobody).unwrap()) },
        ],
    );
}

/// A document of one line in one font.
struct OneLine {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    font: Font,
    source: Source,
}

impl OneLine {
    fn new() -> Option<Self> {
        let file = japanese_font(Path::new("/usr/share/fonts"))?;
        let font = Font::new(Bytes::new(std::fs::read(file).ok()?), 0)?;
        Some(Self {
            library: LazyHash::new(Library::builder().build()),
            book: LazyHash::new(FontBook::from_fonts([&font])),
            source: Source::detached(format!("#set text(font: {:?})\n診療／薬剤情報一覧", font.info().family)),
            font,
        })
    }

    fn pdf(&self) -> Vec<u8> {
        let document = typst::compile::<PagedDocument>(self).output.unwrap();
        let pdf = typst_pdf::pdf(&document, &PdfOptions { tagged: false, ..PdfOptions::default() }).unwrap();
        comemo::evict(0);
        pdf
    }
}

impl World for OneLine {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _id: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, _index: usize) -> Option<Font> {
        Some(self.font.clone())
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// A regular face that the reports prefer too.
fn japanese_font(folder: &Path) -> Option<PathBuf> {
    const NAMES: [&str; 3] = ["BIZUDPGothic-Regular.ttf", "BIZUDGothic-Regular.ttf", "NotoSansCJK-Regular.ttc"];
    let paths: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    let named = |path: &&PathBuf| path.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known));
    paths.iter().find(named).cloned().or_else(|| paths.iter().find_map(|path| japanese_font(path)))
}
