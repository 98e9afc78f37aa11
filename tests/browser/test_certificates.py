"""Who may connect: a browser that brings the institution's certificate. No certificate, a foreign one and a revoked one are
refused on both ports."""

import time

import pytest
from playwright.sync_api import Error, expect

from windows import assert_accessible, control

REVOKED_SECONDS_MAX = 30


def test_without_certificate_a_page_explains(demo, window):
    page = window().new_page()
    answer = page.goto(demo.facts["server"])
    assert answer.status == 403
    expect(page.get_by_text("電子証明書").first).to_be_visible()
    expect(control(page, "システムの利用を始める")).to_have_count(0)
    assert_accessible(page)
    assert not reaches(window().new_page(), demo.facts["api"])


def test_foreign_certificate_fails(demo, window, tmp_path):
    institution = demo.institution("medical")
    foreign = certificate(demo, tmp_path / "foreign", institution, "01", new=True)
    for port in ["server", "api"]:
        assert reaches(window(demo.facts[port], institution).new_page(), demo.facts[port]), port
        assert not reaches(window(demo.facts[port], foreign).new_page(), demo.facts[port]), port


def test_revoked_certificate_fails_without_restart(demo, window):
    institution = demo.institution("medical")
    revoked = certificate(demo, demo.directory, institution, "99")
    open_page = window(demo.facts["server"], revoked).new_page()
    assert reaches(open_page, demo.facts["server"])

    result = demo.run("cert", "revoke", "--dir", str(demo.directory), revoked["client_cert"])
    assert result.returncode == 0, result.stderr
    deadline = time.monotonic() + REVOKED_SECONDS_MAX
    while reaches(open_page, demo.facts["server"]):
        assert time.monotonic() < deadline, "the open connection goes on with a revoked certificate"
        time.sleep(0.5)
    for port in ["server", "api"]:
        assert not reaches(window(demo.facts[port], revoked).new_page(), demo.facts[port]), port
        assert reaches(window(demo.facts[port], institution).new_page(), demo.facts[port]), port


def reaches(page, url) -> bool:
    """Whether the product answers as it does to a terminal: its start page, or at the machine port any page of its own."""
    try:
        answer = page.goto(url)
    except Error:
        return False
    text = page.locator("body").inner_text()
    if "client-certificate error" in text:
        return False
    return "システムの利用を始める" in text or (answer.status == 404 and "W0004" in text)


def certificate(demo, directory, institution, label, new=False) -> dict:
    """Issues a certificate for this institution in a directory of certificates, which may be a stranger's."""
    place = ["--dir", str(directory)]
    if new:
        check(demo.run("cert", "init", *place))
    check(
        demo.run("cert", "issue", *place, "--institution", institution["code"], "--name", institution["name"], "--label", label)
    )
    files = directory / "certificates/clients" / f"{institution['code']}-{label}"
    return {"client_cert": f"{files}.pem", "client_key": f"{files}.key"}


def check(result):
    if result.returncode:
        pytest.fail(result.stderr)
