"""Charts as small functions of an axes and rows; a notebook hands one of them to `Story.figure`.

    palette, house, measure ─► frame (canvas, room, svg, finish) ─► chart, checks
    placement, measure ─► labels ─► dates, marks
    frame, dates, marks ─► troops, attacks, isis, slip, timeline, places, handovers

Importing this package imports no matplotlib; each module does.
"""
