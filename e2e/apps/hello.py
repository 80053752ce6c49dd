from urllib.parse import unquote

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def hello():
    return f"Hello, {unquote(request.headers['Remote-Name'])}."


# The rest is for the tests, and not in docs/applications.md.
@app.get("/asked/<path:rest>")
def asked(rest):
    text = f"{hello()} You asked for {request.path}?{request.query_string.decode()}."
    return text, {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/told")
def told():
    """What a WSGI application sees of who asks, in whatever spelling it came."""
    return {name: value for name, value in request.environ.items() if name.startswith("HTTP_REMOTE")}
