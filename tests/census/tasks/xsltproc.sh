# transforms documents: sorting, templates, parameters and includes
cat >d.xml <<'E'
<list><i n="3">c</i><i n="1">a</i><i n="2">b</i></list>
E
cat >t.xsl <<'E'
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:param name="p" select="'none'"/>
<xsl:output method="text"/><xsl:template match="/"><xsl:value-of select="$p"/>: <xsl:apply-templates select="//i"><xsl:sort select="@n" data-type="number"/></xsl:apply-templates>
sum <xsl:value-of select="sum(//@n)"/> doc <xsl:value-of select="count(document('e.xml')//x)"/></xsl:template>
<xsl:template match="i">[<xsl:value-of select="."/>]</xsl:template></xsl:stylesheet>
E
echo '<r><x/><x/></r>' >e.xml
xsltproc --stringparam p given t.xsl d.xml && echo && xsltproc -o out t.xsl d.xml && cat out && echo
echo '<a>' | xsltproc t.xsl - 2>/dev/null || echo "status $?"; xsltproc --nonet nothing.xsl d.xml 2>/dev/null || echo "status $?"
