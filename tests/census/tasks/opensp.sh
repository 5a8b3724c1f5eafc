# checks a document against its type and shows its structure
cat >t.sgml <<'E'
<!DOCTYPE list [<!ELEMENT list - - (item+)><!ELEMENT item - O (#PCDATA)><!ATTLIST item n NUMBER #IMPLIED>]>
<list><item n=1>one<item>two</list>
E
onsgmls t.sgml && osx -xlower t.sgml && ospam t.sgml | head -4 && sed 's/<item>/<itm>/' t.sgml >bad.sgml
onsgmls -s bad.sgml 2>&1 | head -2; ospent t.sgml | wc -c; osgmlnorm t.sgml
