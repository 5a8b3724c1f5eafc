# text, pages, pictures and properties of a document
cat >p.pdf <<'E'
%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length 70>> stream
BT /F 18 Tf 10 50 Td (Hello, census) Tj ET 10 10 50 20 re f
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
E
pdftotext -q p.pdf - && pdfinfo p.pdf 2>/dev/null && pdffonts p.pdf 2>/dev/null
pdftoppm -q -r 30 p.pdf page && sha256sum page* && head -n 2 page-1.ppm
pdftops -q p.pdf - | grep -c . && pdftotext -q -bbox p.pdf - | grep word
pdfunite p.pdf p.pdf both.pdf 2>/dev/null && pdfinfo both.pdf | grep Pages && pdfseparate both.pdf s%d.pdf && ls s*
pdftocairo -q -svg p.pdf out.svg && grep -c path out.svg; rm -f both.pdf s*.pdf out.svg
