"""A plugin's own packages: `python -m skirret_host.requirements FOLDER` installs what its requirements.txt lists.

    <packages>/<key>/<hash>/         what the lines with that hash need beyond the host's own packages
    <packages>/<key>/<hash>.error    why they could not be installed

Nobody installs without having been asked to. The host's packages win: pip is told their versions as constraints, so a
plugin that needs others fails here, with pip's reason, and not in the middle of a call. Only wheels are taken: building
a package would run its code, unlimited, before anybody has enabled the plugin.

Prints one JSON object a line: {"percent", "message"} while it works, then {"ok", …}.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib import metadata

FILE = "requirements.txt"
#: Bytes and lines. A plugin with more is a product.
MAX_BYTES, MAX_LINES = 64 * 1024, 200
#: Seconds for pip, downloads included; more than a slow line needs for 200 MB.
LIMIT = 900

#: `name[extras] >=1,<2 ; marker`: names a package of the index. No options, no addresses, no paths.
REQUIREMENT = re.compile(
    r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?:\s*\[[\w\s,.-]*\])?"
    r"(?:\s*\(?\s*(?:===?|~=|!=|<=?|>=?)\s*[\w.*+!-]+(?:\s*,\s*(?:===?|~=|!=|<=?|>=?)\s*[\w.*+!-]+)*\s*\)?)?"
    r"(?:\s*;[^#]*)?"
)


class RequirementsError(ValueError):
    """What is wrong with a plugin's requirements, and what to do."""


def read(folder):
    """The requirement lines of the plugin in `folder`, without comments; none without the file."""
    path = os.path.join(folder, FILE)
    if not os.path.isfile(path):
        return []
    with open(path, "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RequirementsError(f"{FILE}: larger than {MAX_BYTES // 1024} KiB")
    lines = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line:
            continue
        if not REQUIREMENT.fullmatch(line):
            raise RequirementsError(
                f"{FILE}, line {number}: {line[:80]!r} is not taken. Write a package's name with versions, like "
                "'humanize>=4,<5': options, addresses, paths and hashes are not read."
            )
        lines.append(line)
    if len(lines) > MAX_LINES:
        raise RequirementsError(f"{FILE}: {len(lines)} packages; at most {MAX_LINES} are installed")
    return lines


def root():
    """The folder of all plugins' packages, or None where nobody has said where data is."""
    if given := os.environ.get("SKIRRET_PLUGIN_PACKAGES"):
        return given
    data = os.environ.get("SKIRRET_DATA_DIR")
    return data and os.path.join(data, "plugin-packages")


def place(key, lines, packages=None):
    """The folder for these lines, of this version of Python; None when there is nothing to install or nowhere to."""
    packages = packages or root()
    if not lines or not packages:
        return None
    text = "\n".join([f"{sys.implementation.cache_tag}", *sorted(lines)])
    return os.path.join(packages, key, hashlib.sha256(text.encode()).hexdigest()[:16])


def state(key, folder):
    """`{"state": none|missing|ready|failed|invalid, "error"}`: whether the plugin has what it asks for."""
    try:
        lines = read(folder)
    except (RequirementsError, OSError) as error:
        return {"state": "invalid", "error": str(error)}
    target = place(key, lines)
    if not lines:
        return {"state": "none", "error": None}
    if target and os.path.isdir(target):
        return {"state": "ready", "error": None}
    try:
        with open(f"{target}.error", encoding="utf-8") as stream:
            return {"state": "failed", "error": stream.read(4096)}
    except OSError:  # never tried
        return {"state": "missing", "error": None}


def activate(key, folder):
    """Makes the installed packages importable, after the host's own."""
    try:
        target = place(key, read(folder))
    except (RequirementsError, OSError):
        return  # `state` says so
    if target and os.path.isdir(target) and target not in sys.path:
        sys.path.append(target)


def remedy(key, folder):
    """What to do about a package that is missing, as a sentence."""
    known = state(key, folder)
    if known["state"] == "missing":
        return f"Its {FILE} is not installed: python -m skirret_plugin install {folder}, then reload the plugins."
    if known["state"] in ("failed", "invalid"):
        return f"Its {FILE} could not be installed: {known['error']}"
    return f"Install it for {sys.executable}, or list it in the plugin's {FILE}; then reload the plugins."


def install(folder, packages=None, tell=lambda percent, message: None):
    """Installs what the plugin in `folder` asks for; returns the folder, or None when it asks for nothing.

    May be called by several at once, and killed: what is there is there whole.
    """
    key = os.path.basename(os.path.normpath(folder)).replace(" ", "_").lower()
    lines = read(folder)
    target = place(key, lines, packages)
    if not lines:
        return None
    if not target:
        raise RequirementsError("SKIRRET_DATA_DIR or --into must say where packages are kept")
    with _alone(os.path.dirname(target)):
        if os.path.isdir(target):
            return target
        _remove_leftovers(os.path.dirname(target))
        try:
            _build(lines, target, tell)
        except RequirementsError as error:
            _write(f"{target}.error", str(error))
            raise
        _forget_others(target)
    return target


@contextmanager
def _alone(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(folder):
    for name in os.listdir(folder):
        if name.startswith(".building-"):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def _forget_others(target):
    """Of older lines nothing is needed any more: whoever still runs on them has imported what it uses."""
    folder, kept = os.path.split(target)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name != kept and os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        elif name.endswith(".error"):
            os.unlink(path)


def _build(lines, target, tell):
    tell(0, f"Looking for {len(lines)} packages")
    with tempfile.TemporaryDirectory(prefix=".building-", dir=os.path.dirname(target)) as work:
        wanted, constraints, report = (os.path.join(work, name) for name in ("wanted", "constraints", "report"))
        _write(wanted, "\n".join(lines))
        _write(constraints, "\n".join(sorted({f"{one.name}=={one.version}" for one in metadata.distributions()})))
        _pip(["--dry-run", "--report", report, "-r", wanted, "-c", constraints], tell, 0, 40)
        with open(report, encoding="utf-8") as stream:
            found = json.load(stream)["install"]
        chosen = [f"{one['metadata']['name']}=={one['metadata']['version']}" for one in found]
        built = os.path.join(work, "built")
        os.mkdir(built)
        if chosen:
            tell(40, f"Installing {', '.join(chosen)}")
            _pip(["--no-deps", "--target", built, *chosen], tell, 40, 95)
        os.chmod(built, 0o755)
        os.rename(built, target)
    tell(100, f"Installed {', '.join(chosen) or 'nothing: the host has it all'}")


def _pip(arguments, tell, start, end):
    """Runs pip, telling each of its lines; its percentage creeps from `start` towards `end`."""
    command = [
        sys.executable, "-m", "pip", "install", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
        "--no-color", "--progress-bar=off", *arguments,
    ]  # fmt: skip
    process = subprocess.Popen(
        ["timeout", "--kill-after=5", str(LIMIT), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    percent, errors = float(start), []
    for line in process.stdout:
        line = line.strip()
        if line.startswith("ERROR:"):
            errors.append(line.removeprefix("ERROR:").strip())
        elif errors and line and not line.startswith(("WARNING:", "[notice]")):
            errors.append(line)  # pip goes on explaining below its errors
        if line:
            percent += (end - percent) / 10
            tell(round(percent), line[:200])
    code = process.wait()
    if code == 124:
        raise RequirementsError(f"pip was not done after {LIMIT} s")
    if code != 0:
        raise RequirementsError(_explained(errors, code))


def _explained(errors, code):
    text = "; ".join(dict.fromkeys(errors))[:1500] or f"pip ended with {code}"
    if "The user requested (constraint)" in text:
        return f"it needs another version than the one the plugin host runs on. {text}"
    if "No matching distribution found" in text:
        return f"no wheel for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine. {text}"
    return text


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def main(arguments):
    """Installs the packages of one plugin, telling how far it is."""
    parser = argparse.ArgumentParser(prog="python -m skirret_host.requirements", description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the plugin's folder")
    parser.add_argument("--into", help="the folder of all plugins' packages")
    given = parser.parse_args(arguments)

    def say(**line):
        print(json.dumps(line), flush=True)

    try:
        target = install(given.folder, given.into, lambda percent, message: say(percent=percent, message=message))
    except (RequirementsError, OSError) as error:
        say(ok=False, error=str(error))
        return 1
    say(ok=True, path=target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
