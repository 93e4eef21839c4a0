import sys
import urllib.request
from http.server import HTTPServer, SimpleHTTPRequestHandler

if "--check" in sys.argv:
    urllib.request.urlopen("http://127.0.0.1:8000/", timeout=2).close()
else:
    HTTPServer(("", 8000), SimpleHTTPRequestHandler).serve_forever()
