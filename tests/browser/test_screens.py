"""Screens beside the main walk: the demo's start page, every menu entry of every account kind, refusals, the kiosk's bad cases."""

from urllib.parse import urljoin

import pytest
from playwright.sync_api import expect

import walk
import windows
from demo import account
from windows import control, press

ENTRIES = {
    "administrator": ["資格確認照会", "資格確認結果一覧", "一括照会", "照会番号登録", "同意取得済み患者一覧", "アカウント一覧", "環境設定情報更新", "環境設定情報変更履歴", "お知らせ一覧", "パスワード変更"],
    "viewer": ["資格確認照会", "資格確認結果一覧", "照会番号登録", "同意取得済み患者一覧", "お知らせ一覧", "パスワード変更"],
    "general": ["資格確認照会", "資格確認結果一覧", "一括照会", "照会番号登録", "お知らせ一覧", "パスワード変更"],
    "master": ["管理アカウント一覧", "お知らせ一覧", "パスワード変更"],
    "master_reset": ["マスタアカウントのパスワード初期化"],
}


def test_home_links_to_everything(demo, window, steps):
    page = window().new_page()
    page.goto(demo.facts["home"])
    steps.take(page, "home")
    text = page.locator("body").text_content()  # with what is folded away
    for institution in demo.facts["institutions"]:
        for address in [institution["terminal"], institution["kiosk"]]:
            assert page.locator(f"a[href^='{address}']").count(), address
        for each in institution["accounts"]:
            assert each["user_id"] in text and each["password"] in text
    for card in demo.facts["cards"][:12]:
        assert card["story"] in text and card["pin"] in text


@pytest.mark.parametrize("kind", ENTRIES)
def test_every_menu_entry(demo, window, steps, kind):
    institution = demo.institution("dental")
    page = window().new_page()
    walk.open_start_page(page, institution["terminal"], steps)
    walk.log_in(page, account(institution, kind), steps)
    steps.take(page, "menu")
    for entry in ENTRIES[kind]:
        page.goto(urljoin(institution["terminal"], "/menu"))
        press(page, entry)
        expect(page.get_by_role("heading", level=1, name=entry)).to_be_visible()
        steps.take(page, entry)
    everything = {entry for entries in ENTRIES.values() for entry in entries}
    page.goto(urljoin(institution["terminal"], "/menu"))
    for other in everything - set(ENTRIES[kind]):
        expect(control(page, other)).to_have_count(0)


def test_refusals_explain_themselves(demo, window, steps):
    institution = demo.institution("medical")
    page = window().new_page()
    walk.open_start_page(page, institution["terminal"], steps)
    walk.fill_log_in(page, account(institution, "general")["user_id"], "wrong-password-1!")
    press(page, "ログイン")
    expect(page.get_by_role("alert")).to_be_visible()
    steps.take(page, "wrong-password")
    walk.log_in(page, account(institution, "general"), steps)
    for path, code in [("/settings", "E0011"), ("/patients", "E0011"), ("/no-such-page", "E0404")]:
        page.goto(urljoin(institution["terminal"], path))
        assert code in windows.visible_text(page)
        steps.take(page, "refused" + path.replace("/", "-"))


def test_a_notice_opens_by_itself_until_it_is_read(demo, window, steps):
    institution = demo.institution("pharmacy")
    page = window().new_page()
    enter(page, institution, steps)
    walk.close_notices(page, steps)
    walk.log_out(page, steps)

    title = "休日の運用についてのお知らせ"
    notice = ["--title", title, "--text", "来週の休日も利用できます。", "--for", "kind:pharmacy"]
    result = demo.run("notice", "add", "--dir", str(demo.directory), *notice)
    assert result.returncode == 0, result.stderr

    enter(page, institution, steps)
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    press(page, "閉じる")
    walk.log_out(page, steps)
    enter(page, institution, steps)
    expect(page.get_by_role("heading", name="メニュー")).to_be_visible()


def enter(page, institution, steps):
    walk.open_start_page(page, institution["terminal"], steps)
    viewer = account(institution, "viewer")
    walk.fill_log_in(page, viewer["user_id"], viewer["password"])
    press(page, "ログイン")


def test_wrong_pin_locks_the_card_after_three(demo, window, steps):
    institution, card = demo.institution("medical"), demo.card("双子")
    page = window(viewport=windows.KIOSK).new_page()
    place_card(page, institution, card)
    wrong = "0000" if card["pin"] != "0000" else "1111"
    for left in ["あと2回", "あと1回"]:
        walk.enter_pin(page, wrong, steps)
        expect(page.get_by_role("alert").get_by_text(left)).to_be_visible()
    walk.enter_pin(page, wrong, steps)
    expect(page.get_by_role("heading", name="暗証番号がロックされています")).to_be_visible()
    steps.take(page, "kiosk-locked")
    place_card(page, institution, card)
    expect(page.get_by_role("heading", name="暗証番号がロックされています").or_(control(page, "確認")).first).to_be_visible()
    if control(page, "確認").count():
        walk.enter_pin(page, card["pin"], steps)
        expect(page.get_by_role("heading", name="暗証番号がロックされています")).to_be_visible()


@pytest.mark.parametrize("story, code", [("有効期限が切れている", "008"), ("資格を喪失し", "012")], ids=["expired", "no-coverage"])
def test_a_card_that_is_not_enough(demo, window, steps, story, code):
    institution, card = demo.institution("medical"), demo.card(story)
    page = window(viewport=windows.KIOSK).new_page()
    place_card(page, institution, card)
    walk.enter_pin(page, card["pin"], steps)
    expect(page.get_by_text(f"コード {code}").or_(control(page, "すべて同意しない")).first).to_be_visible()
    if control(page, "すべて同意しない").count():
        press(page, "すべて同意しない")
    expect(page.get_by_text(f"コード {code}").first).to_be_visible()
    steps.take(page, f"kiosk-{code}")


def place_card(page, institution, card):
    page.goto(institution["kiosk"])
    press(page, card["name"])
    press(page, "暗証番号")
