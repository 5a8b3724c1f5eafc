# fetches files by their URLs, in part, several at once, and through a local socket
# limit: 300
seq 1000 >f && curl -s file:///work/f | tail -1 && curl -s -r 0-9 file:///work/f && curl -s -o out file:///work/f && cmp f out && echo same
curl -s 'file:///work/{f,f}' | wc -l && curl -sI file:///work/f | grep -i length && curl -s -w '%{size_download} %{url_effective}\n' -o /dev/null file:///work/f
curl -s file:///nothing || echo "status $?"; curl -s -T f file:///work/up && cmp f up && echo uploaded; curl -s -C 10 file:///work/f | head -2; curl -s bad://x || echo "status $?"
python3 - <<'E' &
import socket
s = socket.socket(socket.AF_UNIX); s.bind("/work/sock"); s.listen()
c, _ = s.accept(); r = c.recv(4096).decode(); c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"); c.close()
E
sleep 1; curl -s --unix-socket /work/sock http://host/path
