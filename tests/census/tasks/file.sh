# tells what kinds of files it sees
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\2\0\0\0\3\010\2\0\0\0' >a && printf '#!/bin/sh\necho\n' >b && printf 'plain text\n' >c
printf 'h\303\251llo\n' >d && gzip -nc c >e && tar cf f c --mtime=@0 --owner=root && ln -s c g && mkdir h && printf '%%PDF-1.4\n' >i && : >j
file a b c d e f g h i j /bin/true
file -b --mime a b c d e f && file -z e && file -L g && file -i -s /dev/null
printf '0 string MAGIC my own kind\n' >m && printf MAGIC >n && file -m m n && file nothing && rm f
