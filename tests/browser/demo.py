"""A running `madoguchi demo` and what its demo.json says, for tests and screenshots. Knows nothing about browsers."""

import json
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS_MAX = 180
STOP_SECONDS_MAX = 30


class Demo:
    """One demo world in a directory of its own; `with Demo(...) as demo:` starts and stops it."""

    def __init__(self, directory: Path, *options: str, persons: int = 60, seed: int = 7):
        self.directory = Path(directory)
        self.log = self.directory.with_suffix(".log")
        self.options = ["--persons", str(persons), "--seed", str(seed), "--port", "0", *options]
        self.facts: dict = {}
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Demo":
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        command = [str(binary()), "demo", "--dir", str(self.directory), "--headless", *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)
        try:
            self.facts = self._wait_for_facts()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _wait_for_facts(self) -> dict:
        facts = self.directory / "demo.json"
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the demo ended with {self.process.returncode}:\n{self.log_tail()}")
            if facts.is_file():
                return json.loads(facts.read_text(encoding="utf-8"))
            time.sleep(0.1)
        raise RuntimeError(f"no demo.json after {START_SECONDS_MAX} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Another verb of the same program; the caller looks at the exit code."""
        return subprocess.run(
            [str(binary()), *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )

    def institution(self, kind: str) -> dict:
        """The first institution of a kind, such as `hospital` or `pharmacy`."""
        return one(self.facts["institutions"], "kind", kind)

    def card(self, story: str) -> dict:
        """The named test patient whose story contains these words."""
        for card in self.facts["cards"]:
            if story in card["story"]:
                return card
        raise LookupError(f"no card's story contains {story}: {[card['story'] for card in self.facts['cards']]}")


def account(institution: dict, kind: str) -> dict:
    """The institution's account of a kind, with `user_id` and `password`."""
    return one(institution["accounts"], "kind", kind)


def one(rows: list[dict], field: str, value: str) -> dict:
    for row in rows:
        if row[field] == value:
            return row
    raise LookupError(f"no {field} {value}: {sorted({row[field] for row in rows})}")


def binary() -> Path:
    """The program under test: what xtask built, or the development build."""
    return Path(os.environ.get("MADOGUCHI_BINARY", ROOT / "target/debug/madoguchi"))
