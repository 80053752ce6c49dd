"""The developers: what is known of them, and JSON for programs.

An older application of this kind let anybody read and change all of it, and gave the password hashes out. Here a
developer may change themself, and one whose role is admin everybody; hashes stay in the database.
"""

import re

from bson import ObjectId
from bson.errors import InvalidId
from flask import Blueprint, abort, current_app, g, jsonify, request
from werkzeug.security import generate_password_hash

import logs
from visitor import is_admin, signed_in

blueprint = Blueprint("developers", __name__)


def public(developer):
    """Is what the session and JSON show: named fields, so that what others add to the document does not get out."""
    return {
        "_id": str(developer["_id"]),
        "name": developer.get("name", ""),
        "email": developer.get("email", ""),
        "skills": list(developer.get("skills", [])),
    }


def canonical(email):
    return email.strip().lower()


def by_email(email):
    """Finds a developer however the address is spelled. Doorbook keeps it as it was typed, and email_key beside it."""
    key = canonical(email)
    return current_app.extensions["developers"].find_one({"$or": [{"email": key}, {"email_key": key}]})


def problem(fields):
    """Says what is wrong with a name, an e-mail address or skills, or nothing."""
    if not is_text(fields.get("name"), 100):
        return "A name has 1 to 100 characters."
    if not isinstance(fields.get("email"), str) or not re.fullmatch(r"[!-?A-~]{1,64}@[a-z0-9.-]{1,180}", fields["email"]):
        return "That is not an e-mail address."
    skills = fields.get("skills")
    if not isinstance(skills, list) or len(skills) > 50 or not all(is_text(s, 50) for s in skills):
        return "At most 50 skills of at most 50 characters."
    return None


def is_text(value, longest):
    return isinstance(value, str) and 1 <= len(value) <= longest and value.isprintable()


def may_change(developer):
    return is_admin() or developer["_id"] == g.developer["_id"]


def by_id(text):
    try:
        found = current_app.extensions["developers"].find_one({"_id": ObjectId(text)})
    except InvalidId:
        abort(404)
    return found or abort(404)


@blueprint.get("/developers")
@signed_in
def index():
    everybody = current_app.extensions["developers"].find().sort("_id", 1).limit(100)
    return jsonify(status=True, data=[public(d) for d in everybody])


@blueprint.post("/developers")
@signed_in
def create():
    if not is_admin():
        abort(403)
    sent = object_sent()
    fields = {"name": sent.get("name"), "email": sent.get("email"), "skills": sent.get("skills", [])}
    if isinstance(fields["email"], str):
        fields["email"] = canonical(fields["email"])
    password = sent.get("password")
    wrong = problem(fields)
    if not wrong and (not isinstance(password, str) or not 8 <= len(password) <= 128):
        wrong = "A password has 8 to 128 characters."
    if wrong:
        return jsonify(status=False, error=wrong), 422
    if by_email(fields["email"]):
        return jsonify(status=False, error="There is an account with this e-mail address."), 409
    fields["password"] = generate_password_hash(password)
    fields["_id"] = current_app.extensions["developers"].insert_one(fields).inserted_id
    logs.note("developer made", fields["_id"])
    return jsonify(status=True, data=public(fields)), 201


@blueprint.route("/developers/<id>", methods=["PATCH"])
@signed_in
def change(id):
    developer = by_id(id)
    if not may_change(developer):
        abort(403)
    sent = object_sent()
    changed = {key: sent[key] for key in ("name", "skills") if key in sent}
    if wrong := problem({**public(developer), **changed}):
        return jsonify(status=False, error=wrong), 422
    if changed:
        current_app.extensions["developers"].update_one({"_id": developer["_id"]}, {"$set": changed})
        logs.note("developer changed", developer["_id"])
    return jsonify(status=True, data=public({**developer, **changed}))


@blueprint.delete("/developers/<id>")
@signed_in
def delete(id):
    developer = by_id(id)
    if not may_change(developer):
        abort(403)
    current_app.extensions["developers"].delete_one({"_id": developer["_id"]})
    logs.note("developer deleted", developer["_id"])
    return jsonify(status=True, data=None)


def object_sent():
    sent = request.get_json()
    return sent if isinstance(sent, dict) else abort(400)
