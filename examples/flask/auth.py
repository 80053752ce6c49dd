"""The door: register, sign in, sign out."""

import functools
import re

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash, generate_password_hash

import developers
import logs

blueprint = Blueprint("auth", __name__)

# For unknown addresses, so that these take as long as a wrong password. Made at the first use: it takes its time.
nobodys_hash = functools.lru_cache(maxsize=1)(lambda: generate_password_hash("nobody's"))


@blueprint.get("/login")
def login():
    if g.developer:
        return redirect(url_for("pages.dashboard"), 303)
    return render_template("login.html", onward=request.args.get("next", ""))


@blueprint.get("/register")
def register():
    if g.developer:
        return redirect(url_for("pages.dashboard"), 303)
    return render_template("register.html")


@blueprint.post("/auth/login")
def sign_in():
    found = developers.by_email(request.form.get("email", ""))
    if not password_fits(found, request.form.get("password", "")) or found.get("disabled"):
        logs.note("sign-in failed")
        return render_template("login.html", onward=request.form.get("next", ""),
                               problem="E-mail or password is wrong."), 422
    session.clear()  # what a stranger's session held does not become the developer's
    g.developer = found
    session["loggedin_user"] = developers.public(found)
    flash(f"Welcome back, {found['name']}.", "success")
    logs.note("signed in", found["_id"])
    return redirect(local(request.form.get("next", "")), 303)


def password_fits(found, password):
    try:
        return check_password_hash(found["password"] if found else nobodys_hash(), password) and found is not None
    except (ValueError, TypeError):  # a hash of a kind that this Werkzeug does not know, such as argon2id
        return False


@blueprint.post("/auth/register")
def sign_up():
    form = request.form
    fields = {
        "name": form.get("name", "").strip(),
        "email": developers.canonical(form.get("email", "")),
        "skills": [s.strip() for s in form.get("skills", "").split(",") if s.strip()],
    }
    problem = developers.problem(fields) or password_problem(form)
    if not problem and developers.by_email(fields["email"]):
        problem = "There is an account with this e-mail address."
    if problem:
        return render_template("register.html", problem=problem), 422
    fields["password"] = generate_password_hash(form["password"])
    created = current_app.extensions["developers"].insert_one(fields)
    flash("Your account is made. Sign in.", "success")
    logs.note("registered", created.inserted_id)
    return redirect(url_for("auth.login"), 303)


def password_problem(form):
    password = form.get("password", "")
    if not 8 <= len(password) <= 128:
        return "A password has 8 to 128 characters."
    if form.get("confirm_password", password) != password:
        return "The two passwords differ."
    return None


@blueprint.post("/auth/logout")
def sign_out():
    """Takes the cookie out of this browser, which is all that Flask can do: a copy of it stays good until it is too old."""
    if g.developer:
        logs.note("signed out", g.developer["_id"])
    session.clear()
    flash("You are signed out.", "info")
    return redirect(url_for("auth.login"), 303)


def local(target):
    """Gives the way to a page of this site, else to the dashboard: //evil.example and /\\evil.example lead elsewhere."""
    return target if re.fullmatch(r"/(?![/\\])[!-~]*", target) else url_for("pages.dashboard")
