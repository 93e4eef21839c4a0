print("one epoch is plenty")
