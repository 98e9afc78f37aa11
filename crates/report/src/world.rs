//! What a template may see while it is compiled: itself, one file of data and the fonts. No files
//! of the machine, no packages, no clock.

use crate::fonts::Fonts;
use std::sync::Arc;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};

/// The template of all lists of care.
const CARE_LIST: &str = include_str!("../templates/care-list.typ");
/// The template of check-ups side by side.
const CHECKUPS: &str = include_str!("../templates/checkups.typ");
/// The template of an address for patients.
const ACCESS_URL: &str = include_str!("../templates/access-url.typ");
/// Under this name the template reads its data.
const DATA_PATH: &str = "/data.json";

/// What all documents share.
#[derive(Debug)]
pub(crate) struct Shop {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    care_list: Source,
    checkups: Source,
    access_url: Source,
    data_id: FileId,
    pub(crate) fonts: Fonts,
}

/// Which template a document is set in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Template {
    CareList,
    Checkups,
    AccessUrl,
}

/// The world of one document.
pub(crate) struct Sheet {
    pub(crate) shop: Arc<Shop>,
    pub(crate) template: Template,
    pub(crate) data: Bytes,
}

impl Shop {
    pub(crate) fn new(fonts: Fonts) -> Self {
        // Row headers of the person box exist behind this feature only.
        let features = [Feature::A11yExtras].into_iter().collect();
        Self {
            library: LazyHash::new(Library::builder().with_features(features).build()),
            book: LazyHash::new(FontBook::from_fonts(&fonts.faces)),
            care_list: Source::new(file_id("/care-list.typ"), CARE_LIST.to_owned()),
            checkups: Source::new(file_id("/checkups.typ"), CHECKUPS.to_owned()),
            access_url: Source::new(file_id("/access-url.typ"), ACCESS_URL.to_owned()),
            data_id: file_id(DATA_PATH),
            fonts,
        }
    }
}

impl Sheet {
    fn template(&self) -> &Source {
        match self.template {
            Template::CareList => &self.shop.care_list,
            Template::Checkups => &self.shop.checkups,
            Template::AccessUrl => &self.shop.access_url,
        }
    }
}

impl World for Sheet {
    fn library(&self) -> &LazyHash<Library> {
        &self.shop.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shop.book
    }

    fn main(&self) -> FileId {
        self.template().id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template().id() { Ok(self.template().clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.shop.data_id { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shop.fonts.faces.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn file_id(path: &'static str) -> FileId {
    let path = VirtualPath::new(path).expect("a constant path below the root is valid");
    RootedPath::new(VirtualRoot::Project, path).intern()
}
