"""Answers one JSON document about password hashes with another: what the real Werkzeug says of them.

check     [hash, password] each: does check_password_hash match? (an exception counts as false)
generate  [method, password] each: a hash by generate_password_hash; null where it knows no such method (Werkzeug 3 has
          none of the legacy ones)
scrypt    ["N:r:p", salt, password] each: the hash as Werkzeug >= 2.3 writes it, in its own few lines over hashlib, for an
          older one cannot; null where it raises
"""
import hashlib
import json
import sys
from importlib.metadata import version

try:
    from werkzeug.security import check_password_hash, generate_password_hash
except ImportError:
    sys.exit(3)


def check(stored, password):
    try:
        return check_password_hash(stored, password)
    except Exception:
        return False


def generate(method, password):
    try:
        return generate_password_hash(password, method)
    except ValueError:
        return None


def scrypt(cost, salt, password):
    n, r, p = map(int, cost.split(":"))
    try:
        key = hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=132 * n * r * p)
    except Exception:
        return None
    return f"scrypt:{cost}${salt}${key.hex()}"


asked = json.load(sys.stdin)
json.dump(
    {
        "version": version("werkzeug"),
        "check": [check(*c) for c in asked["check"]],
        "generate": [generate(*g) for g in asked["generate"]],
        "scrypt": [scrypt(*c) for c in asked["scrypt"]],
    },
    sys.stdout,
)
