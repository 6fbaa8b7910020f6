import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.claims.verdict import write_verdict
from benchmarks.report.read.records import load_records
from benchmarks.report.tables.latex import escape_latex, to_latex, write_latex
from benchmarks.report.tables.latex_layout import LINE_WIDTH, lay_out, pieces
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.write import write_tables
from benchmarks.study.files import load_study
from benchmarks.study.settings import Cell
from tests.support.latex import PDFLATEX, problems

ROOT = Path(__file__).parents[3]
TABLE = Table(
    "A & B",
    ("Name", "AUC", "Nothing"),
    (("a_b|c", "93.1 ± 0.8", ""), ("<d>", "−2.0†", "")),
    frozenset({"AUC"}),
    ("5 % of it",),
)
# Whatever studies write, and what LaTeX takes for commands.
SIGNS = "∞ − × ± · α Δ λ σ β † ‡ – — … ≥ ≤ → ² é ü “q” ' $ & % # _ { } ~ ^ \\ < > | [a] * -- \" @"
WIDE = Table(
    "Wide",
    ("Method", "Setting", *(f"Quantity {number}" for number in range(14)), "Note"),
    tuple(
        (f"method {row}", f"read_threshold=0.00{row},items={row}", *["93.1 ± 10.8"] * 14, "A sentence to wrap. " * 6)
        for row in range(4)
    ),
    frozenset(f"Quantity {number}" for number in range(14)),
    ("See `results/a_very_long_path_without_any_space/that/no/line/could/hold/whole/if/it/were/not/broken.md`.",),
)
LONG = Table("Long", ("Name", "AUC"), tuple((f"setting {row}", "93.1") for row in range(90)), frozenset({"AUC"}))

needs_pdflatex = pytest.mark.skipif(
    PDFLATEX is None, reason="needs pdflatex (Debian: texlive-latex-base, texlive-latex-recommended)"
)


class TestToLatex:
    def test_booktabs_and_escapes(self) -> None:
        """Rules are those of booktabs, and nothing is left that LaTeX takes for a command."""
        text = to_latex(TABLE, "ab")
        assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{@{}lrl@{}}"))
        assert r"a\_b$|$c & 93.1 $\pm$ 0.8" in text
        assert r"$-$2.0$\dagger$" in text
        assert r"\caption{A \& B}\label{tab:ab}" in text
        assert r"5 \% of it" in text

    def test_a_long_table_breaks_over_pages(self) -> None:
        """Rows that fill more than a page are a longtable, whose head is repeated."""
        text = to_latex(LONG, "long")
        assert r"\begin{longtable}" in text
        assert r"\endhead" in text
        assert r"\begin{table}" not in text

    def test_a_wide_table_is_split(self) -> None:
        """Each part repeats what names a row and has a label; all columns are there, and notes stand once."""
        text = to_latex(WIDE, "wide")
        parts = re.findall(r"\\label\{tab:([^}]*)\}", text)
        assert parts == ["wide", *(f"wide-{number}" for number in range(2, len(parts) + 1))]
        assert len(parts) > 1
        assert text.count("method 3 &") == len(parts)
        indices = [column.index for part in lay_out(WIDE) for column in part.columns]
        assert set(indices) == set(range(len(WIDE.columns)))
        assert f"into {len(parts)} tables with the same rows" in text
        assert text.count("See ") == 1

    def test_what_the_caption_is_about(self) -> None:
        """A caption says which study it is of, once."""
        assert r"\caption{A \& B. Study x}" in to_latex(TABLE, "a", about="Study x")
        assert r"\caption{A \& B}" in to_latex(TABLE, "a", about="A & B")

    @pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n\n"])
    def test_a_comment_cannot_end_early(self, end: str) -> None:
        """What a record says of its origin stays in its comment, and a cell in its row."""
        table = Table(f"t{end}\\input{{x}}", ("A",), ((f"a{end}{end}\\input{{x}}",),))
        text = to_latex(table, "a", origin=[f"commit a{end}\\input{{/etc/passwd}}"])
        assert text.startswith("% commit a \\input{/etc/passwd}\n")
        assert [line for line in text.splitlines() if r"\input" in line] == [text.splitlines()[0]]


class TestEscapeLatex:
    def test_specials(self) -> None:
        """Every special character of LaTeX is escaped once, and a letter that it has no glyph for becomes a command."""
        assert escape_latex("Oracle α") == r"Oracle $\alpha$"
        assert escape_latex(r"\{~^#$}") == r"\textbackslash{}\{\textasciitilde{}\textasciicircum{}\#\$\}"

    def test_signs(self) -> None:
        """Nothing beyond ASCII is left, even of what has no command; code marks go."""
        assert escape_latex(SIGNS + "漢 🎉 `x`").isascii()
        assert escape_latex("`x`") == "x"

    def test_no_argument_of_a_line_break(self) -> None:
        """A bracket or an asterisk that begins a row would be an argument of the line break before it."""
        assert escape_latex("[1, 2]") == "{}[1, 2]"
        assert escape_latex("*") == "{}*"


class TestPieces:
    @pytest.mark.parametrize(
        "word", ["read_threshold=0.00025,items=2000", "x" * 70, "-" * 70, "short", "a.b" * 20 + "_"]
    )
    def test_nothing_is_lost(self, word: str) -> None:
        """Pieces make up the word, and none of a long one is longer than twelve characters."""
        assert "".join(pieces(word)) == word
        assert max(map(len, pieces(word))) <= 12


class TestWriteLatex:
    def test_files_that_are_no_longer_made_go(self, tmp_path: Path) -> None:
        """The folder holds what the last writing made: a file for each table that has rows."""
        empty = Table("Nothing", ("A",), ())
        folder = write_latex(tmp_path, "study", {"main": TABLE, "old": TABLE, "empty": empty})
        assert {path.name for path in folder.iterdir()} == {"main.tex", "old.tex"}
        write_latex(tmp_path, "study", {"main": TABLE})
        assert [path.name for path in folder.iterdir()] == ["main.tex"]
        assert r"\label{tab:study-main}" in (folder / "main.tex").read_text()


@needs_pdflatex
class TestPdflatex:
    """What is written is set by pdfLaTeX, 10 pt, lines of 455 pt."""

    def test_invented_tables(self, tmp_path: Path) -> None:
        """Wide, long, full of signs, and with a commit that would be a command."""
        signs = Table(
            SIGNS, ("A", SIGNS), tuple((sign, SIGNS) for sign in SIGNS.split()), frozenset(), (SIGNS, "漢 🎉")
        )
        both = Table("Both", WIDE.columns, WIDE.rows * 30, WIDE.numeric, WIDE.notes)
        texts = Table("Texts", tuple("abcdefgh"), ((("word " * 30).strip(), "x" * 300, *["read_threshold=1"] * 6),))
        tables = {"signs": signs, "wide": WIDE, "long": LONG, "both": both, "texts": texts}
        folder = write_latex(tmp_path, "invented", tables, about=SIGNS, origin=["a\n\\input{/etc/passwd}"])
        assert problems(sorted(folder.iterdir()), tmp_path / "set") == []

    @pytest.mark.parametrize("environment", ["tabular", "longtable"])
    def test_a_line_that_is_too_wide_is_noticed(self, tmp_path: Path, environment: str) -> None:
        """The test's own reader sees a table of two points more than the line has."""
        inner = rf"\begin{{{environment}}}{{@{{}}p{{{LINE_WIDTH + 2}pt}}@{{}}}}a\\\end{{{environment}}}"
        text = inner if environment == "longtable" else rf"\begin{{table}}{inner}\end{{table}}"
        (tmp_path / "wide.tex").write_text(text)
        (problem,) = set(problems([tmp_path / "wide.tex"], tmp_path / "set"))
        assert problem.startswith(r"Overfull \hbox (2.0")

    def test_a_character_without_a_glyph_is_noticed(self, tmp_path: Path) -> None:
        """The test's own reader sees a sign that was not escaped."""
        (tmp_path / "sign.tex").write_text("∞")
        assert any("∞" in one or "221E" in one for one in problems([tmp_path / "sign.tex"], tmp_path / "set"))

    def test_tables_of_invented_records(
        self, tmp_path: Path, core_cells: Callable[..., list[Cell]], core_results: Callable[..., Path]
    ) -> None:
        """A whole study and its verdict."""
        cells = core_cells("ped2", (0, 1, 2))
        results = core_results(cells)
        folders = [write_tables("ped2", cells, results).paths["tex"]]
        folders.append(write_verdict(load_records(results), results)["tex"])
        files = [path for folder in folders for path in sorted(folder.iterdir())]
        assert len(files) > 8
        assert problems(files, tmp_path / "set") == []

    @pytest.mark.parametrize("study", ["baselines-ped2", "ped2", "synthetic"])
    def test_tables_of_the_projects_own_records(self, tmp_path: Path, study: str) -> None:
        """Studies with baselines, published figures and kinds of anomaly; their records are read, their tables are not."""
        (tmp_path / "runs").symlink_to(ROOT / "results" / "runs")
        folder = write_tables(study, load_study(study).cells, tmp_path).paths["tex"]
        assert problems(sorted(folder.iterdir()), tmp_path / "set") == []
