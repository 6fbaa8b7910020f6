from benchmarks.report.tables.render import Table, to_markdown

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


class TestTable:
    def test_without_empty_columns(self) -> None:
        """A column that is empty in every row goes, the others stay."""
        assert TABLE.without_empty_columns().columns == ("Name", "AUC")
