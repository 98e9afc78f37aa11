"""Makes docs/images from the real screens: `cargo xtask screenshots`. The demo's date and seed are fixed, so that pictures
change only when screens do."""

import shutil

import pytest

import pdf
import walk
import windows
from demo import ROOT, Demo, account

IMAGES = ROOT / "docs/images"
WANTED = {"home", "settings", "consent-1", "patients", "records"}
STORY = "人工透析"


class Album:
    """Takes the place of `windows.Steps`: keeps the first picture of each wanted screen."""

    def __init__(self):
        self.taken: set[str] = set()

    def take(self, page, name: str) -> None:
        if name in WANTED and name not in self.taken:
            self.taken.add(name)
            page.screenshot(path=IMAGES / f"{name}.png")


@pytest.fixture
def fixed_demo(tmp_path):
    with Demo(tmp_path / "demo", "--today", "20260615", persons=200) as demo:
        yield demo


def test_screenshots(fixed_demo, window):
    demo, album = fixed_demo, Album()
    IMAGES.mkdir(parents=True, exist_ok=True)
    institution, card = demo.institution("medical"), demo.card(STORY)
    page, kiosk = window().new_page(), window(viewport={"width": 1080, "height": 1200}).new_page()

    page.goto(demo.facts["home"])
    album.take(page, "home")
    walk.open_start_page(page, institution["terminal"], album)
    walk.log_in(page, account(institution, "administrator"), album)
    walk.update_settings(page, {"診療情報": "利用する", "手術情報": "利用する"}, album)
    album.take(page, "menu")
    walk.log_out(page, album)
    walk.pass_card(kiosk, institution["kiosk"], card, "同意する", album)
    walk.open_start_page(page, institution["terminal"], album)
    walk.log_in(page, account(institution, "viewer"), album)
    walk.open_list(page, album)
    walk.open_patient(page, card["name"], album)
    walk.view_records(page, "手術・診療・薬剤閲覧", album)
    _, content = windows.fetched(page, windows.control(page, "印刷"))
    file = windows.save("screenshots", "records.pdf", content)
    shutil.copyfile(pdf.pictures(file)[0], IMAGES / "report.png")
    assert album.taken == WANTED
