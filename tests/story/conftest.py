"""The real tables, read once, and stories made from them."""

import pytest

from handover.project import Project
from handover.story import Story
from handover.story.data import Tables


@pytest.fixture(scope="session")
def project():
    return Project.find()


@pytest.fixture(scope="session")
def tables(project):
    return Tables.load(project)


@pytest.fixture
def tell(project, tables, monkeypatch):
    """Return a function that makes a story of a day, without reading the tables again."""
    monkeypatch.setattr(Tables, "load", classmethod(lambda cls, _: tables))
    return lambda day, **how: Story(day, project=project, **how)
