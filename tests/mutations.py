"""Mutations: the ways in which a department's line can be wrong, from a slip to malice.

In: a valid line and a seeded generator. Out: the line, spoilt (or changed and still valid).
Invariant: same generator state, same bytes. Every text that a mutation puts in carries MARK, so that a leak shows.
Deliberately absent: any opinion on whether the result is a record; the strict decoder judges.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import orjson

MARK = "QZ7319"
Pairs = list[tuple[bytes, bytes]]
"""The members of a JSON object, names and values as they stand on the wire."""


def _wire(text: str) -> bytes:
    return b'"' + text.encode() + b'"'


ODD_VALUES: tuple[bytes, ...] = (
    b"null", b"true", b"false", b"0", b"-1", b"1", b"-0", b"1.0", b"1e0", b"1.5", b"0.0", b"01", b"+1",
    b"2147483647", b"2147483648", b"9223372036854775807", b"9223372036854775808", b"18446744073709551616",
    b"-9223372036854775809", b"1646614800", b"-1", b"4102444800", b"253402300800", b"1" + b"0" * 400,
    b"1e308", b"1e999", b"NaN", b"Infinity", b"-Infinity", b"nan", b"undefined", b"True", b"'1'",
    b'""', b'" "', b'"\\u0000"', _wire(MARK + "\\u0000"), _wire(MARK + "\\ud800"), _wire(MARK + "\\udc00\\ud800"),
    _wire(MARK + "\\ud83d\\ude00"), _wire("\u202e" + MARK), _wire(MARK + "\u200b"), _wire("\ufeff" + MARK),
    _wire(MARK + "\ufffd"), _wire(MARK * 20_000), _wire(MARK * 11), _wire("ﬃ" * 30 + MARK), _wire("क़" * 40),
    _wire("\u00a0" + MARK + "\u3000"), _wire("１２３" + MARK), _wire(MARK + "\\n"), _wire("e\u0301" + MARK),
    _wire(MARK.lower()), b'"true"', b'"null"', b'"1"', b'"-1"', b'"1646614800"',
    b'"\x1f"', b'"' + MARK.encode() + b"\x00" + b'"', b'"\x7f"',
    b'"' + MARK.encode() + b'\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xe9"', b'"\xf4\x90\x80\x80"',
    b"[]", b"{}", b"[null]", b'[""]', b'["a",1]', b"[[[[]]]]", b'{"a":{"a":[1,{"b":null}]}}',
    b'{"a":1,"a":2}', b"[NaN]",
    b"[" * 40 + b"]" * 40, b"[" * 1500 + b"]" * 1500, b"[" * 30_000 + b"]" * 30_000,
    b'{"a":' * 12_000 + b"1" + b"}" * 12_000,
    b'["10012345678"]', b'["10012345678",null]', b'["' + MARK.encode() + b'"]',
)  # fmt: skip
ODD_TIMES: tuple[bytes, ...] = tuple(
    _wire(text)
    for text in (
        "9999-12-31T23:59:59", "0001-01-01T00:00:00", "2022-02-29T00:00:00", "2022-02-30", "2022-13-01T00:00:00",
        "2022-03-08T24:00:00", "2022-03-08T14:60:00", "2022-03-08T14:05:60", "2022-03-08T14:05:00+25:00", "1899-12-31",
        "2022-03-08T14:05:00+08:60", "2022-03-08t14:05:00z", "2022-03-08T14:05", "2022-03-08T14:05:00.1234567",
        "2022-03-08T14:05:00.5", "2022-03-08 14:05:00 +0800", "2022-03-08T14:05:00-08:00", "2022-3-8 14:05:00",
        "08/03/2022", "2022/03/08 14:05:00", "２０２２-03-08T14:05:00", "2022-03-08", "20220308140500",
        "2022-03-08T14:05:00\\u0000",
        "2100-01-01T08:00:00", "2099-12-31T23:59:59", "1900-01-01T08:00:00", "1901-01-01T00:00:00", "now", "",
        "2022-03-08T14:05:00+08:00 ", "2022-03-08T14:05:00ZZ", "2022-03-08_14:05:00", "2022-03-08T14.05.00",
        "2000-02-29T01:02:03",
    )
)  # fmt: skip
_IDENTIFIERS = ("id_no", "other_id_no", "phone", "card_no", "tube_code", "source_record_id", "vehicle", "phones")


def pairs_of(line: bytes) -> Pairs:
    return [(orjson.dumps(name), orjson.dumps(value)) for name, value in orjson.loads(line).items()]


def joined(pairs: Pairs) -> bytes:
    return b"{" + b",".join(name + b":" + value for name, value in pairs) + b"}"


def _member(values: tuple[bytes, ...], times: bool = False) -> Callable[[Pairs, Random], bytes]:
    """Puts one of the values in place of a random member's (of a time's)."""

    def change(pairs: Pairs, rng: Random) -> bytes:
        ends = (b'_at"', b'_time"', b'_since"', b'_until"', b'_date"')
        places = [i for i, (name, _) in enumerate(pairs) if not times or name.endswith(ends)]
        at = rng.choice(places or range(len(pairs)))
        return joined([*pairs[:at], (pairs[at][0], rng.choice(values)), *pairs[at + 1 :]])

    return change


def _added(pairs: Pairs, rng: Random) -> bytes:
    names = (b'"remark"', b'"terminal_no"', b'""', b'"a.b"', b'"\\ud800"', b'"\\u0000"', '"备注"'.encode(), b'"x\xff"')
    at = rng.randrange(len(pairs) + 1)
    return joined([*pairs[:at], (rng.choice(names), rng.choice(ODD_VALUES)), *pairs[at:]])


def _doubled(pairs: Pairs, rng: Random) -> bytes:
    name, value = rng.choice(pairs)
    at = rng.randrange(len(pairs) + 1)
    return joined([*pairs[:at], (name, rng.choice((value, *ODD_VALUES))), *pairs[at:]])


def _missing(pairs: Pairs, rng: Random) -> bytes:
    at = rng.randrange(len(pairs))
    return joined(pairs[:at] + pairs[at + 1 :])


def _renamed(pairs: Pairs, rng: Random) -> bytes:
    at = rng.randrange(len(pairs))
    name = rng.choice(
        (pairs[at][0].upper(), pairs[at][0][:-1] + b' "', b'"' + MARK.encode() + b'"', b'"\\u0076ersion"')
    )
    return joined([*pairs[:at], (name, pairs[at][1]), *pairs[at + 1 :]])


def _twisted(pairs: Pairs, rng: Random) -> bytes:
    """Swaps, drops or changes a character within an identifier, or spells it in full width."""
    places = [i for i, (name, _) in enumerate(pairs) if orjson.loads(name) in _IDENTIFIERS] or [0]
    at = rng.choice(places)
    text = pairs[at][1].decode()[1:-1] or "0"
    cut = rng.randrange(len(text))
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and c not in '"\\' else c for c in text)
    spelled = (
        text[:cut] + text[cut + 1 : cut + 2] + text[cut : cut + 1] + text[cut + 2 :],
        text[:cut] + text[cut + 1 :], text[:cut] + "X" + text[cut:], text[:cut] + "-" + text[cut:],
        wide, text.lower(), f" {text} ",
    )  # fmt: skip
    return joined([*pairs[:at], (pairs[at][0], _wire(rng.choice(spelled))), *pairs[at + 1 :]])


def _operated(pairs: Pairs, rng: Random) -> bytes:
    words = (b'"withdraw"', b'"upsert"', b'"delete"', b'"UPSERT"', b'""', b"null", b'" upsert"', _wire(MARK))
    return joined([(n, rng.choice(words)) if n == b'"operation"' else (n, v) for n, v in pairs])


def _shuffled(pairs: Pairs, rng: Random) -> bytes:
    return joined(rng.sample(pairs, len(pairs)))


def _bitten(pairs: Pairs, rng: Random) -> bytes:
    line = joined(pairs)
    at = rng.randrange(len(line))
    bite = rng.choice((b"", b"\x00", b"\xff", b"\n", b"\r", b"\t", b'"', b"}", b"{", b"\\", b",", b"\xef\xbb\xbf"))
    return line[:at] + bite + line[at + rng.randrange(2) :]


def _truncated(pairs: Pairs, rng: Random) -> bytes:
    line = joined(pairs)
    return line[: rng.randrange(len(line))] + rng.choice((b"", b"}", b'"}'))


def _wrapped(pairs: Pairs, rng: Random) -> bytes:
    line = joined(pairs)
    return rng.choice(
        (
            b"", b" ", b"null", b"1", b'"' + MARK.encode() + b'"', b"[]", b"{}", b"[" + line + b"]", line + line,
            line + b"," + line, line + b"\n" + line, b"\xef\xbb\xbf" + line, b" " + line + b" ", line + b"\r",
            line + b"\r\n", b"\t" + line, line + b"}", line + b"\x00", b"\x00" + line, line + b"\x00}",
            line.decode().encode("utf-16"), line.decode().encode("gb18030"), b"\x1f\x8b" + line,
            line.replace(b'"', b"'"), line[:-1] + b",}", line[:-1] + b"/*x*/}", line.replace(b":", b" :\r\t "),
            line[:-1] + b',"pad":"' + b"x" * 70_000 + b'"}', b'{"a":' + line + b"}",
            b"[" * 30_000, b'{"a":' * 10_000, b"{" * 65_000 + b"}" * 500,
        )
    )  # fmt: skip


MUTATIONS: dict[str, Callable[[Pairs, Random], bytes]] = {
    "odd value": _member(ODD_VALUES),
    "odd time": _member(ODD_TIMES, times=True),
    "unknown field": _added,
    "duplicate key": _doubled,
    "missing field": _missing,
    "renamed field": _renamed,
    "twisted identifier": _twisted,
    "operation": _operated,
    "shuffled fields": _shuffled,
    "bitten": _bitten,
    "truncated": _truncated,
    "wrapped": _wrapped,
}


def mutate(line: bytes, rng: Random) -> tuple[str, bytes]:
    """(kind of mutation, the mutated line)."""
    name = rng.choice(list(MUTATIONS))
    return name, MUTATIONS[name](pairs_of(line), rng)
