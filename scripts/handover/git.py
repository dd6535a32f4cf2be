"""Asks git about a checkout, and says what its refusals mean and which command helps.

Git is asked in English, with nobody to prompt and nothing to page. Variables by which a hook leads git to another
repository are left out; of them only the index that a commit is being made from counts, if it is this repository's.
"""

import os
import re
import subprocess
from pathlib import Path

from handover.errors import GitError

#: Git may look through a long history; only one that waits for somebody takes as long as this.
PATIENCE_S = 600.0
#: Each leads git to other files, whatever folder it is run in.
ELSEWHERE = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
    *("GIT_NAMESPACE", "GIT_REPLACE_REF_BASE"),
}
QUIET = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_ASKPASS": "true",
}
#: Settings of a user that would change what git prints, or run another program.
PLAIN = ("core.quotePath=off", "color.ui=false", "log.showSignature=false", "core.fsmonitor=false")
#: Said where a commit may be missing for that reason.
SHALLOW = "This clone is shallow, it holds only the end of the history: git fetch --unshallow"
SETTINGS = tuple(word for setting in PLAIN for word in ("-c", setting))


def run(root: Path, *words: str, data: bytes = b"", staged: bool = False) -> str:
    """Return what git prints, as `read` gives it, as text."""
    return read(root, *words, data=data, staged=staged).decode("utf-8", "replace")


def read(root: Path, *words: str, data: bytes = b"", staged: bool = False) -> bytes:
    """Return the bytes that git prints.

    Args:
        root: The folder that it is asked in.
        words: A command that changes nothing.
        data: Its standard input.
        staged: Whether it is asked of the commit that is being made, as a hook is.

    Raises:
        GitError: It refuses, is not there, or does not answer.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | QUIET
    if staged and (index := _index(root)):
        environment["GIT_INDEX_FILE"] = index
    command = ["git", "--no-pager", *SETTINGS, *words]
    try:
        # a session of its own has no terminal that somebody could be asked on
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            input=data,
            capture_output=True,
            timeout=PATIENCE_S,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitError(
            "git: must be installed (found none on the path).\nInstall it and run the command again."
        ) from None
    except subprocess.TimeoutExpired:
        raise GitError(
            f"{root}: git must answer within {PATIENCE_S:g} seconds (got nothing to `git {words[0]}`).\n"
            f"See what it waits for: git -C {root} {words[0]}"
        ) from None
    except OSError as error:
        raise GitError(f"git: must be a program that runs (got {error.strerror}).\nInstall it anew.") from error
    if done.returncode:
        raise _refusal(root, done.stderr.decode("utf-8", "replace"))
    return done.stdout


def cut_off(root: Path) -> set[str]:
    """The commits at which a shallow clone ends: their parents are not here, though they have some.

    Raises:
        GitError: Git cannot tell.
    """
    path = root / run(root, "rev-parse", "--git-path", "shallow").rstrip("\n")
    return set(path.read_text().split()) if path.is_file() else set()


def _index(root: Path) -> str:
    """The index that a hook was given, if it is one of this repository."""
    given = os.environ.get("GIT_INDEX_FILE")
    if not given:
        return ""
    path, folder = Path(given).absolute(), Path(run(root, "rev-parse", "--absolute-git-dir").rstrip("\n"))
    return str(path) if path.resolve().is_relative_to(folder.resolve()) else ""


def _refusal(root: Path, said: str) -> GitError:
    """Word a refusal by its cause; one that is unknown is passed on in git's own words."""
    reasons = [line.removeprefix("fatal: ").removeprefix("error: ") for line in said.splitlines() if line.strip()]
    reason = reasons[0] if reasons else "no word"
    if "dubious ownership" in said:
        named = re.search(r"safe\.directory (.+)", said)
        cure = f"If you trust it: git config --global --add safe.directory {named[1] if named else root}"
        return GitError(f"{root}: must be yours, or safe to git (git says: {reason}).\n{cure}")
    if "not a git repository" in said:
        return _no_repository(root, reason)
    if "must be run in a work tree" in said:
        return GitError(
            f"{root}: must be a checkout (git says: {reason}).\n"
            "Clone the repository without --bare; if it is a checkout: git config core.bare false"
        )
    if re.search(r"unknown revision|bad revision|ambiguous argument|Invalid revision range", said):
        cure = "Name commits that git log shows, as in origin/main..HEAD; git fetch --all brings those of others."
        cure = f"{SHALLOW}, and run the command again." if cut_off(root) else cure
        return GitError(f"{root}: must know the commits named (git says: {reason}).\n{cure}")
    return GitError(
        f"{root}: git must answer (git says: {reason}).\nSee what is wrong: git -C {root} status; git -C {root} fsck"
    )


def _no_repository(root: Path, reason: str) -> GitError:
    marked = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if not marked:
        return GitError(
            f"{root}: must lie in a git repository (found none on the way up).\n"
            "A copy without .git knows no commits: clone the project with git."
        )
    mend = "git worktree repair, in the checkout it was made from" if marked.is_file() else "clone the project anew"
    return GitError(
        f"{root}: must lie in a whole git repository ({marked} is damaged; git says: {reason}).\nTo mend it: {mend}."
    )
