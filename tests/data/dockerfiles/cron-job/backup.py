print("backed up")
