"""The data room: facts of each set, one reader per layout, the frame store, and clips cut from it."""
