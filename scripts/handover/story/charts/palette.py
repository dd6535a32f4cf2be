"""The six colours of every chart: two hues and greys that stay apart in grey and to colour-blind eyes.

Contrast on white is 15.9, 7.3, 4.6, 3.4, 6.1 and 1.4 to 1; the first three and LABEL may be text.
"""

INK = "#222222"  #: marks of events, axis of nought
FOCUS = "#005A92"  #: the series the title is about
ALERT = "#C75000"  #: the one contrast, if any
CONTEXT = "#8C8C8C"  #: everything else drawn; never text
LABEL = "#5F6368"  #: text of axes and second lines
RULE = "#D9D9D9"  #: grid and land, nothing that carries meaning
SEA = "#AECBDF"  #: the sea of a map, darker than RULE in grey; never under text
PAPER = "#FFFFFF"  #: inside of hollow marks
