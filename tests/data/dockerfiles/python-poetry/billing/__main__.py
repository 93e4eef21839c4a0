from http.server import HTTPServer, SimpleHTTPRequestHandler

import idna

print("billing", idna.encode("kasse.example"))
HTTPServer(("", 8080), SimpleHTTPRequestHandler).serve_forever()
