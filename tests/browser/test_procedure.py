"""The main job end to end: switch 診療情報 and 手術情報 on, take the patient's consent, read and print the list."""

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


@pytest.mark.parametrize("kind", ["medical", "pharmacy"])
def test_procedure(demo, window, steps, kind):
    institution, card = demo.institution(kind), demo.card(STORY)
    terminal, kiosk = window().new_page(), window(viewport={"width": 1080, "height": 1600}).new_page()

    assert walk.pass_card(kiosk, institution["kiosk"], card, "同意しない", steps) == BEFORE
    see_that_nobody_is_listed(terminal, institution, card, steps)

    walk.open_start_page(terminal, institution["terminal"], steps)
    walk.log_in(terminal, account(institution, "administrator"), steps)
    walk.update_settings(terminal, SWITCHED_ON, steps)
    walk.log_out(terminal, steps)

    assert walk.pass_card(kiosk, institution["kiosk"], card, "同意する", steps) == AFTER
    for viewer in ["viewer", "administrator"]:
        walk.open_start_page(terminal, institution["terminal"], steps)
        walk.log_in(terminal, account(institution, viewer), steps)
        walk.open_list(terminal, steps)
        assert walk.marks_of(terminal, card["name"]) == "手診薬健"
        walk.open_patient(terminal, card["name"], steps)
        text = walk.view_records(terminal, "手術・診療・薬剤閲覧", steps)
        assert "診療／薬剤情報一覧" in text and "受診歴" in text
        see_the_printed_list(terminal, card, steps)
        walk.log_out(terminal, steps)

    walk.answer_all_at_once(kiosk, institution["kiosk"], card, "すべて同意しない", steps)
    see_that_nobody_is_listed(terminal, institution, card, steps)


def see_that_nobody_is_listed(page, institution, card, steps):
    walk.open_start_page(page, institution["terminal"], steps)
    walk.log_in(page, account(institution, "viewer"), steps)
    walk.open_list(page, steps)
    assert walk.marks_of(page, card["name"]) is None
    walk.log_out(page, steps)


def see_the_printed_list(page, card, steps):
    printing = windows.control(page, "印刷")
    expect(printing).to_be_visible()
    kind, content = windows.fetched(page, printing)
    assert kind.startswith("application/pdf"), kind
    file = windows.save(steps.folder.name, "records.pdf", content)
    pdf.assert_printable(file, "診療／薬剤情報一覧")
    assert card["name"].replace("　", "") in pdf.squeezed(file)
    assert pdf.pictures(file)
