# Notes: what people add to a plan, and whether it is kept.
cause-in-use = This plan is open in another Stadslens. What you add here is not kept. Close the other one and open the plan again.
cause-unwritable = Nothing can be kept here. Is the disk full or locked? What you add is gone when you stop.
cause-set-aside = The file with your notes was damaged. It was set aside and a new file was begun.
notes-unkept = What you write is not kept. { $reason }
