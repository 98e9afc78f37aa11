"""The main job end to end: switch 診療情報 and 手術情報 on, take the patient's consent, read and print the list. For a hospital
and for a pharmacy, through the terminal and straight at the server with the certificate in the browser."""

import pytest
from playwright.sync_api import expect

import pdf
import walk
import windows
from demo import account

BEFORE = ["薬剤情報", "特定健診情報"]
AFTER = ["手術情報", "診療／薬剤情報", "特定健診情報"]
SWITCHED_ON = {"診療情報": "利用する", "手術情報": "利用する"}
STORY = "人工透析"


@pytest.mark.parametrize("way", ["terminal", "server"])
@pytest.mark.parametrize("kind", ["medical", "pharmacy"])
def test_procedure(fresh_demo, window, steps, kind, way):
    demo = fresh_demo
    institution, card = demo.institution(kind), demo.card(STORY)
    start = institution["terminal"] if way == "terminal" else demo.facts["server"]
    browser = window() if way == "terminal" else window(start, institution)
    desk, kiosk = browser.new_page(), window(viewport=windows.KIOSK).new_page()

    assert walk.pass_card(kiosk, institution["kiosk"], card, "同意しない", steps) == BEFORE
    see_that_the_patient_is_not_listed(desk, start, institution, card, steps)

    walk.open_start_page(desk, start, steps)
    walk.log_in(desk, account(institution, "administrator"), steps)
    walk.update_settings(desk, SWITCHED_ON, steps)
    walk.log_out(desk, steps)

    assert walk.pass_card(kiosk, institution["kiosk"], card, "同意する", steps) == AFTER
    view(desk, start, institution, "viewer", card, steps)
    view(desk, start, institution, "administrator", card, steps)
    if way == "terminal":
        view(window().new_page(), institution["viewer"], institution, "viewer", card, steps)

    walk.answer_all_at_once(kiosk, institution["kiosk"], card, "すべて同意しない", steps)
    see_that_the_patient_is_not_listed(desk, start, institution, card, steps)


def see_that_the_patient_is_not_listed(page, start, institution, card, steps):
    walk.open_start_page(page, start, steps)
    walk.log_in(page, account(institution, "viewer"), steps)
    walk.open_list(page, steps)
    assert walk.marks_of(page, card["name"]) is None
    walk.log_out(page, steps)


def view(page, start, institution, kind, card, steps):
    """The viewing half: by the 診 column the whole list and its print, by the 手 column the operations."""
    walk.open_start_page(page, start, steps)
    walk.log_in(page, account(institution, kind), steps)
    walk.open_list(page, steps)
    assert walk.marks_of(page, card["name"]) == "手診薬健"
    walk.open_patient(page, card["name"], steps)
    text = walk.view_records(page, "手術・診療・薬剤閲覧", steps)
    assert "受診歴" in text and "人工腎臓" in text
    see_the_print(page, card, "診療／薬剤情報一覧", steps)
    walk.open_list(page, steps)
    walk.open_patient(page, card["name"], steps)
    assert "人工腎臓" not in walk.view_records(page, "手術閲覧", steps)
    walk.log_out(page, steps)


def see_the_print(page, card, title, steps):
    printing = windows.control(page, "印刷")
    expect(printing).to_be_visible()
    kind, content = windows.fetched(page, printing)
    assert kind.startswith("application/pdf"), kind
    file = windows.save(steps.folder.name, "records.pdf", content)
    pdf.assert_printable(file, title)
    assert card["name"].replace("　", "") in pdf.squeezed(file)
    assert pdf.pictures(file)
