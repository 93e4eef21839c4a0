import numpy as np

print("tomorrow:", np.mean([11.5, 12.0, 12.5]), "degrees")
