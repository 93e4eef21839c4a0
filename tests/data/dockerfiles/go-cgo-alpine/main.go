package main

/*
#cgo pkg-config: sqlite3
#include <sqlite3.h>
*/
import "C"

import (
	"flag"
	"fmt"
	"log"
	"net/http"
)

func main() {
	path := flag.String("db", "notes.db", "where the notes lie")
	flag.Parse()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s kept by SQLite %s\n", *path, C.GoString(C.sqlite3_libversion()))
	})
	log.Fatal(http.ListenAndServe(":8090", nil))
}
