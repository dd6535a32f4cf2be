"""The commands that begin something: `handover new` a report, `handover init` a project for another story."""

from pathlib import Path

import click

from handover.cli import Place, command, say


@command("""
  handover new convoys
  handover preview convoys --open                then edit notebooks/convoys.ipynb beside it
""")
@click.argument("report")
def new_command(report: str) -> None:
    """Add notebooks/REPORT.ipynb, which renders at once, and print its path.

    It has a title, parameters, set-up, a finding, a chart and the evidence, and shows the first fact that states a
    number, with the rows of its table. Replace both by your own.
    """
    from handover.project import Project
    from handover.start import new_report

    project = Project.find()
    path = new_report(project, report)
    click.echo(project.where(path))
    say(
        f"{report}: a new report. Next:\n"
        f"  handover preview {report} --open    see it, again at each save of the notebook\n"
        f"  handover render {report}            print its first edition\n"
        "data/facts.csv lists the facts that a sentence may name in braces."
    )


@command("""
  handover init ../rainfall
  handover init ../rainfall --title "Rain on the coast" --desk "The weather desk"
""")
@click.argument("folder", type=Place())
@click.option("--title", metavar="TEXT", help="What the catalogue is called [default: the folder's name].")
@click.option("--desk", default="", metavar="NAME", help="Who signs the reports.")
@click.option("--url", default="", metavar="ADDRESS", help="Where readers will find the catalogue: https://…")
def init_command(folder: Path, title: str | None, desk: str, url: str) -> None:
    """Make a project for another story in FOLDER, which must be empty or not there, and print what was written.

    It has a data package with the tables that every story needs, empty but for one worked example; a notebook; the
    settings; and commands that use this installation of handover.
    """
    from handover.start import new_project

    if url and not url.startswith("https://"):
        raise click.BadParameter(f"must begin with https:// (got {url!r}).", param_hint="--url")
    named = title if title is not None else folder.resolve().name.replace("-", " ").replace("_", " ").capitalize()
    for path in new_project(folder, named, desk, url):
        click.echo(folder / path)
    say(
        f"{folder}: a new project. Next:\n"
        f"  cd {folder}\n"
        "  scripts/render                    print its report into reports/\n"
        "  scripts/lab                       edit the notebook in JupyterLab\n"
        "README.md says how to put your own story in place of the example. Keep it in git: git init"
    )
