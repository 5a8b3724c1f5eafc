# makes Info, HTML and plain text of a manual
# limit: 300
printf '\\input texinfo\n@setfilename t.info\n@settitle T\n@node Top\n@top T\n@menu\n* One::\n@end menu\n@node One\n@chapter One\n@cindex word\nText @emph{here}.\n@itemize\n@item a\n@item b\n@end itemize\n@printindex cp\n@bye\n' >t.texi
makeinfo t.texi && cat t.info | head -30 && makeinfo --html --no-split t.texi && grep -c '<li' t.html && makeinfo --plaintext t.texi | tail -8
makeinfo --docbook -o - t.texi | grep -c '<' ; printf '@bad{\n' >>t.texi; makeinfo --force -o /dev/null t.texi 2>&1 | head -2; rm -f t.html t.info
