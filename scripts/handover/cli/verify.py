"""`handover verify`: is an edition, or a PDF from anywhere, what the data says?"""

from pathlib import Path

import click

from handover.cli.console import on_terminate

EXAMPLES = """\b
Examples:
  handover verify reports                        every edition, and the catalogue
  handover verify ~/Downloads/drawdown_….pdf     a PDF from a mail
  handover verify --hashes reports/drawdown      quickly, without rendering

\b
Exit code: 0 all verified; 1 something differs; 3 nothing differs, but something cannot be rebuilt here,
because it was made from other data, notebooks, code or tools than this checkout's.
"""


@click.command("verify", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--hashes", is_flag=True, help="Compare hashes only; render nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
@click.option("--trust", is_flag=True, help="Run the notebook inside an edition even if it is not this checkout's.")
def command(paths: tuple[Path, ...], hashes: bool, as_json: bool, trust: bool) -> None:
    """Compare hashes, render again, and compare the bytes.

    PATH is a folder of editions, an edition, a file of one, or a PDF by itself, which carries what is needed. Each
    is verified, or differs, with the first difference that a person can understand, or cannot be rebuilt here, with
    how to get what is missing. Code that came with an edition is run only if it is this checkout's, or with --trust.
    """
    import json

    from handover.project import Project
    from handover.verify import code, verify

    on_terminate()
    answers = []
    for one in verify(Project.find(), paths, hashes=hashes, trust=trust):
        answers.append(one)
        if not as_json:
            click.echo(str(one))
    if as_json:
        click.echo(json.dumps([one.as_json() for one in answers], ensure_ascii=False, indent=1))
    if worst := code(answers):
        raise click.exceptions.Exit(worst)
