//! The page: for each subject a plot and a table, all in one file.

use super::Comparison;
use super::plot::{bars, number};

const STYLE: &str = "\
:root{color-scheme:light dark;--published:#8a8f98;--generated:#1f6feb;--line:#c5c9d0}\
@media(prefers-color-scheme:dark){:root{--published:#9aa0aa;--generated:#5aa0ff;--line:#444a55}}\
body{font-family:'Noto Sans JP','Noto Sans CJK JP',sans-serif;line-height:1.7;max-width:60rem;margin:2rem auto;padding:0 1rem}\
svg{max-width:100%;height:auto}svg text{font-size:11px;fill:currentColor}.label{text-anchor:end}.number{font-size:9px}\
rect.published{fill:var(--published)}rect.generated{fill:var(--generated)}\
table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid var(--line);padding:.15rem .6rem;text-align:right}\
th[scope=row],td.what{text-align:left}nav ul{columns:2}";

/// The whole page.
pub(super) fn html(plan: &str, rows: &[Comparison]) -> String {
    let subjects: Vec<&[Comparison]> = rows.chunk_by(|one, next| one.subject == next.subject).collect();
    let missed = rows.iter().filter(|row| !row.holds()).count();
    let verdict = if missed == 0 {
        format!("{}項目のすべてが許容差の範囲にあります。", rows.len())
    } else {
        format!("{}項目のうち{missed}項目が許容差を超えています（表の「判定」が×の行）。", rows.len())
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>合成人口の分布</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>合成人口の分布</h1>\n\
         <p>合成した人口と医療の利用を、公表されている全国の値（2022～2024年、概数）と比べます。人物、医療機関等はすべて架空です。</p>\n\
         <p>条件：<code>{plan}</code></p>\n<p><strong>{verdict}</strong></p>\n<nav aria-label=\"目次\">\n<ul>\n"
    );
    for (place, subject) in subjects.iter().enumerate() {
        page.push_str(&format!("<li><a href=\"#s{place}\">{}</a></li>\n", subject[0].subject));
    }
    page.push_str("</ul>\n</nav>\n");
    for (place, subject) in subjects.iter().enumerate() {
        let head = &subject[0];
        page.push_str(&format!("<section id=\"s{place}\">\n<h2>{}</h2>\n<p>{}</p>\n", head.subject, head.unit));
        page.push_str(&bars(&format!("plot{place}"), subject));
        page.push_str(&table(subject));
        page.push_str("</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn table(rows: &[Comparison]) -> String {
    let mut table = "<table>\n<thead><tr><th scope=\"col\">項目</th><th scope=\"col\">公表値</th><th scope=\"col\">合成</th>\
                     <th scope=\"col\">差</th><th scope=\"col\">許容差</th><th scope=\"col\">判定</th></tr></thead>\n<tbody>\n"
        .to_owned();
    for row in rows {
        let difference = row.generated - row.published;
        let sign = if difference < 0.0 { "−" } else { "＋" };
        table.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{sign}{}</td><td>±{}</td><td>{}</td></tr>\n",
            row.what,
            number(row.published),
            number(row.generated),
            number(difference.abs()),
            number(row.tolerance),
            if row.holds() { "○" } else { "×" },
        ));
    }
    table.push_str("</tbody>\n</table>\n");
    table
}
