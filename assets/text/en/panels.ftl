# What all lenses share.
lens-design = Design
lens-participation = Participation
lens-maintenance = Maintenance
certainty-decided = decided
certainty-open = not decided yet
certainty-sketch = sketch
banner-synthetic = Example: this is not the real situation

panel-variants = Variants
panel-viewpoints = Viewpoints
panel-layers = Layers
panel-card = Details
panel-problems = Problems
panel-fold = Fold
close = Close

top-nothing-open = Nothing open
top-open = Open a file or folder
top-start = Start screen
top-charter = What is this lens for?
top-keys = Keys
top-settings = Settings
top-language = Language

status-complete = Picture complete
status-loading = Loading the picture: { $done } of { $total }
status-problems = { $count ->
    [one] { $shown } problem
   *[other] { $shown } problems
  }
status-copy-place = Click to copy
status-place-copied = Place copied

tools-home = Back to the start
tools-north = Turn to the north
tools-sun = Sun and shade
tools-walk = Walk at eye height

sun-day = Choose a day
sun-time = Time
sun-time-typed = Type a time
sun-rise-set = Sunrise { $rise }, sunset { $set }
sun-month-earlier = A month earlier
sun-day-earlier = A day earlier
sun-day-later = A day later
sun-month-later = A month later

variants-none = This file has no variants.
viewpoints-none = This file has no viewpoints.
layers-none = There are no layers.
layers-synthetic = example, not measured
layers-system = Coordinates
layers-system-change = Is the place wrong?
heights-from = Heights measured from
heights-nap = NAP
heights-ellipsoid = Ellipsoid (GPS height)
heights-moved-up = Ellipsoid, moved { $m } m up
heights-moved-down = Ellipsoid, moved { $m } m down
heights-float = These tiles float { $m } m above the ground.
heights-buried = These tiles lie { $m } m below the ground.
heights-mend = Put them on the ground
heights-told = { $name }: { $stand } Put them right under Layers.
layers-detail = Detail
layers-detail-flat = Footprint
layers-detail-block = Block
layers-detail-parts = Block with lower parts
layers-detail-roof = Roof shape
layers-detail-openings = With windows and doors
layers-detail-more = More than the outside
layers-detail-highest = Highest of each building
source-unknown = owner unknown
source-no-licence = licence unknown

card-source = Source
card-certainty = Status
card-fly-to = Fly there
card-copy = Copy
card-copied = Details copied
card-all = All details
card-fewer = Fewer details

problems-none = There are no problems.
problems-error = Something is missing
problems-warning = Note
problems-reopen = Open again
problems-ignore = Ignore
problems-ignore-all = Ignore all
problems-copy = Copy the list
problems-copied = List copied
problems-more = { $count ->
    [one] And { $shown } more problem. The copied list is complete.
   *[other] And { $shown } more problems. The copied list is complete.
  }

charter-question = Question
charter-audience = For whom
charter-work = Part of which work
charter-replaces = What it replaces
charter-none = This file does not say what this lens is for.

keys-variants = Choose a variant
keys-lenses = Choose a lens
keys-home = Back to the start
keys-space = Space
keys-north = Turn to the north
keys-sun = Sun and shade
keys-move = Move along the ground
keys-turn = Turn
keys-tilt = Tilt
keys-zoom = Closer and farther
keys-focus = Next button
keys-open = Open a file
keys-quit = Quit
keys-back = One step back
keys-help = This overview
keys-press = Press a button
keys-raise = Higher and lower
keys-walk = Walk at eye height
keys-look = Look around
keys-turn-tilt = Turn and tilt
keys-choose = Choose a building or thing
keys-group-desk = Program
keys-group-view = View
keys-group-mouse = Mouse and trackpad
keys-group-touch = Touch screen
keys-page-up = PgUp
keys-page-down = PgDn
keys-click = click
keys-drag = drag
keys-right-drag = right drag
keys-middle-drag = middle drag
keys-wheel = wheel or pinch
keys-one-finger = one finger
keys-two-fingers = two fingers
keys-pinch = pinch

settings-language = Language
settings-text-size = Size of letters
settings-quality = Quality of the picture
settings-quality-automatic = Automatic
settings-quality-low = Low
settings-quality-middle = Middle
settings-quality-high = High
settings-theme = Colours
settings-theme-light = Light
settings-theme-dark = Dark
settings-reduced-motion = Less movement

start-about = See a plan in the city, from every side and with the sun on it.
start-shipped = Lange Wemen, Hengelo
start-shipped-about = An example: the centre as it is and three ways in which it could change.
start-shipped-open = See the Lange Wemen
start-open = Open a folder or file
start-open-about = A scenario, 3D Tiles, CityJSON, glTF, a map file, aerial photograph, height map or point cloud.
start-browse-file = Choose a file
start-browse-folder = Choose a folder
start-path = Path of a file or folder
start-path-open = Open
start-recent = Opened lately

phase-final = Final state
phase-final-about = Everything is finished
phase-shown = Phase: { $phase }
phase-ready = Ready in { $year }
reported-error = Something went wrong inside the program: { $what }. The rest goes on.

drop-hint = Let go to open { $name }

tour-offer = New here? A tour of one minute points everything out.
tour-start = Tour
tour-not-now = Not now
tour-progress = { $number } of { $count }
tour-skip = Skip
tour-back = Previous
tour-next = Next
tour-done = Done
tour-city = Move the city
tour-city-about = Drag left to move, drag right to turn, use the wheel to come closer. Space goes back to the start.
tour-variants = Choose a variant
tour-variants-about = Here are the situation of today and the plans. A click or a number key shows one.
tour-lenses = Choose a lens
tour-lenses-about = Each lens suits other work: designing, having a say or maintaining. F1, F2 and F3 switch too.
tour-building = Choose a building
tour-building-about = A click on a building or tree shows what is known of it, with source and date. Esc lets go.
tour-layers = Layers and legend
tour-layers-about = Layers go on and off here. Below them stands what the colours mean and whose the data are.
tour-open = Open something else
tour-open-about = Here are opening, the start screen and what was opened lately. A file may also be dropped on the window.
tour-keys = All keys
tour-keys-about = All keys are behind the question mark. This tour starts again from there too.

status-coarser = Less detail: the memory is full
status-gaps = Picture not complete
source-plan = plan { $variant } in { $scenario }
