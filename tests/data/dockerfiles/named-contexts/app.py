print(open("lines.txt").read())
