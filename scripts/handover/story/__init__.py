"""What a report says: knows troops, knows no Jupyter tool.

    data/ ─► tables ─► record ─► view ─► facts ─► prose, charts, table ─► evidence
                                   └── claims        └── reckoning

A notebook needs only `Story`.
"""

from handover.story.desk import Story

__all__ = ["Story"]
