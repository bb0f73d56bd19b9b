"""Build the pages of the repository as a site that loads nothing from elsewhere.

The pages, the notebooks and what they show are copied into one folder laid out as the repository, so that their links
hold; Sphinx turns that folder into HTML, with the reference written from the docstrings. Warnings are errors.

    .venv/bin/python tools/build_docs.py                   # every notebook is run, if it or the package has changed
    .venv/bin/python tools/build_docs.py --notebooks off   # quick: notebooks show the outputs that are stored
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from runnable_notebooks import missing_data

ROOT = Path(__file__).resolve().parent.parent

#: Pages, relative to the repository; a page of docs/ that is not among them cannot be: the folder is taken whole.
PAGES = ("*.md", "docs/**/*.md", "models/README.md", "data/README.md")
#: Pages whose links say what stands below them in the contents.
INDEXES = (
    "index.md",
    "docs/index.zh.md",
    "docs/how-to/README.md",
    "docs/how-to/README.zh.md",
    "docs/topics.md",
    "docs/decisions/README.md",
)
#: Where a page goes that no index names.
REST = "docs/topics.md"
#: What decides whether a notebook is run again.
_CAUSES = ("actuary/**/*.py", "actuary/**/*.toml", "models/**/*.toml", "models/**/*.csv", "data/**/*.csv")

_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
#: Where a line of Chinese is broken in the source: HTML would show a space there.
_BROKEN = re.compile(r"(?<=[\u3001-\u9fff\uff00-\uffef])\n(?=[\u3001-\u9fff\uff00-\uffef“])")
_LOADED = re.compile(r"""(?:<(?:script|img|iframe|source)[^>]+\bsrc|<link[^>]+\bhref)\s*=\s*["'](?:https?:)?//[^"']+""")
_IMPORTED = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])(?:https?:)?//[^)"']+""")


def links(text: str) -> list[str]:
    """Return the targets of the links of a Markdown page, code left out."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "`", _FENCED.sub("", text)))


def join_chinese(text: str) -> str:
    """Join the lines of Chinese paragraphs, code left as it is."""
    parts, end = [], 0
    for fence in _FENCED.finditer(text):
        parts += [_BROKEN.sub("", text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _BROKEN.sub("", text[end:])])


def page_files(root: Path = ROOT) -> list[Path]:
    """Return the Markdown pages of the site."""
    return sorted({path for pattern in PAGES for path in root.glob(pattern)})


def local_target(page: Path, target: str, *, root: Path = ROOT) -> Path | None:
    """Return the file or folder that a link names, None where it leads out of the repository.

    A target that begins with a slash counts from the top of the repository.
    """
    name = target.split("#", maxsplit=1)[0]
    if not name or re.match(r"[a-z]+:", name):
        return None
    return (root / name[1:] if name.startswith("/") else page.parent / name).resolve()


def _staged_name(path: Path, root: Path) -> str:
    name = path.relative_to(root).as_posix()
    return "index.md" if name == "docs/index.md" else name


def _contents(names: Iterable[str]) -> str:
    listed = "\n".join(f"/{name.rsplit('.', 1)[0]}" for name in names)
    return f"\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{listed}\n```\n"


def _below(root: Path, pages: Sequence[Path]) -> dict[str, list[str]]:
    """Return for every index the pages that stand below it: each page once, below the first index that names it."""
    named = {path.resolve(): _staged_name(path, root) for path in pages}
    placed = {"index.md"}
    below: dict[str, list[str]] = {index: [] for index in INDEXES}
    for path in sorted(pages, key=lambda page: [*INDEXES, _staged_name(page, root)].index(_staged_name(page, root))):
        index = _staged_name(path, root)
        if index not in below:
            continue
        for target in links(path.read_text(encoding="utf-8")):
            found = local_target(path, target, root=root)
            name = named.get(found) if found else None
            if name is not None and name not in placed:
                placed.add(name)
                below[index].append(name)
    below[REST] += [name for name in named.values() if name not in placed]
    return below


def stage(folder: Path, *, root: Path = ROOT) -> None:
    """Copy pages, what they show and the settings into one folder laid out as the repository."""
    pages = page_files(root)
    below = _below(root, pages)
    for path in pages:
        text = join_chinese(path.read_text(encoding="utf-8"))
        for target in links(text):
            found = local_target(path, target, root=root)
            if found is not None and found.is_file() and found.suffix not in {".md", ".ipynb"}:
                _copy(found, folder / found.relative_to(root))
        name = _staged_name(path, root)
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text + (_contents(below[name]) if below.get(name) else ""), encoding="utf-8")
    _copy(root / "docs" / "conf.py", folder / "conf.py")
    shutil.copytree(root / "docs" / "templates", folder / "docs" / "templates")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def stage_notebooks(folder: Path, *, run: bool, cache: Path, root: Path = ROOT) -> None:
    """Stage every notebook, run where asked and where its data are here, and list them on their page."""
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    causes = _causes(root) if run else ""
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda path: _stage_notebook(path, folder, run=run, cache=cache, causes=causes), notebooks))
    page = folder / "docs" / "notebooks.md"
    rows = [f"- [{_title(path)}](/notebooks/{path.name})" for path in notebooks]
    listed = _contents(f"notebooks/{path.name}" for path in notebooks)
    said = "\n## The notebooks\n\nOne whose data are not here is shown with the outputs it was stored with.\n\n"
    page.write_text(page.read_text(encoding="utf-8") + said + "\n".join(rows) + "\n" + listed, encoding="utf-8")


def _causes(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _CAUSES for path in root.glob(pattern)}):
        digest.update(path.relative_to(root).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _title(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else path.stem


def _stage_notebook(path: Path, folder: Path, *, run: bool, cache: Path, causes: str) -> None:
    missing = missing_data(path)
    target = folder / "notebooks" / path.name
    if run and not missing:
        key = hashlib.sha256(causes.encode() + path.read_bytes()).hexdigest()
        kept = cache / f"{path.stem}-{key[:16]}.ipynb"
        if not kept.is_file():
            _run_notebook(path, kept)
        _copy(kept, target)
        return
    _copy(path, target)
    if run:
        _say(f"not run: {path.name} needs {', '.join(missing)}")


def _run_notebook(path: Path, kept: Path) -> None:
    import nbformat  # noqa: PLC0415  (only where a notebook is run)

    from actuary.errors import ActuaryError  # noqa: PLC0415
    from actuary.report.notebook import execute_notebook  # noqa: PLC0415

    started = time.monotonic()
    try:
        executed = execute_notebook(path, timeout=600)
    except ActuaryError as error:
        raise SystemExit(f"the site was not built: {error}") from None
    kept.parent.mkdir(parents=True, exist_ok=True)
    for older in kept.parent.glob(f"{path.stem}-{'?' * 16}.ipynb"):
        older.unlink()
    partial = kept.with_suffix(".partial")
    partial.write_text(nbformat.writes(executed), encoding="utf-8")
    partial.replace(kept)
    _say(f"run: {path.name}, {time.monotonic() - started:.0f} s")


_STYLE = """@font-face {{
  font-family: "{family}";
  font-weight: 100 900;
  src: url(data:font/woff;base64,{font}) format("woff");
}}
html {{
  --pst-font-family-base: "{family}", sans-serif;
  --pst-font-family-heading: var(--pst-font-family-base);
  --pst-font-family-monospace: Menlo, Consolas, "DejaVu Sans Mono", "{family}", monospace;
}}
.bd-main .bd-content .bd-article-container {{ max-width: 64em; }}
.cell_output td, .cell_output th {{ padding: 0.15em 0.6em; font-variant-numeric: tabular-nums; }}
.cell_output svg {{ max-width: 100%; height: auto; }}
.bd-article table {{ display: block; width: fit-content; max-width: 100%; margin-left: 0; overflow-x: auto; }}
"""


def add_style(html: Path) -> None:
    """Write the style of the site and, inside it, a font with the Chinese characters that its pages print."""
    from actuary.report.fonts import FAMILY, missing_characters, web_font  # noqa: PLC0415

    text = "".join(path.read_text(encoding="utf-8") for path in html.rglob("*.html"))
    # In this font these marks are as wide as a Chinese character, which tears English words apart.
    printed = set(text) - set("‘’“”·")
    lacking = set(missing_characters("".join(sorted(printed))))
    # The font stands inside the style: a browser that opens the pages from a folder may refuse a font beside them.
    style = _STYLE.format(family=FAMILY, font=web_font("".join(sorted(printed - lacking))))
    (html / "_static" / "site.css").write_text(style, encoding="utf-8")


def loaded_from_elsewhere(html: Path) -> list[str]:
    """Return what the pages of a site would load over a network: page and address."""
    found = []
    for path in sorted([*html.rglob("*.html"), *html.rglob("*.css")]):
        pattern = _LOADED if path.suffix == ".html" else _IMPORTED
        found += [f"{path.relative_to(html)}: {match}" for match in pattern.findall(path.read_text(encoding="utf-8"))]
    return found


def build(out: Path, *, run: bool, root: Path = ROOT) -> None:
    """Build the site into a folder; the folder is replaced once the new site is whole."""
    work = out.with_name(f"{out.name}.work")
    staged, html = work / "pages", work / "html"
    # From the start each time: Sphinx does not look for names to document in pages that it did not know before.
    for folder in (staged, html, work / "doctrees"):
        shutil.rmtree(folder, ignore_errors=True)
    stage(staged, root=root)
    stage_notebooks(staged, run=run, cache=work / "notebooks", root=root)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(work / "doctrees")]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([*command, str(staged), str(html)], env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"the site was not built; the pages are staged in {staged}")
    add_style(html)
    loaded = loaded_from_elsewhere(html)
    if loaded:
        raise SystemExit("\n".join(["pages load something from elsewhere:", *loaded]))
    shutil.rmtree(out, ignore_errors=True)
    html.rename(out)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "output" / "docs", help="folder of the site")
    parser.add_argument("--notebooks", choices=["run", "off"], default="run", help="whether notebooks are run")
    given = parser.parse_args()
    begun = time.monotonic()
    build(given.out.resolve(), run=given.notebooks == "run")
    print(f"{given.out / 'index.html'} ({time.monotonic() - begun:.0f} s)")
