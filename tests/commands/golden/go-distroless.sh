# Build the image
docker build -t go-distroless:v1 .

# Put the files of the image into an archive: it has no shell to look around in
docker build --output type=tar,dest=/tmp/go-distroless.tar .

# List them
tar -tvf /tmp/go-distroless.tar

# Build only the builder stage (for debugging)
docker build --target builder -t go-distroless:builder .

# Look around in the builder stage
docker run --rm -it --entrypoint sh go-distroless:builder

# Run the container
docker run -p 8081:8081 go-distroless:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8081:8081 go-distroless:v1

# See how large it is
docker images go-distroless:v1

# See what each layer adds
docker history go-distroless:v1

# See its configuration
docker image inspect --format '{{json .Config}}' go-distroless:v1
