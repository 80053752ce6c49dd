"""What a view may do with its session: each is one row of what Flask was asked when the golden cases were made."""

from flask import flash, get_flashed_messages


def assign(session, key, value):
    session[key] = value


def permanent(session, value):
    session.permanent = value


def modified(session):
    session.modified = True


def remove(session, key):
    if key in session:
        del session[key]


def lengthen(session, marked):
    if "l" in session:
        session["l"].append(3)
    if marked:
        session.modified = True


def flash_two(session):
    flash("hi")
    flash("oops", "error")


def flash_and_read(session):
    flash("hi")
    return get_flashed_messages(with_categories=True)


def put_and_pop(session):
    session["tmp"] = 1
    session.pop("tmp")


def pop_all(session):
    for key in list(session):
        session.pop(key)


OPERATIONS = {
    "noop": lambda s: None,
    "bool": lambda s: bool(s),
    "clear": lambda s: s.clear(),
    "contains": lambda s: "a" in s,
    "del": lambda s: remove(s, "a"),
    "flash": flash_two,
    "flash_and_read_same_request": flash_and_read,
    "get": lambda s: s.get("a"),
    "get_flashed": lambda s: get_flashed_messages(with_categories=True),
    "get_flashed_filter": lambda s: get_flashed_messages(with_categories=True, category_filter=["error"]),
    "get_missing": lambda s: s.get("nothing"),
    "getitem": lambda s: s["a"],
    "items": lambda s: list(s.items()),
    "iter": lambda s: list(s),
    "keys": lambda s: list(s.keys()),
    "len": lambda s: len(s),
    "modified_true_only": modified,
    "nested_mutate_marked": lambda s: lengthen(s, True),
    "nested_mutate_unmarked": lambda s: lengthen(s, False),
    "permanent_truthy": lambda s: permanent(s, "yes"),
    "pop_all": pop_all,
    "pop_existing": lambda s: s.pop("a", None),
    "pop_missing": lambda s: s.pop("nothing", None),
    "popitem": lambda s: s.popitem(),
    "read_modified": lambda s: s.modified,
    "read_new": lambda s: s.new,
    "read_permanent": lambda s: s.permanent,
    "set_and_pop_same": put_and_pop,
    "set_changed": lambda s: assign(s, "a", 99),
    "set_new": lambda s: assign(s, "b", 2),
    "set_permanent_false": lambda s: permanent(s, False),
    "set_permanent_true": lambda s: permanent(s, True),
    "set_same": lambda s: assign(s, "a", 1),
    "setdefault_existing": lambda s: s.setdefault("a", 5),
    "setdefault_new": lambda s: s.setdefault("b", 5),
    "update": lambda s: s.update(b=3),
    "update_empty": lambda s: s.update({}),
}


def run(name, session):
    return OPERATIONS[name](session)
