"""Times Flask's own session cookie: the yardstick of ../flask_test.go.

Reads one JSON object a line. The first one has the secret key. Each of the others has what to do, how often, and with
what; it is answered with the time of one pass, by the clock and of the processor, and with what the last pass gave.
"""

import json
import sys
import time

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import create_environ

app = Flask(__name__)
app.secret_key = json.loads(sys.stdin.readline())["secret"]
interface = SecureCookieSessionInterface()
serializer = interface.get_signing_serializer(app)
max_age = int(app.permanent_session_lifetime.total_seconds())


def read(cookie, _):
    return lambda: serializer.loads(cookie, max_age=max_age)


def write(_, text):
    session = serializer.serializer.loads(text)
    return lambda: serializer.dumps(session)


def opened(environ):
    return interface.open_session(app, app.request_class(environ))


def request_reads(cookie, _):
    """What Flask does for a request whose view reads the session."""
    environ = create_environ(headers={"Cookie": "session=" + cookie})

    def once():
        session = opened(environ)
        return session["loggedin_user"] and dict(session)
    return once


def request_writes(cookie, _):
    """What Flask does for a request whose view changes the session."""
    environ = create_environ(headers={"Cookie": "session=" + cookie})

    def once():
        session = opened(environ)
        session["last_page"] = "/logs?type=activity"
        response = app.response_class("fine")
        interface.save_session(app, session, response)
        return response.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    return once


for line in sys.stdin:
    asked = json.loads(line)
    once = globals()[asked["do"]](asked.get("cookie"), asked.get("text"))
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(asked["times"]):
        last = once()
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    if not isinstance(last, str):
        last = serializer.serializer.dumps(last)
    print(json.dumps({"wall": wall / asked["times"], "cpu": cpu / asked["times"], "last": last}), flush=True)
