"""The parts of the procedure as a person does them: every element is found by what the screen says."""

from playwright.sync_api import Page, expect

from windows import Steps, choose, control, press, visible_text

MARKS = ("手", "診", "薬", "健")
VIEWING_GROUP = "手術・診療・薬剤・特定健診情報閲覧"


def open_start_page(page: Page, url: str, steps: Steps) -> None:
    page.goto(url)
    steps.take(page, "start")
    press(page, "システムの利用を始める")


def log_in(page: Page, account: dict, steps: Steps) -> None:
    """From the log-in window to the menu; a notice that opens by itself is closed."""
    fill_log_in(page, account["user_id"], account["password"])
    steps.take(page, "log-in")
    press(page, "ログイン")
    close_notices(page, steps)
    expect(control(page, "ログアウト")).to_be_visible()


def fill_log_in(page: Page, user_id: str, password: str) -> None:
    page.get_by_label("ユーザID", exact=True).fill(user_id)
    page.get_by_label("パスワード", exact=True).fill(password)


def close_notices(page: Page, steps: Steps) -> None:
    page.wait_for_load_state()
    if page.get_by_role("heading", name="お知らせ一覧").count():
        steps.take(page, "notices")
        press(page, "閉じる")


def log_out(page: Page, steps: Steps) -> None:
    press(page, "ログアウト")
    page.wait_for_load_state()
    expect(control(page, "ログアウト")).to_have_count(0)
    steps.take(page, "logged-out")


def update_settings(page: Page, settings: dict[str, str], steps: Steps) -> None:
    """環境設定情報更新: change, 更新, OK, OK."""
    press(page, "環境設定情報更新")
    expect(control(page, "更新")).to_be_visible()
    steps.take(page, "settings")
    for label, value in settings.items():
        choose(page, label, value)
    steps.take(page, "settings-changed")
    press(page, "更新")
    steps.take(page, "settings-confirm")
    expect(control(page, "キャンセル")).to_be_visible()
    press(page, "OK")
    expect(control(page, "キャンセル")).to_have_count(0)
    steps.take(page, "settings-done")
    press(page, "OK")


def pass_card(page: Page, kiosk: str, card: dict, answers: dict[str, str] | str, steps: Steps) -> list[str]:
    """A pass at the kiosk with PIN and one consent page after the other; returns the headings that it asked for.

    `answers` is what to press at each heading, or the same everywhere.
    """
    identify(page, kiosk, card, steps)
    press(page, "個別に選ぶ")
    asked = []
    while control(page, "同意する").is_visible():
        steps.take(page, f"consent-{len(asked) + 1}")
        shown = page.get_by_role("heading").first.inner_text()
        heading = shown.strip().strip("【】")
        asked.append(heading)
        press(page, answers if isinstance(answers, str) else answers[heading])
        expect(page.get_by_role("heading").first).not_to_have_text(shown)
        settle(page)
    expect_done(page, steps)
    return asked


def answer_all_at_once(page: Page, kiosk: str, card: dict, answer: str, steps: Steps) -> None:
    """A pass at the kiosk with one answer for everything: まとめて同意する or すべて同意しない."""
    identify(page, kiosk, card, steps)
    press(page, answer)
    expect_done(page, steps)


def identify(page: Page, kiosk: str, card: dict, steps: Steps) -> None:
    """Card and PIN, up to the page that asks for everything at once."""
    page.goto(kiosk)
    steps.take(page, "kiosk")
    press(page, card["name"])
    press(page, "暗証番号")
    enter_pin(page, card["pin"], steps)
    expect(control(page, "まとめて同意する")).to_be_visible()
    steps.take(page, "kiosk-all-at-once")


def enter_pin(page: Page, pin: str, steps: Steps) -> None:
    expect(control(page, "確認")).to_be_visible()
    steps.take(page, "kiosk-pin")
    for digit in pin:
        press(page, digit)
    press(page, "確認")


def expect_done(page: Page, steps: Steps) -> None:
    expect(page.get_by_text("カードを取り出してください").first).to_be_visible()
    steps.take(page, "kiosk-done")
    press(page, "終了")
    expect(page.get_by_role("heading", name="マイナンバーカードを置いてください")).to_be_visible()


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")


def open_list(page: Page, steps: Steps) -> None:
    """From the menu's group, or from a screen below the list by the way back."""
    if page.get_by_role("heading", level=1, name="メニュー").count():
        expect(page.get_by_role("heading", name=VIEWING_GROUP)).to_be_visible()
    press(page, "同意取得済み患者一覧")
    expect(page.get_by_role("heading", name="同意取得済み患者一覧")).to_be_visible()
    steps.take(page, "patients")


def marks_of(page: Page, name: str) -> str | None:
    """The kinds that bear a ○ in this patient's row, such as 手診薬; None if the patient is not listed."""
    rows = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    if rows.count() == 0:
        return None
    heads = [cell.strip() for cell in page.get_by_role("columnheader").all_inner_texts()]
    cells = [cell.strip() for cell in rows.first.locator("th, td").all_inner_texts()]
    return "".join(mark for mark in MARKS if "○" in cells[heads.index(mark)])


def open_patient(page: Page, name: str, steps: Steps) -> None:
    press(page, name)
    expect(page.get_by_role("heading", name="患者情報詳細")).to_be_visible()
    steps.take(page, "patient")


def view_records(page: Page, button: str, steps: Steps, period: str = "直近6ヵ月") -> str:
    """Chooses the period, presses the button and gives back the text of the list."""
    page.get_by_label(period, exact=True).or_(control(page, period)).first.click()
    settle(page)
    press(page, button)
    expect(page.get_by_text("作成日").first).to_be_visible()
    steps.take(page, "records")
    return visible_text(page)
