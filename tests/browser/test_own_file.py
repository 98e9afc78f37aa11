"""A vendor looks at its own claims file: `ingest claims --enrol` into a running demo, then consent and viewing on the screens.
The file is a public sample of 75 outpatient receipts of 2021-10; MADOGUCHI_SHARED_DATA names the folder that has it."""

import json
import os
import time
from pathlib import Path

import pytest

import walk
import windows
from demo import Demo, account

SAMPLE = "claims/RECEIPTC_GAIRAI_SAMPLE.UKE"
INSTITUTION = "1210000000"
PATIENT = "テスト　汎用"
OPERATION = "水晶体再建術"
TAKEN_UP_SECONDS_MAX = 60


@pytest.fixture
def shared_data() -> Path:
    folder = Path(os.environ.get("MADOGUCHI_SHARED_DATA", ""))
    if not (folder / SAMPLE).is_file():
        pytest.skip("MADOGUCHI_SHARED_DATA names no folder with the sample claims file")
    return folder


def test_own_file(tmp_path, window, steps, shared_data):
    with Demo(tmp_path / "demo", "--today", "20211201", persons=30) as demo:
        masters = sorted(str(path) for path in (shared_data / "masters").glob("*.zip"))
        ingested(demo, "masters", *masters)
        report = ingested(demo, "claims", "--enrol", "--json", str(shared_data / SAMPLE))
        assert (report["receipts"], report["taken"], report["refused"]) == (75, 75, 0)
        assert report["totals"]["agree"] and report["totals"]["payers_stated"] == 140
        again = ingested(demo, "claims", "--enrol", "--json", str(shared_data / SAMPLE))
        assert (again["taken"], again["persons_enrolled"]) == (0, 0)

        institution = taken_up(demo)
        card = next(card for card in demo.facts["cards"] if card["name"] == PATIENT)
        desk, kiosk = window().new_page(), window(viewport=windows.KIOSK).new_page()
        walk.open_start_page(desk, institution["terminal"], steps)
        walk.log_in(desk, account(institution, "administrator"), steps)
        walk.update_settings(desk, {"診療情報": "利用する", "手術情報": "利用する"}, steps)
        walk.log_out(desk, steps)
        walk.answer_all_at_once(kiosk, institution["kiosk"], card, "まとめて同意する", steps)

        walk.open_start_page(desk, institution["terminal"], steps)
        walk.log_in(desk, account(institution, "viewer"), steps)
        walk.open_list(desk, steps)
        walk.open_patient(desk, PATIENT, steps)
        operations = walk.view_records(desk, "手術閲覧", steps)
        assert OPERATION in operations and "2021年10月" in operations.replace("令和3年", "2021年")


def ingested(demo, *arguments):
    """Runs `madoguchi ingest` on the running demo; gives its JSON report if it printed one."""
    kind, *files = arguments
    result = demo.run("ingest", kind, "--dir", str(demo.directory), *files)
    assert result.returncode == 0, result.stderr + result.stdout
    return json.loads(result.stdout) if "--json" in files else None


def taken_up(demo) -> dict:
    """The new institution, once demo.json has it."""
    deadline = time.monotonic() + TAKEN_UP_SECONDS_MAX
    while time.monotonic() < deadline:
        demo.facts = json.loads((demo.directory / "demo.json").read_text(encoding="utf-8"))
        for institution in demo.facts["institutions"]:
            if institution["code"] == INSTITUTION:
                return institution
        time.sleep(0.5)
    raise AssertionError("the running demo did not take the new institution up")
