//! Headers on their way through the terminal: which pass, and how cookies, origins and redirects change.
//!
//! The server speaks to `https://server`, the browser to `http://<code>.localhost`; each sees its own address only.
//! Security headers of the server are left as they are.

use http::header::{CONNECTION, COOKIE, HeaderName, HeaderValue, LOCATION, ORIGIN, SET_COOKIE};
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// The server's session cookie.
const SERVER_COOKIE: &str = "__Host-madoguchi";
/// Longer than any session token.
const COOKIE_VALUE_BYTES_MAX: usize = 1024;

/// What a browser may tell the server. Everything else (X-Forwarded-*, Authorization, hop-by-hop) stays here.
const REQUEST_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "if-modified-since",
    "if-none-match",
    "range",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "user-agent",
    "x-csrf-token",
    "x-requested-with",
];

/// What belongs to one connection (RFC 9110 §7.6.1), or names an address that this browser must not go to.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "alt-svc",
];

/// The session cookie's name on loopback. Cookies ignore ports, so it carries the institution's code.
pub(super) fn browser_cookie(institution: &str) -> String {
    format!("madoguchi-{institution}")
}

/// The browser's headers as the server gets them.
pub(super) fn upward(from: &HeaderMap, cookie_name: &str, server: &Authority) -> HeaderMap {
    let mut to = HeaderMap::new();
    for name in REQUEST_HEADERS {
        if let Some(value) = from.get(*name) {
            to.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if from.contains_key(ORIGIN)
        && let Ok(origin) = HeaderValue::from_str(&format!("https://{server}"))
    {
        to.insert(ORIGIN, origin);
    }
    if let Some(cookie) = session_cookie(from, cookie_name) {
        to.insert(COOKIE, cookie);
    }
    to
}

/// The server's headers as the browser gets them. `host` is the browser's name for this terminal.
pub(super) fn downward(from: &HeaderMap, cookie_name: &str, server: &Authority, host: &str) -> HeaderMap {
    let named: Vec<String> = from
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let mut to = HeaderMap::with_capacity(from.len());
    for (name, value) in from {
        let stays = CONNECTION_HEADERS.contains(&name.as_str()) || named.iter().any(|other| other == name.as_str());
        let changed = match *name {
            _ if stays => None,
            SET_COOKIE => renamed_cookie(value, cookie_name),
            LOCATION => own_location(value, server, host),
            _ => Some(value.clone()),
        };
        if let Some(value) = changed {
            to.append(name, value);
        }
    }
    to
}

/// The one cookie that passes, under the server's name.
fn session_cookie(headers: &HeaderMap, cookie_name: &str) -> Option<HeaderValue> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let value = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == cookie_name && is_cookie_value(value)).then_some(value))?;
    HeaderValue::from_str(&format!("{SERVER_COOKIE}={value}")).ok()
}

/// The session cookie for plain http on loopback; any other cookie is dropped.
fn renamed_cookie(value: &HeaderValue, cookie_name: &str) -> Option<HeaderValue> {
    let mut parts = value.to_str().ok()?.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    if name != SERVER_COOKIE || !is_cookie_value(value) {
        return None;
    }
    let mut cookie = format!("{cookie_name}={value}; Path=/; HttpOnly; SameSite=Strict");
    for attribute in parts {
        let name = attribute.split('=').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("max-age") || name.eq_ignore_ascii_case("expires") {
            cookie.push_str("; ");
            cookie.push_str(attribute);
        }
    }
    HeaderValue::from_str(&cookie).ok()
}

fn is_cookie_value(value: &str) -> bool {
    value.len() <= COOKIE_VALUE_BYTES_MAX
        && value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'))
}

/// A redirect within the product, without host. One that leads elsewhere is dropped.
fn own_location(value: &HeaderValue, server: &Authority, host: &str) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    if text.starts_with("//") || text.contains('\\') {
        return None;
    }
    let uri: Uri = text.parse().ok()?;
    let Some(authority) = uri.authority() else {
        return (text.starts_with('/') && uri.scheme().is_none()).then(|| value.clone());
    };
    let ours = authority == server || authority.as_str().eq_ignore_ascii_case(host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if ours { HeaderValue::from_str(path).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE_NAME: &str = "madoguchi-1312345678";
    const HOST: &str = "1312345678.localhost:9000";

    fn server() -> Authority {
        "server.example:8443".parse().unwrap()
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn check_up(from: &[(&'static str, &'static str)], to: &[(&'static str, &'static str)]) {
        assert_eq!(upward(&headers(from), COOKIE_NAME, &server()), headers(to), "{from:?}");
    }

    fn check_down(from: &[(&'static str, &'static str)], to: &[(&'static str, &'static str)]) {
        assert_eq!(downward(&headers(from), COOKIE_NAME, &server(), HOST), headers(to), "{from:?}");
    }

    #[test]
    fn only_this_institutions_session_cookie_goes_up() {
        check_up(&[("cookie", "other=1; madoguchi-1312345678=abc; x=y")], &[("cookie", "__Host-madoguchi=abc")]);
        check_up(&[("cookie", "madoguchi-1312345679=abc")], &[]);
        check_up(&[("cookie", "__Host-madoguchi=abc")], &[]);
        check_up(&[("cookie", "madoguchi-1312345678=a\"b")], &[]);
    }

    #[test]
    fn forwarding_and_connection_headers_stay_on_the_desk() {
        check_up(
            &[
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-host", "evil"),
                ("forwarded", "for=1"),
                ("authorization", "Bearer x"),
                ("connection", "close"),
                ("upgrade", "websocket"),
                ("host", HOST),
                ("referer", "http://1312345678.localhost:9000/login"),
                ("accept-language", "ja"),
            ],
            &[("accept-language", "ja")],
        );
        check_down(
            &[
                ("connection", "close, x-internal"),
                ("x-internal", "1"),
                ("keep-alive", "timeout=5"),
                ("content-type", "text/html"),
            ],
            &[("content-type", "text/html")],
        );
    }

    #[test]
    fn the_origin_becomes_the_servers() {
        check_up(&[("origin", "http://1312345678.localhost:9000")], &[("origin", "https://server.example:8443")]);
    }

    #[test]
    fn the_session_cookie_is_renamed_and_works_without_tls() {
        check_down(
            &[("set-cookie", "__Host-madoguchi=abc; Secure; HttpOnly; SameSite=Strict; Path=/")],
            &[("set-cookie", "madoguchi-1312345678=abc; Path=/; HttpOnly; SameSite=Strict")],
        );
        check_down(
            &[("set-cookie", "__Host-madoguchi=; Max-Age=0; Secure; Path=/")],
            &[("set-cookie", "madoguchi-1312345678=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")],
        );
        check_down(&[("set-cookie", "tracking=1; Path=/")], &[]);
    }

    #[test]
    fn redirects_stay_at_the_terminal() {
        check_down(&[("location", "/login")], &[("location", "/login")]);
        check_down(&[("location", "https://server.example:8443/login?a=1")], &[("location", "/login?a=1")]);
        check_down(&[("location", "http://1312345678.localhost:9000/menu")], &[("location", "/menu")]);
        check_down(&[("location", "https://server.example:8444/login")], &[]);
        check_down(&[("location", "https://evil.example/")], &[]);
        check_down(&[("location", "//evil.example/")], &[]);
        check_down(&[("location", "/\\evil.example/")], &[]);
    }

    #[test]
    fn the_servers_security_headers_are_kept() {
        let list = [
            ("content-security-policy", "default-src 'self'"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ];
        check_down(&list, &list);
    }
}
