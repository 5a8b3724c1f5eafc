# makes the pages of a documented program
# limit: 600
# mask: times content
printf '/** @file */\n/** Adds. @param a one @param b two @return the sum */\nint add(int a, int b);\n/** A thing. */\nstruct S { int x; /**< its x */ };\n' >a.h
doxygen -g - 2>/dev/null | sed 's/^GENERATE_LATEX.*/GENERATE_LATEX=NO/; s/^GENERATE_XML .*/GENERATE_XML=YES/; s/^QUIET .*/QUIET=YES/; s/^HAVE_DOT.*/HAVE_DOT=NO/; s/^HTML_TIMESTAMP.*/HTML_TIMESTAMP=NO/' >d && doxygen d 2>&1 | head -3
grep -o '<briefdescription>.*Adds' xml/a_8h.xml | wc -l; grep -c memberdef xml/a_8h.xml; ls html | grep -c html; grep -o 'The sum\|the sum' html/a_8h.html | head -1; rm -rf html xml
