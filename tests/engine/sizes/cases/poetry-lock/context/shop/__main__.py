from starlette.applications import Starlette

print(Starlette())
