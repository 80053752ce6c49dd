"""The pages: the dashboard, which Doorbook has too, and reports, which it has not and which stay here longest."""

from collections import Counter

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for

import logs
from visitor import signed_in

blueprint = Blueprint("pages", __name__)

TYPES = ("request", "activity", "error")


@blueprint.get("/")
@signed_in
def dashboard():
    return render_template("dashboard.html", entries=logs.newest(12))


@blueprint.get("/reports")
@signed_in
def reports():
    """Counts the newest thousand entries by address. The chosen type is a value of the session, which Doorbook leaves alone."""
    kind = session.get("report_type", "request")
    entries = logs.newest(1000, type=kind)
    counted = Counter((e.get("http_method") or "", e.get("url") or "") for e in entries)
    return render_template("reports.html", kind=kind, types=TYPES, total=len(entries), counted=counted.most_common(20))


@blueprint.post("/reports")
@signed_in
def choose_report():
    kind = request.form.get("type")
    if kind not in TYPES:
        abort(400)
    session["report_type"] = kind
    flash(f"Reports count entries of the type {kind} from now on.", "success")
    return redirect(url_for("pages.reports"), 303)
