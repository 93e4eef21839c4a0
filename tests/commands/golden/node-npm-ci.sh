# Build the image
docker build -t node-npm-ci:v1 .

# Build only the deps stage (for debugging)
docker build --target deps -t node-npm-ci:deps .

# Build only the build stage (for debugging)
docker build --target build -t node-npm-ci:build .

# Look around in the deps stage
docker run --rm -it --entrypoint sh node-npm-ci:deps

# Look around in the build stage
docker run --rm -it --entrypoint sh node-npm-ci:build

# Run the container
docker run -p 3000:3000 node-npm-ci:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 3000:3000 node-npm-ci:v1

# Test the health endpoint
curl http://localhost:3000/health

# See what the health check says
docker ps --filter ancestor=node-npm-ci:v1 --format '{{.Names}}: {{.Status}}'
