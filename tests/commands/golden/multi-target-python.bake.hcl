# docker buildx bake          builds multi-target-python:v1
# docker buildx bake NAME     builds a target below

group "default" {
  targets = ["prod"]
}

target "_common" {
  context = "."
}

target "prod" {
  inherits = ["_common"]
  tags = ["multi-target-python:v1"]
}

# The base stage: for debugging
target "base" {
  inherits = ["_common"]
  target = "base"
  tags = ["multi-target-python:base"]
}

# The deps stage: for debugging
target "deps" {
  inherits = ["_common"]
  target = "deps"
  tags = ["multi-target-python:deps"]
}

# The dev stage: the image does not need it
target "dev" {
  inherits = ["_common"]
  target = "dev"
  tags = ["multi-target-python:dev"]
}

# The test stage: the image does not need it
target "test" {
  inherits = ["_common"]
  target = "test"
  tags = ["multi-target-python:test"]
}

# The report stage: the image does not need it
target "report" {
  inherits = ["_common"]
  target = "report"
  tags = ["multi-target-python:report"]
}

# Writes the files of report into the folder out
target "report-files" {
  inherits = ["report"]
  output = ["type=local,dest=out"]
}
