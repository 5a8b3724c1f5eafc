# fetches a page with what it needs from a server
# needs: an internet socket
python3 -m http.server --bind 127.0.0.1 8000 & sleep 1; wget -q -r http://127.0.0.1:8000/
