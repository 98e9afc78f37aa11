"""資格確認 as a clerk does it: by numbers, the list of the day, 照会番号登録, and 一括照会 with a list of one's own."""

from urllib.parse import urljoin

from playwright.sync_api import Page, expect

import walk
from demo import account
from windows import press, visible_text

FIELDS = {"保険者番号": "insurer_number", "記号": "symbol", "番号": "number", "枝番": "branch"}


def insured(demo) -> dict:
    """The first named test patient whose card tells the numbers of a certificate."""
    return next(card for card in demo.facts["cards"] if card.get("insurer_number"))


def fill_numbers(page: Page, card: dict) -> None:
    for label, key in FIELDS.items():
        page.locator(f"#{key}").fill(card.get(key) or "")
        expect(page.get_by_label(label).first).to_be_visible()


def enter(page: Page, institution: dict, steps) -> None:
    walk.open_start_page(page, institution["terminal"], steps)
    walk.log_in(page, account(institution, "general"), steps)


def check(page: Page, card: dict, birthdate: str) -> None:
    press(page, "資格確認照会")
    fill_numbers(page, card)
    page.get_by_label("生年月日").fill(birthdate)
    press(page, "照会")
    expect(page.get_by_role("heading", level=1, name="資格確認結果")).to_be_visible()


def test_a_check_by_numbers_says_what_to_do_next(demo, window, steps):
    institution, card = demo.institution("medical"), insured(demo)
    page = window().new_page()
    enter(page, institution, steps)
    check(page, card, card["birthdate"])
    steps.take(page, "eligibility-found")
    assert "次に行うこと" in visible_text(page)
    press(page, "資格確認結果一覧")
    steps.take(page, "eligibility-list")
    expect(page.get_by_role("row")).not_to_have_count(0)

    page.goto(urljoin(institution["terminal"], "/menu"))
    check(page, card, "昭和元年12月30日")
    steps.take(page, "eligibility-none")
    assert "該当資格なし" in visible_text(page)
    press(page, "続けて照会")
    fill_numbers(page, card)
    page.get_by_label("生年月日").fill("昭和99年1月1日")
    press(page, "照会")
    expect(page.get_by_role("alert")).to_contain_text("生年月日")
    steps.take(page, "eligibility-wrong")


def test_a_reference_number_by_keyboard(demo, window, steps):
    institution, card = demo.institution("medical"), insured(demo)
    page = window().new_page()
    enter(page, institution, steps)
    press(page, "照会番号登録")
    page.locator("#reference_number").focus()
    page.keyboard.type("KB-0001")
    for key in FIELDS.values():
        page.keyboard.press("Tab")
        page.keyboard.type(card.get(key) or "")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("照会番号を登録しました")
    steps.take(page, "reference-number")


def test_a_list_is_uploaded_and_its_results_are_downloaded(demo, window, steps, tmp_path):
    institution, card = demo.institution("medical"), insured(demo)
    csv = tmp_path / "today.csv"
    asked = ",".join(card.get(key) or "" for key in [*FIELDS.values(), "birthdate"])
    csv.write_text(f"insurer_number,symbol,number,branch,birthdate,identifier\n{asked},A-1\n", encoding="utf-8")
    page = window().new_page()
    enter(page, institution, steps)
    press(page, "一括照会")
    steps.take(page, "bulk")
    page.locator("#file").set_input_files(csv)
    press(page, "アップロード")
    expect(page.get_by_role("heading", level=1, name="一括照会の状態")).to_be_visible()
    for _ in range(100):
        if "処理済" in visible_text(page):
            break
        page.wait_for_timeout(100)
        page.reload()
    steps.take(page, "bulk-done")
    with page.expect_download() as download:
        press(page, "結果をダウンロード（CSV）")
    text = open(download.value.path(), encoding="utf-8-sig").read()
    assert "A-1" in text and len(text.splitlines()) >= 2, text

    csv.write_text("insurer_number,number,birthdate\nx,1,20260101\n", encoding="utf-8")
    page.goto(urljoin(institution["terminal"], "/bulk"))
    page.locator("#file").set_input_files(csv)
    press(page, "アップロード")
    expect(page.get_by_role("alert")).to_contain_text("2行目")
    steps.take(page, "bulk-wrong")
