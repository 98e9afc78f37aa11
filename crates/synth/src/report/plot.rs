//! A plot of bars as SVG: the published figure and the world's side by side, readable without colours and aloud.

use super::Comparison;

const ROW_HEIGHT: f64 = 26.0;
const LABEL_WIDTH: f64 = 150.0;
const BAR_WIDTH: f64 = 420.0;
const NUMBER_WIDTH: f64 = 70.0;
const TOP: f64 = 26.0;

/// One plot of the rows of one subject; `id` is that of no other plot of the page.
pub(super) fn bars(id: &str, rows: &[Comparison]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let most = rows.iter().flat_map(|row| [row.published, row.generated]).fold(f64::EPSILON, f64::max);
    let (width, height) = (LABEL_WIDTH + BAR_WIDTH + NUMBER_WIDTH, TOP + ROW_HEIGHT * rows.len() as f64 + 6.0);
    let (subject, unit) = (first.subject, first.unit);
    let mut svg = format!(
        "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n<title id=\"{id}-title\">{subject}</title>\n<desc id=\"{id}-desc\">{}</desc>\n",
        description(rows)
    );
    svg.push_str(&format!(
        "<rect class=\"published\" x=\"{LABEL_WIDTH}\" y=\"6\" width=\"12\" height=\"8\"/><text x=\"{}\" y=\"14\">公表値</text>\
         <rect class=\"generated\" x=\"{}\" y=\"6\" width=\"12\" height=\"8\"/><text x=\"{}\" y=\"14\">合成（{unit}）</text>\n",
        LABEL_WIDTH + 18.0,
        LABEL_WIDTH + 80.0,
        LABEL_WIDTH + 98.0,
    ));
    for (place, row) in rows.iter().enumerate() {
        let y = TOP + ROW_HEIGHT * place as f64;
        svg.push_str(&format!(
            "<text class=\"label\" x=\"{}\" y=\"{:.1}\">{}</text>",
            LABEL_WIDTH - 8.0,
            y + 15.0,
            row.what
        ));
        for (class, value, offset) in [("published", row.published, 2.0), ("generated", row.generated, 12.0)] {
            let length = BAR_WIDTH * value.max(0.0) / most;
            svg.push_str(&format!(
                "<rect class=\"{class}\" x=\"{LABEL_WIDTH}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"9\"/>\
                 <text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                y + offset,
                LABEL_WIDTH + length + 5.0,
                y + offset + 8.5,
                number(value)
            ));
        }
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

/// What the plot shows, in words.
fn description(rows: &[Comparison]) -> String {
    let one =
        |row: &Comparison| format!("{}：公表値{}、合成{}", row.what, number(row.published), number(row.generated));
    rows.iter().map(one).collect::<Vec<_>>().join("。")
}

/// Three significant digits or so.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        ..1.0 => format!("{value:.3}"),
        1.0..100.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}
