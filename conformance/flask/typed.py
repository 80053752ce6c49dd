"""Session values with their Python types, as JSON: {"t": "int", "v": "42"}.

t is none, bool, int, float, str, bytes, list, tuple, dict, markup, uuid or datetime. An int is decimal text, a float has its
IEEE-754 bits, bytes are hexadecimal, a dict is a list of pairs, a datetime is ISO 8601. Text with lone surrogates, which
JSON cannot carry everywhere, has "utf16be" in hexadecimal instead of "v".
"""

import struct
from datetime import datetime, timezone
from uuid import UUID

from markupsafe import Markup


def text(kind, value):
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"t": kind, "utf16be": value.encode("utf-16-be", "surrogatepass").hex()}
    return {"t": kind, "v": str(value)}


def write(value):
    """Gives the JSON of a value."""
    if value is None:
        return {"t": "none"}
    if isinstance(value, bool):
        return {"t": "bool", "v": value}
    if isinstance(value, int):
        return {"t": "int", "v": str(value)}
    if isinstance(value, float):
        return {"t": "float", "v": repr(value), "bits": struct.pack(">d", value).hex()}
    if isinstance(value, Markup):
        return text("markup", value)
    if isinstance(value, str):
        return text("str", value)
    if isinstance(value, bytes):
        return {"t": "bytes", "v": value.hex()}
    if isinstance(value, (list, tuple)):
        return {"t": "list" if isinstance(value, list) else "tuple", "v": [write(v) for v in value]}
    if isinstance(value, dict):
        return {"t": "dict", "v": [[write(k), write(v)] for k, v in value.items()]}
    if isinstance(value, UUID):
        return {"t": "uuid", "v": value.hex}
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return {"t": "datetime", "v": value.isoformat(), "aware": value.tzinfo is not None,
                "unix": int(aware.timestamp() // 1)}
    raise TypeError(f"no typed form of a {type(value).__name__}")


def read(typed):
    """Gives the value that a JSON stands for."""
    kind, value = typed["t"], typed.get("v")
    if "utf16be" in typed:
        value = bytes.fromhex(typed["utf16be"]).decode("utf-16-be", "surrogatepass")
    readers = {
        "none": lambda: None,
        "bool": lambda: value,
        "int": lambda: int(value),
        "float": lambda: struct.unpack(">d", bytes.fromhex(typed["bits"]))[0],
        "str": lambda: value,
        "markup": lambda: Markup(value),
        "bytes": lambda: bytes.fromhex(value),
        "list": lambda: [read(v) for v in value],
        "tuple": lambda: tuple(read(v) for v in value),
        "dict": lambda: {read(k): read(v) for k, v in value},
        "uuid": lambda: UUID(value),
        "datetime": lambda: datetime.fromisoformat(value),
    }
    return readers[kind]()
