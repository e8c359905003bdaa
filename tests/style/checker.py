# SPDX-License-Identifier: Apache-2.0
"""What the checks of tests/style share: the files of the tree, findings, and the self-test.

A check is a function that takes a Tree and yields Findings. Its samples are small trees, each
with the places that the check must report. --self_test runs the check on its samples only.
"""

import argparse
import collections
import fnmatch
import functools
import os
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

MANY = 40  # Findings, after which the most frequent are listed.


class Finding(NamedTuple):
    path: str
    line: int
    what: str  # What is wrong, and after a semicolon how to repair it.


class Sample(NamedTuple):
    files: dict  # Path to content, str or bytes.
    expected: list  # "PATH:LINE" of each finding, in any order.
    after_fix: list = None  # The same after --fix; None: not tried.


class Tree:
    """A folder and the files that count in it. Paths are relative to `root`."""

    def __init__(self, root, names):
        self.root = root
        self.names = sorted(names)
        self.text = functools.lru_cache(maxsize=None)(self._text)

    def files(self, *patterns):
        """Files whose path or base name matches one of the patterns; all text files without one."""
        for name in self.names:
            base = os.path.basename(name)
            if patterns and not any(fnmatch.fnmatch(name, p) or fnmatch.fnmatch(base, p) for p in patterns):
                continue
            if self.text(name) is not None:
                yield name

    def scripts(self, interpreter=r"(ba|da)?sh"):
        """Files whose first line names the interpreter, and those that say "shellcheck shell="."""
        first = re.compile(r"#!\S*(/env\s+|/)" + interpreter + r"\b")
        for name in self.files():
            text = self.text(name)
            if first.match(text) or (interpreter.endswith("sh") and "\n# shellcheck shell=" in text[:2000]):
                yield name

    def path(self, name):
        return os.path.join(self.root, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    def lines(self, name):
        """(number, line) pairs; the first line is 1."""
        return enumerate(self.text(name).splitlines(), 1)

    def _text(self, name):
        """The content; None if it is not text."""
        with open(self.path(name), "rb") as file:
            content = file.read()
        if b"\0" in content:
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return None


def repository():
    folder = os.path.dirname(os.path.abspath(__file__))
    return run(["git", "rev-parse", "--show-toplevel"], folder).strip()


def run(command, folder, status=(0,)):
    """The standard output of a command; an exception if its exit status is another."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode not in status:
        raise RuntimeError("%s: exit status %d\n%s" % (" ".join(command[:4]), result.returncode, result.stderr))
    return result.stdout


def tracked(root):
    """Files that git knows or would add, without those that are deleted, and links."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root).split("\0")
    paths = {name for name in listed if name}
    return [n for n in paths if os.path.isfile(os.path.join(root, n)) and not os.path.islink(os.path.join(root, n))]


def markdown_lines(text):
    """(number, line, in_fence) of a Markdown document; the fence lines themselves are in it."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if fence:
            yield number, line, True
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = None
        elif mark:
            fence = mark[1]
            yield number, line, True
        else:
            yield number, line, False


_CXX = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | R"(?P<delimiter>[^()\s\\]{0,16})\((?P<raw>.*?)\)(?P=delimiter)"
      | "(?P<string>(?:[^"\\\n]|\\.)*)"
      | '(?:[^'\\\n]|\\.)+'""",
    re.S | re.X,
)


def cxx_parts(text, kinds=("comment", "string", "raw")):
    """(line number, kind, text) of a C++ or proto file's comments and string literals."""
    line, position = 1, 0
    for match in _CXX.finditer(text):
        # Not a character literal: a digit separator, as in 1'000.
        kind = next((k for k in ("comment", "string", "raw") if match[k] is not None), None)
        line += text.count("\n", position, match.start())
        position = match.start()
        if kind in kinds:
            before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if not re.match(r"\s*#\s*include|\s*import\b", before):
                yield line, kind, match[kind]


def _sample_tree(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        if content[:2] in ("#!", b"#!"):
            os.chmod(path, 0o755)
    return Tree(folder, files)


def _as_expected(title, found, expected):
    if sorted("%s:%d" % (f.path, f.line) for f in found) == sorted(expected):
        return True
    print("%s: expected %s" % (title, sorted(expected)))
    for finding in found:
        print("  reported %s:%d: %s" % finding)
    return False


def self_test(check, samples, fix=None):
    """Runs the check on its samples; True if it reports what is expected, and nothing else."""
    good = True
    for number, sample in enumerate(samples, 1):
        with tempfile.TemporaryDirectory() as folder:
            tree = _sample_tree(folder, sample.files)
            good &= _as_expected("sample %d" % number, list(check(tree)), sample.expected)
            if sample.after_fix is not None:
                fix(tree)
                found = list(check(Tree(folder, tree.names)))
                good &= _as_expected("sample %d after --fix" % number, found, sample.after_fix)
    if not any(s.expected for s in samples):
        good = False
        print("no sample is bad: the check could always pass")
    return good


def main(description, check, samples, fix=None, add_options=None, keep=None):
    """Runs a check from the command line. Does not return.

    check: takes the Tree (and the options, if add_options is given).
    fix: takes the Tree and repairs its files; None if a person has to.
    add_options: takes the ArgumentParser.
    keep: takes a path; False exempts the file from the check.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--self_test", action="store_true", help="check the check on its own samples")
    if fix:
        parser.add_argument("--fix", action="store_true", help="repair what can be repaired")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="report only on files and folders below these")
    if add_options:
        add_options(parser)
    options = parser.parse_args()
    one = (lambda tree: check(tree, options)) if add_options else check

    if options.self_test:
        sys.exit(0 if self_test(one, samples, fix) else 1)
    root = repository()
    tree = Tree(root, filter(keep, tracked(root)))
    if fix and options.fix:
        fix(tree)
        tree = Tree(root, tree.names)
    prefixes = [os.path.relpath(os.path.abspath(p), root) for p in options.paths]
    below = lambda path: not prefixes or any(p in (".", path) or path.startswith(p + "/") for p in prefixes)
    counts, spelled = collections.Counter(), {}
    for path, line, what in one(tree):
        if below(path):
            print("%s:%d: %s" % (path, line, what), flush=True)
            counts[what.lower()] += 1
            spelled.setdefault(what.lower(), what)
    if sum(counts.values()) > MANY:
        print("\nThe most frequent:")
        for what, count in counts.most_common(12):
            print("%5d  %s" % (count, spelled[what]))
    if counts:
        print("%d findings" % sum(counts.values()))
    sys.exit(1 if counts else 0)
