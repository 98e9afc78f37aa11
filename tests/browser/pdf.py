"""Looks at a PDF with poppler's tools: text, properties, pages as pictures."""

import re
import subprocess
import zlib
from pathlib import Path


def text(pdf: Path) -> str:
    return _run("pdftotext", "-layout", str(pdf), "-")


def squeezed(pdf: Path) -> str:
    """The text without any white space: line breaks inside a cell don't matter."""
    return re.sub(r"\s+", "", text(pdf))


def properties(pdf: Path) -> dict[str, str]:
    """`pdfinfo` by name, such as Title, Tagged, Pages."""
    lines = (line.partition(":") for line in _run("pdfinfo", str(pdf)).splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def fonts_not_embedded(pdf: Path) -> list[str]:
    rows = _run("pdffonts", str(pdf)).splitlines()[2:]
    return [row for row in rows if re.split(r"\s+", row.strip())[-5] != "yes"]


def pictures(pdf: Path) -> list[Path]:
    """One PNG a page, beside the PDF."""
    stem = pdf.with_suffix("")
    _run("pdftoppm", "-png", "-r", "80", str(pdf), str(stem))
    return sorted(pdf.parent.glob(f"{stem.name}-*.png"))


def assert_printable(pdf: Path, title: str) -> None:
    """What every report must have: Japanese text that can be selected, tags, title, language, embedded fonts, `1 / n`."""
    facts = properties(pdf)
    assert facts.get("Tagged") == "yes", facts
    assert title in facts.get("Title", ""), facts
    assert title in squeezed(pdf)
    assert re.search(rf"1/{facts['Pages']}ページ", squeezed(pdf)), text(pdf)[:600]
    assert b"ja" in _language(pdf), "the document names no language"
    assert not fonts_not_embedded(pdf), fonts_not_embedded(pdf)


def _language(pdf: Path) -> bytes:
    """The catalogue's /Lang, whose place pdfinfo does not show; it may lie in a compressed object stream."""
    content = pdf.read_bytes()
    parts = [content]
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.S):
        try:
            parts.append(zlib.decompressobj().decompress(stream.group(1)))
        except zlib.error:
            continue
    found = re.search(rb"/Lang\s*\((.*?)\)", b"\n".join(parts), re.S)
    return found.group(1) if found else b""


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
