import pandas

print(pandas.DataFrame({"month": [1, 2], "sold": [3, 4]}).describe())
