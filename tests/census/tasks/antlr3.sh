# makes a parser of a grammar, compiles and runs it
# limit: 600
printf 'grammar S;\n@members { int v; }\nprog : e=sum EOF { System.out.println("sum " + $e.v); };\nsum returns [int v] : a=N { $v = Integer.parseInt($a.text); } (%s+%s b=N { $v += Integer.parseInt($b.text); })*;\nN : (%s0%s..%s9%s)+;\nW : (%s %s|%s\\n%s) { $channel = HIDDEN; };\n' "'" "'" "'" "'" "'" "'" "'" "'" "'" "'" >S.g
antlr3 S.g && ls *.java && printf 'import org.antlr.runtime.*;\npublic class M { public static void main(String[] a) throws Exception { new SParser(new CommonTokenStream(new SLexer(new ANTLRInputStream(System.in)))).prog(); } }\n' >M.java
javac -nowarn -cp /usr/share/java/antlr3-runtime.jar *.java 2>&1 | grep -v '^Note' || true
echo '1 + 22 + 333' | java -cp /usr/share/java/antlr3-runtime.jar:. M; rm -f *.class SLexer.java SParser.java; rm -rf home/.java
