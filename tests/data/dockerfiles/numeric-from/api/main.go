package main

import (
	"flag"
	"net/http"
)

func main() {
	root := flag.String("root", ".", "what to serve")
	flag.Parse()
	http.ListenAndServe(":8000", http.FileServer(http.Dir(*root)))
}
