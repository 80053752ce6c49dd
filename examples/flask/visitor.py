"""Who is asking, and what they may."""

import functools

from bson import ObjectId
from flask import abort, current_app, g, redirect, request, session, url_for


def identify():
    """Finds the developer of the session, and reads the account anew, which may be gone or disabled by now."""
    g.developer = None
    known = session.get("loggedin_user")
    if isinstance(known, dict) and ObjectId.is_valid(known.get("_id")):
        found = current_app.extensions["developers"].find_one({"_id": ObjectId(known["_id"])})
        if found and not found.get("disabled"):
            g.developer = found


def signed_in(view):
    """Sends strangers to the sign-in page; programs get a 401."""
    @functools.wraps(view)
    def guarded(*args, **kwargs):
        if g.developer:
            return view(*args, **kwargs)
        if speaks_json():
            abort(401)
        return redirect(url_for("auth.login", next=request.path), 303)
    return guarded


def is_admin():
    return g.developer.get("role") == "admin"  # Doorbook's field, in the same document


def speaks_json():
    return request.blueprint in ("developers", "logs")
