"""`handover catalogue`: the index, the feed and the JSON, anew."""

import click

from handover.errors import HandoverError


@click.command("catalogue")
def command() -> None:
    """Write the catalogue of reports/ anew from its manifests, e.g. after a merge brought editions in."""
    from handover.editions import Store
    from handover.editions import catalogue as catalogues
    from handover.project import Project

    store = Store.of(Project.find())
    with store.locked():
        faults = catalogues.write(store)
    click.echo(store.root / "index.html")
    if faults:
        raise HandoverError("\n".join(faults))
