#!/usr/bin/env python3
"""The README's Swift compiles, in a package outside the tree that knows nothing but the library products.

Takes every Swift block from the README's chapter "In Swift", puts them into one function of a new package that depends
on this one by its path, and builds it. The package stays in .build/readme-example, so that only the first build takes
minutes. The last line is "N passed, N failed".
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = ("CeleryProtocol", "SkirretRedis", "Skirret", "SkirretTesting")


def snippets(readme: str) -> list[str]:
    """The Swift blocks of the chapter, in their order."""
    chapter = re.search(r"^## In Swift$(.*?)^## ", readme, re.M | re.S)
    assert chapter, "README.md has no chapter 'In Swift'"
    return re.findall(r"^```swift\n(.*?)^```", chapter[1], re.M | re.S)


def program(blocks: list[str]) -> str:
    """All blocks as one function: later ones use what earlier ones declare."""
    lines = [line for block in blocks for line in block.splitlines()]
    imports = sorted({line for line in lines if line.startswith("import ")})
    body = "\n".join(line for line in lines if not line.startswith("import "))
    return "\n".join(imports) + "\n\nfunc example() async throws {\n" + textwrap.indent(body, "    ") + "\n}\n\ntry await example()\n"


def manifest() -> str:
    products = ", ".join(f'.product(name: "{name}", package: "{ROOT.name.lower()}")' for name in PRODUCTS)
    return f"""// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "readme-example",
    platforms: [.macOS(.v15)],
    dependencies: [.package(path: "{ROOT}"), .package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
    targets: [.executableTarget(name: "Example", dependencies: [{products}, .product(name: "Logging", package: "swift-log")])]
)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build/readme-example")
    options = parser.parse_args()
    blocks = snippets(options.readme.read_text())
    sources = options.folder / "Sources/Example"
    sources.mkdir(parents=True, exist_ok=True)
    (options.folder / "Package.swift").write_text(manifest())
    (sources / "main.swift").write_text(program(blocks))
    # The versions that everything else is tested with.
    shutil.copy(ROOT / "Package.resolved", options.folder / "Package.resolved")
    done = subprocess.run(
        ["swift", "build", "--package-path", str(options.folder)], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()
        print("\n".join([line for line in said if "error:" in line][:40] or said[-40:]))
        print(f"The package: {options.folder}")
    print(f"{len(blocks)} Swift blocks of {options.readme.name}")
    print("1 passed, 0 failed" if not done.returncode else "0 passed, 1 failed")
    return min(done.returncode, 1)


if __name__ == "__main__":
    sys.exit(main())
