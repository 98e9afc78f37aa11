"""Lost passwords: the master initialises the administrator's, the reset account the master's."""

from urllib.parse import urljoin

from playwright.sync_api import expect

import walk
from demo import account
from windows import control, press

NEW_PASSWORD = "Aoi-sora-2468+kumo"
MASTERS_PASSWORD = "Kawa-no-oto=1357!"


def test_lost_administrator_password(demo, window, steps):
    institution = demo.institution("medical")
    administrator = account(institution, "administrator")
    page = window().new_page()

    enter(page, institution, account(institution, "master"), steps)
    issued = initialise(page, administrator["user_id"], steps)
    walk.log_out(page, steps)

    expect_refused(page, institution, administrator, steps)
    change_forced(page, institution, {**administrator, "password": issued}, NEW_PASSWORD, steps)
    walk.log_out(page, steps)
    expect_refused(page, institution, {**administrator, "password": issued}, steps)
    enter(page, institution, {**administrator, "password": NEW_PASSWORD}, steps)
    expect(control(page, "環境設定情報更新")).to_be_visible()


def test_lost_master_password(demo, window, steps):
    institution = demo.institution("pharmacy")
    master, reset = account(institution, "master"), account(institution, "master_reset")
    page = window().new_page()

    enter(page, institution, reset, steps)
    press(page, "マスタアカウントのパスワード初期化")
    page.get_by_label("秘密番号", exact=True).fill("000000000000")
    press(page, "パスワード初期化")
    expect(page.get_by_role("alert")).to_be_visible()
    steps.take(page, "wrong-secret-number")
    page.get_by_label("秘密番号", exact=True).fill(reset["secret_number"])
    press(page, "パスワード初期化")
    issued = read_issued(page, steps)
    walk.log_out(page, steps)

    expect_refused(page, institution, master, steps)
    change_forced(page, institution, {**master, "password": issued}, MASTERS_PASSWORD, steps)
    expect(control(page, "管理アカウント一覧")).to_be_visible()


def enter(page, institution, who, steps):
    walk.open_start_page(page, institution["terminal"], steps)
    walk.log_in(page, who, steps)


def initialise(page, user_id, steps):
    """On the master's list, which shows user IDs and never a password."""
    press(page, "管理アカウント一覧")
    row = page.get_by_role("row").filter(has_text=user_id)
    expect(row).to_have_count(1)
    steps.take(page, "administrators")
    press(row, "パスワード初期化")
    steps.take(page, "initialise-confirm")
    press(page, "OK")
    return read_issued(page, steps)


def read_issued(page, steps):
    secret = page.locator("dt", has_text="パスワード").locator("xpath=following-sibling::dd").first
    issued = secret.inner_text().strip()
    assert len(issued) >= 13
    steps.take(page, "issued")
    press(page, "閉じる")
    return issued


def expect_refused(page, institution, who, steps):
    walk.open_start_page(page, institution["terminal"], steps)
    walk.fill_log_in(page, who["user_id"], who["password"])
    press(page, "ログイン")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(control(page, "ログアウト")).to_have_count(0)
    steps.take(page, "log-in-refused")


def change_forced(page, institution, who, new, steps):
    """The first log-in with an issued password leads to パスワード変更 and nowhere else."""
    walk.open_start_page(page, institution["terminal"], steps)
    walk.fill_log_in(page, who["user_id"], who["password"])
    press(page, "ログイン")
    expect(page.get_by_role("heading", name="パスワード変更")).to_be_visible()
    steps.take(page, "change-forced")
    page.goto(urljoin(institution["terminal"], "/menu"))
    expect(page.get_by_role("heading", name="メニュー")).to_have_count(0)
    expect(page.get_by_role("heading", name="パスワード変更")).to_be_visible()
    page.get_by_label("現在のパスワード", exact=True).fill(who["password"])
    page.get_by_label("新しいパスワード", exact=True).fill(new)
    page.get_by_label("新しいパスワード（確認）", exact=True).fill(new)
    press(page, "変更")
    walk.close_notices(page, steps)
    expect(page.get_by_role("heading", name="メニュー")).to_be_visible()
