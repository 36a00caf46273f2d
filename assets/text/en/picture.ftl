# A picture of what is to be seen, as a file
picture = Save the picture
picture-key = Save what you see now as a picture
picture-started = The picture is being made. You can go on working.
picture-busy = A picture is being made already. Wait until it is ready.
picture-none = Open a plan or a file first. Then there is something to save.
picture-given-up = The picture was not made: something else was chosen to be shown meanwhile.
picture-incomplete = The picture is ready, but not everything was loaded yet.
picture-failed = The picture cannot be made. Try again. { $reason }
picture-file = picture
