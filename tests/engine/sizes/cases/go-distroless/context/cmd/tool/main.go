package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	lines := 0
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		lines++
	}
	fmt.Println(lines)
}
