#!/bin/sh
# Typer's completion for zsh does nothing at the first Tab of a terminal.
#
# Seen with typer 0.29.2 and zsh 5.9. `--install-completion` writes a file that zsh loads from $fpath when it is first needed,
# as the function that completes (https://zsh.sourceforge.io/Doc/Release/Completion-System.html#Autoloaded-files). Typer's
# only defines another function in it and registers that one by compdef, so that the completion asked for has no results,
# and zsh beeps. Click's file, and Cobra's, call their function too when they are loaded:
#
#     first Tab:  ''
#     second Tab: 'manifest'
#
# Needs zsh. Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check typer==0.29.2
cat > "$folder/venv/bin/one" <<PYTHON
#!$folder/venv/bin/python
import typer

app = typer.Typer()
app.command("manifest")(lambda: None)
app.command("search")(lambda: None)
app(prog_name="one")
PYTHON
chmod +x "$folder/venv/bin/one"
export HOME="$folder" PATH="$folder/venv/bin:$PATH"
zsh -f -c 'one --install-completion >/dev/null; :'
"$folder/venv/bin/python" - <<'PYTHON'
import os
import pty
import select
import subprocess
import sys

master, slave = pty.openpty()
process = subprocess.Popen(["zsh", "-i"], stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "dumb"})


def said(keys):
    """What comes after these keys, until nothing has come for three seconds."""
    os.write(master, keys)
    text = b""
    while select.select([master], [], [], 3)[0]:
        text += os.read(master, 65_536)
    return text


said(b"")
first, second = (b"est" in said(keys) for keys in (b"one manif\t", b"\t"))
process.kill()
print("\n".join(f"{name + ':':<12}{'manifest' if done else ''!r}" for name, done in (("first Tab", first), ("second Tab", second))))
sys.exit((first, second) != (False, True))
PYTHON
