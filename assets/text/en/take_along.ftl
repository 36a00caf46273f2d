# Taking along: the plan as one file.
take-along = Take along
take-along-key = Take the plan along as one file
take-along-about = The plan goes along in one file: variants, notes, numbers and pictures. It opens in Stadslens again.
take-along-path = Where should the file go?
take-along-save = Make the file
take-along-taken = There is a file of this name already. Choose another name.
take-along-started = The file is being made. You can go on working.
take-along-progress = The file is being made: picture { $done } of { $total }.
take-along-busy = A file is being made already. Wait until it is ready.
take-along-done = The plan is in { $path }.
take-along-gaps = { $count ->
    [one] Something is wrong with { $shown } part.
   *[other] Something is wrong with { $shown } parts.
  }
take-along-failed = { $name } cannot be made. { $reason }
take-along-none = Open a plan first. A single model cannot be taken along.
