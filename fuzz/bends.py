"""Bend a file as its format allows: cells of tables, values of JSON and TOML, members of archives, types of Parquet.

A search that only flips bytes seldom comes past the first check of a format. What is drawn here stays a table, a
document or an archive more often than not, and holds what people, spreadsheets and attackers write.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
import zipfile
from collections.abc import Callable
from typing import Any

__all__ = ["CELLS", "bend", "write_rows"]

#: Cells as people, spreadsheets and attackers write them.
CELLS = (
    "", " ", "0", "-0", "-0.0", "+1", "1.0", "1,234.50", "1,5", "12,34", "１２．５", "￥1,200", "$5", "5元", "1.2万",
    "5%", "1e400", "-1e400", "1e-400", "1e5", "3.2e17", "1.23457E+17", "NaN", "nan", "inf", "-Infinity", "NULL", "N/A",
    "#N/A", "#DIV/0!", "-", "--", "—", "无", "TRUE", "true", "0x1F", "1_000", "²", "½", "٣", "۵", "1" * 40, "9" * 400,
    "0000-00-00", "2023-02-29", "2024-02-29", "10000-01-01", "1899-12-30", "45322", "45322.5", "2024-13-01",
    "31/01/2024", "20240131", "2024年1月31日", "2024/1/31 08:05", "2024Q4", "2024Q5", "0000Q1", "9999Q4",
    "２０２４Ｑ４",
    "'001", "''", "'=1+1", "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1", "合计", "小计", "总计", "H1",
    "employee", "resident", "职工", "居民", "390", "GD25", "BR21", "全部", "a|b|c", "|", "a;b", "a/b", "../../x",
    "[red]",
    "\ufeff", "\u200b1", "\xa01", "1\xa0000", "a\nb", "a\r\nb", '"', '""', "a,b", "\0", "\x1a", "\ud7ff", "\U0001f600",
    "x" * 5000, "男", "女", "1", "2", "9", "M", "{}", "%s", "${x}", "11010519491231002X",
)  # fmt: skip

_NAMES = ("case_id", "hospital", "", " ", "value", "score", "a", "Ａ", "case_id ", "Case_ID", "医院", "金额（元）")

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, float("nan"), float("inf"), "",
    "x", "2024Q4", "2024-01-31", [], {}, [[]], [None], {"": 0}, "\0", "１", "1e400", [1, "a"], {"$": "x"}, "\ud800",
)  # fmt: skip

_TOKENS = (
    "true", "false", "0", "-1", "1", "0.5", "1e400", "nan", "-inf", "9" * 30, '""', '"x"', "'\\'", "[]", "{}", "[1]",
    "{ a = 1 }", "2024-01-31", "2023-02-29", "2024-01-31T00:00:00Z", "08:00:00", '"2024Q4"', '"../../x"', '"１"',
    '"\\u0000"',
    "[[]]", '["a", "a"]', "0x10", "1_000", '"""a\nb"""', "[{}]", "[{ to = 1 }]",
    "{ from = 2024-01-01, to = 2020-01-01 }",
)  # fmt: skip


def bend(content: bytes, draw: random.Random) -> bytes:
    """Return a file changed in a few places, as its format allows.

    Parameters
    ----------
    content : bytes
        Whatever it is: its first bytes tell.
    draw : Random
        The dice.
    """
    if draw.random() < 0.2:
        return _bytes(content, draw)
    plain = _document if content.lstrip()[:1] in (b"{", b"[") and b'"' in content[:200] else _text
    how = next((one for begins, one in _FORMATS if content.startswith(begins)), plain)
    try:
        return how(content, draw)
    except Exception:  # what was bent before is no longer of its format, in one of many ways
        return _bytes(content, draw)


def _bytes(content: bytes, draw: random.Random) -> bytes:
    """Change bytes as a copy that went wrong would: lost, doubled, changed, cut, put elsewhere."""
    out = bytearray(content)
    for _ in range(draw.randint(1, 5)):
        place = draw.randint(0, len(out))
        end = min(len(out), place + draw.choice((1, 1, 2, 8, 64)))
        match draw.randint(0, 5):
            case 0:
                del out[place:end]
            case 1:
                out[place:place] = out[place:end]
            case 2:
                out[place:end] = draw.randbytes(end - place)
            case 3 if draw.random() < 0.3:
                del out[place:]
            case _:
                out[place:place] = draw.choice((b'"', b",", b"\n", b"\r", b"\0", b"=", b"\xff\xfe", b"\xef\xbb\xbf",
                                                b"\xd6\xd0", b"1e400", b"[[[", *map(_utf8, CELLS[:60])))  # fmt: skip
    return bytes(out)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def write_rows(rows: list[list[str]], *, separator: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Return rows as a CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding, "replace")


def _text(content: bytes, draw: random.Random) -> bytes:
    text = content.decode("utf-8-sig")
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    declared = re.match(r"\s*(\[|[\w.\"-]+\s*=)", first) is not None
    return _declaration(text, draw) if declared else _table(text, draw)


def _table(text: str, draw: random.Random) -> bytes:
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for _ in range(draw.choice((1, 1, 2, 4))):
        _bend_rows(rows, draw)
    dialect = draw.random()
    if dialect < 0.7:
        return write_rows(rows)
    return write_rows(
        rows,
        separator=draw.choice(",;\t|"),
        end=draw.choice(("\n", "\r\n", "\r")),
        encoding=draw.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le")),
    )


def _bend_rows(rows: list[list[str]], draw: random.Random) -> None:  # noqa: C901, PLR0912  (one branch a way)
    if not rows:
        rows.append([draw.choice(CELLS)])
        return
    row = draw.choice(rows[1:] or rows)
    column = draw.randrange(max(len(rows[0]), 1))
    match draw.randint(0, 11):
        case 0 | 1 | 2 | 3 if row:
            row[column % len(row)] = draw.choice(CELLS)
        case 4:
            for one in rows[1:]:
                one[column : column + 1] = [draw.choice(CELLS)] if draw.random() < 0.5 else one[column : column + 1]
        case 5 if rows[0]:
            rows[0][column] = draw.choice((*_NAMES, *rows[0]))
        case 6:
            for one in rows:
                del one[column : column + 1]
        case 7:
            for number, one in enumerate(rows):
                one.insert(column, draw.choice(CELLS if number else _NAMES))
        case 8:
            rows.insert(draw.randrange(len(rows) + 1), list(draw.choice(rows)))
        case 9:
            rows.append(draw.choice((["合计"], ["合计", "", "9"], [], [""] * len(rows[0]), [draw.choice(CELLS)])))
        case 10:
            rows.insert(0, [draw.choice(("2024年度统计表", "", "单位：元"))] + [""] * (len(rows[0]) - 1))
        case _:
            del rows[draw.randrange(len(rows)) :]


def _declaration(text: str, draw: random.Random) -> bytes:
    """Change lines of TOML: values, keys, tables; most stay TOML."""
    lines = text.split("\n")
    for _ in range(draw.choice((1, 1, 2, 3))):
        keyed = [place for place, line in enumerate(lines) if re.match(r"\s*[\w.\"-]+\s*=", line)]
        place = draw.choice(keyed) if keyed else 0
        key, _, value = lines[place].partition("=")
        match draw.randint(0, 8):
            case 0 | 1 | 2:
                lines[place] = f"{key}= {draw.choice(_TOKENS)}"
            case 3:
                # One value within a row of values, or one figure in it.
                lines[place] = re.sub(
                    r'"[^"]*"|-?\d[\d._]*', lambda old: draw.choice((old[0], draw.choice(_TOKENS))), lines[place]
                )
            case 4:
                del lines[place]
            case 5:
                lines.insert(place, draw.choice(lines))
            case 6:
                lines[place] = f"{draw.choice(('x', 'values', 'id', '$', 'a.b', key.strip() + '_yuan'))} ={value}"
            case 7:
                lines.insert(
                    draw.randrange(len(lines) + 1), draw.choice(("[x]", "[[rule]]", "[[x]]", "a.b.c = 1", "x = [" * 50))
                )
            case _:
                other = draw.choice(keyed) if keyed else 0
                lines[place] = f"{key}={lines[other].partition('=')[2]}"
    return "\n".join(lines).encode("utf-8", "replace")


def _document(content: bytes, draw: random.Random) -> bytes:
    """Change values anywhere in JSON."""
    held: Any = [json.loads(content)]
    for _ in range(draw.choice((1, 1, 2, 4))):
        places: list[tuple[Any, Any]] = []
        below = [held]
        while below and len(places) < 5000:
            one = below.pop()
            keys = list(one) if isinstance(one, dict) else list(range(len(one)))
            places += [(one, key) for key in keys]
            below += [one[key] for key in keys if isinstance(one[key], dict | list)]
        inside, key = draw.choice(places)
        match draw.randint(0, 5):
            case 0 | 1 | 2:
                inside[key] = draw.choice(_VALUES)
            case 3 if inside is not held:
                del inside[key]
            case 4 if isinstance(inside, list) and inside is not held:
                inside.append(inside[key])
            case _:
                other, another = draw.choice(places)
                inside[key] = json.loads(json.dumps(other[another])) if other is not held else draw.choice(CELLS)
    return json.dumps(held[0], ensure_ascii=draw.random() < 0.3).encode("utf-8", "replace")


def _archive(content: bytes, draw: random.Random) -> bytes:
    """Change what a member of an archive holds, or its name; workbooks are archives."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        members = {name: archive.read(name) for name in names if archive.getinfo(name).file_size < 1 << 20}
    chosen = draw.choice(list(members))
    sheets = [name for name in members if "sheet" in name or "Strings" in name]
    if sheets and draw.random() < 0.7:
        chosen = draw.choice(sheets)
    match draw.randint(0, 7):
        case 0:
            members.pop(chosen)
        case 1:
            members[draw.choice(("../x", "/x", "a/../b", "C:\\x", "xl/externalLinks/externalLink1.xml"))] = b"x"
        case 2:
            members[chosen] = _bytes(members[chosen], draw)
        case 3:
            members[chosen] = re.sub(rb' (r|s|t|ref)="[^"]*"', lambda old: draw.choice((old[0], b"", b' r="XFD1048576"',
                                     b' t="s"', b' t="d"', b' t="e"', b' t="b"', b' s="99"')),
                                     members[chosen])  # fmt: skip
        case _:
            cell = re.sub(r"[<>&\0\x1a\ud7ff]", "", draw.choice(CELLS))
            members[chosen] = re.sub(rb"<(v|t)>[^<]*",
                                     lambda old: draw.choice((old[0], b"<" + old[1] + b">" + _utf8(cell))),
                                     members[chosen])  # fmt: skip
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in members.items():
            archive.writestr(name, held)
    return sink.getvalue()


def _parquet(content: bytes, draw: random.Random) -> bytes:
    """Write a table with other types, other cells, other columns, as other programs write it."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.read_table(io.BytesIO(content))
    for _ in range(draw.choice((1, 1, 2))):
        place = draw.randrange(max(table.num_columns, 1))
        name, column = table.column_names[place], table.column(place).combine_chunks()
        texts = [None if cell is None else str(cell) for cell in column.to_pylist()]
        made: Any = column
        match draw.randint(0, 9):
            case 0:
                made = pa.array([[text] for text in texts])
            case 1:
                made = pa.array([{"a": text} for text in texts])
            case 2:
                made = pa.array(texts, pa.large_string()).dictionary_encode()
            case 3:
                made = pa.array([text and text.encode() for text in texts], pa.binary())
            case 4:
                made = pa.array([draw.randrange(10**6) for _ in texts]).cast(draw.choice(
                    (pa.timestamp("us", tz="Asia/Shanghai"), pa.timestamp("ns"), pa.duration("s"), pa.float32(),
                     pa.uint64(),
                     pa.decimal128(20, 2), pa.decimal256(50, 4),
                     pa.time64("us"), pa.date64())), safe=False)  # fmt: skip
            case 5:
                made = pa.array([draw.choice(CELLS) if draw.random() < 0.3 else text for text in texts])
            case 6:
                made = pa.array(
                    [draw.choice((None, float("nan"), float("inf"), -0.0, 1e308, 1.5, 3.2e17)) for _ in texts],
                    pa.float64(),
                )
            case 7:
                made = pa.nulls(len(texts), draw.choice((pa.null(), pa.string(), pa.int8(), pa.bool_())))
            case 8:
                made = pa.array([draw.random() < 0.5 for _ in texts])
            case _:
                table = draw.choice((table.slice(0, 0), table.drop_columns([name]), table.append_column(name, column),
                                     table.append_column(draw.choice(_NAMES), column)))  # fmt: skip
                continue
        table = table.set_column(place, name, made)
    sink = io.BytesIO()
    pq.write_table(
        table, sink, compression="none", store_schema=draw.random() < 0.7, row_group_size=draw.choice((1, 2, 1000))
    )
    return _bytes(sink.getvalue(), draw) if draw.random() < 0.1 else sink.getvalue()


def _database(content: bytes, draw: random.Random) -> bytes:
    """Change a SQLite file through SQL, with its triggers gone, as somebody with a tool for it would."""
    with sqlite3.connect(":memory:", isolation_level=None) as book:
        book.deserialize(content)
        objects = book.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'").fetchall()
        triggers = [name for kind, name in objects if kind == "trigger"]
        tables = [name for kind, name in objects if kind == "table"]
        if draw.random() < 0.9:
            for name in triggers:
                book.execute(f'DROP TRIGGER "{name}"')
        for _ in range(draw.choice((1, 1, 2))):
            table = draw.choice(tables)
            columns = [row[1] for row in book.execute(f'PRAGMA table_info("{table}")')]
            column, value = (
                draw.choice(columns),
                draw.choice((*CELLS[:40], *(one for one in _VALUES if isinstance(one, int | float)))),
            )
            statement, given = draw.choice((
                (f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = 1 + abs(random()) % 5', (value,)),  # noqa: S608
                (f'UPDATE "{table}" SET "{column}" = "{draw.choice(columns)}"', ()),  # noqa: S608
                (f'DELETE FROM "{table}" WHERE rowid % 2 = {draw.randint(0, 1)}', ()),  # noqa: S608
                (f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}x"', ()),
                (f'ALTER TABLE "{table}" ADD COLUMN extra', ()),
                (f'DROP TABLE "{table}"', ()),
                (f"PRAGMA user_version = {draw.randint(0, 9)}", ()),
                (f"PRAGMA application_id = {draw.randint(0, 9)}", ()),
                ('CREATE VIEW "more" AS SELECT 1', ()),
            ))  # fmt: skip
            try:
                book.execute(statement, given)
            except (sqlite3.Error, OverflowError):
                continue
        return bytes(book.serialize())


_FORMATS: tuple[tuple[bytes, Callable[[bytes, random.Random], bytes]], ...] = (
    (b"PK\x03\x04", _archive),
    (b"PAR1", _parquet),
    (b"SQLite format 3\0", _database),
)
