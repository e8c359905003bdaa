# SPDX-License-Identifier: Apache-2.0
"""Runs the command blocks of Markdown documents. README.md here has the rules for authors."""

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "style"))
import checker  # pylint: disable=wrong-import-position

TIMEOUT = 120  # Seconds for a command.
BACKGROUND = 15  # Seconds in which a background command must have printed what is shown.
PROMPT = re.compile(r"[a-z]+> ")  # The prompt of a program that reads lines: what follows is typed.

# Figures: what differs from run to run and from machine to machine.
FIGURE = re.compile(
    r"(?<![\w:])\d{1,2}:\d\d(?::\d\d)?(?![\w:])"  # A time of the day.
    r"|(?<![\w.:-])\d+(?:\.\d+)?(?= ?(?:%|[kKMG]i?B|B|n?s|µs|ms|bytes|seconds)(?![\w]))"  # With a unit.
    r"|(?<![\w.:-])\d+\.\d+(?:\.\d+)?(?![\w.]*\.\d)"  # A fraction or a version, but no address.
    r"|(?<![\w.:-])\d{5,}(?![\w.:])"  # Sizes, process ids.
)


class Block(NamedTuple):
    path: str
    line: int  # The line of the opening fence.
    kind: str  # transcript, commands, file, text, marked, unknown
    detail: str  # The reason, the file's path, or what is wrong.
    lines: list


class Command(NamedTuple):
    text: str
    shown: list  # Lines of output.
    typed: list  # Lines of input.


def blocks_of(path, text):
    """The fenced blocks of a document."""
    marker, opening, info, lines = None, None, "", []
    for number, line, fenced in checker.markdown_lines(text):
        if not fenced:
            if line.strip():
                found = re.match(r"<!-- (not run|file): *(.*?) *-->$", line.strip())
                marker = (found[1], found[2]) if found else None
        elif opening is None:
            opening, info, lines = number, line.strip().lstrip("`~").strip(), []
        elif re.match(r"\s*(```+|~~~+)\s*$", line):
            yield classify(Block(path, opening, "", "", lines), info, marker)
            opening = marker = None
        else:
            lines.append(line)


def classify(block, info, marker):
    has_prompt = any(line.startswith("$ ") for line in block.lines)
    kind, detail = "unknown", 'is neither a transcript ("$ command"), nor ```sh, nor marked <!-- not run: why -->'
    if marker and not marker[1]:
        detail = "has a marker that says nothing; write <!-- %s: … -->" % marker[0]
    elif marker:
        kind, detail = {"not run": "marked", "file": "file"}[marker[0]], marker[1]
    elif info == "sh" and not has_prompt:
        kind, detail = "commands", ""
    elif info in ("", "console") and has_prompt:
        kind, detail = "transcript", ""
    elif has_prompt:
        detail = "is ```%s but has a command; take the word away" % info
    elif info:
        kind, detail = "text", ""
    return block._replace(kind=kind, detail=detail)


def commands_of(block):
    """The commands of a transcript or of ```sh; lines that end in a backslash are joined."""
    commands, continued = [], False
    for line in block.lines:
        if continued:
            commands[-1] = commands[-1]._replace(text=commands[-1].text + "\n" + line.removeprefix("> "))
        elif block.kind == "commands":
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            commands.append(Command(line, None, []))
        elif line.startswith("$ "):
            commands.append(Command(line[2:], [], []))
        elif commands:
            commands[-1].shown.append(line)
            if PROMPT.match(line):
                commands[-1].typed.append(PROMPT.sub("", line, count=1))
            continue
        else:
            continue
        continued = line.endswith("\\")
    return commands


def line_pattern(line):
    pattern, position = "", 0
    for match in re.finditer(r"…|" + FIGURE.pattern, line):
        pattern += re.escape(line[position : match.start()])
        pattern += ".*" if match[0] == "…" else r"[0-9][0-9.:]*"
        position = match.end()
    return pattern + re.escape(line[position:])


def is_shown(shown, output):
    """Whether the output is what the document shows. "…" stands for anything; alone, for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else line_pattern(line.rstrip()) + r"\n" for line in shown)
    lines = [line.rstrip() for line in output.splitlines()]
    return re.fullmatch(r"\n*" + pattern + r"\n*", "".join(line + "\n" for line in lines)) is not None


class Shell:
    """One bash for a document: folders, variables and background jobs last from block to block."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.status, write_end = os.pipe()
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(write_end,),
            start_new_session=True,
        )
        self.report = write_end

    def run(self, command):
        """Runs one command. Returns what is wrong, or None."""
        if command.typed:
            return judge(command, *on_terminal(command))
        self.count += 1
        path = os.path.join(self.folder, "output-%d-%d" % (self.bash.pid, self.count))
        line = "eval %s >%s 2>&1 </dev/null %d>&-; printf '%%d\\n' $? >&%d\n"
        line %= (shlex.quote(command.text), shlex.quote(path), self.report, self.report)
        try:
            self.bash.stdin.write(line.encode())
            self.bash.stdin.flush()
        except BrokenPipeError:
            return "$ %s\nnot run: the shell has ended" % command.text
        status = self._read_status()

        def output():
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()

        if status is None:
            self.close()
            return "$ %s\nhas not ended after %d s:\n%s" % (command.text, TIMEOUT, output())
        fault = judge(command, status, output())
        # A command in the background prints when it likes.
        end = time.monotonic() + (BACKGROUND if command.text.rstrip().endswith("&") else 0)
        while fault and time.monotonic() < end:
            time.sleep(0.05)
            fault = judge(command, status, output())
        return fault

    def _read_status(self):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and self.bash.poll() is None:
            if select.select([self.status], [], [], 0.2)[0]:
                return int(os.read(self.status, 64).decode().split()[-1])
        return None

    def close(self):
        """Ends what runs in the background, in order first."""
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 1)):
            end = time.monotonic() + patience
            try:
                os.killpg(self.bash.pid, number)
                while time.monotonic() < end:
                    self.bash.poll()  # Until it is reaped the group exists.
                    os.killpg(self.bash.pid, 0)
                    time.sleep(0.05)
            except ProcessLookupError:
                return


def judge(command, status, output):
    """What is wrong with a command that has ended, or None. Shown output explains a failure, too."""
    if command.shown is None:
        return None if status == 0 else "$ %s\nexit status %d:\n%s" % (command.text, status, output)
    if status != 0 and not any(command.shown):
        return "$ %s\nexit status %d, and no output is shown:\n%s" % (command.text, status, output)
    if is_shown(command.shown, output):
        return None
    return "$ %s\nshown:\n%s\nprinted:\n%s" % (command.text, "\n".join(command.shown), output)


def plain(output):
    """What a terminal shows, without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", output.decode(errors="replace"))


def on_terminal(command):
    """Runs a command on a terminal and types a line at each prompt. Returns status and output."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "--noprofile", "--norc", "-c", command.text], {**os.environ, "TERM": "dumb"})
    output, typed, end, seen = b"", list(command.typed), time.monotonic() + 5 * TIMEOUT, 0
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:  # The other side is closed.
            break
        output += data
        if typed and PROMPT.fullmatch(plain(output[seen:]).rpartition("\n")[2]):
            seen = len(output)
            os.write(terminal, typed.pop(0).encode() + b"\n")
    else:
        os.kill(pid, signal.SIGTERM)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, plain(output)


class Result(NamedTuple):
    block: Block
    fault: str = None


def run_block(block, shell):
    """Runs a block of any kind. Returns what is wrong with it, or None."""
    if block.kind == "unknown":
        return block.detail
    if block.kind == "file":
        os.makedirs(os.path.dirname(os.path.abspath(block.detail)), exist_ok=True)
        with open(block.detail, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in block.lines))
    elif block.kind in ("transcript", "commands"):
        for command in commands_of(block):
            fault = shell.run(command)
            if fault:
                return fault
    return None


def run_document(path, text, folder):
    """Results of the blocks of a document, in its order."""
    shell = Shell(folder)
    try:
        for block in blocks_of(path, text):
            yield Result(block, run_block(block, shell))
    finally:
        shell.close()


SAMPLES = (
    # Document, and the lines of the blocks in which a fault must be found.
    ("```\n$ echo hello\nhello\n```\n", []),
    ("```\n$ echo hello\nhallo\n```\n", [1]),
    ("```\n$ echo hello\n```\n", [1]),  # Prints more than is shown.
    ("```\n$ true\nhello\n```\n", [1]),
    ("```\n$ false\n```\n", [1]),
    ("```\n$ ls /no/such\nls: … '/no/such': No such file or directory\n```\n", []),
    ("```\n$ if\n```\n", [1]),  # The shell itself fails.
    ("```\n$ seq 3\n1\n…\n3\n```\n", []),
    ("```\n$ seq 3\n1\n…\n4\n```\n", [1]),
    ("```\n$ echo 12:00:01 7.5 s 31 % 10.0.0.1 exit 3\n23:59:59 0.25 s 9 % 10.0.0.1 exit 3\n```\n", []),
    ("```\n$ echo 10.0.0.1\n10.0.0.2\n```\n", [1]),
    ("```\n$ echo exit 3\nexit 4\n```\n", [1]),
    ("```\n$ echo a \\\n  b\na b\n$ x=1\n```\n```\n$ echo $x\n1\n```\n", []),  # A shell for all blocks.
    ("```sh\n# Only success counts.\necho hello\n```\n", []),
    ("```sh\ntrue\nfalse\n```\n", [1]),
    ("```\n$ sleep 0.3 && echo late &\nlate\n```\n", []),
    ("```\n$ read -e -p 'say> ' word; echo \"$word.\"\nsay> hello\nhello.\n```\n", []),
    ("```\n$ read -e -p 'say> ' word; echo \"$word!\"\nsay> hello\nhello.\n```\n", [1]),
    ("```\nnobody knows what this is\n```\n", [1]),
    ("```text\nA picture.\n```\n", []),
    ("```text\n$ echo hidden from the test\n```\n", [1]),
    ("<!-- not run: needs another machine -->\n```\n$ false\n```\n", []),
    ("<!-- not run: needs another machine -->\nText.\n```\n$ false\n```\n", [3]),  # Belongs to the text.
    ("<!-- not run: -->\n```\n$ false\n```\n", [2]),
    ("<!-- file: FOLDER/a/b -->\n```python\nhello\n```\n```\n$ cat FOLDER/a/b\nhello\n```\n", []),
)


def self_test(folder):
    """What is wrong with the runner, or None: it must find the faults in the samples, and no others."""
    wrong = []
    for number, (text, expected) in enumerate(SAMPLES, 1):
        results = list(run_document("sample", text.replace("FOLDER", folder), folder))
        found = [r.block.line for r in results if r.fault]
        if found != expected or not results:
            wrong.append("sample %d: faults in lines %s, expected %s" % (number, found, expected))
            wrong += [r.fault for r in results if r.fault]
    return "\n".join(wrong) or None


def documents(names):
    root = checker.repository()
    os.chdir(root)
    for name in names or sorted(n for n in checker.tracked(root) if n.endswith(".md") and "/testdata/" not in n):
        with open(name, encoding="utf-8") as file:
            yield name, file.read()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # And so ends what runs in the background.
    names = [a for a in sys.argv[1:] if a != "--list"]
    if "--list" in sys.argv:
        for name, text in documents(names):
            for block in blocks_of(name, text):
                print("%s:%d: %s %s" % (block.path, block.line, block.kind, block.detail))
        return 0
    passed = failed = contents = 0
    marked = []

    def count(name, fault):
        nonlocal passed, failed
        passed, failed = passed + (not fault), failed + bool(fault)
        print("FAIL  %s\n%s" % (name, fault) if fault else "pass  %s" % name, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        count("the runner finds the faults in its samples", self_test(folder))
        for name, text in documents(names):
            for block, fault in run_document(name, text, folder):
                if block.kind == "marked":
                    marked.append(block)
                elif block.kind in ("text", "file"):
                    contents += 1
                else:
                    commands = len(commands_of(block)) if block.kind != "unknown" else 0
                    count("%s:%d: %d commands" % (block.path, block.line, commands), fault)
    print("\n%d blocks are marked and were not run:" % len(marked))
    for block in marked:
        print("  %s:%d: %s" % (block.path, block.line, block.detail))
    print("%d blocks are text or files" % contents)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
