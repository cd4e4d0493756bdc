#!/usr/bin/env python3
"""Fetch the page's libraries into vendor/, which is never committed.

Downloads the wheels pinned in requirements.txt (checked by hash), takes the named files out of
them, adds the two fonts from their Debian packages and writes a .gz twin beside every file over
1 KB. Runs again only when requirements.txt, this file or what is installed changes; --force runs it regardless.
With the packages of tools.txt the fonts are cut to a Latin subset.

    python3 Sources/API/Web/vendor.py [--force]
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "vendor"
STAMP = ".stamp"

DASH, MANTINE, NICEGUI, LUCIDE = "dash", "dash_mantine_components", "nicegui", "python_lucide"
CHARTS = ["Line", "Area", "Bar", "Composite", "Scatter", "Pie", "Donut", "Radar"]

# (wheel, path inside it, path below vendor/). Mantine's names stay: its main script loads the others by name.
FILES = [
    (DASH, "dash/deps/react@18.3.1.min.js", "react/react.js"),
    (DASH, "dash/deps/react-dom@18.3.1.min.js", "react/react-dom.js"),
    (DASH, "dash/deps/react@18.3.1.js", "react/dev/react.js"),
    (DASH, "dash/deps/react-dom@18.3.1.js", "react/dev/react-dom.js"),
    *[
        (MANTINE, f"dash_mantine_components/{name}", f"mantine/{name}")
        for name in [
            "dash_mantine_components.js",
            "dash_mantine_components-charts-shared.js",
            *[f"async-{kind}Chart.js" for kind in CHARTS],
            "async-Sparkline.js",
        ]
    ],
    (NICEGUI, "nicegui/static/dompurify.mjs", "dompurify/dompurify.js"),
    (NICEGUI, "nicegui/elements/sortable/dist/index.js", "sortable/sortable.js"),
]
LICENCES = [(DASH, "react"), (MANTINE, "mantine"), (NICEGUI, "dompurify"), (NICEGUI, "sortable"), (LUCIDE, "lucide")]

# Western Latin, arrows, and the punctuation of prose; and the rest of Latin, which a browser fetches when a page has it.
GLYPHS = {
    "": "U+0020-007E,U+00A0-00FF,U+2009,U+2013-2014,U+2018-201E,U+2022,U+2026,U+20AC,U+2122,U+2190-2193,U+2212,U+FFFD",
    "-more": "U+0100-024F,U+02C6,U+02DA,U+02DC,U+2000-2008,U+200A-2012,U+2015-2017,U+201F-2021,U+2023-2025,"
    "U+2027-206F,U+2215,U+FEFF",
}
# What every script needs to be written rightly, figures of one width, and the two letters that base.css chooses. Without
# the ligatures of the monospaced one: logs show what was written.
FEATURES = {"inter": "ccmp,locl,mark,mkmk,kern,liga,calt,case,tnum,cv11,ss03", "jetbrains-mono": "ccmp,locl,mark,mkmk"}
# No page draws thinner or bolder letters than these; what makes others is left out of the font.
WEIGHTS = (400, 700)
FONTS = [
    ("Inter", "inter", f"{WEIGHTS[0]} {WEIGHTS[1]}", "/usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf", "fonts-inter-variable"),
    (
        "JetBrains Mono",
        "jetbrains-mono",
        "400",
        "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf",
        "fonts-jetbrains-mono",
    ),
]


def fingerprint() -> str:
    parts = [(HERE / "requirements.txt").read_bytes(), Path(__file__).read_bytes()]
    parts += [str(Path(source).exists()).encode() for *_, source, _ in FONTS]
    parts += [str(find_spec(name) is not None).encode() for name in ("fontTools", "brotli")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def download(folder: Path) -> dict[str, zipfile.ZipFile]:
    """The wheels by distribution name."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--dest", str(folder)]
    subprocess.run([*command, "-r", str(HERE / "requirements.txt")], check=True)
    return {path.name.split("-")[0]: zipfile.ZipFile(path) for path in folder.glob("*.whl")}


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def extract(wheels: dict[str, zipfile.ZipFile], out: Path) -> None:
    for wheel, inside, name in FILES:
        write(out / name, wheels[wheel].read(inside))
    for wheel, folder in LICENCES:
        inside = next(name for name in wheels[wheel].namelist() if name.endswith("licenses/LICENSE"))
        write(out / folder / "LICENSE", wheels[wheel].read(inside))


def icons(wheel: zipfile.ZipFile, out: Path, scratch: Path) -> int:
    """One small file per icon and per old name, each a <symbol> that a page can <use>."""
    database = sqlite3.connect(wheel.extract("lucide/data/lucide-icons.db", scratch))
    drawings = dict(database.execute("SELECT name, svg FROM icons"))
    names = {name: name for name in drawings}
    names.update((alias, name) for name, alias in database.execute("SELECT name, alias FROM icon_aliases"))
    database.close()
    for name, drawn in names.items():
        body = re.search(r"<svg[^>]*>(.*)</svg>", drawings[drawn], re.DOTALL)
        shapes = re.sub(r">\s+<", "><", body.group(1).strip()) if body else ""
        symbol = f'<symbol id="i" viewBox="0 0 24 24">{shapes}</symbol>'
        write(out / "lucide" / f"{name}.svg", f'<svg xmlns="http://www.w3.org/2000/svg">{symbol}</svg>\n'.encode())
    return len(names)


def subset(source: Path, target: Path) -> list[tuple[str, str]]:
    """Latin WOFF2s where fonttools and brotli are at hand, else the whole font as it is; each with the range it is for."""
    try:
        import brotli  # noqa: F401  (fonttools needs it for WOFF2 and says so too late)
        from fontTools.subset import main as pyftsubset
        from fontTools.ttLib import TTFont
        from fontTools.varLib.instancer import instantiateVariableFont
    except ImportError:
        shutil.copyfile(source, target.with_suffix(".ttf"))
        return [(target.with_suffix(".ttf").name, "U+0-10FFFF")]
    font, limited = TTFont(source), target.with_suffix(".limited.ttf")
    if "fvar" in font:
        instantiateVariableFont(font, {"wght": WEIGHTS}, inplace=True)
    font.save(limited)
    features = f"--layout-features={FEATURES[target.name]}"
    made = []
    for suffix, glyphs in GLYPHS.items():
        output = target.with_name(f"{target.name}{suffix}.woff2")
        pyftsubset([str(limited), f"--unicodes={glyphs}", "--flavor=woff2", features, f"--output-file={output}"])
        made.append((output.name, glyphs))
    limited.unlink()
    return made


def fonts(out: Path) -> None:
    folder = out / "fonts"
    folder.mkdir(parents=True)
    rules = []
    for family, name, weight, source, package in FONTS:
        if not Path(source).exists():
            print(f"vendor: {source} is missing, the system's font is used instead (apt install {package})")
            continue
        for made, glyphs in subset(Path(source), folder / name):
            rules.append(
                f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: swap; '
                f'src: url("{made}"); unicode-range: {glyphs}; }}\n'
            )
        licence = Path("/usr/share/doc") / package / "copyright"
        if licence.exists():
            shutil.copyfile(licence, folder / f"LICENSE-{name}")
    (folder / "fonts.css").write_text("".join(rules))


def compress(out: Path) -> None:
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.stat().st_size > 1024 and path.suffix in {".js", ".css", ".svg", ".ttf"}:
            write(path.with_name(path.name + ".gz"), gzip.compress(path.read_bytes(), 9, mtime=0))


def main() -> None:
    stamp = TARGET / STAMP
    if "--force" not in sys.argv and stamp.exists() and stamp.read_text() == fingerprint():
        print("vendor: up to date")
        return
    # Built in a scratch folder on the same disk and swapped in whole: a broken download leaves the old one working.
    with tempfile.TemporaryDirectory(dir=HERE, prefix=".vendor-") as name:
        scratch = Path(name)
        wheels = download(scratch)
        fresh = scratch / "vendor"
        extract(wheels, fresh)
        count = icons(wheels[LUCIDE], fresh, scratch)
        for wheel in wheels.values():
            wheel.close()
        fonts(fresh)
        compress(fresh)
        (fresh / STAMP).write_text(fingerprint())
        shutil.rmtree(TARGET, ignore_errors=True)
        fresh.rename(TARGET)
    print(f"vendor: {len(FILES)} scripts, {count} icons, {len(FONTS)} fonts in {TARGET}")


if __name__ == "__main__":
    main()
