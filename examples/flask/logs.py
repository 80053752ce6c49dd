"""The log of requests, of what people did, and of failures, in the collection `logs`.

An older application of this kind wrote every request's body down as it came, with the passwords of everybody who signed in.
Here a body's field is kept only if its name is below.
"""

from datetime import datetime, timezone

from bson import ObjectId
from bson.errors import InvalidId
from flask import Blueprint, abort, current_app, g, jsonify, request

from visitor import is_admin, signed_in

blueprint = Blueprint("logs", __name__)

KEPT = ("name", "skills", "type")                   # fields whose values are written down
NAMED = ("email", "password", "confirm_password")  # fields of which only the presence is


def write(kind, **more):
    entry = {
        "type": kind,
        "client_addr": request.remote_addr,
        "url": request.path,  # without the query, which may hold anything
        "http_method": request.method,
        "created_at": datetime.now(timezone.utc),
        **more,
    }
    if g.get("developer"):
        entry["user"] = str(g.developer["_id"])  # what Doorbook calls it, which shows members their own entries
    try:
        current_app.extensions["logs"].insert_one(entry)
    except Exception as error:  # no log is no reason to refuse the visitor
        current_app.logger.error("the log was not written: %s", type(error).__name__)


def record(response):
    if request.endpoint != "static":
        write("request", body=body_of(request))
    return response


def record_failure(error):
    """Writes down of what kind an error was; its text may quote what was typed, and goes to the server's own log only."""
    if error is not None:
        write("error", body={}, text=type(error).__name__)


def note(action, developer_id=None):
    more = {"target": str(developer_id)} if developer_id else {}
    write("activity", body={}, action=action, **more)


def body_of(request):
    sent = request.get_json(silent=True) if request.is_json else request.form
    if not isinstance(sent, dict):
        return {}
    body = {key: str(sent[key])[:1000] for key in KEPT if key in sent}
    body.update({key: "[redacted]" for key in NAMED if key in sent})
    return body


def newest(number, **wanted):
    """Gives the newest entries that were not hidden. An _id begins with the time it was made at."""
    found = current_app.extensions["logs"].find({"deleted": {"$ne": True}, **wanted})
    return list(found.sort("_id", -1).limit(number))


def public(entry):
    made = entry.get("created_at")
    return {
        "_id": str(entry["_id"]),
        **{key: entry.get(key) for key in ("type", "client_addr", "url", "http_method", "action", "text")},
        "created_at": made.isoformat() if made else None,
    }


@blueprint.get("/logs")
@signed_in
def index():
    return jsonify(status=True, data=[public(e) for e in newest(100)])


@blueprint.put("/logs/<id>/")
@signed_in
def hide(id):
    changed = current_app.extensions["logs"].update_one(the_request(id), {"$set": {"deleted": True}})
    return jsonify(status=True, data=None) if changed.matched_count else abort(404)


@blueprint.delete("/logs/<id>/")
@signed_in
def delete(id):
    gone = current_app.extensions["logs"].delete_one(the_request(id))
    return jsonify(status=True, data=None) if gone.deleted_count else abort(404)


def the_request(id):
    """Finds a request alone: what people did stays in the log."""
    if not is_admin():
        abort(403)
    try:
        return {"_id": ObjectId(id), "type": "request"}
    except InvalidId:
        abort(404)
