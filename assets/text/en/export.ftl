# What a package says.
export-difference = Difference to today:
export-unit = Unit
export-complete = All known
export-yes = yes
export-no = no
export-made-on = Made with Stadslens on
export-variants = The variants
export-pictures = The variants side by side
export-gaps = * Not everything is known. What is not known is left out.
export-sources = Where the data come from
export-open-again = This file also opens in Stadslens, to walk around and look for oneself.
export-other-page = Nederlands
export-table = This table as a file (CSV)
export-area = Counted within the plan area: { $title }. It is { $size }. Scale: { $scale }.
export-reactions = What residents think of it
export-reaction-words = What residents wrote
