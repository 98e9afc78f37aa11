//! Whether a form was sent by one of our own pages (CSRF), by what the browser says of itself.
//!
//! Every current browser sends `Sec-Fetch-Site`; older ones send `Origin` with every POST. A program
//! that is no browser sends neither, and no other site can make it send a form.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::uri::Authority;

/// Whether the request may come from our own page.
pub(crate) fn is_own(headers: &HeaderMap, authority: Option<&Authority>) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let host = authority.map(Authority::as_str).or_else(|| headers.get(HOST)?.to_str().ok());
    match (origin.to_str().ok().and_then(|text| text.strip_prefix("https://")), host) {
        (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn check(list: &[(&'static str, &'static str)], expected: bool) {
        let headers: HeaderMap =
            list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        assert_eq!(is_own(&headers, None), expected, "{list:?}");
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "null")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("host", "a:1"), ("origin", "https://a:1")], true);
        check(&[("host", "a:1"), ("origin", "https://a:2")], false);
        check(&[("host", "a:1"), ("origin", "http://a:1")], false);
        check(&[("host", "a:1"), ("origin", "null")], false);
        check(&[("host", "a:1")], true);
    }

    #[test]
    fn http2_names_the_host_in_the_address() {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, "https://server:8443".parse().unwrap());
        assert!(is_own(&headers, Some(&Authority::from_static("server:8443"))));
        assert!(!is_own(&headers, Some(&Authority::from_static("other:8443"))));
    }
}
