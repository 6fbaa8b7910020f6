"""The whole page as text: what stands in it, what does not, and when it is refused."""

import base64
import hashlib
import itertools
import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report import page
from benchmarks.report.claims.answer import answer
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.figures.style import ABNORMAL, PALETTE
from benchmarks.report.page import main, write_page
from benchmarks.report.page.markup import inline
from benchmarks.report.page.runs import run_id
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]
ROOT = Path(__file__).parents[3]
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Document(HTMLParser):
    """Tags with their attributes in order, and the text of headings, captions and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that is opened."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that ends where it begins."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Only the tag that is open may be closed."""
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        """Note text with the tag it stands in."""
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every tag of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def few(core_cells: Cells, core_results: Write) -> tuple[Path, list[Cell]]:
    """Results with two seeds of MNAD's prediction with and without memory."""
    cells = [cell for cell in core_cells("ped2", (0, 1)) if cell.settings.task == "prediction"]
    return core_results(cells), cells


class TestWritePage:
    def test_every_claim_and_every_run(self, few: tuple[Path, list[Cell]]) -> None:
        """Each claim has an article with its statement and a word, each run a row and a payload."""
        results, cells = few
        records = load_records(results)
        path = write_page(records, results, {"ped2": cells})
        assert path == results / "report" / "index.html"
        document = Document(path.read_text())
        articles = [one["id"] for one in document.all("article")]
        assert sorted(articles) == sorted(claim.id for claim in read_claims())
        said = "".join(text for _, text in document.texts)
        for claim in read_claims():
            assert claim.statement in said
        assert "without a word" in said
        assert "not trained long enough" in said
        opened = [one["data-run"] for one in document.all("th") if "data-run" in one]
        assert opened == [run_id(record) for record in records]
        names = [line.partition(" ")[0] for line in said.split('"use strict"')[0].splitlines()]
        assert set(opened) <= set(names)

    def test_its_structure_is_sound(self, few: tuple[Path, list[Cell]]) -> None:
        """Headings in order, landmarks, captions, scopes, names that are there once, links that lead somewhere."""
        results, cells = few
        document = Document(write_page(load_records(results), results, {"ped2": cells}).read_text())
        levels = [int(name[1]) for name, _ in document.tags if re.fullmatch(r"h[1-6]", name)][
            :-1
        ]  # the dialog's is apart
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        for landmark in ("header", "nav", "main", "footer"):
            assert len(document.all(landmark)) == 1
        assert document.all("html")[0]["lang"] == "en"
        assert len(document.all("caption")) == len(document.all("table"))
        assert all(one.get("scope") in ("col", "row") for one in document.all("th"))
        names = [attributes["id"] for _, attributes in document.tags if "id" in attributes]
        assert len(names) == len(set(names))
        for _, attributes in document.tags:
            for name in attributes.get("aria-labelledby", "").split():
                assert name in names
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in names

    def test_loads_nothing(self, few: tuple[Path, list[Cell]]) -> None:
        """No tag and no rule of style names anything to load but what the page holds itself; the policy forbids the rest."""
        results, cells = few
        document = Document(write_page(load_records(results), results, {"ped2": cells}).read_text())
        assert document.all("link") == []
        assert all("src" not in one for one in document.all("script"))
        for name, attributes in document.tags:
            if name not in ("a", "use"):
                assert "href" not in attributes
            assert attributes.get("src", "data:").startswith("data:")
            assert not [one for one in attributes if one.startswith("on")]
        style = "".join(text for tag, text in document.texts if tag == "style")
        assert "url(" not in style
        assert "@import" not in style
        script = "".join(text for tag, text in document.texts if tag == "script")
        assert "://" not in script
        policy = next(one["content"] for one in document.all("meta") if "http-equiv" in one)
        assert policy.startswith("default-src 'none'")
        code = script[script.index('\n"use strict"') :]
        assert base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() in policy

    def test_escapes_what_comes_from_records(self, tmp_path: Path, write_record: Write) -> None:
        """Marks in notes, versions, names of sets and commits stay text."""
        attack = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
        write_record(tmp_path, resolve(dataset="yard", method="mnad", task="prediction", profile="cpu"), 0)
        (record,) = load_records(tmp_path)
        content = {**record.content, "notes": [attack], "versions": {attack: attack}, "commit": attack}
        hostile = replace(record, content=content, settings=replace(record.settings, dataset="a<b>'\"&"))
        document = Document(write_page([hostile], tmp_path, {}).read_text())
        assert len(document.all("script")) == 2
        assert document.all("img") == []
        assert attack in "".join(text for _, text in document.texts)
        assert "a<b>'\"&" in [text for tag, text in document.texts if tag == "td"]

    def test_the_same_records_give_the_same_bytes(self, few: tuple[Path, list[Cell]]) -> None:
        """Nothing of the day or the machine goes in."""
        results, cells = few
        first = write_page(load_records(results), results, {"ped2": cells}).read_bytes()
        assert write_page(load_records(results), results, {"ped2": cells}).read_bytes() == first

    def test_without_records_it_says_what_would_make_some(self, tmp_path: Path) -> None:
        """Every claim is there, undecided, with the command that makes its cells."""
        text = write_page([], tmp_path, {}, docs=ROOT / "docs").read_text()
        assert text.count('<article class="claim"') == len(read_claims())
        assert "No records yet" in text
        assert "make reproduce-long-ped2 SEEDS=3" in text
        assert "0 runs" in text

    def test_limits_come_from_the_docs(self, tmp_path: Path) -> None:
        """Pages of docs are shown, so that limits are written down once; a missing page is named. Links are rebased."""
        (tmp_path / "limits.md").write_text(
            "# Limits\n\n- **One** [a](a.md#b), [r](../results/r.md)\n  and `no` other.\n"
        )
        text = write_page([], tmp_path, {}, docs=tmp_path).read_text()
        assert (
            '<li><strong>One</strong> <a href="../../docs/a.md#b">a</a>, <a href="../../results/r.md">r</a>\n'
            "and <code>no</code> other.</li>"
        ) in text
        assert "See the section “Where this differs from the papers” in docs/methods.md" in text

    def test_what_older_code_made_is_shown_and_judged_nowhere(self, few: tuple[Path, list[Cell]]) -> None:
        """Its runs are in the explorer with a mark, and no claim counts them."""
        results, cells = few
        records = load_records(results)
        text = write_page(records[:1], results, {"ped2": cells}, left_out=records[1:]).read_text()
        assert text.count("<td>older</td>") == len(records) - 1
        assert text.count("<td>current</td>") == 1
        assert f"{len(records) - 1} runs that older code made" in text

    def test_the_sentence_comes_first(self, few: tuple[Path, list[Cell]]) -> None:
        """Behind the title stands the sentence that leads the README's answer, before any table, and only there."""
        results, cells = few
        records = load_records(results)
        text = write_page(records, results, {"ped2": cells}).read_text()
        told = inline(answer({"ped2": cells}, records, results).sentence)
        assert text.count(told) == 1
        assert text.index("<h1") < text.index(told) < text.index("<table")

    def test_goes_where_it_is_asked_for(self, few: tuple[Path, list[Cell]], tmp_path: Path) -> None:
        """With out the page lies there, and its links lead to the same files."""
        results, cells = few
        out = tmp_path / "site" / "deep" / "study.html"
        assert write_page(load_records(results), results, {"ped2": cells}, out=out) == out
        document = Document(out.read_text())
        links = [one["href"] for one in document.all("a") if one.get("href", "#")[0] != "#"]
        runs = next(link for link in links if link.endswith("runs"))
        assert (out.parent / runs).resolve() == (results / "runs").resolve()

    def test_refuses_to_grow_too_large(self, few: tuple[Path, list[Cell]], monkeypatch: pytest.MonkeyPatch) -> None:
        """Above the limit nothing is written, and one sentence says how much it is and what to do."""
        results, cells = few
        monkeypatch.setattr(page, "LIMIT", 80_000)
        with pytest.raises(StudyError, match=r"at most 0\.1 MB, but 4 runs .* ask for fewer points .*--points 400"):
            write_page(load_records(results), results, {"ped2": cells})
        assert not (results / "report").exists()

    def test_refuses_too_few_points(self, tmp_path: Path) -> None:
        """A timeline of a few points would show nothing."""
        with pytest.raises(StudyError, match="at least 100 points a timeline, but got 5"):
            write_page([], tmp_path, {}, points=5)


class TestMain:
    def test_says_what_was_written(self, few: tuple[Path, list[Cell]], capsys: pytest.CaptureFixture[str]) -> None:
        """The path, the size beside the limit, and the number of runs, stale ones counted."""
        results, cells = few
        options = Namespace(results=results, work=None, points=None, out=None)
        assert main(options, {"ped2": cells}, lambda record: record.seed == 1) == 0
        assert re.fullmatch(
            rf"Written: {results}/report/index.html \(0\.\d of 3 MB, 4 runs\)\n", capsys.readouterr().out
        )


class TestColours:
    def test_are_those_of_the_figures(self) -> None:
        """The style sheet's series and shades are the palette of the figures, which colour-blind readers tell apart."""
        style = (Path(page.__file__).parent / "page.css").read_text()
        light = style[: style.index("@media")]
        colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", light))
        assert [colours[f"series-{number}"] for number in (1, 2, 3, 4)] == list(PALETTE[:4])
        assert colours["abnormal"] == ABNORMAL
        assert {colours["yes"], colours["no"], colours["differs"]} <= set(PALETTE)

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_stands_out(self, scheme: str) -> None:
        """Text on its ground has a contrast of at least 4.5 to 1 (WCAG AA), light and dark."""
        style = (Path(page.__file__).parent / "page.css").read_text()
        light, dark = style.split("@media (prefers-color-scheme: dark)")
        found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", light))
        if scheme == "dark":
            found |= dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+);", dark[: dark.index("* {")]))
        pairs = [(ink, ground) for ink in ("ink", "muted", "link") for ground in ("paper", "panel")]
        pairs += [(f"{kind}-ink", f"{kind}-tint") for kind in ("yes", "no", "open", "differs")]
        for ink, ground in pairs:
            assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
