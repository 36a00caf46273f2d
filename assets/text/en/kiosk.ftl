# The kiosk: what a visitor reads, in words that a child of nine knows.
kiosk-setting-up = The exhibition is being set up. One moment.
kiosk-out-of-order = This kiosk cannot keep reactions now. Please ask a member of staff.
kiosk-closed = The exhibition is open from { $from }:00 to { $until }:00.
kiosk-over = Having a say about these plans is over. Thank you for all reactions!
kiosk-question = { $area }: what do you think of the plans?
kiosk-touch = Touch the screen
kiosk-practice = Practice: reactions do not count
kiosk-example = Example: this is not the real situation
kiosk-today = How it is now
kiosk-enlarge = Larger letters
kiosk-lower = Buttons lower
kiosk-staff = Staff
kiosk-stop = Stop
kiosk-back = Back
kiosk-choose = Which plan do you want to see?
kiosk-turn = Turn
kiosk-nearer = Closer
kiosk-further = Further away
kiosk-sun-morning = Sun: morning
kiosk-sun-noon = Sun: midday
kiosk-sun-evening = Sun: evening
kiosk-show-today = How it is now
kiosk-show-plan = How it could be
kiosk-what-do-you-think = What do you think of “{ $plan }”?
kiosk-sad = Not nice
kiosk-neutral = So-so
kiosk-glad = Nice
kiosk-say-more = Do you want to say more? You do not have to.
kiosk-add-spot = Point out a spot
kiosk-spot-set = Your spot is there
kiosk-add-theme = Choose a subject
kiosk-theme-set = Subject: { $theme }
kiosk-add-words = Write a few words
kiosk-words-set = “{ $words }”
kiosk-send = Send
kiosk-spot = Slide the city until the pin is right
kiosk-put-spot = Put it here
kiosk-no-spot = No spot after all
kiosk-theme = What is it about?
kiosk-living = Good living
kiosk-shopping = Good shopping
kiosk-green-theme = Green
kiosk-safety = Safe
kiosk-words-warning = Do not write names or phone numbers. A member of staff reads your text first.
kiosk-words-field = Your words
kiosk-words-left =
    { $count ->
        [one] 1 letter left
       *[other] { $shown } letters left
    }
kiosk-key-space = Space
kiosk-key-back = Delete
kiosk-key-shift = Capital
kiosk-key-more = 123 é
kiosk-key-letters = abc
kiosk-key-done = Done
kiosk-sending = Your reaction is being kept…
kiosk-failed = Your reaction could not be kept
kiosk-failed-help = Try it once more. Still no luck? Ask a member of staff.
kiosk-again = Once more
kiosk-thanks = Thank you! Your reaction is kept.
kiosk-thanks-count =
    { $count ->
        [one] There is 1 reaction now.
       *[other] There are { $shown } reactions now.
    }
kiosk-thanks-trial =
    { $count ->
        [one] This was practice. There is 1 practice reaction now.
       *[other] This was practice. There are { $shown } practice reactions now.
    }
kiosk-thanks-after = The municipality reads all reactions before it chooses a plan.
kiosk-thanks-until = The municipality reads all reactions before it chooses a plan. On { $day } they are deleted.
kiosk-done = Done
kiosk-still-there = Are you still there?
kiosk-still-there-left =
    { $count ->
        [one] In 1 second the kiosk starts again.
       *[other] In { $shown } seconds the kiosk starts again.
    }
kiosk-stay = Yes, go on
kiosk-leave = No, stop
kiosk-homes-now =
    { $count ->
        [one] 1 home
       *[other] { $shown } homes
    }
kiosk-trees-now =
    { $count ->
        [one] 1 tree
       *[other] { $shown } trees
    }
kiosk-parking-now =
    { $count ->
        [one] 1 parking place
       *[other] { $shown } parking places
    }
kiosk-green-now =
    { $count ->
       *[other] { $shown } m² of green
    }
kiosk-homes =
    { $count ->
        [one] 1 home
       *[other] { $shown } homes
    }
kiosk-trees =
    { $count ->
        [one] 1 tree
       *[other] { $shown } trees
    }
kiosk-parking =
    { $count ->
        [one] 1 parking place
       *[other] { $shown } parking places
    }
kiosk-green =
    { $count ->
       *[other] { $shown } m² of green
    }
kiosk-homes-same = as many homes
kiosk-trees-same = as many trees
kiosk-parking-same = as many parking places
kiosk-green-same = as much green
kiosk-more = { $what } more
kiosk-fewer = { $what } fewer
