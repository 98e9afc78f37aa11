"""Fixtures: one Chromium for the session, a demo world for each test that wants one."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

import windows
from demo import Demo


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = windows.launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """A small demo world that one file's tests share."""
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
def fresh_demo(tmp_path) -> Iterator[Demo]:
    """A demo world of its own, for a test that begins before any setting was changed."""
    with Demo(tmp_path / "demo") as running:
        yield running


@pytest.fixture
def window(browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser profiles that are closed at the test's end: `window()` or `window(origin, institution)`."""
    opened: list[BrowserContext] = []

    def make(*arguments, **options) -> BrowserContext:
        opened.append(windows.window(browser, *arguments, **options))
        return opened[-1]

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def steps(request) -> windows.Steps:
    """The pictures of this test, in test-output/screenshots/<test>."""
    return windows.Steps(request.node.name.removeprefix("test_"))
