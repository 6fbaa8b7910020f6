import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from benchmarks.report.page.markup import blocks, inline, part, section, table
from benchmarks.report.tables.render import Table


class TestInline:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("**a** and *b*", "<strong>a</strong> and <em>b</em>"),
            ("`<a> **b**`", "<code>&lt;a&gt; **b**</code>"),
            ("[`verdict.md`](results/verdict.md)", '<a href="../../results/verdict.md"><code>verdict.md</code></a>'),
            ("[x](https://a.example/b)", '<a href="https://a.example/b">x</a>'),
            ("[x](javascript:alert)", "[x](javascript:alert)"),
            ("[x](//a.example)", "[x](//a.example)"),
            ("the 95 % interval", "the 95\N{NO-BREAK SPACE}% interval"),
            ("2 * 3 * 4, +1.2 [−2.9, +5.3] (3 seeds)", "2 * 3 * 4, +1.2 [−2.9, +5.3] (3 seeds)"),
        ],
    )
    def test_marks(self, text: str, wanted: str) -> None:
        """Strong, emphasis, code and links become HTML; what is no mark, or no place to go, stays text."""
        assert inline(text) == wanted

    @given(text=st.text(alphabet="a<>&\"'*`[]() \n"))
    def test_never_lets_a_tag_through(self, text: str) -> None:
        """Whatever is written, the only tags are those of the marks."""
        tags = re.findall(r"<[^>]*>", inline(text))
        assert all(re.fullmatch(r'</?(strong|em|code|a)>|<a href="[^"<>]*">', tag) for tag in tags)

    @given(text=st.text(alphabet="a<>&\"' 1"))
    def test_plain_text_comes_back(self, text: str) -> None:
        """Text without marks is the same to a reader."""
        assert html.unescape(inline(text)) == text


class TestSection:
    def test_ends_with_the_next_heading(self) -> None:
        """A section is what stands under its heading, smaller headings too; none is empty."""
        text = "# A\n\n## Limits\n\none\n\n### more\n\ntwo\n\n## Other\n\nthree\n"
        assert section(text, "Limits") == "one\n\n### more\n\ntwo"
        assert section(text, "Other") == "three"
        assert section(text, "None") == ""


class TestBlocks:
    def test_paragraphs_and_lists(self) -> None:
        """Bullets go on over indented lines."""
        found = blocks("a\nb\n\n- c\n  d\n- e\n")
        assert found == "<p>a\nb</p>\n<ul>\n<li>c\nd</li>\n<li>e</li>\n</ul>\n"
        assert blocks("") == ""


class TestTable:
    def test_says_what_heads_what(self) -> None:
        """Caption, columns and rows are headed, cells escaped, special ones as they are given, notes below."""
        content = Table("T & U", ("A", "B"), (("<x>", "1"),), frozenset({"B"}), ("*n*",))
        found = table(content, cells={"B": Markup("<b>{}</b>").format})
        assert "<caption><span>T &amp; U</span></caption>" in found
        assert '<th scope="col">A</th><th scope="col" class="number">B</th>' in found
        assert '<th scope="row">&lt;x&gt;</th><td class="number"><b>1</b></td>' in found
        assert "<li><em>n</em></li>" in found
        assert 'role="region" tabindex="0" aria-label="T &amp; U"' in found

    def test_a_stacked_table_stays_a_table(self) -> None:
        """Where rows may be laid out as blocks, roles say that they are rows, and each cell knows its column."""
        found = table(Table("T", ("A", "B"), (("x", "1"),)), stacked=True)
        for role in ("table", "rowgroup", "row", "columnheader", "rowheader", "cell"):
            assert f'role="{role}"' in found
        assert 'data-label="B"' in found


class TestPart:
    def test_escapes_whatever_it_is_given(self) -> None:
        """A macro's values are text, in attributes, too."""
        drawn = part("explorer", "runs", [("<a>", '"', False)], [('"><b>', ["<i>"])])
        assert "<a>" not in drawn
        assert "<b>" not in drawn
        assert "<i>" not in drawn
