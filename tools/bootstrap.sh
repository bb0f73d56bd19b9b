#!/bin/sh
# Make .venv hold exactly what requirements.lock says. Does nothing, quickly and without network, when it does already.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.installed

say() { printf '%s\n' "$*" >&2; }

# A candidate is good when it starts, is new enough and can make a virtual environment.
good() {
    [ -n "$1" ] && "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

candidates() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" || printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3.12 python3.13 python3.14 python3 python; do
        command -v "$name" 2>/dev/null || true
    done
    if command -v pyenv >/dev/null 2>&1; then
        for version in 3.12 3.13 3.14; do
            prefix=$(pyenv prefix "$version" 2>/dev/null) && printf '%s\n' "$prefix/bin/python" || true
        done
    fi
    for python in "${HOME:-/nonexistent}"/.pyenv/versions/3.1[2-9]*/bin/python /opt/python3*/bin/python3 /usr/local/bin/python3.1[2-9]; do
        [ -x "$python" ] && printf '%s\n' "$python" || true
    done
}

find_python() {
    candidates | while IFS= read -r candidate; do
        if good "$candidate"; then
            printf '%s\n' "$candidate"
            break
        fi
    done
}

explain_missing() {
    say "Python 3.12 or newer, with its venv module, is needed; none was found. Seen:"
    candidates | sort -u | while IFS= read -r candidate; do
        say "  $candidate  $("$candidate" --version 2>&1 | head -n 1 || true)"
    done
    say "Install it, then run the same command again:"
    say "  Debian, Ubuntu    apt-get install python3.12 python3.12-venv"
    say "  Fedora, openEuler dnf install python3.12"
    say "  macOS             brew install python@3.12"
    say "  pyenv             pyenv install 3.12"
    say "Or name one that lies elsewhere:  make PYTHON=/path/to/python3.12 setup"
    exit 1
}

digest() { cat requirements.lock pyproject.toml tools/bootstrap.sh | cksum; }

wanted="$(digest)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

if [ ! -x "$venv/bin/python" ] || ! good "$venv/bin/python"; then
    python=$(find_python)
    [ -n "$python" ] || explain_missing
    say "Making the environment in $venv with $("$python" --version 2>&1) …"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
rm -f "$stamp"

packages=$(grep -c '^[A-Za-z0-9]' requirements.lock)
say "Installing $packages pinned packages (about 1.7 GB, once) …"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }

# uv installs many times faster than pip and is itself one of the pinned packages; pip does the work where uv cannot
# (a registry that only pip is configured for).
awk '/^uv==/ {keep = 1} keep {print} keep && !/\\$/ {exit}' requirements.lock >"$venv/uv.lock"
fast() { "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock "$@"; }
if pip install --require-hashes --no-deps -r "$venv/uv.lock" >"$venv/uv.log" 2>&1 &&
    { fast >>"$venv/uv.log" 2>&1 || fast --system-certs >>"$venv/uv.log" 2>&1; }; then
    :
else
    say "The fast installer cannot reach a registry here (see $venv/uv.log); pip does it, which takes some minutes …"
    "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes -r requirements.lock | awk '
        /^Collecting/ {printf "  fetching %s\n", $2; fflush()}
        /^Installing/ {print "  unpacking all of them …"; fflush()}' >&2
    pip install --require-hashes -r requirements.lock  # a pipe hides how pip ended; this says it, at once when all is there
fi
pip install --no-deps --no-build-isolation --editable .
printf '%s\n' "$wanted" >"$stamp"
say "The environment is ready."
