//! What every page of the screens must be, as far as its text shows it.

use crate::client::Answer;

/// Headers that no answer may lack.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

pub(crate) fn assert_headers(answer: &Answer, at: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), value, "{name} {at}");
    }
    let policy = answer.header("content-security-policy");
    for part in
        ["default-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "object-src 'none'"]
    {
        assert!(policy.contains(part), "{part} {at}");
    }
    assert!(!policy.contains("unsafe"), "{at}");
    if !at.contains("/static/") {
        assert_eq!(answer.header("cache-control"), "no-store", "{at}");
    }
}

pub(crate) fn assert_page(html: &str, at: &str) {
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"ja\">"), "{at}");
    for (part, count) in
        [("<h1>", 1), ("<main ", 1), ("<title>", 1), ("<script", 0), (" style=", 0), ("<style", 0), ("javascript:", 0)]
    {
        assert_eq!(html.matches(part).count(), count, "{part} {at}");
    }
    for handler in [" onclick=", " onload=", " onsubmit=", " onerror="] {
        assert!(!html.contains(handler), "{handler} {at}");
    }
    assert!(title(html).ends_with("｜オンライン資格確認等システム"), "{at}");
    assert_eq!(html.matches("<th ").count() + html.matches("<th>").count(), html.matches("<th scope=").count(), "{at}");
    assert_eq!(html.matches("<form ").count(), html.matches("</form>").count(), "{at}");
}

pub(crate) fn title(html: &str) -> &str {
    between(html, "<title>", "</title>")
}

/// The value of a hidden field.
pub(crate) fn hidden<'a>(html: &'a str, name: &str) -> &'a str {
    between(html, &format!("name=\"{name}\" value=\""), "\"")
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} not in {text}"));
    rest.split_once(after).unwrap().0
}
