"""pdfLaTeX as a reader of generated tables."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

PDFLATEX = shutil.which("pdflatex")
# Points that a line may be too wide: what rounding leaves, and nobody sees.
_TOLERANCE = 1.0
_DOCUMENT = r"""\documentclass[10pt]{article}
\usepackage{array,booktabs,longtable}
\usepackage[textwidth=455pt,textheight=650pt]{geometry}
\begin{document}
%s
\end{document}
"""


def problems(files: Iterable[Path], folder: Path) -> list[str]:
    """Set files in a document of 10 pt with lines of 455 pt; returns what pdfLaTeX complains about.

    That is: errors, characters without a glyph, labels given twice, and lines more than 1 pt too wide.
    """
    assert PDFLATEX is not None
    body = "\n".join(rf"\input{{{path.resolve().as_posix()}}}\clearpage" for path in files)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.tex").write_text(_DOCUMENT % body)
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = (folder / "all.log").read_text(errors="replace")
    found = [line for line in log.splitlines() if line.startswith("!") or "Missing character" in line]
    found += [line for line in log.splitlines() if "multiply defined" in line]
    found += [line for line, wide in re.findall(r"(Overfull \\hbox \(([\d.]+)pt.*)", log) if float(wide) > _TOLERANCE]
    return found if found or done.returncode == 0 else [f"exit status {done.returncode}"]
