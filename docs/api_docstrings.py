"""Docstrings for the API pages: lines that describe one argument or result each become a list."""

import re

from griffe import Extension, Object

_ITEM = re.compile(r"^(?P<names>[a-z_]\w*(?:, [a-z_]\w*)*): (?P<rest>.+)$")


def as_markdown(docstring: str) -> str:
    """Turn lines such as ``query: (batch, channels) float`` into list items, their continuation lines included."""
    out: list[str] = []
    in_list = False
    for line in docstring.splitlines():
        found = _ITEM.match(line.strip()) if out else None
        if found:
            if not in_list and out[-1]:
                out.append("")
            names = ", ".join(f"`{name}`" for name in found["names"].split(", "))
            out.append(f"- {names}: {found['rest']}")
            in_list = True
        elif not line.strip():
            out.append("")
            in_list = False
        else:
            out.append(f"    {line.strip()}" if in_list and line.startswith((" ", "\t")) else line)
    return "\n".join(out)


class ArgumentLists(Extension):
    """Apply `as_markdown` to every docstring."""

    def on_instance(self, *, obj: Object, **_: object) -> None:
        """Rewrite an object's docstring in place."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
