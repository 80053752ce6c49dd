# Shared by the scripts beside it. Source it from the project's folder.
# shellcheck shell=bash
export DOORBOOK_CACHE="${DOORBOOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/doorbook}"
# shellcheck disable=SC2034 # for the scripts that source this
cache=$DOORBOOK_CACHE axe_js=$DOORBOOK_CACHE/axe.min.js

have() { command -v "$1" >/dev/null; }

# modules prints the folder of each module of the project.
modules() { git ls-files --cached --others --exclude-standard go.mod '*/go.mod' | xargs -n 1 dirname; }

# workspace prints those that go.work names: the program's, which is ".", and the libraries'.
workspace() { awk '/^use/, /^)/ { if ($1 ~ /^\./) { sub(/^\.\//, "", $1); print $1 } }' go.work; }

# alone prints the others. The go command runs there with GOWORK=off.
alone() { modules | grep -vxF "$(workspace)"; }

# find_chromium prints the browser that the tests drive; it fails when there is none.
find_chromium() {
	local name
	for name in "${DOORBOOK_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	return 1
}

# build_gotest builds tools/gotest, the same way each time, so that parts side by side find it built.
build_gotest() { GOWORK=off CGO_ENABLED=0 go build -C tools -trimpath -buildvcs=false -o "$cache/bin/gotest" ./gotest; }

# in_memory has temporary files kept in memory, where a tmpfs has room for them and runs programs. It sets TMPDIR unless that
# is set, and `memory` to the folder, which the caller removes. The folder's name is the same each time, because results
# that `go test` keeps hold for one TMPDIR; while another run of this project has it, files go to the disk.
# shellcheck disable=SC2034 # for the scripts that source this
memory=''
in_memory() {
	local dir free
	[ -z "${TMPDIR:-}" ] && have flock || return 0
	free=$(df -Pk -t tmpfs /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
	[ "${free:-0}" -ge 2000000 ] || return 0
	dir=/dev/shm/doorbook-$(id -u)-$(pwd | cksum | cut -d ' ' -f 1)
	mkdir -m 755 "$dir" 2>/dev/null || [ -d "$dir" ] && [ -O "$dir" ] && [ ! -L "$dir" ] || return 0
	exec 8<"$dir"
	flock -n 8 || return 0
	rm -rf "${dir:?}"/*
	install -m 755 /bin/true "$dir/runs"
	"$dir/runs" 2>/dev/null || { rm -rf "$dir"; return 0; }
	rm "$dir/runs"
	# shellcheck disable=SC2034
	memory=$dir
	export TMPDIR=$dir GOTMPDIR="${GOTMPDIR:-/tmp}" # what Go builds is large, and stays on the disk
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
