"""The original application's dashboard, written the way a Flask programmer would: the yardstick of ../dashboard.

Sign-in with a signed session cookie, a restricted dashboard that shows the newest entries of the log and a plot of
requests, a form token, flash messages, and every request recorded. Accounts and log are in memory, so no database slows
it down, or in MongoDB; the counts of the plot are always in memory. What is in memory each worker of gunicorn has of its own.

Settings, required: BENCH_SECRET_KEY, BENCH_EMAIL, BENCH_NAME, BENCH_PASSWORD. With BENCH_HISTORY the plot begins with
six hours of made-up counts. With BENCH_MONGO_URL accounts and log are in the MongoDB database that it names.
"""

import functools
import hmac
import os
import secrets
import threading
import time
from datetime import datetime, timezone

from flask import (Flask, abort, flash, g, redirect, render_template, request,
                   session, url_for)
from werkzeug.security import check_password_hash, generate_password_hash

from plot import Minutes
from store import Memory, Mongo

SHOWN = 20

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["BENCH_SECRET_KEY"],
    SESSION_COOKIE_HTTPONLY=True,
    SESSION_COOKIE_SAMESITE="Lax",
)

developer = {
    "name": os.environ["BENCH_NAME"],
    "email": os.environ["BENCH_EMAIL"],
    "role": "admin",
    "password": generate_password_hash(os.environ["BENCH_PASSWORD"]),
}
mongo_url = os.environ.get("BENCH_MONGO_URL")
store = Mongo(mongo_url, developer) if mongo_url else Memory(developer)
minutes = Minutes()
if os.environ.get("BENCH_HISTORY"):
    minutes.add_history(datetime.now(timezone.utc))
writing = threading.Lock()


@app.before_request
def begin():
    g.began = time.perf_counter()
    g.request_id = secrets.token_hex(12)


@app.after_request
def record(response):
    """Writes the request down, without its body."""
    user = session.get("loggedin_user")
    now = datetime.now(timezone.utc)
    store.append({
        "_id": g.request_id,
        "type": "request",
        "client_addr": request.remote_addr,
        "url": request.full_path if request.query_string else request.path,
        "http_method": request.method,
        "created_at": now,
        "status": response.status_code,
        "duration": time.perf_counter() - g.began,
        "user": user["name"] if user else "",
    })
    with writing:
        minutes.add(now, response.status_code)
    response.headers["X-Request-Id"] = g.request_id
    return response


def signed_in(view):
    """Sends strangers to the login page."""
    @functools.wraps(view)
    def guarded(*args, **kwargs):
        user = session.get("loggedin_user")
        if user is None or store.developer(user["email"]) is None:
            return redirect(url_for("login"))
        return view(*args, **kwargs)
    return guarded


@app.context_processor
def form_token():
    """Gives every template the token of the session, made at the first use."""
    def csrf_token():
        if "csrf_token" not in session:
            session["csrf_token"] = secrets.token_urlsafe(24)
        return session["csrf_token"]
    return {"csrf_token": csrf_token}


def check_form_token():
    sent, own = request.form.get("csrf_token", ""), session.get("csrf_token", "")
    if not own or not hmac.compare_digest(sent.encode(), own.encode()):
        abort(403)


@app.get("/")
@signed_in
def dashboard():
    with writing:
        drawing = minutes.draw(datetime.now(timezone.utc))
    return render_template("dashboard.html", entries=store.newest(SHOWN), plot=drawing)


@app.get("/login")
def login():
    if "loggedin_user" in session:
        return redirect(url_for("dashboard"))
    return render_template("login.html")


@app.post("/auth/login")
def auth_login():
    check_form_token()
    developer = store.developer(request.form.get("email", ""))
    if developer is None or not check_password_hash(developer["password"], request.form.get("password", "")):
        return render_template("login.html", problem="E-mail or password is wrong."), 422
    session.clear()
    session["loggedin_user"] = {key: str(developer[key]) for key in ("_id", "name", "email", "role")}
    flash("Welcome back.", "success")
    return redirect(url_for("dashboard"), 303)


@app.post("/auth/logout")
def auth_logout():
    check_form_token()
    session.clear()
    flash("You are signed out.", "info")
    return redirect(url_for("login"), 303)
