package main

import (
	"fmt"
	"html/template"
	"net/http"
	"os"

	"example.org/service/internal/store"
)

func main() {
	if _, err := store.Open("db"); err != nil {
		fmt.Println(err)
	}
	page := template.Must(template.New("page").Parse("hello"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { page.Execute(w, nil) })
	if err := http.ListenAndServe(":8080", nil); err != nil {
		os.Exit(1)
	}
}
