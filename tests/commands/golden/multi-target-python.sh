# Build the image
docker build -t multi-target-python:v1 .

# Build only the base stage (for debugging)
docker build --target base -t multi-target-python:base .

# Build only the deps stage (for debugging)
docker build --target deps -t multi-target-python:deps .

# Build the dev stage, which the image does not need
docker build --target dev -t multi-target-python:dev .

# Build the test stage, which the image does not need
docker build --target test -t multi-target-python:test .

# Build the report stage, which the image does not need
docker build --target report -t multi-target-python:report .

# Get the files of the report stage into the folder out
docker build --output type=local,dest=out --target report .

# Look around in the image
docker run --rm -it --entrypoint sh multi-target-python:v1

# Look around in the base stage
docker run --rm -it --entrypoint sh multi-target-python:base

# Look around in the deps stage
docker run --rm -it --entrypoint sh multi-target-python:deps

# Look around in the dev stage
docker run --rm -it --entrypoint sh multi-target-python:dev

# Look around in the test stage
docker run --rm -it --entrypoint sh multi-target-python:test

# Run the container
docker run -p 8000:8000 multi-target-python:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 multi-target-python:v1

# Test the health endpoint
curl http://localhost:8000/health

# Run it in the background
docker run -d --name multi-target-python -p 8000:8000 multi-target-python:v1

# Run the health check once
docker exec multi-target-python python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"

# See what the health check said so far
docker inspect --format '{{json .State.Health}}' multi-target-python

# Stop it and remove it
docker rm -f multi-target-python

# See how large it is
docker images multi-target-python:v1

# See what each layer adds
docker history multi-target-python:v1

# See its configuration
docker image inspect --format '{{json .Config}}' multi-target-python:v1
