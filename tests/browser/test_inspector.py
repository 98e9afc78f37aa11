"""電文の検査 as a vendor uses it: a file is dropped into the folder, its exchange is opened, the broken rule is marked."""

import time
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import expect

from windows import visible_text

REQUEST = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg><MessageHeader><MedicalInstitutionCode>{code}</MedicalInstitutionCode>
<ArbitraryFileIdentifier>browser</ArbitraryFileIdentifier></MessageHeader>
<MessageBody><UrlAcquisitionClassification>7</UrlAcquisitionClassification><OutputFormat>1</OutputFormat></MessageBody></XmlMsg>
"""


def test_a_broken_rule_is_marked_beside_its_answer(demo, window, steps):
    institution = demo.institution("medical")
    folders = Path(institution["folders"])
    (folders / "req/browser.tmp").write_text(REQUEST.format(code=institution["code"]), encoding="utf-8")
    (folders / "req/browser.tmp").rename(folders / "req/OQSsiurl01req_browser.xml")
    answer = folders / "res/OQSsiurl01res_browser.xml"
    deadline = time.monotonic() + 30
    while not answer.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "E0002" in answer.read_text(encoding="utf-8")

    page = window().new_page()
    page.goto(demo.facts["home"])
    page.get_by_role("link", name="電文の検査", exact=True).click()
    row = page.get_by_role("row").filter(has_text="OQSsiurl01req_browser.xml")
    expect(row.get_by_text("E0002", exact=True)).to_be_visible()
    expect(row.get_by_text("合わない項目あり")).to_be_visible()
    steps.take(page, "inspector")
    row.get_by_role("link").first.click()
    expect(page.get_by_text("UrlAcquisitionClassification").first).to_be_visible()
    steps.take(page, "exchange")
    assert "OQSCD033" in visible_text(page) or "URL取得区分" in visible_text(page)

    # What a vendor reads beside it.
    page.goto(urljoin(institution["terminal"], "/errors/E0002"))
    expect(page.get_by_text("E0002").first).to_be_visible()
    page.goto(urljoin(institution["terminal"], "/docs/api"))
    steps.take(page, "api-docs")
