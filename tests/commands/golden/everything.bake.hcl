# docker buildx bake          builds app:v1
# docker buildx bake NAME     builds a target below

# The build needs it: set it in the environment
variable "TAG" {
  default = ""
  validation {
    condition = TAG != ""
    error_message = "Set TAG: the build needs it."
  }
}

group "default" {
  targets = ["app"]
}

target "_common" {
  context = "."
  args = {
    X = "$HOME"
  }
  contexts = {
    assets = "./my assets"
  }
}

target "app" {
  inherits = ["_common"]
  tags = ["app:v1"]
  args = {
    TAG = TAG
    VERSION = "1.0"
    NOTE = "a 'b' \u0024{x}"
  }
  secret = ["id=npmrc,env=NPMRC", "id=token,env=API_TOKEN"]
  ssh = ["work"]
  entitlements = ["network.host"]
}

# The build stage: for debugging
target "build" {
  inherits = ["_common"]
  target = "build"
  tags = ["app:build"]
  secret = ["id=npmrc,env=NPMRC", "id=token,env=API_TOKEN"]
  ssh = ["work"]
  entitlements = ["network.host"]
}

# The test stage: the image does not need it
target "test" {
  inherits = ["_common"]
  target = "test"
  tags = ["app:test"]
  secret = ["id=npmrc,env=NPMRC", "id=token,env=API_TOKEN"]
  ssh = ["work"]
  entitlements = ["network.host"]
}

# The files stage: the image does not need it
target "files" {
  inherits = ["_common"]
  target = "files"
  tags = ["app:files"]
  secret = ["id=npmrc,env=NPMRC", "id=token,env=API_TOKEN"]
  ssh = ["work"]
  entitlements = ["network.host"]
}

# Writes the files of files into the folder out
target "files-files" {
  inherits = ["files"]
  output = ["type=local,dest=out"]
}

# Needs the containerd image store, or --push: the classic store holds one platform
target "app-platforms" {
  inherits = ["app"]
  platforms = ["linux/amd64", "linux/arm64"]
}
