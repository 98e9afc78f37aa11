"""Chromium windows with or without the institution's certificate, a picture and an axe-core check at each step."""

import base64
import os
import re
import shutil
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

from demo import ROOT

SCREENSHOTS = ROOT / "test-output/screenshots"
KIOSK = {"width": 1080, "height": 1600}
WAIT_MILLISECONDS_MAX = 20_000
# Chromium finds *.localhost on the loopback by itself; nothing here may reach any other machine.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright: Playwright) -> Browser:
    """Chromium as named by MADOGUCHI_CHROMIUM (xtask sets it), or the first one on PATH."""
    named = os.environ.get("MADOGUCHI_CHROMIUM")
    program = named or shutil.which("chromium") or shutil.which("google-chrome-stable") or shutil.which("google-chrome")
    as_root = os.environ.get("MADOGUCHI_NO_SANDBOX") or os.geteuid() == 0
    flags = ["--headless=new", *FLAGS, *(["--no-sandbox"] if as_root else [])]
    return playwright.chromium.launch(executable_path=program, args=flags, headless=True)


def window(browser: Browser, origin: str | None = None, institution: dict | None = None, **options) -> BrowserContext:
    """A browser profile of its own; with an institution, it shows that institution's certificate to this origin."""
    if institution is not None:
        options["client_certificates"] = [
            {"origin": origin, "certPath": institution["client_cert"], "keyPath": institution["client_key"]}
        ]
    options.setdefault("viewport", {"width": 1280, "height": 900})
    context = browser.new_context(ignore_https_errors=True, locale="ja-JP", timezone_id="Asia/Tokyo", **options)
    context.set_default_timeout(WAIT_MILLISECONDS_MAX)
    return context


class Steps:
    """The pictures of one walk, numbered in order; every screen has to pass axe-core when it is pictured first."""

    def __init__(self, walk: str):
        self.folder = SCREENSHOTS / walk
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.number = 0
        self.checked: set[str] = set()

    def take(self, page: Page, name: str) -> None:
        self.number += 1
        page.screenshot(path=self.folder / f"{self.number:02}-{name}.png", full_page=True)
        if name not in self.checked:
            self.checked.add(name)
            assert_accessible(page)


def assert_accessible(page: Page) -> None:
    """Fails on any violation of any axe-core rule, and says which element of which page breaks it."""
    violations = Axe().run(page).response["violations"]
    found = [
        f"{rule['id']} ({rule['impact']}): {rule['help']}\n    {' '.join(map(str, node['target']))}\n    {node['html']}"
        for rule in violations
        for node in rule["nodes"]
    ]
    assert not found, f"axe-core on {page.url} ({page.title()}):\n" + "\n".join(found)


def control(page: Page | Locator, text: str) -> Locator:
    """What a person would press: the first button or link that says exactly this."""
    button = page.get_by_role("button", name=text, exact=True)
    return button.or_(page.get_by_role("link", name=text, exact=True)).first


def press(page: Page | Locator, text: str) -> None:
    control(page, text).click()


def choose(page: Page, group: str, value: str) -> None:
    """Sets the group of radio buttons, or the list, that is labelled `group`."""
    radios = page.get_by_role("radiogroup", name=group, exact=True).or_(page.get_by_role("group", name=group, exact=True))
    if radios.count():
        radios.first.get_by_role("radio", name=value, exact=True).check()
    else:
        page.get_by_role("combobox", name=group, exact=True).select_option(label=value)


def fetched(page: Page, pressed: Locator) -> tuple[str, bytes]:
    """What the server would send for this link or form button: content type and bytes. (A PDF would leave the page.)"""
    answer = pressed.evaluate(
        """async element => {
            const form = element.closest('form');
            let url = element.href, options = {};
            if (!url && form) {
                const fields = new URLSearchParams(new FormData(form, element.type === 'submit' ? element : undefined));
                const method = (element.getAttribute('formmethod') || form.method).toLowerCase();
                url = element.getAttribute('formaction') || form.getAttribute('action') || location.href;
                if (method === 'post') options = {method, body: fields};
                else { url = new URL(url, location.href); url.search = fields; }
            }
            const response = await fetch(url, options);
            const bytes = new Uint8Array(await response.arrayBuffer());
            let text = '';
            for (const byte of bytes) text += String.fromCharCode(byte);
            return [response.status, response.headers.get('content-type'), btoa(text)];
        }"""
    )
    status, kind, body = answer
    assert status == 200, f"{status} for {pressed} on {page.url}: {base64.b64decode(body)[:400].decode(errors='replace')}"
    return kind, base64.b64decode(body)


def visible_text(page: Page) -> str:
    """The page's text with single spaces, for searching in it."""
    return re.sub(r"\s+", " ", page.locator("body").inner_text())


def save(walk: str, name: str, content: bytes) -> Path:
    """Keeps a file beside the pictures of a walk."""
    path = SCREENSHOTS / walk / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
