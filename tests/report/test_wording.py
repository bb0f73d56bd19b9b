from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import actuary.report
from actuary.errors import OutputError
from actuary.report.wording import load_wording, placeholders

_PACKAGE = Path(actuary.report.__file__).parent
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Chinese in Python: units, digits and official punctuation, no sentences.
_ALLOWED = {"numbers.py", "__init__.py", "render_excel.py", "display.py", "render_pdf.py", "render_html.py"}


def test_both_languages_have_the_same_keys() -> None:
    assert load_wording("zh").texts.keys() == load_wording("en").texts.keys()


def test_both_languages_fill_the_same_placeholders() -> None:
    zh, en = load_wording("zh"), load_wording("en")
    differing = {key for key in zh.texts if placeholders(zh.texts[key]) != placeholders(en.texts[key])}
    assert differing == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sentences_hold_no_figures_of_their_own(lang: str) -> None:
    texts = load_wording(lang).texts
    assert {key for key, text in texts.items() if re.search(r"\d", text)} == set()


def test_the_english_wording_holds_no_chinese() -> None:
    assert {key for key, text in load_wording("en").texts.items() if _CHINESE.search(text)} == set()


def test_no_sentence_is_written_in_python() -> None:
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        doc = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _has_doc(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in doc:
                limit = 6 if path.name in _ALLOWED else 0
                if len(_CHINESE.findall(node.value)) > limit and node.value != "零一二三四五六七八九":
                    found.append(f"{path.name}:{node.lineno}: {node.value}")
    assert found == []


def _has_doc(node: ast.AST) -> bool:
    body = getattr(node, "body", [])
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def test_every_sentence_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_PACKAGE.rglob("*.py")))
    template = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_PACKAGE.glob("templates/*.typ")))
    unused = [key for key in load_wording("zh").texts if not _is_used(key, source + template)]
    assert unused == []


def _is_used(key: str, source: str) -> bool:
    group, _, name = key.rpartition(".")
    if f'"{key}"' in source or f'"{name}"' in source or f"labels.{name}" in source:
        return True
    stem = name.removesuffix("_alt").removesuffix("_title").removesuffix("_plain")
    if f'"{group}.{stem}"' in source or f'"{stem}"' in source:
        return True
    # A key put together from parts: the group, and a part of the name before or after the gap.
    return re.search(rf'"{re.escape(group)}\.[a-z_]*{{', source) is not None or f'"{group}"' in source


def test_messages_name_the_nearest_sentence_and_the_missing_value() -> None:
    wording = load_wording("en")
    with pytest.raises(OutputError, match=r"did you mean 'findings\.months'"):
        wording.text("findings.month")
    with pytest.raises(OutputError, match=r"no value for \{months\}"):
        wording.text("findings.months", fund="f", balance="b")
    with pytest.raises(OutputError, match="a known language"):
        load_wording("de")
