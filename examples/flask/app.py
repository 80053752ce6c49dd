"""A small Flask application: register, sign in, and a dashboard of the request log for developers who are signed in.

It is the kind of application that Doorbook takes over from, one page at a time: Flask's signed cookie, MongoDB, Werkzeug's
password hashes. Where such applications tend to be careless, it is not, and a comment says so.

Settings, from the environment:

    SECRET_KEY   signs the session cookie; required, 16 bytes or more
    MONGO_URL    default mongodb://127.0.0.1:27017/flask
    PORT         of `python3 app.py`, default 5000
    PROXIES      how many proxies stand before it and set X-Forwarded-For, default 0
    DOOR         doorbook: /login, /register and /auth/ are answered by Doorbook now; default flask
    FLASK_...    any setting of Flask, such as FLASK_SESSION_COOKIE_SECURE=true behind https
"""

import os
import sys
from urllib.parse import urlsplit

from flask import Flask, abort, g, jsonify, request
from pymongo import MongoClient
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import auth
import developers
import logs
import pages
import visitor


def create_app():
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=os.environ.get("SECRET_KEY", ""),
        SESSION_COOKIE_SAMESITE="Lax",  # Flask's default says nothing, and leaves it to the browser
        MAX_CONTENT_LENGTH=64 * 1024,
        DOOR=os.environ.get("DOOR", "flask"),
    )
    app.config.from_prefixed_env()
    if len(app.config["SECRET_KEY"].encode()) < 16:
        sys.exit("Set SECRET_KEY to 16 bytes or more: openssl rand -hex 32")
    if proxies := int(os.environ.get("PROXIES", "0")):
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)

    url = os.environ.get("MONGO_URL", "mongodb://127.0.0.1:27017/flask")
    database = MongoClient(url, serverSelectionTimeoutMS=5000).get_default_database("flask")
    app.extensions["developers"] = database["developers"]
    app.extensions["logs"] = database["logs"]

    app.before_request(refuse_other_sites)
    app.before_request(visitor.identify)
    app.after_request(logs.record)
    app.teardown_request(logs.record_failure)
    app.context_processor(lambda: {"developer": g.get("developer")})
    app.register_error_handler(HTTPException, refused)
    for part in (pages, auth, developers, logs):
        app.register_blueprint(part.blueprint)
    return app


def refuse_other_sites():
    """Refuses what a page of another site makes a browser send, which would come with the visitor's cookie.

    Browsers say where a request comes from; programs such as curl do not, and have no visitor to betray.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        own = site in ("same-origin", "none")
    else:
        own = origin is None or urlsplit(origin).netloc == request.host
    if not own:
        abort(403)


def refused(error):
    """Answers programs in their own language."""
    if visitor.speaks_json():
        return jsonify(status=False, error=error.description), error.code
    return error


if __name__ == "__main__":
    create_app().run(port=int(os.environ.get("PORT", "5000")))
