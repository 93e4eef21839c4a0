# docker buildx bake          builds cross-per-arch:v1
# docker buildx bake NAME     builds a target below

group "default" {
  targets = ["image"]
}

target "_common" {
  context = "."
}

target "image" {
  inherits = ["_common"]
  tags = ["cross-per-arch:v1"]
  args = {
    AGENT_VERSION = "2.4.0"
  }
}

# The fetch stage: for debugging
target "fetch" {
  inherits = ["_common"]
  target = "fetch"
  tags = ["cross-per-arch:fetch"]
}

# The fetch-amd64 stage: for debugging
target "fetch-amd64" {
  inherits = ["_common"]
  target = "fetch-amd64"
  tags = ["cross-per-arch:fetch-amd64"]
}

# The fetch-arm64 stage: the image does not need it
target "fetch-arm64" {
  inherits = ["_common"]
  target = "fetch-arm64"
  tags = ["cross-per-arch:fetch-arm64"]
}

# The binary stage: for debugging
target "binary" {
  inherits = ["_common"]
  target = "binary"
  tags = ["cross-per-arch:binary"]
}

# Needs the containerd image store, or --push: the classic store holds one platform
target "image-platforms" {
  inherits = ["image"]
  platforms = ["linux/amd64", "linux/arm64"]
}
