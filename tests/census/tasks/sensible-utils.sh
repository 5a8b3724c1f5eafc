# starts the chosen editor and pager
printf '#!/bin/sh\necho "edited by a script" >>"$1"\n' >editor && chmod +x editor
echo text >file
EDITOR=/work/editor sensible-editor file && cat file
VISUAL=/work/editor sensible-editor file && wc -l file
PAGER='tr a-z A-Z' sh -c 'sensible-pager <file'
