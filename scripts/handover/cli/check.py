"""`handover check`: is everything in order?"""

from pathlib import Path
from typing import Any

import click

from handover.errors import HandoverError

EXAMPLES = """\b
Examples:
  handover check
  handover check --fix
  handover check --article article.txt
  handover check --staged
  handover check --commits origin/main..HEAD
"""


@click.command("check", epilog=EXAMPLES)
@click.option(
    "--article",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check the claims' places against the article, as UTF-8 text; the project does not store it.",
)
@click.option("--fix", is_flag=True, help="First clean the notebooks: drop outputs, counts and editor metadata.")
@click.option("--staged", is_flag=True, help="Check only that what is staged for a commit changes no edition.")
@click.option("--commits", metavar="RANGE", help="Check only that these commits change no edition.")
def command(article: Path | None, fix: bool, staged: bool, commits: str | None) -> None:
    """Check data, notebooks, editions and catalogue; one line a thing, exit code 1 if anything is wrong."""
    from handover.editions import Store
    from handover.editions import check as checks
    from handover.project import Project
    from handover.story import article as articles
    from handover.story import record

    project = Project.find()
    store = Store.of(project)
    wrong = 0

    def tell(*findings: checks.Finding) -> int:
        for finding in findings:
            click.echo(str(finding))
        return sum(finding.mark == "wrong" for finding in findings)

    if staged or commits:
        wrong = tell(*checks.rewritten(project, commits or ""))
        if wrong:
            raise HandoverError(f"{wrong} wrong.")
        return
    if fix:
        tell(*checks.fix(project))
    faults = record.check(project)
    wrong += tell(*(checks.Finding("wrong", f"data: {line}") for line in faults))
    if not faults:
        tell(checks.Finding("ok", "data: the record is whole and its references lead somewhere"))
    if article:
        wrong += tell(_article(articles, project, article))
    for findings in (checks.dictionary(project), checks.notebooks(project), checks.editions(store, project)):
        for finding in findings:
            wrong += tell(finding)
    wrong += tell(*checks.catalogue(store, project))
    if wrong:
        raise HandoverError(f"{wrong} wrong.")


def _article(articles: Any, project: Any, path: Path) -> Any:
    from handover.editions import Finding

    try:
        return Finding("ok", f"article: {articles.check(project, path)}")
    except HandoverError as error:
        return Finding("wrong", f"article: {error}")
