# Notes: what people add to a plan, and whether it is kept.
cause-in-use = This plan is open in another Stadslens. What you add here is not kept. Close the other one and open the plan again.
cause-unwritable = Nothing can be kept here. Is the disk full or locked? What you add is gone when you stop.
cause-set-aside = The file with your notes was damaged. It was set aside and a new file was begun.
notes-unkept = What you write is not kept. { $reason }

panel-notes = Notes
notes-write = Write a note
notes-undo = Undo
notes-redo = Redo
notes-none = There are no notes yet. Pick something in the city, or look at a place. Then press T.
notes-none-of-kind = There are no notes of this kind.
notes-without-text = No text yet
notes-text = Text of note { $number }
notes-hint = What do you want to say?
notes-kind = Kind
notes-role = Written as
notes-remove = Remove note
card-note = Note
note-kind-remark = Remark
note-kind-question = Question
note-kind-idea = Idea
note-kind-concern = Concern
note-kind-task = Task
note-role-planner = Planner
note-role-resident = Resident
note-role-maintainer = Maintenance
note-role-other = Somebody else
