# shows a page as text: tables, lists and links
printf '<title>T</title><h1>Head</h1><table border=1><tr><td>1<td>22<tr><td>3<td>4</table><ol><li>one<li>two</ol><a href=b.html>link</a> <pre>a  b</pre>&copy;' >a.html
w3m -dump -cols 50 a.html && w3m -dump -T text/html -O UTF-8 <a.html | head -3 && w3m -dump_source a.html | wc -c && w3m -dump_extra a.html 2>/dev/null | tail -3; w3m -dump -o display_link_number=1 a.html | tail -2; rm -rf home/.w3m
