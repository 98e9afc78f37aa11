"""特定健診 as a doctor reads it: consent at the card reader, the years side by side, and the printed report."""

import re

from playwright.sync_api import expect

import pdf
import walk
import windows
from demo import account
from windows import control, press, visible_text


def test_checkups_side_by_side_and_printed(demo, window, steps):
    institution = demo.institution("medical")
    kiosk = window(viewport=windows.KIOSK).new_page()
    page = window().new_page()
    walk.open_start_page(page, institution["terminal"], steps)
    walk.log_in(page, account(institution, "viewer"), steps)
    card = someone_with_checkups(demo, institution, kiosk, page, steps)

    expect(page.get_by_role("heading", name="特定健診受診結果")).to_be_visible()
    steps.take(page, "checkups")
    text = visible_text(page)
    for part in [re.sub(r"\s+", " ", card["name"]), "身体計測", "基準値", "mmHg"]:
        assert part in text, part
    columns = page.locator("table.checkups thead th").count() - 4
    assert 1 <= columns <= 5

    kind, content = windows.fetched(page, control(page, "印刷"))
    assert kind == "application/pdf"
    printed = pdf.squeezed(windows.save("checkups", "checkups.pdf", content))
    shown = page.locator("table.checkups td.value").all_inner_texts()
    values = [re.split(r"\s", value.strip())[0] for value in shown if value.strip()]
    assert values, "numbers of measurements"
    for value in values:
        assert value in printed, f"{value} is on the screen and not on paper"


def someone_with_checkups(demo, institution, kiosk, page, steps) -> dict:
    """Opens the check-ups of the first named patient over forty who has some."""
    grown = [card for card in demo.facts["cards"] if card["birthdate"] < "19800101"]
    for card in grown[:12]:
        kiosk.goto(institution["kiosk"])
        if not control(kiosk, card["name"]).count():
            continue
        press(kiosk, card["name"])
        press(kiosk, "暗証番号")
        walk.enter_pin(kiosk, card["pin"], steps)
        walk.settle(kiosk)
        if not control(kiosk, "まとめて同意する").count():
            continue
        press(kiosk, "まとめて同意する")
        expect(kiosk.get_by_text("カードを取り出してください").first).to_be_visible()
        walk.open_list(page, steps)
        if not page.get_by_role("link", name=card["name"], exact=True).count():
            continue
        walk.open_patient(page, card["name"], steps)
        press(page, "特定健診閲覧")
        walk.settle(page)
        if page.locator("table.checkups").count():
            return card
    raise AssertionError("nobody of the named patients has check-ups")
