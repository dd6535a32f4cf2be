"""Charts as small functions of an axes and rows; a notebook hands one of them to `Story.figure`.

    style ─► figure (canvas, checks, SVG, the finished chart)
      └────► labels ─► axes, marks ─► troops, attacks, isis, slip, timeline, places, handovers

Importing this package imports no matplotlib; each module does.
"""
