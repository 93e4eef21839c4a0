package main

import (
	"fmt"
	"runtime"
)

var version = "unset"

func main() { fmt.Printf("probe %s for %s/%s\n", version, runtime.GOOS, runtime.GOARCH) }
