# Shared by the scripts beside it. Source it from the project's folder.
# shellcheck shell=bash
export DOORBOOK_CACHE="${DOORBOOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbook}"
# shellcheck disable=SC2034 # for the scripts that source this
cache=$DOORBOOK_CACHE axe_js=$DOORBOOK_CACHE/axe.min.js

have() { command -v "$1" >/dev/null; }

# find_chromium prints the browser that the tests drive; it fails when there is none.
find_chromium() {
	local name
	for name in "${DOORBOOK_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	return 1
}

# sha256 FILE prints its digest in hexadecimal.
sha256() { if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

# skip TEXT notes what cannot be tested here.
skip() {
	echo "skipped: $1"
	skipped=1
	if [ -n "${DOORBOOK_SKIPS:-}" ]; then echo "$1" >>"$DOORBOOK_SKIPS"; fi
}

# no_skips_in_ci fails when something was skipped and CI=true says that nothing may be.
no_skips_in_ci() {
	if [ "${CI:-}" = true ] && [ -n "${skipped:-}" ]; then
		echo "CI=true: nothing may be skipped" >&2
		return 1
	fi
}
