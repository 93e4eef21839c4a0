import time

import cffi

print("cffi", cffi.__version__)
while True:
    time.sleep(60)
