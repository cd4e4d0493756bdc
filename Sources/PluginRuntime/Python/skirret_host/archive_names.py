"""Names in an archive: safe on any file system, and each another file on all of them."""

import re
import unicodedata

MAX_NAME, MAX_PATH = 200, 1024
UNICODE_PATH, UTF8_FLAG = 0x7075, 0x800
#: What Windows takes for devices, with any extension.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
#: Separators of other systems, streams, wildcards, quotes. Control and format characters are found otherwise.
FORBIDDEN = frozenset('\\:*?"<>|')


def are_safe(entries):
    """Whether every entry's name is safe, and no two mean one file where case or composition do not count."""
    seen, folders = set(), set()
    for entry in entries:
        if not is_safe(entry):
            return False
        parts = [_folded(part) for part in entry.filename.rstrip("/").split("/")]
        path = "/".join(parts)
        if path in seen or (path in folders and not entry.is_dir()):
            return False
        seen.add(path) if not entry.is_dir() else folders.add(path)
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if above & seen:
            return False
        folders |= above
    # A file that comes before the folder of its name.
    return not seen & folders


def is_safe(entry):
    """Whether one entry's name is a relative path without surprises, the same to every reader."""
    name = entry.filename
    if entry.orig_filename != name or not entry.flag_bits & UTF8_FLAG and not name.isascii():
        return False  # cut at a NUL, or in an encoding that each reader guesses
    if _other_name(entry.extra) not in (None, name.encode()):
        return False
    path = name.removesuffix("/")
    return 0 < len(name.encode()) <= MAX_PATH and all(_is_safe_part(part) for part in path.split("/"))


def _is_safe_part(part):
    return (
        part not in ("", ".", "..")
        and len(part.encode()) <= MAX_NAME
        and part == part.strip(" ").rstrip(".")
        and part.isprintable()
        and not FORBIDDEN & set(part)
        and not DEVICES.fullmatch(part)
    )


def _folded(part):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", part).casefold())


def _other_name(extra):
    """The name in Info-ZIP's field for Unicode, which some readers prefer to the entry's own."""
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == UNICODE_PATH:
            return extra[9 : 4 + size]
        extra = extra[4 + size :]
    return None
