//! Whether a form was sent by this terminal's own page.
//!
//! Any page that is open in the same browser can send a form to a loopback address; the browser says where it came from.
//! It deliberately does not replace the server's CSRF tokens: it stops such requests before they leave the desk.

use http::header::ORIGIN;
use http::{HeaderMap, Method};

/// `host` is the request's own Host header, already known to be ours.
pub(crate) fn is_own(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    if !matches!(*method, Method::POST) {
        return true;
    }
    let fetched_from = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if fetched_from.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return false;
    }
    match headers.get(ORIGIN).map(|value| value.as_bytes()) {
        None => true,
        // A page with `Referrer-Policy: no-referrer` sends `null` even to itself; then the browser's own word counts.
        Some(b"null") => fetched_from == Some(b"same-origin"),
        Some(origin) => origin.eq_ignore_ascii_case(format!("http://{host}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, headers: &[(&'static str, &'static str)], own: bool) {
        let map = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect();
        assert_eq!(is_own(&method, &map, "1312345678.localhost:9000"), own, "{method} {headers:?}");
    }

    #[test]
    fn a_form_of_another_origin_is_not_ours() {
        check(Method::POST, &[("origin", "http://1312345678.localhost:9000")], true);
        check(Method::POST, &[("origin", "http://1312345678.localhost:9001")], false);
        check(Method::POST, &[("origin", "https://1312345678.localhost:9000")], false);
        check(Method::POST, &[("origin", "http://1312345679.localhost:9000")], false);
        check(Method::POST, &[("origin", "http://kiosk-1312345678.localhost:9000")], false);
        check(Method::POST, &[("origin", "null")], false);
        check(Method::POST, &[("origin", "null"), ("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[("sec-fetch-site", "same-site")], false);
        check(Method::POST, &[("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[], true);
    }

    #[test]
    fn following_a_link_is_always_allowed() {
        check(Method::GET, &[("sec-fetch-site", "cross-site")], true);
    }
}
