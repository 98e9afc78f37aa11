//! 特定健診受診結果: check-ups side by side, on the screen and as a PDF.

use super::patient::{address, person};
use super::records::{problem, shown_pdf};
use crate::call::SessionCall;
use crate::frame::{Frame, page};
use crate::problem::Problem;
use crate::router::Answer;
use askama::Template;
use http::StatusCode;
use madoguchi_model::checkup::sheet::{CheckupSheet, LINE_HEIGHT, LINE_WIDTH, SheetRow};
use madoguchi_service::viewing::Purpose;

#[derive(Template)]
#[template(path = "checkups.html")]
struct CheckupsPage {
    frame: Frame,
    sheet: CheckupSheet,
    print: String,
    back: String,
}

pub(crate) async fn show(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let sheet = call.app.service.checkups(&call.session, person, Purpose::View).await?;
    let back = address(person);
    let print = format!("{back}/checkups.pdf");
    Ok(page(StatusCode::OK, &CheckupsPage { frame: call.frame(sheet.title), sheet, print, back }))
}

pub(crate) async fn print(call: SessionCall) -> Answer {
    let person = person(&call)?;
    let reports = call.app.reports.as_ref().map_err(|missing| Problem::NoFont(missing.to_string()))?;
    let sheet = call.app.service.checkups(&call.session, person, Purpose::Print).await?;
    let pdf = reports.checkups_async(sheet).await.map_err(problem)?;
    Ok(shown_pdf("checkups.pdf", pdf))
}

/// The points of a row's line as SVG wants them: `3,21 40,12`.
fn points(row: &SheetRow) -> String {
    row.line.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// The line for those who hear it read out: the values, the oldest first.
fn spoken(row: &SheetRow) -> String {
    let values = row.cells.iter().rev().filter(|cell| !cell.text.is_empty());
    format!("古い順に{}", values.map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_model::checkup::samples::{checkups, sheet};

    fn html(sheet: CheckupSheet) -> String {
        let (print, back) = ("/patients/0/checkups.pdf".to_owned(), "/patients/0".to_owned());
        CheckupsPage { frame: Frame::plain(sheet.title), sheet, print, back }.render().unwrap()
    }

    /// What the sheet says is on the screen, with its marks; layout is looked at in the browser tests.
    #[test]
    fn the_screen_shows_every_text_of_the_sheet() {
        let sheet = sheet(&checkups(), 2);
        let shown = html(sheet.clone());
        let mut texts = vec![sheet.created_on.clone(), sheet.person.name.clone(), sheet.notice.clone()];
        texts.extend(sheet.notes.clone());
        texts.extend(sheet.footnotes.iter().map(|note| (*note).to_owned()));
        for column in &sheet.columns {
            texts.extend([column.day.clone(), column.era.clone(), column.kind.to_owned(), column.performer.clone()]);
        }
        let (mut marks, mut lines) = (0, 0);
        for block in &sheet.blocks {
            texts.push(block.title.to_owned());
            for row in &block.rows {
                texts.extend([row.name.clone(), row.unit.clone(), row.reference.clone()]);
                texts.extend(row.code.clone());
                texts.extend(row.cells.iter().flat_map(|cell| [cell.text.clone(), cell.note.clone()]));
                marks += row.cells.iter().filter(|cell| cell.mark.is_some()).count();
                lines += usize::from(!row.line.is_empty());
            }
        }
        for text in texts {
            let escaped = askama::filters::escape(&text, askama::filters::Html).unwrap().to_string();
            assert!(shown.contains(&escaped), "{text}");
        }
        assert!(marks > 10 && lines > 10);
        assert_eq!(shown.matches("class=\"flag").count(), marks);
        assert_eq!(shown.matches("<polyline points=\"").count(), lines);
        assert!(shown.contains("<polyline points=\"3,21 "), "lines begin at the left");
        assert!(!shown.contains("style="), "the page's policy forbids it");
        assert_eq!(shown.matches("<h1>").count(), 1);
    }

    #[test]
    fn nothing_to_show_is_said() {
        let shown = html(sheet(&[], 0));
        assert!(shown.contains("閲覧できる特定健診の結果はありません") && !shown.contains("<table"));
    }
}
