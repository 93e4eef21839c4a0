package main

import (
	"embed"
	"log"
	"net/http"
	"os"
)

//go:embed static
var static embed.FS

func main() {
	if len(os.Args) > 1 && os.Args[1] == "healthz" {
		if _, err := http.Get("http://127.0.0.1:8080/static/"); err != nil {
			os.Exit(1)
		}
		return
	}
	log.Fatal(http.ListenAndServe(":8080", http.FileServerFS(static)))
}
