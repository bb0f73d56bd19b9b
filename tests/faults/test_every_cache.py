"""Every cache of results under every damage: found, said, made anew, and whole again afterwards."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actuary.alerts.outlook_draws import outlooks
from actuary.durable import checked
from actuary.durable.checked import CacheFolder, CacheWarning, pack
from actuary.forecast import kept_draws
from actuary.forecast.kept_draws import load_kept, store_kept
from actuary.forecast.posterior_cache import gates, posteriors

#: The caches of results, by the function that opens each.
CACHES: dict[str, Callable[[Path], CacheFolder]] = {
    "forecast/posterior_cache.py posteriors": posteriors,
    "forecast/posterior_cache.py gates": gates,
    "forecast/kept_draws.py _folder": lambda folder: kept_draws._folder(folder / "a1"),
    "alerts/outlook_draws.py outlooks": outlooks,
}
BODY = bytes(range(256)) * 8


def test_every_cache_of_the_sources_is_tried(root: Path) -> None:
    package, found = root / "actuary", set()
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "durable" or "CacheFolder(" not in text:
            continue
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                made = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                if any(getattr(node.func, "id", "") == "CacheFolder" for node in made):
                    found.add(f"{path.relative_to(package).as_posix()} {function.name}")
    assert found == set(CACHES)


def test_no_two_caches_read_each_other(tmp_path: Path) -> None:
    kinds = [make(tmp_path).kind for make in CACHES.values()]
    assert len(set(kinds)) == len(kinds)
    assert all(kind.rpartition(" ")[2].isdigit() for kind in kinds), "a kind bears the number of its form"


def loop(path: Path) -> None:
    """Let the file be unreadable, to the superuser as well."""
    path.unlink()
    path.symlink_to(path.name)


def altered(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


HARM: dict[str, Callable[[CacheFolder, Path], object]] = {
    "cut": lambda _, path: path.write_bytes(path.read_bytes()[:-1]),
    "cut to its head": lambda _, path: path.write_bytes(path.read_bytes()[:30]),
    "one byte altered": lambda _, path: path.write_bytes(altered(path.read_bytes())),
    "empty": lambda _, path: path.write_bytes(b""),
    "another key's": lambda cache, path: (cache.store("b2", BODY), shutil.copyfile(cache.path("b2"), path)),
    "an earlier form": lambda cache, path: path.write_bytes(
        pack(BODY, kind=f"{cache.kind.rpartition(' ')[0]} 0", key="a1")
    ),
    "another cache's": lambda _, path: path.write_bytes(pack(BODY, kind="something else 1", key="a1")),
    "a folder": lambda _, path: (path.unlink(), path.mkdir()),
    "unreadable": lambda _, path: loop(path),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", CACHES)
def test_damage_is_found_said_and_mended(name: str, harm: str, tmp_path: Path) -> None:
    cache = CACHES[name](tmp_path)
    assert cache.store("a1", BODY)
    assert cache.load("a1") == BODY
    HARM[harm](cache, cache.path("a1"))
    assert cache.load("a1") is None
    assert len(cache.notes) == 1
    assert "made anew" in cache.notes[0]
    assert str(tmp_path) not in cache.notes[0]
    if harm in {"a folder", "unreadable"}:  # nothing of ours: left as it is, and done without
        assert not cache.store("a1", BODY)
        assert len(cache.notes) == 2
    else:
        assert cache.store("a1", BODY)
        assert cache.load("a1") == BODY


def test_kept_draws_say_once_that_they_were_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked, "_said", set())
    path = tmp_path / "a1"
    store_kept(path, {"gate": "open"})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(CacheWarning, match="a cached kept draw was damaged or not whole: made anew"):
        assert load_kept(path) is None
    assert load_kept(path) is None  # a second warning would be an error here
