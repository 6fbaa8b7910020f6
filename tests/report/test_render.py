from benchmarks.report.render import Table, escape_latex, html_page, to_html, to_latex, to_markdown

TABLE = Table(
    "A & B",
    ("Name", "AUC", "Nothing"),
    (("a_b|c", "93.1 ± 0.8", ""), ("<d>", "−2.0†", "")),
    frozenset({"AUC"}),
    ("5 % of it",),
)


class TestToMarkdown:
    def test_columns_line_up(self) -> None:
        """All lines of the table are equally long, numbers to the right, bars escaped."""
        lines = [line for line in to_markdown(TABLE).splitlines() if line.startswith("|")]
        assert len({len(line) for line in lines}) == 1
        assert lines[2].startswith(r"| a_b\|c | 93.1 ± 0.8 |")
        assert lines[3].startswith("| <d>    |      −2.0† |")
        assert lines[1].split("|")[2].endswith(": ")


class TestToLatex:
    def test_booktabs_and_escapes(self) -> None:
        """Rules are those of booktabs, and nothing is left that LaTeX takes for a command."""
        text = to_latex(TABLE)
        assert all(rule in text for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{lrl}"))
        assert r"a\_b|c & 93.1 $\pm$ 0.8" in text
        assert r"$-$2.0\textdagger{}" in text
        assert r"\caption{A \& B}" in text
        assert r"5 \% of it" in text

    def test_specials(self) -> None:
        """Every special character of LaTeX is escaped once, and a letter that it has no glyph for becomes a command."""
        assert escape_latex("Oracle α") == r"Oracle $\alpha$"
        assert escape_latex(r"\{~^#$}") == r"\textbackslash{}\{\textasciitilde{}\textasciicircum{}\#\$\}"


class TestToHtml:
    def test_escapes(self) -> None:
        """Cells are text, never markup, and the page needs nothing from elsewhere."""
        page = html_page("t", to_html(TABLE))
        assert "&lt;d&gt;" in page
        assert "<d>" not in page
        assert "<h2>A &amp; B</h2>" in page
        assert "http" not in page


class TestTable:
    def test_without_empty_columns(self) -> None:
        """A column that is empty in every row goes, the others stay."""
        assert TABLE.without_empty_columns().columns == ("Name", "AUC")
