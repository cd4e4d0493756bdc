# What deploy/up and deploy/test share. Sourced, never run: it expects `set -euo pipefail`.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oldest_swift=6.2

# package | what shows that it is there, empty for "ask dpkg" | why
# shellcheck disable=SC2034  # both lists are read by the scripts that source this
needed_to_run=(
    "pkg-config||finds the libraries below for the build"
    "libhiredis-dev||reads and writes Redis' protocol"
    "libsqlite3-dev||the database"
    "libssl-dev||hashes passwords and signs tokens"
    "libxml2-dev||reads programme guides"
    "zlib1g-dev||unpacks .gz playlists and guides"
    "liblzma-dev||unpacks .xz playlists and guides"
    "tzdata||schedules in people's own time zones"
    "redis-server|redis-server|the queue; Skirret starts a private one, Debian's service may stay off"
    "python3|/usr/bin/python3|runs plugins"
    "gpgv|gpgv|checks the signatures of plugin repositories"
    "python3-venv||keeps the plugins' Python libraries apart from the system's"
    "fonts-inter-variable||the web app's typeface"
    "fonts-jetbrains-mono||the web app's typeface for logs"
)
# shellcheck disable=SC2034
needed_to_test=(
    "nodejs|node|runs the web app's unit tests"
    "chromium|chromium|the browser of the web app's tests"
    "procps|ps|shows what a fault test left running"
    "gnupg|gpg|signs the plugin repositories of the tests"
)

# A stage's heading, with the time since the script began.
say() { printf '== %s (%d s)\n' "$*" "$SECONDS"; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

is_installed() { # package, program
    if [[ -n $2 ]]; then
        command -v "$2" >/dev/null
    else
        [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]
    fi
}

# Installs what is missing of a list like the above; says what and why, and nothing when all is there.
need_packages() {
    local line package program why missing=()
    for line in "$@"; do
        IFS='|' read -r package program why <<<"$line"
        is_installed "$package" "$program" && continue
        missing+=("$package")
        printf '   installing %-22s %s\n' "$package" "$why"
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "this system has no apt-get. Install what the list above names, then try again."
    local as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "run as root, or install sudo, or: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    "${apt[@]}" update </dev/null
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

need_swift() {
    local hint="Install one from https://www.swift.org/install/linux/ and put its usr/bin on PATH."
    command -v swift >/dev/null || die "there is no Swift toolchain. $hint"
    local found
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
    [[ $(printf '%s\n' "$oldest_swift" "${found:-0}" | sort -V | head -n 1) == "$oldest_swift" ]] ||
        die "Swift $oldest_swift or newer is needed, found ${found:-none}. $hint"
}

# A virtual environment with exactly the given requirement files; made anew only when they, or its place, change.
need_venv() { # folder, requirement files…
    local folder=$1 python stamp
    shift
    python=$(command -v /usr/bin/python3 || command -v python3)
    stamp=$({ printf '%s\n' "$root/$folder"; "$python" --version; cat "$@"; } | sha256sum)
    [[ -f $folder/.stamp && $(<"$folder/.stamp") == "$stamp" ]] && return 0
    printf '   making %s from %s\n' "$folder" "$*"
    "$python" -m venv --clear "$folder"
    local file arguments=()
    for file in "$@"; do arguments+=(-r "$file"); done
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${arguments[@]}" </dev/null
    printf '%s\n' "$stamp" >"$folder/.stamp"
}

# An environment of its own: what cuts fonts to size is nothing that plugins should find.
need_web_libraries() {
    need_venv .venv-web Sources/API/Web/tools.txt
    .venv-web/bin/python Sources/API/Web/vendor.py </dev/null | sed 's/^/   /'
}

# Runs a long command with its output in a file, showing the elapsed time and the newest line of it: in place on a
# terminal, every 20 s elsewhere. Returns the command's own status.
watched() { # log file, command…
    local log=$1 began=$SECONDS shown=0 status=0
    shift
    "$@" >"$log" 2>&1 </dev/null &
    local child=$!
    # shellcheck disable=SC2064  # this child, not whichever is the latest then
    trap "kill -TERM $child 2>/dev/null; exit 130" INT TERM
    while kill -0 "$child" 2>/dev/null; do
        local elapsed=$((SECONDS - began))
        if [[ -t 1 ]]; then
            printf '\r\033[K   %d:%02d  %s' $((elapsed / 60)) $((elapsed % 60)) "$(newest_line "$log" | cut -c1-$((${COLUMNS:-80} - 12)))"
        elif ((elapsed >= shown + 20)); then
            shown=$elapsed
            printf '   %d:%02d  %s\n' $((elapsed / 60)) $((elapsed % 60)) "$(newest_line "$log" | cut -c1-100)"
        fi
        sleep 0.25
    done
    trap - INT TERM
    [[ -t 1 ]] && printf '\r\033[K'
    wait "$child" || status=$?
    return "$status"
}

newest_line() { tail -c 2000 "$1" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 || true; }

# swift build, watched. On failure: the compiler's errors, or the end of what it said.
build() { # log file, flags of swift build…
    local log=$1
    shift
    if ! watched "$log" swift build "$@"; then
        grep -E 'error:' "$log" | sort -u | head -n 40 || tail -n 40 "$log"
        die "the build failed; all of its output is in $log"
    fi
    # A build that was interrupted ends with code 0 all the same.
    if grep -q ' cancelled! ' "$log"; then die "the build was interrupted; run this again"; fi
}
