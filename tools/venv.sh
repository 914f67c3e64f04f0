#!/bin/sh
# Makes the folder that holds Python and the packages, or brings it up to date; quick when it is.
#
#     sh tools/venv.sh FOLDER REQUIREMENTS
#
# PYTHON names the Python to use where there are several.
set -eu
folder=$1
requirements=$2

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# A Python that the portal runs on, by its version.
suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# What the folder has to hold: the very text of the requirements it was last filled from.
wanted() {
    if [ "$1" = requirements.txt ]; then cat requirements.txt; else cat requirements.txt "$1"; fi
}

holds() {
    wanted "$1" | cmp -s - "$folder/installed-$1"
}

if [ -x "$folder/bin/python" ] && suits "$folder/bin/python"; then
    if holds "$requirements"; then exit 0; fi
    # What the tests need holds what the portal needs.
    if [ "$requirements" = requirements.txt ] && holds requirements-dev.txt; then exit 0; fi
fi

if ! { [ -x "$folder/bin/python" ] && suits "$folder/bin/python" &&
    "$folder/bin/python" -m pip --version >/dev/null 2>&1; }; then
    python=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if suits "$candidate"; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || fail "permitportal needs Python 3.11, 3.12 or 3.13, and ${PYTHON:-python3} is $(
        "${PYTHON:-python3}" --version 2>/dev/null || echo 'not there'
    ). Install one of them, or name one that is elsewhere: PYTHON=/path/to/python3.12 make run"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$("$python" --version) lacks its venv module. Install it (on Debian: apt-get install python3-venv) and try again."
    echo "Making $folder with $("$python" --version)."
    "$python" -m venv --clear "$folder" ||
        fail "$folder could not be made with $("$python" --version); the lines above say why."
fi

echo "Installing the packages of $requirements. This takes a minute or two, the first time only."
rm -f "$folder"/installed-*
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" ||
    fail "The packages could not be installed; the lines above say why. They come from pypi.org, or from the mirror that PIP_INDEX_URL names. Once it can be reached, run the same command again."
wanted "$requirements" >"$folder/installed-$requirements"
