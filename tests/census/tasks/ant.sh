# compiles, tests, packs and runs a Java program
# limit: 600
# mask: times
mkdir -p src/p && printf 'package p;\npublic class M { public static void main(String[] a) { System.out.println("sum " + java.util.stream.IntStream.range(0, 100).sum()); } }\n' >src/p/M.java
cat >build.xml <<'E'
<project name="t" default="run"><target name="compile"><mkdir dir="out"/><javac srcdir="src" destdir="out" includeantruntime="false"/></target>
<target name="jar" depends="compile"><jar destfile="t.jar" basedir="out"><manifest><attribute name="Main-Class" value="p.M"/></manifest></jar></target>
<target name="run" depends="jar"><java jar="t.jar" fork="true"/><copy file="build.xml" tofile="copy.xml"/><checksum file="build.xml" property="c"/><echo>${c}</echo></target></project>
E
ant -q && ant -q nothing || echo "status $?"
rm -rf out t.jar home/.java
