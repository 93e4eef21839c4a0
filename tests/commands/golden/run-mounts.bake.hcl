# docker buildx bake          builds run-mounts:v1
# docker buildx bake NAME     builds a target below

group "default" {
  targets = ["image"]
}

target "_common" {
  context = "."
}

target "image" {
  inherits = ["_common"]
  tags = ["run-mounts:v1"]
  secret = ["id=index,env=PIP_EXTRA_INDEX_URL", "id=netrc,env=NETRC"]
  ssh = ["default"]
}

# The wheels stage: for debugging
target "wheels" {
  inherits = ["_common"]
  target = "wheels"
  tags = ["run-mounts:wheels"]
  secret = ["id=index,env=PIP_EXTRA_INDEX_URL"]
  ssh = ["default"]
}
