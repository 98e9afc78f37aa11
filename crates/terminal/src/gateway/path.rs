//! Which of the server's paths a browser reaches through the terminal: the product's own screens and nothing else.

/// The first segment of every screen. A path is one of these or lies below one.
const SCREENS: &[&str] = &[
    "/start",
    "/login",
    "/logout",
    "/password",
    "/menu",
    "/notices",
    "/settings",
    "/accounts",
    "/master",
    "/patients",
    "/eligibility",
    "/bulk",
    "/reference-numbers",
    "/static",
    "/errors",
    "/docs",
    "/openapi.json",
    "/help",
];

/// Longer addresses are not ours.
const PATH_BYTES_MAX: usize = 2048;

/// Where files are uploaded, and the only place for more than a form.
pub(super) fn takes_files(path: &str) -> bool {
    path == "/bulk"
}

/// Whether the path may go to the server. Anything that two programs could read in two ways is refused.
pub(super) fn is_allowed(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX
        && !is_ambiguous(path)
        && (path == "/" || SCREENS.iter().any(|screen| is_at_or_below(path, screen)))
}

fn is_at_or_below(path: &str, screen: &str) -> bool {
    path.strip_prefix(screen).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_ambiguous(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["//", "\\", "%2e", "%2f", "%5c", "%00", ";"].iter().any(|text| lower.contains(text))
        || path.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_products_screens_pass() {
        for (path, allowed) in [
            ("/", true),
            ("/login", true),
            ("/patients/0197/list.pdf", true),
            ("/static/app.css", true),
            ("/bulk/20261123000000001/results.csv", true),
            ("/bulky", false),
            ("/errors/P0020", true),
            ("/docs/api", true),
            ("/openapi.json", true),
            ("/loginx", false),
            ("/reader/session", false),
            ("/metrics", false),
            ("/terminal/style.css", false),
            ("", false),
            ("login", false),
            ("//login", false),
            ("/login//x", false),
            ("/static/../reader/session", false),
            ("/static/./x", false),
            ("/static/%2e%2e/reader/session", false),
            ("/static/..%2Freader", false),
            ("/static/%5c..", false),
            ("/static/..\\reader", false),
            ("/login;jsessionid=1", false),
            ("/help/a..b", true),
        ] {
            assert_eq!(is_allowed(path), allowed, "{path}");
        }
        assert!(!is_allowed(&format!("/help/{}", "a".repeat(PATH_BYTES_MAX))));
    }
}
