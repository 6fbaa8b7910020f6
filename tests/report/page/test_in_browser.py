"""The page in a real browser, from disk: quiet, alone, and usable by keyboard at any width."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.report.page import write_page
from benchmarks.report.read.records import load_records
from benchmarks.study.settings import Cell
from tests.support.chromium import Chromium, find_chromium

Cells = Callable[..., list[Cell]]
PROGRAM = find_chromium()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="needs chromium or chrome on PATH: these tests drive the page in a browser"
)
TAB, ENTER, ESCAPE = ("Tab", 9), ("Enter", 13), ("Escape", 27)
OPENED = "document.activeElement.id === 'run-title'"
COMPARED = "document.querySelectorAll('#compare-body table').length > 2"
SHOWN = "[...document.querySelectorAll('#runs-table tbody tr')].filter(row => !row.hidden).length"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, write_record: Callable[..., Path], core_cells: Cells) -> str:
    """A page of twelve invented runs on two sets."""
    results = tmp_path_factory.mktemp("results")
    cells = [*core_cells("ped2", (0,)), *core_cells("synthetic", (0,))]
    for cell in cells:
        write_record(results, cell.settings, cell.seed)
    return write_page(load_records(results), results, {"ped2": cells[:6]}).as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests of this file."""
    assert PROGRAM is not None
    with Chromium(PROGRAM, tmp_path_factory.mktemp("profile")) as started:
        yield started


class TestPage:
    def test_opens_from_disk_quietly_and_asks_for_nothing(self, browser: Chromium, address: str) -> None:
        """No error on the console, and no request but the file itself, even after a run was opened."""
        browser.listener.heard.clear()
        browser.open(address)
        browser.run("document.querySelector('.run-link').click()")
        browser.wait_until(OPENED)
        assert browser.complaints() == []
        assert [one for one in browser.requests() if not one.startswith("data:")] == [address]
        assert browser.listener.heard == []

    def test_the_listener_hears_a_page_that_does_ask(self, browser: Chromium, tmp_path: Path) -> None:
        """The watch itself works: a page with a picture from elsewhere is heard."""
        other = tmp_path / "asks.html"
        other.write_text('<!doctype html><img src="http://elsewhere.example/picture.png">')
        browser.listener.heard.clear()
        browser.open(other.as_uri())
        assert "GET /picture.png HTTP/1.1" in browser.listener.heard
        assert "http://elsewhere.example/picture.png" in browser.requests()

    def test_the_policy_stops_what_would_slip_through(self, browser: Chromium, address: str) -> None:
        """A picture that were put into the page by a record reaches nobody."""
        browser.open(address)
        browser.listener.heard.clear()
        browser.run(
            "new Promise(done => { const image = new Image(); image.onerror = done; "
            "image.src = 'http://elsewhere.example/x.png'; })"
        )
        assert browser.listener.heard == []
        assert any("Content Security Policy" in one for one in browser.complaints())

    def test_filters_and_says_how_many(self, browser: Chromium, address: str) -> None:
        """Choosing a level hides the other runs, tells the number to a screen reader, and goes into the address."""
        browser.open(address)
        assert browser.run(SHOWN) == 12
        browser.run(
            "(() => { const select = document.getElementById('filter-memory'); select.value = 'none'; "
            "select.dispatchEvent(new Event('change')); })()"
        )
        assert browser.run(SHOWN) == 6
        status = "document.getElementById('run-count')"
        assert browser.run(f"{status}.textContent") == "6 of 12 runs"
        assert browser.run(f"{status}.getAttribute('role')") == "status"
        assert browser.run("location.hash") == "#memory=none"

    def test_the_address_keeps_the_choice(self, browser: Chromium, address: str) -> None:
        """An address with levels opens on the same runs; one that no run has chooses all."""
        browser.open(f"{address}#dataset=UCSD+Ped2&memory=none&task=prediction")
        assert browser.run(SHOWN) == 1
        browser.open(f"{address}#dataset=nowhere&memory=none")
        assert browser.run(SHOWN) == 6

    def test_sorts_by_a_heading(self, browser: Chromium, address: str) -> None:
        """A heading is a button that sorts down and up and says so; numbers as numbers."""
        browser.open(address)
        column = "[...document.querySelectorAll('#runs-table th')].findIndex(th => th.textContent.startsWith('AUC'))"
        values = (
            f"(() => {{ const at = {column}; return [...document.querySelectorAll('#runs-table tbody tr')]"
            ".map(row => Number(row.cells[at].textContent)); })()"
        )
        for direction, reverse in (("descending", True), ("ascending", False)):
            browser.run(f"document.querySelectorAll('#runs-table th')[{column}].querySelector('button').click()")
            found = browser.run(values)
            assert found == sorted(found, reverse=reverse)
            sorts = browser.run(
                "[...document.querySelectorAll('[aria-sort]')].map(th => [th.textContent, "
                "th.getAttribute('aria-sort')])"
            )
            assert sorts == [["AUC (%)", direction]]

    def test_a_run_by_keyboard(self, browser: Chromium, address: str) -> None:
        """Enter opens a run with its charts, the focus goes to its heading, Escape closes it and brings the focus back."""
        browser.open(address)
        browser.run("document.querySelector('.run-link').focus()")
        name = browser.run("document.activeElement.closest('th').dataset.run")
        browser.press(*ENTER)
        browser.wait_until(OPENED)
        assert browser.run("new URLSearchParams(location.hash.slice(1)).get('run')") == name
        headings = browser.run("[...document.querySelectorAll('#run-body h3')].map(one => one.textContent)")
        assert headings[0] == "Losses in training"
        assert headings[-1].startswith("Score of every test video")
        charts = "[...document.querySelectorAll('#run-body svg[role=img]')]"
        assert browser.run(f"{charts}.length") >= 5
        assert browser.run(
            f"{charts}.every(one => one.querySelector('title').textContent && one.querySelector('desc'))"
        )
        summaries = browser.run("[...document.querySelectorAll('#run-body summary')].map(one => one.textContent)")
        assert summaries[:2] == ["AUC under each convention of evaluation", "Losses as numbers"]
        browser.press(*ESCAPE)
        assert browser.run("document.getElementById('run').open") is False
        assert browser.run("document.activeElement.closest('th').dataset.run") == name

    def test_the_timeline_is_the_records(self, browser: Chromium, address: str) -> None:
        """The curve that is drawn has a point per frame, and reaches 0 and 1 in each video as the published way does."""
        browser.open(f"{address}#dataset=UCSD+Ped2&memory=none&task=prediction")
        browser.run("document.querySelector('#runs-table tbody tr:not([hidden]) .run-link').click()")
        browser.wait_until(OPENED)
        drawn = browser.run(
            "[...document.querySelectorAll('#run-body .low path.curve')].map(one => one.getAttribute('d'))"
        )
        assert len(drawn) == 3
        for one in drawn:
            heights = [float(point.split(" ")[1]) for point in one[1:].split("L")]
            assert len(heights) == 40
            assert (min(heights), max(heights)) == (3.0, 97.0)

    def test_two_runs_side_by_side(self, browser: Chromium, address: str) -> None:
        """At first a run with memory stands beside the same without: what differs, AUC, and both on the same axes."""
        browser.open(address)
        browser.wait_until(COMPARED)
        chosen = "[...document.querySelectorAll('.side')].map(one => one.querySelectorAll('select')[1].selectedOptions[0].text)"
        first, second = browser.run(chosen)
        assert (first, second) == (first, first.replace("memory", "no memory"))
        caption = "[...document.querySelectorAll('#compare-body caption')].map(one => one.textContent)"
        assert browser.run(caption)[:2] == ["Settings that differ", "Settings that are the same"]
        assert "memory" in browser.run(
            "[...document.querySelectorAll('#differing tbody th')].map(one => one.textContent)"
        )
        lines = (
            "[...document.querySelectorAll('#compare-body .low svg')].map(one => one.querySelectorAll('.curve').length)"
        )
        assert browser.run(lines) == [2, 2, 2]
        cells = "[...document.querySelectorAll('#compare-body tbody tr')].find(one => one.textContent.startsWith('Micro, per'))"
        own, other, difference = browser.run(f"[...{cells}.cells].slice(1).map(one => one.textContent)")
        assert float(difference.replace("\N{MINUS SIGN}", "-")) == pytest.approx(float(other) - float(own), abs=0.11)
        assert browser.run("location.hash") == ""

    def test_any_two_runs_can_be_chosen(self, browser: Chromium, address: str) -> None:
        """Other runs go into the address, which opens on them; runs on other frames have their timelines apart."""
        browser.open(address)
        browser.wait_until(COMPARED)
        browser.run(
            "(() => { const select = document.getElementById('compare-B-group'); select.value = 'synthetic/cpu'; "
            "select.dispatchEvent(new Event('change')); })()"
        )
        browser.wait_until("location.hash.includes('b=synthetic')")
        status = "document.getElementById('compare-status').textContent"
        browser.wait_until("document.querySelectorAll('#compare-body .low svg').length === 6")
        told = browser.run(status)
        assert re.fullmatch(r"\d+ settings? differs?\.", told)
        browser.open(browser.run("location.href"))
        browser.wait_until("document.querySelectorAll('#compare-body .low svg').length === 6")
        assert browser.run(status) == told
        assert browser.run("document.getElementById('compare-B-group').value") == "synthetic/cpu"

    def test_a_run_is_compared_from_its_dialog(self, browser: Chromium, address: str) -> None:
        """The button closes the run, takes it as A and puts its counterpart beside it."""
        browser.open(f"{address}#dataset=Circles+and+squares&memory=none&task=prediction")
        browser.run("document.querySelector('#runs-table tbody tr:not([hidden]) .run-link').click()")
        browser.wait_until(OPENED)
        browser.run("document.getElementById('run-compare').click()")
        browser.wait_until("location.hash.includes('a=synthetic')")
        assert browser.run("document.getElementById('run').open") is False
        browser.wait_until("document.getElementById('compare-B-group').value === 'synthetic/cpu'")

    def test_skip_link_comes_first(self, browser: Chromium, address: str) -> None:
        """The first stop of the keyboard leads past the navigation."""
        browser.open(address)
        browser.press(*TAB)
        assert browser.run("document.activeElement.className") == "skip"
        browser.press(*ENTER)
        assert browser.run("document.activeElement.id") == "main"

    @pytest.mark.parametrize("width", [360, 390, 1280])
    def test_no_width_scrolls_sideways(self, browser: Chromium, address: str, width: int) -> None:
        """On a phone and on a desk only tables scroll sideways, in regions of their own, opened parts included.

        Nothing outside such a region ends beyond the screen.
        """
        browser.size(width)
        browser.open(address)
        browser.wait_until(COMPARED)
        browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert browser.run("document.documentElement.scrollWidth") <= width
        beyond = (
            "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1"
            " && !one.closest('.scroll, pre, svg, .hidden')).map(one => one.outerHTML.slice(0, 80))"
        )
        assert browser.run(beyond) == []

    def test_the_first_table_fits_a_phone(self, browser: Chromium, address: str) -> None:
        """At 390 pixels the answer's table does not even scroll in its own region."""
        browser.size(390)
        browser.open(address)
        first = "document.querySelector('main .scroll')"
        assert browser.run(f"{first}.closest('.answer') !== null")
        assert browser.run(f"{first}.scrollWidth <= {first}.clientWidth")

    def test_a_table_that_scrolls_says_so(self, browser: Chromium, address: str) -> None:
        """A hint stands over a table that is wider than the screen, and over no other; its caption is not cut off."""
        hint = "getComputedStyle(document.querySelector('#set-ped2 ~ .scroll'), '::before').content"
        browser.size(2000)
        browser.open(address)
        browser.wait_until(f"{hint} === 'none'")
        browser.size(360)
        browser.wait_until(f"{hint}.startsWith('\"Scroll sideways')")
        right = "document.querySelector('#set-ped2 ~ .scroll caption span').getBoundingClientRect().right"
        assert browser.run(f"{right} <= innerWidth")

    def test_only_tables_that_scroll_stop_the_keyboard(self, browser: Chromium, address: str) -> None:
        """A main table is a stop on a phone, where it scrolls, and none on a wide screen, where it does not."""
        stop = "document.querySelector('#set-ped2 ~ .scroll').getAttribute('tabindex') === '0'"
        browser.size(2000)
        browser.open(address)
        browser.wait_until(f"!({stop})")
        browser.size(360)
        browser.wait_until(stop)

    def test_every_control_has_a_name(self, browser: Chromium, address: str) -> None:
        """The accessibility tree has no button, link, select, picture, region or dialog without a name."""
        browser.open(address)
        tree = browser.send("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "link", "combobox", "image", "region", "form", "navigation", "table", "article"}
        named = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in tree
            if not node.get("ignored") and node.get("role", {}).get("value") in roles
        ]
        assert {role for role, _ in named} >= {"button", "link", "combobox", "region", "navigation", "table"}
        assert [one for one in named if not one[1]] == []

    def test_prints(self, browser: Chromium, address: str) -> None:
        """On paper the filters are gone, the table of runs is there, and what was folded is printed."""
        browser.open(address)
        assert browser.paper().startswith(b"%PDF")
        browser.send("Emulation.setEmulatedMedia", media="print")
        try:
            assert browser.run("getComputedStyle(document.getElementById('filters')).display") == "none"
            assert browser.run("document.getElementById('runs-table').getBoundingClientRect().height") > 50
            browser.run("dispatchEvent(new Event('beforeprint'))")
            assert browser.run("document.querySelectorAll('main details:not([open], .unprinted)').length") == 0
            browser.run("dispatchEvent(new Event('afterprint'))")
            assert browser.run("document.querySelectorAll('main details[open]').length") == 0
        finally:
            browser.send("Emulation.setEmulatedMedia", media="")
