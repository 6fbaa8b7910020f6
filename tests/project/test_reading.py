"""Limits and sentences of all readers: benchmarks/reading.py."""

import gzip
import os
from pathlib import Path

import pytest

from benchmarks import reading
from benchmarks.errors import StudyError
from benchmarks.reading import (
    expected,
    json_digest,
    printable,
    read_bytes,
    read_json,
    read_text,
    read_toml,
    unpack_gzip,
)


class TestExpected:
    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (ValueError("it is short."), "but it is short; mend it."),
            (KeyError("a"), "but it is damaged (KeyError: 'a'); mend it."),
            (MemoryError(), "but it claims more than the memory holds; mend it."),
            (RecursionError(), "but it is nested more than 40 deep; mend it."),
            (FileNotFoundError(2, "No such file"), "but there is none; mend it."),
            (PermissionError(13, "Permission denied"), "but it cannot be read (Permission denied); mend it."),
            (ValueError("two\nlines\x1b[31m"), "but two lines [31m; mend it."),
        ],
    )
    def test_whatever_is_raised_is_a_sentence(self, error: Exception, said: str) -> None:
        """What was expected, where, what came, the remedy: one line without control characters."""
        with pytest.raises(StudyError) as raised, expected("a thing", Path("x"), "mend it"):
            raise error
        assert str(raised.value) == f"Expected a thing in x, {said}"

    def test_a_sentence_stays_as_it_is(self) -> None:
        """A reader inside has said it already."""
        with pytest.raises(StudyError, match=r"^said$"), expected("a thing", Path("x")):
            raise StudyError("said")


class TestReadBytes:
    def test_a_pipe_a_folder_and_a_large_file_are_refused(self, tmp_path: Path) -> None:
        """Opening a pipe would wait for ever."""
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "pipe", tmp_path):
            with pytest.raises(ValueError, match="no regular file"):
                read_bytes(path)
        (tmp_path / "large").write_bytes(bytes(11))
        assert read_bytes(tmp_path / "large", 11) == bytes(11)
        with pytest.raises(ValueError, match="more than 10 bytes"):
            read_bytes(tmp_path / "large", 10)


class TestFormats:
    def test_a_byte_order_mark_is_none_of_the_text(self, tmp_path: Path) -> None:
        """As Windows editors leave it."""
        (tmp_path / "a").write_bytes(b'\xef\xbb\xbf{"a": 1}')
        assert read_text(tmp_path / "a") == '{"a": 1}'
        assert read_json(tmp_path / "a") == {"a": 1}

    @pytest.mark.parametrize("depth", [41, 200_000])
    def test_deep_nesting_is_refused(self, tmp_path: Path, depth: int) -> None:
        """In JSON and TOML, whether the parser minds or not."""
        (tmp_path / "a.json").write_text("[" * depth + "]" * depth)
        (tmp_path / "a.toml").write_text("a = " + "[" * depth + "]" * depth)
        for read, name in ((read_json, "a.json"), (read_toml, "a.toml")):
            with pytest.raises(RecursionError):
                read(tmp_path / name)

    def test_what_is_no_number_is_no_json(self, tmp_path: Path) -> None:
        """Python would read NaN."""
        (tmp_path / "a.json").write_text('{"a": NaN}')
        with pytest.raises(ValueError, match="NaN"):
            read_json(tmp_path / "a.json")

    def test_gzip_is_unpacked_up_to_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bomb, a cut file and two files in one are refused."""
        monkeypatch.setattr(reading, "MOST_UNPACKED", 100)
        assert unpack_gzip(gzip.compress(bytes(100))) == bytes(100)
        for packed, said in (
            (gzip.compress(bytes(101)), "more than 100"),
            (gzip.compress(b"a")[:-1], "cut off"),
            (gzip.compress(b"a") * 2, "more than one"),
        ):
            with pytest.raises(ValueError, match=said):
                unpack_gzip(packed)


class TestJsonDigest:
    def test_depends_on_values_alone(self) -> None:
        """Order and layout do not count, nor does the digest itself; a value does."""
        assert json_digest({"a": 1, "b": [0.1]}) == json_digest({"b": [0.1], "a": 1, "digest": "x"})
        assert json_digest({"a": 1}) != json_digest({"a": 2})


class TestPrintable:
    def test_keeps_letters_of_all_languages_and_cuts(self) -> None:
        """Control characters, line ends and marks that turn the direction of writing go."""
        assert printable("Größe 幅\t\x1b[0m\u202e!") == "Größe 幅 [0m !"
        assert printable("a" * 300, 5) == "aaaaa..."
