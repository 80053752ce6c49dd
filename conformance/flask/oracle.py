"""The real Flask, asked one question a line: a JSON object from standard input, its answer to standard output.

    {"op": "loads", "cookie": …}                  is the session that Flask makes of a cookie's value:
                                                  {"outcome": "accept", "session": typed}, {"outcome": "reject"} where it goes
                                                  on with an empty one, or {"outcome": "error", "error": …} for a 500
    {"op": "dumps", "session": typed}             is the value of its cookie: {"cookie": …}
    {"op": "request", "cookie": …, "do": …}       is what a view that does this (operations.py, or "put", which puts what is
                                                  in "session" into its own) sends back, what came of it, and, for
                                                  "look", what the session is then: {"status": …, "set_cookie": […],
                                                  "vary": […], "result": typed, "session": typed}

All take "secret" (text), "now" (Unix seconds) and "config" (settings of Flask). Only the clock is not the real one.
"""

import json
import logging
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from types import SimpleNamespace

import flask.sessions
import itsdangerous.timed
from flask import Flask, request, session
from itsdangerous import BadSignature

import operations
import typed


class Clock(datetime):
    """Is what the modules that ask for the time are given in place of `time` and of `datetime`."""
    at = 0

    @classmethod
    def time(cls):
        return cls.at

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.at, tz)

    @classmethod
    def utcnow(cls):
        return datetime.fromtimestamp(cls.at, timezone.utc).replace(tzinfo=None)


itsdangerous.timed.time = Clock
flask.sessions.datetime = Clock


class Interface(flask.sessions.SecureCookieSessionInterface):
    """Remembers whether the cookie was refused: Flask itself goes on with an empty session then."""
    refused = False

    def get_signing_serializer(self, app):
        serializer = super().get_signing_serializer(app)
        loads = serializer.loads

        def watched(*args, **kwargs):
            try:
                return loads(*args, **kwargs)
            except BadSignature:
                self.refused = True
                raise
        serializer.loads = watched
        return serializer


def application(question):
    Clock.at = question["now"]
    app = Flask(__name__)
    app.config.update(question.get("config") or {})
    app.secret_key = question["secret"]
    app.session_interface = Interface()
    return app


def loads(app, question):
    asked = SimpleNamespace(cookies={app.config["SESSION_COOKIE_NAME"]: question["cookie"]})
    try:
        with app.app_context():
            found = dict(app.session_interface.open_session(app, asked))
    except Exception as error:
        return {"outcome": "error", "error": type(error).__name__}
    if app.session_interface.refused:
        return {"outcome": "reject"}
    return {"outcome": "accept", "session": typed.write(found)}


def dumps(app, question):
    with app.app_context():
        return {"cookie": app.session_interface.get_signing_serializer(app).dumps(typed.read(question["session"]))}


def ask(app, question):
    seen = {}

    @app.route("/")
    def view():
        if question["do"] == "put":
            result = session.update(typed.read(question["session"]))
        else:
            result = operations.run(question["do"], session)
        seen["session"] = typed.write(dict(session)) if question.get("look") else None
        seen["result"] = typed.write(result)
        response = app.make_response("")
        if question.get("vary"):
            response.headers["Vary"] = question["vary"]
        if question.get("other"):
            response.set_cookie("other", "1")
        return response

    headers = {}
    if question.get("cookie") is not None:
        headers["Cookie"] = f'{app.config["SESSION_COOKIE_NAME"]}={question["cookie"]}'
    response = app.test_client(use_cookies=False).get("/", headers=headers)
    return {"status": response.status_code, "set_cookie": response.headers.getlist("Set-Cookie"),
            "vary": response.headers.getlist("Vary"), **seen}


def main():
    answers = {"loads": loads, "dumps": dumps, "request": ask}
    logging.disable()  # a 500 is an answer here
    print(json.dumps({name: version(name) for name in ("flask", "werkzeug", "itsdangerous")}), flush=True)
    app, settings = None, None
    for line in sys.stdin:
        question = json.loads(line)
        # An application takes a while to make and may be used again, but for requests: a view is added to it.
        wanted = (question["secret"], question.get("config"))
        if app is None or wanted != settings or question["op"] == "request":
            app, settings = application(question), wanted
        Clock.at, app.session_interface.refused = question["now"], False
        try:
            answer = answers[question["op"]](app, question)
        except Exception as error:
            answer = {"outcome": "error", "error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
