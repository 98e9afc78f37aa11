//! The session's cookie on the TLS port.

use http::HeaderMap;
use http::header::COOKIE;

/// `__Host-` binds it to this host, to TLS and to the path `/`. A terminal's gateway renames it for loopback.
const NAME: &str = "__Host-madoguchi";

/// The token that the browser sent.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME && !value.is_empty()).then_some(value))
}

/// Sets the token until the browser is closed; the server ends the session earlier.
pub(crate) fn set(token: &str) -> String {
    format!("{NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// Takes the token away.
pub(crate) fn clear() -> String {
    format!("{NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        for (cookie, expected) in [
            ("a=1; __Host-madoguchi=abc; b=2", Some("abc")),
            ("__Host-madoguchi=", None),
            ("madoguchi=abc", None),
            ("x__Host-madoguchi=abc", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.parse().unwrap());
            assert_eq!(token(&headers), expected, "{cookie}");
        }
    }
}
