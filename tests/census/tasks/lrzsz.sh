# sends a file through two pipes by ZMODEM
mkdir r && seq 5000 >file && mkfifo back
(cd r && rz -b -y -q <../back 2>/dev/null) | sz -b -q file >back 2>/dev/null
cmp file r/file && echo received
rm back
