# The maintenance lens: objects, reports, worklist.
maintenance-page = Assets
maintenance-assets = Objects
maintenance-reports = Reports
maintenance-filters = Filters
maintenance-show-all = Show all
maintenance-save = Save worklist
maintenance-asset-count = { $left } of { $all } objects
maintenance-report-count = { $left } of { $all } reports
maintenance-picked-hidden = What is chosen does not fit the filters. So it is not in this list.
maintenance-date = { $year }-{ $month }-{ $day }

maintenance-column-kind = Kind
maintenance-column-number = Number
maintenance-column-score = NEN
maintenance-column-level = CROW
maintenance-column-next = Inspection
maintenance-column-category = Category
maintenance-column-status = Status
maintenance-column-created = Reported on

maintenance-scale-nen = Condition NEN 2767
maintenance-scale-crow = Level CROW
maintenance-nen-1 = 1 excellent
maintenance-nen-2 = 2 good
maintenance-nen-3 = 3 fair
maintenance-nen-4 = 4 poor
maintenance-nen-5 = 5 bad
maintenance-nen-6 = 6 very bad
maintenance-crow-1 = A+ very good
maintenance-crow-2 = A good
maintenance-crow-3 = B sufficient
maintenance-crow-4 = C moderate
maintenance-crow-5 = D bad
maintenance-no-data = no data

maintenance-overdue = Inspection late
maintenance-overdue-hint = The next inspection was due before today, { $today }. An object without a date does not count.
maintenance-removed = Goes in this variant
maintenance-removed-hint = The plan takes this away in the variant and phase that are shown.

maintenance-stage-open = Still open
maintenance-stage-in-hand = Being worked on
maintenance-stage-done = Done

maintenance-file-assets = worklist
maintenance-file-reports = reports

# A file that somebody wants to keep.
save-done = Saved: { $path }
save-failed = Saving does not work in { $path }: { $reason }. Choose another place.
save-no-place = Nothing was saved: no place was chosen.
save-title = Save on this computer
save-path = Where should the file go?
save-button = Save
save-taken = There is a file of this name already. Choose another name.
