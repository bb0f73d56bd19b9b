from __future__ import annotations

import importlib.util

import pytest

from actuary.indicators import INDICATORS


@pytest.mark.slow
def test_the_page_is_what_is_computed(root):
    spec = importlib.util.spec_from_file_location("write_indicators", root / "tools" / "write_indicators.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == (root / "docs" / "indicators.md").read_text(encoding="utf-8")


def test_every_indicator_stands_in_the_page(root):
    lines = (root / "docs" / "indicators.md").read_text(encoding="utf-8").splitlines()
    for name, one in INDICATORS.items():
        (line,) = [line for line in lines if line.startswith(f"| `{name}` | {one.zh} |")]
        assert one.formula in line
        assert one.source in line
