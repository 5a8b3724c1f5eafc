# turns Markdown into HTML, LaTeX, plain text, a book and back
# limit: 400
printf '%% Title\n\n# One *two*\n\nA [link](http://x) and `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. x\n2. y^2^\n\n```c\nint x;\n```\n' >t.md
pandoc t.md -t html && pandoc t.md -t latex | head -20 && pandoc t.md -t plain && pandoc t.md -t html | pandoc -f html -t markdown | head -8
pandoc t.md -t json | wc -c && pandoc -s t.md -t docx -o t.docx && pandoc t.docx -t markdown | tail -4; rm t.docx
